/* The sieve of Eratosthenes: short loops that store bytes. sizes: 20 1 */
#include "bench/guests/guest.h"

enum { LIMIT = 1000000 };

static unsigned char composite[LIMIT];

static uint32_t count_primes(uint32_t limit) {
    memset(composite, 0, sizeof composite);
    uint32_t count = 0;
    for (uint32_t i = 2; i < limit; i++) {
        if (composite[i])
            continue;
        count++;
        for (uint32_t k = i * 2; k < limit; k += i)
            composite[k] = 1;
    }
    return count;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0;
    for (uint32_t i = 0; i < rounds; i++)
        sum = mix(sum, count_primes(LIMIT - i));
    return print_sum(sum);
}
