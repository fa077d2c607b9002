/* Lines and inlined functions, from debugging information that is written here
 * entry by entry. */
#include "tests/unit/debug_module.h"

#include <inttypes.h>

enum { PLACES = 8 };

/* Where the code section's content begins in the modules. */
static size_t code_offset(struct slice module) {
    static const uint8_t code[] = {
        10, 1 + FUNCTION_COUNT * 4, FUNCTION_COUNT, 3, 0, 0};
    for (size_t i = 0; i + sizeof code < module.size; i++) {
        if (!memcmp(module.data + i, code, sizeof code))
            return i + 2;
    }
    fail_msg("no code section");
    return 0;
}

/* "name file:line" for each place of an address, separated by ", "; "inlined"
 * is said by "<". */
static void
describe(struct debug *debug, size_t offset, char *out, size_t size) {
    struct debug_place places[PLACES];
    struct arena texts;
    arena_init(&texts);
    size_t count =
               debug_places(debug, (uint32_t)offset, &texts, places, PLACES),
           used = 0;
    out[0] = 0;
    for (size_t i = 0; i < count; i++) {
        struct debug_place at = places[i];
        used += (size_t)snprintf(out + used,
                                 size - used,
                                 "%.*s %.*s:%" PRIu32 "%s",
                                 (int)at.name.size,
                                 (const char *)at.name.data,
                                 (int)at.file.size,
                                 (const char *)at.file.data,
                                 at.line,
                                 at.inlined ? " < " : "");
    }
    arena_free(&texts);
}

/* What is expected from each address on, ended by NULL; an address behind the
 * bodies has nothing. */
struct expected {
    uint32_t address;
    const char *places;
};

static void check_places(const struct program *program,
                         const struct expected *expected) {
    struct buffer module = program_module(program);
    size_t code = code_offset(buffer_slice(&module));
    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    assert_non_null(debug);
    for (; expected->places; expected++) {
        char places[1000];
        describe(debug, code + expected->address, places, sizeof places);
        if (strcmp(places, expected->places) != 0) {
            fail_msg("%" PRIu32 ": \"%s\", not \"%s\"",
                     expected->address,
                     places,
                     expected->places);
        }
    }
    debug_free(debug);
    buffer_free(&module);
}

/* ---- programs of lines ---- */

/* The base is negative. */
enum { LINE_BASE = 3, LINE_RANGE = 12, FIRST_SPECIAL = 13 };

static void special(struct program *p, int address, int line) {
    u8(&p->line,
       (uint64_t)(FIRST_SPECIAL + address * LINE_RANGE + line + LINE_BASE));
}

static void set_address(struct program *p, uint32_t address) {
    PUT(&p->line, "\0\5\2");
    u32(&p->line, address);
}

static void set_file(struct program *p, uint64_t file) {
    u8(&p->line, 4);
    put_number(&p->line, file);
}

/* With a step before it, by opcode 2. */
static void end_sequence(struct program *p, uint64_t step) {
    u8(&p->line, 2);
    put_number(&p->line, step);
    PUT(&p->line, "\0\1\1");
}

/* A header up to its tables: DWARF 4 has the most operations in it, DWARF 5
 * sizes before it. */
static size_t lines_begin(struct program *p, int version, size_t *header) {
    size_t start = length_begin(&p->line);
    fixed(&p->line, (uint64_t)version, 2);
    if (version >= 5)
        PUT(&p->line, "\4\0");
    *header = length_begin(&p->line);
    u8(&p->line, 1);
    if (version >= 4)
        u8(&p->line, 1);
    u8(&p->line, 1), u8(&p->line, (uint64_t)-LINE_BASE),
        u8(&p->line, LINE_RANGE);
    u8(&p->line, FIRST_SPECIAL);
    PUT(&p->line, "\0\1\1\1\1\0\0\0\1\0\0\1");
    return start;
}

static void old_file(struct program *p, const char *name, uint64_t directory) {
    text(&p->line, name);
    put_number(&p->line, directory);
    PUT(&p->line, "\0\0");
}

/* Function 0 has lines 5 and 6 of demo.c, and then 300 of lib/list.h; function
 * 1 has line 7; function 2 line 0, which is none; 3 has none. Sequences of code
 * that is gone come before and behind. */
