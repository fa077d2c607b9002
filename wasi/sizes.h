/* Sizes of files. See sizes.c. */
#ifndef HOSTEL_WASI_SIZES_H
#define HOSTEL_WASI_SIZES_H

#include "wasi/call.h"

/* Bring the open file to a size, in pieces where the guest has a time limit. */
enum wasi_errno file_set_size(struct call *call, int host, off_t size);

#endif
