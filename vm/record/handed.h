/* What a host function that is recorded has been given of memories: handed.c.
 * Guests make the same call again and again, so that what is asked for most
 * often is answered here. */
#ifndef HOSTEL_VM_RECORD_HANDED_H
#define HOSTEL_VM_RECORD_HANDED_H

#include "vm/store.h"

#include <string.h>

/* Parts of memories that a host function was given since it was called, with
 * what was in them: apart from each other, in order. */
struct handed {
    struct handed_piece *pieces; /* owned */
    size_t count, capacity;
    size_t fresh; /* of the call under way; the others are of those before it */
    /* Guesses: what is asked for next, and first in a call; and what was asked
     * for last, or NO_PIECE. Any may be behind the last piece. */
    size_t next, first, before;
    uint64_t call;   /* counts calls */
    uint8_t *copies; /* owned */
    size_t copied, copies_capacity;
    bool failed; /* no memory for a copy */
};

#define NO_PIECE SIZE_MAX

struct handed_piece {
    const struct memory *memory;
    uint64_t address, size;
    uint64_t call; /* for which its copy was taken */
    uint64_t word; /* the copy, of eight bytes or less */
    size_t copy;   /* where it is in the copies, of more */
    size_t then;   /* a guess: the piece that is asked for after it */
};

/* A word, or less, as it stands in memory. Most are asked for again and again,
 * so this is to be fast. */
static inline uint64_t load_word(const uint8_t *bytes, uint64_t size) {
    uint64_t word = 0;
    uint32_t half;
    switch (size) {
    case 4: memcpy(&half, bytes, 4); return half;
    case 8: memcpy(&word, bytes, 8); return word;
    default: memcpy(&word, bytes, (size_t)size); return word;
    }
}

/* Whether piece `i` is what is asked for. The copy of a word is taken, unless
 * this call has it. */
static inline bool handed_is(struct handed *handed,
                             size_t i,
                             const struct memory *memory,
                             uint64_t address,
                             uint64_t size) {
    if (i >= handed->count)
        return false;
    struct handed_piece *piece = &handed->pieces[i];
    bool same = piece->address == address && piece->size == size &&
                piece->memory == memory;
    if (!same)
        return false;
    handed->before = i;
    handed->next = piece->then;
    if (piece->call == handed->call)
        return true;
    piece->call = handed->call;
    piece->word = load_word(memory->data + address, size);
    handed->fresh++;
    return true;
}

#endif
