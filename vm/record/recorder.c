/* Recording: each call of a host function is told when it returns, or when it
 * calls the guest in turn.
 *
 * A call that is like the one before in everything and has written nothing new
 * is only counted. The count is told at once, but where there are thousands:
 * then once a thousand. */
#include "vm/record/record.h"

#include "vm/rings.h"

#include <stdlib.h>
#include <string.h>

enum { REPEATS_TOLD = 1000 };

struct recorder {
    struct record_writer writer;
    struct handed handed; /* in the call under way */
    struct vm_recorded to;
    struct buffer shown; /* of a piece, what may be seen */

    struct taped *current; /* under way, or NULL: the guest runs */
    const struct instance *caller;
    bool opened; /* it has called the guest */

    struct taped *repeated; /* what the last record is about, or NULL */
    uint64_t repeats;       /* of it, all together */
    uint64_t pending;       /* not told yet */
};

bool recorder_hides(const struct vm *vm, const struct vm_import *import) {
    const struct vm_recorded *to = &vm->recorder->to;
    return to->hide && to->hides(to->context, import);
}

/* ---- parts of records ---- */

static void put_slots(struct record_writer *writer,
                      const uint64_t *now,
                      uint64_t *last,
                      uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        put_s(writer, (int64_t)(now[i] - last[i]));
        last[i] = now[i];
    }
}

/* The bytes of a piece without what nobody shall read, or NULL. */
static const uint8_t *without_secrets(struct recorder *recorder,
                                      const struct taped *taped,
                                      const struct handed_piece *piece) {
    const uint8_t *bytes = piece->memory->data + piece->address;
    struct buffer *shown = &recorder->shown;
    if (!taped->secret)
        return bytes;
    shown->size = 0;
    if (!buffer_append(shown, bytes, (size_t)piece->size))
        return NULL;
    recorder->to.hide(
        recorder->to.context, &taped->import, shown->data, shown->size);
    return shown->data;
}

static void put_run(struct record_writer *writer,
                    struct taped *taped,
                    const struct instance *caller,
                    const struct handed_run *run) {
    const struct memory *memory = run->piece->memory;
    uint64_t address = run->piece->address + run->at;
    bool other = memory != caller->shared;
    put_u(writer, run->size);
    put_s(writer, (int64_t)(2 * (address - taped->at) + other));
    if (other)
        put_u(writer, memory_number(memory));
    taped->at = address + run->size;
}

static bool put_written(struct recorder *recorder, struct taped *taped) {
    struct record_writer *writer = &recorder->writer;
    struct handed_run run = {0};
    const struct handed_piece *piece = NULL;
    const uint8_t *bytes = NULL;
    bool fine = !recorder->handed.failed;
    while (fine && handed_next(&recorder->handed, &run)) {
        if (run.piece != piece)
            bytes = without_secrets(recorder, taped, run.piece);
        piece = run.piece;
        fine = bytes != NULL;
        if (!fine)
            break;
        put_run(writer, taped, recorder->caller, &run);
        put_bytes(writer, (struct slice){bytes + run.at, (size_t)run.size});
    }
    put_u(writer, 0);
    return fine;
}

/* ---- records ---- */

static bool tell_repeats(struct recorder *recorder, struct error *error) {
    if (recorder->pending == 0)
        return true;
    writer_begin(&recorder->writer, RECORD_REPEAT);
    put_u(&recorder->writer, recorder->pending);
    recorder->pending = 0;
    return writer_end(&recorder->writer, error);
}

static bool tell_import(struct recorder *recorder,
                        struct taped *taped,
                        struct error *error) {
    struct record_writer *writer = &recorder->writer;
    const struct func_type *type = taped->type;
    const uint8_t *types = type->types;
    if (taped->told)
        return true;
    taped->told = true;
    writer_begin(writer, RECORD_IMPORT);
    put_u(writer, taped->number);
    put_text(writer, taped->import.module);
    put_text(writer, taped->import.name);
    put_text(writer, (struct slice){types, type->param_count});
    types += type->param_count;
    put_text(writer, (struct slice){types, type->result_count});
    return writer_end(writer, error);
}

