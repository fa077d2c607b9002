/* From the operand stack to internal code, in one pass.
 *
 * Functions are validated when the module is loaded, and translated when they
 * are first called, by the same walk: the first time it emits nothing. Most
 * functions of a large program are never called; their code would take five
 * times the memory of the module.
 *
 * The validator (validate.c) walks a function body and keeps the spec's operand
 * stack. That stack lives here, because it is also all the translator needs: an
 * operand knows its type and where its value is. local.get and the constants
 * emit nothing; they push an operand that says "in local 3" or "the constant
 * 7", and the instruction that consumes it picks the form that reads it there.
 *
 *     local.get 0        operands: [local 0]
 *     i32.const 7        operands: [local 0] [constant 7]
 *     i32.add            emits  i32_add_si  d=t0 a=local0 imm=7;  operands: [t0, made by that cell]
 *     local.set 1        emits a move to local1, or turns that cell's d into local1 (vm/fusions)
 *
 * A stack of any height must cost no more than the bytes that made it: two
 * bytes call a function with a thousand parameters and results. So an operand
 * that is in the slot of its height is no more than its type, in `types`, where
 * a thousand are compared or copied at once. Of the others there is a struct
 * operand too, in `operands`: those that wait in a local or as a constant, and
 * those that the cell which made them may still be changed for.
 *
 *     types       i32  i64  i32  f32                   homes t0 to t3; the next one's is t4
 *     operands         {t1: local 0}  {t3: made by cell 17}
 *
 * These things make this correct; whoever changes this file keeps them in mind:
 *  - A pending "in local x" is copied to its own slot before x is written (local_set), and before
 *    any block begins, since the copy must not happen on one path only.
 *  - Values that cross a label are in their home slots: the slot of their height.
 *  - `mirrors` says which slot each accumulator copies; writing that slot otherwise, or binding a
 *    label, forgets it.
 *  - No byte of a body is worth more than two cells, whatever the guest's author had in mind.
 *  - In unreachable code the same functions run, but emit nothing (`dead`); nor do they when the
 *    function is only validated, or after an allocation was refused.
 *
 * Cells are changed afterwards only by vm/fusions, which does two things in one
 * where it can. Without it and the accumulators, and with locals copied where
 * they are read, which is `plain_code` in struct vm_limits, the answers are the
 * same: tests/spec and tests/fuzz compare. */
#ifndef HOSTEL_VM_TRANSLATE_H
#define HOSTEL_VM_TRANSLATE_H

#include "vm/module.h"
#include "vm/opcodes.h"
#include "vm/types.h"

#include <string.h>

enum operand_place { IN_SLOT, IN_LOCAL, IS_CONSTANT };

/* 16 bytes: the compiler then hands it over in registers, and this is done for
 * every instruction. */
struct operand {
    union {
        uint64_t constant; /* if it IS_CONSTANT */
        /* If it is IN_SLOT: the cell that wrote it there, or NO_CELL. */
        uint32_t producer;
    } from;
    uint16_t slot; /* where it is read: its home or the local */
    uint16_t home; /* the temporary of its height; the first of two of a v128 */
    uint8_t type;  /* enum vm_type, or TYPE_ANY in unreachable code */
    uint8_t place;
};

enum { TYPE_ANY = 0, PENDING_MAX = 32, ACCUMULATORS = 3 };

/* Where branches go. A loop's is known when it begins; branches to any other
 * wait, linked through their imm, until the label is bound. There is one for
 * every block that has begun: it is small. */
struct label {
    uint32_t target;  /* of a loop, else NO_CELL */
    uint32_t patches; /* the last waiting branch, or NO_CELL */
    uint16_t home;    /* the slot where its values belong */
    uint16_t arity;   /* how many they are */
    uint16_t slots;   /* how many slots they take */
    bool is_return;   /* the function's own label */
};

/* What a branch looks at: a comparison, or that of a value with 0. Two
 * operations branch if it holds and if it fails, with the same a and d. */
struct condition {
    const struct instruction *row;
    uint16_t form; /* enum form */
    uint16_t x;    /* the slot of the left operand, in r0 or not */
    uint16_t holds, fails;
    uint16_t a, d;
};

/* Which slots the accumulators mirror, and what they had before their last
 * result: NO_SLOT, none or unknown. */
