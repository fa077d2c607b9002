/* What a byte of a module can make the vm hold: at most 40 bytes, all that
 * decoding and translating keep and work with counted, whatever the bytes are.
 * So a large module cannot be a cheap way to use up a machine, and the limit of
 * a guest's memory does not depend on how nasty its code is.
 *
 * The shapes are those in which few bytes make much: a target of a br_table,
 * which is one byte; a conditional branch whose condition came from a call, one
 * of a thousand results; a catch clause; and all that can be nested. */
#include "tests/unit/vm_module.h"

#include "vm/store.h"

enum { BYTES_A_BYTE = 40, APART = 64 << 10, NUMBER = 40000 };

/* ---- the module ---- */

/* Types: 0 () -> (), 1 (i32) -> (), 2 (i32 i32) -> (), 3 () -> (i32 i32), 4 ()
 * -> (1000 i32), 5 (i32 i32) -> (i32 i32). */
static void put_types(struct buffer *module) {
    struct buffer types = empty();
    PUT(&types, "\x60\0");
    put_number(&types, 1000);
    REPEAT(&types, "\x7F", 1000);
    PUT_SECTIONS(module,
                 TYPES(ENTRY("\x60\0\0"),
                       ENTRY("\x60\1\x7F\0"),
                       ENTRY("\x60\2\x7F\x7F\0"),
                       ENTRY("\x60\0\2\x7F\x7F"),
                       ENTRIES_OF(1, &types),
                       ENTRY("\x60\2\x7F\x7F\2\x7F\x7F")));
    buffer_free(&types);
}

/* Function 0, whose body the shape makes; 1, that gives a thousand i32. Locals
 * of function 0: 0 and 1 i32, 2 i64, 3 v128. Tags 0, 1, 2: an i32, two,
 * nothing. */
static void put_module(struct buffer *module,
                       void (*shape)(struct buffer *body)) {
    struct buffer body = empty();
    PUT(&body, "\3\2\x7F\1\x7E\1\x7B");
    shape(&body);
    PUT(&body, "\x0B");

    PUT(module, MODULE_START);
    put_types(module);
    PUT_SECTIONS(module,
                 FUNCTIONS(ENTRY("\0"), ENTRY("\4")),
                 TABLES(ENTRY("\x70\0\1")),
                 MEMORIES(ENTRIES(2, "\0\1")),
                 TAGS(ENTRY("\0\1"), ENTRY("\0\2"), ENTRY("\0\0")),
                 GLOBALS(ENTRY("\x7F\1\x41\0\x0B")),
                 CODE(BODY_OF(&body), BODY("\0\0\x0B")));
    buffer_free(&body);
}

/* ---- the shapes ---- */

static void unary(struct buffer *body) {
    PUT(body, "\x41\1");
    REPEAT(body, "\x67", NUMBER);
    PUT(body, "\x1A");
}

#define WIDE "\x42\x80\x80\x80\x80\x80\1" /* i64.const 2^35 */

static void wide_constants(struct buffer *body) {
    REPEAT(body, WIDE "\x21\2", NUMBER);
}

static void a_wide_constant_in_locals(struct buffer *body) {
    PUT(body, WIDE);
    REPEAT(body, "\x22\2", NUMBER);
    PUT(body, "\x1A");
}

static void selected_constants(struct buffer *body) {
    REPEAT(body, "\x41\1\x41\2\x41\3\x1B\x1A", NUMBER);
}

static void local_moves(struct buffer *body) {
    REPEAT(body, "\x20\0\x20\1\x21\0\x21\1", NUMBER);
}

static void locals_below_writes(struct buffer *body) {
    for (int i = 0; i < NUMBER / 32; i++) {
        REPEAT(body, "\x20\0", 32);
        PUT(body, "\x41\1\x21\0");
        REPEAT(body, "\x1A", 32);
    }
}

static void globals(struct buffer *body) {
    REPEAT(body, "\x23\0\x24\0", NUMBER);
}

static void stores_of_constants(struct buffer *body) {
    REPEAT(body, "\x41\1\x41\x80\x80\4\x36\0\0", NUMBER);
}

