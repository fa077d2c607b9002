/* hostel: run a WebAssembly module.
 *
 * Here the parts are put together: the module's bytes, the virtual machine, the
 * HTTP client and the functions the guest may import, a temporary directory,
 * WASI, then the module's instance. All user's mistakes (flags, a function's
 * name and values) are found before the guest runs its first instruction. What
 * is called of it, entry.c knows.
 *
 * stdin, stdout and stderr are the guest's. Ours go to stderr as `hostel: ...`,
 * except what was asked for: help, a dump, a function's results, and the demo's
 * lines beginning `[host]`. */
#include "deadline.h"
#include "entry.h"
#include "help.h"
#include "imports.h"
#include "options.h"
#include "source.h"
#include "tmpdir.h"
#include "toolchains.h"
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    /* A shell gives those above it meanings of its own. */
    STATUS_PLAIN = 125,
    STATUS_TRAP = 134,     /* what a shell shows for a program that aborted */
    BACKTRACE_FRAMES = 32, /* innermost ones shown */
    NAME_SHOWN = 80,       /* bytes of a name */
};

/* The entry whose story the host tells on stdout. */
static const char demo_entry[] = "run_demo";

/* A module, and the bytes it is made of, which it needs for as long as it
 * lives. */
struct loaded {
    struct buffer bytes;
    struct module *module;
    const char *path;
};

struct run {
    struct options *options;
    struct loaded *preloads; /* as many as there are options, or NULL */
    struct budget memory;    /* what the guest may make us hold */
    struct vm *vm;
    struct loaded main;
    struct tmpdir tmpdir;
    struct wasi *wasi;
    struct net *net;
    struct imports *imports;
    struct entry entry;
    bool narrate;       /* the entry is the demo's */
    const char *about;  /* the file that an error is about, or NULL */
    const char *advice; /* what to do about the error, or NULL */
    /* A subcommand, instead of a file that is not there, or NULL. */
    const char *meant;
    int64_t began_ms; /* the limit of time counts from here */
    int worst;        /* exit status of a file that was checked */
};

/* ---- messages ---- */

static int exit_status(const struct error *error) {
    switch (error->kind) {
    case ERROR_NONE: return EXIT_SUCCESS;
    case ERROR_EXIT: return error->code;
    case ERROR_TRAP:
    case ERROR_EXHAUSTION: return STATUS_TRAP;
    case ERROR_USAGE: return STATUS_USAGE;
    default: return STATUS_FAILED;
    }
}

static void print_plain_frame(const struct vm_frame *frame) {
    fprintf(stderr, "function %" PRIu32 " ", frame->function);
    if (frame->name.size > 0)
        fprintf(stderr, "<%s> ", shown(frame->name, NAME_SHOWN).text);
    fprintf(stderr, "at 0x%" PRIx32 "\n", frame->offset);
}

/* Where the source is known, what a programmer looks for comes first. */
static void print_frame(const struct vm_frame *frame) {
    bool placed = frame->line > 0 && frame->file.size > 0;
    if (!placed && !frame->inlined) {
        print_plain_frame(frame);
        return;
    }
    if (frame->name.size > 0) {
        fprintf(stderr, "%s ", shown(frame->name, NAME_SHOWN).text);
    } else {
        fprintf(stderr, "function %" PRIu32 " ", frame->function);
    }
    if (placed)
        fprintf(stderr, "at %s:%" PRIu32 " ",
                shown(frame->file, SHOWN_MAX).text, frame->line);
    fprintf(stderr, "<%sat 0x%" PRIx32 ">\n", frame->inlined ? "inlined " : "",
            frame->offset);
}

static void print_backtrace(struct vm *vm) {
    struct vm_frame frames[BACKTRACE_FRAMES];
    size_t count = vm_backtrace(vm, frames, BACKTRACE_FRAMES);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "    #%zu ", i);
        print_frame(&frames[i]);
    }
    if (count == BACKTRACE_FRAMES)
        fputs("    ...\n", stderr);
}

/* Before a line of ours; the context is a run. */
static void begin_line(void *context, FILE *out) {
    const struct run *run = context;
    if (run->wasi)
        wasi_begin_line(run->wasi, out);
}

