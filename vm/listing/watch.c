/* Watching cells: as a debugger puts a breakpoint where an instruction was. What
 * a watched cell does is in code->ops, as ever. */
#include "vm/listing/watch.h"

#include "vm/store.h"

#include <string.h>

void watch_function(struct module *module, uint32_t function) {
    struct code *code = &module->code;
    uint32_t end = code->cell_count;
    uint32_t cell = module->functions[function].entry + 1;
    for (; cell < end; cell = code_next(code, cell, end))
        cell_set_op(&code->cells[cell], OP_watched);
}

enum op watched_op(const struct machine *machine) {
    const struct code *code = &machine->instance->module->code;
    return code_op(code, code_index(code, machine->pc));
}

/* Two observers would take each other's marks for operations. */
bool watch_allowed(const struct vm *vm, struct error *error) {
    return !vm->observer ||
           error_set(error, ERROR_USAGE, "the vm is watched already");
}

/* ---- frames ---- */

/* Frames at that address or above it are no more: callees stand higher. */
void nesting_cut(struct nesting *nesting, const uint64_t *frame) {
    while (nesting->count > 0 && nesting->frames[nesting->count - 1] >= frame)
        nesting->count--;
}

/* To come to the first cell again in the same frame, by a loop, is no new
 * call. */
bool nesting_enter(struct nesting *nesting, const struct cell_place *place) {
    const uint64_t *frame = frame_begin(place);
    bool again = nesting->handed_on && place->cell == place->entry + 1;
    nesting_cut(nesting, again ? frame : frame + 1);
    size_t count = nesting->count;
    nesting->entered = count == 0 || nesting->frames[count - 1] != frame;
    if (!nesting->entered)
        return true;
    const uint64_t **frames = array_reserve(place->names->module->vm->memory,
                                            nesting->frames,
                                            count,
                                            &nesting->capacity,
                                            sizeof *frames);
    if (!frames)
        return false;
    nesting->frames = frames;
    frames[nesting->count++] = frame;
    return true;
}

/* By the names, since tail calls are a ring. */
void nesting_leave(struct nesting *nesting, enum op op) {
    const char *name = operation_of(op).name;
    nesting->handed_on = strstr(name, "return_call") != NULL;
    bool returns = strncmp(name, "return_", strlen("return_")) == 0;
    nesting->count -= returns && !nesting->handed_on;
}

void nesting_free(struct nesting *nesting, struct budget *memory) {
    array_free(
        memory, nesting->frames, nesting->capacity, sizeof *nesting->frames);
}
