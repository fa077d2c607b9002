/* --record: what a recording says of the command line, and what it hides.
 *
 * The virtual machine records the host's answers (vm/record). Here are the
 * notes that stand before them, from which replay.c makes the same run:
 *
 *     hostel          version
 *     name            the module, as the command line called it
 *     hash            SHA-256 of its bytes
 *     argument ...    what follows it
 *     environment ... NAME=VALUE
 *     invoke          the function
 *     preload ...     NAME NUL path NUL hash
 *     directory ...   host's name NUL guest's name NUL "ro" or nothing
 *     max-memory, max-stack, fuel: numbers, the latter if there is a limit
 *     quiet           if no hints were wanted
 *
 * Hidden is, by as many letters x, unless --record-secrets says otherwise: the
 * value of an environment variable that --record-hide names, and in HTTP
 * replies those of the fields below, or user and password in them. What a guest sends is its arguments,
 * which are addresses: no request is ever in a recording. */
#include "recording.h"

#include <inttypes.h>
#include <string.h>

enum { NUMBER_SIZE = 24, FIXED_NOTES = 8 };

/* ---- secrets ---- */

static void blank(uint8_t *from, const uint8_t *end) {
    memset(from, 'x', (size_t)(end - from));
}

/* Whether it is the name of the variable in NAME=VALUE. */
static bool is_name_of(const char *name, const char *variable) {
    size_t size = strcspn(variable, "=");
    return strlen(name) == size && memcmp(name, variable, size) == 0;
}

/* Whether --record-hide names the variable. */
static bool is_hidden(const struct options *options, const char *variable) {
    for (size_t i = 0; i < options->hidden.count; i++) {
        if (is_name_of(options->hidden.items[i], variable))
            return true;
    }
    return false;
}

static bool is_variable(const struct options *options, const char *name) {
    for (size_t i = 0; i < options->env.count; i++) {
        if (is_name_of(name, options->env.items[i]))
            return true;
    }
    return false;
}

/* A name with a letter amiss would leave a secret in the file. */
static bool check_hidden(const struct options *options, struct error *error) {
    for (size_t i = 0; i < options->hidden.count; i++) {
        const char *name = options->hidden.items[i];
        if (!is_variable(options, name))
            return error_set(error,
                             ERROR_USAGE,
                             "--record-hide: the guest has no variable '%s'; "
                             "--env gives it those that it has",
                             shown_text(name, 120).text);
    }
    return true;
}

/* Strings that end with a NUL each, perhaps variables. */
static void
hide_variables(const struct options *options, uint8_t *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        uint8_t *text = bytes + at;
        const uint8_t *nul = memchr(text, '\0', size - at);
        size_t length = nul ? (size_t)(nul - text) : size - at;
        for (size_t i = 0; i < options->hidden.count; i++) {
            const char *name = options->hidden.items[i];
            size_t name_size = strlen(name);
            bool meant = length > name_size && text[name_size] == '=' &&
                         memcmp(text, name, name_size) == 0;
            if (meant)
                blank(text + name_size + 1, text + length);
        }
        at += length + 1;
    }
}

/* Fields whose values nobody shall read, and URLs, which may have a password. */
static const struct field {
    const char *name; /* with its quotes */
    bool url;
} fields[] = {
    {"\"authorization\"", false},
    {"\"proxy-authorization\"", false},
    {"\"cookie\"", false},
    {"\"set-cookie\"", false},
    {"\"location\"", true},
    {"\"content-location\"", true},
};

/* The field whose name this begins with, in any case; or NULL. */
static const struct field *field_named(struct slice text) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *name = fields[i].name;
        size_t size = strlen(name), same = 0;
        while (same < size && same < text.size &&
               ascii_lower((char)text.data[same]) == name[same])
            same++;
        if (same == size)
            return &fields[i];
    }
    return NULL;
}

/* Of ["name","value"] or "name":"value", the size of what stands before the
 * value's content; 0 if it is neither. */