/* Whether the word for that kind of error says more than its text. */
static bool says_kind(enum error_kind kind) {
    return kind == ERROR_MALFORMED || kind == ERROR_INVALID ||
           kind == ERROR_UNSUPPORTED || kind == ERROR_UNLINKABLE;
}

static void report(struct run *run, const struct error *error) {
    if (error->kind != ERROR_NONE)
        begin_line(run, stderr);
    switch (error->kind) {
    case ERROR_NONE: return;
    /* A shell could take it for something else, or for success. */
    case ERROR_EXIT:
        if (error->code < 0 || error->code > STATUS_PLAIN) {
            fprintf(stderr, "hostel: the guest exited with status %d\n",
                    error->code);
        }
        return;
    case ERROR_TRAP:
    case ERROR_EXHAUSTION:
        fprintf(stderr, "hostel: trap: %s\n", error->text);
        print_backtrace(run->vm);
        return;
    default: break;
    }
    fputs("hostel: ", stderr);
    if (run->about)
        fprintf(stderr, "%s: ", shown_text(run->about, SHOWN_MAX).text);
    if (says_kind(error->kind))
        fprintf(stderr, "%s: ", error_kind_name(error->kind));
    fputs(error->text, stderr);
    if (error->offset != ERROR_NO_OFFSET)
        fprintf(stderr, " (at offset 0x%" PRIx64 ")", error->offset);
    if (run->advice)
        fprintf(stderr, "; %s", run->advice);
    if (run->meant)
        fprintf(stderr, "; did you mean hostel %s?", run->meant);
    fputc('\n', stderr);
}

/* The one hint, to a guest that failed by itself. */
static void print_hint(struct run *run, const struct error *error) {
    bool failed = error->kind == ERROR_TRAP ||
                  (error->kind == ERROR_EXIT && error->code != 0);
    if (!failed || run->options->quiet || !run->wasi ||
        !wasi_lacked_directory(run->wasi))
        return;
    begin_line(run, stderr);
    fputs("hostel: the guest has no directory, and looked for one: if it "
          "misses a file, "
          "grant it with --dir HOST[::GUEST]\n",
          stderr);
}

/* What we wrote must have arrived. */
static bool flush_output(struct error *error) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return error_set(error, ERROR_IO, "standard output: %s", strerror(errno));
}

/* ---- the parts ---- */

/* With everything open, shut the door: see wasi_wall. Requests need files of
 * the system's later: how to look up names, whose certificates to trust, and
 * libraries for the former. Files are named beside their directory, since they
 * may be links that lead out of it. */
static bool raise_wall(const struct run *run, struct error *error) {
    const char *const system[] = {
        "/etc", "/etc/ssl/certs", "/etc/pki/tls/certs", "/run", "/lib",
        "/lib64", "/usr",
        /* Linux systems that have all of this somewhere else */
        "/nix/store", "/gnu/store", NET_LOOKUP_FILES, NET_BUNDLES,
        getenv("SSL_CERT_FILE"), NULL};
    if (run->options->no_landlock)
        return true;
    return wasi_wall(run->wasi, run->options->allow.count > 0 ? system : NULL,
                     error);
}

/* Guest and host share stdout, each with buffers of its own: every line of ours
 * is flushed. */
static void narrate_directories(const struct run *run) {
    for (size_t i = 0; i < run->options->directory_count; i++) {
        const struct wasi_directory *d = &run->options->directories[i];
        bool temporary = d->host == run->tmpdir.path;
        printf(
            "[host] granted %s as %s%s\n",
            shown_text(temporary ? "a temporary directory" : d->host, SHOWN_MAX)
                .text,
            shown_text(d->guest, SHOWN_MAX).text,
            d->read_only ? ", read only" : "");
    }
    fflush(stdout);
}

