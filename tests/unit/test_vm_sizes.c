/* Modules at each limit of the implementation are accepted, and one past it
 * refused, with the limit named. And what a module costs grows no faster than
 * its bytes: twice as much of anything makes twice as much work, and takes
 * twice as much memory, at most. */
#include "tests/unit/vm_cost.h"

#include "vm/limits.h"
#include "vm/module.h"

#include <sys/mman.h>
#include <unistd.h>

/* ---- modules with n of something ---- */

#define TYPE     TYPES(ENTRY("\x60\0\0")) /* () -> () */
#define FUNCTION FUNCTIONS(ENTRY("\0"))
#define NO_CODE  "\0\x0B"

static void types(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, TYPES(ENTRIES(n, "\x60\0\0")));
}

/* Different ones of ten i32 and ten i64 each: many hash functions do not see
 * their order. */
static void types_that_differ_in_order(struct buffer *m, uint32_t n) {
    struct buffer content = empty();
    uint32_t order = (1 << 10) - 1;
    for (uint32_t i = 0; i < n; i++) {
        PUT(&content, "\x60\x14");
        for (int k = 0; k < 20; k++)
            put_byte(&content, order >> k & 1 ? 0x7F : 0x7E);
        put_byte(&content, 0);
        /* The next with ten bits. */
        uint32_t lowest = order & -order, ripple = order + lowest;
        order = ripple | (order ^ ripple) / lowest >> 2;
    }
    PUT_SECTIONS(m, TYPES(ENTRIES_OF(n, &content)));
    buffer_free(&content);
}

static void imports(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, TYPE, IMPORTS(ENTRIES(n, "\0\0\0\0")));
}

static void functions(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(
        m, TYPE, FUNCTIONS(ENTRIES(n, "\0")), CODE(BODIES(n, NO_CODE)));
}

/* The imported ones count. */
static void functions_and_an_import(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m,
                 TYPE,
                 IMPORTS(ENTRY("\0\0\0\0")),
                 FUNCTIONS(ENTRIES(n - 1, "\0")),
                 CODE(BODIES(n - 1, NO_CODE)));
}

static void tables(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, TABLES(ENTRIES(n, "\x70\0\0")));
}

static void memories(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, MEMORIES(ENTRIES(n, "\0\1")));
}

static void globals(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, GLOBALS(ENTRIES(n, "\x7F\0\x41\0\x0B")));
}

static void tags(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, TYPE, TAGS(ENTRIES(n, "\0\0")));
}

/* Of one function, by as many names. */
static void exports(struct buffer *m, uint32_t n) {
    struct buffer content = empty();
    for (uint32_t i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        name_put(&content, name);
        PUT(&content, "\0\0");
    }
    PUT_SECTIONS(m,
                 TYPE,
                 FUNCTION,
                 EXPORTS(ENTRIES_OF(n, &content)),
                 CODE(BODY(NO_CODE)));
    buffer_free(&content);
}

static void data_segments(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(
        m, MEMORIES(ENTRY("\0\0")), DATA(ENTRIES(n, "\0\x41\0\x0B\0")));
}

static void element_segments(struct buffer *m, uint32_t n) {
    PUT_SECTIONS(m, ELEMENTS(ENTRIES(n, "\1\0\0")));
}

static void elements(struct buffer *m, uint32_t n) {
    struct buffer segment = empty();
    PUT(&segment, "\1\0");
    put_number(&segment, n);
    REPEAT(&segment, "\0", n);
    PUT_SECTIONS(m,
                 TYPE,
                 FUNCTION,
                 ELEMENTS(ENTRIES_OF(1, &segment)),
                 CODE(BODY(NO_CODE)));
    buffer_free(&segment);
}

static void table_elements(struct buffer *m, uint32_t n) {
    struct buffer table = empty();
    PUT(&table, "\x70\0");
    put_number(&table, n);
    PUT_SECTIONS(m, TABLES(ENTRIES_OF(1, &table)));
    buffer_free(&table);
}

