/* The validator's state, and what its files share.
 *
 * validate.c walks the bodies and validates most instructions by their rows;
 * control.c validates blocks, branches and calls, try.c exceptions; locals.c
 * reads what locals there are. Functions that return bool give false after they
 * have failed the reader, which ends the walk. */
#ifndef HOSTEL_VM_VALIDATOR_H
#define HOSTEL_VM_VALIDATOR_H

#include "vm/module.h"
#include "vm/opcodes.h"
#include "vm/store.h"
#include "vm/translate.h"

/* A block that has begun. Two bytes begin one, so it is small. */
struct control {
    const struct func_type *type;
    struct label label; /* where `br` goes */
    /* Of an if: patches, where it goes if the condition is false. */
    uint32_t otherwise;
    uint16_t height; /* of the operand stack below its parameters */
    /* The instruction that began it, or its last else or catch; WASM_call: the
     * function. */
    uint8_t opener;
    bool unreachable : 1; /* the rest of it */
    bool dead_before : 1; /* all of it */
    bool is_try : 1;      /* end_try ends it */
    bool hides : 1;       /* an operand below its others, of vm/exceptions */
};

_Static_assert(sizeof(struct control) == 24 + sizeof(void *), "without holes");

/* A run of locals of one type, as in the binary format: four bytes can declare
 * 50,000. Parameters are in none, but looked up in the type. */
struct local_run {
    uint32_t start, end; /* the index of its first local, and behind its last */
    uint32_t slot;       /* of its first local */
    uint8_t type;
};

/* The runs of so many locals are looked up, those of locals behind them
 * searched. */
enum { MAPPED_LOCALS = 64 };

struct validator {
    struct module *module;
    struct meter *meter; /* the vm's */
    /* The vm's, if code is emitted; or NULL. */
    struct observer *observer;
    /* Work not yet paid for that ends the walk from one instruction to the
     * next: none, if there is an observer. */
    uint32_t pause;
    struct translator t;
    struct reader reader;          /* of the current body */
    const struct instruction *row; /* the current instruction */
    const struct func_type *empty; /* () -> () */

    struct control *controls; /* owned */
    uint32_t control_count;
    size_t control_capacity;
    struct attempt *attempts; /* owned */
    uint32_t attempt_count;
    size_t attempt_capacity;
    const struct func_type *type; /* of the current function */
    struct local_run *runs;       /* owned */
    uint32_t run_count;
    size_t run_capacity;
    uint32_t local_count;
    uint32_t local_slots;
    /* Of the first locals, parameters apart, `mapped` of them. */
    uint8_t run_of[MAPPED_LOCALS];
    uint32_t mapped;
};

static inline const char *type_name_of(uint8_t type) {
    return vm_type_name((enum vm_type)type);
}

/* ---- validate.c ---- */

/* Errors, which name the current instruction. */
bool invalid(struct validator *v, const char *what);
bool mismatch(struct validator *v, uint8_t wanted, uint8_t found);
bool unknown_index(struct validator *v, const char *what, uint32_t index);

static inline bool check_index(struct validator *v,
                               const char *what,
                               uint32_t index,
                               uint32_t count) {
    return index < count || unknown_index(v, what, index);
}

/* A memory's addresses. */
bool memory_named(struct validator *v, uint32_t index, uint8_t *address);

/* Spec 3.3.7. The alignment, of which the exponent is given (2 for 4 bytes), is
 * a promise that may be broken; nothing is made of it. Since memory64 the
 * format has offsets of 64 bits. */
static inline bool check_access(struct validator *v,
                                const struct immediate *memarg,
                                uint8_t address) {
    uint32_t exponent = memarg->first;
    if (exponent > 4 || 1u << exponent > v->row->bytes)
        return invalid(v, "alignment must not be larger than natural");

    bool narrow = address == VM_I32;
    if (narrow && memarg->bits > UINT32_MAX)
        return invalid(v, "offset out of range");
    return true;
}

/* Whether it is an access to another memory than the near one, or to none. */
static inline bool is_far(const struct validator *v,
                          const struct immediate *memarg) {
    return memarg->second > 0 || !v->module->has_near_memory;
}

static inline struct control *innermost(struct validator *v) {
    return &v->controls[v->control_count - 1];
}

bool out_of_time(struct validator *v); /* fails the reader */

/* So many steps of work are done (meter.h): one for each instruction, more for
 * those that have any number of labels or clauses, with any number of values.
 * Fails the reader if the time is up. */
static inline bool spend(struct validator *v, uint32_t steps) {
    return meter_step(v->meter, steps) || out_of_time(v);
}

/* So many types that are compared or copied are a step. */
enum { TYPES_A_STEP = 64 };

/* Pop an operand of the type, or of any if it is TYPE_ANY. */
struct operand pop_other(struct validator *v, uint8_t wanted);

static inline struct operand pop(struct validator *v, uint8_t wanted) {
    struct translator *t = &v->t;
    bool some = t->count > innermost(v)->height;
    if (some && t->types[t->count - 1] == wanted)
        return operand_pop(t);
    return pop_other(v, wanted);
}

/* Check the topmost operands without popping them. */
bool check_top(struct validator *v, struct types types);
void push_types(struct validator *v, struct types types);

/* Forget the topmost operands, which have been checked, as far as the block has
 * them, and push others at home. */
void replace_top(struct validator *v, struct types taken, struct types given);

/* Forget all operands of the block. */
void truncate_to(struct validator *v, const struct control *block);

/* The rest of the block cannot be reached. */
void set_unreachable(struct validator *v);

/* A local that there is. */
struct local {
    uint32_t slot;
    uint8_t type;
};

struct local local_at(const struct validator *v, uint32_t index);

/* ---- locals.c ---- */

/* Read what a body of the type declares. */
void locals_read(struct validator *v, const struct func_type *type);

/* ---- control.c ---- */

/* What a branch to the block carries. */
struct types label_types(const struct control *block);

/* The results, and nothing else, are on the stack. */
bool check_block_end(struct validator *v);

/* The block of a label; NULL fails. */
struct control *target(struct validator *v, uint32_t depth);

struct control *push_control(struct validator *v,
                             uint32_t opener,
                             const struct func_type *type);
void begin_block(struct validator *v, int64_t type);
void do_else(struct validator *v);
void do_end(struct validator *v);
void leave_block(struct validator *v, struct control *block);
void branch(struct validator *v, uint32_t depth);
void br_table(struct validator *v, uint32_t count);
void call(struct validator *v, uint32_t function);
void call_indirect(struct validator *v, uint32_t type_index, uint32_t table);

/* The type of an indirect call's callee; NULL fails. */
const struct func_type *
check_indirect(struct validator *v, uint32_t type_index, uint32_t table);

/* ---- of the rings: an instruction of class ADDED each ---- */

#define ROW(...)
#define ADDED(code, name, ...)                                                 \
    void do_##name(struct validator *v, const struct immediate *immediate);
#include "vm/opcodes.def"

#endif
