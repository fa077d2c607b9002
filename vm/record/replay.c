/* Replaying: the guest runs again, and each call of a host function is answered
 * by the next record. That must be of the same function, with the same
 * arguments: where it is not, the guest has gone another way, and is ended. */
#include "vm/record/record.h"

#include "vm/rings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_KEPT = 16, CALLEE_SLOTS = 64, TEXT_COMPARED = 400 };

struct player {
    struct vm_recording *recording;
    struct vm_replaying to;
    uint64_t calls;         /* begun so far */
    struct taped *repeated; /* what the last record was about, or NULL */
    uint64_t repeats;       /* that it still stands for */
    bool over;              /* it has come apart */
};

/* ---- a recording ---- */

static bool keep_note(struct vm_recording *recording,
                      struct vm_note **list,
                      size_t *count,
                      size_t *capacity,
                      struct error *error) {
    struct record_reader *reader = &recording->reader;
    struct reader payload = record_payload(reader, error);
    struct vm_note note;
    note.name = take_text(&payload);
    if (reader->kind == RECORD_NOTE)
        note.value = take_text(&payload);
    else
        note.value = reader_bytes(&payload, payload.end - payload.position);
    char *name = arena_text(&recording->arena, note.name);
    char *value = arena_text(&recording->arena, note.value);
    struct vm_note *grown =
        array_reserve(NULL, *list, *count, capacity, sizeof *grown);
    if (!name || !value || !grown)
        return error_set(error, ERROR_IO, "out of memory: a recording");
    note.name.data = (const uint8_t *)name;
    note.value.data = (const uint8_t *)value;
    *list = grown;
    grown[(*count)++] = note;
    return reader_ok(&payload);
}

static bool keep_end(struct vm_recording *recording, struct error *error) {
    struct reader reader = record_payload(&recording->reader, error);
    take_failure(&reader, &recording->end);
    recording->units = reader_u64(&reader);
    recording->ended = true;
    return reader_ok(&reader);
}

/* Look through all of it: what stands at its beginning, and how it ends. */
static bool look_through(struct vm_recording *recording, struct error *error) {
    while (!recording->ended && record_next(&recording->reader)) {
        bool fine = true;
        switch (recording->reader.kind) {
        case RECORD_NOTE:
            fine = keep_note(recording,
                             &recording->notes,
                             &recording->note_count,
                             &recording->note_capacity,
                             error);
            break;
        case RECORD_MODULE:
            fine = keep_note(recording,
                             &recording->modules,
                             &recording->module_count,
                             &recording->module_capacity,
                             error);
            break;
        case RECORD_END: fine = keep_end(recording, error); break;
        default: break;
        }
        if (!fine)
            return false;
    }
    return record_rewind(&recording->reader, error);
}

struct vm_recording *vm_recording_open(FILE *file, struct error *error) {
    struct vm_recording *recording = calloc(1, sizeof *recording);
    if (!recording) {
        fclose(file);
        return error_set(error, ERROR_IO, "out of memory: a recording"), NULL;
    }
    arena_init(&recording->arena);
    bool fine = record_reader_open(&recording->reader, file, error) &&
                look_through(recording, error);
    if (fine)
        return recording;
    vm_recording_close(recording);
    return NULL;
}

void vm_recording_close(struct vm_recording *recording) {
    if (!recording)
        return;
    record_reader_close(&recording->reader);
    array_free(NULL,
               recording->notes,
               recording->note_capacity,
               sizeof *recording->notes);
    array_free(NULL,
               recording->modules,
               recording->module_capacity,
               sizeof *recording->modules);
    arena_free(&recording->arena);
    free(recording);
}

bool vm_recording_is(struct slice bytes) {
    return bytes.size >= 4 && memcmp(bytes.data, RECORDING_MAGIC, 4) == 0;
}

const struct vm_note *vm_recording_note(const struct vm_recording *recording,
                                        size_t i) {
    return i < recording->note_count ? &recording->notes[i] : NULL;
}

const struct vm_note *vm_recording_module(const struct vm_recording *recording,
                                          const char *name) {
    for (size_t i = 0; i < recording->module_count; i++) {
        if (slice_is(recording->modules[i].name, name))
            return &recording->modules[i];
    }
    return NULL;
}

/* Out of time, which no replay will be at the same place by itself. */
static bool ended_in_time(const struct vm_recording *recording) {
    struct error late = ERROR_INIT, interrupted = ERROR_INIT;
    error_set_trap(&late, TRAP_TIME);
    error_set_trap(&interrupted, TRAP_INTERRUPT);
    const char *text = recording->end.text;
    return !recording->ended || (strcmp(text, late.text) != 0 &&
                                 strcmp(text, interrupted.text) != 0);
}