static void memory_pages(struct buffer *m, uint32_t n) {
    struct buffer memory = empty();
    PUT(&memory, "\0");
    put_number(&memory, n);
    PUT_SECTIONS(m, MEMORIES(ENTRIES_OF(1, &memory)));
    buffer_free(&memory);
}

/* A function () -> () with this body. */
static void put_function(struct buffer *m, const struct buffer *body) {
    PUT_SECTIONS(m, TYPE, FUNCTION, CODE(BODY_OF(body)));
}

/* A function of these parts: before, then n times the middle, then after. */
struct parts {
    const char *before, *middle, *after;
    size_t before_size, middle_size, after_size;
};

#define PARTS(b, m, a)                                                         \
    (struct parts) {                                                           \
        b, m, a, sizeof b - 1, sizeof m - 1, sizeof a - 1                      \
    }

static void function_of(struct buffer *m, struct parts parts, uint32_t n) {
    struct buffer body = empty();
    put(&body, parts.before, parts.before_size);
    put_repeated(&body, parts.middle, parts.middle_size, n);
    put(&body, parts.after, parts.after_size);
    put_function(m, &body);
    buffer_free(&body);
}

static void body_bytes(struct buffer *m, uint32_t n) {
    function_of(m, PARTS("\0", "\1", "\x0B"), n - 2);
}

static void locals(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    put_byte(&body, 1);
    put_number(&body, n);
    PUT(&body, "\x7F\x0B");
    put_function(m, &body);
    buffer_free(&body);
}

static void one_type(struct buffer *m, uint32_t parameters, uint32_t results) {
    struct buffer type = empty();
    put_byte(&type, 0x60);
    put_number(&type, parameters);
    REPEAT(&type, "\x7F", parameters);
    put_number(&type, results);
    REPEAT(&type, "\x7F", results);
    PUT_SECTIONS(m, TYPES(ENTRIES_OF(1, &type)));
    buffer_free(&type);
}

static void parameters(struct buffer *m, uint32_t n) {
    one_type(m, n, 0);
}

static void results(struct buffer *m, uint32_t n) {
    one_type(m, 0, n);
}

/* Within two blocks; every other target is the outer one. */
static void targets(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    PUT(&body, "\0\x02\x40\x02\x40\x41\0\x0E");
    put_number(&body, n);
    for (uint32_t i = 0; i <= n; i++)
        put_byte(&body, (int)(i & 1));
    PUT(&body, "\x0B\x0B\x0B");
    put_function(m, &body);
    buffer_free(&body);
}

/* The targets take a value, which must be moved, so that each needs code of its
 * own. */
static void targets_with_a_value(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    PUT(&body, "\0\x02\x7F\x41\5\x02\x7F\x41\6\x41\0\x0E");
    put_number(&body, n);
    for (uint32_t i = 0; i <= n; i++)
        put_byte(&body, (int)(i & 1));
    PUT(&body, "\x0B\x1A\x0B\x1A\x0B");
    put_function(m, &body);
    buffer_free(&body);
}

static void name_bytes(struct buffer *m, uint32_t n) {
    struct buffer memory = empty();
    put_number(&memory, n);
    REPEAT(&memory, "n", n);
    PUT(&memory, "\2\0");
    PUT_SECTIONS(m, MEMORIES(ENTRY("\0\0")), EXPORTS(ENTRIES_OF(1, &memory)));
    buffer_free(&memory);
}

static void constant_depth(struct buffer *m, uint32_t n) {
    struct buffer global = empty();
    PUT(&global, "\x7F\0");
    REPEAT(&global, "\x41\1", n);
    REPEAT(&global, "\x6A", n - 1);
    PUT(&global, "\x0B");
    PUT_SECTIONS(m, GLOBALS(ENTRIES_OF(1, &global)));
    buffer_free(&global);
}

