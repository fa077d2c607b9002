/* hostel: run a WebAssembly module.
 *
 * Here the parts are put together: the module's bytes and the virtual machine
 * (run.c), the HTTP client, a temporary directory, WASI, the functions of our
 * own that the guest may import, a wall around all that; then the module's
 * instances (linking.c) and a call (entry.c). The other commands are dump,
 * check (check.c) and what help.c prints.
 *
 * stdin, stdout and stderr are the guest's. Ours go to stderr as `hostel: ...`
 * (report.c), except what was asked for: help, a dump, what check found, a
 * function's results, and the demo's lines beginning `[host]`. */
#include "check.h"
#include "coverage.h"
#include "deadline.h"
#include "help.h"
#include "linking.h"
#include "origin.h"
#include "output.h"
#include "profile.h"
#include "recording.h"
#include "replay.h"
#include "report.h"
#include "run.h"
#include "source.h"
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The entry whose story the host tells on stdout. */
static const char demo_entry[] = "run_demo";

/* ---- the parts ---- */

/* The client, whose trace shares stderr with the guest. */
static bool open_net(struct run *run, struct error *error) {
    struct options *options = run->options;
    struct net_config *config = &options->net;
    config->trace = options->trace_http ? stderr : NULL;
    config->begin_line = run_begin_line;
    config->begin_context = run;
    config->memory = &run->memory;
    run->net = net_open(config, error);
    return run->net != NULL;
}

/* It is one more directory that the guest is granted. */
static bool open_tmpdir(struct run *run, struct error *error) {
    struct options *options = run->options;
    if (!options->tmpdir)
        return true;
    if (!tmpdir_open(&run->tmpdir, !options->no_landlock, error))
        return false;

    options->directories[options->directory_count++] =
        (struct wasi_directory){.host = run->tmpdir.path,
                                .guest = options->tmpdir,
                                .opened = run->tmpdir.fd};
    return true;
}

static bool open_wasi(struct run *run, struct error *error) {
    struct options *options = run->options;
    struct wasi_config config = {
        .args = options->words,
        .arg_count = options->word_count,
        .env = options->env.items,
        .env_count = options->env.count,
        .directories = options->directories,
        .directory_count = options->directory_count,
        .max_descriptors = options->max_descriptors,
        .memory = &run->memory,
    };
    if (options->invoke)
        config.arg_count = 1; /* the others are values */
    if (options->trace_wasi)
        config.trace = stderr;
    run->wasi = wasi_open(&config, error);
    return run->wasi && wasi_define(run->wasi, run->vm, error);
}

/* For a replay, in which the guest gets at nothing: what it writes is told
 * here, so that lines end where they should. */
static bool open_silent_wasi(struct run *run, struct error *error) {
    struct wasi_config config = {.memory = &run->memory};
    run->wasi = wasi_open(&config, error);
    return run->wasi != NULL;
}

/* host.host_http_request and its like. */
static bool open_imports(struct run *run, struct error *error) {
    struct imports_config config = {.net = run->net,
                                    .wasi = run->wasi,
                                    .narrate = run->narrate ? stdout : NULL};
    run->imports = imports_open(&config, error);
    return run->imports && imports_define(run->imports, run->vm, error);
}

static bool open_parts(struct run *run, struct error *error) {
    if (run->replay)
        return open_silent_wasi(run, error);
    return open_net(run, error) && open_tmpdir(run, error) &&
           open_wasi(run, error) && open_imports(run, error);
}

/* With everything open, shut the door: see wasi_wall. Requests need files of
 * the system's later: how to look up names, whose certificates to trust, and
 * libraries for the former. Files are named beside their directory, since they
 * may be links that lead out of it. */
static bool raise_wall(const struct run *run, struct error *error) {
    const char *const system[] = {
        "/etc",
        "/etc/ssl/certs",
        "/etc/pki/tls/certs",
        "/run",
        "/lib",
        "/lib64",
        "/usr",
        /* Linux systems that have all of this somewhere else */
        "/nix/store",
        "/gnu/store",
        NET_LOOKUP_FILES,
        NET_BUNDLES,
        getenv("SSL_CERT_FILE"),
        NULL};
    if (run->options->no_landlock)
        return true;

    bool networked = run->options->allow.count > 0;
    return wasi_wall(run->wasi, networked ? system : NULL, error);
}

/* ---- run ---- */

/* Guest and host share stdout, each with buffers of its own: every line of ours
 * is flushed. */
