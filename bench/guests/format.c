/* Numbers to text and back by the C library: snprintf, strtod, strtoll. sizes:
 * 50000 500 */
#include "bench/guests/guest.h"

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 1;
    for (uint32_t i = 0; i < rounds; i++) {
        char text[128], *end;
        uint32_t a = next_random(&random), b = next_random(&random);
        int size = snprintf(text,
                            sizeof text,
                            "%.6f %lld %-8s|%04x",
                            (double)a / 1024 - b,
                            (long long)a * -5,
                            i % 2 ? "left" : "right",
                            (unsigned)b);
        sum = mix_bytes(sum, text, (uint32_t)size);
        sum = mix_double(sum, strtod(text, &end));
        sum = mix(sum, (uint32_t)strtoll(end, NULL, 10));
    }
    return print_sum(sum);
}
