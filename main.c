/* hostel: run a WebAssembly module.
 *
 * Here the parts are put together: the module's bytes, the virtual machine, the HTTP client and the
 * functions the guest may import, a temporary directory, WASI, then the module's instance. All
 * user's mistakes (flags, a function's name and values) are found before the guest runs its first
 * instruction.
 *
 * Which function is called: with --invoke NAME first `_initialize`, if exported, then NAME;
 * without it `_start`. These are the two kinds of modules WASI knows: a command, which runs once
 * from
 * `_start`, and a reactor, a library whose constructors `_initialize` runs.
 *
 * stdin, stdout and stderr are the guest's. Ours go to stderr as `hostel: ...`, except what was
 * asked for: help, a dump, a function's results, and the demo's lines beginning `[host]`.
 */
#include "deadline.h"
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
    STATUS_PLAIN = 125,    /* a shell gives those above it meanings of its own */
    STATUS_TRAP = 134,     /* what a shell shows for a program that aborted */
    BACKTRACE_FRAMES = 32, /* innermost ones shown */
    LISTED_EXPORTS = 20,
    NAME_SHOWN = 80, /* bytes of a name */
};

/* The entry whose story the host tells on stdout. */
static const char demo_entry[] = "run_demo";

struct run {
    struct options *options;
    struct buffer bytes;  /* of the module */
    struct budget memory; /* what the guest may make us hold */
    struct vm *vm;
    struct module *module;
    struct tmpdir tmpdir;
    struct wasi *wasi;
    struct net *net;
    struct imports *imports;
    const char *entry; /* the name of the function to call */
    struct vm_value *arguments, *results;
    bool narrate;       /* the entry is the demo's */
    const char *about;  /* the file that an error is about, or NULL */
    const char *advice; /* what to do about the error, or NULL */
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
    if (frame->name.size > 0) fprintf(stderr, "<%s> ", shown(frame->name, NAME_SHOWN).text);
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
        fprintf(stderr, "at %s:%" PRIu32 " ", shown(frame->file, SHOWN_MAX).text, frame->line);
    fprintf(stderr, "<%sat 0x%" PRIx32 ">\n", frame->inlined ? "inlined " : "", frame->offset);
}

static void print_backtrace(struct vm *vm) {
    struct vm_frame frames[BACKTRACE_FRAMES];
    size_t count = vm_backtrace(vm, frames, BACKTRACE_FRAMES);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "    #%zu ", i);
        print_frame(&frames[i]);
    }
    if (count == BACKTRACE_FRAMES) fputs("    ...\n", stderr);
}

/* Before a line of ours; the context is a run. */
static void begin_line(void *context, FILE *out) {
    const struct run *run = context;
    if (run->wasi) wasi_begin_line(run->wasi, out);
}

/* Whether the word for that kind of error says more than its text. */
static bool says_kind(enum error_kind kind) {
    return kind == ERROR_MALFORMED || kind == ERROR_INVALID || kind == ERROR_UNSUPPORTED ||
           kind == ERROR_UNLINKABLE;
}

