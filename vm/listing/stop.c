/* Stopping a run where one wants to look: before an instruction, by its offset
 * or its line; or where a replay was to end (vm/record). What the locals were is
 * kept, as text, for each frame of the backtrace.
 *
 * The translator puts a cell that stops before each instruction where the run
 * is to; whoever watches the run sees one cell more. Of an instruction that no
 * path leads to, or an offset within one, the next that is reached is meant. */
#include "vm/listing/listing.h"
#include "vm/listing/names.h"

#include "vm/emit.h"
#include "vm/frames.h"
#include "vm/rings.h"

#include <stdlib.h>
#include <string.h>

enum { LOCALS_SHOWN = 40, VALUE_SIZE = 100 };

struct stop {
    struct vm_stopping at;
    bool placed; /* that is the only place there is */

    struct buffer texts; /* of the frames' locals, one after the other */
    size_t ends[TRACE_FRAMES];
    size_t frame_count;
};

/* ---- where ---- */

/* "src/demo.c" ends with "demo.c" and with "src/demo.c". */
static bool ends_with(struct slice path, const char *name) {
    size_t size = strlen(name);
    if (path.size < size || size == 0)
        return false;
    size_t before = path.size - size;
    bool whole = before == 0 || path.data[before - 1] == '/';
    return whole && memcmp(path.data + before, name, size) == 0;
}

static bool is_on_line(const struct vm_stopping *at, uint32_t offset) {
    struct debug_place place;
    struct arena texts;
    arena_init(&texts);
    texts.budget = at->module->vm->memory;
    module_places(at->module, offset, &texts, &place, 1);
    bool is = place.line == at->line && ends_with(place.file, at->file);
    arena_free(&texts);
    return is;
}

/* Whether the place is in the function that is translated, and not behind the
 * offset. */
static bool
is_reached(const struct translator *t, uint32_t place, uint32_t offset) {
    return t->begin <= place && place <= offset;
}

void stop_before(struct translator *t) {
    struct stop *stop = t->module->vm->stop;
    const struct vm_stopping *at = &stop->at;
    uint32_t offset = (uint32_t)t->reader->position;
    if (t->dead || t->module != at->module || stop->placed)
        return;
    bool here_it_is =
        at->file ? is_on_line(at, offset) : is_reached(t, at->offset, offset);
    if (!here_it_is)
        return;
    stop->placed = !at->file; /* there are several on a line */
    t->offset = offset;
    uint32_t unpaid = t->unpaid;
    emit(t, OP_stop);
    t->unpaid = unpaid; /* nobody pays for it */
    t->barrier = here(t);
}

/* All is as it was before the instruction. */
void stop_here(struct position at) {
    struct vm *vm = at.instance->vm;
    const struct code *code = &at.instance->module->code;
    vm->stopped = true;
    error_set(vm->host_error,
              ERROR_EXIT,
              "stopped at 0x%x",
              code->offsets[code_index(code, at.pc)]);
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
                  "%s%s=%s",
                  slot_name(names, slot, name),
                  slot_type(names, slot),
                  value);
}

/* Parameters and the other locals are apart. */
static uint32_t local_from(const struct frame_names *names, uint32_t slot) {
    return slot == SLOT_LINK ? names->locals : slot;
}

/* As many as fit on a few lines: a function may have 50,000. */
static void put_locals(struct buffer *out, const struct position *at) {
    struct module *module = at->instance->module;
    const struct translation *of =
        code_find(&module->code, code_index(&module->code, at->pc));
    struct frame_names names;
    bool fine = frame_names_init(&names, module, of->function);
    uint32_t slot = local_from(&names, names.first);
    for (int shown = 0; fine && slot < names.temporaries; shown++) {
        if (shown > 0)
            buffer_append_text(out, " ");
        if (shown == LOCALS_SHOWN) {
            buffer_append_text(out, "...");
            break;
        }
        put_local(out, &names, slot, at->frame);
        uint32_t width = slot_kind(&names, slot) == KIND_V128 ? 2 : 1;
        slot = local_from(&names, slot + width);
    }
    frame_names_free(&names);
}

/* Innermost frames come first, as in the backtrace. */
void stop_keep(const struct vm *vm, struct position at) {
    struct stop *stop = vm->stop;
    if (!stop)
        return;
    do {
        if (stop->frame_count == TRACE_FRAMES)
            return;
        put_locals(&stop->texts, &at);
        stop->ends[stop->frame_count++] = stop->texts.size;
    } while (position_outward(&at));
}

/* ---- the whole ---- */

void stop_free(struct vm *vm) {
    if (vm->stop)
        buffer_free(&vm->stop->texts);
    free(vm->stop);
}

bool vm_stop(const struct vm_stopping *at, struct error *error) {
    struct vm *vm = at->module->vm;
    struct stop *stop = calloc(1, sizeof *stop);
    if (!stop)
        return error_set(error, ERROR_IO, "out of memory: a place to stop at");
    stop->at = *at;
    stop->placed = !at->file && at->offset == 0;
    buffer_init(&stop->texts, SIZE_MAX);
    stop->texts.budget = vm->memory;
    vm->stop = stop;
    return true;
}

bool vm_stopped(const struct vm *vm) {
    return vm->stopped;
}

bool vm_stop_is_known(const struct vm *vm) {
    const struct vm_stopping *at = &vm->stop->at;
    if (!at->file)
        return true;
    struct debug_lines lines = module_lines(at->module);
    for (size_t i = 0; i < lines.line_count; i++) {
        const struct debug_line *line = &lines.lines[i];
        struct slice path = lines.files[line->file].path;
        if (line->line == at->line && ends_with(path, at->file))
            return true;
    }
    return false;
}

/* Texts were made when the run was left: the stack they tell of is gone. */
struct slice vm_locals(const struct vm *vm, size_t frame) {
    const struct stop *stop = vm->stop;
    if (!vm->stopped || !stop || frame >= stop->frame_count)
        return (struct slice){NULL, 0};
    size_t begin = frame > 0 ? stop->ends[frame - 1] : 0;
    return (struct slice){stop->texts.data + begin, stop->ends[frame] - begin};
}
