/* The table of errors, read both ways. */
#include "wasi/errno.h"

#include <errno.h>

/* What preview1 has no word for is an error of input and output. */
enum wasi_errno errno_to_wasi(int host) {
    /* The same number as ENOTSUP on Linux only. */
    if (host == EOPNOTSUPP)
        return WASI_NOTSUP;
    switch (host) {
#define X(name, number)                                                        \
    case number:                                                               \
        return WASI_##name;
#include "wasi/errno.def"
#undef X
    default: return WASI_IO;
    }
}

/* Of a system call that has just returned, before anything else sets errno. */
enum wasi_errno errno_result(int returned) {
    return returned < 0 ? errno_to_wasi(errno) : WASI_SUCCESS;
}

const char *errno_name(enum wasi_errno error) {
    static const char *const names[] = {
#define X(name, host) #name,
#include "wasi/errno.def"
#undef X
    };
    return names[error];
}
