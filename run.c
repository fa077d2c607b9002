/* Modules come in here, and everything goes.
 *
 * A module takes three steps, each with an owner of its own: bytes (source.c),
 * binary format (assemble.c, for text), a module in a vm (vm/). Since all of
 * its limits begin with the command, what is left of the time is counted anew
 * before each step that may take long. */
#include "run.h"

#include "replay.h"
#include "source.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below 0 if there is no limit. */
static int64_t time_left_ms(const struct run *run) {
    int64_t limit = run->options->limits.timeout_ms;
    int64_t spent = clock_ms() - run->began_ms;
    if (limit == VM_UNLIMITED)
        return limit;
    return limit > spent ? limit - spent : 0;
}

static bool is_same_file(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool run_may_read(struct run *run, const char *path, struct error *error) {
    const struct options *options = run->options;
    const struct {
        const char *name, *path;
    } written[] = {{"record", options->record},
                   {"profile", options->profile},
                   {"coverage", options->coverage},
                   {"output", options->output}};
    run->about = source_name(path);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        if (written[i].path && is_same_file(path, written[i].path))
            return error_set(
                error, ERROR_USAGE, "--%s would overwrite it", written[i].name);
    }
    run->about = NULL;
    return true;
}

/* What a stranger's recording names may be anything. */
static bool is_file_named(const char *path, struct error *error) {
    struct stat stat_;
    return stat(path, &stat_) != 0 || S_ISREG(stat_.st_mode) ||
           error_set(error,
                     ERROR_IO,
                     "%s: the recording names it, but it is no file",
                     shown_text(path, SHOWN_MAX).text);
}

/* From its file, or from the recording that keeps it under that name. */
static bool read_module(struct run *run,
                        const char *name,
                        struct loaded *loaded,
                        struct error *error) {
    const struct vm_note *kept = NULL;
    const char *path = loaded->path;
    bool given = !run->recording || (run->replaces && loaded == &run->main);
    if (run->recording && !run->replaces)
        kept = vm_recording_module(run->recording, name);
    if (!kept)
        return run_may_read(run, path, error) &&
               (given || is_file_named(path, error)) &&
               source_read(path, &loaded->bytes, error);
    return buffer_append_slice(&loaded->bytes, kept->value) ||
           error_set(error, ERROR_IO, "out of memory: a module");
}

static bool load_module(struct run *run,
                        const char *name,
                        const char *path,
                        struct loaded *loaded,
                        struct error *error) {
    loaded->path = path;
    buffer_init(&loaded->bytes, VM_MODULE_BYTES);
    run->about = NULL;
    if (!read_module(run, name, loaded, error))
        return false;

    run->about = source_name(path);
    if (!source_decode(&loaded->bytes, time_left_ms(run), error))
        return false;
    loaded->module = vm_load(run->vm, buffer_slice(&loaded->bytes), error);
    return loaded->module != NULL;
}

static bool open_vm(struct run *run, struct error *error) {
    struct vm_limits limits = run->options->limits;
    run->memory = (struct budget){.limit = limits.memory_bytes};
    limits.memory = &run->memory;
    limits.timeout_ms = time_left_ms(run);
    run->vm = vm_open(&limits, error);
    const struct options *options = run->options;
    bool calls = options->profile, counts = calls || options->coverage;
    return run->vm && (!counts || vm_count(run->vm, calls, error));
}

bool run_load(struct run *run, const char *path, struct error *error) {
    if (open_vm(run, error) && load_module(run, "", path, &run->main, error))
        return true;

    bool missing = run->main.bytes.size == 0 && access(path, F_OK) != 0;
    if (missing)
        run->meant = run->options->meant;
    return false;
}

bool run_load_preloads(struct run *run, struct error *error) {
    struct options *options = run->options;
    run->preloads = arena_alloc(
        &options->arena, options->preload_count, sizeof *run->preloads);
    if (!run->preloads)
        return error_set(error, ERROR_IO, "out of memory");

    for (size_t i = 0; i < options->preload_count; i++) {
        const struct preload *preload = &options->preloads[i];
        struct loaded *loaded = &run->preloads[i];
        if (!load_module(run, preload->name, preload->path, loaded, error))
            return false;
    }
    return true;
}

const char *run_directory_name(const struct run *run,
                               const struct wasi_directory *directory) {
    bool temporary = directory->host == run->tmpdir.path;
    return temporary ? "a temporary directory" : directory->host;
}

/* The vm goes first: its guests call into the others, which must outlive it. */
void run_close(struct run *run) {
    if (run->vm)
        vm_close(run->vm);
    if (run->imports)
        imports_close(run->imports);
    if (run->net)
        net_close(run->net);
    if (run->wasi)
        wasi_close(run->wasi);
    vm_recording_close(run->recording);
    replay_close(run->replay);
    buffer_free(&run->main.bytes);
    for (size_t i = 0; run->preloads && i < run->options->preload_count; i++) {
        buffer_free(&run->preloads[i].bytes);
    }

    run->vm = NULL;
    run->imports = NULL;
    run->net = NULL;
    run->wasi = NULL;
    run->preloads = NULL;
    run->recording = NULL;
    run->replay = NULL;
    run->about = run->advice = run->meant = NULL;
}

void run_begin_line(void *context, FILE *out) {
    const struct run *run = context;
    if (run->wasi)
        wasi_begin_line(run->wasi, out);
}