int64_t vm_recording_fuel(const struct vm_recording *recording) {
    uint64_t units = recording->units;
    bool known = units > 0 && units <= INT64_MAX;
    if (ended_in_time(recording) || !known)
        return VM_UNLIMITED;
    return (int64_t)units - 1;
}

/* ---- coming apart ---- */

enum { NAME_SHOWN = 60, CALL_SHOWN = 2 * 256 + 40 };
struct call_text {
    char text[CALL_SHOWN];
};

static struct call_text call_text(const struct player *player,
                                  const struct taped *taped) {
    struct call_text text;
    snprintf(text.text,
             sizeof text.text,
             "call %" PRIu64 ", %s.%s",
             player->calls,
             shown(taped->import.module, NAME_SHOWN).text,
             shown(taped->import.name, NAME_SHOWN).text);
    return text;
}

static bool come_apart(struct player *player,
                       const struct taped *taped,
                       const char *why,
                       struct error *error) {
    player->over = true;
    return error_set(
        error, ERROR_IO, "%s: %s", call_text(player, taped).text, why);
}

static bool recording_is_over(struct player *player,
                              const struct taped *taped,
                              struct error *error) {
    const struct vm_recording *recording = player->recording;
    const char *why = "the recording was cut off before it";
    if (recording->reader.kind == RECORD_END)
        why = "the recorded run ended before it";
    else if (recording->reader.damaged)
        why = "the recording is damaged from here on";
    return come_apart(player, taped, why, error);
}

static bool is_nonsense(struct player *player,
                        const struct taped *taped,
                        struct error *error) {
    return come_apart(player, taped, "its record makes no sense", error);
}

/* ---- one call ---- */

/* A call that is being answered, and what is left of its record. */
struct answer {
    struct player *player;
    struct taped *taped;
    struct instance *caller;
    uint64_t *slots;
    struct reader rest;
    struct error wrong; /* of `rest` */
    struct error *error;
};

/* The next record about calls. */
static bool next_record(struct answer *answer) {
    struct player *player = answer->player;
    struct record_reader *reader = &player->recording->reader;
    do {
        if (reader->kind == RECORD_END || !record_next(reader) ||
            reader->kind == RECORD_END)
            return recording_is_over(player, answer->taped, answer->error);
    } while (reader->kind < RECORD_CALL);
    answer->rest = record_payload(reader, &answer->wrong);
    return true;
}

static bool differs(const struct answer *answer,
                    uint32_t i,
                    uint64_t now,
                    uint64_t recorded) {
    char why[120];
    snprintf(why,
             sizeof why,
             "argument %" PRIu32 " is %" PRIu64 " (0x%" PRIx64 "), %" PRIu64
             " (0x%" PRIx64 ") in the recording",
             i + 1,
             now,
             now,
             recorded,
             recorded);
    return come_apart(answer->player, answer->taped, why, answer->error);
}

/* The argument that a slot belongs to. */
static uint32_t argument_of(const struct func_type *type, uint32_t slot) {
    uint32_t i = 0;
    for (uint32_t at = 0; i < type->param_count; i++) {
        at += type_slots(type->types[i]);
        if (at > slot)
            break;
    }
    return i;
}

static bool same_arguments(struct answer *answer, bool told) {
    struct taped *taped = answer->taped;
    for (uint32_t i = 0; i < taped->type->param_slots; i++) {
        uint64_t now = answer->slots[i];
        uint64_t recorded = taped->last[i];
        if (told)
            recorded += (uint64_t)reader_s64(&answer->rest);
        if (recorded != now) {
            uint32_t argument = argument_of(taped->type, i);
            return differs(answer, argument, now, recorded);
        }
        taped->last[i] = now;
    }
    return true;
}

/* The recording has a call of another function. */
static bool is_another(const struct answer *answer, uint64_t number) {
    char why[2 * 256 + 80];
    const struct taped *other = answer->taped->vm->taped;
    while (other && other->number != number)
        other = other->next;
    if (!other)
        return is_nonsense(answer->player, answer->taped, answer->error);
    snprintf(why,
             sizeof why,
             "the recording has %s.%s there",
             shown(other->import.module, NAME_SHOWN).text,
             shown(other->import.name, NAME_SHOWN).text);
    return come_apart(answer->player, answer->taped, why, answer->error);
}

static bool is_same_call(struct answer *answer) {
    enum record_kind kind = answer->player->recording->reader.kind;
    bool begins = kind >= RECORD_CALL && kind <= RECORD_OPEN;
    if (!begins)
        return is_nonsense(answer->player, answer->taped, answer->error);
    uint64_t number = reader_u64(&answer->rest);
    if (number != answer->taped->number)
        return is_another(answer, number);
    return same_arguments(answer, true);
}

