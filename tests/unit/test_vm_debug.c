/* Debugging information, written here entry by entry: what names functions, and
 * what does not. */
#include "tests/unit/debug_module.h"

/* The names of all functions, separated by spaces; "-" where there is none. */
static void names_of(struct slice module, char *out, size_t size) {
    struct debug *debug = debug_open(module, NULL);
    assert_non_null(debug);
    size_t used = 0;
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
        struct slice name = debug_function_name(debug, i);
        if (name.size == 0)
            name = slice_of("-");
        used += (size_t)snprintf(out + used,
                                 size - used,
                                 "%s%.*s",
                                 i ? " " : "",
                                 (int)name.size,
                                 (const char *)name.data);
    }
    assert_int_equal(debug_function_name(debug, FUNCTION_COUNT).size, 0);
    debug_free(debug);
}

static void check_names(const struct program *program, const char *expected) {
    struct buffer module = program_module(program);
    char names[1000];
    names_of(buffer_slice(&module), names, sizeof names);
    assert_string_equal(names, expected);
    buffer_free(&module);
}

/* ---- whole programs ---- */

/* The forms of DWARF 4, in either format. */
static struct program program_4(int offset_size) {
    struct program p = program_new();
    uint32_t scopes =
        abbreviate(&p, TAG_NAMESPACE, true, (int[]){NAME, STRING, 0});
    uint32_t plain =
        abbreviate(&p, TAG_SUBPROGRAM, false, (int[]){NAME, STRING, 0});
    uint32_t code =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRP, LOW_PC, ADDR, HIGH_PC, DATA4, 0});
    uint32_t defined = abbreviate(
        &p,
        TAG_SUBPROGRAM,
        false,
        (int[]){SPECIFICATION, REF4, LOW_PC, ADDR, HIGH_PC, ADDR, 0});
    uint32_t copied = abbreviate(
        &p,
        TAG_SUBPROGRAM,
        false,
        (int[]){ABSTRACT_ORIGIN, REF_ADDR, LOW_PC, ADDR, HIGH_PC, UDATA, 0});
    uint32_t split =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   true,
                   (int[]){NAME, STRING, RANGES, SEC_OFFSET, EXPR, EXPRLOC, 0});
    uint32_t linked = abbreviate(
        &p,
        TAG_SUBPROGRAM,
        false,
        (int[]){LINKAGE_NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});

    unit_begin(&p, 4, offset_size);
    entry(&p, code), strp(&p, "run"), u32(&p.info, CODE_OF(0)), u32(&p.info, 3);
    entry(&p, scopes), text(&p.info, "shop");
    entry(&p, scopes), text(&p.info, "Basket");
    uint32_t add = entry(&p, plain);
    text(&p.info, "add");
    entry_end(&p);
    uint32_t total = entry(&p, plain);
    text(&p.info, "total");
    entry_end(&p);
    entry(&p, defined), u32(&p.info, add), u32(&p.info, CODE_OF(1)),
        u32(&p.info, CODE_OF(2));
    entry(&p, copied), offset(&p, total), u32(&p.info, CODE_OF(2)),
        u8(&p.info, 3);
    entry(&p, split), text(&p.info, "split"), offset(&p, 0), u8(&p.info, 1),
        u8(&p.info, 0x9C);
    entry_end(&p);
    entry(&p, linked), text(&p.info, "_ZN1x"), u32(&p.info, CODE_OF(4)),
        u8(&p.info, 3);
    entry(&p, code), strp(&p, "gone"), u32(&p.info, 0), u32(&p.info, 3);
    entry(&p, code), strp(&p, "gone"), u32(&p.info, UINT32_MAX),
        u32(&p.info, 3);
    entry(&p, code), strp(&p, "empty"), u32(&p.info, CODE_OF(5)),
        u32(&p.info, 0);
    unit_end(&p);

    u32(&p.ranges, 1), u32(&p.ranges, 1);
    u32(&p.ranges, UINT32_MAX), u32(&p.ranges, CODE_OF(3));
    u32(&p.ranges, 0), u32(&p.ranges, 3);
    u32(&p.ranges, 0), u32(&p.ranges, 0);
    return p;
}

static const char names_4[] = "run shop::Basket::add shop::total split _ZN1x -";

static void entries_name_functions(void **state) {
    (void)state;
    for (int offset_size = 4; offset_size <= 8; offset_size += 4) {
        struct program program = program_4(offset_size);
        check_names(&program, names_4);
        program_free(&program);
    }
}

