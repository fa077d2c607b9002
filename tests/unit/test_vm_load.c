/* Loading: damaged modules, modules at the limits, and modules made to cost
 * more than their bytes should: deep nesting, huge declarations of locals,
 * values kept pending. */
#include "tests/unit/vm_module.h"

enum {
    OP_BLOCK = 0x02,
    OP_LOOP = 0x03,
    OP_END = 0x0B,
    OP_BR = 0x0C,
    OP_BR_TABLE = 0x0E
};
enum {
    OP_DROP = 0x1A,
    OP_LOCAL_GET = 0x20,
    OP_LOCAL_SET = 0x21,
    OP_I32_CONST = 0x41
};
enum { TYPE_I32 = 0x7F, TYPE_NONE = 0x40 };

/* ---- writing modules ---- */

/* A module with `count` functions of no parameters and one i32 result, each
 * with the body given (locals and code, its last `end` included); the first is
 * exported as "f". Frees `body`. */
static struct buffer module_with(struct buffer *body, uint32_t count) {
    /* Type 1 is for loops. */
    struct buffer module =
        MODULE(TYPES(ENTRY("\x60\0\1\x7F"), ENTRY("\x60\1\x7F\0")),
               FUNCTIONS(ENTRIES(count, "\0")),
               EXPORTS(NAMED("f", "\0\0")),
               CODE(BODIES_OF(count, body)));
    buffer_free(body);
    return module;
}

/* ---- loading them ---- */

/* Load; if that succeeds, run "f". Returns the kind of error. Frees the
 * module. */
static enum error_kind run(struct buffer *module, uint32_t *result) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    guest.bytes = *module;
    guest.module = vm_load(guest.vm, buffer_slice(module), &error);
    if (guest.module) {
        guest_start(&guest);
        assert_int_equal(guest_try(&guest, "f", NULL, result), ERROR_NONE);
    }
    guest_close(&guest);
    return error.kind;
}

/* Load. Returns the kind of error. Frees the module. */
static enum error_kind load(struct buffer *module) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    guest.bytes = *module;
    guest.module = vm_load(guest.vm, buffer_slice(module), &error);
    guest_close(&guest);
    return error.kind;
}

static void opcodes_that_mean_nothing_are_malformed(void **state) {
    (void)state;
    static const char *const opcodes[] = {
        "\xFF",             /* a byte */
        "\xFC\x17",         /* behind a prefix: past the last, ... */
        "\xFC\x80\x02",     /* ... what only the other has, ... */
        "\xFD\x9A\x01",     /* ... a gap, */
        "\xFD\x94\x02",     /* ... one past the last, */
        "\xFD\x80\x80\x04", /* ... a number of more than 16 bits */
    };
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
        struct buffer body = empty();
        PUT(&body, "\0\0"); /* unreachable: there are operands of any type */
        put(&body, opcodes[i], strlen(opcodes[i]));
        PUT(&body, "\x0B");
        struct buffer module = module_with(&body, 1);
        assert_int_equal(run(&module, NULL), ERROR_MALFORMED);
    }
}

/* The error of a body that is this text, after `unreachable`. */
static enum error_kind run_behind_unreachable(const char *code, size_t size) {
    struct buffer body = empty();
    PUT(&body, "\0\0"); /* no locals; unreachable */
    put(&body, code, size);
    PUT(&body, "\x0B");
    struct buffer module = module_with(&body, 1);
    return load(&module);
}

/* A type is one byte; only an index is a number in LEB128, of as many bytes as
 * one likes. */
