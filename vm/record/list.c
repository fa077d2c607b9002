/* A recording as text, a line a record:
 *
 *     note argument "in.txt"
 *     call 12 wasi_snapshot_preview1.fd_read(4, 67216, 1, 67224) = 0
 *         0x10690+5 "hello" 0x10698+4 "\x05\x00\x00\x00"
 *     end returned
 *
 * (written on one line each). What was written to memory is shown as far as it
 * fits; calls that stand for several have the number of the first. */
#include "vm/record/record.h"

#include <inttypes.h>
#include <stdlib.h>

enum { NAME_SHOWN = 80, NOTE_SHOWN = 160, BYTES_SHOWN = 40, RUNS_SHOWN = 4 };
enum { SLOTS_SHOWN = 16, DEPTH_SHOWN = 40, NUMBER_MAX = 1 << 20 };

/* An import, as its record tells of it, and the last call of it. */
struct listed {
    struct slice module, name;
    struct slice params, results;
    uint64_t *last;
    uint64_t at;
};

struct list {
    struct arena arena;
    struct record_reader *records;
    struct reader rest; /* of the record */
    struct error wrong;
    FILE *out;
    struct listed **imports; /* owned; by their numbers; or NULL */
    size_t capacity;
    struct listed *open[DEPTH_SHOWN]; /* calls that have called the guest */
    size_t depth;
    uint64_t calls;
};

/* ---- imports ---- */

static bool reserve(struct list *list, uint64_t number) {
    size_t before = list->capacity;
    if (number < before)
        return true;
    if (number >= NUMBER_MAX)
        return false;
    size_t capacity = (size_t)number + 1 + before / 2;
    struct listed **imports =
        realloc(list->imports, capacity * sizeof(struct listed *));
    if (!imports)
        return false;
    for (size_t i = before; i < capacity; i++)
        imports[i] = NULL;
    list->imports = imports;
    list->capacity = capacity;
    return true;
}

static struct slice keep_text(struct list *list) {
    struct slice text = take_text(&list->rest);
    const char *copy = arena_text(&list->arena, text);
    return (struct slice){(const uint8_t *)copy, copy ? text.size : 0};
}

static bool list_import(struct list *list) {
    uint64_t number = reader_u64(&list->rest);
    struct listed *import = arena_alloc(&list->arena, 1, sizeof *import);
    if (!import || !reserve(list, number))
        return false;
    import->module = keep_text(list);
    import->name = keep_text(list);
    import->params = keep_text(list);
    import->results = keep_text(list);
    size_t slots = (size_t)slots_of_types(import->params) +
                   slots_of_types(import->results);
    import->last = arena_alloc(&list->arena, slots, sizeof *import->last);
    if (!import->last || !reader_ok(&list->rest))
        return false;

    list->imports[number] = import;
    fprintf(list->out, "import %" PRIu64 " ", number);
    shown_print(import->module, NAME_SHOWN, list->out);
    fputc('.', list->out);
    shown_print(import->name, NAME_SHOWN, list->out);
    return true;
}

/* ---- parts of a call ---- */

/* Numbers as the guest would write them: those of 32 bits with their sign. */
static void print_value(uint64_t value, FILE *out) {
    bool small = value >> 32 == 0;
    int64_t number = small ? (int32_t)(uint32_t)value : (int64_t)value;
    fprintf(out, "%" PRId64, number);
}

static void list_slots(struct list *list, uint64_t *last, struct slice types) {
    uint32_t count = slots_of_types(types);
    for (uint32_t i = 0; i < count; i++) {
        last[i] += (uint64_t)reader_s64(&list->rest);
        if (i > SLOTS_SHOWN)
            continue;
        fputs(i > 0 ? ", " : "", list->out);
        if (i == SLOTS_SHOWN)
            fputs("...", list->out);
        else
            print_value(last[i], list->out);
    }
}

