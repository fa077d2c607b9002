/* The command `replay`: running a recording again, without files, network or
 * clock.
 *
 * What host functions answered, the virtual machine takes from the recording
 * (vm/record). What they did besides is done again here, as far as it can be
 * seen: the guest's writes to standard output and error, and the demo's lines.
 * Which descriptors of the guest are these two is followed from call to
 * call. */
#include "replay.h"

#include "recording.h"
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERRNO_BADF = 8, IOVEC_SIZE = 8 };

struct replay {
    struct run *run;
    const char *path; /* of the recording */
    /* The host's standard output or error behind a guest's descriptor, or 0. */
    uint8_t outputs[WASI_DESCRIPTORS];
    bool looked_for_more, complained; /* see wasi_lacked_directory */
    bool limited;                     /* by what is given now */
};

/* ---- what the guest wrote ---- */

static bool write_output(int file, struct slice bytes, struct error *error) {
    return write_whole(file, bytes) ||
           error_set(error,
                     ERROR_IO,
                     "standard %s: %s",
                     file == STDOUT_FILENO ? "output" : "error",
                     strerror(errno));
}

static uint32_t load32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static uint32_t arg(const struct vm_replayed *call, uint32_t i) {
    return i < call->arg_count ? (uint32_t)call->args[i] : 0;
}

static int output_of(const struct replay *replay, uint32_t fd) {
    return fd < WASI_DESCRIPTORS ? replay->outputs[fd] : 0;
}

/* fd_write(fd, iovecs, count, written): as much as it says it wrote. */
static bool write_again(struct replay *replay,
                        const struct vm_replayed *call,
                        struct error *error) {
    int file = output_of(replay, arg(call, 0));
    const uint8_t *result = vm_memory_view(call->caller, arg(call, 3), 4);
    size_t left = result ? load32(result) : 0;
    if (file == STDERR_FILENO && left > 0)
        replay->complained = true;
    for (uint32_t i = 0; file && left > 0 && i < arg(call, 2); i++) {
        uint64_t at = (uint64_t)arg(call, 1) + (uint64_t)i * IOVEC_SIZE;
        const uint8_t *iovec = vm_memory_view(call->caller, at, IOVEC_SIZE);
        size_t size = iovec ? load32(iovec + 4) : 0;
        if (size > left)
            size = left;
        const uint8_t *bytes =
            size ? vm_memory_view(call->caller, load32(iovec), size) : NULL;
        if (!bytes)
            continue;
        if (!write_output(file, (struct slice){bytes, size}, error))
            return false;
        wasi_wrote(replay->run->wasi, file, bytes[size - 1]);
        left -= size;
    }
    return true;
}

/* fd_renumber(from, to) */
static void follow_renumber(struct replay *replay,
                            const struct vm_replayed *call) {
    uint32_t from = arg(call, 0), to = arg(call, 1);
    if (from >= WASI_DESCRIPTORS || to >= WASI_DESCRIPTORS || from == to)
        return;
    replay->outputs[to] = replay->outputs[from];
    replay->outputs[from] = 0;
}

static bool is_wasi(const struct vm_import *import) {
    return slice_is(import->module, "wasi_snapshot_preview1");
}

static bool
after(void *context, const struct vm_replayed *call, struct error *error) {
    struct replay *replay = context;
    struct slice name = call->import->name;
    bool ours = is_wasi(call->import) && call->returned &&
                call->import->type.function->result_count == 1;
    if (!ours)
        return true;
    uint32_t number = (uint32_t)call->results[0];
    if (number == ERRNO_BADF && slice_is(name, "fd_prestat_get"))
        replay->looked_for_more = true;
    if (number != 0)
        return true;

    if (slice_is(name, "fd_write"))
        return write_again(replay, call, error);
    if (slice_is(name, "fd_renumber"))
        follow_renumber(replay, call);
    if (slice_is(name, "fd_close") && arg(call, 0) < WASI_DESCRIPTORS)
        replay->outputs[arg(call, 0)] = 0;
    return true;
}