/* 50,000 locals, two slots that every frame has, and the rest values. */
static void frame_slots(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    uint32_t values = n - LIMIT_LOCALS - 2;
    put_byte(&body, 1);
    put_number(&body, LIMIT_LOCALS);
    put_byte(&body, 0x7F);
    REPEAT(&body, "\x41\0", values);
    REPEAT(&body, "\x1A", values);
    put_byte(&body, 0x0B);
    put_function(m, &body);
    buffer_free(&body);
}

static void nested_blocks(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    put_byte(&body, 0);
    REPEAT(&body, "\x02\x40", n);
    REPEAT(&body, "\x0B", n + 1);
    put_function(m, &body);
    buffer_free(&body);
}

/* Each left by a branch, with a value in it. */
static void blocks_in_a_row(struct buffer *m, uint32_t n) {
    function_of(
        m, PARTS("\0", "\x02\x7F\x41\1\x41\0\x0D\0\x0B\x1A", "\x0B"), n);
}

/* Each of one local, which is read once. */
static void local_declarations(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    put_number(&body, n);
    REPEAT(&body, "\1\x7F\1\x7E", n / 2);
    for (uint32_t i = 0; i < n; i++) {
        put_byte(&body, 0x20);
        put_number(&body, i);
        put_byte(&body, 0x1A);
    }
    put_byte(&body, 0x0B);
    put_function(m, &body);
    buffer_free(&body);
}

static void calls(struct buffer *m, uint32_t n) {
    function_of(m, PARTS("\0", "\x10\0", "\x0B"), n);
}

/* n times `first`, then n times `second`, both with so many bytes, then
 * `last`. */
static void rows_of(struct buffer *m,
                    uint32_t n,
                    const char *first,
                    size_t first_size,
                    const char *second,
                    size_t second_size) {
    struct buffer body = empty();
    PUT(&body, "\1\1\x7F"); /* a local, an i32 */
    put_repeated(&body, first, first_size, n);
    put_repeated(&body, second, second_size, n);
    PUT(&body, "\x0F\x0B"); /* return: what is left is dropped */
    put_function(m, &body);
    buffer_free(&body);
}

#define ROWS(m, n, first, second)                                              \
    rows_of(m, n, first, sizeof first - 1, second, sizeof second - 1)

/* Values that wait on the stack, constants or locals, while the rest of the
 * body goes by. */
static void constants_below_blocks(struct buffer *m, uint32_t n) {
    ROWS(m, n, "\x41\1", "\x02\x40\x0B");
}

static void locals_below_blocks(struct buffer *m, uint32_t n) {
    ROWS(m, n, "\x20\0", "\x02\x40\x0B");
}

static void locals_below_writes(struct buffer *m, uint32_t n) {
    ROWS(m, n, "\x20\0", "\x41\1\x21\0");
}

static void locals_below_branches(struct buffer *m, uint32_t n) {
    ROWS(m, n, "\x20\0", "\x20\0\x0D\0");
}

static void locals_below_calls(struct buffer *m, uint32_t n) {
    ROWS(m, n, "\x20\0", "\x10\0");
}

/* Blocks within each other, each left by a branch to the outermost. */
static void branches_outward(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    put_byte(&body, 0);
    for (uint32_t i = 0; i < n; i++) {
        PUT(&body, "\x02\x40\x41\0\x0D");
        put_number(&body, i);
    }
    REPEAT(&body, "\x0B", n + 1);
    put_function(m, &body);
    buffer_free(&body);
}

static void ifs_in_elses(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    put_byte(&body, 0);
    REPEAT(&body, "\x41\0\x04\x40\x05", n);
    REPEAT(&body, "\x0B", n + 1);
    put_function(m, &body);
    buffer_free(&body);
}

static void clauses(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    PUT(&body, "\0\x1F\x40");
    put_number(&body, n);
    REPEAT(&body, "\2\0", n); /* catch_all 0 */
    PUT(&body, "\x0B\x0B");
    put_function(m, &body);
    buffer_free(&body);
}

