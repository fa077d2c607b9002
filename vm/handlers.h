/* What every operation does: the text of the interpreter, without its dispatch.
 *
 * exec.c includes this file in one of two settings: HANDLER(name) { ... } is a
 * function that tail-calls the next, or a case of a switch. A handler reads its
 * operands first and writes its result last, since they may share a slot, and
 * ends with one of
 *
 *     NEXT(n)     go on n cells further (1, or 2 over a data cell)
 *     JUMP(cell)  go on there
 *     TRAP(kind)  leave the interpreter
 *     CONTINUE_AS(name)  do that instead, with the same cell
 *
 * In scope: pc, frame, memory, memory_size, instance, r0, f0, s0 (see exec.c).
 *
 * The row BINARY(0x6A, i32_add, ..., x + y) of opcodes.def goes through BINARY,
 * BINARY_I32 and BINARY_FORM, once a form. With what the macros stand for, one
 * of the five handlers is
 *
 *     HANDLER(i32_add_si) {
 *         const uint32_t x = (uint32_t)frame[pc->a], y = (uint32_t)pc->tail.imm;
 *         r0 = (uint64_t)(uint32_t)(x + y), frame[pc->d] = r0;
 *         NEXT(1);
 *     }
 *
 * of which gcc makes eight x86-64 instructions. */

/* ---- where operands are, by type ---- */

#define CTYPE_I32 uint32_t
#define CTYPE_I64 uint64_t
#define CTYPE_F32 float
#define CTYPE_F64 double

#define SLOT_I32(slot) ((uint32_t)frame[slot])
#define SLOT_I64(slot) (frame[slot])
#define SLOT_F32(slot) (f32_from_bits((uint32_t)frame[slot]))
#define SLOT_F64(slot) (f64_from_bits(frame[slot]))

#define ACCUMULATOR_I32 ((uint32_t)r0)
#define ACCUMULATOR_I64 r0
#define ACCUMULATOR_F32 s0
#define ACCUMULATOR_F64 f0

/* Sign extension gives both types their constant: 32 bits of it are an
 * i32's. */
#define IMMEDIATE_I32 ((uint32_t)pc->tail.imm)
#define IMMEDIATE_I64 ((uint64_t)(int64_t)pc->tail.imm)
#define SMALL_I32     ((uint32_t)(int16_t)pc->d)
#define SMALL_I64     ((uint64_t)(int64_t)(int16_t)pc->d)

/* 16 bits behind a, sign-extended. */
#define SHORT_B ((uint32_t)(int16_t)pc->tail.slots.b)

/* Where a is not read, d and a together hold 32 bits. */
#define PAIR_I32 ((uint32_t)pc->d | (uint32_t)pc->a << 16)
#define PAIR_I64 ((uint64_t)(int64_t)(int32_t)PAIR_I32)

#define RESULT_I32(value) r0 = (uint64_t)(uint32_t)(value), frame[pc->d] = r0
#define RESULT_I64(value) r0 = (uint64_t)(value), frame[pc->d] = r0
#define RESULT_F32(value) s0 = (value), frame[pc->d] = f32_bits(s0)
#define RESULT_F64(value) f0 = (value), frame[pc->d] = f64_bits(f0)

#define A(type) SLOT_##type(pc->a)
#define B(type) SLOT_##type(pc->tail.slots.b)
#define D(type) SLOT_##type(pc->d)

/* For most rows `fault` is 0, and all this is gone when it has been
 * compiled. */
#define CHECK(fault)                                                           \
    {                                                                          \
        const enum trap reason = (enum trap)(fault);                           \
        if (reason)                                                            \
            TRAP(reason);                                                      \
    }

/* ---- numeric instructions ---- */

#define UNARY_FORM(name, from, to, X, fault, value)                            \
    HANDLER(name) {                                                            \
        const CTYPE_##from x = X;                                              \
        CHECK(fault);                                                          \
        RESULT_##to(value);                                                    \
        NEXT(1);                                                               \
    }

#define BINARY_FORM(name, from, to, X, Y, fault, value)                        \
    HANDLER(name) {                                                            \
        const CTYPE_##from x = X, y = Y;                                       \
        CHECK(fault);                                                          \
        RESULT_##to(value);                                                    \
        NEXT(1);                                                               \
    }

