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
    uint8_t *copies; /* owned */
    size_t copied, copies_capacity;
    bool failed; /* no memory for a copy */
};

/* Whether a word has been handed out since, so that its copy stays. */
static inline bool handed_has(const struct handed *handed,
                              const struct memory *memory,
                              uint64_t address,
                              uint64_t size) {
    for (size_t i = 0; i < handed->word_count; i++) {
        const struct handed_piece *word = &handed->words[i];
        bool same = word->address == address && word->size == size &&
                    word->memory == memory;
        if (same)
            return true;
    }
    return false;
}

/* Keep a word; false if it is none, or one too many. */
static inline bool handed_word(struct handed *handed,
                               const struct memory *memory,
                               uint64_t address,
                               uint64_t size) {
    bool is_word = size == HALF || size == WORD;
    if (is_word && handed_has(handed, memory, address, size))
        return true;
    if (!is_word || handed->word_count == HANDED_WORDS)
        return false;
    struct handed_piece *word = &handed->words[handed->word_count++];
    word->memory = memory;
    word->address = address;
    word->size = size;
    if (size == HALF)
        memcpy(&word->copy.half, memory->data + address, HALF);
    else
        memcpy(&word->copy.whole, memory->data + address, WORD);
    return true;
}

static inline bool word_changed(const struct handed_piece *word) {
    const uint8_t *now = word->memory->data + word->address;
    if (word->size == HALF)
        return memcmp(now, &word->copy.half, HALF) != 0;
    return memcmp(now, &word->copy.whole, WORD) != 0;
}

static inline bool words_changed(const struct handed *handed) {
    for (size_t i = 0; i < handed->word_count; i++) {
        if (word_changed(&handed->words[i]))
            return true;
    }
    return false;
}

#endif
