/* Sockets that never block, and names resolved within a deadline. */
#ifndef HOSTEL_NET_SOCKET_H
#define HOSTEL_NET_SOCKET_H

#include "net/policy.h"

#include <sys/types.h>

enum { MAX_LOOKUPS = 8 };

struct lookups {
    struct lookup *last; /* whose addresses the asker has; or NULL */
    /* Those whose asker did not wait for their end: each has a thread still, so
     * they are few. */
    struct lookup *left[MAX_LOOKUPS]; /* NULL: free */
};

struct address_list {
    const struct address *addresses;
    size_t count;
};

/* All addresses of `name`, in the system's order of preference. They are
 * borrowed from `lookups` until the next call. */
bool socket_resolve(struct lookups *lookups,
                    const char *name,
                    int64_t deadline,
                    struct address_list *out,
                    struct error *error);
void lookups_free(struct lookups *lookups);

/* A socket on the way to its other end, or -1. When poll says POLLOUT or worse
 * of it, `finish` tells whether it is there; if not, the caller closes it. */
int socket_start(const struct endpoint *to, struct error *error);
bool socket_finish(int fd, const struct endpoint *to, struct error *error);

/* Wait for any of poll's `events`; what happened, or 0 when the deadline (on
 * clock_ms) came first. */
short socket_wait(int fd, short events, int64_t deadline);

/* What one attempt to move bytes came to when it is no count: shared with
 * TLS. */
enum io { IO_END = 0, IO_BROKEN = -1, IO_WANT_READ = -2, IO_WANT_WRITE = -3 };

ssize_t socket_read(int fd, void *bytes, size_t size);
ssize_t socket_write(int fd, const void *bytes, size_t size);

/* Is there something written that the other end has not received yet? False if
 * nobody can tell. */
bool socket_has_unsent(int fd);

#endif
