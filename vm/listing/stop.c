/* Stopping a run where one wants to look: before an instruction, by its offset
 * or its line; or where a replay was to end (vm/record). What the locals were is
 * kept, as text, for each frame of the backtrace.
 *
 * All cells of a function that has such a place are watched. One cell may be
 * for several instructions: an offset means the cell that was made of it, or
 * else of the last one before it. */
#include "vm/listing/names.h"
#include "vm/listing/watch.h"

#include "vm/frames.h"
#include "vm/store.h"

#include <stdlib.h>
#include <string.h>

enum { LOCALS_SHOWN = 40, VALUE_SIZE = 100 };

struct stop {
    struct observer observer; /* first: it is given back to our functions */
    struct vm *vm;
    struct vm_stopping at;

    uint32_t *offsets; /* owned; of cells to stop at */
    size_t offset_count, offset_capacity;

    struct buffer texts; /* of the frames' locals, one after the other */
    size_t ends[TRACE_FRAMES];
    size_t frame_count;
};

/* ---- where ---- */

static bool
add_offset(struct stop *stop, const struct module *module, uint32_t offset) {
    uint32_t *offsets = array_reserve(module->code.memory,
                                      stop->offsets,
                                      stop->offset_count,
                                      &stop->offset_capacity,
                                      sizeof *offsets);
    if (!offsets)
        return false;
    stop->offsets = offsets;
    offsets[stop->offset_count++] = offset;
    return true;
}

/* "src/demo.c" ends with "demo.c" and with "src/demo.c". */
static bool ends_with(struct slice path, const char *name) {
    size_t size = strlen(name);
    if (path.size < size || size == 0)
        return false;
    size_t before = path.size - size;
    bool whole = before == 0 || path.data[before - 1] == '/';
    return whole && memcmp(path.data + before, name, size) == 0;
}

static bool is_on_line(struct stop *stop,
                       struct module *module,
                       uint32_t offset,
                       struct arena *texts) {
    struct debug_place place;
    module_places(module, offset, texts, &place, 1);
    return place.line == stop->at.line && ends_with(place.file, stop->at.file);
}

/* Each offset of the function's cells that is on the line. */
static bool find_line(struct stop *stop,
                      struct module *module,
                      uint32_t from,
                      uint32_t end) {
    const struct code *code = &module->code;
    uint32_t last = UINT32_MAX;
    bool fine = true;
    for (uint32_t cell = from; fine && cell < end; cell++) {
        uint32_t offset = code->offsets[cell];
        struct arena texts;
        if (offset == last)
            continue;
        last = offset;
        arena_init(&texts);
        texts.budget = code->memory;
        if (is_on_line(stop, module, offset, &texts))
            fine = add_offset(stop, module, offset);
        arena_free(&texts);
    }
    return fine;
}

/* The last instruction at the offset or before it that has a cell of its own. */
static bool find_offset(struct stop *stop,
                        const struct module *module,
                        uint32_t from,
                        uint32_t end) {
    const struct code *code = &module->code;
    uint32_t best = 0;
    for (uint32_t cell = from; cell < end; cell++) {
        uint32_t offset = code->offsets[cell];
        if (offset <= stop->at.offset && offset > best)
            best = offset;
    }
    return best == 0 || add_offset(stop, module, best);
}

/* Another function's cells would else be taken for "the last before". */
static bool
is_in_body(const struct module *module, uint32_t function, uint32_t offset) {
    struct slice body = module->functions[function].body;
    size_t begin = (size_t)(body.data - module->bytes.data);
    return offset >= begin && offset < begin + body.size;
}

/* A place is looked for in each function when it gets its code: before that it
 * cannot be reached. */
static bool stop_translated(struct observer *observer,
                            struct module *module,
                            uint32_t function,
                            struct error *error) {
    struct stop *stop = (struct stop *)(void *)observer;
    const struct code *code = &module->code;
    size_t before = stop->offset_count;
    uint32_t from = module->functions[function].entry + 1;
    bool fine = true;
    if (module != stop->at.module)
        return true;
    if (stop->at.file)
        fine = find_line(stop, module, from, code->cell_count);
    else if (is_in_body(module, function, stop->at.offset))
        fine = find_offset(stop, module, from, code->cell_count);
    if (fine && stop->offset_count > before)
        watch_function(module, function);
    return fine || error_set_memory(module->vm, error, "a place to stop at");
}