static bool open_wasi(struct run *run, struct error *error) {
    struct options *options = run->options;
    if (options->tmpdir) {
        if (!tmpdir_open(&run->tmpdir, !options->no_landlock, error))
            return false;
        options->directories[options->directory_count++] =
            (struct wasi_directory){.host = run->tmpdir.path,
                                    .guest = options->tmpdir,
                                    .opened = run->tmpdir.fd};
    }
    struct wasi_config config = {
        .args = options->words,
        /* The others are values. */
        .arg_count = options->invoke ? 1 : options->word_count,
        .env = options->env.items,
        .env_count = options->env.count,
        .directories = options->directories,
        .directory_count = options->directory_count,
        .max_descriptors = options->max_descriptors,
        .memory = &run->memory,
        .trace = options->trace_wasi ? stderr : NULL,
    };
    run->wasi = wasi_open(&config, error);
    return run->wasi && wasi_define(run->wasi, run->vm, error);
}

static bool open_net(struct run *run, struct error *error) {
    struct options *options = run->options;
    options->net.trace = options->trace_http ? stderr : NULL;
    options->net.begin_line = begin_line;
    options->net.begin_context = run;
    options->net.memory = &run->memory;
    run->net = net_open(&options->net, error);
    return run->net != NULL;
}

static bool open_imports(struct run *run, struct error *error) {
    struct imports_config config = {.net = run->net,
                                    .wasi = run->wasi,
                                    .narrate = run->narrate ? stdout : NULL};
    run->imports = imports_open(&config, error);
    return run->imports && imports_define(run->imports, run->vm, error);
}

/* Whether one of the first `count` preloads has that name. */
static bool is_preloaded(const struct run *run, struct slice name,
                         size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, run->options->preloads[i].name))
            return true;
    }
    return false;
}

/* Whether all that a module wants from outside is there, or to be looked for in
 * a preload when that has been instantiated. */
static bool can_link(struct run *run, const struct loaded *loaded,
                     size_t preloads, struct error *error) {
    const struct module *module = loaded->module;
    run->about = source_name(loaded->path);
    for (size_t i = 0; i < vm_import_count(module); i++) {
        if (is_preloaded(run, vm_import_at(module, i).module, preloads))
            continue;
        if (vm_can_import(run->vm, module, i, error))
            continue;
        run->advice = toolchain_advice(module, buffer_slice(&loaded->bytes));
        return false;
    }
    return true;
}

/* What would keep the modules from running, and what to do about that. */
static bool prepare(struct run *run, struct error *error) {
    struct options *options = run->options;
    run->entry = (struct entry){.name = options->invoke,
                                .arguments = options->words + 1,
                                .argument_count = options->word_count - 1};
    for (size_t i = 0; i < options->preload_count; i++) {
        if (!can_link(run, &run->preloads[i], i, error))
            return false;
    }
    if (!can_link(run, &run->main, options->preload_count, error))
        return false;
    if (entry_choose(&run->entry, run->main.module, &options->arena, error))
        return true;
    if (!run->entry.type)
        run->advice =
            toolchain_advice(run->main.module, buffer_slice(&run->main.bytes));
    return false;
}

/* NULL on failure; `about` is the module then. */
static struct instance *
instantiate(struct run *run, const struct loaded *loaded, struct error *error) {
    run->about = source_name(loaded->path);
    return vm_instantiate(run->vm, loaded->module, error);
}

/* What the guest finds under the names of the preloads: reactors, too, which it
 * need not know. */
static bool link_preloads(struct run *run, struct error *error) {
    for (size_t i = 0; i < run->options->preload_count; i++) {
        struct slice name = slice_of(run->options->preloads[i].name);
        struct instance *instance = instantiate(run, &run->preloads[i], error);
        bool linked = instance && vm_register(run->vm, name, instance, error);
        if (!linked || !entry_initialize(instance, error))
            return false;
    }
    return true;
}

static bool call(struct run *run, struct error *error) {
    const struct entry *entry = &run->entry;
    struct instance *instance = instantiate(run, &run->main, error);
    if (!instance || !entry_call(entry, instance, error))
        return false;

    bool print = entry->invoked && entry->type->result_count > 0;
    if (print || run->narrate)
        begin_line(run, stdout);
    for (uint32_t i = 0; print && i < entry->type->result_count; i++) {
        value_print(&entry->results[i], stdout);
    }
    if (run->narrate)
        puts("[host] done");
    return true;
}

/* The order matters: what the user got wrong is told before the guest may do
 * anything, and the wall goes up when all that it would forbid us is open. */
