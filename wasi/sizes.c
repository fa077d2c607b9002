/* Calls on positions in open files, and on their sizes: what is allocated, cut
 * off, and written to where it is stored. */
#include "wasi/sizes.h"
#include "wasi/fd.h"
#include "wasi/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- positions ---- */

/* lseek itself knows which positions are none. */
static enum wasi_errno
seek(struct call *call, off_t offset, int whence, int result_arg) {
    off_t position = lseek(call->fd->host, offset, whence);
    if (position < 0)
        return errno_to_wasi(errno);
    put64(call, result_arg, (uint64_t)position);
    return WASI_SUCCESS;
}

/* To ask where one is, the right to tell will do as well as that to seek. Which of
 * the two is wanted depends on the arguments, and so is looked at here. */
enum wasi_errno call_fd_seek(struct call *call) {
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    uint32_t whence = arg(call, 2);
    if (whence > 2)
        return WASI_INVAL;

    off_t offset = (off_t)call->args[1];
    bool asks = offset == 0 && whences[whence] == SEEK_CUR;
    bool tell = asks && call->fd->rights & FD_TELL;
    uint64_t right = tell ? FD_TELL : FD_SEEK;
    enum wasi_errno error = fd_get(call->wasi, arg(call, 0), right, &call->fd);
    return error ? error : seek(call, offset, whences[whence], 3);
}

/* The dispatcher has looked at the right. */
enum wasi_errno call_fd_tell(struct call *call) {
    return seek(call, 0, SEEK_CUR, 1);
}

/* ---- sizes ---- */

/* What the system does to a range of a file takes as long as the range is full,
 * which nobody can tell. So, with a time limit, it is done piece by piece, in
 * pieces that are as large as the last one was quick. */
struct pieces {
    off_t size;
    int64_t began_ns;
};

enum {
    QUICK_NS = 5000000,
    SLOW_NS = 40000000,
    SMALLEST_PIECE = 1 << 20,
    FIRST_PIECE = 8 << 20
};

/* The size of the next piece, if so many bytes are left. */
static off_t piece_next(struct pieces *pieces, off_t left) {
    int64_t now = clock_ns(), took = now - pieces->began_ns;
    if (pieces->size == 0) {
        pieces->size = FIRST_PIECE;
    } else if (took < QUICK_NS && pieces->size < INT64_MAX / 2) {
        pieces->size *= 2;
    } else if (took > SLOW_NS && pieces->size > SMALLEST_PIECE) {
        pieces->size /= 2;
    }
    pieces->began_ns = now;
    return pieces->size < left ? pieces->size : left;
}

/* Whether there is time for another piece; ends the guest if not. */
static bool piece_paid(struct call *call) {
    if (vm_time_left_ms(vm_of(call->instance)) > 0)
        return true;
    call_time_out(call);
    return false;
}

/* A range of a file from the arguments 1 and 2. */
static bool range(const struct call *call, off_t *offset, off_t *size) {
    uint64_t begin = call->args[1], length = call->args[2];
    if (begin > INT64_MAX || length > INT64_MAX - begin)
        return false;
    *offset = (off_t)begin;
    *size = (off_t)length;
    return true;
}

/* Without a limit in one call, as the system can do best. */
enum wasi_errno call_fd_allocate(struct call *call) {
    off_t offset, size;
    if (!range(call, &offset, &size) || size == 0)
        return WASI_INVAL;
    if (!call_is_timed(call))
        return errno_to_wasi(host_allocate(call->fd->host, offset, size));

    struct pieces pieces = {0};
    while (size > 0 && piece_paid(call)) {
        off_t piece = piece_next(&pieces, size);
        int error = host_allocate(call->fd->host, offset, piece);
        if (error)
            return errno_to_wasi(error);
        offset += piece;
        size -= piece;
    }
    return WASI_SUCCESS;
}

/* Let the system drop what it holds of the file, as far as that can be done in
 * pieces: what was written goes to the disk first. */
static void let_go(struct call *call, off_t offset, off_t size) {
    struct stat stat;
    struct pieces pieces = {0};
    if (!call_is_timed(call) || fstat(call->fd->host, &stat) < 0)
        return;

    off_t left = stat.st_size - offset;
    if (size > 0 && size < left)
        left = size; /* 0: up to the end */
    while (left > 0 && piece_paid(call)) {
        off_t piece = piece_next(&pieces, left);
        const int advice = POSIX_FADV_DONTNEED;
        if (posix_fadvise(call->fd->host, offset, piece, advice) != 0)
            return;
        offset += piece;
        left -= piece;
    }
}

/* Advice costs nothing but for one that has the system drop what it holds. */
enum wasi_errno call_fd_advise(struct call *call) {
    static const int advices[] = {POSIX_FADV_NORMAL,
                                  POSIX_FADV_SEQUENTIAL,
                                  POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED,
                                  POSIX_FADV_DONTNEED,
                                  POSIX_FADV_NOREUSE};
    off_t offset, size;
    uint32_t advice = arg(call, 3);
    if (advice >= sizeof advices / sizeof *advices ||
        !range(call, &offset, &size))
        return WASI_INVAL;
    if (advices[advice] == POSIX_FADV_DONTNEED)
        let_go(call, offset, size);
    if (call->over)
        return WASI_SUCCESS;
    return errno_to_wasi(
        posix_fadvise(call->fd->host, offset, size, advices[advice]));
}

/* From the end down to the new size; what is left at last is a cut of no length,
 * or the growth, which is quick: the file gets a hole. */
enum wasi_errno file_set_size(struct call *call, int host, off_t size) {
    struct stat stat;
    struct pieces pieces = {0};
    bool pays = call_is_timed(call) && fstat(host, &stat) == 0;
    /* To be cut off; nothing, where the file grows. */
    off_t left = pays ? stat.st_size - size : 0;
    while (left > 0 && piece_paid(call)) {
        left -= piece_next(&pieces, left);
        if (ftruncate(host, size + left) < 0)
            return errno_to_wasi(errno);
    }
    return call->over ? WASI_SUCCESS : errno_result(ftruncate(host, size));
}

enum wasi_errno call_fd_filestat_set_size(struct call *call) {
    if (call->args[1] > INT64_MAX)
        return WASI_INVAL;
    return file_set_size(call, call->fd->host, (off_t)call->args[1]);
}

/* Let the system write what it holds of the file, as far as that can be done in
 * pieces; what is left then takes no time. */
static void write_back(struct call *call) {
    struct stat stat;
    struct pieces pieces = {0};
    if (!call_is_timed(call) || fstat(call->fd->host, &stat) < 0)
        return;
    for (off_t at = 0; at < stat.st_size && piece_paid(call);) {
        off_t piece = piece_next(&pieces, stat.st_size - at);
        if (!host_write_back(call->fd->host, at, piece))
            return;
        at += piece;
    }
}

/* First in pieces, so that little is left for the call that cannot be
 * interrupted. */
enum wasi_errno call_fd_sync(struct call *call) {
    write_back(call);
    return call->over ? WASI_SUCCESS : errno_result(fsync(call->fd->host));
}

enum wasi_errno call_fd_datasync(struct call *call) {
    write_back(call);
    return call->over ? WASI_SUCCESS : errno_result(fdatasync(call->fd->host));
}
