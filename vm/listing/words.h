/* Texts that a page has once each, by number: see words.c. */
#ifndef HOSTEL_VM_LISTING_WORDS_H
#define HOSTEL_VM_LISTING_WORDS_H

#include "base/base.h"

struct words {
    struct budget *memory; /* what all here is drawn from */
    struct word *known;    /* owned; in the order of their numbers */
    size_t count, capacity;
    uint32_t *table; /* owned; of numbers, or NO_WORD */
    size_t table_size;
    uint64_t seed;
    struct buffer text; /* of all words, each with a newline behind it */
    bool failed;        /* no memory */
};

/* `seed` is for slice_hash. */
void words_init(struct words *words, struct budget *memory, uint64_t seed);
void words_free(struct words *words);

/* The number of a text without a newline: a new one if it was not there. */
uint32_t words_number(struct words *words, const char *text);

#endif
