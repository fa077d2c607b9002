/* hostel check: validate modules, and say what is in them. */
#ifndef HOSTEL_CHECK_H
#define HOSTEL_CHECK_H

#include "run.h"

/* All of the files that the options name. Reports of each but the last, which
 * the error is about on failure; `worst` is the worst exit status of the
 * others. */
bool check_modules(struct run *run, struct error *error);

#endif
