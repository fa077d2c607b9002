/* What the numeric instructions compute (spec 4.3, "Numerics"), where one C
 * operator does not say it.
 *
 * These are the functions the expressions in opcodes.def use. Slots hold bits:
 * f32_bits and friends go between bits and floats without changing a NaN's
 * payload. */
#ifndef HOSTEL_VM_NUMERIC_H
#define HOSTEL_VM_NUMERIC_H

#include "vm/trap.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t f32_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float f32_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint64_t f64_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double f64_from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- bits ---- */

/* The sums of neighbouring bits, then of pairs, of groups of four and, by the
 * multiplication, of all bytes into the highest one. */
static inline uint32_t popcnt64(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555;
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return (uint32_t)(x * 0x0101010101010101 >> 56);
}

static inline uint32_t popcnt32(uint32_t x) {
    return popcnt64(x);
}

#if defined(__GNUC__)
static inline uint32_t clz64(uint64_t x) {
    return x ? (uint32_t)__builtin_clzll(x) : 64;
}

static inline uint32_t ctz64(uint64_t x) {
    return x ? (uint32_t)__builtin_ctzll(x) : 64;
}
#else
static inline uint32_t clz64(uint64_t x) {
    for (int shift = 1; shift < 64; shift *= 2)
        x |= x >> shift;
    return 64 - popcnt64(x);
}

static inline uint32_t ctz64(uint64_t x) {
    return popcnt64(~x & (x - 1));
}
#endif

static inline uint32_t clz32(uint32_t x) {
    return clz64(x) - 32;
}

/* A one behind the highest bit ends the count at 32. */
static inline uint32_t ctz32(uint32_t x) {
    return ctz64((uint64_t)1 << 32 | x);
}

/* ---- division (spec 4.3.2, idiv and irem) ---- */

/* All that C leaves undefined is a trap, but for one remainder. */
static inline enum trap zero_trap(uint64_t y) {
    return y == 0 ? TRAP_DIVIDE_BY_ZERO : TRAP_NONE;
}

static inline enum trap div_s32_trap(uint32_t x, uint32_t y) {
    return x == 0x80000000 && y == UINT32_MAX ? TRAP_INTEGER_OVERFLOW
                                              : zero_trap(y);
}

static inline enum trap div_s64_trap(uint64_t x, uint64_t y) {
    return x == (uint64_t)1 << 63 && y == UINT64_MAX ? TRAP_INTEGER_OVERFLOW
                                                     : zero_trap(y);
}

/* The smallest integer divided by -1 overflows in C; the remainder is 0 all the
 * same. */
static inline uint32_t rem_s32(uint32_t x, uint32_t y) {
    return y == UINT32_MAX ? 0 : (uint32_t)((int32_t)x % (int32_t)y);
}

static inline uint64_t rem_s64(uint64_t x, uint64_t y) {
    return y == UINT64_MAX ? 0 : (uint64_t)((int64_t)x % (int64_t)y);
}

/* ---- floats ---- */

/* The libm functions may return a signalling NaN as it came; Wasm wants it
 * quiet. */
static inline float f32_quiet(float x) {
    return x != x ? x + x : x;
}

static inline double f64_quiet(double x) {
    return x != x ? x + x : x;
}

/* C's fmin ignores NaN and does not order the zeros; Wasm's does both. Equal
 * operands differ at most in the sign of zero: `or` of the bits prefers minus,
 * `and` plus. */
static inline float f32_min(float x, float y) {
    if (x != x || y != y)
        return x + y;
    if (x == y)
        return f32_from_bits(f32_bits(x) | f32_bits(y));
    return x < y ? x : y;
}

static inline float f32_max(float x, float y) {
    if (x != x || y != y)
        return x + y;
    if (x == y)
        return f32_from_bits(f32_bits(x) & f32_bits(y));
    return x > y ? x : y;
}

static inline double f64_min(double x, double y) {
    if (x != x || y != y)
        return x + y;
    if (x == y)
        return f64_from_bits(f64_bits(x) | f64_bits(y));
    return x < y ? x : y;
}

static inline double f64_max(double x, double y) {
    if (x != x || y != y)
        return x + y;
    if (x == y)
        return f64_from_bits(f64_bits(x) & f64_bits(y));
    return x > y ? x : y;
}

static inline float f32_copysign(float x, float y) {
    return f32_from_bits((f32_bits(x) & 0x7FFFFFFF) |
                         (f32_bits(y) & 0x80000000));
}

static inline double f64_copysign(double x, double y) {
    return f64_from_bits((f64_bits(x) & INT64_MAX) |
                         (f64_bits(y) & (uint64_t)1 << 63));
}

/* ---- float to integer (spec 4.3.4, trunc) ---- */

#define BELOW_INT64                                                            \
    (-9223372036854777856.0) /* the largest double below -2^63 */

/* x truncates into the range if it lies strictly between `below` and `above`:
 * -0.9 is 0 and good for an unsigned integer, -1.0 is not. A float is compared
 * as the double it is, without rounding. */
static inline enum trap trunc_trap(double x, double below, double above) {
    if (x != x)
        return TRAP_INVALID_CONVERSION;
    return x > below && x < above ? TRAP_NONE : TRAP_INTEGER_OVERFLOW;
}

#endif