/* Begin a record about the call under way, with all that it has in common with
 * others. `fresh` is its kind if it is the first about this call, `later` if it
 * is not. */
static bool begin(struct recorder *recorder,
                  enum record_kind fresh,
                  enum record_kind later,
                  struct error *error) {
    struct taped *taped = recorder->current;
    struct record_writer *writer = &recorder->writer;
    bool ready =
        tell_repeats(recorder, error) && tell_import(recorder, taped, error);
    if (!ready)
        return false;

    writer_begin(writer, recorder->opened ? later : fresh);
    if (!recorder->opened) {
        uint32_t params = taped->type->param_slots;
        put_u(writer, taped->number);
        put_slots(writer, taped->now, taped->last, params);
    }
    recorder->repeated = NULL;
    recorder->repeats = 0;
    handed_settle(&recorder->handed);
    bool written = put_written(recorder, taped);
    handed_begin(&recorder->handed);
    return written || error_set(error, ERROR_IO, "out of memory: a recording");
}

static bool tell_return(struct recorder *recorder,
                        const uint64_t *results,
                        struct error *error) {
    struct taped *taped = recorder->current;
    struct record_writer *writer = &recorder->writer;
    bool plain = !recorder->opened;
    if (!begin(recorder, RECORD_CALL, RECORD_CLOSE, error))
        return false;
    put_slots(writer, results, last_results(taped), taped->type->result_slots);
    recorder->repeated = plain ? taped : NULL;
    return writer_end(writer, error);
}

/* The guest is ended anyway, and its own error counts. */
static bool tell_failure(struct recorder *recorder,
                         const struct error *failure) {
    struct error unused = ERROR_INIT;
    if (!begin(recorder, RECORD_FAIL, RECORD_ABORT, &unused))
        return false;
    put_failure(&recorder->writer, failure);
    writer_end(&recorder->writer, &unused);
    return false;
}

/* ---- calls ---- */

/* There are few of them. */
static bool same_slots(const uint64_t *a, const uint64_t *b, uint32_t count) {
    uint64_t different = 0;
    for (uint32_t i = 0; i < count; i++)
        different |= a[i] ^ b[i];
    return different == 0;
}

static bool is_repeated(struct recorder *recorder,
                        const struct taped *taped,
                        const uint64_t *results) {
    const struct func_type *type = taped->type;
    struct handed *handed = &recorder->handed;
    bool same = recorder->repeated == taped && !recorder->opened &&
                same_slots(taped->now, taped->last, type->param_slots) &&
                same_slots(results, last_results(taped), type->result_slots);
    if (!same || handed->failed)
        return false;
    handed_settle(handed);
    return !handed_changed(handed);
}

static bool repeat(struct recorder *recorder, struct error *error) {
    recorder->repeats++;
    recorder->pending++;
    bool few = recorder->repeats < REPEATS_TOLD;
    bool told = few || recorder->pending == REPEATS_TOLD;
    return !told || tell_repeats(recorder, error);
}

/* It may have taken too long: then it is as if it had said so. */
static bool call_host_function(const struct taped *taped,
                               struct instance *caller,
                               uint64_t *slots,
                               struct error *error) {
    const struct meter *meter = &taped->vm->meter;
    if (!taped->host(taped->context, caller, slots, error))
        return false;
    return !meter_late(meter) || vm_time_out(taped->vm, error);
}

static bool tell_call(struct recorder *recorder,
                      const uint64_t *slots,
                      bool returned,
                      struct error *error) {
    if (!returned)
        return tell_failure(recorder, error);
    if (is_repeated(recorder, recorder->current, slots))
        return repeat(recorder, error);
    return tell_return(recorder, slots, error);
}