/* Names, addresses and ranges by number. */
static struct program program_5(void) {
    struct program p = program_new();
    p.unit = abbreviate(&p,
                        TAG_UNIT,
                        true,
                        (int[]){NAME,
                                STRX1,
                                STR_OFFSETS_BASE,
                                SEC_OFFSET,
                                ADDR_BASE,
                                SEC_OFFSET,
                                RNGLISTS_BASE,
                                SEC_OFFSET,
                                LOW_PC,
                                ADDR,
                                0});
    uint32_t code =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRX1, LOW_PC, ADDRX, HIGH_PC, DATA1, 0});
    uint32_t lined =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, LINE_STRP, LOW_PC, ADDRX, HIGH_PC, DATA1, 0});
    uint32_t split = abbreviate(
        &p,
        TAG_SUBPROGRAM,
        false,
        (int[]){NAME, STRX1, RANGES, RNGLISTX, HIGH_PC, IMPLICIT, 77, 0});

    unit_begin(&p, 5, 4);
    u8(&p.info, 0), u32(&p.info, 8), u32(&p.info, 8), u32(&p.info, 12),
        u32(&p.info, CODE_OF(2));
    entry(&p, code), u8(&p.info, 1), u8(&p.info, 0), u8(&p.info, 3);
    entry(&p, lined), u32(&p.info, 0), u8(&p.info, 1), u8(&p.info, 3);
    entry(&p, split), u8(&p.info, 2), u8(&p.info, 1);
    /* There is no such text. */
    entry(&p, code), u8(&p.info, 3), u8(&p.info, 0), u8(&p.info, 3);
    unit_end(&p);

    text(&p.line_str, "lined");
    u64(&p.str_offsets, 0), u64(&p.addr, 0); /* headers, which nobody reads */
    static const char *const texts[] = {"unit.c", "first", "split"};
    for (size_t i = 0; i < 3; i++)
        u32(&p.str_offsets, (uint32_t)p.str.size), text(&p.str, texts[i]);
    u32(&p.addr, CODE_OF(0)), u32(&p.addr, CODE_OF(1)),
        u32(&p.addr, CODE_OF(5));

    u64(&p.rnglists, 0),
        /* A header, too; then two lists, and 8 bytes behind. */
        u32(&p.rnglists, 0);
    u32(&p.rnglists, 0), u32(&p.rnglists, 8);
    u8(&p.rnglists, RANGE_OFFSET_PAIR), u8(&p.rnglists, 0), u8(&p.rnglists, 3);
    u8(&p.rnglists, RANGE_BASE), u32(&p.rnglists, CODE_OF(3));
    u8(&p.rnglists, RANGE_OFFSET_PAIR), u8(&p.rnglists, 0), u8(&p.rnglists, 3);
    u8(&p.rnglists, RANGE_START_LENGTH), u32(&p.rnglists, CODE_OF(4)),
        u8(&p.rnglists, 3);
    u8(&p.rnglists, RANGE_STARTX_LENGTH), u8(&p.rnglists, 2),
        u8(&p.rnglists, 3);
    u8(&p.rnglists, 0);
    return p;
}

static const char names_5[] = "first lined split split split split";

static void entries_of_version_5_name_functions(void **state) {
    (void)state;
    struct program program = program_5();
    check_names(&program, names_5);
    program_free(&program);
}

/* ---- what there is not, or not to be believed ---- */

static void no_section_no_names(void **state) {
    (void)state;
    struct program program = program_new();
    check_names(&program, "- - - - - -");
    program_free(&program);
}

/* Each section cut short at every length: no name becomes another one. */
static void a_section_cut_short_names_nothing_wrong(void **state) {
    (void)state;
    struct program programs[] = {program_4(4), program_5()};
    const char *const expected[] = {names_4, names_5};
    for (size_t i = 0; i < 2; i++) {
        struct buffer *sections[] = PROGRAM_SECTIONS(&programs[i]);
        for (size_t k = 0; k < sizeof sections / sizeof *sections; k++) {
            size_t whole = sections[k]->size;
            for (size_t size = 0; size < whole; size++) {
                sections[k]->size = size;
                struct buffer module = program_module(&programs[i]);
                char names[1000];
                names_of(buffer_slice(&module), names, sizeof names);
                buffer_free(&module);
                for (char *name = strtok(names, " "); name;
                     name = strtok(NULL, " ")) {
                    bool cut = !strcmp(name, "-") || !strcmp(name, "add") ||
                               !strcmp(name, "total");
                    if (!cut && !strstr(expected[i], name))
                        fail_msg("%zu %zu: %s", k, size, name);
                }
            }
            sections[k]->size = whole;
        }
        program_free(&programs[i]);
    }
}

/* Each byte of each section with each of its bits turned: whatever it says then
 * is of no interest, but that it ends, and what the sanitizers think of it. */