static bool
before(void *context, const struct vm_replayed *call, struct error *error) {
    (void)error;
    const struct replay *replay = context;
    struct slice name = call->import->name;
    bool request =
        slice_is(call->import->module, "host") &&
        (slice_is(name, "host_http_request") || slice_is(name, "http_open"));
    if (request && replay->run->narrate)
        imports_narrate(replay->run->wasi, call->caller, call->args, stdout);
    return true;
}

bool replay_lacked_directory(const struct replay *replay) {
    return replay->run->options->directory_count == 0 &&
           replay->looked_for_more && replay->complained;
}

/* ---- the options that were ---- */

/* The texts of a note, with NULs between them. */
static void read_texts(struct slice value, const char *texts[3]) {
    const char *at = (const char *)value.data;
    const char *end = at + value.size;
    for (int i = 0; i < 3; i++) {
        texts[i] = at <= end ? at : "";
        at += at <= end ? strlen(at) + 1 : 0;
    }
}

static bool read_number(struct slice value, uint64_t most, uint64_t *number) {
    uint64_t sum = 0;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t digit = (uint8_t)(value.data[i] - '0');
        if (digit > 9 || sum > (most - digit) / 10)
            return false;
        sum = 10 * sum + digit;
    }
    *number = sum;
    return value.size > 0;
}

/* Nothing is taken that a replay would not hear: what the recording says, and
 * what is about files, servers and calls, of which there are none. */
static bool check_heard(const struct options *options, struct error *error) {
    static const struct {
        enum option_id first, last;
        const char *why;
    } unheard[] = {
        {OPTION_INVOKE, OPTION_ENV, "a recording has its own, which counts"},
        {OPTION_ALLOW_NET, OPTION_NO_COOKIES, "a replay has no network"},
        {OPTION_MAX_FDS, OPTION_MAX_FDS, "a replay opens no files"},
    };
    for (size_t i = 0; i < sizeof unheard / sizeof *unheard; i++) {
        const char *name =
            options_given(options, unheard[i].first, unheard[i].last);
        if (name)
            return error_set(
                error, ERROR_USAGE, "--%s: %s", name, unheard[i].why);
    }
    if (options->trace_wasi || options->trace_http)
        return error_set(error,
                         ERROR_USAGE,
                         "--trace=%s: a replay calls nothing; replay --list "
                         "prints the recorded calls",
                         options->trace_wasi ? "wasi" : "http");
    return true;
}

/* How many notes there are bounds all lists. */
static bool make_lists(struct options *options,
                       const struct vm_recording *recording,
                       struct error *error) {
    size_t count = 1;
    while (vm_recording_note(recording, count - 1))
        count++;
    struct arena *arena = &options->arena;
    const char **words = arena_alloc(arena, count, sizeof *words);
    options->directories =
        arena_alloc(arena, count, sizeof *options->directories);
    options->preloads = arena_alloc(arena, count, sizeof *options->preloads);
    if (!words || !options->directories || !options->preloads)
        return error_set(error, ERROR_IO, "out of memory");
    options->words = words;
    options->word_count = 1;
    return true;
}

/* A limit that was given now counts more than the recorded one. */
static bool take_limit(struct vm_limits *limits,
                       const struct vm_note *note,
                       struct error *error) {
    const struct vm_limits usual = vm_limits_default();
    uint64_t number;
    if (!read_number(note->value, INT64_MAX, &number))
        return error_set(error, ERROR_MALFORMED, "a note is no number");
    if (slice_is(note->name, "fuel") && limits->fuel == usual.fuel)
        limits->fuel = (int64_t)number;
    if (slice_is(note->name, "max-memory") &&
        limits->memory_bytes == usual.memory_bytes)
        limits->memory_bytes = number;
    if (slice_is(note->name, "max-stack") &&
        limits->stack_bytes == usual.stack_bytes)
        limits->stack_bytes = number;
    return true;
}