bool record_call(void *context,
                 struct instance *caller,
                 uint64_t *slots,
                 struct error *error) {
    struct taped *taped = context;
    struct recorder *recorder = taped->vm->recorder;
    struct taped *outer = recorder->current;
    const struct instance *outer_caller = recorder->caller;
    bool outer_opened = recorder->opened;

    for (uint32_t i = 0; i < taped->type->param_slots; i++)
        taped->now[i] = slots[i];
    recorder->current = taped;
    recorder->caller = caller;
    recorder->opened = false;
    taped->vm->handed = &recorder->handed;
    handed_begin(&recorder->handed);
    bool returned = call_host_function(taped, caller, slots, error);
    bool ok = tell_call(recorder, slots, returned, error);
    recorder->current = outer;
    recorder->caller = outer_caller;
    recorder->opened = outer_opened;
    if (!outer)
        taped->vm->handed = NULL;
    else
        handed_begin(&recorder->handed);
    return ok;
}

/* The function's place in an instance that has it. */
static uint64_t function_number(const struct function *function) {
    const struct instance *instance = function->instance;
    const struct module *module = instance->module;
    uint64_t number = 0;
    while (number < module->function_count &&
           instance->functions[number] != function)
        number++;
    return number;
}

bool tape_enter(const struct function *function,
                const uint64_t *slots,
                struct error *error) {
    struct recorder *recorder = function->instance->vm->recorder;
    if (!recorder || !recorder->current)
        return true;
    struct record_writer *writer = &recorder->writer;
    const struct instance *instance = function->instance;
    uint32_t count = function->type->param_slots;
    if (!begin(recorder, RECORD_OPEN, RECORD_AGAIN, error))
        return false;
    recorder->opened = true;
    put_u(writer,
          instance == recorder->caller ? 0 : 1 + instance_number(instance));
    put_u(writer, function_number(function));
    put_u(writer, count);
    for (uint32_t i = 0; i < count; i++)
        put_u(writer, slots[i]);
    return writer_end(writer, error);
}

/* ---- the whole ---- */

static bool tell_note(struct record_writer *writer,
                      enum record_kind kind,
                      const struct vm_note *note,
                      struct error *error) {
    writer_begin(writer, kind);
    put_text(writer, note->name);
    if (kind == RECORD_NOTE)
        put_u(writer, note->value.size);
    put_bytes(writer, note->value);
    return writer_end(writer, error);
}

static bool tell_notes(struct record_writer *writer,
                       const struct vm_recorded *to,
                       struct error *error) {
    for (size_t i = 0; i < to->note_count; i++) {
        if (!tell_note(writer, RECORD_NOTE, &to->notes[i], error))
            return false;
    }
    for (size_t i = 0; i < to->module_count; i++) {
        if (!tell_note(writer, RECORD_MODULE, &to->modules[i], error))
            return false;
    }
    return true;
}

bool vm_record_calls(struct vm *vm,
                     const struct vm_recorded *to,
                     struct error *error) {
    struct recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return error_set(error, ERROR_IO, "out of memory: a recording");
    recorder->to = *to;
    buffer_init(&recorder->shown, SIZE_MAX);
    vm->recorder = recorder;
    return writer_open(&recorder->writer, to->path, error) &&
           tell_notes(&recorder->writer, to, error);
}

bool vm_record_end(struct vm *vm,
                   const struct error *end,
                   struct error *error) {
    struct recorder *recorder = vm->recorder;
    if (!recorder || recorder->writer.failed)
        return true;
    struct record_writer *writer = &recorder->writer;
    if (!tell_repeats(recorder, error))
        return false;
    writer_begin(writer, RECORD_END);
    put_failure(writer, end);
    put_u(writer, (uint64_t)meter_spent(&vm->meter));
    bool trapped = end->kind == ERROR_TRAP || end->kind == ERROR_EXHAUSTION;
    size_t frames = trapped ? vm->trace_count : 0;
    put_u(writer, frames);
    for (size_t i = 0; i < frames; i++) {
        put_u(writer, vm->trace[i].function);
        put_u(writer, vm->trace[i].offset);
    }
    return writer_end(writer, error);
}

void recorder_free(struct vm *vm) {
    struct recorder *recorder = vm->recorder;
    writer_close(&recorder->writer);
    handed_free(&recorder->handed);
    buffer_free(&recorder->shown);
    free(recorder);
    vm->recorder = NULL;
}
