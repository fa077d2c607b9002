/* 64-bit integers: rotations and products of a hash and a generator, powers
 * modulo a prime, counting of bits. sizes: 5000000 40000 */
#include "bench/guests/guest.h"

static uint64_t rotate(uint64_t x, int n) {
    return x << n | x >> (64 - n);
}

/* xoshiro256** of Blackman and Vigna */
static uint64_t state[4] = {1, 2, 3, 4};

static uint64_t next(void) {
    uint64_t result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 45);
    return result;
}

/* One message word through SipHash's rounds. */
static uint64_t siphash(uint64_t word) {
    uint64_t a = 0x736F6D6570736575 ^ word, b = 0x646F72616E646F6D;
    uint64_t c = 0x6C7967656E657261, d = 0x7465646279746573 ^ word << 3;
    for (int i = 0; i < 4; i++) {
        a += b, b = rotate(b, 13) ^ a, a = rotate(a, 32);
        c += d, d = rotate(d, 16) ^ c;
        a += d, d = rotate(d, 21) ^ a;
        c += b, b = rotate(b, 17) ^ c, c = rotate(c, 32);
    }
    return a ^ b ^ c ^ d;
}

static uint64_t power(uint64_t base, uint32_t exponent, uint64_t modulus) {
    uint64_t result = 1;
    for (base %= modulus; exponent;
         exponent >>= 1, base = base * base % modulus) {
        if (exponent & 1)
            result = result * base % modulus;
    }
    return result;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t word = siphash(next());
        sum = rotate(sum, 5) ^ word;
        sum += (uint64_t)__builtin_popcountll(word)
               << __builtin_ctzll(word | 1 << 20);
        if (word >> 60 == 0)
            sum += power(word, i, 4294967291u);
    }
    return print_sum((uint32_t)(sum ^ sum >> 32));
}
