/* Product of matrices of doubles, row by column: strided loads. sizes: 400
 * 60 */
#include "bench/guests/guest.h"

enum { MOST = 400 };

static double a[MOST][MOST], b[MOST][MOST], c[MOST][MOST];

static void multiply(uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < n; k++) {
            double sum = 0;
            for (uint32_t j = 0; j < n; j++)
                sum += a[i][j] * b[j][k];
            c[i][k] = sum;
        }
    }
}

int main(int argc, char **argv) {
    uint32_t n = size_argument(argc, argv), sum = 0, random = 1;
    if (n > MOST)
        return 1;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < n; k++) {
            a[i][k] = next_random(&random) / 4294967296.0;
            b[i][k] = next_random(&random) / 4294967296.0;
        }
    }
    multiply(n);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < n; k++)
            sum = mix_double(sum, c[i][k]);
    }
    return print_sum(sum);
}
