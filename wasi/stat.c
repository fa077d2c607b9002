/* What a file is, and its times, as preview1 tells them; and the calls on open
 * files that ask for these. */
#include "wasi/stat.h"
#include "wasi/clocks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum filetype type_of_mode(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return TYPE_REGULAR_FILE;
    case S_IFDIR: return TYPE_DIRECTORY;
    case S_IFLNK: return TYPE_SYMBOLIC_LINK;
    case S_IFCHR: return TYPE_CHARACTER_DEVICE;
    case S_IFBLK: return TYPE_BLOCK_DEVICE;
    case S_IFSOCK: return TYPE_SOCKET_STREAM;
    default: return TYPE_UNKNOWN; /* a pipe: preview1 has no word for it */
    }
}

/* The layout of preview1's filestat: each field at a multiple of its size, so that
 * seven bytes behind the type are padding. */
void store_filestat(uint8_t *out, const struct stat *stat) {
    memset(out, 0, FILESTAT_SIZE); /* the padding too */
    store64(out, (uint64_t)stat->st_dev);
    store64(out + 8, (uint64_t)stat->st_ino);
    out[16] = (uint8_t)type_of_mode(stat->st_mode);
    store64(out + 24, (uint64_t)stat->st_nlink);
    store64(out + 32, (uint64_t)stat->st_size);
    store64(out + 40, timestamp_of(stat->st_atim));
    store64(out + 48, timestamp_of(stat->st_mtim));
    store64(out + 56, timestamp_of(stat->st_ctim));
}

enum wasi_errno call_fd_filestat_get(struct call *call) {
    struct stat stat;
    if (fstat(call->fd->host, &stat) < 0)
        return errno_to_wasi(errno);
    store_filestat(guest_at(call, arg(call, 1), FILESTAT_SIZE), &stat);
    return WASI_SUCCESS;
}

/* One time: set it, set it to now, or leave it alone. */
static struct timespec time_from(uint64_t timestamp, bool set, bool now) {
    if (now)
        return (struct timespec){.tv_nsec = UTIME_NOW};
    if (!set)
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    return timespec_of(timestamp);
}

/* Two times and the flags for them are arguments i to i + 2. To set a time to what
 * is given and to now at once is a contradiction, which POSIX cannot say. */
enum wasi_errno
times_from(const struct call *call, int i, struct timespec times[2]) {
    uint32_t flags = arg(call, i + 2);
    bool atim = flags & FSTFLAG_ATIM, atim_now = flags & FSTFLAG_ATIM_NOW;
    bool mtim = flags & FSTFLAG_MTIM, mtim_now = flags & FSTFLAG_MTIM_NOW;
    bool unknown = flags & ~(uint32_t)FSTFLAGS_ALL;
    bool contradiction = (atim && atim_now) || (mtim && mtim_now);
    if (unknown || contradiction)
        return WASI_INVAL;

    times[0] = time_from(call->args[i], atim, atim_now);
    times[1] = time_from(call->args[i + 1], mtim, mtim_now);
    return WASI_SUCCESS;
}

enum wasi_errno call_fd_filestat_set_times(struct call *call) {
    struct timespec times[2];
    enum wasi_errno error = times_from(call, 1, times);
    return error ? error : errno_result(futimens(call->fd->host, times));
}
