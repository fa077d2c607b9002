/* What 64 bits of address are for: memories beyond 4 GiB, offsets beyond 32
 * bits, tables with such indices. What the tools that assemble our guests
 * cannot say is put together from bytes here. */
#include "tests/unit/vm_module.h"

#define GIB (UINT64_C(1) << 30)

/* Call a function of at most three i32 and i64; returns the kind of error. */
static enum error_kind call(const struct guest *guest,
                            const char *name,
                            const uint64_t args[3],
                            uint64_t *result) {
    struct function *function = guest_function(guest, name);
    const struct func_type *type = vm_function_type(function);
    struct vm_value values[3] = {{0}}, out = {0};
    struct error error = ERROR_INIT;
    for (uint32_t i = 0; i < type->param_count; i++) {
        values[i].type = (enum vm_type)type->types[i];
        values[i].of.i64 = args[i];
    }
    vm_call(function, values, type->param_count, &out, &error);
    *result = out.type == VM_I64 ? out.of.i64 : out.of.i32;
    return error.kind;
}

#define ARGS(...)                                                              \
    (const uint64_t[3]) {                                                      \
        __VA_ARGS__                                                            \
    }

static void assert_gives(const struct guest *guest,
                         const char *name,
                         const uint64_t args[3],
                         uint64_t wanted) {
    uint64_t result = 0;
    assert_int_equal(call(guest, name, args, &result), ERROR_NONE);
    if (result != wanted)
        fail_msg("%s: %llx", name, (unsigned long long)result);
}

static void assert_traps(const struct guest *guest,
                         const char *name,
                         const uint64_t args[3]) {
    uint64_t result;
    if (call(guest, name, args, &result) != ERROR_TRAP)
        fail_msg("%s does not trap", name);
}

/* ---- memories ---- */

static void a_memory_grows_beyond_32_bits(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.memory_bytes = 5 * GIB + (1 << 20);
    struct guest guest = guest_run("memory64", &limits);
    assert_traps(&guest, "get", ARGS(4 * GIB));
    assert_gives(&guest, "grow", ARGS((5 * GIB >> 16) + 16), UINT64_MAX);
    assert_gives(&guest, "grow", ARGS((5 * GIB >> 16) - 1), 1);
    assert_gives(&guest, "grow", ARGS(0), 5 * GIB >> 16);

    assert_gives(&guest, "set", ARGS(4 * GIB, 77), 0);
    assert_gives(&guest, "get", ARGS(4 * GIB), 77);
    assert_gives(&guest, "get", ARGS(0), 0);
    /* Across the border. */
    assert_gives(&guest, "set", ARGS(4 * GIB - 12, UINT64_MAX), 0);
    assert_int_equal(*vm_memory_at(guest.instance, 4 * GIB + 3, 1), 0xFF);
    assert_int_equal(*vm_memory_at(guest.instance, 4 * GIB + 8, 1), 77);

    assert_gives(&guest, "copy", ARGS(100, 4 * GIB + 8, 8), 0);
    assert_gives(&guest, "get", ARGS(92), 77);
    assert_gives(&guest, "out", ARGS(0, 4 * GIB + 8, 8), 0);
    assert_gives(&guest, "near", ARGS(0), 77);
    assert_gives(&guest, "fill", ARGS(5 * GIB - 1, 9, 1), 0);
    assert_traps(&guest, "fill", ARGS(5 * GIB - 1, 9, 2));
    assert_gives(&guest, "get", ARGS(5 * GIB - 16), UINT64_C(9) << 56);
    assert_traps(&guest, "get", ARGS(5 * GIB - 15));
    assert_traps(&guest, "get", ARGS(UINT64_MAX - 15));
    assert_traps(&guest, "copy", ARGS(0, 4 * GIB, GIB + 1));
    assert_non_null(vm_memory_at(guest.instance, 4 * GIB, GIB));
    assert_null(vm_memory_at(guest.instance, 4 * GIB, GIB + 1));
    guest_close(&guest);
}

static void the_limit_holds_for_it(void **state) {
    (void)state;
    struct guest guest = guest_run("memory64", NULL);
    assert_gives(&guest, "grow", ARGS(5 * GIB >> 16), UINT64_MAX);
    assert_gives(&guest, "grow", ARGS(1), 1);
    guest_close(&guest);
}

