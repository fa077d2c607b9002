/* try_table, throw_ref and exnref, written as bytes: the assembler does not
 * know them. What both generations of exceptions have in common is in
 * test_vm_exceptions.c. */
#include "tests/unit/vm_module.h"

/* ---- the binary format ---- */

enum { NONE = 0x40, EXNREF = 0x69, I64 = 0x7E, I32 = 0x7F, FUNCTION = 0x60 };
enum { UNREACHABLE = 0x00, BLOCK = 0x02, LOOP = 0x03, IF = 0x04, END = 0x0B };
enum { THROW = 0x08, THROW_REF = 0x0A, TRY_TABLE = 0x1F };
enum { BR = 0x0C, BR_IF = 0x0D, RETURN = 0x0F, CALL = 0x10, DROP = 0x1A };
enum {
    GET = 0x20,
    SET = 0x21,
    TEE = 0x22,
    GLOBAL_GET = 0x23,
    GLOBAL_SET = 0x24
};
enum { TABLE_GET = 0x25, TABLE_SET = 0x26, REF_NULL = 0xD0, IS_NULL = 0xD1 };
enum {
    CONST = 0x41,
    I64_CONST = 0x42,
    EQ = 0x46,
    ADD = 0x6A,
    SUB = 0x6B,
    WRAP = 0xA7
};
/* Then the tag, unless it is for all; label. */
enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF };

/* ---- the module around each body ---- */

/* Types: of functions and tags, then of blocks. */
enum { UNARY, SINK, PAIR_SINK, NOTHING, NUMBER_AND_REF, PAIR, ONE_TO_TWO };

/* Of type SINK, PAIR_SINK and NOTHING. */
enum { NUMBER_TAG, PAIR_TAG, EMPTY_TAG, TAG_COUNT };

/* The body that is tested, of type UNARY; and, of type SINK, one that throws
 * what the argument chooses (1 to 3; else it returns) and one that calls it and
 * catches EMPTY_TAG. */
enum { TESTED, THROWER, MIDDLE };

/* A line is an instruction, or a few that belong together. clang-format would
 * fill the lines. */
/* clang-format off */
#define THROWER_BODY                                                                               \
    0,                                                                                             \
    GET, 0, CONST, 1, EQ, IF, NONE, CONST, 40, THROW, NUMBER_TAG, END,                             \
    GET, 0, CONST, 2, EQ, IF, NONE, CONST, 20, I64_CONST, 7, THROW, PAIR_TAG, END,                 \
    GET, 0, CONST, 3, EQ, IF, NONE, THROW, EMPTY_TAG, END,                                         \
    END
#define MIDDLE_BODY                                                                                \
    0,                                                                                             \
    BLOCK, NONE,                                                                                   \
      TRY_TABLE, NONE, 1, CATCH, EMPTY_TAG, 0,                                                     \
        GET, 0, CALL, THROWER,                                                                     \
      END,                                                                                         \
    END,                                                                                           \
    END

static struct buffer module_around(const struct buffer *body) {
    return MODULE(
        TYPES(
            ENTRY_BYTES(FUNCTION, 1, I32, 1, I32),     /* UNARY */
            ENTRY_BYTES(FUNCTION, 1, I32, 0),          /* SINK */
            ENTRY_BYTES(FUNCTION, 2, I32, I64, 0),     /* PAIR_SINK */
            ENTRY_BYTES(FUNCTION, 0, 0),               /* NOTHING */
            ENTRY_BYTES(FUNCTION, 0, 2, I32, EXNREF),  /* NUMBER_AND_REF */
            ENTRY_BYTES(FUNCTION, 0, 2, I32, I64),     /* PAIR */
            ENTRY_BYTES(FUNCTION, 1, I32, 2, I32, I32) /* ONE_TO_TWO */),
        FUNCTIONS(ENTRY_BYTES(UNARY), ENTRY_BYTES(SINK), ENTRY_BYTES(SINK)),
        TABLES(ENTRY_BYTES(EXNREF, 0, 2)),
        TAGS(ENTRY_BYTES(0, SINK), ENTRY_BYTES(0, PAIR_SINK), ENTRY_BYTES(0, NOTHING)),
        GLOBALS(ENTRY_BYTES(EXNREF, 1, REF_NULL, EXNREF, END)),
        EXPORTS(NAMED("f", "\0\0")),
        CODE(BODY_OF(body), BODY_BYTES(THROWER_BODY), BODY_BYTES(MIDDLE_BODY)));
}
/* clang-format on */

/* A guest whose function "f" has these locals and code, up to and without its
 * last `end`. It is not instantiated; without a module if it was refused. */
