/* Compression in the manner of LZ77, by a hash of three bytes, and the way
 * back. sizes: 15 1
 *
 * A token is a control byte c: below 128, c + 1 bytes follow as they are; else
 * a copy of c - 125 bytes from a distance that follows in two bytes. */
#include "bench/guests/guest.h"

enum {
    BYTES = 1 << 17,
    WINDOW = 65535,
    SHORTEST = 3,
    LONGEST = 130,
    TRIES = 16
};

static unsigned char text[BYTES], packed[2 * BYTES], unpacked[BYTES];
/* Chains of places with the same hash. */
static int32_t newest[1 << 14], older[BYTES];

static uint32_t hash(const unsigned char *p) {
    return ((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]) * 2654435761u >>
           18;
}

static uint32_t match(uint32_t a, uint32_t b) {
    uint32_t most = BYTES - b < LONGEST ? BYTES - b : LONGEST, n = 0;
    while (n < most && text[a + n] == text[b + n])
        n++;
    return n;
}

static void enter(uint32_t at) {
    if (at + SHORTEST > BYTES)
        return;
    uint32_t h = hash(text + at);
    older[at] = newest[h];
    newest[h] = (int32_t)at;
}

/* The longest match for what stands at `at`; its distance in *distance. */
static uint32_t find(uint32_t at, uint32_t *distance) {
    uint32_t best = 0;
    if (at + SHORTEST > BYTES)
        return 0;
    int32_t place = newest[hash(text + at)];
    for (int i = 0; i < TRIES && place >= 0 && at - (uint32_t)place <= WINDOW;
         i++) {
        uint32_t n = match((uint32_t)place, at);
        if (n > best)
            best = n, *distance = at - (uint32_t)place;
        place = older[place];
    }
    return best;
}

static uint32_t pack(void) {
    /* The control byte of an open run. */
    unsigned char *out = packed, *literals = NULL;
    memset(newest, 0xFF, sizeof newest);
    for (uint32_t at = 0; at < BYTES;) {
        uint32_t distance = 0, n = find(at, &distance);
        if (n < SHORTEST) {
            if (!literals || *literals == 127)
                literals = out++, *literals = 255;
            ++*literals;
            *out++ = text[at];
            enter(at++);
            continue;
        }
        literals = NULL;
        *out++ = (unsigned char)(n + 125);
        *out++ = (unsigned char)distance;
        *out++ = (unsigned char)(distance >> 8);
        while (n-- > 0)
            enter(at++);
    }
    return (uint32_t)(out - packed);
}

static uint32_t unpack(uint32_t size) {
    unsigned char *out = unpacked;
    for (const unsigned char *p = packed; p < packed + size;) {
        uint32_t n = *p++;
        if (n < 128) {
            for (n++; n > 0; n--)
                *out++ = *p++;
            continue;
        }
        const unsigned char *from = out - (p[0] | p[1] << 8);
        p += 2;
        for (n -= 125; n > 0; n--)
            *out++ = *from++;
    }
    return (uint32_t)(out - unpacked);
}

/* Words of a small vocabulary, some misspelt. */
static void make_text(uint32_t random) {
    for (uint32_t at = 0; at < BYTES; at++) {
        uint32_t word = next_random(&random) % 500;
        for (uint32_t n = word % 7 + 2; n > 0 && at < BYTES; n--) {
            text[at++] = (unsigned char)('a' + word % 26);
            word = word * 7 + 3;
        }
        if (at < BYTES)
            text[at] = next_random(&random) % 64 ? ' ' : (unsigned char)random;
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        make_text(i + 1);
        uint32_t size = pack();
        if (unpack(size) != BYTES || memcmp(text, unpacked, BYTES) != 0)
            return 1;
        sum = mix_bytes(mix(sum, size), packed, size);
    }
    return print_sum(sum);
}
