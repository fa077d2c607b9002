/* The steps of a run: at each cell that is about to be executed, what is no
 * longer as the page has it.
 *
 *     [function, cell, depth, frame, "r0", "f0", "s0",
 *      [slot, "value", ...], [memory, "address", "bytes", ...], "address", size]
 *
 * Frame and slots are counted from the value stack's first slot. Slots are
 * compared with what the page has of the frame; those that the cell before has
 * written are told anyway, and of a frame that has just begun its parameters
 * and locals: what else is in it was left there by others. Links are addresses
 * of the host's and not told. Memory is compared by lines of sixteen bytes, the
 * first few that are touched: so what the host writes there is seen as well. */
#include "vm/listing/steps.h"

#include "vm/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- slots ---- */

static bool reserve_slots(struct stepping *r, size_t end) {
    if (end <= r->slot_capacity)
        return true;
    uint64_t *slots = array_reserve(
        r->memory, r->slots, end - 1, &r->slot_capacity, sizeof *slots);
    if (!slots)
        return false;
    r->slots = slots;
    return true;
}

/* A list of the JSON, to which something is added. */
static const char *border(bool *begun) {
    const char *text = *begun ? "," : "";
    *begun = true;
    return text;
}

/* As text: JavaScript's numbers have 53 bits. */
static void tell_slot(struct stepping *r, size_t slot, bool *begun) {
    buffer_printf(&r->steps,
                  "%s%zu,\"%" PRIx64 "\"",
                  border(begun),
                  slot,
                  r->slots[slot]);
}

/* A frame: where it begins, how many of its slots are followed, which is its
 * link, with the caller behind it, and where its temporaries begin. */
struct followed_frame {
    size_t at, size, link, temporaries;
};

static struct followed_frame frame_of(const struct stepping *r,
                                      const struct cell_place *place) {
    const struct module *module = place->names->module;
    const struct cell *entry = &module->code.cells[place->entry];
    uint32_t size = frame_size(entry), first = frame_first(entry);
    return (struct followed_frame){
        .at = (size_t)(frame_begin(place) - r->bottom),
        .size = size < SLOTS_FOLLOWED ? size : SLOTS_FOLLOWED,
        .link = SLOT_LINK - first,
        .temporaries = entry->a - first};
}

/* The type of what a cell calls, or NULL if that is no call. */
static const struct func_type *callee_type(const struct machine *machine,
                                           enum op op) {
    const struct module *module = machine->instance->module;
    const struct code *code = &module->code;
    const struct cell *pc = machine->pc;
    struct meaning meaning = meaning_of(module->vm, op);
    struct field field;
    if (!strstr(operation_of(op).name, "call"))
        return NULL;
    while (meaning_next(&meaning, &field)) {
        uint32_t target = code_index(code, pc) + (uint32_t)pc->tail.imm;
        uint32_t function = (uint32_t)pc->tail.imm;
        if (field.kind == KIND_TYPE)
            return (const struct func_type *)(uintptr_t)pc[1].head.wide;
        if (field.kind == KIND_CODE)
            function = code_find(code, target)->function;
        if (field.kind == KIND_CODE || field.kind == KIND_FUNCTION)
            return module->functions[function].type;
    }
    return NULL;
}

/* Of a frame in which a call was made, what lies behind the results is what
 * the callee has left. */
static size_t end_of_values(const struct stepping *r,
                            const struct cell_place *place) {
    const struct machine *before = &r->before;
    bool here = before->pc && before->frame == place->machine->frame &&
                before->instance == place->machine->instance;
    if (!here)
        return SIZE_MAX;
    const struct func_type *type = callee_type(before, watched_op(before));
    if (!type)
        return SIZE_MAX;
    const uint64_t *end = before->frame + before->pc->a + type->result_slots;
    return (size_t)(end - frame_begin(place));
}

/* Of a frame that has begun all is taken over, and the locals told. */
static void
tell_frame(struct stepping *r, const struct cell_place *place, bool *begun) {
    struct followed_frame frame = frame_of(r, place);
    bool fresh = r->nesting.entered;
    size_t end = end_of_values(r, place);
    if (!reserve_slots(r, frame.at + frame.size)) {
        r->failed = true;
        return;
    }
    for (size_t i = 0; i < frame.size; i++) {
        uint64_t value = frame_begin(place)[i];
        uint64_t *known = &r->slots[frame.at + i];
        bool is_link = i == frame.link || i == frame.link + 1;
        bool followed = !is_link && i < end;
        bool is_local = !is_link && i < frame.temporaries;
        bool told = fresh ? is_local : followed && *known != value;
        *known = value;
        if (told)
            tell_slot(r, frame.at + i, begun);
    }
}

/* What the cell before has written, as it may be what was there already. */
static void tell_written(struct stepping *r, bool *begun) {
    struct field field;
    if (!r->before.pc)
        return;
    struct meaning meaning = meaning_of(r->before.instance->vm, r->before_op);
    while (meaning_next(&meaning, &field)) {
        bool is_slot = field.written && part_is_slot(field.part) &&
                       field.kind <= KIND_WORD;
        if (!is_slot)
            continue;
        uint32_t slot = part_slot(field.part, r->before.pc);
        size_t at = (size_t)(r->before.frame + slot - r->bottom);
        size_t end = at + (field.kind == KIND_V128 ? 2 : 1);
        for (; at < end && at < r->slot_capacity; at++) {
            r->slots[at] = r->bottom[at];
            tell_slot(r, at, begun);
        }
    }
}