/* ---- modules from bytes ---- */

/* The error of loading a module, or of instantiating it. */
static struct error error_of(struct buffer module, bool *loaded) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    *loaded = guest_take(&guest, module, &error) != NULL;
    if (guest.module)
        vm_instantiate(guest.vm, guest.module, &error);
    guest_close(&guest);
    return error;
}

static void assert_refused(struct buffer module, bool valid, const char *text) {
    bool loaded;
    struct error error = error_of(module, &loaded);
    assert_int_equal(loaded, valid);
    if (strncmp(error.text, text, strlen(text)) != 0)
        fail_msg("%s", error.text);
}

#define TYPE_I64_I32 TYPES(ENTRY("\x60\1\x7E\1\x7F")) /* (i64) -> (i32) */
#define TYPE_I32_I32 TYPES(ENTRY("\x60\1\x7F\1\x7F"))
#define FUNCTION_0   FUNCTIONS(ENTRY("\0"))
#define LARGEST      "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1" /* 2^64 - 1 */

#define MEMORY(limits) MODULE(MEMORIES(ENTRY(limits)))
#define TABLE(limits)  MODULE(TABLES(ENTRY("\x70" limits)))

static void sizes_beyond_what_the_host_gives_are_valid(void **state) {
    (void)state;
    /* 2^48 pages. */
    assert_refused(MEMORY("\4\x80\x80\x80\x80\x80\x80\x40"),
                   true,
                   "limit: the module wants a memory of 281474976710656 pages");
    assert_refused(MEMORY("\4\x81\x80\x80\x80\x80\x80\x40"),
                   false,
                   "memory size must be at most 2^48 pages");
    assert_refused(MEMORY("\5\0\x81\x80\x80\x80\x80\x80\x40"),
                   false,
                   "memory size must be at most 2^48 pages");
    assert_refused(
        TABLE("\4" LARGEST),
        true,
        "limit: the module wants a table of 18446744073709551615 elements");
    assert_refused(TABLE("\0\x80\x80\x80\x80\x10"),
                   false,
                   "table size must be at most 2^32-1");
    assert_refused(TABLE("\5\2\1"),
                   false,
                   "size minimum must not be greater than maximum");
    assert_refused(TABLE("\6\1"), false, "integer too large");
}

static void an_offset_of_64_bits_cannot_wrap(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    guest_accept(&guest,
                 MODULE(TYPE_I64_I32,
                        FUNCTION_0,
                        MEMORIES(ENTRY("\4\1")),
                        EXPORTS(NAMED("get", "\0\0")),
                        CODE(BODY("\0\x20\0\x2D\0" LARGEST "\x0B"))));
    guest_start(&guest);
    assert_traps(&guest, "get", ARGS(0));
    assert_traps(&guest, "get", ARGS(1));
    assert_traps(&guest, "get", ARGS(17)); /* the sum is 16 in 64 bits */
    assert_traps(&guest, "get", ARGS(UINT64_MAX));
    guest_close(&guest);
}

#define OFFSET_2_32 "\x80\x80\x80\x80\x10\x0B"

static void an_offset_must_suit_the_memory(void **state) {
    (void)state;
    bool loaded;
    error_of(MODULE(TYPE_I64_I32,
                    FUNCTION_0,
                    MEMORIES(ENTRY("\4\1")),
                    CODE(BODY("\0\x20\0\x2D\0" OFFSET_2_32))),
             &loaded);
    assert_true(loaded);
    assert_refused(MODULE(TYPE_I32_I32,
                          FUNCTION_0,
                          MEMORIES(ENTRY("\0\1")),
                          CODE(BODY("\0\x20\0\x2D\0" OFFSET_2_32))),
                   false,
                   "offset out of range");
    /* The same of memory 1. */
    assert_refused(MODULE(TYPE_I32_I32,
                          FUNCTION_0,
                          MEMORIES(ENTRIES(2, "\0\1")),
                          CODE(BODY("\0\x20\0\x2D\x40\1" OFFSET_2_32))),
                   false,
                   "offset out of range");
}

/* ---- tables ---- */

#define FUNCTION(name, type, code)                                             \
    { name, type, code, sizeof code - 1 }

