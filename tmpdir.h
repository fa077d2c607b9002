/* A temporary directory that goes with the program, however that ends. */
#ifndef HOSTEL_TMPDIR_H
#define HOSTEL_TMPDIR_H

#include "base/base.h"

enum { TMPDIR_PATH_SIZE = 4096 };

struct tmpdir {
    char path[TMPDIR_PATH_SIZE]; /* where it was made; empty: there is none */
    /* The directory, whatever the path leads to by now; tmpdir_close closes
     * it. */
    int fd;
};

/* Make one under TMPDIR, else /tmp. At most one is open at a time: signals know
 * only that. `walled`: the kernel shall confine the process that will remove
 * it, where it can. */
bool tmpdir_open(struct tmpdir *tmpdir, bool walled, struct error *error);

/* Remove it with all that is in it, and wait until that is done; on failure an
 * ERROR_IO says what is left. Who cannot wait just ends (with _exit, say): the
 * directory goes all the same, somewhat later. */
bool tmpdir_close(struct tmpdir *tmpdir, struct error *error);

#endif
