/* The host beyond POSIX: the only file here with another feature macro, and
 * with #if.
 *
 * Linux gives openat2 (kernel 5.6), O_PATH, fallocate, the kinds of file
 * systems and Landlock (5.19). On other systems resolver_init finds that
 * host_open_beneath says ENOSYS, and paths are walked step by step, which is as
 * safe; and there is no second wall. */
#define _GNU_SOURCE
#include "wasi/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__

#include <linux/openat2.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

int host_open_beneath(int base, const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (uint64_t)(unsigned)flags,
        /* Else the kernel calls it EINVAL. */
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    return (int)syscall(SYS_openat2, base, path, &how, sizeof how);
}

int host_search_flags(void) {
    return O_PATH;
}

/* What stores nothing has no size, and there is no end of its kinds; so the
 * others are listed: those that store files but need not say how much. Only the
 * variables of EFI are counted. */
bool host_shows_kernel(int fd) {
    static const uint32_t efi_variables = 0xDE5E81E4;
    static const uint32_t files[] = {
        0x01021994,
        0x858458F6,
        0x958458F6, /* in memory: tmpfs, ramfs, hugetlbfs */
        0x794C7630,
        0x61756673, /* layers of others: overlayfs, aufs */
        0x65735546,
        0x01021997, /* a program's, a machine's around us: FUSE, 9P */
        0x00006969,
        0x00C36400, /* a server's: NFS, Ceph, */
        0xFF534D42,
        0xFE534D42, /* SMB of both generations */
        0x00000187, /* where others are mounted on demand: autofs */
    };
    struct statfs stat;
    /* A server that is not there; the kernel is. */
    if (fstatfs(fd, &stat) < 0)
        return false;

    uint32_t kind = (uint32_t)stat.f_type;
    if (stat.f_blocks > 0)
        return kind == efi_variables;

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (kind == files[i])
            return false;
    }
    return true;
}

int host_allocate(int fd, off_t offset, off_t size) {
    /* Not posix_fallocate: the C library writes a byte into every block where
     * the file system cannot do it, for as long as that takes. */
    return fallocate(fd, 0, offset, size) == 0 ? 0 : errno;
}

bool host_write_back(int fd, off_t offset, off_t size) {
    const unsigned whole = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                           SYNC_FILE_RANGE_WAIT_AFTER;
    return sync_file_range(fd, offset, size, whole) == 0;
}

/* Landlock's numbers (see landlock(7)) are our own: headers know them only in
 * part, or not at all. The calls have these on every processor but Alpha, where
 * they mean nothing. */
enum {
    LANDLOCK_CREATE_RULESET = 444,
    LANDLOCK_ADD_RULE,
    LANDLOCK_RESTRICT_SELF
};
enum { ASK_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIRECTORY = 1 << 3,
    REMOVE_DIRECTORY = 1 << 4,
    REMOVE = REMOVE_DIRECTORY | 1 << 5, /* and other files */
    MAKE_DIRECTORY = 1 << 7,
    MAKE = MAKE_DIRECTORY | 1 << 8 | 1 << 12, /* and regular files, links */
    MAKE_SPECIAL = 1 << 6 | 7 << 9,           /* devices, sockets, pipes */
    /* Into another directory; since version 2. */
    MOVE = 1 << 13,
    TRUNCATE = 1 << 14,     /* since version 3 */
    DEVICE_IOCTL = 1 << 15, /* since version 5 */
    SINCE_1 = (1 << 13) - 1,
    ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_IOCTL,
    READING = READ_FILE | READ_DIRECTORY,
};
enum { TCP_BIND = 1 << 0, TCP_CONNECT = 1 << 1 };        /* since version 4 */
enum { TO_ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 }; /* since version 6 */

static const uint64_t rights[] = {
    [HOST_READ] = READING,
    [HOST_CHANGE] = READING | WRITE_FILE | REMOVE | MAKE | MOVE | TRUNCATE,
    [HOST_EMPTY] = READ_DIRECTORY | REMOVE | MAKE_DIRECTORY | MOVE,
    [HOST_RMDIR] = REMOVE_DIRECTORY,
};

/* What a wall forbids: of files and of TCP what no rule allows, and by `scoped`
 * all that leads to processes on the other side. Kernels take it if what they
 * do not know is 0. */
struct forbidden {
    uint64_t files, network, scoped;
};

/* What of the above this kernel can forbid. Version 1 (Linux 5.13) is of no
 * use: it forbids every renaming into another directory. */
static struct forbidden forbidden(void) {
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, ASK_VERSION);
    struct forbidden all = {0};
    if (version >= 2)
        all.files |= SINCE_1 | MOVE;
    if (version >= 3)
        all.files |= TRUNCATE;
    if (version >= 4)
        all.network |= TCP_BIND | TCP_CONNECT;
    if (version >= 5)
        all.files |= DEVICE_IOCTL;
    if (version >= 6)
        all.scoped |= TO_ABSTRACT_SOCKETS | SIGNALS;
    return all;
}

int host_wall_open(bool network) {
    struct forbidden all = forbidden();
    if (network)
        all.network &= TCP_BIND;
    errno = ENOSYS;
    return all.files
               ? (int)syscall(LANDLOCK_CREATE_RULESET, &all, sizeof all, 0)
               : -1;
}

int host_wall_allow(int wall, int fd, enum host_access access) {
    struct {
        uint64_t allowed;
        int32_t fd;
    } rule = {.allowed = forbidden().files & rights[access], .fd = fd};
    struct stat stat;
    if (fstat(fd, &stat) < 0)
        return -1;
    /* Others would be EINVAL. */
    if (!S_ISDIR(stat.st_mode))
        rule.allowed &= ON_FILES;
    return (int)syscall(LANDLOCK_ADD_RULE, wall, RULE_PATH_BENEATH, &rule, 0);
}

int host_wall_raise(int wall) {
    /* Or else a program with the set-user-ID bit, started by us, could not
     * trust what it sees. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(LANDLOCK_RESTRICT_SELF, wall, 0);
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

bool host_shows_kernel(int fd) {
    (void)fd;
    return false;
}

int host_allocate(int fd, off_t offset, off_t size) {
    return posix_fallocate(fd, offset, size);
}

bool host_write_back(int fd, off_t offset, off_t size) {
    (void)fd, (void)offset, (void)size;
    return false;
}

int host_wall_open(bool network) {
    (void)network;
    errno = ENOSYS;
    return -1;
}

int host_wall_allow(int wall, int fd, enum host_access access) {
    (void)wall, (void)fd, (void)access;
    return -1;
}

int host_wall_raise(int wall) {
    (void)wall;
    return -1;
}

#endif

bool host_random(uint8_t *out, size_t size) {
    enum { AT_MOST = 256 }; /* of one call */
    for (size_t done = 0; done < size; done += AT_MOST) {
        size_t part = size - done < AT_MOST ? size - done : AT_MOST;
        if (getentropy(out + done, part) != 0)
            return false;
    }
    return true;
}

ssize_t
host_read_at(int fd, const struct iovec *iovecs, int count, off_t offset) {
    return preadv(fd, iovecs, count, offset);
}

ssize_t
host_write_at(int fd, const struct iovec *iovecs, int count, off_t offset) {
    return pwritev(fd, iovecs, count, offset);
}

mode_t host_entry_mode(const struct dirent *entry) {
    return (mode_t)DTTOIF((unsigned)entry->d_type); /* DT_UNKNOWN is 0 */
}

uint64_t host_bytes_ready(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? (uint64_t)count : 0;
}
