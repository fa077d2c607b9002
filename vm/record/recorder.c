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

bool recorder_hides(const struct vm *vm, const struct vm_import *import) {
    const struct vm_recorded *to = &vm->recorder->to;
    return to->hide && to->hides(to->context, import);
}

/* ---- calls ---- */

/* Keep the call's arguments; whether the last call of the import had the same.
 * There are few of them. */
static bool take_arguments(struct taped *taped, const uint64_t *slots) {
    uint64_t different = 0;
    for (uint32_t i = 0; i < taped->type->param_slots; i++) {
        taped->now[i] = slots[i];
        different |= slots[i] ^ taped->last[i];
    }
    return different == 0;
}

static bool same_results(const struct taped *taped, const uint64_t *slots) {
    const uint64_t *last = last_results(taped);
    uint64_t different = 0;
    for (uint32_t i = 0; i < taped->type->result_slots; i++)
        different |= slots[i] ^ last[i];
    return different == 0;
}

static bool same_words(const struct host_call *call) {
    uint32_t different = 0;
    for (uint32_t i = 0; i < call->word_count; i++) {
        const struct handed_word *word = &call->words[i];
        uint32_t is;
        memcpy(&is, word->memory->data + word->address, sizeof is);
        different |= is ^ word->was;
    }
    return different == 0;
}

/* Whether a call that has the arguments of the one before has done no more. */
static bool is_repeated(const struct recorder *recorder,
                        const struct host_call *call,
                        const uint64_t *results) {
    return recorder->repeated == call->taped && !call->opened &&
           same_results(call->taped, results) && same_words(call) &&
           (!call->others || !handed_changed(&recorder->handed));
}

static bool
repeat(struct recorder *recorder, struct host_call *call, struct error *error) {
    if (call->others)
        handed_forget(&recorder->handed, call);
    if (++recorder->pending < recorder->patience)
        return true;
    if (++recorder->tellings == REPEATS_TOLD)
        recorder->patience = REPEATS_TOLD;
    return tell_repeats(recorder, error);
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

bool record_call(void *context,
                 struct instance *caller,
                 uint64_t *slots,
                 struct error *error) {
    struct taped *taped = context;
    struct vm *vm = taped->vm;
    struct recorder *recorder = vm->recorder;
    struct host_call *call = &recorder->calls[vm->nesting];
    call->outer = vm->recorded;
    call->taped = taped;
    call->caller = caller;
    call->opened = call->others = false;
    call->word_count = 0;
    vm->recorded = call;
    bool same = take_arguments(taped, slots);

    bool ok;
    if (!call_host_function(taped, caller, slots, error))
        ok = tell_failure(call, error);
    else if (same && is_repeated(recorder, call, slots))
        ok = repeat(recorder, call, error);
    else
        ok = tell_return(call, slots, error);

    vm->recorded = call->outer;
    return ok;
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
    buffer_init(&recorder->handed.copies, SIZE_MAX);
    recorder->shown.budget = recorder->handed.copies.budget = vm->memory;
    recorder->writer.vm = vm;
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
