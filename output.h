/* A file that is there when it is complete, or not at all. */
#ifndef HOSTEL_OUTPUT_H
#define HOSTEL_OUTPUT_H

#include "base/base.h"

#include <sys/types.h>

struct output {
    FILE *file; /* what is written */
    const char *path;
    pid_t keeper; /* -1: it is written to the path itself */
    int line;
};

/* Begin a file for `path`, which must live as long. Before walls are raised and
 * threads begun. ERROR_IO. */
bool output_open(struct output *output, const char *path, struct error *error);

/* The end of it: all that was written stands at the path, if `keep`; else the
 * path is as it was. ERROR_IO, and it is as it was. */
bool output_close(struct output *output, bool keep, struct error *error);

#endif
