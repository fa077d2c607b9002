/* CRC-32 by a table, a byte at a time: one long chain of dependent loads.
 * sizes: 800 10 */
#include "bench/guests/guest.h"

static uint32_t table[256];
static unsigned char text[65536];

static uint32_t crc32(uint32_t crc, const unsigned char *p, uint32_t size) {
    crc = ~crc;
    for (uint32_t i = 0; i < size; i++)
        crc = table[(crc ^ p[i]) & 0xFF] ^ crc >> 8;
    return ~crc;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 1;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? 0xEDB88320 ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    if (crc32(0, (const unsigned char *)"123456789", 9) != 0xCBF43926)
        return 1;
    for (uint32_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)next_random(&random);
    for (uint32_t i = 0; i < rounds; i++)
        sum = crc32(sum, text, sizeof text);
    return print_sum(sum);
}
