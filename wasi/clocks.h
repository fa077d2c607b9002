/* Times of the host's as those of preview1, and back. */
#ifndef HOSTEL_WASI_CLOCKS_H
#define HOSTEL_WASI_CLOCKS_H

#include <stdint.h>
#include <time.h>

enum { NANOSECONDS = 1000000000 }; /* of a second */

/* Seconds and nanoseconds as nanoseconds, held at the ends of what 64 bits can
 * say (a time of the calendar: 1970 and 2554). And back. */
uint64_t timestamp_of(struct timespec time);
struct timespec timespec_of(uint64_t nanoseconds);

#endif