static void far_accesses(struct buffer *body) {
    PUT(body, "\x41\0");
    REPEAT(body, "\x28\x40\1\0", NUMBER);
    PUT(body, "\x1A");
}

static void memory_sizes(struct buffer *body) {
    PUT(body, "\x41\0");
    REPEAT(body, "\x40\0", NUMBER); /* memory.grow */
    PUT(body, "\x1A");
}

static void wide_products(struct buffer *body) {
    PUT(body, "\x42\0\x42\0");
    REPEAT(body, "\xFC\x15", NUMBER);
    PUT(body, "\x1A\x1A");
}

static void table_reads(struct buffer *body) {
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x10\1");
        REPEAT(body, "\x25\0\x1A", 1000); /* table.get 0, drop */
    }
}

static void vectors(struct buffer *body) {
    PUT(body, "\x41\1");
    /* i8x16.splat, extract_lane_s 0. */
    REPEAT(body, "\xFD\x0F\xFD\x15\0", NUMBER);
    PUT(body, "\x1A");
}

static void vector_constants(struct buffer *body) {
    REPEAT(body,
           "\xFD\x0C"
           "0123456789ABCDEF\x21\3",
           NUMBER);
}

static void calls(struct buffer *body) {
    REPEAT(body, "\x10\0", NUMBER);
}

static void indirect_calls(struct buffer *body) {
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x10\1");
        REPEAT(body, "\x11\0\0", 1000);
    }
}

/* Blocks, each left at once. */
static void returns(struct buffer *body) {
    REPEAT(body, "\x02\x40\x0F\x0B", NUMBER);
}

static void branches(struct buffer *body) {
    REPEAT(body, "\x02\x7F\x41\1\x41\1\x0C\0\x0B\x1A", NUMBER);
}

static void throws(struct buffer *body) {
    REPEAT(body, "\x02\x40\x08\2\x0B", NUMBER);
}

static void nested_blocks(struct buffer *body) {
    REPEAT(body, "\x02\x40", NUMBER);
    REPEAT(body, "\x0B", NUMBER);
}

static void nested_loops(struct buffer *body) {
    REPEAT(body, "\x03\x40", NUMBER);
    REPEAT(body, "\x0B", NUMBER);
}

static void nested_ifs(struct buffer *body) {
    REPEAT(body, "\x41\0\x04\x40", NUMBER);
    REPEAT(body, "\x05\x0B", NUMBER);
}

static void ifs_in_a_row(struct buffer *body) {
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x10\1");
        REPEAT(body, "\x04\x40\x05\x0B", 1000);
    }
}

/* Conditional branches with values that must be moved, with conditions from a
 * call. */
static void branches_with_a_value(struct buffer *body) {
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x02\x7F\x41\5\x10\1");
        REPEAT(body, "\x0D\0", 999);
        PUT(body, "\x1A\x0B\x1A");
    }
}

static void branches_with_two_values(struct buffer *body) {
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x02\3\x41\5\x10\1");
        REPEAT(body, "\x0D\0", 998);
        PUT(body, "\x1A\x0B\x1A\x1A");
    }
}

static void branches_with_a_wide_constant(struct buffer *body) {
    PUT(body, "\x02\x7E\x41\5" WIDE);
    REPEAT(body, "\x20\0\x0D\0", NUMBER);
    PUT(body, "\x1A\x1A\x42\0\x0B\x1A");
}

static void conditional_returns(struct buffer *body) {
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x10\1");
        REPEAT(body, "\x0D\0", 1000);
    }
}

/* A table of so many equal targets. */
static void put_table(struct buffer *body, int count, int label) {
    put_byte(body, 0x0E);
    put_number(body, (uint64_t)count);
    for (int i = 0; i <= count; i++)
        put_byte(body, label);
}

static void targets(struct buffer *body) {
    PUT(body, "\x02\x40\x41\0");
    put_table(body, NUMBER, 0);
    PUT(body, "\x0B");
}

static void targets_that_return(struct buffer *body) {
    PUT(body, "\x02\x40\x41\0");
    put_table(body, NUMBER, 1);
    PUT(body, "\x0B");
}

