/* --coverage FILE: a tracefile of lcov, with --coverage-append added to what the
 * file has.
 *
 * That is read before the guest runs: a file that is none of lcov's is told
 * before it is too late, and there are walls around us afterwards. Of the source
 * only those files are in it that are here, where genhtml and others look for
 * them, and not those of libraries, whose debugging information names files on
 * the machine of those who made them. */
#include "coverage.h"

#include "output.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of this is closed at the end. */
struct covering {
    struct vm_coverage *coverage;
    struct buffer before; /* what the file had */
    struct output file;
};

static bool is_there(void *context, const char *path) {
    (void)context;
    struct stat status;
    bool found = stat(path, &status) == 0;
    return found && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

/* ---- what the file has ---- */

static bool refuse(const char *path, const char *why, struct error *error) {
    return error_set(error,
                     ERROR_IO,
                     "--coverage-append: %s: %s",
                     shown_text(path, SHOWN_MAX).text,
                     why);
}

/* A descriptor; -1 if there is no such file, which has nothing then. */
static bool open_before(const char *path, int *file, struct error *error) {
    struct stat stat;
    *file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (*file < 0)
        return errno == ENOENT || refuse(path, strerror(errno), error);
    if (fstat(*file, &stat) == 0 && S_ISREG(stat.st_mode))
        return true;
    close(*file);
    return refuse(path, "there is no adding to what is no file", error);
}

static bool
read_before(struct covering *covering, const char *path, struct error *error) {
    int fd;
    if (!open_before(path, &fd, error))
        return false;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (!file)
        return fd < 0 || refuse(path, strerror(errno), error);
    bool read = stream_read(file, path, &covering->before, error);
    fclose(file);
    return read;
}

static bool
add_before(struct covering *covering, struct run *run, struct error *error) {
    const char *path = run->options->coverage;
    if (!run->options->coverage_append)
        return true;
    if (!read_before(covering, path, error))
        return false;
    struct slice before = buffer_slice(&covering->before);
    bool added = vm_coverage_read(covering->coverage, before, error);
    if (!added)
        run->about = path;
    return added;
}

/* ---- the run ---- */

static bool
begin(struct covering *covering, struct run *run, struct error *error) {
    enum { LARGEST = 64 << 20 };
    struct budget *memory = vm_budget(run->vm);
    buffer_init(&covering->before, LARGEST);
    covering->before.budget = memory;
    covering->coverage = vm_coverage_open(memory);
    if (!covering->coverage)
        return error_set(error, ERROR_IO, "out of memory: coverage");
    return add_before(covering, run, error) &&
           output_open(&covering->file, run->options->coverage, error);
}

static void tell_left_out(struct run *run, size_t count) {
    if (count == 0 || run->options->quiet)
        return;
    run_begin_line(run, stderr);
    fprintf(stderr,
            "hostel: coverage: %zu files of the source are left out, which are "
            "not here, as those of libraries\n",
            count);
}

/* Of a guest that never began nothing is said. */
static bool
end(struct covering *covering, struct run *run, struct error *error) {
    struct vm_covering asked = {.vm = run->vm, .is_there = is_there};
    bool written =
        run->began && vm_coverage_add(covering->coverage, &asked, error) &&
        vm_coverage_write(covering->coverage, covering->file.file, error);
    bool closed = output_close(&covering->file, written, error);
    if (written)
        tell_left_out(run, asked.left_out);
    return closed && (written || !run->began);
}

bool coverage_run(struct run *run,
                  bool (*run_it)(struct run *run, struct error *error),
                  struct error *error) {
    struct covering covering = {.coverage = NULL};
    struct error late = ERROR_INIT;
    bool done = begin(&covering, run, error);
    if (done) {
        done = run_it(run, error);
        bool kept = end(&covering, run, &late);
        done = kept ? done : report_late(run, done, &late, error);
    }
    vm_coverage_close(covering.coverage);
    buffer_free(&covering.before);
    return done;
}