#define BINARY_FLOAT(name, from, to, fault, value)                             \
    BINARY_FORM(name##_ss, from, to, A(from), B(from), fault, value)           \
    BINARY_FORM(name##_rs, from, to, ACCUMULATOR_##from, B(from), fault,       \
                value)                                                         \
    BINARY_FORM(name##_sr, from, to, A(from), ACCUMULATOR_##from, fault, value)

#define BINARY_INTEGER(name, from, to, fault, value)                           \
    BINARY_FLOAT(name, from, to, fault, value)                                 \
    BINARY_FORM(name##_si, from, to, A(from), IMMEDIATE_##from, fault, value)  \
    BINARY_FORM(name##_ri, from, to, ACCUMULATOR_##from, IMMEDIATE_##from,     \
                fault, value)

#define BINARY_I32 BINARY_INTEGER
#define BINARY_I64 BINARY_INTEGER
#define BINARY_F32 BINARY_FLOAT
#define BINARY_F64 BINARY_FLOAT

#define BRANCH_FORM(name, type, X, Y, condition)                               \
    HANDLER(name) {                                                            \
        const CTYPE_##type x = X, y = Y;                                       \
        if (condition)                                                         \
            JUMP(pc + pc->tail.imm);                                           \
        NEXT(1);                                                               \
    }

#define BRANCH_FLOAT(name, type, condition)                                    \
    BRANCH_FORM(name##_ss, type, A(type), D(type), condition)                  \
    BRANCH_FORM(name##_rs, type, ACCUMULATOR_##type, D(type), condition)       \
    BRANCH_FORM(name##_sr, type, A(type), ACCUMULATOR_##type, condition)

#define BRANCH_INTEGER(name, type, condition)                                  \
    BRANCH_FLOAT(name, type, condition)                                        \
    BRANCH_FORM(name##_si, type, A(type), SMALL_##type, condition)             \
    BRANCH_FORM(name##_ri, type, ACCUMULATOR_##type, PAIR_##type, condition)

#define STEP_FORM(name, Y, condition)                                          \
    HANDLER(name) {                                                            \
        const uint32_t x = D(I32) + (uint32_t)(int16_t)pc->a, y = Y;           \
        r0 = x;                                                                \
        frame[pc->d] = r0;                                                     \
        if (condition)                                                         \
            JUMP(pc + (int16_t)pc->tail.slots.c);                              \
        NEXT(1);                                                               \
    }

#define COMPARE_I32(name, condition)                                           \
    BINARY_INTEGER(name, I32, I32, 0, condition)                               \
    BRANCH_INTEGER(br_##name, I32, condition)                                  \
    STEP_FORM(step_##name##_s, B(I32), condition)                              \
    STEP_FORM(step_##name##_i, SHORT_B, condition)
#define COMPARE_I64(name, condition)                                           \
    BINARY_INTEGER(name, I64, I32, 0, condition)                               \
    BRANCH_INTEGER(br_##name, I64, condition)
#define COMPARE_F32(name, condition)                                           \
    BINARY_FLOAT(name, F32, I32, 0, condition)                                 \
    BRANCH_FLOAT(br_##name, F32, condition)                                    \
    BRANCH_FLOAT(br_not_##name, F32, !(condition))
#define COMPARE_F64(name, condition)                                           \
    BINARY_FLOAT(name, F64, I32, 0, condition)                                 \
    BRANCH_FLOAT(br_##name, F64, condition)                                    \
    BRANCH_FLOAT(br_not_##name, F64, !(condition))

/* ---- memory ---- */

/* Address and offset have 32 bits, so their sum cannot overflow 64, nor can it
 * with the size of the access. memcpy, since nothing in a guest's memory need
 * be aligned. */

#define LOAD_FORM(name, type, ctype, address, offset, value)                   \
    HANDLER(name) {                                                            \
        const uint64_t at = (uint64_t)(address) + (offset);                    \
        if (at + sizeof(ctype) > memory_size)                                  \
            TRAP(TRAP_MEMORY_BOUNDS);                                          \
        ctype m;                                                               \
        memcpy(&m, memory + at, sizeof m);                                     \
        RESULT_##type(value);                                                  \
        NEXT(1);                                                               \
    }

#define STORE_FORM(name, type, ctype, address, X, value)                       \
    HANDLER(name) {                                                            \
        const uint64_t at = (uint64_t)(address) + (uint32_t)pc->tail.imm;      \
        if (at + sizeof(ctype) > memory_size)                                  \
            TRAP(TRAP_MEMORY_BOUNDS);                                          \
        const CTYPE_##type x = X;                                              \
        const ctype m = value;                                                 \
        memcpy(memory + at, &m, sizeof m);                                     \
        NEXT(1);                                                               \
    }

/* Where a far access of so many bytes is; a 32-bit address fills its slot with
 * zeros. */
#define FAR(size)                                                              \
    uint8_t *const at = memory_at(instance->memories[pc->tail.imm],            \
                                  frame[pc->a], pc[1].head.wide, size);        \
    if (!at)                                                                   \
    TRAP(TRAP_MEMORY_BOUNDS)

#define LOAD_FAR(name, type, ctype, value)                                     \
    HANDLER(name) {                                                            \
        FAR(sizeof(ctype));                                                    \
        ctype m;                                                               \
        memcpy(&m, at, sizeof m);                                              \
        RESULT_##type(value);                                                  \
        NEXT(2);                                                               \
    }

#define STORE_FAR(name, type, ctype, value)                                    \
    HANDLER(name) {                                                            \
        FAR(sizeof(ctype));                                                    \
        const CTYPE_##type x = D(type);                                        \
        const ctype m = value;                                                 \
        memcpy(at, &m, sizeof m);                                              \
        NEXT(2);                                                               \
    }

#define STORE_ANY(name, type, ctype, value)                                    \
    STORE_FAR(name##_far, type, ctype, value)                                  \
    STORE_FORM(name##_ss, type, ctype, A(I32), D(type), value)                 \
    STORE_FORM(name##_rs, type, ctype, ACCUMULATOR_I32, D(type), value)        \
    STORE_FORM(name##_sr, type, ctype, A(I32), ACCUMULATOR_##type, value)

#define STORE_INTEGER(name, type, ctype, value)                                \
    STORE_ANY(name, type, ctype, value)                                        \
    STORE_FORM(name##_si, type, ctype, A(I32), SMALL_##type, value)            \
    STORE_FORM(name##_ri, type, ctype, ACCUMULATOR_I32, SMALL_##type, value)

#define STORE_FLOAT(name, type, ctype, value)                                  \
    STORE_ANY(name, type, ctype, value)                                        \
    STORE_FORM(name##_rr, type, ctype, ACCUMULATOR_I32, ACCUMULATOR_##type,    \
               value)

#define STORE_I32 STORE_INTEGER
#define STORE_I64 STORE_INTEGER
#define STORE_F32 STORE_FLOAT
#define STORE_F64 STORE_FLOAT

#include "vm/simd.h" /* VECTOR, VECTOR_IMMEDIATE */

/* ---- all of the table ---- */

#define UNARY(code, name, mnemonic, from, to, fault, value)                    \
    UNARY_FORM(name##_s, from, to, A(from), fault, value)                      \
    UNARY_FORM(name##_r, from, to, ACCUMULATOR_##from, fault, value)
#define BINARY(code, name, mnemonic, type, swapped, fault, value)              \
    BINARY_##type(name, type, type, fault, value)
#define COMPARE(code, name, mnemonic, type, swapped, negated, condition)       \
    COMPARE_##type(name, condition)
#define LOAD(code, name, mnemonic, type, ctype, value)                         \
    LOAD_FAR(name##_far, type, ctype, value)                                   \
    LOAD_FORM(name##_s, type, ctype, A(I32), (uint32_t)pc->tail.imm, value)    \
    LOAD_FORM(name##_r, type, ctype, ACCUMULATOR_I32, (uint32_t)pc->tail.imm,  \
              value)                                                           \
    LOAD_FORM(name##_si, type, ctype, A(I32) + SHORT_B, pc->tail.slots.c,      \
              value)                                                           \
    LOAD_FORM(name##_ri, type, ctype, ACCUMULATOR_I32 + SHORT_B,               \
              pc->tail.slots.c, value)                                         \
    LOAD_FORM(name##_ss, type, ctype, A(I32) + B(I32), pc->tail.slots.c,       \
              value)                                                           \
    LOAD_FORM(name##_rs, type, ctype, ACCUMULATOR_I32 + B(I32),                \
              pc->tail.slots.c, value)
#define STORE(code, name, mnemonic, type, ctype, value)                        \
    STORE_##type(name, type, ctype, value)
#define WINDOW(...)
#define LOCAL(...)
#define CONST(...)
#define OTHER(...)
#include "vm/opcodes.def"

/* ---- moves, constants, variables ---- */

HANDLER(move) {
    frame[pc->d] = frame[pc->a];
    NEXT(1);
}

HANDLER(move_two) {
    frame[pc->d] = frame[pc->a];
    frame[pc->tail.slots.b] = frame[pc->tail.slots.c];
    NEXT(1);
}

/* Ascending, as in return_many and ENTER_TAIL: values move down to slots that
 * overlap their own. */
HANDLER(move_many) {
    for (int32_t i = 0; i < pc->tail.imm; i++)
        frame[pc->d + i] = frame[pc->a + i];
    NEXT(1);
}

HANDLER(const_u32) {
    frame[pc->d] = (uint32_t)pc->tail.imm;
    NEXT(1);
}

HANDLER(const_s32) {
    frame[pc->d] = (uint64_t)pc->tail.imm;
    NEXT(1);
}

HANDLER(const_wide) {
    frame[pc->d] = pc[1].head.wide;
    NEXT(2);
}

HANDLER(select_s) {
    r0 = frame[selected(pc, SLOT_I32(pc->tail.slots.c))];
    frame[pc->d] = r0;
    NEXT(1);
}

HANDLER(select_r) {
    r0 = frame[selected(pc, (uint32_t)r0)];
    frame[pc->d] = r0;
    NEXT(1);
}

HANDLER(global_get) {
    r0 = *instance->globals[pc->tail.imm];
    frame[pc->d] = r0;
    NEXT(1);
}

HANDLER(global_set) {
    *instance->globals[pc->tail.imm] = frame[pc->a];
    NEXT(1);
}

/* The stack pointer of C at the beginning and end of functions: 1 % of what
 * SQLite and Lua do. */
HANDLER(global_get_add) {
    RESULT_I32((uint32_t)*instance->globals[pc->tail.imm] +
               (uint32_t)(int16_t)pc->a);
    NEXT(1);
}

HANDLER(global_set_add) {
    *instance->globals[pc->tail.imm] = (uint32_t)(A(I32) + SMALL_I32);
    NEXT(1);
}

HANDLER(ref_func) {
    r0 = (uintptr_t)instance->functions[pc->tail.imm];
    frame[pc->d] = r0;
    NEXT(1);
}

/* ---- control ---- */

HANDLER(trap_unreachable) {
    TRAP(TRAP_UNREACHABLE);
}

/* The budget is a part of fuel and time, so that this looks at neither. */
HANDLER(tick) {
    CHECK(meter_charge(&instance->vm->meter, pc->tail.imm));
    NEXT(1);
}

/* 2 % of what SQLite executes. */
BRANCH_FORM(br_masked_s, I32, A(I32), pc->d, (x & y) != 0)
BRANCH_FORM(br_masked_r, I32, ACCUMULATOR_I32, pc->d, (x & y) != 0)
BRANCH_FORM(br_not_masked_s, I32, A(I32), pc->d, (x & y) == 0)
BRANCH_FORM(br_not_masked_r, I32, ACCUMULATOR_I32, pc->d, (x & y) == 0)

HANDLER(br) {
    JUMP(pc + pc->tail.imm);
}

/* Every number that is too large means the last entry, the default. */
#define BR_TABLE(number)                                                       \
    {                                                                          \
        const uint32_t index = (number), last = (uint32_t)pc->tail.imm;        \
        const struct cell *entry = pc + 1 + (index < last ? index : last);     \
        JUMP(entry + entry->tail.imm);                                         \
    }

HANDLER(br_table_s) {
    BR_TABLE(A(I32));
}

HANDLER(br_table_r) {
    BR_TABLE(ACCUMULATOR_I32);
}

/* Its index is in its slot, as every value is. */
HANDLER(br_table_move) {
    const uint32_t index = A(I32), last = (uint32_t)pc->tail.imm;
    const struct cell *entry = pc + 1 + (index < last ? index : last);
    for (uint64_t i = 0; i < entry->head.wide; i++)
        frame[entry->d + i] = frame[entry->a + i];
    JUMP(entry + entry->tail.imm);
}

/* A tenth of what a switch-loop interpreter executes were branches to the head
 * of its loop. */
HANDLER(br_to_table_s) {
    pc += pc->tail.imm;
    BR_TABLE(A(I32));
}

HANDLER(br_to_table_r) {
    pc += pc->tail.imm;
    BR_TABLE(ACCUMULATOR_I32);
}

/* ---- calls and returns ---- */

/* Run the code behind `entry` in the frame that begins at the window; `link` is
 * where to go on after the return. Nothing is written unless the whole frame
 * fits. */
#define ENTER(entry, link)                                                     \
    {                                                                          \
        uint64_t *const callee = frame + (link)->a;                            \
        if ((uint64_t)(instance->stack_end - callee) <                         \
            (uint32_t)(entry)->tail.imm) {                                     \
            TRAP(TRAP_STACK);                                                  \
        }                                                                      \
        callee[(entry)->a] = (uintptr_t)(link);                                \
        for (unsigned i = (entry)->d; i < (entry)->a; i++)                     \
            callee[i] = 0;                                                     \
        frame = callee;                                                        \
        JUMP((entry) + 1);                                                     \
    }

/* A single result is in the accumulator of its type after a return, too: the
 * translator counts on it. Where the type is not known it goes to all of
 * them. */
#define ACCUMULATE(bits)                                                       \
    {                                                                          \
        r0 = (bits);                                                           \
        s0 = f32_from_bits((uint32_t)r0);                                      \
        f0 = f64_from_bits(r0);                                                \
    }

/* Run a function of another instance in the frame that was laid out for it
 * (exec.c). */
#define ENTER_FOREIGN(function, callee)                                        \
    {                                                                          \
        uint64_t *const foreign = (callee);                                    \
        if (!foreign)                                                          \
            TRAP(TRAP_STACK);                                                  \
        frame = foreign;                                                       \
        instance = (function)->instance;                                       \
        memory = instance->memory->data;                                       \
        memory_size = instance->memory->size;                                  \
        JUMP((function)->entry + 1);                                           \
    }

/* The host may have grown memory, by a call back into the guest. */
#define CALL_HOST(function, link)                                              \
    {                                                                          \
        uint64_t *const window = frame + (link)->a;                            \
        CHECK(call_host((function), window, instance->vm));                    \
        memory = instance->memory->data;                                       \
        memory_size = instance->memory->size;                                  \
        ACCUMULATE(window[0]);                                                 \
        JUMP((link) + 1);                                                      \
    }

/* Call any function object: one of this instance, of another, or the host's.
 * One of this instance that had no code has it when the cell is begun again. */
#define CALL_FUNCTION(function, link)                                          \
    {                                                                          \
        if ((function)->entry && (function)->instance == instance) {           \
            ENTER((function)->entry, link)                                     \
        }                                                                      \
        if (!(function)->host) {                                               \
            CHECK(function_prepare(function));                                 \
            if ((function)->instance == instance)                              \
                JUMP(pc);                                                      \
            ENTER_FOREIGN(function, foreign_frame(function, link, frame,       \
                                                  instance, NULL))             \
        }                                                                      \
        CALL_HOST(function, link)                                              \
    }

HANDLER(call) {
    const struct cell *entry = pc + pc->tail.imm;
    ENTER(entry, pc);
}

HANDLER(first_call) {
    CHECK(link_call(instance, pc, OP_call));
    JUMP(pc);
}

HANDLER(first_return_call) {
    CHECK(link_call(instance, pc, OP_return_call));
    JUMP(pc);
}

HANDLER(call_import) {
    struct function *function = instance->functions[pc->tail.imm];
    CALL_FUNCTION(function, pc);
}

/* The function that the cell of an indirect call means, if it is of the type
 * that is wanted. The spec says in which order the traps come (4.4.8). */
#define FIND_ELEMENT(function)                                                 \
    const struct table *table = instance->tables[pc->tail.imm];                \
    const uint64_t index = D(I64);                                             \
    if (index >= table->size)                                                  \
        TRAP(TRAP_UNDEFINED_ELEMENT);                                          \
    struct function *function =                                                \
        (struct function *)(uintptr_t)table->elements[index];                  \
    if (!function)                                                             \
        TRAP(TRAP_UNINITIALIZED_ELEMENT);                                      \
    if ((uintptr_t)function->type != pc[1].head.wide)                          \
    TRAP(TRAP_INDIRECT_TYPE)

/* The data cell holds the type that is wanted; it also is the link, with the
 * window in its a. */
HANDLER(call_indirect_other) {
    FIND_ELEMENT(function);
    CALL_FUNCTION(function, pc + 1);
}

/* What it has to do for a function of this instance needs no registers
 * saved. */
HANDLER(call_indirect) {
    FIND_ELEMENT(function);
    if (function->entry && function->instance == instance)
        ENTER(function->entry, pc + 1);
    CONTINUE_AS(call_indirect_other);
}

/* Call in the frame of the caller, which is not needed any more (the tail-call
 * proposal): the arguments move from the window to slot 0, the link is handed
 * on. */
#define ENTER_TAIL(entry, window, link_slot)                                   \
    {                                                                          \
        const uint64_t link = frame[link_slot];                                \
        if ((uint64_t)(instance->stack_end - frame) <                          \
            (uint32_t)(entry)->tail.imm) {                                     \
            TRAP(TRAP_STACK);                                                  \
        }                                                                      \
        for (unsigned i = 0; i < (entry)->d; i++)                              \
            frame[i] = frame[(window) + i];                                    \
        for (unsigned i = (entry)->d; i < (entry)->a; i++)                     \
            frame[i] = 0;                                                      \
        frame[(entry)->a] = link;                                              \
        JUMP((entry) + 1);                                                     \
    }

/* A function of the host is called and returned from: the cells behind do
 * that. */
#define TAIL_CALL_FUNCTION(function, link)                                     \
    {                                                                          \
        if ((function)->entry && (function)->instance == instance) {           \
            ENTER_TAIL((function)->entry, (link)->a, (link)->d)                \
        }                                                                      \
        if (!(function)->host) {                                               \
            CHECK(function_prepare(function));                                 \
            if ((function)->instance == instance)                              \
                JUMP(pc);                                                      \
            ENTER_FOREIGN(function,                                            \
                          foreign_tail_frame(function, link, frame, instance)) \
        }                                                                      \
        CALL_HOST(function, link)                                              \
    }

HANDLER(return_call) {
    const struct cell *entry = pc + pc->tail.imm;
    ENTER_TAIL(entry, pc->a, pc->d);
}

HANDLER(return_call_import) {
    struct function *function = instance->functions[pc->tail.imm];
    TAIL_CALL_FUNCTION(function, pc);
}

HANDLER(return_call_indirect) {
    FIND_ELEMENT(function);
    TAIL_CALL_FUNCTION(function, pc + 1);
}

/* The link is the cell that called; its a says how far up the caller's frame
 * our own began. */
#define RETURN()                                                               \
    {                                                                          \
        pc = (const struct cell *)(uintptr_t)frame[pc->tail.slots.b];          \
        frame -= pc->a;                                                        \
        NEXT(1);                                                               \
    }

HANDLER(return_void) {
    RETURN();
}

HANDLER(return_s) {
    ACCUMULATE(frame[pc->a]);
    frame[0] = r0;
    RETURN();
}

HANDLER(return_i) {
    frame[0] = r0;
    RETURN();
}

HANDLER(return_f32) {
    frame[0] = f32_bits(s0);
    RETURN();
}

HANDLER(return_f64) {
    frame[0] = f64_bits(f0);
    RETURN();
}

HANDLER(return_many) {
    for (unsigned i = 0; i < pc->d; i++)
        frame[i] = frame[pc->a + i];
    RETURN();
}

/* Reached by a return to the link of exec.c's foreign_cells, `frame` still
 * being the callee's. */
HANDLER(return_foreign) {
    struct foreign_call call = foreign_return(frame);
    frame = call.frame;
    instance = call.instance;
    memory = instance->memory->data;
    memory_size = instance->memory->size;
    ACCUMULATE(frame[call.link->a]);
    JUMP(call.link + 1);
}

/* ---- exceptions ---- */

/* Where to go on is left in the vm: a local whose address is taken would cost
 * the tail call. */
#define THROW(exception)                                                       \
    {                                                                          \
        CHECK(exception_catch(instance, pc, frame, exception));                \
        const struct position *const caught = &instance->vm->caught;           \
        pc = caught->pc;                                                       \
        frame = caught->frame;                                                 \
        instance = caught->instance;                                           \
        memory = instance->memory->data;                                       \
        memory_size = instance->memory->size;                                  \
        JUMP(pc);                                                              \
    }

HANDLER(throw_tag) {
    CHECK(exception_new(instance, pc, frame));
    THROW(instance->vm->thrown);
}

HANDLER(throw_ref) {
    struct exception *thrown = (struct exception *)(uintptr_t)frame[pc->a];
    if (!thrown)
        TRAP(TRAP_NULL_EXCEPTION);
    THROW(thrown);
}

HANDLER(halt) {
    TRAP(TRAP_NONE);
}

/* ---- memories and tables: W is the window; numbers of either type are read as 64 bits ---- */

/* All have a data cell, which holds the second index of those that have two. */

#define W      (frame + pc->a)
#define SECOND ((uint32_t)pc[1].head.wide)

/* Bulk operations are paid for in advance by size, or by that of all there is:
 * more than that is out of bounds and does nothing. */
#define CHARGE(units)                                                          \
    CHECK(meter_charge(&instance->vm->meter, (int64_t)(units)))

HANDLER(memory_size) {
    W[0] = instance->memories[pc->tail.imm]->size >> PAGE_SIZE_BITS;
    NEXT(2);
}

HANDLER(memory_grow) {
    W[0] = memory_grow(instance->memories[pc->tail.imm], W[0]);
    memory = instance->memory->data;
    memory_size = instance->memory->size;
    NEXT(2);
}

HANDLER(memory_fill) {
    CHARGE(least(W[2], instance->memories[pc->tail.imm]->size) >> 8);
    CHECK(memory_fill(instance->memories[pc->tail.imm], W[0], (uint8_t)W[1],
                      W[2]));
    NEXT(2);
}

HANDLER(memory_copy) {
    CHARGE(least(W[2], instance->memories[pc->tail.imm]->size) >> 8);
    CHECK(memory_copy(instance->memories[pc->tail.imm],
                      instance->memories[SECOND], W[0], W[1], W[2]));
    NEXT(2);
}

HANDLER(memory_init) {
    CHARGE(least(W[2], instance->memories[SECOND]->size) >> 8);
    CHECK(memory_init(instance, instance->memories[SECOND],
                      (uint32_t)pc->tail.imm, W[0], W[1], W[2]));
    NEXT(2);
}

HANDLER(data_drop) {
    instance->dropped_data[pc->tail.imm] = true;
    NEXT(2);
}

HANDLER(table_get) {
    const struct table *table = instance->tables[pc->tail.imm];
    if (W[0] >= table->size)
        TRAP(TRAP_TABLE_BOUNDS);
    W[0] = table->elements[W[0]];
    NEXT(2);
}

HANDLER(table_set) {
    const struct table *table = instance->tables[pc->tail.imm];
    if (W[0] >= table->size)
        TRAP(TRAP_TABLE_BOUNDS);
    table->elements[W[0]] = W[1];
    NEXT(2);
}

HANDLER(table_size) {
    W[0] = instance->tables[pc->tail.imm]->size;
    NEXT(2);
}

HANDLER(table_grow) {
    W[0] = table_grow(instance->tables[pc->tail.imm], W[1], W[0]);
    NEXT(2);
}

HANDLER(table_fill) {
    CHARGE(least(W[2], instance->tables[pc->tail.imm]->size) >> 8);
    CHECK(table_fill(instance->tables[pc->tail.imm], W[0], W[1], W[2]));
    NEXT(2);
}

HANDLER(table_copy) {
    CHARGE(least(W[2], instance->tables[pc->tail.imm]->size) >> 8);
    CHECK(table_copy(instance->tables[pc->tail.imm], instance->tables[SECOND],
                     W[0], W[1], W[2]));
    NEXT(2);
}

/* It decodes the segment from its beginning: the work is for items before the
 * first one too. */
HANDLER(table_init) {
    const uint64_t items = instance->module->elements[pc->tail.imm].count;
    CHARGE((least(W[1], items) + least(W[2], items)) >> 4);
    CHECK(table_init(instance, instance->tables[SECOND], (uint32_t)pc->tail.imm,
                     W[0], W[1], W[2]));
    NEXT(2);
}

HANDLER(elem_drop) {
    instance->dropped_elements[pc->tail.imm] = true;
    NEXT(2);
}