/* On table 0, of 64 bits, and table 1, of 32. */
static const struct {
    const char *name;
    char type;
    const char *code;
    size_t size;
} functions[] = {
    FUNCTION("42", 0, "\x41\x2A"),
    /* table.get 0, ref.is_null. */
    FUNCTION("null", 1, "\x20\0\x25\0\xD1"),
    FUNCTION("call", 1, "\x20\0\x11\0\0"), /* call_indirect */
    /* return_call_indirect. */
    FUNCTION("tail", 1, "\x20\0\x13\0\0"),
    /* ref.func 0, table.set 0. */
    FUNCTION("set", 2, "\x20\0\xD2\0\x26\0"),
    FUNCTION("size", 3, "\xFC\x10\0"), /* table.size 0 */
    /* ref.null, table.grow 0. */
    FUNCTION("grow", 4, "\xD0\x70\x20\0\xFC\x0F\0"),
    /* ref.func 0, table.fill 0. */
    FUNCTION("fill", 5, "\x20\0\xD2\0\x20\1\xFC\x11\0"),
    /* table.copy 0 0. */
    FUNCTION("copy", 6, "\x20\0\x20\1\x20\2\xFC\x0E\0\0"),
    /* table.init 1 0. */
    FUNCTION("init", 7, "\x20\0\x20\1\x20\2\xFC\x0C\1\0"),
    /* table.copy 0 1. */
    FUNCTION("widen", 7, "\x20\0\x20\1\x20\2\xFC\x0E\0\1"),
    /* table.copy 1 0. */
    FUNCTION("narrow", 8, "\x20\0\x20\1\x20\2\xFC\x0E\1\0"),
};

enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

/* Types, names and bodies of the functions, one after the other. */
static void put_functions(struct buffer *types,
                          struct buffer *exports,
                          struct buffer *bodies) {
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        put_byte(types, functions[i].type);
        name_put(exports, functions[i].name);
        put_byte(exports, 0); /* a function */
        put_byte(exports, i);
        put_number(bodies, functions[i].size + 2);
        put_byte(bodies, 0);
        put(bodies, functions[i].code, functions[i].size);
        put_byte(bodies, 0x0B);
    }
}

static struct guest table_guest(void) {
    struct guest guest = guest_open(NULL);
    struct buffer types = empty(), exports = empty(), bodies = empty();
    put_functions(&types, &exports, &bodies);
    guest_accept(
        &guest,
        MODULE(TYPES(ENTRY("\x60\0\1\x7F"),         /* 0: () -> (i32) */
                     ENTRY("\x60\1\x7E\1\x7F"),     /* 1: (i64) -> (i32) */
                     ENTRY("\x60\1\x7E\0"),         /* 2: (i64) -> () */
                     ENTRY("\x60\0\1\x7E"),         /* 3: () -> (i64) */
                     ENTRY("\x60\1\x7E\1\x7E"),     /* 4: (i64) -> (i64) */
                     ENTRY("\x60\2\x7E\x7E\0"),     /* 5: (i64 i64) */
                     ENTRY("\x60\3\x7E\x7E\x7E\0"), /* 6: (i64 i64 i64) */
                     ENTRY("\x60\3\x7E\x7F\x7F\0"), /* 7: (i64 i32 i32) */
                     ENTRY("\x60\3\x7F\x7E\x7F\0") /* 8: (i32 i64 i32) */),
               FUNCTIONS(ENTRIES_OF(FUNCTION_COUNT, &types)),
               /* i64 4 to 8; i32 2 */
               TABLES(ENTRY("\x70\5\4\x08"), ENTRY("\x70\0\2")),
               EXPORTS(ENTRIES_OF(FUNCTION_COUNT, &exports)),
               /* active at i64 1: function 0; passive: function 0 twice */
               ELEMENTS(ENTRY("\0\x42\1\x0B\1\0"), ENTRY("\1\0\2\0\0")),
               CODE(ENTRIES_OF(FUNCTION_COUNT, &bodies))));
    buffer_free(&types);
    buffer_free(&exports);
    buffer_free(&bodies);
    guest_start(&guest);
    return guest;
}