static void targets_with_a_value(struct buffer *body) {
    PUT(body, "\x02\x7F\x41\5\x41\6\x41\0");
    put_table(body, NUMBER, 0);
    PUT(body, "\x0B\x1A");
}

static void targets_with_two_values(struct buffer *body) {
    PUT(body, "\x02\3\x41\5\x41\6\x41\7\x41\0");
    put_table(body, NUMBER, 0);
    PUT(body, "\x0B\x1A\x1A");
}

/* A loop that begins with a few operations and a br_table. The translator
 * repeats such a head where there are branches to it. */
static void begin_loop(struct buffer *body) {
    PUT(body, "\x03\x40\x02\x40");
    REPEAT(body, "\x20\1\x20\0\x6A\x21\1", 3);
    PUT(body, "\x20\0\x0E\0\0\x0B");
}

static void targets_at_a_loop_head(struct buffer *body) {
    PUT(body, "\x41\1\x03\1\x1A"); /* with a parameter, which is dropped */
    REPEAT(body, "\x20\1\x20\0\x6A\x21\1", 3);
    PUT(body, "\x41\5\x41\6\x20\0");
    put_table(body, NUMBER, 0);
    PUT(body, "\x0B");
}

static void branches_to_a_loop_head(struct buffer *body) {
    begin_loop(body);
    for (int i = 0; i < NUMBER / 1000; i++) {
        PUT(body, "\x10\1");
        REPEAT(body, "\x04\x40\x0C\1\x05\x0C\1\x0B", 1000);
    }
    PUT(body, "\x0B");
}

static void catches_that_go_to_a_loop_head(struct buffer *body) {
    begin_loop(body);
    PUT(body, "\x06\x40");
    REPEAT(body, "\7\2\x0C\1", NUMBER);
    PUT(body, "\x0B\x0B");
}

static void catches(struct buffer *body) {
    PUT(body, "\x06\x40");
    REPEAT(body, "\7\2", NUMBER);
    PUT(body, "\x0B");
}

static void catches_with_a_value(struct buffer *body) {
    PUT(body, "\x06\x7F\x41\5");
    REPEAT(body, "\7\0", NUMBER);
    PUT(body, "\x0B\x1A");
}

static void catches_with_two_values(struct buffer *body) {
    PUT(body, "\x06\3\x41\5\x41\5");
    REPEAT(body, "\7\1", NUMBER);
    PUT(body, "\x0B\x1A\x1A");
}

static void tries_in_a_row(struct buffer *body) {
    REPEAT(body, "\x06\x40\x19\x0B", NUMBER);
}

static void nested_tries(struct buffer *body) {
    REPEAT(body, "\x06\x40", NUMBER);
    REPEAT(body, "\x19\x0B", NUMBER);
}

static void tries_that_delegate(struct buffer *body) {
    REPEAT(body, "\x06\x40\x18\0", NUMBER);
}

static void nested_tries_that_delegate(struct buffer *body) {
    REPEAT(body, "\x06\x40", NUMBER);
    REPEAT(body, "\x18\0", NUMBER);
}

/* A try_table with so many clauses, within a block of that type and with a
 * value below. */
static void
put_clauses(struct buffer *body, int block, const char *clause, size_t size) {
    put_byte(body, 0x02);
    put_byte(body, block);
    PUT(body, "\x41\5\x1F\x40");
    put_number(body, NUMBER);
    put_repeated(body, clause, size, NUMBER);
    PUT(body, "\x0B\0\x0B"); /* unreachable */
}

static void clauses(struct buffer *body) {
    put_clauses(body, 0x40, "\2\0", 2);
}

static void clauses_with_a_reference(struct buffer *body) {
    put_clauses(body, 0x69, "\3\0", 2);
    PUT(body, "\x1A");
}

static void clauses_with_two_values(struct buffer *body) {
    put_clauses(body, 3, "\0\1\0", 3);
    PUT(body, "\x1A\x1A");
}

static void nested_try_tables(struct buffer *body) {
    REPEAT(body, "\x1F\x40\1\2\0", NUMBER);
    REPEAT(body, "\x0B", NUMBER);
}