/* ---- memory ---- */

/* NULL in an instance that has not so many: lines are followed across calls of
 * other modules. */
static const struct memory *memory_of(const struct machine *machine,
                                      uint32_t index) {
    const struct instance *instance = machine->instance;
    bool there = index < instance->module->memory_count;
    return there ? instance->memories[index] : NULL;
}

static bool
is_followed(const struct stepping *r, uint32_t memory, uint64_t at) {
    for (uint32_t i = 0; i < r->line_count; i++) {
        if (r->lines[i].memory == memory && r->lines[i].at == at)
            return true;
    }
    return false;
}

/* All of a line, though a byte of it has changed: sixteen bytes are less than to
 * say which. */
static void tell_line(struct stepping *r,
                      struct touched_line *line,
                      const uint8_t *bytes,
                      bool *begun) {
    memcpy(line->bytes, bytes, sizeof line->bytes);
    buffer_printf(&r->steps,
                  "%s%u,\"%" PRIx64 "\",\"",
                  border(begun),
                  line->memory,
                  line->at);
    for (size_t i = 0; i < sizeof line->bytes; i++)
        buffer_printf(&r->steps, "%02x", bytes[i]);
    buffer_append_text(&r->steps, "\"");
}

/* Follow the lines of what the cell is about to touch. Memories end where a
 * line does. */
static void follow_lines(struct stepping *r,
                         const struct machine *machine,
                         uint32_t index,
                         uint64_t address,
                         uint64_t size) {
    const struct memory *memory = memory_of(machine, index);
    uint64_t at = address - address % LINE_BYTES;
    for (; memory && at < address + size; at += LINE_BYTES) {
        if (at >= memory->size || r->line_count == LINES_FOLLOWED)
            return;
        if (is_followed(r, index, at))
            continue;
        struct touched_line *line = &r->lines[r->line_count++];
        /* Not yet as it is: so it is told. */
        *line = (struct touched_line){.memory = index, .at = at};
        memset(line->bytes, ~memory->data[at], sizeof line->bytes);
    }
}

/* Another instance's memory need not reach as far. */
static void
tell_lines(struct stepping *r, const struct machine *machine, bool *begun) {
    for (uint32_t i = 0; i < r->line_count; i++) {
        struct touched_line *line = &r->lines[i];
        const struct memory *memory = memory_of(machine, line->memory);
        if (!memory || line->at >= memory->size)
            continue;
        const uint8_t *bytes = memory->data + line->at;
        if (memcmp(line->bytes, bytes, sizeof line->bytes) != 0)
            tell_line(r, line, bytes, begun);
    }
}

/* Of what a cell accesses: the memory, the address, how much. */
struct access {
    uint32_t memory;
    uint64_t address, size;
};

/* The bytes that a cell writes which fills or copies in the near memory. */
static uint64_t size_near(const struct machine *machine, enum op op) {
    uint16_t b = machine->pc->tail.slots.b;
    switch (op) {
    case OP_memory_fill_ss:
    case OP_memory_fill_is:
    case OP_memory_copy_s: return machine->frame[b];
    default: return b;
    }
}

/* Of a bulk operation, what it writes. Other cells have no window: their `a`
 * may be anything. */
static bool
access_of(const struct machine *machine, enum op op, struct access *access) {
    uint32_t first = (uint32_t)machine->pc->tail.imm;
    bool far = strstr(meaning_of(machine->instance->vm, op).text,
                      "imm:MEMORY") != NULL;
    bool is_bulk =
        op == OP_memory_fill || op == OP_memory_copy || op == OP_memory_init;
    bool is_near = op >= OP_memory_fill_ss && op <= OP_memory_copy_i;
    *access = (struct access){.memory = far ? first : 0,
                              .size = operation_of(op).bytes};
    if (is_near)
        access->size = size_near(machine, op);
    if (!is_bulk)
        return cell_address(machine, op, &access->address);

    const uint64_t *window = machine->frame + machine->pc->a;
    if (op == OP_memory_init)
        access->memory = (uint32_t)machine->pc[1].head.wide;
    access->address = window[0];
    access->size = window[2];
    return true;
}

/* ---- steps ---- */

static void tell_accumulators(struct stepping *r,
                              const struct machine *machine) {
    char f0[FLOAT_TEXT_SIZE], s0[FLOAT_TEXT_SIZE];
    uint64_t wide;
    uint32_t narrow;
    memcpy(&wide, &machine->f0, sizeof wide);
    memcpy(&narrow, &machine->s0, sizeof narrow);
    f64_format(wide, f0);
    f32_format(narrow, s0);
    buffer_printf(
        &r->steps, "\"%" PRIx64 "\",\"%s\",\"%s\",", machine->r0, f0, s0);
}