static size_t before_value(struct slice text, size_t name_size) {
    static const char between[] = " \t\r\n:,";
    size_t at = name_size;
    while (at < text.size && memchr(between, text.data[at], 6))
        at++;
    bool quoted = at > name_size && at < text.size && text.data[at] == '"';
    return quoted ? at + 1 : 0;
}

/* Where a string of JSON ends, from its content on. */
static size_t string_end(const uint8_t *bytes, size_t at, size_t size) {
    while (at < size && bytes[at] != '"')
        at += bytes[at] == '\\' ? 2 : 1;
    return at < size ? at : size;
}

/* What stands before the host in a URL: user and password, whatever JSON
 * escapes of them. */
static void hide_userinfo(uint8_t *from, uint8_t *end) {
    uint8_t *host = NULL;
    while (end - from >= 2 && memcmp(from, "//", 2) != 0)
        from++;
    if (end - from < 2)
        return;
    from += 2;
    for (uint8_t *at = from; at < end && !strchr("/?#", *at); at++) {
        if (*at == '@')
            host = at;
    }
    if (host)
        blank(from, host);
}

/* A reply's JSON, from which header values are to go: a body cannot be taken
 * for a header, for quotes in strings are escaped. */
static void hide_headers(uint8_t *bytes, size_t size) {
    for (size_t at = 0; at < size; at++) {
        if (bytes[at] != '"')
            continue;
        struct slice rest = {bytes + at, size - at};
        const struct field *field = field_named(rest);
        size_t begin = field ? before_value(rest, strlen(field->name)) : 0;
        if (begin == 0)
            continue;
        uint8_t *value = bytes + at + begin;
        size_t end = string_end(bytes, at + begin, size);
        if (field->url)
            hide_userinfo(value, bytes + end);
        else
            blank(value, bytes + end);
        at = end;
    }
}

static bool is_reply(const struct vm_import *import) {
    bool whole = slice_is(import->name, "host_http_request");
    bool head = slice_is(import->name, "http_head");
    return slice_is(import->module, "host") && (whole || head);
}

static bool is_environment(const struct vm_import *import) {
    return slice_is(import->module, "wasi_snapshot_preview1") &&
           slice_is(import->name, "environ_get");
}

static bool hides(void *context, const struct vm_import *import) {
    (void)context;
    return is_reply(import) || is_environment(import);
}

static void hide(void *context,
                 const struct vm_import *import,
                 uint8_t *bytes,
                 size_t size) {
    const struct run *run = context;
    if (is_environment(import))
        hide_variables(run->options, bytes, size);
    else
        hide_headers(bytes, size);
}

/* ---- notes ---- */

struct notes {
    struct arena *arena;
    struct vm_note *list;
    size_t count;
    bool failed; /* no memory */
};

static void
add_slice(struct notes *notes, const char *name, struct slice value) {
    notes->list[notes->count++] = (struct vm_note){slice_of(name), value};
}

static void add_text(struct notes *notes, const char *name, const char *value) {
    add_slice(notes, name, slice_of(value));
}

static void add_number(struct notes *notes, const char *name, uint64_t value) {
    char *text = arena_alloc(notes->arena, NUMBER_SIZE, 1);
    notes->failed |= !text;
    if (!text)
        return;
    snprintf(text, NUMBER_SIZE, "%" PRIu64, value);
    add_text(notes, name, text);
}

/* Texts with a NUL between them. */
static void
add_texts(struct notes *notes, const char *name, const char *const texts[3]) {
    size_t size = strlen(texts[0]) + strlen(texts[1]) + strlen(texts[2]) + 2;
    char *all = arena_alloc(notes->arena, size + 1, 1), *end = all;
    notes->failed |= !all;
    for (int i = 0; all && i < 3; i++)
        end = strcpy(end, texts[i]) + strlen(texts[i]) + 1;
    if (all)
        add_slice(notes, name, (struct slice){(const uint8_t *)all, size});
}

static void add_hash(struct notes *notes, const char *name, struct slice of) {
    char *hash = arena_alloc(notes->arena, VM_HASH_SIZE, 1);
    notes->failed |= !hash;
    if (!hash)
        return;
    vm_hash(of, hash);
    add_text(notes, name, hash);
}