struct mirrors {
    uint16_t last[ACCUMULATORS], previous[ACCUMULATORS];
};

struct translator {
    struct module *module;
    struct reader *reader; /* reports failure */
    uint32_t offset;       /* of the current instruction in the module */

    /* Owned; of the operand stack: enum vm_type, or TYPE_ANY in unreachable
     * code. */
    uint8_t *types;
    uint32_t count;
    size_t type_capacity;
    uint32_t home; /* of the next operand */
    /* Owned; those that are more than a type, in order. */
    struct operand *operands;
    /* How many they are; none is pushed in dead code. */
    uint32_t known;
    size_t capacity;
    bool dead;
    bool plain; /* fuse nothing; copy locals where they are read */
    bool idle;  /* emit nothing: all code is taken to be dead */

    /* Where the function's body stands in the module. */
    uint32_t begin;
    uint32_t entry;            /* the function's entry cell */
    uint32_t first, temporary; /* slots: of parameters, and of temporaries */
    uint32_t frame_end;        /* the highest slot used, plus one */

    /* Cells before this one may not be changed any more: behind it no label,
     * jump, call or data cell stands. */
    uint32_t barrier;
#include "vm/fusions/state.def"
    struct mirrors mirrors;
    /* Which of `operands` are in locals, ascending. */
    uint32_t pending[PENDING_MAX];
    uint32_t pending_count;
    /* Work since the last tick, in cells: see translate_tick. */
    uint32_t unpaid;
    struct cell scratch;    /* what is "emitted" in unreachable code */
    struct operand nowhere; /* what is pushed in dead code */
};

/* Where the locals begin that are no parameters: some slots are the rings'. */
uint32_t locals_begin(const struct module *module);

/* With `idle` nothing will be emitted. */
void translator_init(struct translator *t, struct module *module, bool idle);
void translator_free(struct translator *t);

void translate_begin(struct translator *t,
                     uint32_t function,
                     uint32_t local_slots,
                     struct reader *reader);
void translate_end(struct translator *t, uint32_t function);

/* In a module that is metered: charge for the work since the last tick. Called
 * at the head of every loop, and between instructions when there is enough of
 * it: a tick stands for so many cells at most. */
enum { TICK_CELLS = 256 };
void translate_tick(struct translator *t);

/* ---- the operand stack ---- */

/* These are inline because every instruction pops and pushes: loading a module
 * takes a tenth less time. */

/* Make the frame reach to slot `end`, if the limit allows. */
bool frame_reserve(struct translator *t, uint32_t end);

/* Make room for `more` types, and for one operand more. */
bool types_grow(struct translator *t, uint32_t more);
bool operands_grow(struct translator *t);

static inline void operands_extend(struct translator *t, uint32_t slots) {
    t->home += slots;
    if (t->home > t->frame_end)
        frame_reserve(t, t->home);
}

/* Push operands that are at home, made by nobody. */
static inline void operands_push(struct translator *t, struct types types) {
    if (types.count == 0)
        return;
    if (types.count > t->type_capacity - t->count &&
        !types_grow(t, types.count))
        return;
    uint8_t *top = t->types + t->count;
    *top = *types.list; /* nearly always that is all */
    if (types.count > 1)
        memcpy(top, types.list, types.count);
    t->count += types.count;
    operands_extend(t, types.slots);
}

/* Push one that is at home too, but of which more may become known. */
static inline struct operand *operand_push(struct translator *t, uint8_t type) {
    if (t->count == t->type_capacity && !types_grow(t, 1))
        return &t->nowhere;
    uint16_t home = (uint16_t)t->home;
    t->types[t->count++] = type;
    operands_extend(t, type_slots(type));
    if (t->dead || (t->known == t->capacity && !operands_grow(t)))
        return &t->nowhere;
    struct operand *x = &t->operands[t->known++];
    *x = (struct operand){.from.producer = NO_CELL,
                          .slot = home,
                          .home = home,
                          .type = type,
                          .place = IN_SLOT};
    return x;
}

/* What is known of the topmost operand, or NULL. */
static inline struct operand *operand_known(const struct translator *t) {
    if (t->known == 0)
        return NULL;
    struct operand *x = &t->operands[t->known - 1];
    return x->home + type_slots(x->type) == t->home ? x : NULL;
}