static void a_section_damaged_is_survived(void **state) {
    (void)state;
    struct program programs[] = {program_4(4), program_5()};
    for (size_t i = 0; i < 2; i++) {
        struct buffer *sections[] = PROGRAM_SECTIONS(&programs[i]);
        for (size_t k = 0; k < sizeof sections / sizeof *sections; k++) {
            for (size_t at = 0; at < 8 * sections[k]->size; at++) {
                sections[k]->data[at / 8] ^= (uint8_t)(1 << at % 8);
                struct buffer module = program_module(&programs[i]);
                debug_free(debug_open(buffer_slice(&module), NULL));
                buffer_free(&module);
                sections[k]->data[at / 8] ^= (uint8_t)(1 << at % 8);
            }
        }
        program_free(&programs[i]);
    }
}

/* A unit that is damaged, of a version nobody knows, or of a form: others are
 * read. */
static void other_units_are_read(void **state) {
    (void)state;
    struct program p = program_new();
    uint32_t code =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA4, 0});
    uint32_t unknown =
        abbreviate(&p, TAG_SUBPROGRAM, false, (int[]){NAME, 0x7F, 0});
    for (int i = 0; i < 4; i++) {
        unit_begin(&p, i == 1 ? 6 : 4, 4);
        char name[] = {(char)('a' + i), 0};
        entry(&p, code), text(&p.info, name),
            u32(&p.info, (uint32_t)CODE_OF(i)), u32(&p.info, 3);
        if (i == 2)
            entry(&p, unknown);
        unit_end(&p);
    }
    check_names(&p, "a - - d - -");
    program_free(&p);
}

