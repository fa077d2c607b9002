/* Runs the official WebAssembly spec suite, given as JSON and binary modules.
 *
 *     run [-v] FOLDER EXPECTED-FAILURES [FILE...]
 *
 * FOLDER holds spectest.wasm and the unpacked suite, spec-2.0/FILE.json; without FILE all files
 * are run, those of simd/ last. EXPECTED-FAILURES has lines FILE:LINE, each an assertion known to
 * fail and expected to go on doing so. One line is printed a file, at the end the totals. -v also
 * prints the messages that differ from the reference's, and all failures instead of the first ten.
 *
 * Every file runs in a process of its own: a crash or a hang costs that file alone.
 */
#include "tests/spec/spec.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_PER_FILE = 60 };

struct run {
    const char *folder;
    struct expected_failure *expected;
    struct buffer spectest;
    bool verbose;
    struct tally total;
    unsigned files, files_failed;
};

/* ---- the list of expected failures ---- */

static bool read_expected(struct run *run, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return perror(path), false;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        struct expected_failure *entry = calloc(1, sizeof *entry);
        if (!entry) break;
        entry->next = run->expected;
        if (sscanf(line, "%63[^#: \n]:%u", entry->file, &entry->line) == 2)
            run->expected = entry;
        else
            free(entry);
    }
    fclose(file);
    return true;
}

static void free_expected(struct run *run) {
    while (run->expected) {
        struct expected_failure *next = run->expected->next;
        free(run->expected);
        run->expected = next;
    }
}

/* ---- one file ---- */

/* In the process of the file: run it and end. */
static void child(const struct run *run, const char *name, int progress) {
    alarm(SECONDS_PER_FILE);
    setvbuf(stdout, NULL, _IOLBF, 0);
    char folder[1024];
    snprintf(folder, sizeof folder, "%s/spec-2.0", run->folder);
    struct script script = {.folder = folder,
                            .name = name,
                            .expected = run->expected,
                            .verbose = run->verbose,
                            .progress = progress,
                            .spectest = buffer_slice(&run->spectest)};
    exit(script_run(&script) ? 0 : 1);
}

/* Start the process, follow its tally up to the last; returns how the process ended. */
static int run_process(const struct run *run, const char *name, struct tally *tally) {
    int ends[2];
    fflush(stdout);
    if (pipe(ends)) return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(run, name, ends[1]);
    }
    close(ends[1]);
    struct tally next;
    while (pid > 0 && read(ends[0], &next, sizeof next) == (ssize_t)sizeof next) *tally = next;
    close(ends[0]);
    int status = -1;
    if (pid > 0) waitpid(pid, &status, 0);
    return status;
}

static void add(struct tally *total, const struct tally *tally) {
    total->assertions += tally->assertions;
    total->not_applicable += tally->not_applicable;
    total->failed += tally->failed;
    total->expected += tally->expected;
    total->other_kinds += tally->other_kinds;
    total->other_texts += tally->other_texts;
}

static void run_file(struct run *run, const char *name) {
    struct tally tally = {0};
    int status = run_process(run, name, &tally);
    run->files++;
    if (status == 0 && tally.failed == 0) {
        printf("ok spec/%s - %u assertions", name, tally.assertions);
        if (tally.expected) printf(", %u failed as expected", tally.expected);
        printf("\n");
    } else {
        run->files_failed++;
        printf("not ok spec/%s - %u commands failed, %u assertions", name, tally.failed,
               tally.assertions);
        if (status > 0 && WIFSIGNALED(status))
            printf(", ended by signal %d at line %u", WTERMSIG(status), tally.line);
        else if (status != 0)
            printf(", ended at line %u", tally.line);
        printf("\n");
    }
    add(&run->total, &tally);
}

/* ---- all files ---- */

static int is_json(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".json");
}

/* All files of a part of the suite: "" or "simd/". */
static bool run_part(struct run *run, const char *part) {
    char folder[1024], name[300];
    snprintf(folder, sizeof folder, "%s/spec-2.0/%s", run->folder, part);
    struct dirent **entries;
    int count = scandir(folder, &entries, is_json, alphasort);
    if (count < 0) {
        printf("skip spec - there is no %s\n", folder);
        return false;
    }
    for (int i = 0; i < count; i++) {
        *strrchr(entries[i]->d_name, '.') = 0;
        snprintf(name, sizeof name, "%s%s", part, entries[i]->d_name);
        run_file(run, name);
        free(entries[i]);
    }
    free(entries);
    return true;
}

static void print_total(const struct run *run) {
    const struct tally *t = &run->total;
    printf("# total: %u files, %u failed; %u assertions, %u of them about the text format; "
           "%u commands failed, %u more as expected\n",
           run->files, run->files_failed, t->assertions, t->not_applicable, t->failed, t->expected);
    printf("# total: refused as they must be, but %u with another text and %u with another kind "
           "than the reference's\n",
           t->other_texts, t->other_kinds);
}

int main(int argc, char **argv) {
    struct run run = {.verbose = argc > 1 && !strcmp(argv[1], "-v")};
    char **arg = argv + 1 + run.verbose;
    if (argc < 3 + run.verbose) {
        fprintf(stderr, "usage: run [-v] FOLDER EXPECTED-FAILURES [FILE...]\n");
        return 2;
    }
    run.folder = arg[0];
    char path[1024];
    snprintf(path, sizeof path, "%s/spectest.wasm", run.folder);
    struct error error = ERROR_INIT;
    buffer_init(&run.spectest, 1 << 16);
    if (!file_read(path, &run.spectest, &error)) return fprintf(stderr, "%s\n", error.text), 1;
    if (!read_expected(&run, arg[1])) return 1;
    bool ran = true;
    for (char **name = arg + 2; *name; name++) run_file(&run, *name);
    if (!arg[2]) ran = run_part(&run, "") && run_part(&run, "simd/");
    if (ran) print_total(&run);
    buffer_free(&run.spectest);
    free_expected(&run);
    return run.files_failed ? 1 : 0;
}