/* The topmost operand, which is there. */
struct operand operand_top(const struct translator *t);

/* The rest of operand_pop: the operand was of the type, and the next home is
 * its home now. */
struct operand operand_take(struct translator *t, uint8_t type);

/* In dead code it is only a type: nothing reads it. */
static inline struct operand operand_pop(struct translator *t) {
    uint8_t type = t->types[--t->count];
    t->home -= type_slots(type);
    return t->dead ? (struct operand){.type = type} : operand_take(t, type);
}

/* Pop down to a height at which the next home is `home`. */
void operands_truncate(struct translator *t, uint32_t height, uint32_t home);

/* ---- instructions; operands are popped already, results are pushed ---- */

void translate_local_get(struct translator *t, uint8_t type, uint32_t slot);
void translate_local_set(struct translator *t,
                         uint32_t slot,
                         struct operand value,
                         bool tee);
void translate_constant(struct translator *t, uint8_t type, uint64_t bits);
void translate_unary(struct translator *t,
                     const struct instruction *row,
                     struct operand x);
void translate_binary(struct translator *t,
                      const struct instruction *row,
                      struct operand x,
                      struct operand y);
void translate_load(struct translator *t,
                    const struct instruction *row,
                    struct operand address,
                    uint32_t offset);
void translate_store(struct translator *t,
                     const struct instruction *row,
                     struct operand address,
                     struct operand value,
                     uint32_t offset);

void translate_select(struct translator *t,
                      uint8_t type,
                      struct operand x,
                      struct operand y,
                      struct operand condition);
void translate_global_get(struct translator *t, uint8_t type, uint32_t global);
void translate_global_set(struct translator *t,
                          struct operand value,
                          uint32_t global);
void translate_ref_func(struct translator *t, uint32_t function);
void translate_unreachable(struct translator *t);

/* These find their operands still on the stack: bring the topmost, which take
 * so many slots, home first. The cell's window begins at the first of them;
 * operands_truncate and operands_push then replace them by the results. A tail call is
 * followed by a return all the same, for functions of the host. */
void operands_home(struct translator *t, uint32_t slots);
void translate_window(struct translator *t,
                      const struct instruction *row,
                      uint32_t args,
                      uint32_t results,
                      const struct immediate *immediate);
void translate_call(struct translator *t, uint32_t function);
void translate_call_indirect(struct translator *t,
                             const struct func_type *type,
                             uint32_t table,
                             struct operand index);
/* After a call, when its results have been pushed: one result is in the
 * accumulator too. */
void translate_call_result(struct translator *t, const struct func_type *type);

/* ---- control ---- */

/* A label at the top of the stack, where `types` will be when it is reached. */
struct label label_init(const struct translator *t, struct types types);

/* Begin a block whose parameters, of so many slots, are on top of the stack:
 * all that is pending is settled. */
void translate_block(struct translator *t, uint32_t slots);
void translate_loop(struct translator *t, struct label *label);

/* `if`: the branch that is taken if the condition is false is linked to
 * `patches`. */
void translate_if(struct translator *t,
                  struct operand condition,
                  uint32_t *patches,
                  uint32_t slots);
void translate_br(struct translator *t, struct label *label);
void translate_br_if(struct translator *t,
                     struct operand condition,
                     struct label *label);

/* Go on behind a block, at its label, with the label's values. */
void translate_fall(struct translator *t, struct label *label);

/* br_table: begin, then each target in order, then what follows the table.
 * Whether the branch to any of the labels has to move its values must be known
 * first. */
struct br_table {
    uint32_t count; /* of targets, the default apart */
    uint32_t slots; /* that the values take, which are at home */
    bool moves;
    uint32_t returns; /* patches: the entries that leave the function */
};

bool label_needs_move(const struct translator *t, const struct label *label);
void translate_br_table(struct translator *t,
                        struct operand index,
                        const struct br_table *table);
void translate_br_table_target(struct translator *t,
                               struct br_table *table,
                               struct label *label);
void translate_br_table_end(struct translator *t,
                            struct br_table *table,
                            struct label *function);

/* All branches to the label, or those of a list of patches, arrive here. */
void label_bind(struct translator *t, struct label *label);
void patches_bind(struct translator *t, uint32_t *patches);

#endif
