/* flags: -fno-builtin */
/* Copying and filling memory by loops over bytes and words. sizes: 240 2 */
#include "bench/guests/guest.h"

enum { BYTES = 1 << 18 };

static unsigned char from[BYTES], to[BYTES];

/* noinline: what they do is not to be known to their caller */
__attribute__((noinline)) static void
fill(unsigned char *p, unsigned char value, uint32_t size) {
    for (uint32_t i = 0; i < size; i++)
        p[i] = value;
}

__attribute__((noinline)) static void
copy_bytes(unsigned char *p, const unsigned char *q, uint32_t size) {
    for (uint32_t i = 0; i < size; i++)
        p[i] = q[i];
}

__attribute__((noinline)) static void
copy_words(uint64_t *p, const uint64_t *q, uint32_t count) {
    while (count-- > 0)
        *p++ = *q++;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 1;
    uint64_t *words = malloc(2 * BYTES);
    for (uint32_t i = 0; i < BYTES / 4; i++)
        words[i] = next_random(&random);
    for (uint32_t i = 0; i < rounds; i++) {
        fill(from, (unsigned char)i, BYTES - i);
        from[i * 97] ^= 1;
        copy_bytes(to + 1, from, BYTES - 1);
        copy_words(words + i, words, BYTES / 8 - i);
        copy_words(words + BYTES / 8, words, BYTES / 8);
        sum =
            mix(mix(sum, to[i * 97 + 1]), (uint32_t)words[BYTES / 8 + i * 31]);
    }
    return print_sum(sum);
}
