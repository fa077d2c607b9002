/* Watching cells: as a debugger puts a breakpoint where an instruction was.
 *
 * A cell that is watched has the operation OP_watched; what it had before is
 * kept beside, in an array a module. */
#include "vm/listing/watch.h"

#include "vm/store.h"

#include <stdlib.h>
#include <string.h>

struct watched_module {
    struct watched_module *next;
    struct module *module;
    uint16_t *ops; /* owned; of each cell */
    size_t capacity;
};

/* Few modules are watched: a list will do. */
static struct watched_module *find(const struct watch *watch,
                                   const struct module *module) {
    struct watched_module *found = watch->modules;
    while (found && found->module != module)
        found = found->next;
    return found;
}

static struct watched_module *add(struct watch *watch, struct module *module) {
    struct watched_module *added = calloc(1, sizeof *added);
    if (!added)
        return NULL;
    added->module = module;
    added->next = watch->modules;
    watch->modules = added;
    return added;
}

/* An entry for each cell, data cells too: so a cell's index finds it. */
static bool reserve(struct watched_module *watched) {
    const struct code *code = &watched->module->code;
    if (code->cell_count <= watched->capacity)
        return true;
    uint16_t *ops = array_reserve(code->memory,
                                  watched->ops,
                                  code->cell_count - 1,
                                  &watched->capacity,
                                  sizeof *ops);
    if (!ops)
        return false;
    watched->ops = ops;
    return true;
}

/* Data cells are none that come next. */
bool watch_function(struct watch *watch,
                    struct module *module,
                    uint32_t function) {
    struct watched_module *watched = find(watch, module);
    if (!watched)
        watched = add(watch, module);
    if (!watched || !reserve(watched))
        return false;
    const struct code *code = &module->code;
    uint32_t cell = module->functions[function].entry + 1;
    while (cell < code->cell_count) {
        enum op op = cell_op(module->vm, &code->cells[cell]);
        uint32_t data =
            operation_data_cells(module->vm, op, &code->cells[cell]);
        watched->ops[cell] = (uint16_t)op;
        cell_set_op(&code->cells[cell], OP_watched);
        cell += 1 + data;
    }
    return true;
}

/* Asked for each cell that is executed, of a module that is watched. */
enum op watch_op(const struct watch *watch, const struct machine *machine) {
    const struct module *module = machine->instance->module;
    uint32_t cell = code_index(&module->code, machine->pc);
    return (enum op)find(watch, module)->ops[cell];
}

void watch_change(struct watch *watch,
                  struct module *module,
                  uint32_t cell,
                  enum op op) {
    find(watch, module)->ops[cell] = (uint16_t)op;
}

/* The module's cells are about to be freed; they need not be put back. */
void watch_forget(struct watch *watch, const struct module *module) {
    struct watched_module **link = &watch->modules;
    while (*link && (*link)->module != module)
        link = &(*link)->next;
    struct watched_module *gone = *link;
    if (!gone)
        return;
    *link = gone->next;
    array_free(
        module->code.memory, gone->ops, gone->capacity, sizeof *gone->ops);
    free(gone);
}

void watch_free(struct watch *watch) {
    while (watch->modules)
        watch_forget(watch, watch->modules->module);
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
    const uint64_t *frame = place->machine->frame;
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
    const char *name = operation_of(op)->name;
    nesting->handed_on = strstr(name, "return_call") != NULL;
    bool returns = strncmp(name, "return_", strlen("return_")) == 0;
    nesting->count -= returns && !nesting->handed_on;
}

void nesting_free(struct nesting *nesting, struct budget *memory) {
    array_free(
        memory, nesting->frames, nesting->capacity, sizeof *nesting->frames);
}