static void write_rows(struct program *p, uint64_t demo, uint64_t list) {
    set_address(p, 0), special(p, 0, 7), special(p, 10, 1), end_sequence(p, 20);
    set_file(p, demo), set_address(p, CODE_OF(0));
    special(p, 0, 4); /* 5 */
    special(p, 1, 1); /* 6 */
    u8(&p->line, 3), put_number(&p->line, 294 - 128), u8(&p->line, 3),
        put_number(&p->line, 128);
    /* 300, by advance_pc and copy. */
    set_file(p, list), PUT(&p->line, "\2\1\1");
    end_sequence(p, 1);
    set_file(p, demo), set_address(p, CODE_OF(1)), special(p, 0, 6);
    PUT(&p->line, "\x09\3\0"); /* fixed_advance_pc */
    end_sequence(p, 0);
    set_file(p, demo), set_address(p, CODE_OF(2)), special(p, 0, -1),
        end_sequence(p, 3);
    set_file(p, demo), set_address(p, CODE_OF(5));
    /* advance_line by 20, by -12, and copy. */
    PUT(&p->line, "\3\x14\3\x74\1");
    set_address(p, CODE_OF(5) + 3), end_sequence(p, 0);
    set_address(p, UINT32_MAX), special(p, 0, 7), special(p, 10, 1),
        end_sequence(p, 20);
}

static const struct expected lines_expected[] = {
    {0, ""},
    {CODE_OF(0), "f0 demo.c:5"},
    {CODE_OF(0) + 1, "f0 demo.c:6"},
    {CODE_OF(0) + 2, "f0 lib/list.h:300"},
    {CODE_OF(1), "f1 demo.c:7"},
    {CODE_OF(1) + 2, "f1 demo.c:7"},
    {CODE_OF(2), "f2 :0"},
    {CODE_OF(3), "f3 :0"},
    {CODE_OF(4), " :0"},
    {CODE_OF(5) + 2, "f5 demo.c:9"},
    {CODE_OF(6), ""},
    {UINT32_MAX, ""},
    {0, NULL},
};

/* A unit with functions f0 to f5, without f4, and where its lines are. */
static struct program program_with_lines(int version) {
    struct program p = program_new();
    p.unit = abbreviate(&p, TAG_UNIT, true, (int[]){STMT_LIST, SEC_OFFSET, 0});
    uint32_t code =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    unit_begin(&p, version, 4);
    u32(&p.info, p.line.size);
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (i == 4)
            continue;
        char name[] = {'f', (char)('0' + i), 0};
        entry(&p, code), text(&p.info, name),
            u32(&p.info, (uint32_t)CODE_OF(i)), u8(&p.info, 3);
    }
    unit_end(&p);
    return p;
}

static struct program program_of_old_lines(int version) {
    struct program p = program_with_lines(version);
    size_t header, start = lines_begin(&p, version, &header);
    text(&p.line, "include"), text(&p.line, "lib"), u8(&p.line, 0);
    old_file(&p, "other.c", 1), old_file(&p, "demo.c", 0),
        old_file(&p, "list.h", 2);
    u8(&p.line, 0);
    length_end(&p.line, header);
    write_rows(&p, 2, 3);
    length_end(&p.line, start);
    return p;
}

static struct program program_of_new_lines(void) {
    struct program p = program_with_lines(5);
    size_t header, start = lines_begin(&p, 5, &header);
    /* Directories: one value, the path. */
    u8(&p.line, 1), u8(&p.line, 1), u8(&p.line, LINE_STRP);
    u8(&p.line, 2), u32(&p.line, 0), u32(&p.line, 6);
    text(&p.line_str, "/home"), text(&p.line_str, "lib");
    u8(&p.line, 3); /* files: path, directory, and a checksum of 16 bytes */
    PUT(&p.line, "\1\x08\2\x0B\5\x1E");
    u8(&p.line, 2);
    text(&p.line, "demo.c"), u8(&p.line, 0), u64(&p.line, 1), u64(&p.line, 2);
    text(&p.line, "list.h"), u8(&p.line, 1), u64(&p.line, 3), u64(&p.line, 4);
    length_end(&p.line, header);
    write_rows(&p, 0, 1);
    length_end(&p.line, start);
    return p;
}

static void addresses_have_lines(void **state) {
    (void)state;
    for (int version = 2; version <= 5; version++) {
        struct program p = version < 5 ? program_of_old_lines(version)
                                       : program_of_new_lines();
        check_places(&p, lines_expected);
        program_free(&p);
    }
}

