/* The descriptor table. See fd.c. */
#ifndef HOSTEL_WASI_FD_H
#define HOSTEL_WASI_FD_H

#include "wasi/guest.h"

/* Descriptor `number` if it is open and has all of `rights`. */
enum wasi_errno fd_get(struct wasi *wasi,
                       uint32_t number,
                       uint64_t rights,
                       struct descriptor **found);

/* The lowest free number, or FD_MAX. */
uint32_t fd_free_number(const struct wasi *wasi);

/* Make `number`, which is free, a descriptor for `fresh`. */
void fd_install(struct wasi *wasi, uint32_t number, struct descriptor fresh);

void fd_close(struct descriptor *descriptor);

/* Take over the host's 0, 1 and 2 as far as they are open. */
void fd_inherit_stdio(struct wasi *wasi);

#endif
