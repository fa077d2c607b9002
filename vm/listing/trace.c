/* `--trace code`: each cell as it is executed, with the values it reads and
 * writes and the instruction it came from.
 *
 *     function 1 "twice" 5
 *       99 i32.add            1: i32_add_ss t0 r0 = local0=5, local0=5 => t0=10
 *       9a end                2: return_i r0=10
 *
 * A line is finished when the next cell comes, which then has what the one
 * before it wrote; what writes no slot, as a call, is finished at once. Lines
 * of a function are indented by the frames below its own that are traced, too:
 * a frame is known by its address, since callees' frames lie higher. */
#include "vm/listing/names.h"
#include "vm/listing/watch.h"

#include "vm/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 24, TEXT_SIZE = 1024, PARAMS_SHOWN = 8, NAME_SHOWN = 40 };

struct tracer {
    struct observer observer; /* first: it is given back to our functions */
    struct budget *memory;    /* what all here is drawn from */
    struct vm_tracing to;
    uint32_t function; /* the only one to be traced, if `only` */
    bool only;

    struct nesting nesting;

    struct frame_names names; /* of the function that was traced last */
    bool named;

    /* The cell whose line waits for what it writes. */
    struct machine waiting;
    enum op waiting_op;
    bool waits;
};

/* ---- lines ---- */

/* Who reads the trace may have left. */
static bool write_text(struct tracer *t, const char *text) {
    if (t->to.begin_line && !t->waits)
        t->to.begin_line(t->to.context, t->to.out);
    fputs(text, t->to.out);
    fflush(t->to.out);
    return !ferror(t->to.out);
}

/* Deep recursion would push everything off the line. */
static int indent(const struct tracer *t) {
    size_t depth = t->nesting.count;
    return 2 * (int)(depth < DEEPEST ? depth : DEEPEST);
}

static void forget_names(struct tracer *t) {
    if (t->named)
        frame_names_free(&t->names);
    t->named = false;
}

/* The function of a position, and its cells. */
static struct cell_place place_of(struct tracer *t,
                                  const struct machine *machine) {
    struct module *module = machine->instance->module;
    uint32_t cell = code_index(&module->code, machine->pc);
    const struct translation *of = code_find(&module->code, cell);
    bool same = t->named && t->names.module == module &&
                t->names.function == of->function;
    if (!same) {
        forget_names(t);
        frame_names_init(&t->names, module, of->function);
        t->named = true;
    }
    return (struct cell_place){&t->names, of->entry, cell, machine};
}

/* What trapped has written nothing. */
static void finish_line(struct tracer *t, bool trapped) {
    char text[TEXT_SIZE] = "";
    if (!t->waits)
        return;
    struct cell_place place = place_of(t, &t->waiting);
    FILE *out = trapped ? NULL : fmemopen(text, sizeof text - 1, "w");
    if (out) {
        cell_results_show(&place, t->waiting_op, out);
        fclose(out);
    }
    write_text(t, strcat(text, "\n"));
    t->waits = false;
}

/* ---- calls ---- */

/* "function 1 "twice" 5": with what it is called with. */
static void print_heading(struct tracer *t, const struct cell_place *place) {
    struct module *module = place->names->module;
    uint32_t function = place->names->function;
    const struct func_type *type = module->functions[function].type;
    struct slice name = module_function_name(module, function);
    char text[TEXT_SIZE] = "";
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    if (!out)
        return;
    fprintf(out, "%*sfunction %u", indent(t) - 2, "", function);
    if (name.size > 0)
        fputc(' ', out), quoted_print(name, NAME_SHOWN, out);
    const uint64_t *slot = frame_begin(place);
    for (uint32_t i = 0; i < type->param_count && i < PARAMS_SHOWN; i++) {
        uint64_t bits[2];
        memcpy(bits, slot, sizeof bits);
        fputc(' ', out);
        value_show(value_kind(type->types[i]), bits, out);
        slot += type_slots(type->types[i]);
    }
    if (type->param_count > PARAMS_SHOWN)
        fputs(" ...", out);
    fclose(out);
    write_text(t, strcat(text, "\n"));
}

/* ---- cells ---- */

/* Before the first instruction, where the declarations of locals are, there is
 * none. */
static const char *mnemonic_at(const struct cell_place *place,
                               uint32_t offset) {
    const struct module *module = place->names->module;
    struct slice body = module->functions[place->names->function].body;
    if (module->bytes.data + offset == body.data)
        return "";
    struct error unused = ERROR_INIT;
    struct reader reader = reader_init(module->bytes, &unused);
    reader.position = offset;
    const struct instruction *row = instruction_read(&reader);
    return row ? row->mnemonic : "";
}

