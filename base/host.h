/* What the machine must be like that hostel is built for. The build looks at
 * this file first and shows what it refuses, so that nobody gets a program that
 * computes something else. */
#ifndef HOSTEL_BASE_HOST_H
#define HOSTEL_BASE_HOST_H

#include <float.h>

/* Linear memory is little-endian (spec 2.4.7), and is read and written as the
 * host's own. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a big-endian machine: hostel needs a little-endian one"
#endif

/* A float is rounded after every operation (spec 4.3.3). The x87 of old
 * computes with more digits and rounds when it stores. */
#if FLT_EVAL_METHOD != 0
#error                                                                         \
    "floats have excess precision (x87?): build with CFLAGS='-O2 -msse2 -mfpmath=sse'"
#endif

#endif
