/* What the user is told when a run has failed, and the exit status. */
#ifndef HOSTEL_REPORT_H
#define HOSTEL_REPORT_H

#include "run.h"

/* The guest's own, or one of ours: 134 after a trap, 2 for the command line, 1
 * for all else. */
int report_status(const struct error *error);

/* One line on stderr, and a trap's backtrace; nothing if nothing has failed. */
void report_error(struct run *run, const struct error *error);

/* The one hint, to a guest that failed by itself: perhaps it lacks a
 * directory. */
void report_hint(struct run *run, const struct error *error);

/* What failed when the guest had ended. If it ended well, that is the run's
 * `error`; else it is told beside. Returns false. */
bool report_late(struct run *run,
                 bool done,
                 const struct error *late,
                 struct error *error);

#endif
