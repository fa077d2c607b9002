/* Copies of inlined functions, and which lines are theirs, from debugging
 * information that is written here entry by entry. */
#include "tests/unit/debug_module.h"

enum { MOST_LINES = 16 };

/* Of a line table: from an address on, a line; the end has line 0. */
struct row {
    uint32_t address, line;
};

/* DWARF 4's, of one file. */
static void put_lines(struct program *p, const struct row *rows) {
    static const char header[] =
        "\1\1\1\xFB\x0E\x0D\0\1\1\1\1\0\0\0\1\0\0\1\0a.c\0\0\0\0";
    struct buffer *out = &p->line;
    size_t start = length_begin(out);
    fixed(out, 4, 2);
    u32(out, sizeof header);
    put(out, header, sizeof header);
    for (uint32_t line = 1; rows->line > 0; line = rows++->line) {
        put(out, "\0\5\2", 3);
        u32(out, rows->address);
        put_byte(out, 3); /* so many lines on, modulo 128 */
        put_byte(out, (int)((rows->line - line) & 0x7F));
        put_byte(out, 1);
    }
    put(out, "\0\5\2", 3);
    u32(out, rows->address);
    put(out, "\0\1\1", 3);
    length_end(out, start);
}

static void copies_are_told_apart(void **state) {
    (void)state;
    const int unit[] = {NAME, STRING, STMT_LIST, SEC_OFFSET, 0};
    const int named[] = {NAME, STRING, 0};
    const int bodied[] = {NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA4, 0};
    const int copied[] = {
        ABSTRACT_ORIGIN, REF4, LOW_PC, ADDR, HIGH_PC, DATA4, 0};
    const struct row rows[] = {{CODE_OF(0), 9},
                               {CODE_OF(0) + 1, 2},
                               {CODE_OF(0) + 2, 3},
                               {CODE_OF(1), 20},
                               {CODE_OF(1) + 1, 2},
                               {CODE_OF(2), 0}};
    struct program p = program_new();
    p.abbrev.size = 0;
    p.abbreviations = 0;
    p.unit = abbreviate(&p, TAG_UNIT, true, unit);
    uint32_t abstract = abbreviate(&p, TAG_SUBPROGRAM, false, named);
    uint32_t body = abbreviate(&p, TAG_SUBPROGRAM, true, bodied);
    uint32_t copy = abbreviate(&p, TAG_INLINED, false, copied);
    uint32_t within = abbreviate(&p, TAG_INLINED, true, copied);
    put_lines(&p, rows);

    unit_begin(&p, 4, 4);
    text(&p.info, "a.c"), u32(&p.info, 0);
    uint32_t outer = entry(&p, abstract);
    text(&p.info, "outer");
    uint32_t inner = entry(&p, abstract);
    text(&p.info, "inner");
    entry(&p, body), text(&p.info, "first");
    u32(&p.info, CODE_OF(0)), u32(&p.info, 3);
    uint32_t one = entry(&p, within);
    u32(&p.info, outer), u32(&p.info, CODE_OF(0) + 1), u32(&p.info, 2);
    uint32_t two = entry(&p, copy);
    u32(&p.info, inner), u32(&p.info, CODE_OF(0) + 2), u32(&p.info, 1);
    entry_end(&p);
    entry_end(&p);
    entry(&p, body), text(&p.info, "second");
    u32(&p.info, CODE_OF(1)), u32(&p.info, 3);
    uint32_t three = entry(&p, copy);
    u32(&p.info, outer), u32(&p.info, CODE_OF(1) + 1), u32(&p.info, 2);
    entry(&p, copy); /* has lost its end */
    u32(&p.info, inner), u32(&p.info, CODE_OF(1)), u32(&p.info, 2000);
    entry_end(&p);
    unit_end(&p);

    struct buffer module = program_module(&p);
    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    assert_non_null(debug);
    const uint32_t expected[] = {0, one, two, 0, three};
    static const char *const names[] = {
        "first", "outer", "inner", "second", "outer"};
    uint32_t copies[MOST_LINES] = {0};
    size_t count = debug_lines(debug).line_count;
    assert_int_equal(count, 5);
    debug_copies(debug, copies);
    struct arena texts;
    arena_init(&texts);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(copies[i], expected[i]);
        struct debug_function function =
            debug_function_of(debug, i < 3 ? 0 : 1, copies[i], &texts);
        assert_true(slice_is(function.name, names[i]));
    }
    arena_free(&texts);
    debug_free(debug);
    buffer_free(&module);
    program_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
