/* What translate.c and branch.c emit code with; the rules are those of
 * translate.h. */
#ifndef HOSTEL_VM_EMIT_H
#define HOSTEL_VM_EMIT_H

#include "vm/rings.h"
#include "vm/translate.h"

/* Moving so many slots is as much work as a cell. */
enum { SLOTS_A_CELL = 16 };

/* ---- cells ---- */

uint32_t here(const struct translator *t); /* the index of the next cell */

/* Append a zeroed cell that executes `op`. In unreachable code it is a scratch
 * cell. The pointer is good until the next cell is appended. */
struct cell *emit(struct translator *t, unsigned op);

/* Append a data cell, which is never taken for an operation. */
struct cell *emit_data(struct translator *t);

/* Append a call by `op`, whose arguments take so many slots. */
struct cell *emit_call(struct translator *t, enum op op, uint32_t args);
struct cell *emit_call_indirect(struct translator *t,
                                enum op op,
                                const struct func_type *type,
                                uint32_t table,
                                struct operand index);

/* ---- accumulators ---- */

/* The accumulator of a type, 0: r0, 1: s0, 2: f0; a v128 has none. */
static inline unsigned accumulator(uint8_t type) {
    switch (type) {
    case VM_F32: return 1;
    case VM_F64: return 2;
    case VM_V128: return ACCUMULATORS;
    default: return 0;
    }
}

/* The operation for values of the type: vectors have their own. */
static inline enum op op_for(uint8_t type, enum op op) {
    return type_slots(type) == 1 ? op : vector_op(op);
}

bool in_accumulator(const struct translator *t, const struct operand *x);

/* Whether q0 or g0 has it. */
bool in_previous(const struct translator *t, const struct operand *x);

void mirror_set(struct translator *t, unsigned k, uint32_t slot);
void forget_mirrors(struct translator *t);

/* So many slots, from one on, have new contents that no accumulator holds. */
void slots_written(struct translator *t, uint32_t slot, uint32_t count);

/* ---- operands ---- */

/* The cell's result becomes the top of the stack; accumulator `k` has it
 * too. */
void push_result(struct translator *t,
                 struct cell *cell,
                 uint8_t type,
                 unsigned k);

/* Where the topmost operands, which take so many slots, are when they are
 * home. */
uint16_t window(const struct translator *t, uint32_t slots);

/* Whether it is a constant that a store has 16 bits for. */
bool is_small(const struct operand *x);

void emit_move(struct translator *t, uint32_t slot, const struct operand *x);
void bring_home(struct translator *t, struct operand *x);
/* A constant goes to its home. */
void need_slot(struct translator *t, struct operand *x);

/* Bring home the pending operands that are in the local at `slot`, or all if it
 * is NO_SLOT; true if there were any. */
bool settle(struct translator *t, uint32_t slot);

#endif
