/* What the benchmark guests share: the size they are given, random numbers, a
 * checksum.
 *
 * A guest is one C file. Its first comment says what it exercises and `sizes:
 * FULL SHORT`: the argument it gets when time is measured, and when
 * instructions are counted. It prints one line that depends on all it computed.
 * The same file is compiled for the processor; both must print the same, so
 * nothing here depends on the width of a pointer or on libm. */
#ifndef HOSTEL_BENCH_GUEST_H
#define HOSTEL_BENCH_GUEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline uint32_t size_argument(int argc, char **argv) {
    return argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
}

/* Marsaglia's xorshift; `state` is not 0. */
static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One step of FNV-1a with a word. */
static inline uint32_t mix(uint32_t sum, uint32_t value) {
    return (sum ^ value) * 16777619u;
}

static inline uint32_t mix_double(uint32_t sum, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return mix(mix(sum, (uint32_t)bits), (uint32_t)(bits >> 32));
}

static inline uint32_t
mix_bytes(uint32_t sum, const void *bytes, uint32_t size) {
    const unsigned char *p = bytes;
    for (uint32_t i = 0; i < size; i++)
        sum = mix(sum, p[i]);
    return sum;
}

static inline int print_sum(uint32_t sum) {
    return printf("%08x\n", (unsigned)sum) < 0;
}

#endif
