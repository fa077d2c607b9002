/* Debugging information made to take long: twice as much of it makes twice as
 * much work, and takes twice as much memory, at most. Blocks of code are
 * counted, which the Makefile has the vm's own code tell, and bytes, where it
 * is asked for them. */
#include "tests/unit/debug_module.h"

static size_t entered, allocated;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    entered++;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    allocated += count * size;
    return __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
    allocated += size;
    return __real_realloc(old, size);
}

/* ---- programs of n of something ---- */

static uint32_t plain_code(struct program *p) {
    return abbreviate(p,
                      TAG_SUBPROGRAM,
                      false,
                      (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
}

static void put_code(struct program *p, uint32_t code, const char *name) {
    entry(p, code), text(&p->info, name), u32(&p->info, CODE_OF(0)),
        u8(&p->info, 3);
}

static void functions(struct program *p, uint32_t n) {
    uint32_t code = plain_code(p);
    unit_begin(p, 4, 4);
    for (uint32_t i = 0; i < n; i++)
        put_code(p, code, "run");
    unit_end(p);
}

/* Each has as many pieces as there are functions, in one list for all. */
static void functions_in_pieces(struct program *p, uint32_t n) {
    uint32_t split =
        abbreviate(p, TAG_SUBPROGRAM, false, (int[]){RANGES, DATA4, 0});
    unit_begin(p, 4, 4);
    for (uint32_t i = 0; i < n; i++) {
        entry(p, split), u32(&p->info, 0);
        u32(&p->ranges, 1), u32(&p->ranges, 1);
    }
    unit_end(p);
}

/* Entries of a byte with n attributes that take none. */
static void attributes(struct program *p, uint32_t n) {
    int *list = calloc(2 * (size_t)n + 1, sizeof *list);
    for (uint32_t i = 0; i < n; i++)
        list[2 * i] = 0x3F, list[2 * i + 1] = FLAG_PRESENT;
    uint32_t many = abbreviate(p, TAG_SUBPROGRAM, false, list);
    free(list);
    unit_begin(p, 4, 4);
    for (uint32_t i = 0; i < n; i++)
        entry(p, many);
    unit_end(p);
}

static void scopes_in_scopes(struct program *p, uint32_t n) {
    uint32_t scope =
        abbreviate(p, TAG_NAMESPACE, true, (int[]){NAME, STRING, 0});
    uint32_t code = plain_code(p);
    unit_begin(p, 4, 4);
    for (uint32_t i = 0; i < n; i++)
        entry(p, scope), text(&p->info, "scope");
    put_code(p, code, "run");
    for (uint32_t i = 0; i < n; i++)
        entry_end(p);
    unit_end(p);
}

/* Two tables of n abbreviations, of which the units take one and the other in
 * turn. */
static void tables_in_turn(struct program *p, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        abbreviate(p, TAG_NAMESPACE, true, (int[]){0});
    size_t size = p->abbrev.size;
    struct buffer copy = empty();
    buffer_append_slice(&copy, buffer_slice(&p->abbrev));
    buffer_append_slice(&p->abbrev, buffer_slice(&copy));
    buffer_free(&copy);
    for (uint32_t i = 0; i < n; i++) {
        unit_begin(p, 4, 4);
        for (size_t k = 0; k < 4; k++) {
            p->info.data[p->start + 6 + k] =
                (uint8_t)((i % 2 ? size : 0) >> (8 * k));
        }
        unit_end(p);
    }
}

/* Every unit says that all code is its own. */
static void units_of_all_code(struct program *p, uint32_t n) {
    p->unit =
        abbreviate(p, TAG_UNIT, true, (int[]){LOW_PC, ADDR, HIGH_PC, DATA4, 0});
    for (uint32_t i = 0; i < n; i++) {
        unit_begin(p, 4, 4);
        u32(&p->info, CODE_OF(0)), u32(&p->info, UINT32_MAX);
        unit_end(p);
    }
}

static void references(struct program *p, uint32_t n) {
    uint32_t code = abbreviate(
        p,
        TAG_SUBPROGRAM,
        false,
        (int[]){SPECIFICATION, REF4, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    unit_begin(p, 4, 4);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = entry(p, code);
        u32(&p->info, at + 10), u32(&p->info, CODE_OF(0)), u8(&p->info, 3);
    }
    unit_end(p);
}

static void inlined_in_inlined(struct program *p, uint32_t n) {
    uint32_t code =
        abbreviate(p,
                   TAG_SUBPROGRAM,
                   true,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA1, 0});
    uint32_t inlined = abbreviate(
        p,
        TAG_INLINED,
        true,
        (int[]){ABSTRACT_ORIGIN, REF4, LOW_PC, ADDR, HIGH_PC, DATA4, 0});
    unit_begin(p, 4, 4);
    put_code(p, code, "run");
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = entry(p, inlined);
        u32(&p->info, at), u32(&p->info, CODE_OF(0)), u32(&p->info, 3);
    }
    for (uint32_t i = 0; i < n; i++)
        entry_end(p);
    entry_end(p);
    unit_end(p);
}

/* A line program of n files begins; where its length is to be written. */
static size_t files_begin(struct program *p, uint32_t n) {
    size_t start = length_begin(&p->line);
    fixed(&p->line, 4, 2);
    size_t header = length_begin(&p->line);
    PUT(&p->line, "\1\1\1\xFB\x0E\x0D\0\1\1\1\1\0\0\0\1\0\0\1\0");
    REPEAT(&p->line, "f\0\0\0\0", n);
    u8(&p->line, 0);
    length_end(&p->line, header);
    return start;
}

/* A table of n rows, none of which is the one that is looked for, and n
 * files. */
static void rows_and_files(struct program *p, uint32_t n) {
    p->unit = abbreviate(p, TAG_UNIT, true, (int[]){STMT_LIST, SEC_OFFSET, 0});
    uint32_t code = plain_code(p);
    unit_begin(p, 4, 4);
    u32(&p->info, 0);
    put_code(p, code, "run");
    unit_end(p);
    size_t start = files_begin(p, n);
    REPEAT(&p->line, "\1", n);
    PUT(&p->line, "\0\5\2\2\0\0\0\4\x7F\1\2\3\0\1\1");
    length_end(&p->line, start);
}

/* Rows that are each of another file, and units that have all of them. */
static void rows_of_files(struct program *p, uint32_t n) {
    p->unit = abbreviate(p, TAG_UNIT, true, (int[]){STMT_LIST, SEC_OFFSET, 0});
    uint32_t code = plain_code(p);
    for (uint32_t i = 0; i < n; i++) {
        unit_begin(p, 4, 4);
        u32(&p->info, 0);
        put_code(p, code, "run");
        unit_end(p);
    }
    size_t start = files_begin(p, n);
    PUT(&p->line, "\0\5\2\2\0\0\0");
    for (uint32_t i = 0; i < n; i++) {
        PUT(&p->line, "\4");
        number_put(&p->line, i + 1);
        PUT(&p->line, "\1\2\1\1");
    }
    PUT(&p->line, "\0\1\1");
    length_end(&p->line, start);
}

/* ---- what they cost ---- */

static void count(void (*make)(struct program *p, uint32_t n), uint32_t n) {
    struct program program = program_new();
    make(&program, n);
    struct buffer module = program_module(&program);
    struct debug_place places[200];
    struct arena texts;
    arena_init(&texts);
    entered = allocated = 0;
    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    assert_non_null(debug);
    for (uint32_t offset = 0; offset < 100; offset += 7) {
        debug_places(debug, offset, &texts, places, 200);
    }
    debug_lines(debug);
    debug_free(debug);
    arena_free(&texts);
    buffer_free(&module);
    program_free(&program);
}

static void twice_as_much_costs_twice(void **state) {
    (void)state;
    /* The latter of what does not depend on the former. */
    enum { NUMBER = 5000, SLACK = 200000 };
    static const struct {
        const char *name;
        void (*make)(struct program *p, uint32_t n);
    } made[] = {
        {"functions", functions},
        {"functions in pieces", functions_in_pieces},
        {"attributes", attributes},
        {"scopes in scopes", scopes_in_scopes},
        {"tables in turn", tables_in_turn},
        {"units of all code", units_of_all_code},
        {"references", references},
        {"inlined in inlined", inlined_in_inlined},
        {"rows and files", rows_and_files},
        {"rows of files", rows_of_files},
    };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        count(made[i].make, NUMBER);
        size_t entered_once = entered, allocated_once = allocated;
        count(made[i].make, 2 * NUMBER);
        if (entered > entered_once / 2 * 5 + SLACK || entered_once == 0) {
            fail_msg("%s: %zu blocks of code, for twice as many %zu",
                     made[i].name,
                     entered_once,
                     entered);
        }
        if (allocated > allocated_once / 2 * 5 + SLACK) {
            fail_msg("%s: %zu bytes, for twice as many %zu",
                     made[i].name,
                     allocated_once,
                     allocated);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice_as_much_costs_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
