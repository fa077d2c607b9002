/* How the vector instructions compute (spec 4.4.3, and 4.3.1 for lanes): a part
 * of handlers.h.
 *
 * A vector takes two slots, in the order of memory, since the host is
 * little-endian. There is one handler a row of simd.def: it reads vectors from
 * the slots a, b, c, never from an accumulator, and what it writes to slot d is
 * complete before, since slots may be shared. A number that results goes to its
 * accumulator too, as everywhere. Lanes are taken one by one in loops without
 * branches, which compilers turn into the host's vector instructions where it
 * has them.
 *
 * Immediates: a lane's number is in c, the offset of a memory access in imm.
 * What does not fit there is in a data cell: sixteen bytes of a constant or a
 * shuffle; for the accesses to one lane the vector's slot in a and the lane's
 * number in d. A far access has its data cell anyway.
 *
 * The row VECTOR(0xFD08E, i16x8_add, "i16x8.add", "vv:v", EACH2(u16, u16, x +
 * y)) becomes
 *
 *     HANDLER(i16x8_add) {
 *         const union v128 a = A(V128), b = B(V128);
 *         union v128 lanes;
 *         for (unsigned i = 0; i < 8; i++) {
 *             const uint16_t x = a.u16[i];
 *             const uint16_t y = b.u16[i];
 *             lanes.u16[i] = (uint16_t)(x + y);
 *         }
 *         v128_put(&frame[pc->d], lanes);
 *         NEXT(1);
 *     } */

/* ---- lanes ---- */

#define LANE_i8  int8_t
#define LANE_u8  uint8_t
#define LANE_i16 int16_t
#define LANE_u16 uint16_t
#define LANE_i32 int32_t
#define LANE_u32 uint32_t
#define LANE_i64 int64_t
#define LANE_u64 uint64_t
#define LANE_f32 float
#define LANE_f64 double

#define LANE_COUNT(lane) (sizeof(union v128) / sizeof(LANE_##lane))

#define SLOT_V128(slot) (v128_at(&frame[slot]))
#define C(type)         SLOT_##type(pc->tail.slots.c)

#define RESULT_V128(value) v128_put(&frame[pc->d], value)

/* ---- computations ---- */