static bool write_run(struct answer *answer, uint64_t size) {
    struct taped *taped = answer->taped;
    struct reader *rest = &answer->rest;
    uint64_t from = (uint64_t)reader_s64(rest);
    const struct memory *memory = answer->caller->shared;
    if (from & 1)
        memory = memory_numbered(taped->vm, reader_u64(rest));
    uint64_t address = taped->at + (uint64_t)((int64_t)from >> 1);
    struct slice bytes = reader_bytes(rest, (size_t)size);
    uint8_t *to = memory ? memory_at(memory, address, 0, size) : NULL;
    if (!to || !reader_ok(rest))
        return false;
    memcpy(to, bytes.data, bytes.size);
    taped->at = address + size;
    return true;
}

static bool write_runs(struct answer *answer) {
    for (;;) {
        uint64_t size = reader_u64(&answer->rest);
        if (!reader_ok(&answer->rest))
            return false;
        if (size == 0)
            return true;
        if (!write_run(answer, size))
            return false;
    }
}

static void take_results(struct answer *answer) {
    const struct taped *taped = answer->taped;
    uint64_t *last = last_results(taped);
    for (uint32_t i = 0; i < taped->type->result_slots; i++) {
        last[i] += (uint64_t)reader_s64(&answer->rest);
        answer->slots[i] = last[i];
    }
}

/* It ended the guest. */
static bool take_end(struct answer *answer) {
    struct error failure;
    take_failure(&answer->rest, &failure);
    if (failure.kind == ERROR_NONE || !reader_ok(&answer->rest))
        return false;
    *answer->error = failure;
    return true;
}

/* ---- calls of the guest ---- */

static struct function *take_callee(struct answer *answer) {
    uint64_t instance = reader_u64(&answer->rest);
    uint64_t number = reader_u64(&answer->rest);
    struct instance *of = answer->caller;
    if (instance > 0)
        of = instance_numbered(of->vm, instance - 1);
    bool there =
        of && reader_ok(&answer->rest) && number < of->module->function_count;
    return there ? of->functions[number] : NULL;
}

/* False if that is no call which the function takes. */
static bool take_values(struct reader *rest,
                        const struct func_type *type,
                        struct vm_value *values) {
    uint64_t slots[CALLEE_SLOTS];
    const uint64_t *at = slots;
    uint64_t count = reader_u64(rest);
    bool fits = count == type->param_slots && count <= CALLEE_SLOTS &&
                type->result_count <= CALLEE_SLOTS;
    if (!fits)
        return false;
    for (uint64_t i = 0; i < count; i++)
        slots[i] = reader_u64(rest);
    for (uint32_t i = 0; i < type->param_count; i++) {
        uint8_t of = type->types[i];
        if (is_reference_type(of))
            return false;
        values[i].type = (enum vm_type)of;
        at = value_get(at, &values[i]);
    }
    return reader_ok(rest);
}

/* What becomes of that is the recording's to say. */
static bool call_guest(struct answer *answer) {
    struct vm_value values[CALLEE_SLOTS], results[CALLEE_SLOTS];
    struct player *player = answer->player;
    struct error ended = ERROR_INIT;
    struct function *function = take_callee(answer);
    bool sane = function && take_values(&answer->rest, function->type, values);
    if (!sane)
        return is_nonsense(player, answer->taped, answer->error);
    uint32_t count = function->type->param_count;
    vm_call(function, values, count, results, &ended);
    bool over = player->over || function->instance->vm->stopped;
    if (over)
        *answer->error = ended;
    return !over;
}

/* ---- answering ---- */

/* Of a record that has been told to be about this call. */
static bool answer_by_record(struct answer *answer, bool *returned) {
    const struct record_reader *reader = &answer->player->recording->reader;
    for (;;) {
        enum record_kind kind = reader->kind;
        bool ends = kind == RECORD_FAIL || kind == RECORD_ABORT;
        bool opens = kind == RECORD_OPEN || kind == RECORD_AGAIN;
        *returned = kind == RECORD_CALL || kind == RECORD_CLOSE;
        bool sane = (ends || opens || *returned) && write_runs(answer);
        if (sane && *returned)
            take_results(answer);
        if (sane && ends)
            sane = take_end(answer);
        if (!sane || !reader_ok(&answer->rest))
            return is_nonsense(answer->player, answer->taped, answer->error);
        if (!opens)
            return true;
        if (!call_guest(answer) || !next_record(answer))
            return false;
        if (reader->kind < RECORD_AGAIN || reader->kind > RECORD_ABORT)
            return is_nonsense(answer->player, answer->taped, answer->error);
    }
}

static bool answer_by_repeat(struct answer *answer) {
    struct player *player = answer->player;
    struct taped *taped = answer->taped;
    if (taped != player->repeated)
        return is_another(answer, player->repeated->number);
    if (!same_arguments(answer, false))
        return false;
    player->repeats--;
    memcpy(answer->slots,
           last_results(taped),
           taped->type->result_slots * sizeof *answer->slots);
    return true;
}

