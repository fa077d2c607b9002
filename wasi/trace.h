/* Calls as lines, for --trace wasi. */
#ifndef HOSTEL_WASI_TRACE_H
#define HOSTEL_WASI_TRACE_H

#include "wasi/call.h"

/* Print one finished call as one line. */
void trace_call(const struct call *call,
                const struct row *row,
                enum wasi_errno result);

#endif