/* The name of the module that is meant: the one given now, or then. */
static bool take_note(struct options *options,
                      const char **words,
                      const struct vm_note *note,
                      struct error *error) {
    const char *text = (const char *)note->value.data;
    const char *texts[3];
    struct slice name = note->name;
    read_texts(note->value, texts);
    if (slice_is(name, "name"))
        words[0] = text;
    else if (slice_is(name, "argument"))
        words[options->word_count++] = text;
    else if (slice_is(name, "invoke"))
        options->invoke = text;
    else if (slice_is(name, "quiet"))
        options->quiet = true;
    else if (slice_is(name, "preload"))
        options->preloads[options->preload_count++] =
            (struct preload){.name = texts[0], .path = texts[1]};
    else if (slice_is(name, "directory"))
        options->directories[options->directory_count++] =
            (struct wasi_directory){.host = texts[0],
                                    .guest = texts[1],
                                    .read_only = *texts[2] != '\0'};
    else if (slice_is(name, "fuel") || slice_is(name, "max-memory") ||
             slice_is(name, "max-stack"))
        return take_limit(&options->limits, note, error);
    return true;
}

static bool take_notes(struct options *options,
                       const struct vm_recording *recording,
                       struct error *error) {
    if (!check_heard(options, error) || !make_lists(options, recording, error))
        return false;
    const char **words = (const char **)(uintptr_t)options->words;
    for (size_t i = 0; vm_recording_note(recording, i); i++) {
        const struct vm_note *note = vm_recording_note(recording, i);
        if (!take_note(options, words, note, error))
            return false;
    }
    int64_t fuel = vm_recording_fuel(recording);
    int64_t given = options->limits.fuel;
    if (fuel != VM_UNLIMITED && (given == VM_UNLIMITED || given > fuel))
        options->limits.fuel = fuel;
    return words[0] != NULL ||
           error_set(error, ERROR_MALFORMED, "it does not say of what it is");
}

/* ---- the modules ---- */

static bool is_hash_of(struct slice bytes, struct slice hash) {
    char is[VM_HASH_SIZE];
    vm_hash(bytes, is);
    return slice_is(hash, is);
}

static bool check_module(struct run *run,
                         const struct loaded *loaded,
                         struct slice hash,
                         struct error *error) {
    run->about = source_name(loaded->path);
    return is_hash_of(buffer_slice(&loaded->bytes), hash) ||
           error_set(error,
                     ERROR_IO,
                     "another module was recorded, with the SHA-256 %s",
                     shown(hash, VM_HASH_SIZE).text);
}

static bool check_modules_are_same(struct run *run, struct error *error) {
    const struct vm_note *note;
    size_t preload = 0;
    for (size_t i = 0; (note = vm_recording_note(run->recording, i)); i++) {
        const char *texts[3];
        read_texts(note->value, texts);
        bool fine = true;
        if (slice_is(note->name, "hash"))
            fine = check_module(run, &run->main, note->value, error);
        if (slice_is(note->name, "preload"))
            fine = check_module(
                run, &run->preloads[preload++], slice_of(texts[2]), error);
        if (!fine)
            return false;
    }
    run->about = NULL;
    return true;
}

/* ---- the command ---- */

/* The recording, and where its run stands. */
static bool
open_recording(struct run *run, const char *path, struct error *error) {
    run->about = source_name(path);
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return error_set(error, ERROR_IO, "out of memory");
    run->replay = replay;
    replay->run = run;
    replay->path = source_name(path);
    replay->outputs[STDOUT_FILENO] = STDOUT_FILENO;
    replay->outputs[STDERR_FILENO] = STDERR_FILENO;

    if (!run_may_read(run, path, error))
        return false;
    run->about = replay->path;
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? fdopen(dup(STDIN_FILENO), "rb") : fopen(path, "rb");
    if (!file)
        return error_set(error, ERROR_IO, "%s", strerror(errno));
    replay->limited = run->options->limits.fuel != VM_UNLIMITED ||
                      run->options->limits.timeout_ms != VM_UNLIMITED;
    run->recording = vm_recording_open(file, error);
    return run->recording != NULL;
}

