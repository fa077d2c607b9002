/* What a host function that is recorded has been given of memories: handed.c.
 * Most functions ask for a few words, of which this takes note. */
#ifndef HOSTEL_VM_RECORD_HANDED_H
#define HOSTEL_VM_RECORD_HANDED_H

#include "vm/store.h"

#include <string.h>

/* Bytes that a host function was given since the guest ran. */
struct handed_piece {
    const struct memory *memory;
    uint64_t address, size;
    union {
        uint32_t half;  /* what was in them: a word */
        uint64_t whole; /* likewise, of eight bytes */
        size_t at;      /* where it is in the copies: any other */
    } copy;
};

enum { HALF = sizeof(uint32_t), WORD = sizeof(uint64_t), HANDED_WORDS = 8 };

struct handed {
    /* The first few of four or eight bytes, as they were asked for. */
    struct handed_piece words[HANDED_WORDS];
    size_t word_count;
    struct handed_piece *pieces; /* owned; the others, apart and in order */
    size_t count, capacity;
    struct buffer copies; /* failed: no memory for one */
};

/* Keep a word; false if it is none, or one too many. */
static inline bool handed_word(struct handed *handed,
                               const struct memory *memory,
                               uint64_t address,
                               uint64_t size) {
    bool is_word = size == HALF || size == WORD;
    if (!is_word || handed->word_count == HANDED_WORDS)
        return false;
    struct handed_piece *word = &handed->words[handed->word_count++];
    const uint8_t *bytes = memory->data + address;
    word->memory = memory;
    word->address = address;
    word->size = size;
    if (size == HALF)
        memcpy(&word->copy.half, bytes, HALF);
    else
        memcpy(&word->copy.whole, bytes, WORD);
    return true;
}

/* The bits of a word that differ from its copy's. */
static inline uint64_t word_difference(const struct handed_piece *word) {
    const uint8_t *bytes = word->memory->data + word->address;
    uint32_t half;
    uint64_t whole;
    if (word->size == HALF) {
        memcpy(&half, bytes, HALF);
        return half ^ word->copy.half;
    }
    memcpy(&whole, bytes, WORD);
    return whole ^ word->copy.whole;
}

static inline bool words_changed(const struct handed *handed) {
    uint64_t different = 0;
    for (size_t i = 0; i < handed->word_count; i++)
        different |= word_difference(&handed->words[i]);
    return different != 0;
}

#endif