static void nested_tries(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    put_byte(&body, 0);
    REPEAT(&body, "\x06\x40", n);
    REPEAT(&body, "\x19\x0B", n); /* catch_all */
    PUT(&body, "\x0B");
    put_function(m, &body);
    buffer_free(&body);
}

/* ---- at the limits ---- */

/* Load a module with n of something, and instantiate it if it has no
 * imports. */
static struct error load(void (*make)(struct buffer *m, uint32_t n),
                         uint32_t n) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    guest.bytes = empty();
    PUT(&guest.bytes, MODULE_START);
    make(&guest.bytes, n);
    guest.module = vm_load(guest.vm, buffer_slice(&guest.bytes), &error);
    if (guest.module && !guest.module->import_count) {
        vm_instantiate(guest.vm, guest.module, &error);
        translate_all(guest.module, &error);
    }
    guest_close(&guest);
    return error;
}

static const struct {
    void (*make)(struct buffer *m, uint32_t n);
    uint32_t limit;
    const char *named; /* in the error's text */
} rows[] = {
    {types, 1000000, "limit: 1000001 types, at most 1000000"},
    {imports, 1000000, "limit: 1000001 imports, at most 1000000"},
    {functions, 1000000, "limit: 1000001 functions, at most 1000000"},
    {functions_and_an_import,
     1000000,
     "limit: 1000001 functions, at most 1000000"},
    {tables, 100000, "limit: 100001 tables, at most 100000"},
    {memories, 100, "limit: 101 memories, at most 100"},
    {globals, 1000000, "limit: 1000001 globals, at most 1000000"},
    {tags, 1000000, "limit: 1000001 tags, at most 1000000"},
    {exports, 1000000, "limit: 1000001 exports, at most 1000000"},
    {data_segments, 100000, "limit: 100001 data segments, at most 100000"},
    {element_segments,
     10000000,
     "limit: 10000001 element segments, at most 10000000"},
    {elements, 10000000, "limit: 10000001 elements, at most 10000000"},
    {table_elements,
     10000000,
     "limit: the module wants a table of 10000001 elements, 10000000 are"},
    {memory_pages, 65536, "memory size must be at most 65536 pages"},
    {body_bytes,
     7654321,
     "limit: a function body of 7654322 bytes, at most 7654321"},
    {locals, 50000, "limit: 50001 locals, at most 50000"},
    {parameters, 1000, "limit: 1001 parameters, at most 1000"},
    {results, 1000, "limit: 1001 results, at most 1000"},
    {targets, 131072, "limit: 131073 br_table targets, at most 131072"},
    {name_bytes, 100000, "limit: a name of 100001 bytes, at most 100000"},
    {constant_depth, 64, "limit: a constant expression deeper than 64"},
    {frame_slots, 63000, "limit: a frame of more than 63000 slots"},
};

static void limits_are_reached(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = load(rows[i].make, rows[i].limit);
        if (error.kind != ERROR_NONE)
            fail_msg("%s: at it: %s", rows[i].named, error.text);
    }
}

static void and_not_passed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = load(rows[i].make, rows[i].limit + 1);
        if (strncmp(error.text, rows[i].named, strlen(rows[i].named)) != 0) {
            fail_msg("expected %s, found %s", rows[i].named, error.text);
        }
    }
}

/* A module of so many bytes, most of them a custom section; the file behind it
 * has a hole there. */
static struct error load_huge(uint64_t size) {
    uint64_t content = size - 14;
    uint8_t head[14] = {0, 'a', 's', 'm', 1};
    for (int i = 0; i < 5; i++) {
        head[9 + i] = (uint8_t)((content >> 7 * i & 0x7F) | (i < 4 ? 0x80 : 0));
    }
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, sizeof head, file), sizeof head);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
    void *bytes =
        mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    assert_true(bytes != MAP_FAILED);
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    vm_load(guest.vm, (struct slice){bytes, (size_t)size}, &error);
    guest_close(&guest);
    munmap(bytes, (size_t)size);
    fclose(file);
    return error;
}

