/* A temporary directory that goes with the program, however that ends. */
#ifndef HOSTEL_TMPDIR_H
#define HOSTEL_TMPDIR_H

#include "base/base.h"

struct tmpdir {
    char path[4096]; /* empty: there is none */
};

/* Make one under TMPDIR, else /tmp. At most one is open at a time: signals know only that. */
bool tmpdir_open(struct tmpdir *tmpdir, struct error *error);

/* Remove it with all that is in it, and wait until that is done. */
bool tmpdir_close(struct tmpdir *tmpdir, struct error *error);

#endif
