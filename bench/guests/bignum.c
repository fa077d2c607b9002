/* Powers of 3 by schoolbook multiplication, then their decimal digits: 32 by 32
 * bits to 64, with carries, and division. sizes: 150000 5000 */
#include "bench/guests/guest.h"

enum { MOST = 8192 };

static uint32_t a[MOST], product[2 * MOST];

static uint32_t square(uint32_t n) {
    memset(product, 0, 2 * n * sizeof *product);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t carry = 0;
        for (uint32_t k = 0; k < n; k++) {
            carry += (uint64_t)a[i] * a[k] + product[i + k];
            product[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + n] = (uint32_t)carry;
    }
    memcpy(a, product, 2 * n * sizeof *a);
    return a[2 * n - 1] ? 2 * n : 2 * n - 1;
}

static uint32_t multiply_small(uint32_t n, uint32_t by) {
    uint64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        carry += (uint64_t)a[i] * by;
        a[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        a[n++] = (uint32_t)carry;
    return n;
}

static uint32_t divide_small(uint32_t *n, uint32_t by) {
    uint64_t rest = 0;
    for (uint32_t i = *n; i-- > 0;) {
        rest = rest << 32 | a[i];
        a[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    while (*n > 0 && a[*n - 1] == 0)
        --*n;
    return (uint32_t)rest;
}

int main(int argc, char **argv) {
    uint32_t power = size_argument(argc, argv), n = 1, sum = 0;
    if (power > 160000)
        return 1;
    a[0] = 1;
    for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
        n = square(n);
        if (power & bit)
            n = multiply_small(n, 3);
    }
    while (n > 0)
        sum = mix(sum, divide_small(&n, 1000000000));
    return print_sum(sum);
}
