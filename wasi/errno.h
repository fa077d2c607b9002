/* The errors a guest can see, and how the host's become them. */
#ifndef HOSTEL_WASI_ERRNO_H
#define HOSTEL_WASI_ERRNO_H

enum wasi_errno {
#define X(name, host) WASI_##name,
#include "wasi/errno.def"
#undef X
};

/* What preview1 calls the host's error; IO for one it has no name for. */
enum wasi_errno errno_to_wasi(int host);

/* What a system call's return value means: below 0 it failed, and `errno` says
 * why. */
enum wasi_errno errno_result(int returned);

/* "NOENT", ... */
const char *errno_name(enum wasi_errno error);

#endif
