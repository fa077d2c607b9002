/* Products of 128 bits: the high half. The low one is that of 64 bits. */
#ifndef HOSTEL_VM_WIDE_WIDE_H
#define HOSTEL_VM_WIDE_WIDE_H

#include <stdint.h>

static inline uint64_t mul_high_u(uint64_t x, uint64_t y) {
    uint64_t x0 = (uint32_t)x, x1 = x >> 32, y0 = (uint32_t)y, y1 = y >> 32;
    uint64_t middle = x1 * y0 + (x0 * y0 >> 32);
    uint64_t rest = x0 * y1 + (uint32_t)middle;
    return x1 * y1 + (middle >> 32) + (rest >> 32);
}

/* A negative factor is 2^64 less than it is unsigned. */
static inline uint64_t mul_high_s(uint64_t x, uint64_t y) {
    return mul_high_u(x, y) - (x >> 63) * y - (y >> 63) * x;
}

#endif
