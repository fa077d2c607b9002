/* Conversions to integers that do not trap (spec 4.3.4, trunc_sat); vm/simd has
 * them for vectors, too. */
#ifndef HOSTEL_VM_SATURATING_SATURATING_H
#define HOSTEL_VM_SATURATING_SATURATING_H

#include <stdint.h>

/* Out of range it is the nearest integer there is; NaN is 0. C leaves a
 * conversion that does not fit undefined, so none is made before its bounds are
 * known to hold. */
static inline int32_t trunc_sat_s32(double x) {
    if (x != x)
        return 0;
    if (x <= -2147483648.0)
        return INT32_MIN;
    if (x >= 2147483647.0)
        return INT32_MAX;
    return (int32_t)x;
}

static inline uint32_t trunc_sat_u32(double x) {
    if (!(x > 0))
        return 0;
    return x >= 4294967295.0 ? UINT32_MAX : (uint32_t)x;
}

static inline int64_t trunc_sat_s64(double x) {
    if (x != x)
        return 0;
    if (x < -9223372036854775808.0)
        return INT64_MIN;
    if (x >= 9223372036854775808.0)
        return INT64_MAX;
    return (int64_t)x;
}

static inline uint64_t trunc_sat_u64(double x) {
    if (!(x > 0))
        return 0;
    return x >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)x;
}

#endif
