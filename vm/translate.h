/* From the operand stack to internal code, in one pass.
 *
 * Functions are validated when the module is loaded, and translated when they are first called, by
 * the same walk: the first time it emits nothing. Most functions of a large program are never
 * called; their code would take five times the memory of the module.
 *
 * The validator (validate.c) walks a function body and keeps the spec's operand stack. That stack
 * lives here, because it is also all the translator needs: an operand knows its type and where its
 * value is. local.get and the constants emit nothing; they push an operand that says "in local 3"
 * or "the constant 7", and the instruction that consumes it picks the form that reads it there.
 *
 *     local.get 0        operands: [local 0]
 *     i32.const 7        operands: [local 0] [constant 7]
 *     i32.add            emits  i32_add_si  d=t0 a=0 imm=7;  operands: [slot t0, made by that cell]
 *     local.set 1        turns that cell's d into 1
 *
 * Five things make this correct; whoever changes this file keeps them in mind:
 *  - A pending "in local x" is copied to its own slot before x is written (local_set), and before
 *    any block begins, since the copy must not happen on one path only.
 *  - Values that cross a label are in their home slots: the slot of their height.
 *  - A cell may be changed or taken back only while it is the last one and no label stands behind
 *    it (`last`, `barrier`), and only through the operand it produced.
 *  - `mirror` says which slot each accumulator copies; writing that slot otherwise, or binding a
 *    label, forgets it.
 *  - The cells from a loop's beginning to a br_table may be repeated elsewhere only if they are
 *    straight code: no label, branch or data cell has moved `barrier` past the loop's beginning.
 *  - In unreachable code the same functions run, but emit nothing (`dead`); nor do they when the
 *    function is only validated, or after an allocation was refused.
 *
 * What each of its tricks is worth: the time that 22 guests of bench/ take without it, the others
 * left on (geometric mean of the least of three interleaved runs, gcc 12 -O2, an EPYC of 2026; good
 * to about 0.03):
 *
 *     a comparison and its branch in one cell        1.60
 *     results written straight to locals             1.56
 *     accumulators                                   1.25
 *     two moves in one cell                          1.08
 *     a loop's step, comparison and branch in one    1.07
 *     a load that adds up its address                1.05
 *     a mask and its branch in one                   1.01 (SQLite 1.03)
 *     the head of a switch loop, repeated            1.00 (bytecode 1.13)
 *
 * Tried and thrown out: a call's result straight to a local (1.00); two additions in place in one
 * cell (0.98, but bignum 1.12); a build guided by profiles (0.97 of the time to load; instrumented
 * code has no tail calls, so the engine itself cannot be trained).
 *
 * Without all of them, and with locals copied where they are read, which is `plain_code` in struct
 * vm_limits, the answers are the same: tests/spec and tests/fuzz compare.
 */
#ifndef HOSTEL_VM_TRANSLATE_H
#define HOSTEL_VM_TRANSLATE_H

#include "vm/module.h"
#include "vm/opcodes.h"
#include "vm/types.h"

enum place { IN_SLOT, IN_LOCAL, IS_CONSTANT };

/* 16 bytes: the compiler then hands it over in registers, and this is done for every instruction.
 */
struct operand {
    union {
        uint64_t constant; /* if it IS_CONSTANT */
        uint32_t producer; /* if it is IN_SLOT: the cell that wrote it there, or NO_CELL */
    } from;
    uint16_t slot; /* where it is read: its home or the local */
    uint16_t home; /* the temporary of its height; the first of two of a v128 */
    uint8_t type;  /* enum vm_type, or TYPE_ANY in unreachable code */
    uint8_t place;
};

enum { TYPE_ANY = 0, PENDING_MAX = 32, ACCUMULATORS = 3, VECTOR_OPERANDS = 3 };
enum { LOOP_HEAD = 5 }; /* cells that are repeated at most: it bounds CELLS_A_BYTE of code.c */
#define NO_CELL UINT32_MAX
#define NO_SLOT UINT16_MAX

/* Where branches go. A loop's is known when it begins; branches to any other wait, linked through
 * their imm, until the label is bound. */
struct label {
    uint32_t target;  /* of a loop, else NO_CELL */
    uint32_t patches; /* the last waiting branch, or NO_CELL */
    uint32_t home;    /* the slot where its values belong */
    uint32_t arity;   /* how many they are */
    uint32_t slots;   /* how many slots they take */
    bool is_return;   /* the function's own label */
};

/* A cell that was emitted: if it is a binary operation or a comparison its row and form, and what
 * r0 mirrored before it, so that it can be taken back. */
struct emitted {
    const struct instruction *row;
    uint32_t cell; /* or NO_CELL */
    uint8_t form;  /* enum form */
    bool is_move;
    uint16_t r0_before;
};

struct translator {
    struct module *module;
    struct reader *reader; /* reports failure */
    uint32_t offset;       /* of the current instruction in the module */

    struct operand *operands; /* owned; the operand stack */
    uint32_t count;
    size_t capacity;
    bool dead;
    bool plain; /* fuse nothing; copy locals where they are read */
    bool idle;  /* emit nothing: all code is taken to be dead */

    uint32_t entry;           /* the function's entry cell */
    uint32_t link, temporary; /* slots: the link, and the first temporary */
    uint32_t frame_slots;     /* the highest slot used, plus one */

    uint32_t loop;       /* where the last loop began */
    uint32_t table;      /* a br_table behind the first few cells of a loop */
    uint32_t table_loop; /* where that loop begins, or NO_CELL */
    bool table_in_r0;    /* which form the br_table has */

