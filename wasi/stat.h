/* What a file is, and its times, as preview1 tells them. */
#ifndef HOSTEL_WASI_STAT_H
#define HOSTEL_WASI_STAT_H

#include "wasi/call.h"

#include <sys/stat.h>

enum filetype type_of_mode(mode_t mode);

/* FILESTAT_SIZE bytes. */
void store_filestat(uint8_t *out, const struct stat *stat);

/* The two times as futimens wants them, from the arguments at `i`: atim, mtim,
 * flags. */
enum wasi_errno
times_from(const struct call *call, int i, struct timespec times[2]);

#endif
