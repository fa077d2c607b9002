/* Whose line is it? See lines.c, and wasi_begin_line. */
#ifndef HOSTEL_WASI_LINES_H
#define HOSTEL_WASI_LINES_H

#include "wasi/guest.h"

/* Before anything is written, and after each write to the host's 1 or 2. */
void lines_init(struct wasi *wasi);
void lines_note(struct wasi *wasi, int host, uint8_t last);

#endif