    uint32_t barrier;              /* cells before this one may not be changed any more */
    struct emitted recent[2];      /* the last two cells that execute something */
    struct emitted *last;          /* which of them is the last */
    uint16_t mirror[ACCUMULATORS]; /* slots */
    uint32_t pending[PENDING_MAX]; /* heights of the operands in locals, ascending */
    uint32_t pending_count;
    uint32_t unpaid;        /* work since the last tick, in cells: see translate_tick */
    struct cell scratch;    /* what is "emitted" in unreachable code */
    struct operand nowhere; /* what is pushed when memory is refused */
};

/* With `idle` nothing will be emitted. */
void translator_init(struct translator *t, struct module *module, bool idle);
void translator_free(struct translator *t);

void translate_begin(struct translator *t, uint32_t function, uint32_t local_slots,
                     struct reader *reader);
void translate_end(struct translator *t, uint32_t function);

/* In a module that is metered: charge for the work since the last tick, if there is enough of it.
 * Called between instructions, and at the head of every loop with `now`. */
void translate_tick(struct translator *t, bool now);

/* ---- the operand stack ---- */

/* These are inline because every instruction pops and pushes: loading a module takes a tenth less
 * time. */

/* Make the frame reach to slot `end`, if the limit allows. */
bool frame_reserve(struct translator *t, uint32_t end);
bool operands_grow(struct translator *t);

/* The home of the next operand: behind that of the last one. */
static inline uint32_t next_home(const struct translator *t) {
    if (t->count == 0) return t->temporary;
    const struct operand *top = &t->operands[t->count - 1];
    return top->home + type_slots(top->type);
}

/* Push an operand that is at home, produced by nobody. */
static inline struct operand *operand_push(struct translator *t, uint8_t type) {
    if (t->count == t->capacity && !operands_grow(t)) return &t->nowhere;
    uint32_t home = next_home(t), end = home + type_slots(type);
    if (end > t->frame_slots && !frame_reserve(t, end)) home = 0;
    struct operand *x = &t->operands[t->count++];
    *x = (struct operand){.from.producer = NO_CELL,
                          .slot = (uint16_t)home,
                          .home = (uint16_t)home,
                          .type = type,
                          .place = IN_SLOT};
    return x;
}

static inline void operands_truncate(struct translator *t, uint32_t height) {
    t->count = height;
    while (t->pending_count && t->pending[t->pending_count - 1] >= height) t->pending_count--;
}

static inline struct operand operand_pop(struct translator *t) {
    struct operand x = t->operands[t->count - 1];
    operands_truncate(t, t->count - 1);
    return x;
}

/* ---- instructions; operands are popped already, results are pushed ---- */

void translate_local_get(struct translator *t, uint8_t type, uint32_t slot);
void translate_local_set(struct translator *t, uint32_t slot, struct operand value, bool tee);
void translate_constant(struct translator *t, uint8_t type, uint64_t bits);
void translate_unary(struct translator *t, const struct instruction *row, struct operand x);
void translate_binary(struct translator *t, const struct instruction *row, struct operand x,
                      struct operand y);
void translate_load(struct translator *t, const struct instruction *row, struct operand address,
                    uint32_t offset);
void translate_store(struct translator *t, const struct instruction *row, struct operand address,
                     struct operand value, uint32_t offset);

/* An access to another memory than the near one; a load's `value` is zero. */
void translate_far(struct translator *t, const struct instruction *row, struct operand address,
                   struct operand value, const struct immediate *memarg);
void translate_select(struct translator *t, uint8_t type, struct operand x, struct operand y,
                      struct operand condition);
void translate_global_get(struct translator *t, uint8_t type, uint32_t global);
void translate_global_set(struct translator *t, struct operand value, uint32_t global);
void translate_ref_func(struct translator *t, uint32_t function);
void translate_unreachable(struct translator *t);

/* Those of `operands` that the instruction does not have are zero. */
void translate_vector(struct translator *t, const struct instruction *row,
                      struct operand operands[VECTOR_OPERANDS], const struct immediate *immediate);

/* These find their operands still on the stack: bring the topmost `count` home first. The cell's
 * window begins at the first of them; operands_truncate and operand_push then replace them. A tail
 * call is followed by a return all the same, for functions of the host. */
void operands_home(struct translator *t, uint32_t count);
void translate_window(struct translator *t, const struct instruction *row, uint32_t args,
                      const struct immediate *immediate);
void translate_call(struct translator *t, uint32_t function, bool tail);
void translate_call_indirect(struct translator *t, const struct func_type *type, uint32_t table,
                             struct operand index, bool tail);
/* After a call, when its results have been pushed: one result is in the accumulator too. */
void translate_call_result(struct translator *t, const struct func_type *type);

/* ---- control ---- */

/* A label at the top of the stack, where `types` will be when it is reached. */
struct label label_init(const struct translator *t, const uint8_t *types, uint32_t arity);

/* Begin a block whose `params` are on top of the stack: all that is pending is settled. */
void translate_block(struct translator *t, uint32_t params);
void translate_loop(struct translator *t, struct label *label);

/* Branch to `label` if the condition is false: `if`. */
void translate_if(struct translator *t, struct operand condition, struct label *label,
                  uint32_t params);
void translate_br(struct translator *t, struct label *label);
void translate_br_if(struct translator *t, struct operand condition, struct label *label);

/* br_table: begin, then each target in order, then for each the stub it may need. */
void translate_br_table(struct translator *t, struct operand index, uint32_t count);
void translate_br_table_target(struct translator *t, struct label *label);
void translate_br_table_stub(struct translator *t, uint32_t target_cell, struct label *label);

/* All branches to the label arrive here. */
void label_bind(struct translator *t, struct label *label);

#endif