static struct guest load(const struct vm_limits *limits,
                         const void *text,
                         size_t size,
                         struct error *error) {
    struct guest guest = guest_open(limits);
    struct buffer body = empty();
    put(&body, text, size);
    put_byte(&body, END);
    guest_take(&guest, module_around(&body), error);
    buffer_free(&body);
    return guest;
}

/* ---- bodies, and what they give for 0, 1, 2 and 3 ---- */

enum { RUNS = 4 };
#define UNCAUGHT UINT32_MAX
#define NULL_REF (UINT32_MAX - 1) /* a null reference is thrown */

struct body {
    const char *what;
    const void *bytes;
    size_t size;
    uint32_t results[RUNS];
};

#define THROW_IT GET, 0, CALL, THROWER /* what the argument chooses */
#define RESULTS(...)                                                           \
    { __VA_ARGS__ }

/* clang-format off */
static const struct body kinds[] = {
    {"catch", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            THROW_IT,
          END,
          CONST, 5,
        END), RESULTS(5, 40, UNCAUGHT, UNCAUGHT)},
    {"catch, two values", COUNTED(0,
        BLOCK, PAIR,
          TRY_TABLE, NONE, 1, CATCH, PAIR_TAG, 0,
            THROW_IT,
          END,
          CONST, 5, I64_CONST, 6,
        END,
        WRAP, ADD), RESULTS(11, UNCAUGHT, 27, UNCAUGHT)},
    {"catch_ref", COUNTED(0,
        BLOCK, NUMBER_AND_REF,
          TRY_TABLE, NONE, 1, CATCH_REF, NUMBER_TAG, 0,
            THROW_IT,
          END,
          CONST, 5, REF_NULL, EXNREF,
        END,
        IS_NULL, ADD), RESULTS(6, 40, UNCAUGHT, UNCAUGHT)},
    {"catch_all", COUNTED(0,
        BLOCK, NONE,
          TRY_TABLE, NONE, 1, CATCH_ALL, 0,
            THROW_IT,
          END,
          CONST, 5, RETURN,
        END,
        CONST, 6), RESULTS(5, 6, 6, 6)},
    {"catch_all_ref", COUNTED(0,
        BLOCK, EXNREF,
          TRY_TABLE, NONE, 1, CATCH_ALL_REF, 0,
            THROW_IT,
          END,
          REF_NULL, EXNREF,
        END,
        IS_NULL), RESULTS(1, 0, 0, 0)},
};

/* The first clause that fits is taken. */
static const struct body orders[] = {
    {"no clause", COUNTED(0,
        TRY_TABLE, NONE, 0,
          THROW_IT,
        END,
        CONST, 5), RESULTS(5, UNCAUGHT, UNCAUGHT, UNCAUGHT)},
    {"catch_all last", COUNTED(0,
        BLOCK, NONE,
          BLOCK, I32,
            TRY_TABLE, NONE, 2, CATCH, NUMBER_TAG, 0, CATCH_ALL, 1,
              THROW_IT,
            END,
            CONST, 5,
          END,
          RETURN,
        END,
        CONST, 9), RESULTS(5, 40, 9, 9)},
    {"catch_all first", COUNTED(0,
        BLOCK, NONE,
          BLOCK, I32,
            TRY_TABLE, NONE, 2, CATCH_ALL, 1, CATCH, NUMBER_TAG, 0,
              THROW_IT,
            END,
            CONST, 5,
          END,
          RETURN,
        END,
        CONST, 9), RESULTS(5, 9, 9, 9)},
    {"the same tag, inner label first", COUNTED(0,
        BLOCK, I32,
          BLOCK, I32,
            TRY_TABLE, NONE, 2, CATCH, NUMBER_TAG, 0, CATCH, NUMBER_TAG, 1,
              THROW_IT,
            END,
            CONST, 5,
          END,
          CONST, 1, ADD,
        END), RESULTS(6, 41, UNCAUGHT, UNCAUGHT)},
    {"the same tag, outer label first", COUNTED(0,
        BLOCK, I32,
          BLOCK, I32,
            TRY_TABLE, NONE, 2, CATCH, NUMBER_TAG, 1, CATCH, NUMBER_TAG, 0,
              THROW_IT,
            END,
            CONST, 5,
          END,
          CONST, 1, ADD,
        END), RESULTS(6, 40, UNCAUGHT, UNCAUGHT)},
    {"one clause each", COUNTED(0,
        BLOCK, NONE,
          BLOCK, PAIR,
            BLOCK, I32,
              TRY_TABLE, NONE, 3, CATCH, EMPTY_TAG, 2, CATCH, PAIR_TAG, 1, CATCH, NUMBER_TAG, 0,
                THROW_IT,
              END,
              CONST, 5,
            END,
            RETURN,
          END,
          WRAP, ADD, RETURN,
        END,
        CONST, 9), RESULTS(5, 40, 27, 9)},
};

