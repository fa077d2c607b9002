/* Calls on open files: reading, writing, positions, sizes, times.
 *
 * Data moves between the file and guest memory without a copy: the guest's
 * iovecs, checked, become the host's. What regular files say is passed on; the
 * care is for what can block (a pipe, a terminal, a socket given as stdin or
 * stdout). Those are shared with other processes and stay as they are; instead
 * we poll first when the guest wants it non-blocking, or has a time limit, or
 * the host's descriptor turned out to be non-blocking already. A write to one
 * is then cut to PIPE_BUF, which is what poll promises room for. */
#include "wasi/internal.h"
#include "wasi/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Bytes of one call; the system may take fewer anyhow. */
enum { TRANSFER_MAX = INT_MAX };
enum { SLICE = 1 << 20 }; /* bytes between two looks at the time limit */

static bool has_time_limit(const struct call *call) {
    return vm_wait_ms(vm_of(call->instance)) != INT64_MAX;
}

/* ---- reading and writing ---- */

struct transfer {
    bool write, positioned;
    off_t offset; /* if positioned */
    size_t room;  /* bytes that may still be asked for */
    int count;
    struct iovec iovecs[IOVECS_MAX];
};

/* Turn the guest's iovecs (arguments 1 and 2) into the host's. The list is
 * taken as far as it goes into one system call, so that the call moves less
 * than was asked for, as any may. What is empty takes no place: a list that
 * begins with it would else seem to be at the end of the file. */
static enum wasi_errno gather(const struct call *call,
                              struct transfer *transfer) {
    uint32_t count = arg(call, 2);
    const uint8_t *list = guest_at(call, arg(call, 1), (uint64_t)count * 8);
    if (!list && count > 0)
        return WASI_FAULT;
    if (count > IOVECS_SEEN)
        count = IOVECS_SEEN;
    for (uint32_t i = 0; i < count && transfer->count < IOVECS_MAX; i++) {
        size_t size = load32(list + 8 * (size_t)i + 4);
        uint8_t *base = guest_at(call, load32(list + 8 * (size_t)i), size);
        if (size == 0)
            continue;
        if (!base)
            return WASI_FAULT;
        if (size > transfer->room)
            size = transfer->room;
        transfer->room -= size;
        if (size > 0)
            transfer->iovecs[transfer->count++] = (struct iovec){base, size};
    }
    return WASI_SUCCESS;
}

/* May the call not wait for as long as it takes? */
static bool must_not_block(const struct call *call) {
    return call->fd->flags & FDFLAG_NONBLOCK || has_time_limit(call);
}

/* Wait until `events` is possible, the time is up, or, if non-blocking, not at
 * all. */
