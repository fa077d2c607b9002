/* Frames on the value stack, seen from outside of the interpreter.
 *
 * A frame's link is the cell that called it, and says how far up the caller's
 * frame it begins. A function of another instance has a frame of its own, above
 * four extra slots that remember what its return must restore; its link is
 * vm->foreign, so that this return ends in the operation return_foreign:
 *
 *     [ window of the caller | results | link | instance | frame ][ frame of the callee ... */
#include "vm/frames.h"
#include "vm/rings.h"

#include <string.h>

/* ---- calls into another instance ---- */

enum { FOREIGN_SLOTS = 4 };

/* The arguments come first, since they may be where the rest goes. */
uint64_t *foreign_frame_for(const struct function *function,
                            struct position caller,
                            const uint64_t *args) {
    struct vm *vm = function->instance->vm;
    const struct func_type *type = function->type;
    const struct cell *entry = function->entry;
    uint32_t params = type->param_slots;
    uint32_t results = type->result_slots;
    uint32_t values = params > results ? params : results;
    uint32_t taken = values + FOREIGN_SLOTS;
    uint32_t frame = (uint32_t)entry->tail.imm;

    uint64_t *window = caller.frame + caller.pc->a;
    uint64_t room = (uint64_t)(vm->stack_end - window);
    if (room < (uint64_t)taken + frame)
        return NULL;

    uint64_t *callee = window + taken;
    memmove(callee, args, params * sizeof *callee);
    callee[-4] = results; /* how many slots foreign_return has to copy */
    callee[-3] = (uintptr_t)caller.pc;
    callee[-2] = (uintptr_t)caller.instance;
    callee[-1] = (uintptr_t)caller.frame;

    for (unsigned i = entry->d; i < entry->a; i++)
        callee[i] = 0;
    callee[entry->a] = (uintptr_t)vm->foreign;
    return callee;
}

struct position foreign_caller(const uint64_t *callee) {
    uintptr_t pc = callee[-3];
    uintptr_t instance = callee[-2];
    uintptr_t frame = callee[-1];

    struct position caller;
    caller.pc = (const struct cell *)pc;
    caller.instance = (struct instance *)instance;
    caller.frame = (uint64_t *)frame;
    return caller;
}

uint64_t *foreign_frame(const struct function *function,
                        const struct cell *link,
                        uint64_t *frame,
                        struct instance *instance) {
    struct position caller = {link, frame, instance};
    return foreign_frame_for(function, caller, frame + link->a);
}

struct position foreign_return(const uint64_t *callee) {
    struct position caller = foreign_caller(callee);
    uint64_t *window = caller.frame + caller.pc->a;
    memcpy(window, callee, callee[-4] * sizeof *callee);
    return caller;
}

/* ---- leaving ---- */

enum trap execution_left(const struct cell *pc,
                         uint64_t *frame,
                         enum trap trap,
                         double home) {
    struct instance *instance = instance_at(home);
    instance->vm->trapped = (struct position){pc, frame, instance};
    return trap;
}

/* ---- walking ---- */

/* The link's slot is in the entry cell; whose code the pc is in says which that
 * is. A tail call from the outermost frame into another instance has a caller
 * that is vm->halt. */
bool position_outward(struct position *at) {
    const struct vm *vm = at->instance->vm;
    const struct code *code = &at->instance->module->code;
    uint32_t cell = code_index(code, at->pc);
    const struct translation *of = code_find(code, cell);
    const struct cell *entry = &code->cells[of->entry];
    uintptr_t link = at->frame[entry->a];

    at->pc = (const struct cell *)link;
    if (at->pc == vm->foreign) {
        *at = foreign_caller(at->frame);
    } else {
        at->frame -= at->pc->a;
    }
    return at->pc != vm->halt;
}

void backtrace_record(struct vm *vm, struct position at) {
    if (vm->stopped)
        stop_keep(vm, at);
    do {
        if (vm->trace_count == TRACE_FRAMES)
            return;

        struct module *module = at.instance->module;
        const struct code *code = &module->code;
        uint32_t cell = code_index(code, at.pc);

        struct traced *traced = &vm->trace[vm->trace_count++];
        traced->module = module;
        traced->function = code_find(code, cell)->function;
        traced->offset = code->offsets[cell];
    } while (position_outward(&at));
}