static void a_block_type_that_is_no_index_has_one_byte(void **state) {
    (void)state;
    static const char *const malformed[] = {
        "\xFF\x7F",
        "\xFF\xFF\x7F",
        "\xC0\x7F",
        "\xF0\x7F",
        "\x80\x7F", /* i32, empty, funcref, -128 */
        "\x41",
        "\x7A",
        "\x60",
        "\x76", /* no types */
        "\xFF\xFF\xFF\xFF\x7F",
        "\x80\x80\x80\x80\x70",
    };
    static const char *const openings[] = {
        "\x02", "\x03", "\x04", "\x06", "\x1F"};
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        bool table = openings[i][0] == 0x1F;
        for (size_t k = 0; k < sizeof malformed / sizeof *malformed; k++) {
            char code[32];
            int size = snprintf(code,
                                sizeof code,
                                "%s%s%s",
                                openings[i],
                                malformed[k],
                                table ? "\1" : "");
            if (table)
                code[size - 1] = 0; /* no clauses */
            assert_int_equal(run_behind_unreachable(code, (size_t)size),
                             ERROR_MALFORMED);
        }
    }
    assert_int_equal(run_behind_unreachable(SIZED("\x02\x7F\0\x0B")),
                     ERROR_NONE);
    assert_int_equal(run_behind_unreachable(SIZED("\x02\x40\0\x0B")),
                     ERROR_NONE);
    /* Type 0. */
    assert_int_equal(run_behind_unreachable(SIZED("\x02\x80\x80\0\0\x0B")),
                     ERROR_NONE);
    assert_int_equal(run_behind_unreachable(SIZED("\x02\x02\0\x0B")),
                     ERROR_INVALID);
}

/* Bit 6 of an alignment says that a memory's index follows; the six bits below
 * are the alignment, which may be too large, but is one (3.0). */
static void alignments_have_six_bits(void **state) {
    (void)state;
    for (int exponent = 0; exponent < 256; exponent++) {
        char code[] = {0x28, (char)exponent, 0, 0, 0, 0};
        if (exponent >= 0x80)
            code[1] = (char)((exponent & 0x7F) | 0x80), code[2] = 1;
        enum error_kind kind = run_behind_unreachable(code, sizeof code - 1);
        assert_int_equal(kind,
                         exponent < 0x80 ? ERROR_INVALID : ERROR_MALFORMED);
    }
}

/* All types of twelve i32 and i64, twice, and an import of each: among so many
 * some share a slot of the type table. */
static void types_are_told_apart(void **state) {
    (void)state;
    enum { BITS = 12, COUNT = 1 << BITS };
    struct buffer types = empty(), imports = empty();
    for (uint32_t i = 0; i < 2 * COUNT; i++) {
        put_byte(&types, 0x60);
        put_byte(&types, BITS);
        for (int k = 0; k < BITS; k++)
            put_byte(&types, i >> k & 1 ? 0x7F : 0x7E);
        put_byte(&types, 0);
        PUT(&imports, "\0\0\0"); /* two empty names; a function */
        put_number(&imports, i);
    }
    struct guest guest = guest_open(NULL);
    guest_accept(&guest,
                 MODULE(TYPES(ENTRIES_OF(2 * COUNT, &types)),
                        IMPORTS(ENTRIES_OF(2 * COUNT, &imports))));
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct func_type *type =
            vm_import_at(guest.module, i).type.function;
        assert_int_equal(type->param_count, BITS);
        for (int k = 0; k < BITS; k++)
            assert_int_equal(type->types[k], i >> k & 1 ? 0x7F : 0x7E);
        /* As call_indirect asks. */
        assert_ptr_equal(type,
                         vm_import_at(guest.module, i + COUNT).type.function);
    }
    buffer_free(&types);
    buffer_free(&imports);
    guest_close(&guest);
}

static void blocks_nest_a_million_deep(void **state) {
    (void)state;
    static const char openings[][2] = {{OP_BLOCK, TYPE_NONE},
                                       {OP_LOOP, TYPE_NONE}};
    for (int i = 0; i < 2; i++) {
        struct buffer body = empty();
        PUT(&body, "\0");
        put_repeated(&body, openings[i], 2, 1000000);
        REPEAT(&body, "\x0B", 1000000);
        PUT(&body, "\x41\x07\x0B");
        struct buffer module = module_with(&body, 1);
        uint32_t result = 0;
        assert_int_equal(run(&module, &result), ERROR_NONE);
        assert_int_equal(result, 7);
    }
}