/* Within each other, and through calls. */
static const struct body nestings[] = {
    {"the innermost that fits", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, I32, 1, CATCH, NUMBER_TAG, 0,
            BLOCK, NONE,
              TRY_TABLE, NONE, 1, CATCH, EMPTY_TAG, 0,
                THROW_IT,
              END,
              CONST, 5, BR, 2,
            END,
            CONST, 6,
          END,
        END), RESULTS(5, 40, UNCAUGHT, 6)},
    {"both fit", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            BLOCK, I32,
              TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
                THROW_IT,
              END,
              CONST, 5,
            END,
            CONST, 1, ADD, RETURN,
          END,
          UNREACHABLE,
        END), RESULTS(6, 41, UNCAUGHT, UNCAUGHT)},
    {"over a frame that does not catch it", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            GET, 0, CALL, MIDDLE,
          END,
          CONST, 5,
        END), RESULTS(5, 40, UNCAUGHT, 5)},
    {"behind the end", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
          END,
          THROW_IT,
          CONST, 5,
        END), RESULTS(5, UNCAUGHT, UNCAUGHT, UNCAUGHT)},
    {"where a clause went", COUNTED(0,
        BLOCK, NONE,
          TRY_TABLE, NONE, 1, CATCH_ALL, 0,
            THROW_IT,
          END,
          CONST, 5, RETURN,
        END,
        THROW_IT,
        CONST, 6), RESULTS(5, UNCAUGHT, UNCAUGHT, UNCAUGHT)},
};

/* Labels, operands, values of the block. */
static const struct body blocks[] = {
    {"a loop's label", COUNTED(1, 1, I32,
        CONST, 0,
        LOOP, UNARY,
          SET, 1,
          GET, 1, IF, NONE, GET, 1, RETURN, END,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            THROW_IT,
          END,
          CONST, 5,
        END), RESULTS(5, 40, UNCAUGHT, UNCAUGHT)},
    {"the function's label", COUNTED(0,
        TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
          THROW_IT,
        END,
        CONST, 5), RESULTS(5, 40, UNCAUGHT, UNCAUGHT)},
    {"operands below", COUNTED(0,
        CONST, 3,
        BLOCK, I32,
          CONST, 30,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            CONST, 31,
            THROW_IT,
            DROP,
          END,
          DROP,
          CONST, 5,
        END,
        ADD), RESULTS(8, 43, UNCAUGHT, UNCAUGHT)},
    {"parameters and results", COUNTED(0,
        BLOCK, NONE,
          CONST, 3,
          GET, 0,
          TRY_TABLE, ONE_TO_TWO, 1, CATCH_ALL, 0,
            TEE, 0, CALL, THROWER,
            GET, 0, CONST, 4,
          END,
          ADD, ADD, RETURN,
        END,
        CONST, 9), RESULTS(7, 9, 9, 9)},
    {"its own label", COUNTED(0,
        BLOCK, NONE,
          TRY_TABLE, NONE, 1, CATCH_ALL, 0,
            GET, 0, BR_IF, 0,
            CONST, 5, RETURN,
          END,
          CONST, 6, RETURN,
        END,
        CONST, 9), RESULTS(5, 6, 6, 6)},
    {"a local written before the throw", COUNTED(1, 1, I32,
        BLOCK, NONE,
          TRY_TABLE, NONE, 1, CATCH_ALL, 0,
            CONST, 7, SET, 1,
            THROW_IT,
            CONST, 8, SET, 1,
          END,
        END,
        GET, 1), RESULTS(8, 7, 7, 7)},
    {"code that is not reached", COUNTED(0,
        CONST, 5, RETURN,
        BLOCK, NUMBER_AND_REF,
          TRY_TABLE, NONE, 1, CATCH_REF, NUMBER_TAG, 0,
            UNREACHABLE, CALL, THROWER, THROW, NUMBER_TAG,
          END,
          UNREACHABLE,
        END,
        THROW_REF), RESULTS(5, 5, 5, 5)},
    {"code behind a throw", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, I32, 1, CATCH, NUMBER_TAG, 0,
            CONST, 8, THROW, NUMBER_TAG, ADD,
          END,
        END), RESULTS(8, 8, 8, 8)},
};