static void narrate_directories(const struct run *run) {
    for (size_t i = 0; i < run->options->directory_count; i++) {
        const struct wasi_directory *directory = &run->options->directories[i];
        const char *host = run_directory_name(run, directory);
        const char *how = directory->read_only ? ", read only" : "";
        printf("[host] granted %s as %s%s\n",
               shown_text(host, SHOWN_MAX).text,
               shown_text(directory->guest, SHOWN_MAX).text,
               how);
    }
    fflush(stdout);
}

/* What was invoked has returned. */
static void print_results(struct run *run) {
    const struct entry *entry = &run->entry;
    uint32_t count = entry->invoked ? entry->type->result_count : 0;
    if (count > 0 || run->narrate)
        run_begin_line(run, stdout);

    for (uint32_t i = 0; i < count; i++) {
        value_print(&entry->results[i], stdout);
    }
    if (run->narrate)
        puts("[host] done");
}

/* The order matters: what the user got wrong is told before the guest may do
 * anything, and the wall goes up when all that it would forbid us is open. */
static bool run_guest(struct run *run, struct error *error) {
    const char *invoke = run->options->invoke;
    run->narrate = invoke && strcmp(invoke, demo_entry) == 0;
    run->about = NULL;
    if (!open_parts(run, error) || !linking_check(run, error) ||
        !recording_begin(run, error))
        return false;

    run->about = NULL;
    if (run->narrate)
        narrate_directories(run);
    if (!raise_wall(run, error))
        return false;

    run->began = true;
    struct instance *instance = linking_instantiate(run, error);
    if (!instance || !entry_call(&run->entry, instance, error))
        return false;

    print_results(run);
    return true;
}

/* ---- commands ---- */

static bool trace_code(struct run *run, struct error *error) {
    struct vm_tracing tracing = {.module = run->main.module,
                                 .function = run->options->traced,
                                 .out = stderr,
                                 .begin_line = run_begin_line,
                                 .context = run};
    return vm_trace(&tracing, error);
}

/* A closed socket or pipe is an error number, for guests too, and so is a file
 * that may not grow. */
static void ignore_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static bool run_profiled(struct run *run, struct error *error) {
    if (run->options->profile)
        return profile_run(run, run_guest, error);
    return run_guest(run, error);
}

/* What is loaded, watched if that is wanted. */
static bool run_loaded(struct run *run, struct error *error) {
    if (run->options->trace_code && !trace_code(run, error))
        return false;

    ignore_signals();
    if (run->options->coverage)
        return coverage_run(run, run_profiled, error);
    return run_profiled(run, error);
}

static bool run_command(struct run *run, struct error *error) {
    return run_load(run, run->options->words[0], error) &&
           run_load_preloads(run, error) && run_loaded(run, error);
}

static bool replay_command(struct run *run, struct error *error) {
    if (run->options->list)
        return replay_list(run, stdout, error);
    return replay_load(run, error) && run_loaded(run, error);
}

/* ---- dump ---- */

/* What could be shown, if the user stood somewhere else. */
static void tell_refused(struct run *run, const struct origin *origin) {
    const char *refused = origin_refused(origin);
    if (!refused || run->options->quiet)
        return;
    fflush(stdout);
    fprintf(stderr,
            "hostel: the text of %s is not shown: it is neither beneath the "
            "current directory nor beside the module\n",
            shown_text(refused, SHOWN_MAX).text);
}

static bool dump_command(struct run *run, struct error *error) {
    const struct options *options = run->options;
    if (!run_load(run, options->words[0], error))
        return false;
    struct vm_dumping dumping = {.module = run->main.module,
                                 .function = options->function,
                                 .code = options->code,
                                 .lines = options->lines,
                                 .out = stdout};
    if (!options->lines)
        return vm_dump(&dumping, error);

    struct origin *origin = origin_open(options->words[0]);
    if (!origin)
        return error_set(error, ERROR_IO, "out of memory");
    dumping.text = origin_line;
    dumping.context = origin;
    bool done = vm_dump(&dumping, error);
    tell_refused(run, origin);
    origin_close(origin);
    return done;
}

/* ---- explain ---- */

/* How a run ended that is to be shown; false if it could not begin or go on. */
static bool tell_end(const struct error *error, char *text, size_t size) {
    switch (error->kind) {
    case ERROR_NONE: snprintf(text, size, "returned"); return true;
    case ERROR_EXIT:
        snprintf(text, size, "exited with status %d", error->code);
        return true;
    case ERROR_TRAP:
    case ERROR_EXHAUSTION:
        snprintf(text, size, "trap: %s", error->text);
        return true;
    default: return false;
    }
}

/* The words are for the function that is named, if it is exported, or else for
 * what is run anyway. */