static bool run_module(struct run *run, struct error *error) {
    const char *invoke = run->options->invoke;
    /* A closed socket or pipe is an error number, for guests too. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* and so is a file that may not grow */
    run->narrate = invoke && strcmp(invoke, demo_entry) == 0;
    run->about = NULL;
    if (!open_net(run, error) || !open_wasi(run, error) ||
        !open_imports(run, error))
        return false;
    if (!prepare(run, error))
        return false;
    run->about = NULL;
    if (run->narrate)
        narrate_directories(run);
    if (!raise_wall(run, error))
        return false;
    return link_preloads(run, error) && call(run, error);
}

/* What the vm would say, if it could. */
static bool set_deadline(const struct vm_limits *limits, struct error *error) {
    struct error late = ERROR_INIT;
    if (limits->timeout_ms == VM_UNLIMITED)
        return true;

    vm_time_out(NULL, &late);
    return deadline_set(limits->timeout_ms, late.text, exit_status(&late),
                        error);
}

/* What is left of the time; below 0 if there is no limit. */
static int64_t time_left_ms(const struct run *run) {
    int64_t limit = run->options->limits.timeout_ms,
            spent = clock_ms() - run->began_ms;
    if (limit == VM_UNLIMITED)
        return limit;
    return limit > spent ? limit - spent : 0;
}

static bool load_module(struct run *run, const char *path,
                        struct loaded *loaded, struct error *error) {
    loaded->path = path;
    buffer_init(&loaded->bytes, VM_MODULE_BYTES);
    run->about = NULL;
    if (!source_read(path, &loaded->bytes, error))
        return false;
    run->about = source_name(path);
    if (!source_decode(&loaded->bytes, time_left_ms(run), error))
        return false;
    loaded->module = vm_load(run->vm, buffer_slice(&loaded->bytes), error);
    return loaded->module != NULL;
}

/* The module that is meant, in a vm of its own. */
static bool load(struct run *run, const char *path, struct error *error) {
    struct vm_limits limits = run->options->limits;
    run->memory = (struct budget){.limit = limits.memory_bytes};
    limits.memory = &run->memory;
    limits.timeout_ms = time_left_ms(run);
    run->vm = vm_open(&limits, error);
    if (run->vm && load_module(run, path, &run->main, error))
        return true;
    bool missing = run->main.bytes.size == 0 && access(path, F_OK) != 0;
    run->meant = missing ? run->options->meant : NULL;
    return false;
}

static bool load_preloads(struct run *run, struct error *error) {
    struct options *options = run->options;
    run->preloads = arena_alloc(&options->arena, options->preload_count,
                                sizeof *run->preloads);
    if (!run->preloads)
        return error_set(error, ERROR_IO, "out of memory");
    for (size_t i = 0; i < options->preload_count; i++) {
        if (!load_module(run, options->preloads[i].path, &run->preloads[i],
                         error))
            return false;
    }
    return true;
}

/* The vm first: its guests call into the others, which must outlive it. What a
 * failed run never opened is NULL. */
static void unload(struct run *run) {
    if (run->vm)
        vm_close(run->vm);
    if (run->imports)
        imports_close(run->imports);
    if (run->net)
        net_close(run->net);
    if (run->wasi)
        wasi_close(run->wasi);
    buffer_free(&run->main.bytes);
    for (size_t i = 0; run->preloads && i < run->options->preload_count; i++) {
        buffer_free(&run->preloads[i].bytes);
    }
    run->vm = NULL;
    run->imports = NULL;
    run->net = NULL;
    run->wasi = NULL;
    run->about = run->advice = NULL;
}

/* ---- check ---- */

/* Features that the module uses, each behind `before`, but for the first, and
 * before `behind`. */
static void print_features(const struct module *module, const char *first,
                           const char *before, const char *behind) {
    uint32_t features = vm_features(module);
    for (int i = 0; i < VM_FEATURE_COUNT; i++) {
        if (!(features >> i & 1))
            continue;
        printf("%s%s%s", first, vm_feature_name((enum vm_feature)i), behind);
        first = before;
    }
}

