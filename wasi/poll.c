/* poll_oneoff: wait for descriptors and clocks.
 *
 * Each subscription (48 bytes) asks for one clock or one descriptor; every one
 * whose time has come yields an event (32 bytes). The call returns as soon as
 * there is at least one. All subscriptions are copied first, since the guest
 * may let the events overwrite them.
 *
 * A clock becomes a deadline on the host's steady clock, once, at the
 * beginning. Descriptors are polled in an array indexed by the guest's numbers,
 * so that many subscriptions to one descriptor take one place, and the system's
 * bound on the array's length is never met. A descriptor that cannot be waited
 * for yields an event with its error at once. A subscription that means nothing
 * (its type, clock or flags are no such thing) is a mistake of the caller's:
 * INVAL, and nothing is waited for. */
#include "wasi/call.h"
#include "wasi/clocks.h"
#include "wasi/fd.h"
#include "wasi/platform.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUBSCRIPTIONS_MAX = 4096 }; /* of one call */
enum { SUBSCRIPTION_SIZE = 48, EVENT_SIZE = 32 };
enum { ON_CLOCK, ON_READ, ON_WRITE }; /* also the types of their events */
enum { CLOCK_ABSOLUTE = 1, HANGUP = 1 };

#define NEVER   INT64_MAX
#define LONGEST (INT64_C(3600) * NANOSECONDS) /* of one wait; then look again */

struct subscription {
    uint64_t userdata;
    uint32_t fd;
    uint8_t type;
    enum wasi_errno error; /* why a descriptor cannot be waited for */
    int64_t deadline;      /* of a clock, on clock_ns */
};

struct poll_set {
    int64_t now, due; /* when the call began; when it ends at the latest */
    nfds_t count;
    /* By the guest's number; fd is -1 where nobody waits. */
    struct pollfd fds[FD_MAX];
};

/* ---- what to wait for ---- */

static int64_t add_saturated(int64_t now, uint64_t span) {
    return span > (uint64_t)(NEVER - now) ? NEVER : now + (int64_t)span;
}

/* When the clock subscription whose content is at `from` is due. */
static enum wasi_errno
deadline(const uint8_t *from, int64_t now, int64_t *due) {
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    uint32_t clock = load32(from), flags = load32(from + 24) & 0xFFFF;
    uint64_t time = load64(from + 8);
    if (clock >= sizeof clocks / sizeof *clocks)
        return WASI_INVAL;
    if (flags & ~(uint32_t)CLOCK_ABSOLUTE)
        return WASI_INVAL;

    if (flags & CLOCK_ABSOLUTE) {
        struct timespec at;
        if (clock_gettime(clocks[clock], &at) < 0)
            return errno_to_wasi(errno);
        uint64_t is = timestamp_of(at);
        time = time > is ? time - is : 0;
    }
    *due = add_saturated(now, time);
    return WASI_SUCCESS;
}

/* Add a descriptor to those that are polled. */
static enum wasi_errno
watch(struct call *call, const struct subscription *sub, struct poll_set *set) {
    struct descriptor *fd;
    bool read = sub->type == ON_READ;
    uint64_t rights = (uint64_t)POLL_FD_READWRITE | (read ? FD_READ : FD_WRITE);
    enum wasi_errno error = fd_get(call->wasi, sub->fd, rights, &fd);
    if (error)
        return error;
    for (; set->count <= sub->fd; set->count++)
        set->fds[set->count] = (struct pollfd){.fd = -1};
    set->fds[sub->fd].fd = fd->host;
    set->fds[sub->fd].events |= read ? POLLIN : POLLOUT;
    return WASI_SUCCESS;
}

/* Read one subscription, and let the set be due no later than it is. */
static enum wasi_errno subscribe(struct call *call,
                                 const uint8_t *from,
                                 struct subscription *sub,
                                 struct poll_set *set) {
    *sub = (struct subscription){.userdata = load64(from),
                                 .type = from[8],
                                 .fd = load32(from + 16),
                                 .deadline = NEVER};
    if (sub->type == ON_CLOCK) {
        enum wasi_errno error = deadline(from + 16, set->now, &sub->deadline);
        if (sub->deadline < set->due)
            set->due = sub->deadline;
        return error;
    }
    if (sub->type != ON_READ && sub->type != ON_WRITE)
        return WASI_INVAL;
    sub->error = watch(call, sub, set);
    if (sub->error)
        set->due = set->now;
    return WASI_SUCCESS;
}

