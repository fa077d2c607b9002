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

/* "NOENT", ... */
const char *errno_name(enum wasi_errno error);

#endif
