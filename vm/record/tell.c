/* Recording: the records about a call, when it returns, ends the guest, or
 * calls the guest in turn. */
#include "vm/record/record.h"

#include "vm/rings.h"

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
    const struct memory *memory = run->piece.memory;
    uint64_t address = run->piece.address + run->at;
    bool other = memory != caller->shared;
    put_u(writer, run->size);
    put_s(writer, (int64_t)(2 * (address - taped->at) + other));
    if (other)
        put_u(writer, memory_number(memory));
    taped->at = address + run->size;
}

static bool put_written(struct recorder *recorder, struct host_call *call) {
    struct taped *taped = call->taped;
    struct handed *handed = &recorder->handed;
    struct record_writer *writer = &recorder->writer;
    struct handed_run run = {0};
    const uint8_t *bytes = NULL;
    size_t shown = SIZE_MAX; /* the piece whose bytes these are */
    bool fine = !handed->copies.failed;
    while (fine && handed_next(handed, call, &run)) {
        if (run.number != shown)
            bytes = without_secrets(recorder, taped, &run.piece);
        shown = run.number;
        fine = bytes != NULL;
        if (!fine)
            break;
        put_run(writer, taped, call->caller, &run);
        put_bytes(writer, (struct slice){bytes + run.at, (size_t)run.size});
    }
    put_u(writer, 0);
    handed_forget(handed, call);
    let_go(&recorder->shown);
    return fine;
}

/* ---- records ---- */

bool tell_repeats(struct recorder *recorder, struct error *error) {
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
static bool begin(struct host_call *call,
                  enum record_kind fresh,
                  enum record_kind later,
                  struct error *error) {
    struct taped *taped = call->taped;
    struct recorder *recorder = recorder_of(call);
    struct record_writer *writer = &recorder->writer;
    bool ready =
        tell_repeats(recorder, error) && tell_import(recorder, taped, error);
    if (!ready)
        return false;

    writer_begin(writer, call->opened ? later : fresh);
    if (!call->opened) {
        uint32_t params = taped->type->param_slots;
        put_u(writer, taped->number);
        put_slots(writer, taped->now, taped->last, params);
    }
    recorder->repeated = NULL;
    recorder->patience = 1;
    recorder->tellings = 0;
    return put_written(recorder, call) ||
           error_set_memory(taped->vm, error, "a recording");
}

bool tell_return(struct host_call *call,
                 const uint64_t *results,
                 struct error *error) {
    struct taped *taped = call->taped;
    struct recorder *recorder = recorder_of(call);
    struct record_writer *writer = &recorder->writer;
    if (!begin(call, RECORD_CALL, RECORD_CLOSE, error))
        return false;
    put_slots(writer, results, last_results(taped), taped->type->result_slots);
    recorder->repeated = call->opened ? NULL : taped;
    return writer_end(writer, error);
}

/* The guest is ended anyway, and its own error counts. */
bool tell_failure(struct host_call *call, const struct error *failure) {
    struct record_writer *writer = &recorder_of(call)->writer;
    struct error unused = ERROR_INIT;
    if (!begin(call, RECORD_FAIL, RECORD_ABORT, &unused))
        return false;
    put_failure(writer, failure);
    writer_end(writer, &unused);
    return false;
}

/* ---- calls of the guest ---- */

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

bool tape_enter(struct host_call *call,
                const struct function *function,
                const uint64_t *slots,
                struct error *error) {
    struct record_writer *writer = &recorder_of(call)->writer;
    const struct instance *instance = function->instance;
    bool same = instance == call->caller;
    uint32_t count = function->type->param_slots;
    if (!begin(call, RECORD_OPEN, RECORD_AGAIN, error))
        return false;
    call->opened = true;
    put_u(writer, same ? 0 : 1 + instance_number(instance));
    put_u(writer, function_number(function));
    put_u(writer, count);
    for (uint32_t i = 0; i < count; i++)
        put_u(writer, slots[i]);
    return writer_end(writer, error);
}
