/* flags: -mbulk-memory */
/* Copying and filling memory by memory.copy and memory.fill, of 8 bytes to 4
 * KiB. sizes: 800000 1000 */
#include "bench/guests/guest.h"

enum { BYTES = 1 << 17 };

static unsigned char memory[BYTES];

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 1;
    for (uint32_t i = 0; i < BYTES; i++)
        memory[i] = (unsigned char)next_random(&random);
    for (uint32_t i = 0; i < rounds; i++) {
        for (uint32_t size = 8; size <= 4096; size *= 2) {
            uint32_t from = next_random(&random) % (BYTES - size + 1);
            uint32_t to = next_random(&random) % (BYTES - size + 1);
            memmove(memory + to, memory + from, size);
            sum = mix(sum, memory[to + size / 2]);
            if (size < 512)
                memset(memory + from, (int)i, size);
            memory[from] ^= (unsigned char)size;
        }
    }
    return print_sum(mix_bytes(sum, memory, BYTES));
}