static void choose_entry(struct run *run) {
    struct options *options = run->options;
    const struct module *module = run->main.module;
    for (size_t i = 0; options->function && i < vm_export_count(module); i++) {
        struct vm_export export = vm_export_at(module, i);
        bool meant = export.kind == VM_FUNCTION &&
                     slice_is(export.name, options->function);
        if (meant && !options->invoke)
            options->invoke = options->function;
    }
}

static bool
follow_run(struct run *run, char *ended, size_t size, struct error *error) {
    struct error end = ERROR_INIT;
    if (!vm_keep_steps(run->main.module, run->options->function, error))
        return false;
    if (!run->replay && !run_load_preloads(run, error))
        return false;
    if (!run->replay)
        choose_entry(run);
    ignore_signals();
    run_guest(run, &end);
    run->began = false; /* what is left of a recording may be much */
    if (tell_end(&end, ended, size))
        return true;
    *error = end;
    return false;
}

static bool explain_module(struct run *run, FILE *out, struct error *error) {
    char ended[sizeof error->text + 16] = "";
    const struct options *options = run->options;
    if (options->runs && !follow_run(run, ended, sizeof ended, error))
        return false;
    struct vm_explaining explaining = {.module = run->main.module,
                                       .function = options->function,
                                       .name = source_name(options->words[0]),
                                       .ended = ended,
                                       .out = out};
    run->about = NULL;
    return vm_explain(&explaining, error);
}

/* A recording is run as it was. */
static bool load_for_explain(struct run *run, struct error *error) {
    struct options *options = run->options;
    if (!replay_is_recording(options->words[0]))
        return run_load(run, options->words[0], error);
    if (options->runs)
        return error_set(
            error, ERROR_USAGE, "explain: a recording has its arguments in it");
    options->runs = true;
    return replay_load(run, error);
}

/* The page is begun before the guest runs, which the walls are raised for. */
static bool explain_command(struct run *run, struct error *error) {
    struct output page;
    if (!load_for_explain(run, error))
        return false;
    if (!output_open(&page, run->options->output, error)) {
        run->about = NULL;
        return false;
    }
    bool done = explain_module(run, page.file, error);
    return output_close(&page, done, error) && done;
}

static void print_version(void) {
    char libraries[NET_LIBRARIES_SIZE];
    net_libraries(libraries);
    printf("hostel " HOSTEL_VERSION "\n%s\n", libraries);
}

static bool obey(struct run *run, struct error *error) {
    const struct options *options = run->options;
    switch (options->command) {
    case COMMAND_RUN: return run_command(run, error);
    case COMMAND_REPLAY: return replay_command(run, error);
    case COMMAND_CHECK: return check_modules(run, error);
    case COMMAND_DUMP: return dump_command(run, error);
    case COMMAND_EXPLAIN: return explain_command(run, error);
    case COMMAND_COMPLETIONS:
        return help_completions(options->words[0], stdout, error);
    case COMMAND_HELP: help_print(stdout); return true;
    case COMMAND_VERSION: print_version(); return true;
    }
    return false;
}

/* ---- the process ---- */

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

/* What the vm would say, if it could. */
static bool set_deadline(int64_t timeout_ms, struct error *error) {
    struct error late = ERROR_INIT;
    if (timeout_ms == VM_UNLIMITED)
        return true;

    vm_time_out(NULL, &late);
    return deadline_set(timeout_ms, late.text, report_status(&late), error);
}

/* What we wrote must have arrived. */
static bool flush_output(struct error *error) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return error_set(error, ERROR_IO, "standard output: %s", strerror(errno));
}

/* Report how it went, remove what is left of it; returns the exit status. */
static int finish(struct run *run, struct error *error) {
    replay_end(run, error);
    int status = report_status(error);
    if (run->worst > status)
        status = run->worst;
    deadline_ended(status);
    report_error(run, error);
    report_hint(run, error);

    struct error late = ERROR_INIT;
    bool recorded = !run->vm || vm_record_end(run->vm, error, &late);
    bool removed = tmpdir_close(&run->tmpdir, &late);
    if (!recorded || !removed || !flush_output(&late)) {
        run->about = run->advice = run->meant = NULL;
        report_error(run, &late);
        if (status == EXIT_SUCCESS)
            status = report_status(&late);
    }

    run_close(run);
    return status;
}

int main(int argc, char **argv) {
    open_standard_files();
    struct options options;
    struct run run = {.options = &options, .began_ms = clock_ms()};
    struct error error = ERROR_INIT;
    bool understood = options_parse(&options, argc, argv, &error) &&
                      set_deadline(options.limits.timeout_ms, &error);
    if (understood)
        obey(&run, &error);
    int status = finish(&run, &error);
    options_free(&options);
    return status;
}
