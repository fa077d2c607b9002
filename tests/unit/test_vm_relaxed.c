/* Relaxed vector instructions: where the spec allows several results, it is always that of its
 * deterministic profile, whatever the machine would like better. */
#include "tests/unit/vm_guest.h"

#include "vm/lanes.h"

#include <math.h>

#define F32_NAN  0x7FC00000
#define F64_NAN  UINT64_C(0x7FF8000000000000)
#define F32_TINY 0x1p-23f /* one and this is the next float */
#define F64_TINY 0x1p-52

/* A call of the function of tests/guests/vm/relaxed.wat; operands it does not have are empty. */
struct row {
    const char *name;
    union v128 a, b, c, result;
};

#define NONE                                                                                       \
    {                                                                                              \
        .u64 = { 0, 0 }                                                                            \
    }

/* Indices behind the last byte, below 128 and from there on. */
static const struct row swizzle[] = {
    {"swizzle",
     {.u8 = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
     {.u8 = {15, 0, 16, 17, 31, 127, 128, 255, 1, 2, 3, 4, 5, 6, 7, 8}},
     NONE,
     {.u8 = {16, 1, 0, 0, 0, 0, 0, 0, 2, 3, 4, 5, 6, 7, 8, 9}}},
};

/* What no integer can hold saturates, and not-a-number is 0. */
static const struct row trunc_rows[] = {
    {"trunc_f32_s",
     {.f32 = {-1.9f, 3e9f, -3e9f, NAN}},
     NONE,
     NONE,
     {.i32 = {-1, INT32_MAX, INT32_MIN, 0}}},
    {"trunc_f32_u",
     {.f32 = {4e9f, 5e9f, -1, NAN}},
     NONE,
     NONE,
     {.u32 = {4000000000, UINT32_MAX, 0, 0}}},
    {"trunc_f64_s", {.f64 = {-1.9, 3e9}}, NONE, NONE, {.i32 = {-1, INT32_MAX, 0, 0}}},
    {"trunc_f64_s", {.f64 = {NAN, -3e9}}, NONE, NONE, {.i32 = {0, INT32_MIN, 0, 0}}},
    {"trunc_f64_u", {.f64 = {4e9, 5e9}}, NONE, NONE, {.u32 = {4000000000, UINT32_MAX, 0, 0}}},
    {"trunc_f64_u", {.f64 = {NAN, -1}}, NONE, NONE, {.u32 = {0, 0, 0, 0}}},
};

/* The product is rounded, too: one rounding alone would leave a tiny number in the first lane. The
 * difference of equals is a positive zero. */
static const struct row multiply_add[] = {
    {"f32_madd",
     {.f32 = {1 + F32_TINY, 2, -3, INFINITY}},
     {.f32 = {1 + F32_TINY, 3, 3, 1}},
     {.f32 = {-(1 + 2 * F32_TINY), 4, 9, 1}},
     {.f32 = {0, 10, 0, INFINITY}}},
    {"f32_nmadd",
     {.f32 = {1 + F32_TINY, 2, -3, INFINITY}},
     {.f32 = {1 + F32_TINY, 3, 3, 1}},
     {.f32 = {1 + 2 * F32_TINY, 4, -9, 1}},
     {.f32 = {0, -2, 0, -INFINITY}}},
    {"f64_madd",
     {.f64 = {1 + F64_TINY, 2}},
     {.f64 = {1 + F64_TINY, 3}},
     {.f64 = {-(1 + 2 * F64_TINY), 4}},
     {.f64 = {0, 10}}},
    {"f64_nmadd",
     {.f64 = {1 + F64_TINY, 2}},
     {.f64 = {1 + F64_TINY, 3}},
     {.f64 = {1 + 2 * F64_TINY, 4}},
     {.f64 = {0, -2}}},
};

/* Bit by bit, though the lane's highest bit be the same throughout. */
static const struct row laneselect[] = {
    {"i8_laneselect",
     {.u8 = {0xFF, 0xFF, 0xFF, 0xFF}},
     {.u8 = {0, 0, 0, 0, 0xFF, 0xFF}},
     {.u8 = {0xFF, 0x80, 0x7F, 0, 0x80, 0x7F}},
     {.u8 = {0xFF, 0x80, 0x7F, 0, 0x7F, 0x80}}},
    {"i16_laneselect",
     {.u16 = {0x1234, 0x1234, 0x1234}},
     {.u16 = {0x5678, 0x5678, 0x5678}},
     {.u16 = {0xFF00, 0x00FF, 0x0080}},
     {.u16 = {0x1278, 0x5634, 0x5678}}},
    {"i32_laneselect",
     {.u32 = {0x12341234, 0x12341234}},
     {.u32 = {0x56785678, 0x56785678}},
     {.u32 = {0xFFFF0000, 0x0000FFFF}},
     {.u32 = {0x12345678, 0x56781234}}},
    {"i64_laneselect",
     {.u64 = {3, 3}},
     {.u64 = {4, 4}},
     {.u64 = {UINT64_C(1) << 63, 1}},
     {.u64 = {4, 5}}},
};

/* Not-a-number wins on either side, and the zeros are told apart. */
static const struct row extremes[] = {
    {"f32_min",
     {.u32 = {0x80000000, 0, F32_NAN, 0}},
     {.u32 = {0, 0x80000000, 0, F32_NAN}},
     NONE,
     {.u32 = {0x80000000, 0x80000000, F32_NAN, F32_NAN}}},
    {"f32_max",
     {.u32 = {0x80000000, 0, F32_NAN, 0}},
     {.u32 = {0, 0x80000000, 0, F32_NAN}},
     NONE,
     {.u32 = {0, 0, F32_NAN, F32_NAN}}},
    {"f64_min",
     {.u64 = {UINT64_C(1) << 63, 0}},
     {.u64 = {0, F64_NAN}},
     NONE,
     {.u64 = {UINT64_C(1) << 63, F64_NAN}}},
    {"f64_max", {.u64 = {UINT64_C(1) << 63, F64_NAN}}, NONE, NONE, {.u64 = {0, F64_NAN}}},
};

/* Products that fit in no lane saturate, and no byte is taken for an unsigned one. The greatest sum
 * saturates in 16 bits before two of them are added up. */
static const struct row products[] = {
    {"q15mulr",
     {.i16 = {INT16_MIN, INT16_MIN, 16384, -1}},
     {.i16 = {INT16_MIN, INT16_MAX, 16384, 1}},
     NONE,
     {.i16 = {INT16_MAX, -32767, 8192, 0}}},
    {"dot",
     {.i8 = {-128, -128, -128, -128, -128, -128, 1, 2}},
     {.i8 = {-128, -128, -127, -127, 127, 127, 3, 4}},
     NONE,
     {.i16 = {INT16_MAX, 32512, -32512, 11}}},
    {"dot_add",
     {.i8 = {-128, -128, -128, -128, -128, -128, -128, -128, 1, 2, 3, 4, 0, 0, 0, 1}},
     {.i8 = {-128, -128, -128, -128, -127, -127, -127, -127, 5, 6, 7, 8, 0, 0, 0, 1}},
     {.i32 = {1, 2, -3, INT32_MAX}},
     {.i32 = {65535, 65026, 67, INT32_MIN}}},
};

static union v128 call(const struct guest *guest, const struct row *row) {
    struct function *function = guest_function(guest, row->name);
    const union v128 operands[] = {row->a, row->b, row->c};
    struct vm_value args[3], result;
    uint32_t count = vm_function_type(function)->param_count;
    for (uint32_t i = 0; i < count; i++) {
        args[i].type = VM_V128;
        memcpy(args[i].of.v128, &operands[i], sizeof operands[i]);
    }
    struct error error = ERROR_INIT;
    if (!vm_call(function, args, count, &result, &error)) fail_msg("%s", error.text);
    return v128_at(result.of.v128);
}

static void check(const struct row *rows, size_t count) {
    for (int plain = 0; plain < 2; plain++) {
        struct vm_limits limits = vm_limits_default();
        limits.plain_code = plain;
        struct guest guest = guest_run("relaxed", &limits);
        for (const struct row *row = rows; row < rows + count; row++) {
            union v128 found = call(&guest, row);
            if (memcmp(&found, &row->result, sizeof found) != 0) {
                fail_msg("%s: %08x %08x %08x %08x", row->name, found.u32[0], found.u32[1],
                         found.u32[2], found.u32[3]);
            }
        }
        guest_close(&guest);
    }
}

#define TEST(test, rows)                                                                           \
    static void test(void **state) {                                                               \
        (void)state;                                                                               \
        check(rows, sizeof rows / sizeof *rows);                                                   \
    }

TEST(swizzle_is_zero_where_nothing_is, swizzle)
TEST(conversions_saturate, trunc_rows)
TEST(multiplication_and_addition_round_twice, multiply_add)
TEST(lanes_are_selected_bit_by_bit, laneselect)
TEST(minimum_and_maximum_are_the_strict_ones, extremes)
TEST(products_saturate, products)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swizzle_is_zero_where_nothing_is),
        cmocka_unit_test(conversions_saturate),
        cmocka_unit_test(multiplication_and_addition_round_twice),
        cmocka_unit_test(lanes_are_selected_bit_by_bit),
        cmocka_unit_test(minimum_and_maximum_are_the_strict_ones),
        cmocka_unit_test(products_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