/* In code that is never reached, too, and left by a branch over all of them. */
static void a_branch_leaves_many_blocks(void **state) {
    (void)state;
    struct buffer body = empty();
    PUT(&body, "\0");
    REPEAT(&body, "\x02\x40", 100000);
    PUT(&body, "\x41\x09\x0C"); /* i32.const 9; br */
    put_number(&body, 100000);
    REPEAT(&body, "\x02\x40", 100000);
    REPEAT(&body, "\x0B", 200000);
    PUT(&body, "\x00\x0B");
    struct buffer module = module_with(&body, 1);
    uint32_t result = 0;
    assert_int_equal(run(&module, &result), ERROR_NONE);
    assert_int_equal(result, 9);
}

/* A function with so many i32 locals that returns its last. */
static struct buffer
function_with_locals(uint64_t first_run, uint64_t second_run, uint32_t count) {
    struct buffer body = empty();
    put_byte(&body, 2);
    put_number(&body, first_run);
    put_byte(&body, TYPE_I32);
    put_number(&body, second_run);
    put_byte(&body, TYPE_I32);
    put_byte(&body, OP_LOCAL_GET);
    put_number(&body, (first_run + second_run - 1) & UINT32_MAX);
    put_byte(&body, OP_END);
    return module_with(&body, count);
}

static void locals_are_counted_not_stored(void **state) {
    (void)state;
    uint32_t result = 1;
    struct buffer most = function_with_locals(49999, 1, 1);
    assert_int_equal(run(&most, &result), ERROR_NONE);
    assert_int_equal(result, 0);
    struct buffer one_more = function_with_locals(50000, 1, 1);
    assert_int_not_equal(run(&one_more, NULL), ERROR_NONE);
    struct buffer wraps = function_with_locals(UINT32_MAX, 2, 1);
    assert_int_not_equal(run(&wraps, NULL), ERROR_NONE);
    /* A thousand million. */
    struct buffer many = function_with_locals(25000, 25000, 20000);
    assert_int_equal(run(&many, NULL), ERROR_NONE);
}

static void a_frame_larger_than_the_stack_is_exhaustion(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.stack_bytes = 1 << 16;
    struct guest guest = guest_open(&limits);
    struct error error = ERROR_INIT;
    guest.bytes = function_with_locals(25000, 25000, 1);
    guest.module = vm_load(guest.vm, buffer_slice(&guest.bytes), &error);
    assert_non_null(guest.module);
    guest_start(&guest);
    guest_fails(&guest, "f", ERROR_EXHAUSTION);
    guest_close(&guest);
}

/* (br_table with so many targets, all of them the block around it), then 5. */
static struct buffer table_of(uint32_t declared, uint32_t present) {
    struct buffer body = empty();
    PUT(&body, "\0\x02\x40\x41\x03");
    put_byte(&body, OP_BR_TABLE);
    put_number(&body, declared);
    REPEAT(&body, "\0", present + 1);
    PUT(&body, "\x0B\x41\x05\x0B");
    return module_with(&body, 1);
}

static void branch_tables_are_bounded(void **state) {
    (void)state;
    uint32_t result = 0;
    struct buffer most = table_of(131072, 131072);
    assert_int_equal(run(&most, &result), ERROR_NONE);
    assert_int_equal(result, 5);
    struct buffer one_more = table_of(131073, 131073);
    assert_int_not_equal(run(&one_more, NULL), ERROR_NONE);
    struct buffer lying = table_of(UINT32_MAX, 10);
    assert_int_not_equal(run(&lying, NULL), ERROR_NONE);
}

/* What makes the most code of its bytes: each target of a table moves a value
 * and repeats the head of a loop, which ends in another table. */