static enum wasi_errno wait_ready(struct call *call, short events) {
    for (;;) {
        int64_t left = vm_wait_ms(vm_of(call->instance));
        if (left == 0)
            return call_time_out(call);
        if (call->fd->flags & FDFLAG_NONBLOCK)
            left = 0;
        struct pollfd one = {.fd = call->fd->host, .events = events};
        int ready = poll(&one, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return WASI_SUCCESS;
        if (ready < 0 && errno != EINTR)
            return errno_to_wasi(errno);
        if (ready == 0 && call->fd->flags & FDFLAG_NONBLOCK)
            return WASI_AGAIN;
    }
}

/* The last of `size` bytes, if there are any. */
static uint8_t last_byte(const struct iovec *iovec, size_t size) {
    for (; size > iovec->iov_len; iovec++)
        size -= iovec->iov_len;
    return ((const uint8_t *)iovec->iov_base)[size - 1];
}

static ssize_t write_here(const struct call *call, const struct iovec *iovecs,
                          int count) {
    ssize_t written = writev(call->fd->host, iovecs, count);
    if (written > 0 && call->fd->inherited) {
        call->wasi->complained |= call->fd->host == STDERR_FILENO;
        lines_note(call->wasi, call->fd->host,
                   last_byte(iovecs, (size_t)written));
    }
    return written;
}

/* The system call itself. */
static ssize_t move(const struct call *call, const struct transfer *transfer,
                    const struct iovec *iovecs, int count) {
    int fd = call->fd->host;
    if (count == 0)
        return 0;
    if (!transfer->positioned) {
        return transfer->write ? write_here(call, iovecs, count)
                               : readv(fd, iovecs, count);
    }
    return transfer->write ? host_write_at(fd, iovecs, count, transfer->offset)
                           : host_read_at(fd, iovecs, count, transfer->offset);
}

/* How many of the iovecs from `first` on are not more than a slice together,
 * and their size. */
static int whole_iovecs(const struct transfer *transfer, int first,
                        size_t *size) {
    int next = first;
    *size = 0;
    while (next < transfer->count &&
           transfer->iovecs[next].iov_len <= SLICE - *size) {
        *size += transfer->iovecs[next++].iov_len;
    }
    return next - first;
}

/* Move everything, a slice at a time, as long as every slice is moved whole and
 * there is time left. */
static ssize_t move_in_slices(struct call *call, struct transfer *transfer) {
    ssize_t moved = 0;
    for (int next = 0; next < transfer->count;) {
        struct iovec *first = &transfer->iovecs[next];
        /* Of one that is larger. */
        struct iovec part = {first->iov_base, SLICE};
        size_t size;
        int whole = whole_iovecs(transfer, next, &size);
        if (whole == 0)
            size = SLICE;

        ssize_t count =
            move(call, transfer, whole ? first : &part, whole ? whole : 1);
        if (count < 0)
            return moved > 0 ? moved : -1;
        moved += count;
        transfer->offset += count;
        if ((size_t)count < size)
            break;

        next += whole;
        if (whole == 0)
            *first = (struct iovec){(uint8_t *)first->iov_base + SLICE,
                                    first->iov_len - SLICE};
        if (!vm_work(vm_of(call->instance), VM_STEPS_OF(SLICE))) {
            call_time_out(call);
            break;
        }
    }
    return moved;
}

/* How many bytes one system call may be asked to move. */
static size_t room_of(const struct transfer *transfer, bool wait) {
    if (!wait)
        return TRANSFER_MAX;
    return transfer->write ? PIPE_BUF : SLICE;
}

/* Gather, wait if need be, move, and store how much moved through argument
 * `result_arg`. */
static enum wasi_errno run(struct call *call, struct transfer *transfer,
                           int result_arg) {
    bool stream = call->fd->type != TYPE_REGULAR_FILE;
    bool wait = stream && must_not_block(call),
         sliced = !stream && has_time_limit(call);
    transfer->room = room_of(transfer, wait);
    enum wasi_errno error = gather(call, transfer);
    for (;;) {
        if (!error && wait)
            error = wait_ready(call, transfer->write ? POLLOUT : POLLIN);
        if (error || call->over)
            return error;
        ssize_t count =
            sliced ? move_in_slices(call, transfer)
                   : move(call, transfer, transfer->iovecs, transfer->count);
        if (count >= 0) {
            put32(call, result_arg, (uint32_t)count);
            return WASI_SUCCESS;
        }
        if (errno != EAGAIN || call->fd->flags & FDFLAG_NONBLOCK)
            return errno_to_wasi(errno);
        /* The host's descriptor is non-blocking, the guest's is not. */
        wait = true;
    }
}

/* The four calls; positioned ones have the offset before the result. */
static enum wasi_errno read_or_write(struct call *call, bool write,
                                     bool positioned) {
    struct transfer transfer; /* the iovecs are not worth clearing */
    transfer.write = write;
    transfer.positioned = positioned;
    transfer.offset = 0;
    transfer.count = 0;
    if (positioned) {
        if (call->args[3] > INT64_MAX)
            return WASI_INVAL;
        transfer.offset = (off_t)call->args[3];
    }
    return run(call, &transfer, positioned ? 4 : 3);
}

enum wasi_errno call_fd_read(struct call *call) {
    return read_or_write(call, false, false);
}

enum wasi_errno call_fd_write(struct call *call) {
    return read_or_write(call, true, false);
}

enum wasi_errno call_fd_pread(struct call *call) {
    return read_or_write(call, false, true);
}

enum wasi_errno call_fd_pwrite(struct call *call) {
    return read_or_write(call, true, true);
}

/* ---- positions ---- */

/* lseek itself knows which positions are none. */
static enum wasi_errno seek(struct call *call, off_t offset, int whence,
                            int result_arg) {
    off_t position = lseek(call->fd->host, offset, whence);
    if (position < 0)
        return errno_to_wasi(errno);
    put64(call, result_arg, (uint64_t)position);
    return WASI_SUCCESS;
}

enum wasi_errno call_fd_seek(struct call *call) {
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    uint32_t whence = arg(call, 2);
    if (whence > 2)
        return WASI_INVAL;
    bool tell = call->args[1] == 0 && whences[whence] == SEEK_CUR &&
                call->fd->rights & FD_TELL;
    enum wasi_errno error =
        fd_get(call->wasi, arg(call, 0), tell ? FD_TELL : FD_SEEK, &call->fd);
    return error ? error : seek(call, (off_t)call->args[1], whences[whence], 3);
}

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
    if (call->args[1] > INT64_MAX || call->args[2] > INT64_MAX - call->args[1])
        return false;
    *offset = (off_t)call->args[1];
    *size = (off_t)call->args[2];
    return true;
}