/* Whether something has been written that the next cell shall tell. */
static bool writes_slots(const struct vm *vm, enum op op) {
    struct meaning meaning = meaning_of(vm, op);
    struct field field;
    while (meaning_next(&meaning, &field)) {
        bool slot = part_is_slot(field.part) && field.kind <= KIND_WORD;
        if (slot && field.written)
            return true;
    }
    return false;
}

/* A line is written at once, or in two parts between which the guest prints
 * nothing: calls do not wait. */
static bool
begin_line(struct tracer *t, const struct cell_place *place, enum op op) {
    const struct module *module = place->names->module;
    uint32_t offset = module->code.offsets[place->cell];
    char text[TEXT_SIZE] = "";
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    if (!out)
        return true;
    fprintf(out,
            "%*s%6x %-20s %3u: ",
            indent(t),
            "",
            offset,
            mnemonic_at(place, offset),
            place->cell - place->entry);
    cell_show(place, op, out);
    fclose(out);
    bool waits = writes_slots(module->vm, op);
    bool written = write_text(t, waits ? text : strcat(text, "\n"));
    t->waiting = *place->machine;
    t->waiting_op = op;
    t->waits = waits;
    return written;
}

/* A call that first has to make the function's code is begun again. */
static bool is_again(const struct tracer *t, const struct machine *machine) {
    bool same = t->waiting.pc == machine->pc &&
                t->waiting.frame == machine->frame && !t->nesting.entered;
    return same && strstr(operation_of(t->waiting_op).name, "call");
}

/* The order matters: what the last cell wrote is told before this one, and a
 * heading before the first cell of its function. */
static enum op trace_cell(struct observer *observer,
                          const struct machine *machine) {
    struct tracer *t = (struct tracer *)(void *)observer;
    struct error *error = machine->instance->vm->host_error;
    enum op op = watched_op(machine);
    finish_line(t, false);
    struct cell_place place = place_of(t, machine);
    if (!nesting_enter(&t->nesting, &place)) {
        error_set_memory(machine->instance->vm, error, "a trace");
        return OP_COUNT;
    }
    if (t->nesting.entered)
        print_heading(t, &place);
    if (!is_again(t, machine) && !begin_line(t, &place, op)) {
        error_set(error, ERROR_IO, "the trace: %s", strerror(errno));
        return OP_COUNT;
    }
    nesting_leave(&t->nesting, op);
    return op;
}

/* ---- the observer ---- */

/* Functions that are not meant keep their cells: they run at full speed. */
static void trace_translated(struct observer *observer,
                             struct module *module,
                             uint32_t function) {
    struct tracer *t = (struct tracer *)(void *)observer;
    bool meant =
        !t->only || (module == t->to.module && function == t->function);
    if (meant)
        watch_function(module, function);
}

static void
trace_left(struct observer *observer, const uint64_t *frame, enum trap trap) {
    struct tracer *t = (struct tracer *)(void *)observer;
    finish_line(t, trap != TRAP_NONE);
    nesting_cut(&t->nesting, frame);
}

/* Addresses of modules are kept; another may get the same one. */
static void trace_unloaded(struct observer *observer,
                           const struct module *module) {
    struct tracer *t = (struct tracer *)(void *)observer;
    if (t->named && t->names.module == module)
        forget_names(t);
    if (t->to.module == module)
        t->to.module = NULL;
}

static void trace_closed(struct observer *observer) {
    struct tracer *t = (struct tracer *)(void *)observer;
    forget_names(t);
    nesting_free(&t->nesting, t->memory);
    free(t);
}

bool vm_trace(const struct vm_tracing *tracing, struct error *error) {
    struct vm *vm = tracing->module->vm;
    uint32_t function = 0;
    if (!watch_allowed(vm, error))
        return false;
    if (tracing->function &&
        !function_named(tracing->module, tracing->function, &function, error))
        return false;
    struct tracer *t = meanings_read(vm) ? calloc(1, sizeof *t) : NULL;
    if (!t)
        return error_set(error, ERROR_IO, "out of memory: a trace");
    *t = (struct tracer){.observer = {.translated = trace_translated,
                                      .cell = trace_cell,
                                      .left = trace_left,
                                      .unloaded = trace_unloaded,
                                      .closed = trace_closed},
                         .memory = vm->memory,
                         .to = *tracing,
                         .function = function,
                         .only = tracing->function != NULL};
    vm->observer = &t->observer;
    return true;
}