/* Read them all. */
static enum wasi_errno subscribe_all(struct call *call,
                                     const uint8_t *in,
                                     uint32_t count,
                                     struct subscription *subs,
                                     struct poll_set *set) {
    enum wasi_errno error = WASI_SUCCESS;
    for (uint32_t i = 0; i < count && !error; i++) {
        error =
            subscribe(call, in + (size_t)i * SUBSCRIPTION_SIZE, &subs[i], set);
    }
    return error;
}

/* ---- waiting ---- */

/* What is left of the guest's time, or less: then it is asked for again. */
static int64_t time_limit_ns(const struct call *call) {
    int64_t left_ms = vm_wait_ms(vm_of(call->instance));
    return left_ms > NEVER / 1000000 ? NEVER : left_ms * 1000000;
}

/* Wait for a descriptor, or `span` nanoseconds; what poll returns. */
static int wait_once(struct poll_set *set, int64_t span) {
    if (span > LONGEST)
        span = LONGEST;
    if (set->count > 0)
        return poll(set->fds, set->count, (int)((span + 999999) / 1000000));
    struct timespec sleep = timespec_of((uint64_t)span);
    return nanosleep(&sleep, NULL); /* finer than poll's milliseconds */
}

/* Wait until a descriptor is ready or it is due. */
static enum wasi_errno wait_for(struct call *call, struct poll_set *set) {
    for (;;) {
        int64_t now = clock_ns(), limit = time_limit_ns(call);
        if (limit == 0)
            return call_time_out(call);
        int64_t span = set->due > now ? set->due - now : 0;
        int ready = wait_once(set, span < limit ? span : limit);
        if (ready > 0 || (ready == 0 && span == 0))
            return WASI_SUCCESS;
        if (ready < 0 && errno != EINTR)
            return errno_to_wasi(errno);
    }
}

/* ---- what came ---- */

struct event {
    enum wasi_errno error;
    uint64_t bytes;
    uint16_t flags;
};

/* What has come of a descriptor. */
static bool see(const struct subscription *sub,
                const struct pollfd *fd,
                struct event *event) {
    bool read = sub->type == ON_READ;
    int events = read ? POLLIN : POLLOUT;
    int came = fd->revents & (events | POLLHUP | POLLERR | POLLNVAL);
    if (came & POLLNVAL)
        event->error = WASI_BADF;
    if (came & POLLHUP)
        event->flags = HANGUP;
    /* Room is not known. */
    if (came)
        event->bytes = read ? host_bytes_ready(fd->fd) : 1;
    return came != 0;
}

/* Write the event of `sub`, if it has come. */
static bool report(const struct subscription *sub,
                   int64_t now,
                   const struct poll_set *set,
                   uint8_t *out) {
    struct event event = {.error = sub->error};
    bool come = true; /* if it has an error: nothing was waited for */
    if (sub->error == WASI_SUCCESS) {
        come = sub->type == ON_CLOCK ? sub->deadline <= now
                                     : see(sub, &set->fds[sub->fd], &event);
    }
    if (!come)
        return false;

    memset(out, 0, EVENT_SIZE);
    store64(out, sub->userdata);
    store16(out + 8, (uint16_t)event.error);
    out[10] = sub->type;
    store64(out + 16, event.bytes);
    store16(out + 24, event.flags);
    return true;
}

enum wasi_errno call_poll_oneoff(struct call *call) {
    uint32_t count = arg(call, 2), events = 0;
    if (count == 0 || count > SUBSCRIPTIONS_MAX)
        return WASI_INVAL;

    const uint8_t *in =
        guest_view(call, arg(call, 0), (uint64_t)count * SUBSCRIPTION_SIZE);
    uint8_t *out = guest_at(call, arg(call, 1), (uint64_t)count * EVENT_SIZE);
    if (!in || !out)
        return WASI_FAULT;

    struct subscription *subs = calloc(count, sizeof *subs);
    if (!subs)
        return WASI_NOMEM;

    struct poll_set set = {.now = clock_ns(), .due = NEVER};
    enum wasi_errno error = subscribe_all(call, in, count, subs, &set);
    if (!error)
        error = wait_for(call, &set);
    if (!error && !call->over) {
        int64_t now = clock_ns();
        for (uint32_t i = 0; i < count; i++) {
            if (!report(&subs[i], now, &set, out))
                continue;
            out += EVENT_SIZE;
            events++;
        }
        put32(call, 3, events);
    }

    free(subs);
    return error;
}