static void references_may_go_round(void **state) {
    (void)state;
    struct program p = program_new();
    uint32_t code = abbreviate(
        &p,
        TAG_SUBPROGRAM,
        false,
        (int[]){SPECIFICATION, REF4, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    uint32_t last =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    unit_begin(&p, 4, 4);
    uint32_t first = entry(&p, code);
    u32(&p.info, first), u32(&p.info, CODE_OF(0)), u8(&p.info, 3); /* itself */
    uint32_t second = entry(&p, code);
    /* The next, ... */
    u32(&p.info, second + 10), u32(&p.info, CODE_OF(1)), u8(&p.info, 3);
    uint32_t third = entry(&p, code);
    assert_int_equal(third, second + 10);
    /* ... and back. */
    u32(&p.info, second), u32(&p.info, CODE_OF(2)), u8(&p.info, 3);
    /* A header. */
    entry(&p, code), u32(&p.info, 5), u32(&p.info, CODE_OF(3)), u8(&p.info, 3);
    /* Nothing. */
    entry(&p, code), u32(&p.info, 9999), u32(&p.info, CODE_OF(4)),
        u8(&p.info, 3);
    entry(&p, last), text(&p.info, "last"), u32(&p.info, CODE_OF(5)),
        u8(&p.info, 3);
    unit_end(&p);
    /* It did not go round until all steps were made. */
    check_names(&p, "- - - - - last");
    program_free(&p);
}

/* Names are text, for whoever prints them. */
static void bytes_that_are_no_text_name_nothing(void **state) {
    (void)state;
    struct program p = program_new();
    uint32_t code =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    unit_begin(&p, 4, 4);
    entry(&p, code), text(&p.info, "\xC2"), u32(&p.info, CODE_OF(0)),
        u8(&p.info, 3);
    entry(&p, code), text(&p.info, "\xC3\xA4"), u32(&p.info, CODE_OF(1)),
        u8(&p.info, 3);
    unit_end(&p);
    check_names(&p, "- \xC3\xA4 - - - -");
    program_free(&p);
}

/* Entries of one byte with a thousand attributes that take none: they are not
 * all read. As many entries that are only long are. */
static void too_much_work_is_not_done(void **state) {
    (void)state;
    for (int flags = 0; flags < 2; flags++) {
        struct program p = program_new();
        int attributes[2003];
        for (int i = 0; i < 1000; i++) {
            attributes[2 * i] = 0x3F;
            attributes[2 * i + 1] = FLAG_PRESENT;
        }
        attributes[flags ? 2000 : 0] = 0;
        uint32_t many = abbreviate(&p, TAG_SUBPROGRAM, false, attributes);
        uint32_t code =
            abbreviate(&p,
                       TAG_SUBPROGRAM,
                       false,
                       (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
        unit_begin(&p, 4, 4);
        for (int i = 0; i < 100000; i++)
            entry(&p, many);
        entry(&p, code), text(&p.info, "last"), u32(&p.info, CODE_OF(0)),
            u8(&p.info, 3);
        unit_end(&p);
        check_names(&p, flags ? "- - - - - -" : "last - - - - -");
        program_free(&p);
    }
}

/* Numbers may be padded, but not without an end: whoever reads one makes a
 * step. */
static void long_numbers_are_damage(void **state) {
    (void)state;
    for (int padded = 16; padded <= 17; padded++) {
        struct program p = program_new();
        uint32_t code =
            abbreviate(&p,
                       TAG_SUBPROGRAM,
                       false,
                       (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, UDATA, 0});
        unit_begin(&p, 4, 4);
        entry(&p, code), text(&p.info, "f"), u32(&p.info, CODE_OF(0));
        for (int i = 1; i < padded; i++)
            u8(&p.info, i == 1 ? 0x83 : 0x80);
        u8(&p.info, 0);
        unit_end(&p);
        check_names(&p, padded == 16 ? "f - - - - -" : "- - - - - -");
        program_free(&p);
    }
}

/* One entry of many bytes, which all others refer to: it is not read as
 * often. */
static void long_texts_are_work(void **state) {
    (void)state;
    enum { MANY = 1000, LONG = 100000, FIRST = 3, ENTRY = 1 + 4 + 1 + 4 };
    struct program p = program_new();
    uint32_t code = abbreviate(
        &p,
        TAG_SUBPROGRAM,
        false,
        (int[]){LOW_PC, ADDR, HIGH_PC, DATA1, SPECIFICATION, REF4, 0});
    uint32_t declaration =
        abbreviate(&p,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){LINKAGE_NAME, STRING, NAME, STRING, 0});
    unit_begin(&p, 4, 4);
    uint32_t referred = (uint32_t)p.info.size - p.start + MANY * ENTRY;
    for (uint32_t i = 0; i < MANY; i++) {
        entry(&p, code), u32(&p.info, FIRST + 4 * i), u8(&p.info, 3),
            u32(&p.info, referred);
    }
    assert_int_equal(entry(&p, declaration), referred);
    for (int i = 0; i < LONG; i++)
        u8(&p.info, 'x');
    u8(&p.info, 0), text(&p.info, "f");
    unit_end(&p);

    struct buffer module = program_module_of(&p, MANY);
    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    assert_true(slice_is(debug_function_name(debug, 0), "f"));
    assert_int_equal(debug_function_name(debug, MANY - 1).size, 0);
    debug_free(debug);
    buffer_free(&module);
    program_free(&p);
}

/* ---- in the vm ---- */

static struct slice name_after_trap(struct slice module, struct guest *guest) {
    struct error error = ERROR_INIT;
    *guest = guest_open(NULL);
    guest->module = vm_load(guest->vm, module, &error);
    assert_non_null(guest->module);
    guest_start(guest);
    guest_fails(guest, "run", ERROR_TRAP);
    assert_null(guest->module->debug); /* nobody has asked yet */
    struct vm_frame frame;
    assert_int_equal(vm_backtrace(guest->vm, &frame, 1), 1);
    return frame.name;
}

static void a_backtrace_has_names(void **state) {
    (void)state;
    struct program program = program_4(4);
    struct buffer module = program_module(&program);
    struct guest guest;
    assert_true(
        slice_is(name_after_trap(buffer_slice(&module), &guest), "run"));
    vm_close(guest.vm);
    buffer_free(&module);
    program_free(&program);
}

/* What the name section says goes first; where it says nothing, there is the
 * other. */
static void the_name_section_goes_first(void **state) {
    (void)state;
    struct program program = program_4(4);
    static const char *const expected[] = {"own", "run"};
    for (uint8_t i = 0; i < 2; i++) {
        struct buffer module = program_module(&program), names = empty();
        /* The names of functions: that of function i. */
        PUT_SECTIONS(&names, SECTION(1, ENTRY_BYTES(i, 3, 'o', 'w', 'n')));
        custom_put(&module, "name", buffer_slice(&names));
        buffer_free(&names);
        struct guest guest;
        assert_true(slice_is(name_after_trap(buffer_slice(&module), &guest),
                             expected[i]));
        vm_close(guest.vm);
        buffer_free(&module);
    }
    program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_name_functions),
        cmocka_unit_test(entries_of_version_5_name_functions),
        cmocka_unit_test(no_section_no_names),
        cmocka_unit_test(a_section_cut_short_names_nothing_wrong),
        cmocka_unit_test(a_section_damaged_is_survived),
        cmocka_unit_test(other_units_are_read),
        cmocka_unit_test(references_may_go_round),
        cmocka_unit_test(bytes_that_are_no_text_name_nothing),
        cmocka_unit_test(too_much_work_is_not_done),
        cmocka_unit_test(long_numbers_are_damage),
        cmocka_unit_test(long_texts_are_work),
        cmocka_unit_test(a_backtrace_has_names),
        cmocka_unit_test(the_name_section_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