/* Values that wait on the stack, as many as a frame has slots for. */
static void waiting_values(struct buffer *body) {
    enum { VALUES = 60000 };
    REPEAT(body, "\x41\1", VALUES);
    REPEAT(body, "\x1A", VALUES);
}

static void declared_locals(struct buffer *body) {
    enum { LOCALS = 49000 };
    body->size = 0;
    put_number(body, LOCALS);
    REPEAT(body, "\1\x7F", LOCALS);
}

static const struct {
    const char *name;
    void (*shape)(struct buffer *body);
} shapes[] = {
#define SHAPE(name)                                                            \
    { #name, name }
    SHAPE(unary),
    SHAPE(wide_constants),
    SHAPE(a_wide_constant_in_locals),
    SHAPE(selected_constants),
    SHAPE(local_moves),
    SHAPE(locals_below_writes),
    SHAPE(globals),
    SHAPE(stores_of_constants),
    SHAPE(far_accesses),
    SHAPE(memory_sizes),
    SHAPE(wide_products),
    SHAPE(table_reads),
    SHAPE(vectors),
    SHAPE(vector_constants),
    SHAPE(calls),
    SHAPE(indirect_calls),
    SHAPE(returns),
    SHAPE(branches),
    SHAPE(throws),
    SHAPE(nested_blocks),
    SHAPE(nested_loops),
    SHAPE(nested_ifs),
    SHAPE(ifs_in_a_row),
    SHAPE(branches_with_a_value),
    SHAPE(branches_with_two_values),
    SHAPE(branches_with_a_wide_constant),
    SHAPE(conditional_returns),
    SHAPE(targets),
    SHAPE(targets_that_return),
    SHAPE(targets_with_a_value),
    SHAPE(targets_with_two_values),
    SHAPE(targets_at_a_loop_head),
    SHAPE(branches_to_a_loop_head),
    SHAPE(catches_that_go_to_a_loop_head),
    SHAPE(catches),
    SHAPE(catches_with_a_value),
    SHAPE(catches_with_two_values),
    SHAPE(tries_in_a_row),
    SHAPE(nested_tries),
    SHAPE(tries_that_delegate),
    SHAPE(nested_tries_that_delegate),
    SHAPE(clauses),
    SHAPE(clauses_with_a_reference),
    SHAPE(clauses_with_two_values),
    SHAPE(nested_try_tables),
    SHAPE(waiting_values),
    SHAPE(declared_locals),
#undef SHAPE
};

/* ---- measuring ---- */

/* Load and translate the module in no more than so much memory. */
static struct error
translate_within(struct slice bytes, uint64_t limit, bool metered) {
    struct vm_limits limits = vm_limits_default();
    struct error error = ERROR_INIT;
    limits.memory_bytes = limit;
    if (metered)
        limits.fuel = 1000;
    struct guest guest = guest_open(&limits);
    guest.module = vm_load(guest.vm, bytes, &error);
    if (guest.module)
        translate_all(guest.module, &error);
    guest_close(&guest);
    return error;
}

static void a_byte_is_worth_forty_at_most(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
        struct buffer module = empty();
        put_module(&module, shapes[i / 2].shape);
        uint64_t limit = (uint64_t)module.size * BYTES_A_BYTE + APART;
        struct error error =
            translate_within(buffer_slice(&module), limit, i & 1);
        if (error.kind)
            fail_msg("%s: %s", shapes[i / 2].name, error.text);
        buffer_free(&module);
    }
}

/* Functions with nothing in them. */
static void so_is_one_that_declares(void **state) {
    (void)state;
    struct buffer module = MODULE(TYPES(ENTRY("\x60\0\0")),
                                  FUNCTIONS(ENTRIES(NUMBER, "\0")),
                                  CODE(BODIES(NUMBER, "\0\x0B")));
    uint64_t limit = (uint64_t)module.size * BYTES_A_BYTE + APART;
    for (int metered = 0; metered < 2; metered++) {
        struct error error =
            translate_within(buffer_slice(&module), limit, metered);
        if (error.kind)
            fail_msg("%s", error.text);
    }
    buffer_free(&module);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_is_worth_forty_at_most),
        cmocka_unit_test(so_is_one_that_declares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
