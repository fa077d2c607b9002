/* --coverage: what is executed is counted by the lines of the source, and
 * written to a file. */
#ifndef HOSTEL_COVERAGE_H
#define HOSTEL_COVERAGE_H

#include "run.h"

/* Run the guest by `run_it`, and write its coverage however it ends. What goes
 * wrong with that is told, or is the run's `error` if nothing else fails. */
bool coverage_run(struct run *run,
                  bool (*run_it)(struct run *run, struct error *error),
                  struct error *error);

#endif
