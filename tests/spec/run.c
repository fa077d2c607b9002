/* Runs the official WebAssembly spec suite, given as JSON and binary modules.
 *
 *     run [-vp] FOLDER LISTS [FILE...]
 *
 * FOLDER holds spectest.wasm and the unpacked suites, for instance
 * spec-2.0/binary.json; without FILE (spec-2.0/binary) all of our own, the
 * MVP's and of 2.0 are run. One line is printed a file, and the totals behind
 * each suite. -v prints all failures of a file instead of the first ten; with
 * -p modules are translated without fusing operations: both ways must give the
 * same.
 *
 * LISTS is a folder with lists of assertions, one a line as FILE:LINE. Those
 * that stand in expected-failures.txt are known to fail; those in
 * other-messages.txt must end in an error, but not the suite's; the modules of
 * those in valid-since.txt were made valid by a later version of WebAssembly,
 * and must be accepted. One that goes as the suite says is a failure too: take
 * it off the list.
 *
 * Every file runs in a process of its own: a crash or a hang costs that file
 * alone. */
#include "tests/spec/spec.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_PER_FILE = 60 };

struct run {
    const char *folder;
    struct listed *expected_failures, *other_messages, *valid_since;
    struct buffer spectest;
    bool verbose, plain_code;
    struct tally total;
    unsigned files, files_failed;
};

/* ---- lists of assertions ---- */

/* "spec-2.0/binary:17" */
static bool parse_entry(const char *line, struct listed *entry) {
    return sscanf(line, "%63[^#: \n]:%u", entry->file, &entry->line) == 2;
}

static bool
read_list(struct listed **list, const char *folder, const char *name) {
    char path[1024], line[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return perror(path), false;
    while (fgets(line, sizeof line, file)) {
        struct listed *entry = calloc(1, sizeof *entry);
        if (!entry)
            break;
        entry->next = *list;
        if (parse_entry(line, entry))
            *list = entry;
        else
            free(entry);
    }
    fclose(file);
    return true;
}

static void free_list(struct listed *list) {
    while (list) {
        struct listed *next = list->next;
        free(list);
        list = next;
    }
}

/* ---- one file ---- */

/* In the process of the file: run it and end. */
static void child(const struct run *run, const char *name, int progress) {
    alarm(SECONDS_PER_FILE);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct script script = {.folder = run->folder,
                            .name = name,
                            .expected_failures = run->expected_failures,
                            .other_messages = run->other_messages,
                            .valid_since = run->valid_since,
                            .verbose = run->verbose,
                            .plain_code = run->plain_code,
                            .progress = progress,
                            .spectest = buffer_slice(&run->spectest)};
    exit(script_run(&script) ? 0 : 1);
}

/* Start the process, follow its tally up to the last; returns how the process
 * ended. */
static int
run_process(const struct run *run, const char *name, struct tally *tally) {
    int ends[2];
    fflush(stdout);
    if (pipe(ends))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(run, name, ends[1]);
    }
    close(ends[1]);
    struct tally next;
    while (pid > 0 && read(ends[0], &next, sizeof next) == (ssize_t)sizeof next)
        *tally = next;
    close(ends[0]);
    int status = -1;
    if (pid > 0)
        waitpid(pid, &status, 0);
    return status;
}

static void add(struct tally *total, const struct tally *tally) {
    total->assertions += tally->assertions;
    total->not_applicable += tally->not_applicable;
    total->failed += tally->failed;
    total->expected += tally->expected;
    total->other_messages += tally->other_messages;
    total->accepted += tally->accepted;
}

static void run_file(struct run *run, const char *name) {
    struct tally tally = {0};
    int status = run_process(run, name, &tally);
    run->files++;
    if (status == 0 && tally.failed == 0) {
        printf("ok %s - %u assertions", name, tally.assertions);
        if (tally.expected)
            printf(", %u failed as expected", tally.expected);
        printf("\n");
    } else {
        run->files_failed++;
        printf("not ok %s - %u commands failed, %u assertions",
               name,
               tally.failed,
               tally.assertions);
        if (status > 0 && WIFSIGNALED(status))
            printf(", ended by signal %d at line %u",
                   WTERMSIG(status),
                   tally.line);
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

/* All files of a folder. */
static bool run_folder(struct run *run, const char *folder) {
    char path[1024], name[300];
    snprintf(path, sizeof path, "%s/%s", run->folder, folder);
    struct dirent **entries;
    int count = scandir(path, &entries, is_json, alphasort);
    if (count < 0)
        return false;
    for (int i = 0; i < count; i++) {
        *strrchr(entries[i]->d_name, '.') = 0;
        snprintf(name, sizeof name, "%s/%s", folder, entries[i]->d_name);
        run_file(run, name);
        free(entries[i]);
    }
    free(entries);
    return true;
}

static void print_total(const struct run *run, const char *suite) {
    const struct tally *t = &run->total;
    printf("# total of %s: %u files, %u failed; %u assertions, %u of them "
           "about the text format; "
           "%u commands failed, %u more as expected\n",
           suite,
           run->files,
           run->files_failed,
           t->assertions,
           t->not_applicable,
           t->failed,
           t->expected);
    printf("# total of %s: %u errors with another message, as listed; %u "
           "modules accepted, since "
           "a later version made them valid\n",
           suite,
           t->other_messages,
           t->accepted);
}

/* A suite, and what belongs to it in a folder of its own; true if nothing
 * failed. */
static bool
run_suite(struct run *run, const char *suite, const char *extension) {
    run->files = run->files_failed = 0;
    run->total = (struct tally){0};
    if (!run_folder(run, suite) || (extension && !run_folder(run, extension))) {
        printf("skip %s - it is not in %s\n", suite, run->folder);
        return true;
    }
    print_total(run, suite);
    return run->files_failed == 0;
}

static bool run_all(struct run *run) {
    bool passed = run_suite(run, "own", NULL);
    passed = run_suite(run, "spec-1.0", NULL) && passed;
    return run_suite(run, "spec-2.0", "spec-2.0/simd") && passed;
}

static bool read_inputs(struct run *run, const char *lists) {
    char path[1024];
    snprintf(path, sizeof path, "%s/spectest.wasm", run->folder);
    struct error error = ERROR_INIT;
    buffer_init(&run->spectest, 1 << 16);
    if (!file_read(path, &run->spectest, &error))
        return fprintf(stderr, "%s\n", error.text), false;
    return read_list(&run->expected_failures, lists, "expected-failures.txt") &&
           read_list(&run->other_messages, lists, "other-messages.txt") &&
           read_list(&run->valid_since, lists, "valid-since.txt");
}

int main(int argc, char **argv) {
    struct run run = {0};
    for (int option; (option = getopt(argc, argv, "vp")) != -1;) {
        run.verbose |= option == 'v';
        run.plain_code |= option == 'p';
    }
    char **arg = argv + optind;
    if (argc - optind < 2) {
        fprintf(stderr, "usage: run [-vp] FOLDER LISTS [FILE...]\n");
        return 2;
    }
    run.folder = arg[0];
    bool passed = read_inputs(&run, arg[1]);
    if (passed && arg[2]) {
        for (char **name = arg + 2; *name; name++)
            run_file(&run, *name);
        passed = run.files_failed == 0;
    } else if (passed) {
        passed = run_all(&run);
    }
    buffer_free(&run.spectest);
    free_list(run.expected_failures);
    free_list(run.other_messages);
    free_list(run.valid_since);
    return passed ? 0 : 1;
}