static bool take_repeats(struct answer *answer) {
    struct player *player = answer->player;
    player->repeats = reader_u64(&answer->rest);
    bool sane = player->repeats > 0 && player->repeated;
    return sane || is_nonsense(player, answer->taped, answer->error);
}

static bool find_answer(struct answer *answer, bool *returned) {
    struct player *player = answer->player;
    const struct record_reader *reader = &player->recording->reader;
    *returned = true;
    if (player->repeats == 0) {
        if (!next_record(answer))
            return false;
        bool repeats = reader->kind == RECORD_REPEAT;
        if (repeats && !take_repeats(answer))
            return false;
    }
    if (player->repeats > 0)
        return answer_by_repeat(answer);

    player->repeated = NULL;
    if (!is_same_call(answer) || !answer_by_record(answer, returned))
        return false;
    if (reader->kind == RECORD_CALL)
        player->repeated = answer->taped;
    return true;
}

static bool
stop(struct player *player, const struct taped *taped, struct error *error) {
    taped->vm->stopped = true;
    return error_set(
        error, ERROR_EXIT, "stopped before %s", call_text(player, taped).text);
}

bool replay_call(void *context,
                 struct instance *caller,
                 uint64_t *slots,
                 struct error *error) {
    struct taped *taped = context;
    struct player *player = taped->vm->player;
    const struct vm_replaying *to = &player->to;
    struct answer answer = {.player = player,
                            .taped = taped,
                            .caller = caller,
                            .slots = slots,
                            .wrong = ERROR_INIT,
                            .error = error};
    uint64_t args[ARGUMENTS_KEPT];
    uint32_t count = taped->type->param_slots;
    if (count > ARGUMENTS_KEPT)
        count = ARGUMENTS_KEPT;
    memcpy(args, slots, count * sizeof *slots);

    struct vm_replayed call = {.import = &taped->import,
                               .caller = caller,
                               .args = args,
                               .arg_count = count};
    if (++player->calls == to->until)
        return stop(player, taped, error);
    if (to->before && !to->before(to->context, &call, error))
        return false;
    if (!find_answer(&answer, &call.returned))
        return false;
    call.results = slots;
    if (to->after && !to->after(to->context, &call, error))
        return false;
    return call.returned;
}

/* ---- the whole ---- */

bool vm_replay_calls(struct vm *vm,
                     const struct vm_replaying *to,
                     struct error *error) {
    struct player *player = calloc(1, sizeof *player);
    if (!player)
        return error_set(error, ERROR_IO, "out of memory: a recording");
    player->recording = to->recording;
    player->to = *to;
    vm->player = player;
    vm->options.trap_unknown_imports = true;
    return record_rewind(&to->recording->reader, error);
}

static bool same_failure(const struct error *a, const struct error *b) {
    return a->kind == b->kind && a->code == b->code &&
           strncmp(a->text, b->text, TEXT_COMPARED) == 0;
}

/* Whether fuel stood for time. */
static bool is_late(const struct player *player, const struct error *end) {
    struct error fuel = ERROR_INIT;
    error_set_trap(&fuel, TRAP_FUEL);
    bool meant = vm_recording_fuel(player->recording) != VM_UNLIMITED;
    return meant && end->kind == fuel.kind && strcmp(end->text, fuel.text) == 0;
}

static const char *described(const struct error *end) {
    return end->kind == ERROR_NONE ? "returned" : end->text;
}

bool vm_replay_end(struct vm *vm, struct error *end, struct error *error) {
    struct player *player = vm->player;
    if (!player || player->over || vm->stopped)
        return true;
    const struct vm_recording *recording = player->recording;
    if (is_late(player, end))
        *end = recording->end;
    struct record_reader *reader = &player->recording->reader;
    bool more = player->repeats > 0 ||
                (reader->kind != RECORD_END && record_next(reader) &&
                 reader->kind != RECORD_END);
    if (more)
        return error_set(error,
                         ERROR_IO,
                         "the recorded run went on after call %" PRIu64
                         ", where this one %s%s",
                         player->calls,
                         end->kind == ERROR_NONE ? "" : "ended: ",
                         described(end));
    bool told = reader->kind == RECORD_FAIL; /* that was the end */
    if (!recording->ended && !told)
        return error_set(error,
                         ERROR_IO,
                         "the recording is %s before the end of the run",
                         reader->damaged ? "damaged" : "cut off");
    if (!recording->ended || same_failure(end, &recording->end))
        return true;
    return error_set(error,
                     ERROR_IO,
                     "the recorded run ended otherwise: %s",
                     described(&recording->end));
}

void player_free(struct vm *vm) {
    free(vm->player);
    vm->player = NULL;
}