/* ---- where to stop ---- */

/* A number in decimal digits, or behind 0x in others; false if it is none. */
static bool read_place(const char *text, uint64_t *number) {
    char *end;
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (!ascii_is_digit(*text))
        return false;
    errno = 0;
    *number = strtoull(text, &end, hexadecimal ? 16 : 10);
    return errno == 0 && *end == '\0';
}

/* FILE:LINE, which is cut at its colon. */
static bool read_line(char *text, struct vm_stopping *at) {
    char *colon = strrchr(text, ':');
    uint64_t line;
    bool read = colon && colon > text && read_place(colon + 1, &line) &&
                line > 0 && line <= UINT32_MAX;
    if (!read)
        return false;
    *colon = '\0';
    at->file = text;
    at->line = (uint32_t)line;
    return true;
}

/* A call, 0x and an offset, FILE:LINE. What only counts calls has no need to
 * look at code, but for the locals. */
static bool choose_stop(struct run *run, uint64_t *call, struct error *error) {
    struct options *options = run->options;
    struct vm_stopping at = {.module = run->main.module};
    uint64_t number;
    *call = 0;
    if (!options->until)
        return true;
    char *text = arena_text(&options->arena, slice_of(options->until));
    if (!text)
        return error_set(error, ERROR_IO, "out of memory");

    bool is_number = read_place(text, &number);
    bool is_offset = is_number && strpbrk(text, "xX");
    if (is_offset && number > 0 && number <= UINT32_MAX)
        at.offset = (uint32_t)number;
    else if (is_number && !is_offset && number > 0)
        *call = number;
    else if (!read_line(text, &at))
        return error_set(error,
                         ERROR_USAGE,
                         "--until: '%s' is no call (17), offset (0x1a3f) or "
                         "line (demo.c:42)",
                         shown_text(options->until, 120).text);
    return vm_stop(&at, error);
}

static bool answer_calls(struct run *run, struct error *error) {
    struct vm_replaying replaying = {.recording = run->recording,
                                     .before = before,
                                     .after = after,
                                     .context = run->replay};
    return choose_stop(run, &replaying.until, error) &&
           vm_replay_calls(run->vm, &replaying, error);
}

bool replay_list(struct run *run, FILE *out, struct error *error) {
    return open_recording(run, run->options->words[0], error) &&
           vm_recording_list(run->recording, out, error);
}

bool replay_is_recording(const char *path) {
    uint8_t bytes[4];
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    if (!file)
        return false;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return vm_recording_is((struct slice){bytes, size});
}

bool replay_load(struct run *run, struct error *error) {
    struct options *options = run->options;
    const char *path = options->words[0];
    const char *module = options->word_count > 1 ? options->words[1] : NULL;
    if (!open_recording(run, path, error) ||
        !take_notes(options, run->recording, error))
        return false;
    run->replaces = module != NULL;
    return run_load(run, module ? module : options->words[0], error) &&
           run_load_preloads(run, error) &&
           check_modules_are_same(run, error) && answer_calls(run, error);
}

void replay_end(struct run *run, struct error *end) {
    struct error different = ERROR_INIT;
    const char *until = run->options->until;
    if (!run->replay || !run->began)
        return;
    if (run->replay->limited && end->kind == ERROR_EXHAUSTION)
        return;
    run->about = run->replay->path;
    bool missed = until && !vm_stopped(run->vm) && end->kind != ERROR_IO;
    if (missed)
        error_set(&different,
                  ERROR_IO,
                  "--until %s: %s",
                  shown_text(until, 120).text,
                  vm_stop_is_known(run->vm)
                      ? "the run did not come there"
                      : "no code is known to come from there");
    if (vm_replay_end(run->vm, end, &different) && !missed)
        return;
    *end = different;
}

void replay_close(struct replay *replay) {
    free(replay);
}
