/* Frames on the value stack, seen from outside of the interpreter.
 *
 * A frame's link is the cell that called it, and says how far up the caller's
 * frame it begins. A function of another instance has a frame of its own, above
 * four extra slots that remember what its return must restore; its link is
 * vm->foreign, so that this return ends in the operation return_foreign:
 *
 *     [ window of the caller | results | link | instance | frame ][ frame of the callee ... */
#include "vm/frames.h"

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
    uint64_t *window = caller.frame + caller.pc->a;
    uint32_t params = type->param_slots, results = type->result_slots;
    uint32_t taken = (params > results ? params : results) + FOREIGN_SLOTS;
    uint64_t need = (uint64_t)taken + (uint32_t)entry->tail.imm;
    if ((uint64_t)(vm->stack_end - window) < need)
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
    return (struct position){.pc = (const struct cell *)(uintptr_t)callee[-3],
                             .instance =
                                 (struct instance *)(uintptr_t)callee[-2],
                             .frame = (uint64_t *)(uintptr_t)callee[-1]};
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

/* ---- walking ---- */

/* The link's slot is in the entry cell; whose code the pc is in says which that
 * is. A tail call from the outermost frame into another instance has a caller
 * that is vm->halt. */
bool position_outward(struct position *at) {
    const struct vm *vm = at->instance->vm;
    const struct code *code = &at->instance->module->code;
    const struct translation *of = code_find(code, code_index(code, at->pc));
    uint64_t link = at->frame[code->cells[of->entry].a];
    at->pc = (const struct cell *)(uintptr_t)link;
    if (at->pc == vm->foreign) {
        *at = foreign_caller(at->frame);
    } else {
        at->frame -= at->pc->a;
    }
    return at->pc != vm->halt;
}

void backtrace_record(struct vm *vm, struct position at) {
    do {
        if (vm->trace_count == TRACE_FRAMES)
            return;
        struct module *module = at.instance->module;
        uint32_t cell = code_index(&module->code, at.pc);
        uint32_t function = code_find(&module->code, cell)->function;
        vm->trace[vm->trace_count++] =
            (struct traced){.module = module,
                            .function = function,
                            .offset = module->code.offsets[cell]};
    } while (position_outward(&at));
}