static void add_variables(struct notes *notes, const struct options *options) {
    for (size_t i = 0; i < options->env.count; i++) {
        const char *variable = options->env.items[i];
        char *copy = arena_text(notes->arena, slice_of(variable));
        notes->failed |= !copy;
        if (!copy)
            return;
        if (!options->record_secrets && is_hidden(options, variable)) {
            size_t value = strcspn(copy, "=") + 1;
            memset(copy + value, 'x', strlen(copy + value));
        }
        add_text(notes, "environment", copy);
    }
}

static void add_preloads(struct notes *notes, const struct run *run) {
    const struct options *options = run->options;
    for (size_t i = 0; i < options->preload_count; i++) {
        char hash[VM_HASH_SIZE];
        vm_hash(buffer_slice(&run->preloads[i].bytes), hash);
        const struct preload *preload = &options->preloads[i];
        const char *const texts[] = {preload->name, preload->path, hash};
        add_texts(notes, "preload", texts);
    }
}

static void add_directories(struct notes *notes, const struct run *run) {
    const struct options *options = run->options;
    for (size_t i = 0; i < options->directory_count; i++) {
        const struct wasi_directory *directory = &options->directories[i];
        const char *const texts[] = {run_directory_name(run, directory),
                                     directory->guest,
                                     directory->read_only ? "ro" : ""};
        add_texts(notes, "directory", texts);
    }
}

static void add_limits(struct notes *notes, const struct options *options) {
    const struct vm_limits *limits = &options->limits;
    add_number(notes, "max-memory", limits->memory_bytes);
    add_number(notes, "max-stack", limits->stack_bytes);
    if (limits->fuel != VM_UNLIMITED)
        add_number(notes, "fuel", (uint64_t)limits->fuel);
}

static bool make_notes(struct run *run, struct notes *notes) {
    const struct options *options = run->options;
    notes->arena = &run->options->arena;
    size_t room = FIXED_NOTES + options->word_count + options->env.count +
                  options->preload_count + options->directory_count;
    notes->list = arena_alloc(notes->arena, room, sizeof *notes->list);
    if (!notes->list)
        return false;

    add_text(notes, "hostel", HOSTEL_VERSION);
    add_text(notes, "name", options->words[0]);
    add_hash(notes, "hash", buffer_slice(&run->main.bytes));
    for (size_t i = 1; i < options->word_count; i++)
        add_text(notes, "argument", options->words[i]);
    add_variables(notes, options);
    if (options->invoke)
        add_text(notes, "invoke", options->invoke);
    add_preloads(notes, run);
    add_directories(notes, run);
    add_limits(notes, options);
    if (options->quiet)
        add_text(notes, "quiet", "");
    return !notes->failed;
}

/* ---- modules ---- */

static bool
keep_modules(struct run *run, struct vm_recorded *to, struct error *error) {
    struct options *options = run->options;
    size_t count = 1 + options->preload_count;
    struct vm_note *modules =
        arena_alloc(&options->arena, count, sizeof *modules);
    if (!modules)
        return error_set(error, ERROR_IO, "out of memory: a recording");
    modules[0] = (struct vm_note){slice_of(""), buffer_slice(&run->main.bytes)};
    for (size_t i = 1; i < count; i++) {
        modules[i].name = slice_of(options->preloads[i - 1].name);
        modules[i].value = buffer_slice(&run->preloads[i - 1].bytes);
    }
    to->modules = modules;
    to->module_count = count;
    return true;
}

bool recording_begin(struct run *run, struct error *error) {
    const struct options *options = run->options;
    struct notes notes = {0};
    if (!options->record)
        return true;
    run->about = NULL;
    if (!check_hidden(options, error))
        return false;
    if (!make_notes(run, &notes))
        return error_set(error, ERROR_IO, "out of memory: a recording");
    struct vm_recorded to = {.path = options->record,
                             .notes = notes.list,
                             .note_count = notes.count,
                             .hides = hides,
                             .hide = options->record_secrets ? NULL : hide,
                             .context = run};
    if (options->record_module && !keep_modules(run, &to, error))
        return false;
    return vm_record_calls(run->vm, &to, error);
}
