/* Constant expressions: what they compute, and what is not one. */
#include "tests/unit/vm_module.h"

/* An instance of constants.wat, which imports from `other`. */
static struct guest constants_guest(struct guest *other) {
    *other = guest_run("values", NULL);
    struct error error = ERROR_INIT;
    assert_true(
        vm_register(other->vm, slice_of("other"), other->instance, &error));
    struct guest guest = {.vm = other->vm};
    guest_load(&guest, "constants");
    guest_start(&guest);
    return guest;
}

static void initial_values_are_computed(void **state) {
    (void)state;
    struct guest other, guest = constants_guest(&other);
    assert_int_equal(guest_global(&guest, "computed").of.i64,
                     -42 + 10 * (7 - 2));
    assert_int_equal(guest_global(&guest, "add_i32").of.i32, 0x80000000);
    /* The high half is zero. */
    assert_int_equal(guest_global(&guest, "sub_i32").of.i64, UINT32_MAX);
    assert_int_equal(guest_global(&guest, "mul_i32").of.i64, 0x20001);
    assert_true(guest_global(&guest, "add_i64").of.i64 == 0);
    assert_true(guest_global(&guest, "sub_i64").of.i64 == INT64_MAX);
    assert_true(guest_global(&guest, "mul_i64").of.i64 ==
                UINT64_C(0x200000001));
    guest_close(&guest);
    buffer_free(&other.bytes);
}

static void globals_of_the_module_are_read(void **state) {
    (void)state;
    struct guest other, guest = constants_guest(&other);
    assert_int_equal(guest_global(&guest, "next").of.i32, 42);
    assert_true(guest_global(&guest, "vector").of.v128[1] ==
                (UINT64_C(4) << 32 | 3));
    assert_int_equal(*vm_memory_at(guest.instance, 42, 1), 'x');
    assert_int_equal(*vm_memory_at(guest.instance, 82, 1), 'y');
    assert_int_equal(guest_call(&guest, "call", 3, 0), 7);
    assert_int_equal(guest_try(&guest, "call", (uint32_t[]){4, 0}, NULL),
                     ERROR_TRAP);
    assert_int_equal(guest_call(&guest, "call", 5, 0), 7);
    guest_close(&guest);
    buffer_free(&other.bytes);
}

/* ---- what is refused ---- */

static const struct refusal {
    enum error_kind kind;
    const char *text;
    struct section module[2]; /* its globals alone */
} refusals[] = {
#define ROW(kind, text, ...)                                                   \
    {                                                                          \
        ERROR_##kind, text, {                                                  \
            GLOBALS(__VA_ARGS__)                                               \
        }                                                                      \
    }
#define I32_GLOBAL "\x7F\0" /* followed by its initial value */
#define I64_GLOBAL "\x7E\0"
#define VARIABLE   "\x7F\1"

    /* Nothing. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x0B")),
    /* i32.add of nothing. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x6A\x0B")),
    /* One too few. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x41\0\x6B\x0B")),
    /* One too many. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x41\0\x41\0\x0B")),
    /* An i64. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x42\0\x0B")),
    /* A sum of them. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x42\0\x42\0\x7C\x0B")),
    /* i32 + i64. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x41\0\x42\0\x6A\x0B")),
    /* i64 * i32. */
    ROW(INVALID, "type mismatch", ENTRY(I64_GLOBAL "\x42\0\x41\0\x7E\x0B")),
    /* i64.sub of i32. */
    ROW(INVALID, "type mismatch", ENTRY(I32_GLOBAL "\x41\0\x41\0\x7D\x0B")),
    ROW(INVALID,
        "type mismatch",
        ENTRY(I64_GLOBAL "\x42\0\x0B"),
        ENTRY(I32_GLOBAL "\x23\0\x0B")),
    ROW(INVALID,
        "unknown global 0",
        ENTRY(I32_GLOBAL "\x23\0\x0B")), /* itself */
    /* A later one. */
    ROW(INVALID,
        "unknown global 1",
        ENTRY(I32_GLOBAL "\x23\1\x0B"),
        ENTRY(I32_GLOBAL "\x41\0\x0B")),
    ROW(INVALID,
        "constant expression required: global 0 is mutable",
        ENTRY(VARIABLE "\x41\0\x0B"),
        ENTRY(I32_GLOBAL "\x23\0\x0B")),
    ROW(INVALID,
        "constant expression required: i32.and",
        ENTRY(I32_GLOBAL "\x41\0\x41\0\x71\x0B")),
    ROW(INVALID,
        "constant expression required: i32.div_u",
        ENTRY(I32_GLOBAL "\x41\0\x41\0\x6E\x0B")),
    ROW(INVALID,
        "constant expression required: f32.add",
        ENTRY("\x7D\0\x43\0\0\0\0\x43\0\0\0\0\x92\x0B")),
    ROW(INVALID,
        "constant expression required: nop",
        ENTRY(I32_GLOBAL "\x01\x41\0\x0B")),
    ROW(INVALID,
        "constant expression required: drop",
        ENTRY(I32_GLOBAL "\x41\0\x41\0\x1A\x0B")),
    ROW(INVALID,
        "constant expression required: block",
        ENTRY(I32_GLOBAL "\x02\x40\x0B\x41\0\x0B")),
    ROW(INVALID,
        "constant expression required: unreachable",
        ENTRY(I32_GLOBAL "\0\x0B")),
    ROW(INVALID,
        "constant expression required: local.get",
        ENTRY(I32_GLOBAL "\x20\0\x0B")),
    ROW(MALFORMED, "", ENTRY(I32_GLOBAL "\x41\0")), /* without an end */
};

static void nothing_else_is_constant(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *row = &refusals[i];
        struct guest guest = guest_open(NULL);
        struct error error = ERROR_INIT;
        assert_null(guest_take(&guest, module_of(row->module), &error));
        if (error.kind != row->kind ||
            strncmp(error.text, row->text, strlen(row->text)) != 0) {
            fail_msg("row %zu: %s", i, error.text);
        }
        guest_close(&guest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_values_are_computed),
        cmocka_unit_test(globals_of_the_module_are_read),
        cmocka_unit_test(nothing_else_is_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