static void the_densest_code_has_room(void **state) {
    (void)state;
    struct buffer body = empty();
    /* loop (param i32): x = it. */
    PUT(&body, "\1\2\x7F\x41\0\3\1\x21\0");
    /* x = (x + 3) ^ 5. */
    PUT(&body, "\x20\0\x41\3\x6A\x21\0\x20\0\x41\5\x73\x21\0");
    /* br_table x * 7. */
    PUT(&body, "\2\x40\x20\0\x41\7\x6C\x0E\1\0\0\x0B");
    /* The second time return x. */
    PUT(&body, "\x20\1\4\x40\x20\0\x0F\x0B\x41\1\x21\1");
    PUT(&body, "\x41\5\x41\6\x20\0\x0E"); /* 6 to the loop, whatever x is */
    put_number(&body, 131072);
    REPEAT(&body, "\0", 131073);
    PUT(&body, "\x0B\0\x0B");
    struct buffer module = module_with(&body, 1);
    uint32_t result = 0;
    assert_int_equal(run(&module, &result), ERROR_NONE);
    assert_int_equal(result, (6 + 3) ^ 5);
}

/* Many reads of a local waiting on the operand stack while locals are written
 * again and again: work that grows with the product would not end. */
static void pending_reads_stay_linear(void **state) {
    (void)state;
    struct buffer body = empty();
    PUT(&body, "\1\2\x7F");
    REPEAT(&body, "\x20\x00", 50000);
    REPEAT(&body, "\x41\x05\x21\x01", 1000000); /* another local */
    REPEAT(&body, "\x20\x00\x20\x01\x21\x00\x21\x01", 300000);
    REPEAT(&body, "\x1A", 49999);
    PUT(&body, "\x0B");
    struct buffer module = module_with(&body, 1);
    uint32_t result = 1;
    assert_int_equal(run(&module, &result), ERROR_NONE);
    assert_int_equal(result, 0);
}

/* The same value read, then written over, must be the one that was read. */
static void a_pending_read_keeps_its_value(void **state) {
    (void)state;
    struct buffer body = empty();
    PUT(&body, "\1\1\x7F");
    PUT(&body, "\x41\x05\x21\x00"); /* x = 5 */
    PUT(&body, "\x20\x00");         /* x */
    PUT(&body, "\x41\x09\x21\x00"); /* x = 9 */
    PUT(&body, "\x20\x00\x6B\x0B"); /* x; i32.sub */
    struct buffer module = module_with(&body, 1);
    uint32_t result = 0;
    assert_int_equal(run(&module, &result), ERROR_NONE);
    assert_int_equal(result, (uint32_t)-4);
}

/* ---- damaged modules ---- */

/* Load exactly these bytes, from memory that ends with them, and instantiate
 * what loads. Whatever is refused must be so for a reason, at a place inside.
 * True if it was loaded. */
static bool survives(const uint8_t *bytes, size_t size) {
    struct vm_limits limits = {.memory_bytes = 1 << 20,
                               .stack_bytes = 1 << 16,
                               .table_elements = 1000,
                               .fuel = 10000,
                               .timeout_ms = VM_UNLIMITED};
    struct guest guest = guest_open(&limits);
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, bytes, size);
    struct error error = ERROR_INIT;
    struct module *module =
        vm_load(guest.vm, (struct slice){copy, size}, &error);
    if (module) {
        assert_int_equal(error.kind, ERROR_NONE);
        translate_all(module, &error);
        assert_int_equal(error.kind, ERROR_NONE);
        vm_instantiate(guest.vm, module, &error);
    } else {
        assert_true(error.kind == ERROR_MALFORMED ||
                    error.kind == ERROR_INVALID ||
                    error.kind == ERROR_UNSUPPORTED);
        assert_true(error.text[0] != 0);
        assert_true(error.offset <= size);
    }
    vm_close(guest.vm);
    free(copy);
    return module != NULL;
}

static void every_beginning_of_a_module_is_survived(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    unsigned loaded = 0;
    for (size_t size = 0; size <= guest.bytes.size; size++)
        loaded += survives(guest.bytes.data, size);
    /* The whole, and where sections end before the functions. */
    assert_true(loaded >= 2 && loaded <= 4);
    guest_close(&guest);
}

static void every_damaged_byte_is_survived(void **state) {
    (void)state;
    static const uint8_t masks[] = {0x01, 0x40, 0x80, 0xFF};
    struct guest guest = guest_run("values", NULL);
    for (size_t i = 0; i < guest.bytes.size * 4; i++) {
        guest.bytes.data[i / 4] ^= masks[i % 4];
        survives(guest.bytes.data, guest.bytes.size);
        guest.bytes.data[i / 4] ^= masks[i % 4];
    }
    assert_true(survives(guest.bytes.data, guest.bytes.size));
    guest_close(&guest);
}

