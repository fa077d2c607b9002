/* Whose line is it? Guest and host write to the same standard output and error.
 *
 * A guest may have begun a line when the host has something to say: a request
 * it narrates, a line of a trace, a result, a trap. So the last byte that a
 * guest wrote to either is remembered, and the host ends the guest's line
 * before it begins its own. Both may be one terminal or one file, and then what
 * is written to one shows behind the other's. */
#include "wasi/lines.h"

#include <sys/stat.h>

void lines_init(struct wasi *wasi) {
    struct stat out, err;
    wasi->outputs_are_one =
        fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
        out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

void lines_note(struct wasi *wasi, int host, uint8_t last) {
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fd == host || wasi->outputs_are_one)
            wasi->line_begun[fd] = last != '\n';
    }
}

void wasi_begin_line(struct wasi *wasi, FILE *out) {
    int fd = fileno(out);
    bool shared = fd == STDOUT_FILENO || fd == STDERR_FILENO;
    if (!shared || !wasi->line_begun[fd])
        return;
    fputc('\n', out);
    lines_note(wasi, fd, '\n');
}

void wasi_wrote(struct wasi *wasi, int file, uint8_t last) {
    lines_note(wasi, file, last);
}
