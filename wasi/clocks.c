/* Clocks, and times of the host's as those of preview1. */
#include "wasi/clocks.h"
#include "wasi/call.h"

#include <errno.h>

/* Preview1 counts nanoseconds from 1970 in 64 bits without a sign: until 2554, and
 * nothing before. */
uint64_t timestamp_of(struct timespec time) {
    if (time.tv_sec < 0)
        return 0;
    if ((uint64_t)time.tv_sec >= UINT64_MAX / NANOSECONDS)
        return UINT64_MAX;
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

struct timespec timespec_of(uint64_t nanoseconds) {
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / NANOSECONDS),
                             .tv_nsec = (long)(nanoseconds % NANOSECONDS)};
}

/* Ask `get` about the clock in argument 0 and store nanoseconds. */
static enum wasi_errno clock_call(struct call *call,
                                  int (*get)(clockid_t, struct timespec *),
                                  int result_arg) {
    static const clockid_t clocks[] = {CLOCK_REALTIME,
                                       CLOCK_MONOTONIC,
                                       CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};
    struct timespec time;
    if (arg(call, 0) >= sizeof clocks / sizeof *clocks)
        return WASI_INVAL;
    if (get(clocks[arg(call, 0)], &time) < 0)
        return errno_to_wasi(errno);
    put64(call, result_arg, timestamp_of(time));
    return WASI_SUCCESS;
}

/* Argument 1 is where the answer goes. */
enum wasi_errno call_clock_res_get(struct call *call) {
    return clock_call(call, clock_getres, 1);
}

/* Argument 1 says how precise it must be: it always is as precise as the host. */
enum wasi_errno call_clock_time_get(struct call *call) {
    return clock_call(call, clock_gettime, 2);
}
