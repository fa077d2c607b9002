/* The internal code: what the translator emits and the interpreter runs.
 *
 * A guest's stack machine is translated to a register machine. A frame is an
 * array of 64-bit slots:
 *
 *     [ parameters | link | caller | locals | temporaries ... ]
 *                    SLOT_LINK       SLOT_LOCALS
 *
 * Every height of the operand stack owns one temporary slot, so there is no
 * stack pointer. The link is the address of the call cell to return to, and
 * `caller` that of the frame it is executed in. Both have the same numbers in
 * all frames, and parameters the numbers below: a return then needs nothing but
 * `frame` to know where it goes, and does not wait for a cell to say it.
 *
 * A callee's frame begins at its arguments, in the middle of its caller's: the
 * call cell says at which slot, and which one becomes the callee's link. Results
 * are returned in the slots where the arguments began. An i32 or f32 occupies
 * the low half of a slot whose high half is zero.
 *
 * Code is an array of 16-byte cells:
 *
 *      8 bytes    2     2     4
 *     [ handler | d   | a   | b, c  or  imm ]
 *
 * d is the slot written; a, b, c are slots read; imm is a constant, a memory
 * offset or a displacement in cells. Some operations are followed by a data
 * cell (`wide` instead of the handler). Branches that compare keep their
 * operands in a and d, since imm is the displacement.
 *
 * Operations come in forms, named by where each operand is: s = slot, r = the
 * accumulator of its class (r0 integers, s0 floats, f0 doubles), i = imm, which
 * is sign-extended to an i64 and has the highest bits of a float. The
 * accumulators mirror the result written last in their class, q0 and g0 what r0
 * and f0 had before that; every result goes to its slot too, so that nothing
 * ever needs spilling.
 *
 * Memory 0 is near if its addresses have 32 bits: the interpreter has its base
 * and size at hand. Of others: vm/far. */
#ifndef HOSTEL_VM_CELL_H
#define HOSTEL_VM_CELL_H

#include "vm/limits.h"
#include "vm/trap.h"

#include <stdint.h>

/* The forms of each class, in the order of ops.def; FORM_RR is of stores of
 * floats, whose values are no immediates. */
enum form { FORM_SS, FORM_RS, FORM_SR, FORM_SI, FORM_RI };
enum { FORM_RR = 3 };
enum { FORM_S, FORM_R };

enum op {
#define OP(name, ...) OP_##name,
#include "vm/ops.def"
    OP_COUNT
};

struct cell;
struct instance;

/* What executes an operation; see exec.c for the arguments. */
typedef enum trap (*handler)(const struct cell *pc,
                             uint64_t *frame,
                             uint8_t *memory,
                             uint64_t r0,
                             uint64_t q0,
                             uint64_t l0,
                             double home,
                             double loop,
                             double f0,
                             double g0,
                             double f1,
                             float s0,
                             float s1,
                             double budget);

/* What a cell begins with: how the interpreter finds what to do. */
union head {
    handler run;   /* with tail calls */
    uint64_t op;   /* with a switch: enum op */
    uint64_t wide; /* of a data cell */
};

struct cell {
    union head head;
    uint16_t d, a;
    union {
        struct {
            uint16_t b, c;
        } slots;
        int32_t imm;
    } tail;
};

/* The index of no cell. */
#define NO_CELL UINT32_MAX
/* That of no slot of a frame. */
#define NO_SLOT UINT16_MAX

/* Of the cells that execute each operation: exec.c, which alone knows the
 * dispatch. */
extern const union head heads[OP_COUNT];

static inline void cell_set_op(struct cell *cell, enum op op) {
    cell->head = heads[op];
}

/* The numbers of slots. `frame` is the address that number 0 would have, so that
 * none is negative: there is room for the parameters of any function below the
 * link, a thousand of two slots each. */
enum {
    SLOT_LINK = 2048,
    SLOT_CALLER,
    SLOT_LOCALS,
    SLOT_END = SLOT_LINK + LIMIT_FRAME_SLOTS,
};

_Static_assert(2 * LIMIT_PARAMETERS <= SLOT_LINK, "parameters have numbers");
_Static_assert(SLOT_END <= NO_SLOT, "numbers of slots have 16 bits");

/* That of the first parameter, if they take so many slots. */
static inline uint32_t first_slot(uint32_t param_slots) {
    return SLOT_LINK - param_slots;
}

/* A function's code begins with an entry cell, which is data: `wide` is how many
 * slots its parameters take, `d` the first slot to be zeroed and `a` the end of
 * these, the locals; `imm` is the end of the frame. The first operation follows
 * it. */

#endif