/* The result lane by lane; `lane` comes before each. */
#define FILL(to, lane, value)                                                  \
    {                                                                          \
        union v128 lanes;                                                      \
        for (unsigned i = 0; i < LANE_COUNT(to); i++) {                        \
            lane;                                                              \
            lanes.to[i] = (LANE_##to)(value);                                  \
        }                                                                      \
        RESULT_V128(lanes);                                                    \
    }

/* Of no vector, of one, two and three. */
#define LANES(to, value) FILL(to, , value)
#define LANES1(to, value)                                                      \
    {                                                                          \
        const union v128 a = A(V128);                                          \
        LANES(to, value)                                                       \
    }
#define LANES2(to, value)                                                      \
    {                                                                          \
        const union v128 b = B(V128);                                          \
        LANES1(to, value)                                                      \
    }
#define LANES3(to, value)                                                      \
    {                                                                          \
        const union v128 c = C(V128);                                          \
        LANES2(to, value)                                                      \
    }

/* Of the same lane of one vector and of two. */
#define EACH1(from, to, value)                                                 \
    {                                                                          \
        const union v128 a = A(V128);                                          \
        FILL(to, const LANE_##from x = a.from[i], value)                       \
    }
#define EACH2(from, to, value)                                                 \
    {                                                                          \
        const union v128 a = A(V128), b = B(V128);                             \
        FILL(to, const LANE_##from x = a.from[i];                              \
             const LANE_##from y = b.from[i], value)                           \
    }

/* By n, which counts modulo the size of a lane (spec 4.3.2, ishl). */
#define SHIFT(lane, value)                                                     \
    {                                                                          \
        const uint32_t n = B(I32) & (8 * sizeof(LANE_##lane) - 1);             \
        EACH1(lane, lane, value)                                               \
    }

/* The lanes of a, then those of b, in half of their size. */
#define NARROW(from, to, value)                                                \
    {                                                                          \
        const union v128 both[] = {A(V128), B(V128)};                          \
        FILL(to,                                                               \
             const LANE_##from x =                                             \
                 both[i / LANE_COUNT(from)].from[i % LANE_COUNT(from)],        \
             value)                                                            \
    }

/* All lanes in one number. */
#define FOLD(lane, start, value)                                               \
    {                                                                          \
        const union v128 a = A(V128);                                          \
        uint32_t fold = start;                                                 \
        for (unsigned i = 0; i < LANE_COUNT(lane); i++) {                      \
            const LANE_##lane x = a.lane[i];                                   \
            fold = value;                                                      \
        }                                                                      \
        RESULT_I32(fold);                                                      \
    }

/* The dot product of two bytes of a and b from byte n on, in 16 bits. */
#define DOT_I8(n)                                                              \
    clamp(a.i8[n] * b.i8[n] + a.i8[(n) + 1] * b.i8[(n) + 1], INT16_MIN,        \
          INT16_MAX)

#define EXTRACT(lane, type)                                                    \
    {                                                                          \
        const union v128 a = A(V128);                                          \
        RESULT_##type(a.lane[pc->tail.slots.c]);                               \
    }
#define REPLACE(lane, type)                                                    \
    {                                                                          \
        union v128 a = A(V128);                                                \
        a.lane[pc->tail.slots.c] = (LANE_##lane)B(type);                       \
        RESULT_V128(a);                                                        \
    }

/* The sixteen bytes are the whole data cell. */
#define CONSTANT() RESULT_V128(v128_at(pc + 1))
#define SHUFFLE()                                                              \
    {                                                                          \
        const union v128 table[] = {A(V128), B(V128)};                         \
        RESULT_V128(v128_pick(table, v128_at(pc + 1)));                        \
    }

/* All bytes behind the first vector are zero. */
#define SWIZZLE()                                                              \
    {                                                                          \
        const union v128 table[2] = {A(V128)}, b = B(V128);                    \
        union v128 from;                                                       \
        for (unsigned i = 0; i < 16; i++)                                      \
            from.u8[i] = b.u8[i] < 16 ? b.u8[i] : 16;                          \
        RESULT_V128(v128_pick(table, from));                                   \
    }

/* ---- memory ---- */

/* Where a near access of so many bytes is. */
#define NEAR(size)                                                             \
    const uint64_t sum = (uint64_t)A(I32) + (uint32_t)pc->tail.imm;            \
    if (sum + (size) > memory_size)                                            \
        TRAP(TRAP_MEMORY_BOUNDS);                                              \
    uint8_t *const at = memory + sum

/* `count` lanes are read before any is made: as they are, widened, or one for
 * all. */
#define LOAD_LANES(from, count, to, value)                                     \
    {                                                                          \
        LANE_##from m[count];                                                  \
        memcpy(m, at, sizeof m);                                               \
        LANES(to, value)                                                       \
    }
#define LOAD_LANE(lane)                                                        \
    {                                                                          \
        LANE_##lane m;                                                         \
        memcpy(&m, at, sizeof m);                                              \
        union v128 lanes = SLOT_V128(pc[1].a);                                 \
        lanes.lane[pc[1].d] = m;                                               \
        RESULT_V128(lanes);                                                    \
    }
#define STORE_LANE(lane)                                                       \
    {                                                                          \
        const union v128 lanes = SLOT_V128(pc[1].a);                           \
        const LANE_##lane m = lanes.lane[pc[1].d];                             \
        memcpy(at, &m, sizeof m);                                              \
    }
#define STORE_VECTOR()                                                         \
    {                                                                          \
        const union v128 lanes = D(V128);                                      \
        memcpy(at, &lanes, sizeof lanes);                                      \
    }

/* ---- the classes of rows ---- */

/* The computation comes last, since commas in it would end an argument. */
#define VECTOR_FORM(name, cells, where, ...)                                   \
    HANDLER(name) {                                                            \
        where;                                                                 \
        __VA_ARGS__;                                                           \
        NEXT(cells);                                                           \
    }

#define VECTOR_LANE(name, bytes, ...)    VECTOR_FORM(name, 1, , __VA_ARGS__)
#define VECTOR_SHUFFLE(name, bytes, ...) VECTOR_FORM(name, 2, , __VA_ARGS__)
#define VECTOR_V128(name, bytes, ...)    VECTOR_FORM(name, 2, , __VA_ARGS__)
#define VECTOR_MEMARG(name, bytes, ...)                                        \
    VECTOR_FORM(name, 1, NEAR(bytes), __VA_ARGS__)                             \
    VECTOR_FORM(name##_far, 2, FAR(bytes), __VA_ARGS__)
#define VECTOR_MEMARG_LANE(name, bytes, ...)                                   \
    VECTOR_FORM(name, 2, NEAR(bytes), __VA_ARGS__)                             \
    VECTOR_FORM(name##_far, 2, FAR(bytes), __VA_ARGS__)

#define VECTOR(code, name, mnemonic, signature, computation)                   \
    HANDLER(name) {                                                            \
        computation;                                                           \
        NEXT(1);                                                               \
    }
#define VECTOR_IMMEDIATE(code, name, mnemonic, immediates, bytes, signature,   \
                         computation)                                          \
    VECTOR_##immediates(name, bytes, computation)
#define VECTOR_LIKE(...)

/* ---- vectors in locals, select and globals ---- */

HANDLER(move_v128) {
    RESULT_V128(A(V128));
    NEXT(1);
}

HANDLER(select_v128) {
    RESULT_V128(C(I32) ? A(V128) : B(V128));
    NEXT(1);
}

HANDLER(global_get_v128) {
    RESULT_V128(v128_at(instance->globals[pc->tail.imm]));
    NEXT(1);
}

HANDLER(global_set_v128) {
    v128_put(instance->globals[pc->tail.imm], A(V128));
    NEXT(1);
}