static void list_results(struct list *list, struct listed *import) {
    uint64_t *last = import->last + slots_of_types(import->params);
    if (import->results.size > 0)
        fputs(" = ", list->out);
    list_slots(list, last, import->results);
}

/* The runs are printed behind the results, which stand after them. */
struct listed_run {
    uint64_t address;
    struct slice bytes;
};

static size_t take_runs(struct list *list,
                        struct listed *import,
                        struct listed_run runs[RUNS_SHOWN]) {
    struct reader *rest = &list->rest;
    size_t count = 0;
    while (reader_ok(rest)) {
        uint64_t size = reader_u64(rest);
        if (size == 0)
            return count;
        uint64_t from = (uint64_t)reader_s64(rest);
        if (from & 1)
            reader_u64(rest);
        uint64_t address = import->at + (uint64_t)((int64_t)from >> 1);
        struct slice bytes = reader_bytes(rest, (size_t)size);
        if (count < RUNS_SHOWN)
            runs[count] = (struct listed_run){address, bytes};
        import->at = address + size;
        count++;
    }
    return 0;
}

static void
print_runs(struct list *list, const struct listed_run *runs, size_t count) {
    for (size_t i = 0; i < count && i < RUNS_SHOWN; i++) {
        const struct listed_run *run = &runs[i];
        fprintf(
            list->out, " 0x%" PRIx64 "+%zu ", run->address, run->bytes.size);
        quoted_print(run->bytes, BYTES_SHOWN, list->out);
    }
    if (count > RUNS_SHOWN)
        fprintf(list->out, " and %zu more", count - RUNS_SHOWN);
}

static void list_failure(struct list *list) {
    struct error failure;
    take_failure(&list->rest, &failure);
    if (failure.kind == ERROR_NONE)
        fputs(" returned", list->out);
    else if (failure.kind == ERROR_EXIT)
        fprintf(list->out, " exit %d", failure.code);
    else
        fprintf(
            list->out, " %s: %s", error_kind_name(failure.kind), failure.text);
}

static void list_callee(struct list *list) {
    uint64_t instance = reader_u64(&list->rest);
    uint64_t function = reader_u64(&list->rest);
    uint64_t count = reader_u64(&list->rest);
    fprintf(list->out, " calls function %" PRIu64, function);
    if (instance > 0)
        fprintf(list->out, " of instance %" PRIu64, instance);
    fputc('(', list->out);
    for (uint64_t i = 0; i < count && reader_ok(&list->rest); i++) {
        uint64_t value = reader_u64(&list->rest);
        if (i > SLOTS_SHOWN)
            continue;
        fputs(i > 0 ? ", " : "", list->out);
        print_value(value, list->out);
    }
    fputc(')', list->out);
}

/* ---- records ---- */

static bool list_call(struct list *list) {
    uint64_t number = reader_u64(&list->rest);
    bool known = number < list->capacity && list->imports[number];
    if (!known)
        return false;
    struct listed *import = list->imports[number];
    struct listed_run runs[RUNS_SHOWN];
    fprintf(list->out, "call %" PRIu64 " ", ++list->calls);
    shown_print(import->module, NAME_SHOWN, list->out);
    fputc('.', list->out);
    shown_print(import->name, NAME_SHOWN, list->out);
    fputc('(', list->out);
    list_slots(list, import->last, import->params);
    fputc(')', list->out);

    size_t count = take_runs(list, import, runs);
    if (list->records->kind == RECORD_CALL)
        list_results(list, import);
    if (list->records->kind == RECORD_FAIL)
        list_failure(list);
    if (list->records->kind == RECORD_OPEN)
        list_callee(list);
    print_runs(list, runs, count);
    if (list->records->kind == RECORD_OPEN) {
        if (list->depth == DEPTH_SHOWN)
            return false;
        list->open[list->depth++] = import;
    }
    return true;
}