/* Ending the run here leaves everything as it was before the instruction. */
static enum op stop_cell(struct observer *observer,
                         const struct machine *machine) {
    struct stop *stop = (struct stop *)(void *)observer;
    const struct code *code = &machine->instance->module->code;
    uint32_t offset = code->offsets[code_index(code, machine->pc)];
    for (size_t i = 0; i < stop->offset_count; i++) {
        if (stop->offsets[i] != offset)
            continue;
        stop->vm->stopped = true;
        error_set(stop->vm->host_error, ERROR_EXIT, "stopped at 0x%x", offset);
        return OP_COUNT;
    }
    return watched_op(machine);
}

/* ---- what is there ---- */

/* "local0:i32=7", as in the columns of dump --code. */
static void put_local(struct buffer *out,
                      const struct frame_names *names,
                      uint32_t slot,
                      const uint64_t *frame) {
    char name[SLOT_NAME_SIZE], value[VALUE_SIZE] = "";
    uint64_t bits[2] = {frame[slot], 0};
    enum kind kind = slot_kind(names, slot);
    if (kind == KIND_V128)
        bits[1] = frame[slot + 1];
    FILE *text = fmemopen(value, sizeof value - 1, "w");
    if (!text)
        return;
    value_show(kind, bits, text);
    fclose(text);
    buffer_printf(out,
                  "%s%s%s=%s",
                  slot > 0 ? " " : "",
                  slot_name(names, slot, name),
                  slot_type(names, slot),
                  value);
}

/* As many as fit on a few lines: a function may have 50,000. */
static void put_locals(struct buffer *out, const struct position *at) {
    struct module *module = at->instance->module;
    const struct translation *of =
        code_find(&module->code, code_index(&module->code, at->pc));
    struct frame_names names;
    bool fine = frame_names_init(&names, module, of->function);
    uint32_t slot = 0;
    for (int shown = 0; fine && slot < names.local_slots; shown++) {
        if (shown == LOCALS_SHOWN) {
            buffer_append_text(out, " ...");
            break;
        }
        put_local(out, &names, slot, at->frame);
        slot += slot_kind(&names, slot) == KIND_V128 ? 2 : 1;
    }
    frame_names_free(&names);
}

/* Innermost frames come first, as in the backtrace. */
static void
stop_left(struct observer *observer, const uint64_t *frame, enum trap trap) {
    struct stop *stop = (struct stop *)(void *)observer;
    struct position at = stop->vm->trapped;
    (void)frame, (void)trap;
    if (!stop->vm->stopped)
        return;
    do {
        if (stop->frame_count == TRACE_FRAMES)
            return;
        put_locals(&stop->texts, &at);
        stop->ends[stop->frame_count++] = stop->texts.size;
    } while (position_outward(&at));
}

/* ---- the observer ---- */

static void stop_closed(struct observer *observer) {
    struct stop *stop = (struct stop *)(void *)observer;
    array_free(stop->vm->memory,
               stop->offsets,
               stop->offset_capacity,
               sizeof *stop->offsets);
    buffer_free(&stop->texts);
    free(stop);
}

bool vm_stop(const struct vm_stopping *at, struct error *error) {
    struct vm *vm = at->module->vm;
    if (!watch_allowed(vm, error))
        return false;
    struct stop *stop = meanings_read(vm) ? calloc(1, sizeof *stop) : NULL;
    if (!stop)
        return error_set(error, ERROR_IO, "out of memory: a place to stop at");
    stop->observer = (struct observer){.translated = stop_translated,
                                       .cell = stop_cell,
                                       .left = stop_left,
                                       .closed = stop_closed};
    stop->vm = vm;
    stop->at = *at;
    buffer_init(&stop->texts, SIZE_MAX);
    stop->texts.budget = vm->memory;
    vm->observer = &stop->observer;
    return true;
}

bool vm_stopped(const struct vm *vm) {
    return vm->stopped;
}

/* Texts were made when the run was left: the stack they tell of is gone. */
struct slice vm_locals(const struct vm *vm, size_t frame) {
    const struct observer *observer = vm->observer;
    bool ours = vm->stopped && observer && observer->cell == stop_cell;
    const struct stop *stop = (const struct stop *)(const void *)observer;
    if (!ours || frame >= stop->frame_count)
        return (struct slice){NULL, 0};
    size_t begin = frame > 0 ? stop->ends[frame - 1] : 0;
    return (struct slice){stop->texts.data + begin, stop->ends[frame] - begin};
}
