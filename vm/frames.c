/* Frames on the value stack, seen from outside of the interpreter.
 *
 * A frame says which cell called it, the link, and where the caller's frame is. A
 * function of another instance has a frame of its own, above four extra slots
 * that remember what its return must restore; its link is vm->foreign, so that
 * this return ends in the operation return_foreign, and its caller the end of
 * these:
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
    uint32_t first = first_slot(params);
    uint32_t size = (uint32_t)entry->tail.imm - first;

    uint64_t *window = caller.frame + caller.pc->a;
    uint64_t room = (uint64_t)(vm->stack_end - window);
    if (room < (uint64_t)taken + size)
        return NULL;

    uint64_t *begin = window + taken;
    memmove(begin, args, params * sizeof *begin);
    begin[-4] = results; /* how many slots foreign_return has to copy */
    begin[-3] = (uintptr_t)caller.pc;
    begin[-2] = (uintptr_t)caller.instance;
    begin[-1] = (uintptr_t)caller.frame;

    uint64_t *callee = begin - first;
    frame_fill(entry, callee, (uintptr_t)vm->foreign, (uintptr_t)begin);
    return callee;
}

static struct position foreign_caller(const uint64_t *args) {
    uintptr_t pc = args[-3];
    uintptr_t instance = args[-2];
    uintptr_t frame = args[-1];

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

struct position foreign_return(const uint64_t *args) {
    struct position caller = foreign_caller(args);
    uint64_t *window = caller.frame + caller.pc->a;
    memcpy(window, args, args[-4] * sizeof *args);
    return caller;
}

/* ---- leaving ---- */

enum trap execution_left(const struct cell *pc,
                         uint64_t *frame,
                         enum trap trap,
                         double home,
                         double budget) {
    struct instance *instance = instance_at(home);
    instance->vm->meter.budget = (int64_t)budget;
    instance->vm->trapped = (struct position){pc, frame, instance};
    return trap;
}

/* ---- walking ---- */

struct position frame_caller(const uint64_t *frame, struct instance *instance) {
    uintptr_t link = frame[SLOT_LINK];
    uintptr_t caller = frame[SLOT_CALLER];

    struct position at;
    at.pc = (const struct cell *)link;
    at.frame = (uint64_t *)caller;
    at.instance = instance;
    return at.pc == instance->vm->foreign ? foreign_caller(at.frame) : at;
}

/* A tail call from the outermost frame into another instance has a caller that
 * is vm->halt, too. */
bool position_outward(struct position *at) {
    const struct vm *vm = at->instance->vm;
    *at = frame_caller(at->frame, at->instance);
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
