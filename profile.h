/* --profile: what is executed is counted, and written to a file. */
#ifndef HOSTEL_PROFILE_H
#define HOSTEL_PROFILE_H

#include "run.h"

/* The format that a file's name asks for; an ERROR_USAGE if it asks for
 * none. */
bool profile_format(const char *path,
                    enum vm_profile_format *format,
                    struct error *error);

/* Run the guest by `run_it`, and write its profile however it ends. That the
 * file could not be written is told, or is the run's `error` if nothing else
 * fails. */
bool profile_run(struct run *run,
                 bool (*run_it)(struct run *run, struct error *error),
                 struct error *error);

#endif