static void tables_have_indices_of_64_bits(void **state) {
    (void)state;
    const uint64_t wide = UINT64_C(1) << 32;
    struct guest guest = table_guest();
    assert_gives(&guest, "null", ARGS(0), 1);
    assert_gives(&guest, "null", ARGS(1), 0);
    assert_traps(&guest, "null", ARGS(4));
    assert_traps(&guest, "null", ARGS(wide + 1));
    assert_gives(&guest, "call", ARGS(1), 42);
    assert_traps(&guest, "call", ARGS(0));
    assert_traps(&guest, "call", ARGS(wide + 1));
    assert_traps(&guest, "call", ARGS(UINT64_MAX));
    assert_gives(&guest, "tail", ARGS(1), 42);
    assert_traps(&guest, "tail", ARGS(wide + 1));
    assert_gives(&guest, "set", ARGS(3), 0);
    assert_gives(&guest, "call", ARGS(3), 42);
    assert_traps(&guest, "set", ARGS(wide));

    assert_gives(&guest, "size", ARGS(0), 4);
    assert_gives(&guest, "grow", ARGS(5), UINT64_MAX);
    assert_gives(&guest, "grow", ARGS(wide), UINT64_MAX);
    assert_gives(&guest, "grow", ARGS(UINT64_MAX), UINT64_MAX);
    assert_gives(&guest, "grow", ARGS(4), 4);
    assert_gives(&guest, "size", ARGS(0), 8);
    guest_close(&guest);
}

static void their_bulk_operations_check_all_bounds(void **state) {
    (void)state;
    const uint64_t wide = UINT64_C(1) << 32;
    struct guest guest = table_guest();
    assert_gives(&guest, "copy", ARGS(3, 1, 1), 0);
    assert_gives(&guest, "call", ARGS(3), 42);
    assert_traps(&guest, "copy", ARGS(2, 0, wide));
    assert_traps(&guest, "copy", ARGS(0, wide + 1, 1));
    assert_traps(&guest, "copy", ARGS(1, 1, UINT64_MAX));
    assert_traps(&guest, "fill", ARGS(wide, 1));
    assert_traps(&guest, "fill", ARGS(2, 3));
    assert_traps(&guest, "fill", ARGS(1, UINT64_MAX));
    assert_gives(&guest, "null", ARGS(2), 1);
    assert_gives(&guest, "fill", ARGS(2, 1), 0);
    assert_gives(&guest, "null", ARGS(2), 0);

    assert_traps(&guest, "init", ARGS(wide, 0, 1));
    assert_traps(&guest, "init", ARGS(0, 1, 2));
    assert_traps(&guest, "init", ARGS(3, 0, 2));
    assert_gives(&guest, "null", ARGS(0), 1);
    assert_gives(&guest, "init", ARGS(0, 1, 1), 0);
    assert_gives(&guest, "call", ARGS(0), 42);

    assert_traps(&guest, "narrow", ARGS(0, wide, 1));
    assert_traps(&guest, "narrow", ARGS(1, 0, 2));
    /* Nulls from the narrow one. */
    assert_gives(&guest, "widen", ARGS(0, 0, 2), 0);
    assert_gives(&guest, "null", ARGS(0), 1);
    assert_gives(&guest, "narrow", ARGS(1, 2, 1), 0);
    assert_gives(&guest, "widen", ARGS(0, 1, 1), 0);
    assert_gives(&guest, "call", ARGS(0), 42);
    assert_traps(&guest, "widen", ARGS(wide, 0, 1));
    guest_close(&guest);
}

static void a_missing_element_is_named_in_full(void **state) {
    (void)state;
    struct guest guest = table_guest();
    struct vm_value index = {.type = VM_I64, .of.i64 = (UINT64_C(1) << 32) + 1},
                    result;
    struct error error = ERROR_INIT;
    assert_false(
        vm_call(guest_function(&guest, "call"), &index, 1, &result, &error));
    assert_string_equal(error.text, "undefined element 4294967297");
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memory_grows_beyond_32_bits),
        cmocka_unit_test(the_limit_holds_for_it),
        cmocka_unit_test(sizes_beyond_what_the_host_gives_are_valid),
        cmocka_unit_test(an_offset_of_64_bits_cannot_wrap),
        cmocka_unit_test(an_offset_must_suit_the_memory),
        cmocka_unit_test(tables_have_indices_of_64_bits),
        cmocka_unit_test(their_bulk_operations_check_all_bounds),
        cmocka_unit_test(a_missing_element_is_named_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
