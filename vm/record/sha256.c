/* SHA-256 (FIPS 180-4): which module a recording is of.
 *
 * The constants are the first bits of the fractional parts of square and cube
 * roots of the first primes. */
#include "vm/record/record.h"

#include <string.h>

enum { BLOCK = 64, ROUNDS = 64 };

static const uint32_t first[8] = {0x6A09E667,
                                  0xBB67AE85,
                                  0x3C6EF372,
                                  0xA54FF53A,
                                  0x510E527F,
                                  0x9B05688C,
                                  0x1F83D9AB,
                                  0x5BE0CD19};

/* clang-format off */
static const uint32_t constants[ROUNDS] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5,
    0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3,
    0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC,
    0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7,
    0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13,
    0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3,
    0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5,
    0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208,
    0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};
/* clang-format on */

static uint32_t turn(uint32_t x, int by) {
    return x >> by | x << (32 - by);
}

/* Sections 4.1.2 and 6.2.2. */
static void message_schedule(const uint8_t *block, uint32_t w[ROUNDS]) {
    for (int i = 0; i < 16; i++) {
        const uint8_t *b = block + 4 * i;
        w[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
               (uint32_t)b[2] << 8 | b[3];
    }
    for (int i = 16; i < ROUNDS; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        uint32_t s0 = turn(x, 7) ^ turn(x, 18) ^ x >> 3;
        uint32_t s1 = turn(y, 17) ^ turn(y, 19) ^ y >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

static void add_block(uint32_t hash[8], const uint8_t *block) {
    uint32_t w[ROUNDS];
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    message_schedule(block, w);
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
        uint32_t choice = g ^ (e & (f ^ g));
        uint32_t t1 = h + s1 + choice + constants[i] + w[i];
        uint32_t s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
        uint32_t majority = (a & b) | (c & (a | b));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + s0 + majority;
    }
    const uint32_t v[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        hash[i] += v[i];
}

/* What is left of the bytes, a one, zeros, the size in bits (section 5.1.1). */
static void add_rest(uint32_t hash[8], struct slice bytes, size_t done) {
    uint8_t rest[2 * BLOCK] = {0};
    size_t left = bytes.size - done;
    size_t size = left + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    if (left > 0)
        memcpy(rest, bytes.data + done, left);
    rest[left] = 0x80;
    for (size_t i = 0; i < 8; i++)
        rest[size - 1 - i] = (uint8_t)((uint64_t)bytes.size * 8 >> (8 * i));
    for (size_t at = 0; at < size; at += BLOCK)
        add_block(hash, rest + at);
}

void sha256(struct slice bytes, uint8_t out[SHA256_SIZE]) {
    uint32_t hash[8];
    size_t done = 0;
    memcpy(hash, first, sizeof hash);
    for (; bytes.size - done >= BLOCK; done += BLOCK)
        add_block(hash, bytes.data + done);
    add_rest(hash, bytes, done);
    for (int i = 0; i < SHA256_SIZE; i++)
        out[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
}

void vm_hash(struct slice bytes, char out[VM_HASH_SIZE]) {
    uint8_t hash[SHA256_SIZE];
    sha256(bytes, hash);
    for (int i = 0; i < SHA256_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}