/* A unit of which only the code as a whole is known. */
static void functions_without_an_entry_have_lines(void **state) {
    (void)state;
    struct program p = program_new();
    p.unit = abbreviate(
        &p,
        TAG_UNIT,
        false,
        (int[]){STMT_LIST, SEC_OFFSET, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    unit_begin(&p, 4, 4);
    u32(&p.info, 0), u32(&p.info, CODE_OF(0)), u8(&p.info, 7);
    unit_end(&p);
    struct program lines = program_of_old_lines(4);
    buffer_append_slice(&p.line, buffer_slice(&lines.line));
    check_places(&p,
                 (struct expected[]){{CODE_OF(0), " demo.c:5"},
                                     {CODE_OF(1), " demo.c:7"},
                                     {CODE_OF(2), " :0"},
                                     {0, NULL}});
    program_free(&lines);
    program_free(&p);
}

/* ---- inlined functions ---- */

/* In function 0, of 3 bytes: the second and third are of `twice`, called in
 * line 40; the third, in two pieces, of `add`, called in line 50 there. An
 * optimizer has lost an end, and a start. */
static struct program program_of_inlined(void) {
    struct program p = program_of_old_lines(4);
    p.info.size = p.abbrev.size = p.abbreviations = 0; /* other entries */
    p.unit = abbreviate(
        &p, TAG_UNIT, true, (int[]){STMT_LIST, SEC_OFFSET, LOW_PC, ADDR, 0});
    uint32_t plain =
        abbreviate(&p, TAG_SUBPROGRAM, false, (int[]){NAME, STRING, 0});
    uint32_t code =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   true,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    uint32_t block = abbreviate(&p, TAG_BLOCK, true, (int[]){0});
    uint32_t inlined = abbreviate(&p,
                                  TAG_INLINED,
                                  true,
                                  (int[]){ABSTRACT_ORIGIN,
                                          REF4,
                                          LOW_PC,
                                          ADDR,
                                          HIGH_PC,
                                          DATA4,
                                          CALL_FILE,
                                          DATA1,
                                          CALL_LINE,
                                          UDATA,
                                          0});
    uint32_t split = abbreviate(&p,
                                TAG_INLINED,
                                false,
                                (int[]){ABSTRACT_ORIGIN,
                                        REF4,
                                        RANGES,
                                        SEC_OFFSET,
                                        CALL_FILE,
                                        DATA1,
                                        CALL_LINE,
                                        DATA1,
                                        0});

    unit_begin(&p, 4, 4);
    u32(&p.info, 0), u32(&p.info, 0);
    uint32_t twice = entry(&p, plain);
    text(&p.info, "twice");
    uint32_t add = entry(&p, plain);
    text(&p.info, "add");
    entry(&p, code), text(&p.info, "run"), u32(&p.info, CODE_OF(0)),
        u8(&p.info, 3);
    entry(&p, block);
    /* No start. */
    entry(&p, inlined), u32(&p.info, add), u32(&p.info, 0), u32(&p.info, 20);
    u8(&p.info, 1), u8(&p.info, 99);
    entry_end(&p);
    entry_end(&p);
    entry(&p, inlined), u32(&p.info, twice), u32(&p.info, CODE_OF(0) + 1),
        u32(&p.info, 2);
    u8(&p.info, 2), u8(&p.info, 40);
    entry(&p, split), u32(&p.info, add), u32(&p.info, 0), u8(&p.info, 1),
        u8(&p.info, 50);
    entry_end(&p);
    entry_end(&p);
    entry(&p, code), text(&p.info, "lost"), u32(&p.info, CODE_OF(1)),
        u8(&p.info, 3);
    entry(&p, inlined), u32(&p.info, twice), u32(&p.info, CODE_OF(1) + 2),
        u32(&p.info, 1);
    u8(&p.info, 2), u8(&p.info, 60);
    entry_end(&p);
    /* No end. */
    entry(&p, inlined), u32(&p.info, add), u32(&p.info, CODE_OF(1) + 1);
    u32(&p.info, (uint32_t) - (CODE_OF(1) + 1)), u8(&p.info, 2),
        u8(&p.info, 70);
    entry_end(&p);
    entry_end(&p);
    unit_end(&p);

    u32(&p.ranges, 0), u32(&p.ranges, 1);
    u32(&p.ranges, CODE_OF(0) + 2), u32(&p.ranges, CODE_OF(0) + 3);
    u32(&p.ranges, 0), u32(&p.ranges, 0);
    return p;
}

static const struct expected inlined_expected[] = {
    {CODE_OF(0), "run demo.c:5"},
    {CODE_OF(0) + 1, "twice demo.c:6 < run demo.c:40"},
    {CODE_OF(0) + 2,
     "add lib/list.h:300 < twice include/other.c:50 < run demo.c:40"},
    {CODE_OF(1), "lost demo.c:7"},
    {CODE_OF(1) + 1, "add demo.c:7 < lost demo.c:70"},
    {CODE_OF(1) + 2, "twice demo.c:7 < lost demo.c:60"},
    {0, NULL},
};

static void inlined_functions_are_places(void **state) {
    (void)state;
    struct program p = program_of_inlined();
    check_places(&p, inlined_expected);
    program_free(&p);
}

/* Sizes of addresses that there are none of. */
static void other_addresses_have_no_lines(void **state) {
    (void)state;
    static const struct expected four[] = {{CODE_OF(0), "f0 demo.c:5"},
                                           {0, NULL}};
    static const struct expected others[] = {{CODE_OF(0), "f0 :0"}, {0, NULL}};
    for (int size = 0; size <= 32; size++) {
        struct program p = program_with_lines(5);
        size_t header, start = lines_begin(&p, 5, &header);
        p.line.data[start + 2] = (uint8_t)size;
        u8(&p.line, 0), u8(&p.line, 0); /* no directories */
        PUT(&p.line, "\2\5\1\1\x08");   /* files: an address, and the path */
        u8(&p.line, 1);
        fixed(&p.line, UINT64_MAX, size < 8 ? size : 8);
        for (int i = 8; i < size; i++)
            u8(&p.line, 0xFF);
        text(&p.line, "demo.c");
        length_end(&p.line, header);
        write_rows(&p, 0, 0);
        length_end(&p.line, start);
        check_places(&p, size == 4 || size == 8 ? four : others);
        program_free(&p);
    }
}

/* Those that have no room are left out, the outermost first. */
static void places_are_cut_to_the_capacity(void **state) {
    (void)state;
    struct program p = program_of_inlined();
    struct buffer module = program_module(&p);
    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    uint32_t offset =
        (uint32_t)code_offset(buffer_slice(&module)) + CODE_OF(0) + 2;
    for (size_t capacity = 0; capacity <= 4; capacity++) {
        struct debug_place places[4];
        struct arena texts;
        arena_init(&texts);
        size_t count = debug_places(debug, offset, &texts, places, capacity);
        assert_int_equal(count, capacity < 3 ? capacity : 3);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(places[i].inlined, i < 2);
        arena_free(&texts);
    }
    debug_free(debug);
    buffer_free(&module);
    program_free(&p);
}

/* Each bit turned, each section cut short: that every question ends, and what
 * the sanitizers think of it. */
static void ask_all(const struct program *program) {
    struct buffer module = program_module(program);
    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    size_t code = code_offset(buffer_slice(&module));
    char places[100000];
    for (size_t i = 0; i < 10; i++)
        describe(debug, code + CODE_OF(0) + i, places, sizeof places);
    debug_free(debug);
    buffer_free(&module);
}

static void damaged_lines_are_survived(void **state) {
    (void)state;
    struct program programs[] = {program_of_inlined(), program_of_new_lines()};
    for (size_t i = 0; i < 2; i++) {
        struct buffer *sections[] = PROGRAM_SECTIONS(&programs[i]);
        for (size_t k = 0; k < sizeof sections / sizeof *sections; k++) {
            size_t whole = sections[k]->size;
            for (size_t at = 0; at < 8 * whole; at++) {
                sections[k]->data[at / 8] ^= (uint8_t)(1 << at % 8);
                ask_all(&programs[i]);
                sections[k]->data[at / 8] ^= (uint8_t)(1 << at % 8);
            }
            for (; sections[k]->size > 0; sections[k]->size--)
                ask_all(&programs[i]);
            sections[k]->size = whole;
        }
        program_free(&programs[i]);
    }
}

/* ---- in the vm ---- */

static void a_backtrace_has_lines(void **state) {
    (void)state;
    struct program program = program_of_inlined();
    struct buffer module = program_module(&program);
    struct error error = ERROR_INIT;
    struct guest guest = guest_open(NULL);
    guest.module = vm_load(guest.vm, buffer_slice(&module), &error);
    guest_start(&guest);
    guest_fails(&guest, "run", ERROR_TRAP);
    struct vm_frame frames[5];
    for (int i = 0; i < 2; i++) { /* as often as one likes */
        assert_int_equal(vm_backtrace(guest.vm, frames, 5), 2);
        assert_true(slice_is(frames[0].name, "twice") &&
                    slice_is(frames[1].name, "run"));
        assert_true(slice_is(frames[0].file, "demo.c") &&
                    slice_is(frames[1].file, "demo.c"));
        assert_true(frames[0].line == 6 && frames[1].line == 40);
        assert_true(frames[0].inlined && !frames[1].inlined);
        assert_int_equal(frames[0].offset, frames[1].offset);
    }
    assert_int_equal(vm_backtrace(guest.vm, frames, 1), 1);
    assert_true(frames[0].inlined);
    vm_close(guest.vm);
    buffer_free(&module);
    program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_lines),
        cmocka_unit_test(functions_without_an_entry_have_lines),
        cmocka_unit_test(inlined_functions_are_places),
        cmocka_unit_test(other_addresses_have_no_lines),
        cmocka_unit_test(places_are_cut_to_the_capacity),
        cmocka_unit_test(damaged_lines_are_survived),
        cmocka_unit_test(a_backtrace_has_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