enum wasi_errno call_fd_allocate(struct call *call) {
    off_t offset, size;
    if (!range(call, &offset, &size) || size == 0)
        return WASI_INVAL;
    if (!has_time_limit(call))
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
    if (!has_time_limit(call) || fstat(call->fd->host, &stat) < 0)
        return;
    off_t left = stat.st_size - offset;
    if (size > 0 && size < left)
        left = size; /* 0: up to the end */
    while (left > 0 && piece_paid(call)) {
        off_t piece = piece_next(&pieces, left);
        if (posix_fadvise(call->fd->host, offset, piece, POSIX_FADV_DONTNEED) !=
            0)
            return;
        offset += piece;
        left -= piece;
    }
}

enum wasi_errno call_fd_advise(struct call *call) {
    static const int advices[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL,
                                  POSIX_FADV_RANDOM,   POSIX_FADV_WILLNEED,
                                  POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
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

enum wasi_errno file_set_size(struct call *call, int host, off_t size) {
    struct stat stat;
    struct pieces pieces = {0};
    bool pays = has_time_limit(call) && fstat(host, &stat) == 0;
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
    if (!has_time_limit(call) || fstat(call->fd->host, &stat) < 0)
        return;
    for (off_t at = 0; at < stat.st_size && piece_paid(call);) {
        off_t piece = piece_next(&pieces, stat.st_size - at);
        if (!host_write_back(call->fd->host, at, piece))
            return;
        at += piece;
    }
}

enum wasi_errno call_fd_sync(struct call *call) {
    write_back(call);
    return call->over ? WASI_SUCCESS : errno_result(fsync(call->fd->host));
}

enum wasi_errno call_fd_datasync(struct call *call) {
    write_back(call);
    return call->over ? WASI_SUCCESS : errno_result(fdatasync(call->fd->host));
}

/* ---- what a file is, and its times ---- */

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

/* The flags: 1 sets the access time, 2 sets it to now; 4 and 8 are the same for
 * the modification time. Both at once are a contradiction. */
enum wasi_errno times_from(const struct call *call, int i,
                           struct timespec times[2]) {
    uint32_t flags = arg(call, i + 2);
    bool atim = flags & 1, atim_now = flags & 2, mtim = flags & 4,
         mtim_now = flags & 8;
    if (flags & ~15u || (atim && atim_now) || (mtim && mtim_now))
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