/* The rest of a step: what is not as the page has it. */
static void tell_changes(struct stepping *r,
                         const struct cell_place *place,
                         const struct access *access) {
    bool begun = false;
    buffer_append_text(&r->steps, "[");
    tell_written(r, &begun);
    tell_frame(r, place, &begun);
    begun = false;
    buffer_append_text(&r->steps, "],[");
    tell_lines(r, place->machine, &begun);
    buffer_printf(&r->steps,
                  "],\"%" PRIx64 "\",%" PRIu64 "]",
                  access->address,
                  access->size);
}

static void
tell_step(struct stepping *r, const struct cell_place *place, enum op op) {
    const struct machine *machine = place->machine;
    struct access access;
    if (access_of(machine, op, &access)) {
        follow_lines(r, machine, access.memory, access.address, access.size);
    } else {
        access = (struct access){0};
    }
    buffer_printf(&r->steps,
                  "%s[%u,%u,%zu,%td,",
                  r->count > 0 ? ",\n" : "",
                  place->names->function,
                  place->cell - place->entry,
                  r->nesting.count - 1,
                  frame_begin(place) - r->bottom);
    tell_accumulators(r, machine);
    tell_changes(r, place, &access);
    r->count++;
}

/* The function is known by its cells; names of slots are the page's. */
static struct cell_place place_of(struct frame_names *names,
                                  const struct machine *machine) {
    struct module *module = machine->instance->module;
    uint32_t cell = code_index(&module->code, machine->pc);
    const struct translation *of = code_find(&module->code, cell);
    names->module = module;
    names->function = of->function;
    return (struct cell_place){names, of->entry, cell, machine};
}

/* Looked at before a step is told, so that the last one is whole. */
static bool end_run(struct stepping *r, const struct machine *machine) {
    struct error *error = machine->instance->vm->host_error;
    r->failed = r->failed || r->steps.failed;
    r->full = r->full || r->count == STEPS_MAX;
    if (r->failed)
        error_set_memory(machine->instance->vm, error, "the steps of a run");
    if (r->full)
        error_set(error, ERROR_EXIT, "followed");
    return r->failed || r->full;
}

/* What is told is the state before the cell: what it does to it, the next step
 * tells. */
static enum op stepping_cell(struct observer *observer,
                             const struct machine *machine) {
    struct stepping *r = (struct stepping *)(void *)observer;
    enum op op = watched_op(machine);
    struct frame_names names = {0};
    struct cell_place place = place_of(&names, machine);
    /* It is begun again, when the callee has its code. */
    bool again = machine->pc == r->before.pc &&
                 machine->frame == r->before.frame &&
                 strstr(operation_of(op).name, "call");
    if (end_run(r, machine))
        return OP_COUNT;
    if (again)
        return op;
    r->failed = !nesting_enter(&r->nesting, &place);
    if (!r->failed)
        tell_step(r, &place, op);
    nesting_leave(&r->nesting, op);
    r->before = *machine;
    r->before_op = op;
    return op;
}

/* ---- the observer ---- */

static void stepping_translated(struct observer *observer,
                                struct module *module,
                                uint32_t function) {
    struct stepping *r = (struct stepping *)(void *)observer;
    bool meant = module == r->module && (!r->only || function == r->function);
    if (meant)
        watch_function(module, function);
}

/* By a trap, frames go that never returned. */
static void stepping_left(struct observer *observer,
                          const uint64_t *frame,
                          enum trap trap) {
    struct stepping *r = (struct stepping *)(void *)observer;
    (void)trap;
    nesting_cut(&r->nesting, frame);
}

static void stepping_unloaded(struct observer *observer,
                              const struct module *module) {
    struct stepping *r = (struct stepping *)(void *)observer;
    if (r->module == module)
        r->module = NULL;
}

static void stepping_closed(struct observer *observer) {
    struct stepping *r = (struct stepping *)(void *)observer;
    nesting_free(&r->nesting, r->memory);
    buffer_free(&r->steps);
    array_free(r->memory, r->slots, r->slot_capacity, sizeof *r->slots);
    free(r);
}

/* Frames and slots are told by their distance from the value stack's bottom: so
 * no step has an address of the host's, which differs from run to run. */
struct stepping *keep_steps(struct module *module) {
    bool read = meanings_read(module->vm);
    struct stepping *r = read ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    r->observer = (struct observer){.translated = stepping_translated,
                                    .cell = stepping_cell,
                                    .left = stepping_left,
                                    .unloaded = stepping_unloaded,
                                    .closed = stepping_closed};
    r->module = module;
    r->memory = module->vm->memory;
    r->bottom = module->vm->stack;
    buffer_init(&r->steps, SIZE_MAX);
    r->steps.budget = r->memory;
    module->vm->observer = &r->observer;
    return r;
}

/* The observer is ours if its functions are. */
const struct stepping *stepping_of(const struct module *module) {
    const struct observer *observer = module->vm->observer;
    if (!observer || observer->cell != stepping_cell)
        return NULL;
    const struct stepping *r = (const struct stepping *)(const void *)observer;
    return r->module == module ? r : NULL;
}