#define CAUGHT_REF /* leaves what was thrown, or null */ \
        BLOCK, EXNREF,                                   \
          TRY_TABLE, NONE, 1, CATCH_ALL_REF, 0,          \
            THROW_IT,                                    \
          END,                                           \
          REF_NULL, EXNREF,                              \
        END

static const struct body references[] = {
    {"null", COUNTED(0, REF_NULL, EXNREF, THROW_REF), RESULTS(NULL_REF, NULL_REF, NULL_REF, NULL_REF)},
    {"a local is null at first", COUNTED(1, 1, EXNREF, GET, 1, IS_NULL), RESULTS(1, 1, 1, 1)},
    {"a table's element is null at first",
        COUNTED(0, CONST, 1, TABLE_GET, 0, IS_NULL), RESULTS(1, 1, 1, 1)},
    {"thrown again, caught by the next", COUNTED(0,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            CAUGHT_REF,
            THROW_REF,
          END,
          UNREACHABLE,
        END), RESULTS(NULL_REF, 40, UNCAUGHT, UNCAUGHT)},
    {"thrown again where it was caught", COUNTED(0,
        BLOCK, NUMBER_AND_REF,
          TRY_TABLE, NONE, 1, CATCH_REF, NUMBER_TAG, 0,
            THROW_IT,
          END,
          CONST, 5, RETURN,
        END,
        THROW_REF), RESULTS(5, UNCAUGHT, UNCAUGHT, UNCAUGHT)},
    {"from a local, a table, a global", COUNTED(1, 1, EXNREF,
        CAUGHT_REF,
        SET, 1,
        CONST, 1, GET, 1, TABLE_SET, 0,
        CONST, 1, TABLE_GET, 0, GLOBAL_SET, 0,
        BLOCK, PAIR,
          BLOCK, I32,
            TRY_TABLE, NONE, 2, CATCH, NUMBER_TAG, 0, CATCH, PAIR_TAG, 1,
              GLOBAL_GET, 0, THROW_REF,
            END,
            UNREACHABLE,
          END,
          RETURN,
        END,
        WRAP, ADD), RESULTS(NULL_REF, 40, 27, UNCAUGHT)},
    {"thrown twice", COUNTED(1, 1, EXNREF,
        CAUGHT_REF,
        SET, 1,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            GET, 1, THROW_REF,
          END,
          UNREACHABLE,
        END,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            GET, 1, THROW_REF,
          END,
          UNREACHABLE,
        END,
        ADD), RESULTS(NULL_REF, 80, UNCAUGHT, UNCAUGHT)},
};
/* clang-format on */

static uint32_t call(const struct guest *guest, uint32_t arg) {
    struct vm_value value = i32(arg), result;
    struct error error = ERROR_INIT;
    if (vm_call(guest_function(guest, "f"), &value, 1, &result, &error))
        return result.of.i32;
    if (strcmp(error.text, "uncaught exception") == 0)
        return UNCAUGHT;
    assert_string_equal(error.text, "null exception reference");
    return NULL_REF;
}

static void check(const struct body *bodies, size_t count) {
    for (size_t i = 0; i < 2 * count; i++) {
        const struct body *body = &bodies[i / 2];
        struct vm_limits limits = vm_limits_default();
        limits.plain_code = i & 1;
        struct error error = ERROR_INIT;
        struct guest guest = load(&limits, body->bytes, body->size, &error);
        if (!guest.module)
            fail_msg("%s: %s", body->what, error.text);
        guest_start(&guest);
        for (uint32_t arg = 0; arg < RUNS; arg++) {
            uint32_t result = call(&guest, arg);
            if (result != body->results[arg])
                fail_msg("%s: %u: %u", body->what, arg, result);
        }
        guest_close(&guest);
    }
}

#define TEST(test, bodies)                                                     \
    static void test(void **state) {                                           \
        (void)state;                                                           \
        check(bodies, sizeof bodies / sizeof *bodies);                         \
    }

TEST(each_kind_of_clause_gives_its_values, kinds)
TEST(clauses_are_tried_in_order, orders)
TEST(the_innermost_try_table_catches, nestings)
TEST(blocks_keep_their_values, blocks)
TEST(references_are_kept_and_thrown, references)

