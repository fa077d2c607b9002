/* Counting words in a chained hash table: malloc, free, strcmp, pointers.
 * sizes: 25 1 */
#include "bench/guests/guest.h"

enum { BUCKETS = 4096, WORDS = 60000 };

struct entry {
    struct entry *next;
    uint32_t count;
    char *word;
};

static struct entry *buckets[BUCKETS];

static uint32_t hash(const char *word) {
    uint32_t sum = 2166136261u;
    for (; *word; word++)
        sum = mix(sum, (unsigned char)*word);
    return sum ^ sum >> 15;
}

static struct entry *find(const char *word) {
    struct entry **slot = &buckets[hash(word) % BUCKETS];
    for (struct entry *e = *slot; e; e = e->next) {
        if (strcmp(e->word, word) == 0)
            return e;
    }
    struct entry *e = malloc(sizeof *e);
    size_t size = strlen(word) + 1;
    *e = (struct entry){.next = *slot, .word = malloc(size)};
    memcpy(e->word, word, size);
    return *slot = e;
}

static void random_word(char *word, uint32_t *random) {
    /* Small ones often. */
    uint32_t r = next_random(random) % (next_random(random) % 20000 + 1);
    int n = 0;
    for (; r; r /= 19)
        word[n++] = (char)('a' + r % 19);
    memcpy(word + n, "ing", 4);
}

static uint32_t clear(void) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        for (struct entry *e = buckets[i], *next; e; e = next) {
            sum += hash(e->word) * e->count;
            next = e->next;
            free(e->word);
            free(e);
        }
        buckets[i] = NULL;
    }
    return sum;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 3;
    while (rounds-- > 0) {
        char word[16];
        for (uint32_t i = 0; i < WORDS; i++) {
            random_word(word, &random);
            find(word)->count++;
        }
        sum = mix(sum, clear());
    }
    return print_sum(sum);
}
