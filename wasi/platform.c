/* The host beyond POSIX: the only file here with another feature macro, and with #if.
 *
 * Linux gives openat2 (kernel 5.6), O_PATH and fallocate. On other systems resolver_init finds
 * that host_open_beneath says ENOSYS, and paths are walked step by step, which is as safe.
 */
#define _GNU_SOURCE
#include "wasi/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__

#include <linux/openat2.h>
#include <sys/syscall.h>

int host_open_beneath(int base, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags,
        .mode = flags & O_CREAT ? mode : 0, /* else the kernel calls it EINVAL */
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, base, path, &how, sizeof how);
}

int host_search_flags(void) {
    return O_PATH;
}

int host_allocate(int fd, off_t offset, off_t size) {
    /* Not posix_fallocate: the C library writes a byte into every block where the file system
     * cannot do it, for as long as that takes. */
    return fallocate(fd, 0, offset, size) == 0 ? 0 : errno;
}

#else

int host_open_beneath(int base, const char *path, int flags, mode_t mode) {
    (void)base, (void)path, (void)flags, (void)mode;
    errno = ENOSYS;
    return -1;
}

int host_search_flags(void) {
    return O_RDONLY;
}

int host_allocate(int fd, off_t offset, off_t size) {
    return posix_fallocate(fd, offset, size);
}

#endif

bool host_random(uint8_t *out, size_t size) {
    enum { AT_MOST = 256 }; /* of one call */
    for (size_t done = 0; done < size; done += AT_MOST) {
        size_t part = size - done < AT_MOST ? size - done : AT_MOST;
        if (getentropy(out + done, part) != 0) return false;
    }
    return true;
}

mode_t host_entry_mode(const struct dirent *entry) {
    return (mode_t)DTTOIF((unsigned)entry->d_type); /* DT_UNKNOWN is 0 */
}

uint64_t host_bytes_ready(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? (uint64_t)count : 0;
}