static void report(struct run *run, const struct error *error) {
    if (error->kind != ERROR_NONE) begin_line(run, stderr);
    switch (error->kind) {
    case ERROR_NONE: return;
    case ERROR_EXIT: /* a shell could take it for something else, or for success */
        if (error->code < 0 || error->code > STATUS_PLAIN) {
            fprintf(stderr, "hostel: the guest exited with status %d\n", error->code);
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
    if (run->about) fprintf(stderr, "%s: ", shown_text(run->about, SHOWN_MAX).text);
    if (says_kind(error->kind)) fprintf(stderr, "%s: ", error_kind_name(error->kind));
    fputs(error->text, stderr);
    if (error->offset != ERROR_NO_OFFSET)
        fprintf(stderr, " (at offset 0x%" PRIx64 ")", error->offset);
    if (run->advice) fprintf(stderr, "; %s", run->advice);
    fputc('\n', stderr);
}

/* What we wrote must have arrived. */
static bool flush_output(struct error *error) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return error_set(error, ERROR_IO, "standard output: %s", strerror(errno));
}

/* ---- the entry ---- */

/* The type of the module's exported function `name`, or NULL. */
static const struct func_type *exported_type(const struct module *module, const char *name) {
    for (size_t i = 0; i < vm_export_count(module); i++) {
        struct vm_export export = vm_export_at(module, i);
        if (export.kind == VM_FUNCTION && slice_is(export.name, name)) {
            return vm_export_type(module, export.index);
        }
    }
    return NULL;
}

/* Say that the entry is missing, and which functions there are. */
static bool no_entry(struct run *run, struct error *error) {
    run->advice = toolchain_advice(run->module);
    struct buffer list;
    buffer_init(&list, 200); /* the text of an error has room for it */
    size_t count = 0;
    for (size_t i = 0; i < vm_export_count(run->module) && !list.failed; i++) {
        struct vm_export export = vm_export_at(run->module, i);
        if (export.kind != VM_FUNCTION) continue;
        if (++count > LISTED_EXPORTS) list.failed = true;
        buffer_printf(&list, "%s%s", list.size ? ", " : "", shown(export.name, 40).text);
    }
    error_set(error, ERROR_USAGE,
              "%s%s: no such export in this module; functions it exports: %s%s%s",
              run->options->invoke ? "--invoke " : "", shown_text(run->entry, 80).text,
              count ? shown(buffer_slice(&list), 200).text : "none", list.failed ? ", ..." : "",
              count > 0 && !run->options->invoke ? "; call one with --invoke NAME" : "");
    buffer_free(&list);
    return false;
}

/* True if the module does not export `name`, or with the type WASI demands. */
static bool takes_nothing(const struct module *module, const char *name, struct error *error) {
    const struct func_type *type = exported_type(module, name);
    if (!type || type->param_count + type->result_count == 0) return true;
    return error_set(error, ERROR_INVALID, "%s must have neither parameters nor results", name);
}

/* Find the entry and read its arguments, before anything runs. */
static bool choose_entry(struct run *run, struct error *error) {
    struct options *options = run->options;
    run->entry = options->invoke ? options->invoke : "_start";
    const struct func_type *type = exported_type(run->module, run->entry);
    if (!type) return no_entry(run, error);
    if (!takes_nothing(run->module, options->invoke ? "_initialize" : "_start", error))
        return false;
    run->arguments = arena_alloc(&options->arena, type->param_count, sizeof *run->arguments);
    run->results = arena_alloc(&options->arena, type->result_count, sizeof *run->results);
    if (!run->arguments || !run->results) return error_set(error, ERROR_IO, "out of memory");
    run->narrate = strcmp(run->entry, demo_entry) == 0;
    struct values_source source = {.function = run->entry, .type = type};
    if (options->invoke) {
        source.texts = options->words + 1;
        source.count = options->word_count - 1;
    }
    return values_read(&source, run->arguments, error);
}

static bool call(struct run *run, struct instance *instance, struct error *error) {
    struct function *initialize = vm_find_function(instance, slice_of("_initialize"));
    if (run->options->invoke && initialize && strcmp(run->entry, "_initialize") != 0) {
        if (!vm_call(initialize, NULL, 0, NULL, error)) return false;
    }
    struct function *entry = vm_find_function(instance, slice_of(run->entry));
    const struct func_type *type = vm_function_type(entry);
    if (!vm_call(entry, run->arguments, type->param_count, run->results, error)) return false;
    bool print = run->options->invoke && type->result_count > 0;
    if (print || run->narrate) begin_line(run, stdout);
    for (uint32_t i = 0; i < type->result_count && print; i++) {
        value_print(&run->results[i], stdout);
    }
    if (run->narrate) puts("[host] done");
    return true;
}

/* ---- the parts ---- */

/* With everything open, shut the door: see wasi_wall. Requests need files of the system's later:
 * how to look up names, whose certificates to trust, and libraries for the former. Files are named
 * beside their directory, since they may be links that lead out of it. */
static bool raise_wall(const struct run *run, struct error *error) {
    const char *const system[] = {
        "/etc", "/etc/ssl/certs", "/etc/pki/tls/certs", "/run", "/lib", "/lib64", "/usr",
        /* Linux systems that have all of this somewhere else */
        "/nix/store", "/gnu/store", NET_LOOKUP_FILES, NET_BUNDLES, getenv("SSL_CERT_FILE"), NULL};
    if (run->options->no_landlock) return true;
    return wasi_wall(run->wasi, run->options->allow.count > 0 ? system : NULL, error);
}

/* Guest and host share stdout, each with buffers of its own: every line of ours is flushed. */
static void narrate_directories(const struct run *run) {
    for (size_t i = 0; i < run->options->directory_count; i++) {
        const struct wasi_directory *d = &run->options->directories[i];
        bool temporary = d->host == run->tmpdir.path;
        printf("[host] granted %s as %s%s\n",
               shown_text(temporary ? "a temporary directory" : d->host, SHOWN_MAX).text,
               shown_text(d->guest, SHOWN_MAX).text, d->read_only ? ", read only" : "");
    }
    fflush(stdout);
}

static bool open_wasi(struct run *run, struct error *error) {
    struct options *options = run->options;
    if (options->tmpdir) {
        if (!tmpdir_open(&run->tmpdir, !options->no_landlock, error)) return false;
        options->directories[options->directory_count++] = (struct wasi_directory){
            .host = run->tmpdir.path, .guest = options->tmpdir, .opened = run->tmpdir.fd};
    }
    struct wasi_config config = {
        .args = options->words,
        .arg_count = options->invoke ? 1 : options->word_count, /* the others are values */
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
    run->net = net_open(&options->net, error);
    return run->net != NULL;
}

static bool open_imports(struct run *run, struct error *error) {
    struct imports_config config = {
        .net = run->net, .wasi = run->wasi, .narrate = run->narrate ? stdout : NULL};
    run->imports = imports_open(&config, error);
    return run->imports && imports_define(run->imports, run->vm, error);
}

/* The order matters: what the user got wrong is told before the guest may do anything, and the wall
 * goes up when all that it would forbid us is open. */
static bool run_module(struct run *run, struct error *error) {
    signal(SIGPIPE, SIG_IGN); /* a closed socket or pipe is an error number, for guests too */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file that may not grow */
    if (!choose_entry(run, error)) return false;
    const char *module = run->about;
    run->about = NULL;
    if (!open_net(run, error) || !open_wasi(run, error) || !open_imports(run, error)) return false;
    if (run->narrate) narrate_directories(run);
    if (!raise_wall(run, error)) return false;
    run->about = module;
    struct instance *instance = vm_instantiate(run->vm, run->module, error);
    if (error->kind == ERROR_UNLINKABLE) run->advice = toolchain_advice(run->module);
    return instance && call(run, instance, error);
}

/* What the vm would say, if it could. */
static bool set_deadline(const struct vm_limits *limits, struct error *error) {
    struct error late = ERROR_INIT;
    if (limits->timeout_ms == VM_UNLIMITED) return true;

    vm_time_out(NULL, &late);
    return deadline_set(limits->timeout_ms, late.text, exit_status(&late), error);
}

/* The vm comes first: its time counts from here on. */
static bool load(struct run *run, struct error *error) {
    const char *path = run->options->words[0];
    if (!set_deadline(&run->options->limits, error)) return false;
    struct vm_limits *limits = &run->options->limits;
    run->memory.limit = limits->memory_bytes;
    limits->memory = &run->memory;
    run->vm = vm_open(limits, error);
    if (!run->vm || !source_read(path, &run->bytes, error)) return false;
    run->about = source_name(path);
    if (!source_decode(&run->bytes, limits->timeout_ms, error)) return false;
    run->module = vm_load(run->vm, buffer_slice(&run->bytes), error);
    return run->module != NULL;
}

static void print_features(const struct module *module) {
    uint32_t features = vm_features(module);
    for (int i = 0; i < VM_FEATURE_COUNT; i++) {
        if (features >> i & 1) puts(vm_feature_name((enum vm_feature)i));
    }
}

/* A feature for which a module is refused. */
static bool print_missing(const struct run *run, const struct error *error) {
    if (run->options->features && error->kind == ERROR_UNSUPPORTED) {
        printf("%s (not supported)\n", vm_missing_name((enum vm_missing)error->code));
    }
    return false;
}

static bool perform(struct run *run, struct error *error) {
    switch (run->options->command) {
    case COMMAND_HELP: help_print(stdout); return true;
    case COMMAND_VERSION: puts("hostel " HOSTEL_VERSION); return true;
    case COMMAND_CHECK:
        if (!load(run, error)) return print_missing(run, error);
        if (run->options->features) print_features(run->module);
        return true;
    case COMMAND_DUMP:
        if (!load(run, error)) return false;
        return vm_dump(run->module, stdout, error);
    case COMMAND_COMPLETIONS: return help_completions(run->options->words[0], stdout, error);
    case COMMAND_RUN: return load(run, error) && run_module(run, error);
    }
    return false;
}

/* The vm first: its guests call into the others, which must outlive it. What a failed run never
 * opened is NULL. */
static void run_free(struct run *run) {
    if (run->vm) vm_close(run->vm);
    if (run->imports) imports_close(run->imports);
    if (run->net) net_close(run->net);
    if (run->wasi) wasi_close(run->wasi);
    buffer_free(&run->bytes);
    options_free(run->options);
}

/* If we were started without them, no file opened later must be taken for one of these. */
static void open_standard_files(void) {
    int fd;
    do fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) close(fd);
}

int main(int argc, char **argv) {
    open_standard_files();
    struct options options;
    struct run run = {.options = &options};
    buffer_init(&run.bytes, VM_MODULE_BYTES);
    struct error error = ERROR_INIT, late = ERROR_INIT;
    if (options_parse(&options, argc, argv, &error)) perform(&run, &error);
    int status = exit_status(&error);
    deadline_ended(status);
    report(&run, &error);
    run.about = run.advice = NULL;
    if (!tmpdir_close(&run.tmpdir, &late) || !flush_output(&late)) {
        report(&run, &late);
        if (status == EXIT_SUCCESS) status = STATUS_FAILED;
    }
    run_free(&run);
    return status;
}
