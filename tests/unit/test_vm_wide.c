/* What an instruction does must not take longer if it is two bytes that move a
 * thousand values: the work is in few steps, however many they are. */
#include "tests/unit/vm_cost.h"

enum { WIDTH_LESS = 10, WIDTH = 1000 };
static uint32_t width;

static void
put_func_type(struct buffer *types, uint32_t params, uint32_t results) {
    put_byte(types, 0x60);
    put_number(types, params);
    REPEAT(types, "\x7F", params);
    put_number(types, results);
    REPEAT(types, "\x7F", results);
}

/* Types 0 to 3: () -> (), i32s to i32s, () to i32s, i32s to (). Functions 0 to
 * 3 of these types, of which 0 has the body. A tag that has i32s, and a
 * table. */
static void put_wide(struct buffer *m, const struct buffer *body) {
    struct buffer types = empty();
    put_func_type(&types, 0, 0);
    put_func_type(&types, width, width);
    put_func_type(&types, 0, width);
    put_func_type(&types, width, 0);
    PUT_SECTIONS(m,
                 TYPES(ENTRIES_OF(4, &types)),
                 FUNCTIONS(ENTRY("\0"), ENTRY("\1"), ENTRY("\2"), ENTRY("\3")),
                 TABLES(ENTRY("\x70\0\1")),
                 TAGS(ENTRY("\0\3")),
                 CODE(BODY_OF(body), BODIES(3, "\0\0\x0B")));
    buffer_free(&types);
}

/* With as many values on the stack as there are parameters, n times these
 * bytes. */
static void
wide_of(struct buffer *m, uint32_t n, const char *bytes, size_t size) {
    struct buffer body = empty();
    PUT(&body, "\0\x10\2");
    put_repeated(&body, bytes, size, n);
    PUT(&body, "\x0F\x0B");
    put_wide(m, &body);
    buffer_free(&body);
}

#define TAKE   "\x10\3" /* calls */
#define GIVE   "\x10\2"
#define TO     "\2" /* block types */
#define TO_ALL "\1"

#define WIDE_SHAPES(X)                                                         \
    X(wide_calls, "\x10\1")                                                    \
    X(wide_indirect_calls, "\x41\0\x11\1\0")                                   \
    X(wide_tail_calls, "\x02\x40" GIVE "\x12\3\x0B")                           \
    X(wide_blocks, "\x02" TO_ALL "\x0B")                                       \
    X(wide_loops, "\x03" TO_ALL "\x0B")                                        \
    X(wide_ifs, "\x41\0\x04" TO_ALL "\x0B")                                    \
    X(wide_elses, "\x41\0\x04" TO_ALL "\x05\x0B")                              \
    X(wide_branches, "\x02" TO_ALL "\x0C\0\x0B")                               \
    X(wide_branches_if, "\x02" TO_ALL "\x41\0\x0D\0\x0B")                      \
    X(wide_branches_back, "\x03" TO_ALL "\x41\0\x0D\0\x0B")                    \
    X(wide_tables, "\x02" TO_ALL "\x41\0\x0E\1\0\0\x0B")                       \
    X(wide_moves, "\x02" TO "\x41\5" GIVE "\x41\0\x0D\0\x0C\0\x0B" TAKE)       \
    X(wide_tables_of_moves,                                                    \
      "\x02" TO "\x41\5" GIVE "\x41\0\x0E\1\0\0\x0B" TAKE)                     \
    X(wide_throws, "\x02\x40" GIVE "\x08\0\x0B")                               \
    X(wide_catches, "\x06\x40\x07\0" TAKE "\x0B")                              \
    X(wide_clauses, "\x02" TO "\x1F\x40\2\0\0\0\0\0\0\x0B\0\x0B" TAKE)         \
    X(wide_dead_calls, "\x02\x40\0\x10\1\x10\1\x0C\0\x0B")

#define X(name, bytes)                                                         \
    static void name(struct buffer *m, uint32_t n) {                           \
        wide_of(m, n, bytes, sizeof bytes - 1);                                \
    }
WIDE_SHAPES(X)
#undef X

/* An operand of any type, which is the lowest of a block, under as many as a
 * call takes but one. */
static void wide_calls_of_any(struct buffer *m, uint32_t n) {
    struct buffer body = empty();
    PUT(&body, "\0\x02\x40\0");
    /* select, of nothing. */
    for (uint32_t i = 0; i < n; i++)
        PUT(&body, "\x1B" TAKE);
    PUT(&body, "\x0B\x0B");
    put_wide(m, &body);
    buffer_free(&body);
}

static void wide_functions(struct buffer *m, uint32_t n) {
    struct buffer types = empty();
    put_func_type(&types, width, width);
    PUT_SECTIONS(m,
                 TYPES(ENTRIES_OF(1, &types)),
                 FUNCTIONS(ENTRIES(n, "\0")),
                 CODE(BODIES(n, "\0\0\x0B")));
    buffer_free(&types);
}

static const struct {
    const char *name;
    void (*make)(struct buffer *m, uint32_t n);
} wide[] = {
#define X(name, bytes) {#name, name},
    WIDE_SHAPES(X)
#undef X
        {"wide calls of any", wide_calls_of_any},
    {"wide functions", wide_functions},
};

static void a_thousand_values_are_one_step(void **state) {
    (void)state;
    /* The latter for the types themselves. */
    enum { NUMBER = 2000, SLACK = 100000 };
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        width = WIDTH_LESS;
        count_cost(wide[i].make, NUMBER);
        size_t few = cost[ENTERED];
        width = WIDTH;
        count_cost(wide[i].make, NUMBER);
        if (cost[ENTERED] > few * 3 / 2 + SLACK) {
            fail_msg("%s: %zu blocks of code entered, with fewer values %zu",
                     wide[i].name,
                     cost[ENTERED],
                     few);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_values_are_one_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
