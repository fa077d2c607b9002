/* What wasi needs of the host beyond POSIX 2008, and does without where it is
 * not to be had. */
#ifndef HOSTEL_WASI_PLATFORM_H
#define HOSTEL_WASI_PLATFORM_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* openat, but the kernel fails with EXDEV when the path would leave `base` on
 * the way (an absolute path or link, a `..` too many) or the mount that `base`
 * is in, and with ENOSYS when it cannot tell. */
int host_open_beneath(int base, const char *path, int flags, mode_t mode);

/* The O_ flags that open a directory only to resolve names in it. */
int host_search_flags(void);

/* Is `fd` of a file system that shows the kernel or processes (proc, sysfs, a
 * debugger's) and holds no files? */
bool host_shows_kernel(int fd);

/* Fill with random bytes; false: the system has none. */
bool host_random(uint8_t *out, size_t size);

/* readv and writev at a position, which leave the file's own alone. Where a
 * write appends whatever the position, as on Linux to a file opened so, these
 * do. */
ssize_t
host_read_at(int fd, const struct iovec *iovecs, int count, off_t offset);
ssize_t
host_write_at(int fd, const struct iovec *iovecs, int count, off_t offset);

/* Reserve space, growing the file if need be; 0 or an errno. */
int host_allocate(int fd, off_t offset, off_t size);

/* Write a range of the file to where it is stored, and wait for that; false
 * where it cannot be. */
bool host_write_back(int fd, off_t offset, off_t size);

/* S_IFREG and so on, or 0 if only stat can tell. */
mode_t host_entry_mode(const struct dirent *entry);

/* How many bytes can be read at once; 0 if unknown. */
uint64_t host_bytes_ready(int fd);

/* A wall of the kernel's around the process: what files it may still open,
 * make, change or remove. Open one, allow what lies beneath directories (or
 * single files), raise it. All return -1 with errno on failure; host_wall_open
 * says ENOSYS where the kernel has nothing of the kind. Raised, it holds this
 * thread and those it starts, until they end, whatever they do. Files that are
 * open already stay so, and looking at a file's properties is not prevented.
 * Where the kernel can, it also forbids to send signals to others, to accept
 * TCP connections and, without `network`, to make any. */
enum host_access {
    HOST_READ,   /* files and directories */
    HOST_CHANGE, /* read, make, change, move, remove, as a guest can */
    HOST_EMPTY,  /* list, move and remove, but open no file */
    HOST_RMDIR,  /* remove empty directories */
};
int host_wall_open(bool network);
int host_wall_allow(int wall, int fd, enum host_access access);
int host_wall_raise(int wall);

#endif
