/* What wasi needs of the host beyond POSIX 2008, and does without where it is not to be had. */
#ifndef HOSTEL_WASI_PLATFORM_H
#define HOSTEL_WASI_PLATFORM_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* openat, but the kernel fails with EXDEV when the path would leave `base` on the way (an absolute
 * path or link, a `..` too many) and with ENOSYS when it cannot tell. */
int host_open_beneath(int base, const char *path, int flags, mode_t mode);

/* The O_ flags that open a directory only to resolve names in it. */
int host_search_flags(void);

/* Fill with random bytes; false: the system has none. */
bool host_random(uint8_t *out, size_t size);

/* Reserve space, growing the file if need be; 0 or an errno. */
int host_allocate(int fd, off_t offset, off_t size);

/* S_IFREG and so on, or 0 if only stat can tell. */
mode_t host_entry_mode(const struct dirent *entry);

/* How many bytes can be read at once; 0 if unknown. */
uint64_t host_bytes_ready(int fd);

#endif
