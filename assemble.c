/* Modules in text format: wat2wasm, a program of WABT, translates them, where
 * it is installed.
 *
 *     text ── file ── its standard input
 *     binary format ── file ── its standard output
 *     what it says ── file ── its standard error
 *
 * These files have no names that anybody could know or take. It is started
 * without a shell. It looks at its input more than once, so that this cannot be
 * a pipe, and does not know - for its output. */
#include "assemble.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS_OF_DAY = 86400 };
enum { FILE_COUNT = 3, NOT_STARTED = 127, SAID_MAX = 4096, LINE_SHOWN = 300 };

/* Its name for what it reads, in messages. */
#define INPUT "/dev/stdin"

/* The options switch on what hostel can run and wat2wasm does not take
 * otherwise; a version may lack some of them. */
static const char *const arguments[] = {"wat2wasm",
                                        INPUT,
                                        "-o",
                                        "/dev/stdout",
                                        "--debug-names",
                                        "--enable-exceptions",
                                        "--enable-tail-call",
                                        "--enable-memory64",
                                        "--enable-multi-memory",
                                        "--enable-extended-const",
                                        "--enable-relaxed-simd",
                                        NULL};

/* In the new process: become wat2wasm. An alarm set here ends it, whatever
 * becomes of us. */
static _Noreturn void become(const char *const *words,
                             FILE *const files[FILE_COUNT],
                             int64_t timeout_ms) {
    bool ready = true;
    for (int i = 0; i < FILE_COUNT; i++)
        ready = ready && dup2(fileno(files[i]), i) == i;
    if (timeout_ms >= 0) {
        int64_t seconds = timeout_ms / 1000;
        bool soon = seconds < SECONDS_OF_DAY;
        alarm((soon ? (unsigned)seconds : SECONDS_OF_DAY) + 1);
    }
    if (ready)
        execvp(words[0], (char *const *)words);
    _exit(NOT_STARTED);
}

/* Run it; returns how it ended, as waitpid tells, or -1 with `error` set. */
static int run_wat2wasm(const char *const *words,
                        FILE *const files[FILE_COUNT],
                        int64_t timeout_ms,
                        struct error *error) {
    int status = -1;
    bool empty = ftruncate(fileno(files[2]), 0) == 0;
    pid_t child = empty ? fork() : -1;
    if (child == 0)
        become(words, files, timeout_ms);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    /* Its places in them are ours. */
    for (int i = 0; i < FILE_COUNT; i++)
        rewind(files[i]);
    if (child < 0)
        error_set(
            error, ERROR_IO, "cannot start wat2wasm: %s", strerror(errno));
    return status;
}

/* The first line of what it said, which is "/dev/stdin:1:16: error: unexpected
 * token", and perhaps another one of that kind. */
static bool tell(const char *said, struct error *error) {
    const char *line = strncmp(said, INPUT, strlen(INPUT)) == 0
                           ? said + strlen(INPUT ":")
                           : said;
    struct slice first = {(const uint8_t *)line, strcspn(line, "\n")};
    bool more = strstr(line + first.size, "\n" INPUT) != NULL;
    return error_set(error,
                     ERROR_MALFORMED,
                     "wat2wasm: %s%s",
                     shown(first, LINE_SHOWN).text,
                     more ? " (the first of several)" : "");
}

/* Its alarm comes after our own deadline, which may be late where the machine
 * is busy. */
static bool judge(int status, const char *said, struct error *error) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        return error_set(error,
                         ERROR_EXHAUSTION,
                         "time limit exceeded: wat2wasm did not end");
    if (WIFSIGNALED(status))
        return error_set(error,
                         ERROR_IO,
                         "wat2wasm was ended by signal %d",
                         WTERMSIG(status));
    if (WEXITSTATUS(status) == NOT_STARTED)
        return error_set(error,
                         ERROR_IO,
                         "this is text format, for which wat2wasm must be "
                         "installed (it is part "
                         "of WABT)");
    return WEXITSTATUS(status) == 0 || tell(said, error);
}

static bool is(const char *word, const char *text, size_t size) {
    return strlen(word) == size && memcmp(word, text, size) == 0;
}

/* Leave out the word that it says it does not know; false if it says nothing
 * like that. */
static bool leave_out(const char **words, const char *said) {
    static const char unknown[] = "wat2wasm: unknown option '--";
    if (strncmp(said, unknown, strlen(unknown)) != 0)
        return false;

    const char *option = said + strlen(unknown) - strlen("--");
    size_t size = strcspn(option, "'");

    const char **word = words;
    while (*word && !is(*word, option, size))
        word++;
    if (!*word)
        return false;

    for (; *word; word++)
        word[0] = word[1];
    return true;
}

/* Read past the stream, which would move its place in the file. */
static void read_said(FILE *file, char said[SAID_MAX + 1]) {
    ssize_t size = pread(fileno(file), said, SAID_MAX, 0);
    said[size > 0 ? size : 0] = '\0';
}

static bool translate(FILE *const files[FILE_COUNT],
                      int64_t timeout_ms,
                      struct error *error) {
    const char *words[sizeof arguments / sizeof *arguments];
    char said[SAID_MAX + 1];
    int status;
    memcpy(words, arguments, sizeof arguments);
    do {
        status = run_wat2wasm(words, files, timeout_ms, error);
        read_said(files[2], said);
    } while (status > 0 && leave_out(words, said));
    return status >= 0 && judge(status, said, error);
}

bool assemble(struct buffer *module, int64_t timeout_ms, struct error *error) {
    FILE *files[FILE_COUNT];
    bool ok = true;
    for (int i = 0; i < FILE_COUNT; i++) {
        files[i] = tmpfile();
        ok = ok && files[i];
    }

    ok = ok && fwrite(module->data, 1, module->size, files[0]) == module->size;
    ok = ok && fseek(files[0], 0, SEEK_SET) == 0;
    if (!ok)
        error_set(error,
                  ERROR_IO,
                  "no temporary file for wat2wasm: %s",
                  strerror(errno));

    ok = ok && translate(files, timeout_ms, error);
    buffer_free(module);
    ok = ok && stream_read(files[1], "what wat2wasm made", module, error);
    for (int i = 0; i < FILE_COUNT; i++) {
        if (files[i])
            fclose(files[i]);
    }
    return ok;
}
