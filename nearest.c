/* Which word was meant by one that is none: the one that takes the fewest
 * mistakes.
 *
 * A mistake is a letter too many, one that is missing, a wrong one, or two
 * neighbours that changed places (the distance of Damerau and Levenshtein,
 * where no letter is part of two mistakes). It is read off a table of the
 * distances of all beginnings, of which three rows are kept:
 *
 *             ""  h  e  l  p
 *         ""   0  1  2  3  4
 *         h    1  0  1  2  3
 *         l    2  1  1  1  2
 *         e    3  2  1  1  2        "hle", "hel": 1, since "h", "h" are the same, and l and e
 *         p    4  3  2  2  1        changed places */
#include "nearest.h"

#include <string.h>

enum { WORD_MAX = 64 }; /* bytes of a word; none of ours is half as long */

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* One entry of the table; `rows` are the one before the last, the last, and
 * this one. */
static size_t entry(size_t rows[3][WORD_MAX + 1],
                    const char *typed,
                    const char *word,
                    size_t j) {
    char letter = typed[0], wanted = word[j - 1];
    size_t wrong = rows[1][j - 1];
    if (letter != wanted)
        wrong++;
    size_t missing = rows[1][j] + 1;
    size_t extra = rows[2][j - 1] + 1;
    size_t found = least(wrong, least(missing, extra));

    bool swapped = j > 1 && letter == word[j - 2] && typed[-1] == wanted;
    if (swapped)
        found = least(found, rows[0][j - 2] + 1);
    return found;
}

/* Both words have WORD_MAX bytes at most; `typed` has a NUL before it. */
static size_t distance(const char *typed, size_t size, const char *word) {
    size_t rows[3][WORD_MAX + 1] = {0}, width = strlen(word);
    for (size_t j = 0; j <= width; j++)
        rows[2][j] = j;
    for (size_t i = 1; i <= size; i++) {
        memmove(rows[0], rows[1], 2 * sizeof rows[0]);
        rows[2][0] = i;
        for (size_t j = 1; j <= width; j++)
            rows[2][j] = entry(rows, typed + i - 1, word, j);
    }
    return rows[2][width];
}

const char *
nearest(struct slice typed, const char *const *words, size_t count) {
    char copy[WORD_MAX + 1] = {0};
    if (typed.size > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < typed.size; i++)
        copy[i + 1] = ascii_lower((char)typed.data[i]);

    const char *found = NULL;
    size_t best = (typed.size + 1) / 3 + 1; /* more than may be */
    for (size_t i = 0; i < count; i++) {
        size_t mistakes = distance(copy + 1, typed.size, words[i]);
        if (mistakes < best) {
            found = words[i];
            best = mistakes;
        }
    }
    return found;
}
