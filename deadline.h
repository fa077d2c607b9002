/* The last resort of --timeout: what ends the process when nothing else
 * could. */
#ifndef HOSTEL_DEADLINE_H
#define HOSTEL_DEADLINE_H

#include "base/base.h"

/* `timeout_ms` from now, and a grace later, the process ends with `status`,
 * after a line that says `why`. Called once. */
bool deadline_set(int64_t timeout_ms,
                  const char *why,
                  int status,
                  struct error *error);

/* The guest has ended. If the deadline comes while we clean up, the process
 * ends with `status` and says nothing more. */
void deadline_ended(int status);

#endif
