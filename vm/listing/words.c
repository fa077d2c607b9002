/* The dictionary of a page: each text that its lines have is a word, and in the
 * lines only the word's number stands.
 *
 * Code says the same again and again: of half a million instructions, what they
 * are, the operands behind them and their cells are 70,000 texts. Words are
 * numbered as they come, so the most frequent ones have small numbers, and the
 * page has them in that order. To find one there is a table with twice as many
 * places, in which it stands at its hash, or at the next place that was free. */
#include "vm/listing/words.h"

#include <string.h>

#define NO_WORD UINT32_MAX

struct word {
    uint64_t hash;
    size_t at, size; /* in the text of all */
};

void words_init(struct words *words, struct budget *memory, uint64_t seed) {
    *words = (struct words){.memory = memory, .seed = seed};
    buffer_init(&words->text, SIZE_MAX);
    words->text.budget = memory;
}

static void free_table(struct words *words) {
    budget_free(
        words->memory, words->table, words->table_size * sizeof *words->table);
}

void words_free(struct words *words) {
    size_t size = sizeof *words->known;
    array_free(words->memory, words->known, words->capacity, size);
    free_table(words);
    buffer_free(&words->text);
}

/* Hashes first: most words that share a place differ in them. */
static bool is_word(const struct words *words,
                    uint32_t number,
                    struct slice text,
                    uint64_t hash) {
    const struct word *word = &words->known[number];
    struct slice known = {words->text.data + word->at, word->size};
    return word->hash == hash && slice_equal(known, text);
}

/* Where the table has the word, or has room for it. */
static uint32_t *
find(const struct words *words, struct slice text, uint64_t hash) {
    size_t mask = words->table_size - 1, at = (size_t)hash & mask;
    while (words->table[at] != NO_WORD &&
           !is_word(words, words->table[at], text, hash))
        at = (at + 1) & mask;
    return &words->table[at];
}

/* Every word moves, since its place depends on the size. */
static bool grow(struct words *words) {
    size_t size = words->table_size > 0 ? 2 * words->table_size : 1024;
    uint32_t *table = budget_alloc(words->memory, size, sizeof *table);
    if (!table)
        return false;
    free_table(words);
    words->table = table;
    words->table_size = size;
    memset(table, 0xFF, size * sizeof *table);
    for (size_t number = 0; number < words->count; number++) {
        size_t at = (size_t)words->known[number].hash & (size - 1);
        while (table[at] != NO_WORD)
            at = (at + 1) & (size - 1);
        table[at] = (uint32_t)number;
    }
    return true;
}

/* Words stand one after the other, a line each, as the page will have them. */
static bool add(struct words *words, struct slice text, uint64_t hash) {
    struct word *known = array_reserve(words->memory,
                                       words->known,
                                       words->count,
                                       &words->capacity,
                                       sizeof *known);
    if (!known)
        return false;
    words->known = known;
    known[words->count++] =
        (struct word){.hash = hash, .at = words->text.size, .size = text.size};
    buffer_append_slice(&words->text, text);
    return buffer_append_text(&words->text, "\n");
}

/* Once memory was refused every word is number 0; who writes the page looks at
 * `failed` at the end. */
uint32_t words_number(struct words *words, const char *text) {
    struct slice bytes = slice_of(text);
    uint64_t hash = slice_hash(bytes, words->seed);
    bool full = 2 * words->count >= words->table_size;
    words->failed = words->failed || (full && !grow(words));
    if (words->failed)
        return 0;
    uint32_t *place = find(words, bytes, hash);
    if (*place == NO_WORD) {
        *place = (uint32_t)words->count;
        words->failed = !add(words, bytes, hash);
    }
    return *place;
}
