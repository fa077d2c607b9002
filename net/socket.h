/* Sockets that never block, and names resolved within a deadline. */
#ifndef HOSTEL_NET_SOCKET_H
#define HOSTEL_NET_SOCKET_H

#include "net/policy.h"

#include <sys/types.h>

enum { MAX_ADDRESSES = 16, MAX_LOOKUPS = 8 };

/* Lookups whose asker did not wait for their end: each has a thread still, so they are few. */
struct lookups {
    struct lookup *left[MAX_LOOKUPS]; /* NULL: free */
};

struct address_list {
    struct address addresses[MAX_ADDRESSES];
    size_t count;
};

/* All addresses of `name`, in the system's order of preference. */
bool socket_resolve(struct lookups *lookups, const char *name, int64_t deadline,
                    struct address_list *out, struct error *error);
void lookups_free(struct lookups *lookups);

/* A connected socket, or -1. Deadlines are on clock_ms. */
int socket_connect(const struct endpoint *to, int64_t deadline, struct error *error);

/* Wait for any of poll's `events`; what happened, or 0 when the deadline came first. */
short socket_wait(int fd, short events, int64_t deadline);

/* What one attempt to move bytes came to when it is no count: shared with TLS. */
enum io { IO_END = 0, IO_BROKEN = -1, IO_WANT_READ = -2, IO_WANT_WRITE = -3 };

ssize_t socket_read(int fd, void *bytes, size_t size);
ssize_t socket_write(int fd, const void *bytes, size_t size);

/* Is there something written that the other end has not received yet? False if nobody can tell. */
bool socket_has_unsent(int fd);

#endif