static void a_module_has_a_gibibyte_at_most(void **state) {
    (void)state;
    assert_int_equal(load_huge(VM_MODULE_BYTES).kind, ERROR_NONE);
    struct error error = load_huge(VM_MODULE_BYTES + 1);
    assert_int_equal(error.kind, ERROR_INVALID);
    assert_non_null(strstr(
        error.text, "limit: a module of 1073741825 bytes, at most 1 GiB"));
}

static void a_module_of_20_megabytes_is_loaded(void **state) {
    (void)state;
    enum { COUNT = 100000, STATEMENTS = 66 };
    struct buffer body = empty();
    PUT(&body, "\0");
    /* i32.const 1; drop. */
    REPEAT(&body, "\x41\1\x1A", STATEMENTS);
    PUT(&body, "\x0B");
    struct buffer module = MODULE(
        TYPE, FUNCTIONS(ENTRIES(COUNT, "\0")), CODE(BODIES_OF(COUNT, &body)));
    assert_true(module.size > 20000000);
    struct guest guest = guest_open(NULL);
    guest_accept(&guest, module);
    guest_close(&guest);
    buffer_free(&body);
}

/* ---- scaling ---- */

static const struct {
    const char *name;
    void (*make)(struct buffer *m, uint32_t n);
    size_t each; /* bytes that one may keep */
} scaled[] = {
    {"types", types, 16},
    {"types that differ in order", types_that_differ_in_order, 16},
    {"functions", functions, 150},
    {"tables", tables, 50},
    {"globals", globals, 50},
    {"tags", tags, 16},
    {"exports", exports, 50},
    {"data segments", data_segments, 50},
    {"element segments", element_segments, 70},
    {"elements", elements, 0},
    {"locals", locals, 0},
    {"declarations of locals", local_declarations, 0},
    {"nested blocks", nested_blocks, 0},
    {"blocks in a row", blocks_in_a_row, 100},
    {"br_table targets", targets, 50},
    {"br_table targets with a value", targets_with_a_value, 100},
    {"calls", calls, 50},
    {"constants below blocks", constants_below_blocks, 0},
    {"locals below blocks", locals_below_blocks, 30},
    {"locals below writes", locals_below_writes, 50},
    {"locals below branches", locals_below_branches, 100},
    {"locals below calls", locals_below_calls, 50},
    {"branches outward", branches_outward, 50},
    {"ifs in elses", ifs_in_elses, 100},
    {"catch clauses", clauses, 50},
    {"nested tries", nested_tries, 100},
};

/* Twice as much of anything costs twice as much; half as much again is left for
 * what comes in steps, such as arrays that double. What grows with the square
 * costs four times as much. */
static void twice_as_much_costs_twice(void **state) {
    (void)state;
    /* The latter of what does not depend on the former. */
    enum { NUMBER = 10000, SLACK = 10000 };
    for (size_t i = 0; i < sizeof scaled / sizeof *scaled; i++) {
        size_t once[COSTS];
        count_cost(scaled[i].make, NUMBER);
        memcpy(once, cost, sizeof once);
        count_cost(scaled[i].make, 2 * NUMBER);
        if (cost[KEPT] > once[KEPT] + scaled[i].each * NUMBER + SLACK) {
            fail_msg("%s: each keeps %zu bytes",
                     scaled[i].name,
                     (cost[KEPT] - once[KEPT]) / NUMBER);
        }
        for (int k = 0; k < COSTS; k++) {
            if (cost[k] > once[k] / 2 * 5 + SLACK) {
                fail_msg("%s: %zu %s, for twice as many %zu",
                         scaled[i].name,
                         once[k],
                         cost_names[k],
                         cost[k]);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_reached),
        cmocka_unit_test(and_not_passed),
        cmocka_unit_test(a_module_has_a_gibibyte_at_most),
        cmocka_unit_test(a_module_of_20_megabytes_is_loaded),
        cmocka_unit_test(twice_as_much_costs_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
