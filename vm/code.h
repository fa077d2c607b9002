/* The internal code: what the translator emits and the interpreter runs.
 *
 * A guest's stack machine is translated to a register machine. A frame is an
 * array of 64-bit slots:
 *
 *     [ parameters | locals | ... | link | temporaries ... ]
 *       0                           link   link + 1
 *
 * Every height of the operand stack owns one temporary slot, so there is no
 * stack pointer. `link` holds the address of the call cell to return to; it
 * stands behind max(locals, results), because results are returned in slots 0
 * and up. A callee's frame begins at its arguments, in the middle of its
 * caller's: the call cell says at which slot. An i32 or f32 occupies the low
 * half of a slot whose high half is zero.
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
 * accumulator of its class (r0 integers, s0 floats, f0 doubles), i = imm. The
 * accumulators mirror the result written last in their class; every result goes
 * to its slot too, so that nothing ever needs spilling.
 *
 * Memory 0 is near if its addresses have 32 bits: the interpreter has its base
 * and size at hand. An access to any other memory has one form only, far: the
 * address is in slot a, imm is the index of the memory, and the offset is in
 * the data cell. */
#ifndef HOSTEL_VM_CODE_H
#define HOSTEL_VM_CODE_H

#include "vm/limits.h"
#include "vm/trap.h"

#include <stdint.h>

/* The forms of each class, in the order the translator counts on (enum
 * form). */