/* A call that has called the guest goes on. */
static bool list_later(struct list *list) {
    if (list->depth == 0)
        return false;
    struct listed *import = list->open[list->depth - 1];
    struct listed_run runs[RUNS_SHOWN];
    fputs("... ", list->out);
    shown_print(import->module, NAME_SHOWN, list->out);
    fputc('.', list->out);
    shown_print(import->name, NAME_SHOWN, list->out);
    size_t count = take_runs(list, import, runs);
    if (list->records->kind == RECORD_CLOSE)
        list_results(list, import);
    if (list->records->kind == RECORD_ABORT)
        list_failure(list);
    if (list->records->kind == RECORD_AGAIN)
        list_callee(list);
    else
        list->depth--;
    print_runs(list, runs, count);
    return true;
}

static bool list_note(struct list *list) {
    struct slice name = take_text(&list->rest);
    fputs("note ", list->out);
    shown_print(name, NAME_SHOWN, list->out);
    fputc(' ', list->out);
    quoted_print(take_text(&list->rest), NOTE_SHOWN, list->out);
    return true;
}

static bool list_module(struct list *list) {
    struct slice name = take_text(&list->rest);
    fputs("module ", list->out);
    quoted_print(name, NAME_SHOWN, list->out);
    fprintf(list->out, " of %zu bytes", list->rest.end - list->rest.position);
    return true;
}

static bool list_repeat(struct list *list) {
    uint64_t count = reader_u64(&list->rest);
    list->calls += count;
    fprintf(list->out,
            "the same again, %" PRIu64 " times, with nothing changed",
            count);
    return true;
}

static bool list_end(struct list *list) {
    fputs("end", list->out);
    list_failure(list);
    uint64_t units = reader_u64(&list->rest);
    if (units > 0)
        fprintf(list->out, ", after %" PRIu64 " units of fuel", units);
    uint64_t count = reader_u64(&list->rest);
    for (uint64_t i = 0; i < count && reader_ok(&list->rest); i++) {
        uint64_t function = reader_u64(&list->rest);
        uint64_t offset = reader_u64(&list->rest);
        if (i < SLOTS_SHOWN)
            fprintf(list->out,
                    "; #%" PRIu64 " function %" PRIu64 " at 0x%" PRIx64,
                    i,
                    function,
                    offset);
    }
    return true;
}

static bool list_record(struct list *list) {
    switch (list->records->kind) {
    case RECORD_NOTE: return list_note(list);
    case RECORD_MODULE: return list_module(list);
    case RECORD_IMPORT: return list_import(list);
    case RECORD_CALL:
    case RECORD_FAIL:
    case RECORD_OPEN: return list_call(list);
    case RECORD_AGAIN:
    case RECORD_CLOSE:
    case RECORD_ABORT: return list_later(list);
    case RECORD_REPEAT: return list_repeat(list);
    case RECORD_END: return list_end(list);
    default: return false;
    }
}

static bool list_all(struct list *list, struct error *error) {
    struct record_reader *records = list->records;
    while (record_next(records)) {
        list->rest = record_payload(records, &list->wrong);
        bool fine = list_record(list) && reader_ok(&list->rest);
        fputc('\n', list->out);
        if (!fine)
            return error_set_at(error,
                                ERROR_MALFORMED,
                                records->at,
                                "a record that makes no sense");
        if (records->kind == RECORD_END)
            return true;
    }
    const char *why = records->damaged ? "damaged" : "cut off";
    return error_set_at(error,
                        ERROR_MALFORMED,
                        records->offset,
                        "the recording is %s from here on",
                        why);
}

bool vm_recording_list(struct vm_recording *recording,
                       FILE *out,
                       struct error *error) {
    struct list list = {
        .records = &recording->reader, .wrong = ERROR_INIT, .out = out};
    arena_init(&list.arena);
    bool fine =
        record_rewind(&recording->reader, error) && list_all(&list, error);
    free(list.imports);
    arena_free(&list.arena);
    return fine;
}