static void a_damaged_name_section_is_ignored(void **state) {
    (void)state;
    /* Names of functions that end too early, are none, and have no end. */
    const struct slice damaged[] = {SLICE("\x01\x7F"),
                                    SLICE("\x01\x04\xFF\xFF\xFF\xFF"),
                                    SLICE("\x01\x03\x01\x00\x7F")};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct buffer body = empty();
        PUT(&body, "\0\x41\x01\x0B");
        struct buffer module = module_with(&body, 1);
        custom_put(&module, "name", damaged[i]);
        assert_int_equal(run(&module, NULL), ERROR_NONE);
    }
}

/* ---- dump ---- */

/* An operand of the wrong type in front of a call that takes and yields values:
 * what follows in the same instruction must not count on a stack that was never
 * checked. */
static void nothing_is_read_behind_a_type_error(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    struct buffer module =
        MODULE(TYPES(ENTRY("\x60\0\0"), ENTRY("\x60\0\1\x7F")),
               FUNCTIONS(ENTRY("\0")),
               TABLES(ENTRY("\x70\0\0")),
               CODE(BODY("\0\x42\0\x11\1\0\x0B")));
    assert_null(guest_take(&guest, module, &error));
    assert_int_equal(error.kind, ERROR_INVALID);
    guest_close(&guest);
}

/* Exports are sorted by a hash that differs from vm to vm; what is told must
 * not. */
static void the_first_doubled_export_is_told(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct guest guest = guest_open(NULL);
        struct error error = ERROR_INIT;
        struct buffer module = MODULE(TYPES(ENTRY("\x60\0\0")),
                                      FUNCTIONS(ENTRY("\0")),
                                      EXPORTS(NAMED("z", "\0\0"),
                                              NAMED("y", "\0\0"),
                                              NAMED("b", "\0\0"),
                                              NAMED("a", "\0\0"),
                                              NAMED("a", "\0\0"),
                                              NAMED("b", "\0\0")),
                                      CODE(BODY("\0\x0B")));
        assert_null(guest_take(&guest, module, &error));
        assert_string_equal(error.text, "duplicate export name \"a\"");
        guest_close(&guest);
    }
}

static void the_dump_shows_exports_and_instructions(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct error error = ERROR_INIT;
    assert_true(vm_dump(
        &(struct vm_dumping){.module = guest.module, .out = out}, &error));
    fclose(out);
    static const char *const expected[] = {"call_reference",
                                           "i32.add",
                                           "call_indirect",
                                           "memory.grow",
                                           "i32.store8",
                                           "answer"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(text, expected[i]))
            fail_msg("the dump lacks %s", expected[i]);
    free(text);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opcodes_that_mean_nothing_are_malformed),
        cmocka_unit_test(a_block_type_that_is_no_index_has_one_byte),
        cmocka_unit_test(alignments_have_six_bits),
        cmocka_unit_test(types_are_told_apart),
        cmocka_unit_test(blocks_nest_a_million_deep),
        cmocka_unit_test(a_branch_leaves_many_blocks),
        cmocka_unit_test(locals_are_counted_not_stored),
        cmocka_unit_test(a_frame_larger_than_the_stack_is_exhaustion),
        cmocka_unit_test(branch_tables_are_bounded),
        cmocka_unit_test(the_densest_code_has_room),
        cmocka_unit_test(pending_reads_stay_linear),
        cmocka_unit_test(a_pending_read_keeps_its_value),
        cmocka_unit_test(every_beginning_of_a_module_is_survived),
        cmocka_unit_test(every_damaged_byte_is_survived),
        cmocka_unit_test(a_damaged_name_section_is_ignored),
        cmocka_unit_test(nothing_is_read_behind_a_type_error),
        cmocka_unit_test(the_first_doubled_export_is_told),
        cmocka_unit_test(the_dump_shows_exports_and_instructions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
