/* What the user is told when a run has failed.
 *
 *     hostel: FILE: KIND: what (at offset 0x1F); what to do; did you mean ...?
 *     hostel: trap: what
 *         #0 add at sum.c:11 <inlined at 0x255>
 *         #1 function 3 <main> at 0x26f
 *     hostel: the guest exited with status 300
 *
 * Of the first line there is what the error and the run know. The backtrace
 * has the innermost frames. An exit is told where the status does not say it
 * all. */
#include "report.h"

#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    /* A shell gives those above it meanings of its own. */
    STATUS_PLAIN = 125,
    STATUS_TRAP = 134,     /* what a shell shows for a program that aborted */
    BACKTRACE_FRAMES = 32, /* innermost ones shown */
    NAME_SHOWN = 80,       /* bytes of a name */
};

int report_status(const struct error *error) {
    switch (error->kind) {
    case ERROR_NONE: return EXIT_SUCCESS;
    case ERROR_EXIT: return error->code;
    case ERROR_TRAP:
    case ERROR_EXHAUSTION: return STATUS_TRAP;
    case ERROR_USAGE: return STATUS_USAGE;
    default: return STATUS_FAILED;
    }
}

/* ---- a trap ---- */

static void print_plain_frame(const struct vm_frame *frame) {
    fprintf(stderr, "function %" PRIu32 " ", frame->function);
    if (frame->name.size > 0)
        fprintf(stderr, "<%s> ", shown(frame->name, NAME_SHOWN).text);
    fprintf(stderr, "at 0x%" PRIx32 "\n", frame->offset);
}

/* What a programmer looks for comes first. */
static void print_source_frame(const struct vm_frame *frame, bool placed) {
    if (frame->name.size > 0)
        fprintf(stderr, "%s ", shown(frame->name, NAME_SHOWN).text);
    else
        fprintf(stderr, "function %" PRIu32 " ", frame->function);

    if (placed) {
        struct shown file = shown(frame->file, SHOWN_MAX);
        fprintf(stderr, "at %s:%" PRIu32 " ", file.text, frame->line);
    }

    const char *inlined = frame->inlined ? "inlined " : "";
    fprintf(stderr, "<%sat 0x%" PRIx32 ">\n", inlined, frame->offset);
}

/* Of a run that was stopped to be looked at. */
static void print_locals(struct slice locals) {
    if (locals.size == 0)
        return;
    fputs("       ", stderr);
    shown_print(locals, SHOWN_ALL, stderr);
    fputc('\n', stderr);
}

static void print_backtrace(struct vm *vm) {
    struct vm_frame frames[BACKTRACE_FRAMES];
    size_t count = vm_backtrace(vm, frames, BACKTRACE_FRAMES), whole = 0;
    for (size_t i = 0; i < count; i++) {
        const struct vm_frame *frame = &frames[i];
        bool placed = frame->line > 0 && frame->file.size > 0;

        fprintf(stderr, "    #%zu ", i);
        if (placed || frame->inlined)
            print_source_frame(frame, placed);
        else
            print_plain_frame(frame);
        if (!frame->inlined)
            print_locals(vm_locals(vm, whole++));
    }

    if (count == BACKTRACE_FRAMES)
        fputs("    ...\n", stderr);
}

static void report_trap(struct run *run, const struct error *error) {
    fprintf(stderr, "hostel: trap: %s\n", error->text);
    print_backtrace(run->vm);
}

static void report_stop(struct run *run, const struct error *error) {
    fprintf(stderr, "hostel: %s\n", error->text);
    print_backtrace(run->vm);
}

/* ---- all else ---- */

/* A shell could take some statuses for something else, or for success. */
static void report_exit(int status) {
    bool plain = status >= 0 && status <= STATUS_PLAIN;
    if (!plain)
        fprintf(stderr, "hostel: the guest exited with status %d\n", status);
}

/* Whether the word for that kind of error says more than its text. */
static bool says_kind(enum error_kind kind) {
    return kind == ERROR_MALFORMED || kind == ERROR_INVALID ||
           kind == ERROR_UNSUPPORTED || kind == ERROR_UNLINKABLE;
}

static void report_failure(struct run *run, const struct error *error) {
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
    /* A call that is not the recorded one has a place. */
    if (run->replay && run->began)
        print_backtrace(run->vm);
}

void report_error(struct run *run, const struct error *error) {
    if (error->kind == ERROR_NONE)
        return;

    run_begin_line(run, stderr);
    if (run->vm && vm_stopped(run->vm)) {
        report_stop(run, error);
        return;
    }
    switch (error->kind) {
    case ERROR_EXIT: report_exit(error->code); break;
    case ERROR_TRAP:
    case ERROR_EXHAUSTION: report_trap(run, error); break;
    default: report_failure(run, error); break;
    }
}

void report_hint(struct run *run, const struct error *error) {
    bool exited = error->kind == ERROR_EXIT && error->code != 0;
    bool failed = exited || error->kind == ERROR_TRAP;
    if (!failed || run->options->quiet)
        return;
    bool lacked = run->replay ? replay_lacked_directory(run->replay)
                              : run->wasi && wasi_lacked_directory(run->wasi);
    if (!lacked)
        return;

    run_begin_line(run, stderr);
    fputs("hostel: the guest has no directory, and looked for one: if it "
          "misses a file, grant it with --dir HOST[::GUEST]\n",
          stderr);
}

bool report_late(struct run *run,
                 bool done,
                 const struct error *late,
                 struct error *error) {
    bool exited_well = error->kind == ERROR_EXIT && error->code == 0;
    if (done || exited_well) {
        *error = *late;
        return false;
    }
    run_begin_line(run, stderr);
    fprintf(stderr, "hostel: %s\n", late->text);
    return false;
}
