/* --profile FILE: the end of the name says in which format.
 *
 *     .callgrind    for callgrind_annotate and KCachegrind
 *     .folded       for flamegraph.pl and speedscope
 *     .svg          a flame graph
 *
 * The file is the same for the same run. What differs, the time that functions
 * of the host took, goes to stderr:
 *
 *     hostel: 12 calls of wasi_snapshot_preview1.fd_write took 0.031 ms */
#include "profile.h"

#include "output.h"
#include "report.h"
#include "source.h"

#include <inttypes.h>
#include <string.h>

static bool ends_in(const char *text, const char *end) {
    size_t size = strlen(text), tail = strlen(end);
    return size > tail && strcmp(text + size - tail, end) == 0;
}

bool profile_format(const char *path,
                    enum vm_profile_format *format,
                    struct error *error) {
    if (ends_in(path, ".callgrind"))
        *format = VM_PROFILE_CALLGRIND;
    else if (ends_in(path, ".folded"))
        *format = VM_PROFILE_FOLDED;
    else if (ends_in(path, ".svg"))
        *format = VM_PROFILE_FLAME;
    else
        return error_set(error,
                         ERROR_USAGE,
                         "--profile: %s: which format? give a name that ends "
                         "in .callgrind, .folded or .svg",
                         shown_text(path, SHOWN_MAX).text);
    return true;
}

/* Those that took longest. */
static void tell_times(struct run *run) {
    enum { TOLD = 8, NAME_SHOWN = 80 };
    struct vm_host_time times[TOLD];
    size_t count = vm_host_times(run->vm, times, TOLD);
    if (count == 0 || run->options->quiet)
        return;
    run_begin_line(run, stderr);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr,
                "hostel: %" PRIu64 " %s of %s.%s took %.3f ms\n",
                times[i].calls,
                times[i].calls == 1 ? "call" : "calls",
                shown(times[i].module, NAME_SHOWN).text,
                shown(times[i].name, NAME_SHOWN).text,
                (double)times[i].time_ns / 1e6);
    }
}

bool profile_run(struct run *run,
                 bool (*run_it)(struct run *run, struct error *error),
                 struct error *error) {
    struct vm_profiling profiling = {
        .vm = run->vm, .name = source_name(run->options->words[0])};
    struct output file;
    bool opened =
        profile_format(run->options->profile, &profiling.format, error) &&
        output_open(&file, run->options->profile, error);
    if (!opened)
        return false;

    bool done = run_it(run, error);
    struct error late = ERROR_INIT;
    profiling.out = file.file;
    bool written = vm_profile(&profiling, &late);
    bool kept = output_close(&file, written, &late) && written;
    tell_times(run);
    return kept ? done : report_late(run, done, &late, error);
}