#define FORMS_UNARY(X, name) X(name##_s) X(name##_r)
#define FORMS_INTEGER(X, name)                                                 \
    X(name##_ss) X(name##_rs) X(name##_sr) X(name##_si) X(name##_ri)
#define FORMS_FLOAT(X, name) X(name##_ss) X(name##_rs) X(name##_sr)

/* The address of a load is a slot or r0, or the sum of one and an immediate or
 * a slot. */
#define FORMS_LOAD(X, name)                                                    \
    X(name##_far)                                                              \
    FORMS_UNARY(X, name)                                                       \
    X(name##_si) X(name##_ri) X(name##_ss) X(name##_rs)

#define FORMS_BINARY_I32 FORMS_INTEGER
#define FORMS_BINARY_I64 FORMS_INTEGER
#define FORMS_BINARY_F32 FORMS_FLOAT
#define FORMS_BINARY_F64 FORMS_FLOAT

/* A comparison of integers as a value, and as a branch taken if it holds. */
#define FORMS_INTEGER_COMPARE(X, name)                                         \
    FORMS_INTEGER(X, name) FORMS_INTEGER(X, br_##name)
/* Floats need a branch for the opposite too: not (x < y) is not x >= y if one
 * of them is NaN. */
#define FORMS_FLOAT_COMPARE(X, name)                                           \
    FORMS_FLOAT(X, name) FORMS_FLOAT(X, br_##name) FORMS_FLOAT(X, br_not_##name)

/* The end of most loops: x += k; branch if x compares so with a slot or an
 * immediate. */
#define FORMS_I32_COMPARE(X, name)                                             \
    FORMS_INTEGER_COMPARE(X, name) X(step_##name##_s) X(step_##name##_i)

#define FORMS_COMPARE_I32 FORMS_I32_COMPARE
#define FORMS_COMPARE_I64 FORMS_INTEGER_COMPARE
#define FORMS_COMPARE_F32 FORMS_FLOAT_COMPARE
#define FORMS_COMPARE_F64 FORMS_FLOAT_COMPARE

#define FORMS_STORE_I32(X, name) X(name##_far) FORMS_INTEGER(X, name)
#define FORMS_STORE_I64          FORMS_STORE_I32
#define FORMS_STORE_F32(X, name) X(name##_far) FORMS_FLOAT(X, name) X(name##_rr)
#define FORMS_STORE_F64          FORMS_STORE_F32

#define FORMS_VECTOR_MEMARG(X, name) X(name##_far) X(name)
#define FORMS_VECTOR_MEMARG_LANE     FORMS_VECTOR_MEMARG
#define FORMS_VECTOR_LANE(X, name)   X(name)
#define FORMS_VECTOR_SHUFFLE         FORMS_VECTOR_LANE
#define FORMS_VECTOR_V128            FORMS_VECTOR_LANE

enum form { FORM_SS, FORM_RS, FORM_SR, FORM_SI, FORM_RI, FORM_COUNT_INTEGER };
enum { FORM_RR = 3, FORM_COUNT_FLOAT = 3 };
enum { FORM_S, FORM_R, FORM_SUM_SI, FORM_SUM_RI, FORM_SUM_SS, FORM_SUM_RS };
enum { FORM_STEP_S = 2 * FORM_COUNT_INTEGER, FORM_STEP_I };
enum { FORM_FAR = -1 }; /* before the first */

/* Operations that come from no row of the table. */
#define SPECIAL_OPS(X)                                                          \
    X(trap_unreachable)  /* what it says */                                     \
    X(tick)              /* charge imm units of fuel */                         \
    X(move)              /* d = a */                                            \
    X(move_two)          /* d = a, b = c */                                     \
    X(const_u32)         /* d = imm, zero-extended */                           \
    X(const_s32)         /* d = imm, sign-extended */                           \
    X(const_wide)        /* d = the data cell */                                \
    X(move_many)         /* imm slots from a to d, ascending */                 \
    X(select_s)          /* d = c ? a : b */                                    \
    X(select_r)          /* d = r0 ? a : b */                                   \
    X(global_get)        /* d = global imm */                                   \
    X(global_set)        /* global imm = a */                                   \
    X(global_get_add)    /* d = global imm + a, a short constant */             \
    X(global_set_add)    /* global imm = a + d, a short constant */             \
    X(move_v128)         /* d = a, of two slots, as the next three */           \
    X(select_v128)       /* d = c ? a : b */                                    \
    X(global_get_v128)   /* d = global imm */                                   \
    X(global_set_v128)   /* global imm = a */                                   \
    X(ref_func)          /* d = reference to function imm */                    \
    X(br_masked_s)       /* to imm if a & d, the mask, is not 0 */              \
    X(br_masked_r)       /* if r0 & d is not 0 */                               \
    X(br_not_masked_s)   /* if a & d is 0 */                                    \
    X(br_not_masked_r)   /* if r0 & d is 0 */                                   \
    X(br)                /* to imm */                                           \
    X(br_table_s)        /* to entry min(a, imm) of the data cells behind */    \
    X(br_table_r)        /* the same, to min(r0, imm) */                        \
    X(br_table_move)     /* first the entry's count of slots from a to d */     \
    X(br_to_table_s)     /* to the br_table at imm, and through it */           \
    X(br_to_table_r)     /* the same */                                         \
    X(call)              /* the function whose code is at imm; window at a */   \
    X(first_call)        /* function imm; translated, it becomes a call */      \
    X(first_return_call) /* becomes a return_call */                            \
    X(call_import)       /* function imm of the instance */                     \
    X(call_indirect) /* element d of table imm; the data cell holds the type */ \
    X(call_indirect_other)  /* of another instance, or no code */               \
    X(return_call)          /* call, in this frame; d = link */                 \
    X(return_call_import)   /* d = link */                                      \
    X(return_call_indirect) /* the data cell's d = link */                      \
    X(return_void)          /* b = link, in all of them */                      \
    X(return_s)             /* the value of slot a */                           \
    X(return_i)             /* the accumulator r0 */                            \
    X(return_f32)           /* s0 */                                            \
    X(return_f64)           /* f0 */                                            \
    X(return_many)          /* d values from slot a on */                       \
    X(return_foreign)       /* back to a caller in another instance */          \
    X(throw_tag)            /* an exception of tag imm; its values at a */      \
    X(throw_ref)            /* the exception of slot a */                       \
    X(halt)                 /* leave the interpreter */

enum op {
#define OP(name) OP_##name,
#include "vm/ops.def"
    OP_COUNT
};

struct cell;
struct instance;

/* What executes an operation; see exec.c for the arguments. */
typedef enum trap (*handler)(const struct cell *pc, uint64_t *frame,
                             uint8_t *memory, uint64_t memory_size,
                             struct instance *instance, uint64_t r0, double f0,
                             float s0);

struct cell {
    union {
        handler run;   /* with tail calls */
        uint64_t op;   /* with a switch: enum op */
        uint64_t wide; /* of a data cell */
    } head;
    uint16_t d, a;
    union {
        struct {
            uint16_t b, c;
        } slots;
        int32_t imm;
    } tail;
};

/* The head of a cell that executes `op`; from exec.c, which alone knows the
 * dispatch. */
void cell_set_op(struct cell *cell, enum op op);

/* A function's code begins with an entry cell, which is data: `d` is the first
 * slot to be zeroed (behind the parameters), `a` is the link slot and the end
 * of the zeroes, `imm` the size of the frame in slots. The first operation
 * follows it. */

#endif
