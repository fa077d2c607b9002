/* Base64 there and back: shifts, masks and bytes through tables. sizes: 300
 * 3 */
#include "bench/guests/guest.h"

enum { BYTES = 48 * 1024 };

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static unsigned char value_of[256], bytes[BYTES], back[BYTES];
static char text[BYTES / 3 * 4];

static void encode(void) {
    char *out = text;
    for (uint32_t i = 0; i < BYTES; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 |
                         (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        *out++ = digits[three >> 18];
        *out++ = digits[three >> 12 & 63];
        *out++ = digits[three >> 6 & 63];
        *out++ = digits[three & 63];
    }
}

static void decode(void) {
    unsigned char *out = back;
    for (uint32_t i = 0; i < sizeof text; i += 4) {
        uint32_t three = 0;
        for (int k = 0; k < 4; k++)
            three = three << 6 | value_of[(unsigned char)text[i + k]];
        *out++ = (unsigned char)(three >> 16);
        *out++ = (unsigned char)(three >> 8);
        *out++ = (unsigned char)three;
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 9;
    for (uint32_t i = 0; i < 64; i++)
        value_of[(unsigned char)digits[i]] = (unsigned char)i;
    for (uint32_t i = 0; i < BYTES; i++)
        bytes[i] = (unsigned char)next_random(&random);
    for (uint32_t i = 0; i < rounds; i++) {
        bytes[i * 31 % BYTES] ^= (unsigned char)i;
        encode();
        decode();
        if (memcmp(bytes, back, BYTES) != 0)
            return 1;
        sum = mix(sum, (unsigned char)text[i * 41 % sizeof text]);
    }
    return print_sum(mix_bytes(sum, text, sizeof text));
}