/* While many others are thrown, and freed. */
static void a_reference_keeps_its_exception(void **state) {
    (void)state;
    /* clang-format off */
    struct error error = ERROR_INIT;
    struct guest guest = load(NULL, COUNTED(0,
        BLOCK, EXNREF,
          TRY_TABLE, NONE, 1, CATCH_ALL_REF, 0,
            CONST, 1, CALL, THROWER,
          END,
          UNREACHABLE,
        END,
        GLOBAL_SET, 0,
        LOOP, NONE,
          BLOCK, NONE,
            TRY_TABLE, NONE, 1, CATCH_ALL, 0,
              CONST, 2, CALL, THROWER,
            END,
          END,
          GET, 0, CONST, 1, SUB, TEE, 0, BR_IF, 0,
        END,
        BLOCK, I32,
          TRY_TABLE, NONE, 1, CATCH, NUMBER_TAG, 0,
            GLOBAL_GET, 0, THROW_REF,
          END,
          UNREACHABLE,
        END), &error);
    /* clang-format on */
    if (!guest.module)
        fail_msg("%s", error.text);
    guest_start(&guest);
    assert_int_equal(call(&guest, 10000), 40);
    guest_close(&guest);
}

/* ---- what is refused ---- */

#define TRY_IN_BLOCK(type, ...)                                                \
    COUNTED(0,                                                                 \
            BLOCK,                                                             \
            type,                                                              \
            TRY_TABLE,                                                         \
            NONE,                                                              \
            1,                                                                 \
            __VA_ARGS__,                                                       \
            END,                                                               \
            UNREACHABLE,                                                       \
            END,                                                               \
            UNREACHABLE)

static const struct {
    enum error_kind kind;
    const char *text;
    const void *bytes;
    size_t size;
} refused[] = {
#define LABEL "type mismatch: the label does not take what the clause catches"
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(NONE, CATCH, NUMBER_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(I64, CATCH, NUMBER_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(I32, CATCH, PAIR_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(I32, CATCH, EMPTY_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(NUMBER_AND_REF, CATCH, NUMBER_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(I32, CATCH_REF, NUMBER_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(PAIR, CATCH_REF, NUMBER_TAG, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(I32, CATCH_ALL, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(EXNREF, CATCH_ALL, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(NONE, CATCH_ALL_REF, 0)},
    {ERROR_INVALID, LABEL, TRY_IN_BLOCK(NUMBER_AND_REF, CATCH_ALL_REF, 0)},
    {ERROR_INVALID, "unknown tag", TRY_IN_BLOCK(NONE, CATCH, TAG_COUNT, 0)},
    {ERROR_INVALID,
     "unknown tag",
     TRY_IN_BLOCK(EXNREF, CATCH_REF, TAG_COUNT, 0)},
    {ERROR_INVALID, "unknown label", TRY_IN_BLOCK(NONE, CATCH_ALL, 2)},
    {ERROR_MALFORMED, "malformed catch clause", TRY_IN_BLOCK(NONE, 4, 0, 0)},
    /* Label 0 of a clause is the block around the try_table, not the
     * try_table. */
    {ERROR_INVALID,
     LABEL,
     COUNTED(0,
             BLOCK,
             NONE,
             TRY_TABLE,
             I32,
             1,
             CATCH,
             NUMBER_TAG,
             0,
             CONST,
             1,
             END,
             DROP,
             END,
             CONST,
             1)},
    {ERROR_INVALID, "type mismatch", COUNTED(0, TRY_TABLE, I32, 0, END)},
    {ERROR_INVALID, "type mismatch", COUNTED(0, CONST, 1, THROW_REF)},
    {ERROR_INVALID, "type mismatch", COUNTED(0, THROW_REF)},
    {ERROR_INVALID,
     "type mismatch",
     COUNTED(0, I64_CONST, 1, THROW, NUMBER_TAG)},
    {ERROR_INVALID, "type mismatch", COUNTED(0, CONST, 1, THROW, PAIR_TAG)},
    {ERROR_INVALID,
     "type mismatch",
     COUNTED(1, 1, EXNREF, CONST, 1, SET, 1, CONST, 1)},
};

static void clauses_must_fit_their_labels(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct error error = ERROR_INIT;
        struct guest guest =
            load(NULL, refused[i].bytes, refused[i].size, &error);
        if (error.kind != refused[i].kind ||
            !strstr(error.text, refused[i].text)) {
            fail_msg(
                "%zu: expected %s, found %s", i, refused[i].text, error.text);
        }
        guest_close(&guest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_clause_gives_its_values),
        cmocka_unit_test(clauses_are_tried_in_order),
        cmocka_unit_test(the_innermost_try_table_catches),
        cmocka_unit_test(blocks_keep_their_values),
        cmocka_unit_test(references_are_kept_and_thrown),
        cmocka_unit_test(a_reference_keeps_its_exception),
        cmocka_unit_test(clauses_must_fit_their_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
