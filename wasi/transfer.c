/* Calls that read and write open files.
 *
 * Data moves between the file and guest memory without a copy: the guest's
 * iovecs, checked, become the host's. What regular files say is passed on; the
 * care is for what can block (a pipe, a terminal, a socket given as stdin or
 * stdout). Those are shared with other processes and stay as they are; instead
 * we poll first when the guest wants it non-blocking, or has a time limit, or
 * the host's descriptor turned out to be non-blocking already. A write to one
 * is then cut to PIPE_BUF, which is what poll promises room for. */
#include "wasi/call.h"
#include "wasi/lines.h"
#include "wasi/platform.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

/* Bytes of one call; the system may take fewer anyhow. */
enum { TRANSFER_MAX = INT_MAX };
enum {
    IOVECS_MAX = 1024,     /* of one call: more are for the next */
    IOVECS_SEEN = 1 << 20, /* of one call, if most of them are empty */
};
enum { SLICE = 1 << 20 }; /* bytes between two looks at the time limit */

struct transfer {
    bool write, positioned;
    off_t offset; /* if positioned */
    size_t room;  /* bytes that may still be asked for */
    int count;
    struct iovec iovecs[IOVECS_MAX];
};

/* Where bytes of the guest are to be moved from or to, or NULL. The host's
 * iovecs have no word for those that are only read. */
static void *place(const struct call *call,
                   const struct transfer *transfer,
                   uint32_t address,
                   size_t size) {
    if (transfer->write)
        return (void *)(uintptr_t)guest_view(call, address, size);
    return guest_at(call, address, size);
}

/* Turn the guest's iovecs (arguments 1 and 2) into the host's. The list is
 * taken as far as it goes into one system call, so that the call moves less
 * than was asked for, as any may. What is empty takes no place: a list that
 * begins with it would else seem to be at the end of the file. */
static enum wasi_errno gather(const struct call *call,
                              struct transfer *transfer) {
    uint32_t count = arg(call, 2);
    const uint8_t *list = guest_view(call, arg(call, 1), (uint64_t)count * 8);
    if (!list && count > 0)
        return WASI_FAULT;
    if (count > IOVECS_SEEN)
        count = IOVECS_SEEN;
    for (uint32_t i = 0; i < count && transfer->count < IOVECS_MAX; i++) {
        const uint8_t *iovec = list + 8 * (size_t)i;
        size_t size = load32(iovec + 4);
        void *base = place(call, transfer, load32(iovec), size);
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
    return call->fd->flags & FDFLAG_NONBLOCK || call_is_timed(call);
}

/* Wait until `events` is possible, the time is up, or, if non-blocking, not at
 * all. */
static enum wasi_errno wait_ready(struct call *call, short events) {
    bool blocking = !(call->fd->flags & FDFLAG_NONBLOCK);
    for (;;) {
        int64_t left = vm_wait_ms(vm_of(call->instance));
        if (left == 0)
            return call_time_out(call);
        if (left > INT_MAX)
            left = INT_MAX;

        struct pollfd one = {.fd = call->fd->host, .events = events};
        int ready = poll(&one, 1, blocking ? (int)left : 0);
        if (ready > 0)
            return WASI_SUCCESS;
        if (ready < 0 && errno != EINTR)
            return errno_to_wasi(errno);
        if (ready == 0 && !blocking)
            return WASI_AGAIN;
    }
}

/* The last of `size` bytes, if there are any. */
static uint8_t last_byte(const struct iovec *iovec, size_t size) {
    for (; size > iovec->iov_len; iovec++)
        size -= iovec->iov_len;
    return ((const uint8_t *)iovec->iov_base)[size - 1];
}

/* Of what the guest writes to standard output and error the last byte is
 * noted: see lines.c. */
static ssize_t
write_here(const struct call *call, const struct iovec *iovecs, int count) {
    ssize_t written = writev(call->fd->host, iovecs, count);
    if (written > 0 && call->fd->inherited) {
        uint8_t last = last_byte(iovecs, (size_t)written);
        lines_note(call->wasi, call->fd->host, last);
        if (call->fd->host == STDERR_FILENO)
            call->wasi->complained = true;
    }
    return written;
}

/* The system call itself. */
static ssize_t move(const struct call *call,
                    const struct transfer *transfer,
                    const struct iovec *iovecs,
                    int count) {
    int fd = call->fd->host;
    off_t offset = transfer->offset;
    if (count == 0)
        return 0;
    if (transfer->positioned && transfer->write)
        return host_write_at(fd, iovecs, count, offset);
    if (transfer->positioned)
        return host_read_at(fd, iovecs, count, offset);
    if (transfer->write)
        return write_here(call, iovecs, count);
    return readv(fd, iovecs, count);
}

/* How many of the iovecs from `first` on are not more than a slice together,
 * and their size. */
static int
whole_iovecs(const struct transfer *transfer, int first, size_t *size) {
    int next = first;
    size_t sum = 0;
    for (; next < transfer->count; next++) {
        size_t more = transfer->iovecs[next].iov_len;
        if (more > SLICE - sum)
            break;
        sum += more;
    }
    *size = sum;
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
        ssize_t count = whole ? move(call, transfer, first, whole)
                              : move(call, transfer, &part, 1);
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
static enum wasi_errno
run(struct call *call, struct transfer *transfer, int result_arg) {
    bool stream = call->fd->type != TYPE_REGULAR_FILE;
    bool wait = stream && must_not_block(call);
    bool sliced = !stream && call_is_timed(call);
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
static enum wasi_errno
read_or_write(struct call *call, bool write, bool positioned) {
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