/* What hostel provides, to modules that are not going to call it. */
static bool provide(struct run *run, struct error *error) {
    struct wasi_config wasi = {.args = run->options->words,
                               .memory = &run->memory};
    struct imports_config imports = {0};
    run->wasi = wasi_open(&wasi, error);
    run->imports = imports_open(&imports, error);
    return run->wasi && run->imports &&
           wasi_define(run->wasi, run->vm, error) &&
           imports_define(run->imports, run->vm, error);
}

static bool print_unknown_imports(struct run *run, const char *name,
                                  struct error *error) {
    for (size_t i = 0; i < vm_import_count(run->main.module); i++) {
        struct error unknown = ERROR_INIT;
        if (vm_can_import(run->vm, run->main.module, i, &unknown))
            continue;
        if (unknown.kind != ERROR_UNLINKABLE) {
            *error = unknown;
            return false;
        }
        printf("%s: %s\n", name, unknown.text);
    }
    return true;
}

/* Say what was found in a valid module. */
static bool describe(struct run *run, struct error *error) {
    struct shown name = shown_text(run->about, SHOWN_MAX);
    if (!provide(run, error))
        return false;
    printf("%s: valid", name.text);
    print_features(run->main.module, "; uses ", ", ", "");
    if (toolchain_unlinked(run->main.module, buffer_slice(&run->main.bytes)))
        fputs("; it is an object file, not linked", stdout);
    putchar('\n');
    return print_unknown_imports(run, name.text, error);
}

static bool check(struct run *run, const char *path, struct error *error) {
    const struct options *options = run->options;
    char name[SHOWN_MAX + 8] = "";
    if (options->word_count > 1)
        snprintf(name, sizeof name,
                 "%s: ", shown_text(source_name(path), SHOWN_MAX).text);
    bool features = options->features && !options->quiet;
    if (!load(run, path, error)) {
        if (features && error->kind == ERROR_UNSUPPORTED)
            printf("%s%s (not supported)\n", name,
                   vm_missing_name((enum vm_missing)error->code));
        return false;
    }
    if (features)
        print_features(run->main.module, name, name, "\n");
    return options->features || options->quiet || describe(run, error);
}

/* All of the files; of the last one main reports. */
static bool check_all(struct run *run, struct error *error) {
    for (size_t i = 0;; i++) {
        bool last = i + 1 == run->options->word_count;
        bool valid = check(run, run->options->words[i], error);
        if (last)
            return valid;
        fflush(stdout); /* what is told of one file stays together */
        report(run, error);
        if (exit_status(error) > run->worst)
            run->worst = exit_status(error);
        *error = (struct error)ERROR_INIT;
        unload(run);
    }
}

static void print_version(void) {
    char libraries[NET_LIBRARIES_SIZE];
    net_libraries(libraries);
    printf("hostel " HOSTEL_VERSION "\n%s\n", libraries);
}

static bool perform(struct run *run, struct error *error) {
    const struct options *options = run->options;
    run->began_ms = clock_ms();
    if (!set_deadline(&options->limits, error))
        return false;
    switch (options->command) {
    case COMMAND_HELP: help_print(stdout); return true;
    case COMMAND_VERSION: print_version(); return true;
    case COMMAND_CHECK: return check_all(run, error);
    case COMMAND_DUMP:
        return load(run, options->words[0], error) &&
               vm_dump(run->main.module, stdout, error);
    case COMMAND_COMPLETIONS:
        return help_completions(options->words[0], stdout, error);
    case COMMAND_RUN:
        return load(run, options->words[0], error) &&
               load_preloads(run, error) && run_module(run, error);
    }
    return false;
}

/* If we were started without them, no file opened later must be taken for one
 * of these. */
static void open_standard_files(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv) {
    open_standard_files();
    struct options options;
    struct run run = {.options = &options};
    struct error error = ERROR_INIT, late = ERROR_INIT;
    if (options_parse(&options, argc, argv, &error))
        perform(&run, &error);
    int status = exit_status(&error);
    if (run.worst > status)
        status = run.worst;
    deadline_ended(status);
    report(&run, &error);
    print_hint(&run, &error);
    run.about = run.advice = run.meant = NULL;
    if (!tmpdir_close(&run.tmpdir, &late) || !flush_output(&late)) {
        report(&run, &late);
        if (status == EXIT_SUCCESS)
            status = STATUS_FAILED;
    }
    unload(&run);
    options_free(&options);
    return status;
}
