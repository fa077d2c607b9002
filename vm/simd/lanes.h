/* 128-bit vectors and what the computations of handlers.def need of them. */
#ifndef HOSTEL_VM_SIMD_LANES_H
#define HOSTEL_VM_SIMD_LANES_H

#include <stdint.h>
#include <string.h>

/* Lane 0 has the lowest address, and so is in the low half: i32x4 1 2 3 4 has
 * i32[0] == 1. */
union v128 {
    int8_t i8[16];
    uint8_t u8[16];
    int16_t i16[8];
    uint16_t u16[8];
    int32_t i32[4];
    uint32_t u32[4];
    int64_t i64[2];
    uint64_t u64[2];
    float f32[4];
    double f64[2];
};

static inline union v128 v128_at(const void *bytes) {
    union v128 lanes;
    memcpy(&lanes, bytes, sizeof lanes);
    return lanes;
}

/* Write both halves at once: the next instruction may read them so, and would
 * otherwise wait until two smaller writes have left the processor's store
 * buffer. */
static inline void v128_put(void *bytes, union v128 lanes) {
    typedef uint64_t halves __attribute__((vector_size(16)));
    const halves both = {lanes.u64[0], lanes.u64[1]};
    memcpy(bytes, &both, sizeof both);
}

static inline uint64_t pick_half(const uint8_t *bytes, const uint8_t *from) {
    return (uint64_t)bytes[from[0]] | (uint64_t)bytes[from[1]] << 8 |
           (uint64_t)bytes[from[2]] << 16 | (uint64_t)bytes[from[3]] << 24 |
           (uint64_t)bytes[from[4]] << 32 | (uint64_t)bytes[from[5]] << 40 |
           (uint64_t)bytes[from[6]] << 48 | (uint64_t)bytes[from[7]] << 56;
}

/* Every lane of `from` numbers one of 32 bytes. Written out, since gcc keeps a
 * loop a loop. */
static inline union v128 v128_pick(const union v128 table[2], union v128 from) {
    const uint8_t *bytes = (const uint8_t *)table;
    return (union v128){
        .u64 = {pick_half(bytes, from.u8), pick_half(bytes, from.u8 + 8)}};
}

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) {
    if (x < low)
        return low;
    return x > high ? high : x;
}

#endif
