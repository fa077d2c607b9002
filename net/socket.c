/* Sockets.
 *
 * getaddrinfo cannot be interrupted and may wait far longer than any deadline,
 * so it runs in a detached thread of its own. Asker and thread share one
 * `struct lookup`; whoever lets go last frees it. An asker whose time is over
 * leaves it with the client, and the thread ends whenever getaddrinfo does: a
 * name that hangs must not cost a thread each time it is asked for. */
#include "net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* ---- names ---- */

struct lookup {
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    int users; /* asker and thread: 2, 1, then freed */
    bool done;
    int status;            /* getaddrinfo's */
    struct address *found; /* owned */
    size_t found_count;
    char name[HOST_TEXT_SIZE + 1];
};

static void lookup_release(struct lookup *lookup) { /* with the mutex held */
    bool last = --lookup->users == 0;
    pthread_mutex_unlock(&lookup->mutex);
    if (!last)
        return;
    pthread_cond_destroy(&lookup->finished);
    pthread_mutex_destroy(&lookup->mutex);
    free(lookup->found);
    free(lookup);
}

/* getaddrinfo's list into ours; false if there is no memory. */
static bool take_addresses(struct lookup *lookup, const struct addrinfo *list) {
    size_t count = 0;
    for (const struct addrinfo *at = list; at; at = at->ai_next)
        count++;
    lookup->found = calloc(count ? count : 1, sizeof *lookup->found);
    if (!lookup->found)
        return false;

    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        struct sockaddr_storage address = {0};
        if (at->ai_addrlen > sizeof address)
            continue;
        memcpy(&address, at->ai_addr, at->ai_addrlen);
        struct address *next = &lookup->found[lookup->found_count];
        lookup->found_count += address_from_socket(next, &address);
    }
    return true;
}

/* The thread. */
static void *lookup_run(void *argument) {
    struct lookup *lookup = argument;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM},
                    *list = NULL;
    int status = getaddrinfo(lookup->name, NULL, &hints, &list);
    pthread_mutex_lock(&lookup->mutex);
    lookup->status =
        status == 0 && !take_addresses(lookup, list) ? EAI_MEMORY : status;
    if (status == 0)
        freeaddrinfo(list);
    lookup->done = true;
    pthread_cond_signal(&lookup->finished);
    lookup_release(lookup);
    return NULL;
}

/* Used by two: the thread that asks, and whoever waits for it, who may give up
 * first. */
static struct lookup *lookup_new(const char *name) {
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;

    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    /* That of deadlines: clock_ms. */
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->finished, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&lookup->mutex, NULL);
    lookup->users = 2;
    snprintf(lookup->name, sizeof lookup->name, "%s", name);
    return lookup;
}

/* Start the thread with every signal blocked: they are for the threads that
 * handle them. */
static bool lookup_start(struct lookup *lookup) {
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, lookup_run, lookup) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

/* The thread writes it; so it is read with the mutex held. */
static bool lookup_is_done(struct lookup *lookup) {
    pthread_mutex_lock(&lookup->mutex);
    bool done = lookup->done;
    pthread_mutex_unlock(&lookup->mutex);
    return done;
}

/* Let go of lookups nobody waits for, of all or of those that ended. A place
 * without one, or NULL. */
static struct lookup **sweep(struct lookups *lookups, bool all) {
    struct lookup **place = NULL;
    for (size_t i = 0; i < MAX_LOOKUPS; i++) {
        struct lookup **left = &lookups->left[i];
        if (*left && (all || lookup_is_done(*left))) {
            pthread_mutex_lock(&(*left)->mutex);
            lookup_release(*left);
            *left = NULL;
        }
        if (!*left)
            place = left;
    }
    return place;
}

/* The addresses handed out last are valid until the next question. */
static void drop_last(struct lookups *lookups) {
    if (!lookups->last)
        return;
    pthread_mutex_lock(&lookups->last->mutex);
    lookup_release(lookups->last);
    lookups->last = NULL;
}

void lookups_free(struct lookups *lookups) {
    drop_last(lookups);
    sweep(lookups, true);
}

bool socket_resolve(struct lookups *lookups,
                    const char *name,
                    int64_t deadline,
                    struct address_list *out,
                    struct error *error) {
    drop_last(lookups);
    struct lookup **place = sweep(lookups, false);
    if (!place)
        return net_fail(
            error, NET_DNS, "too many names are still being looked up");
    struct lookup *lookup = lookup_new(name);
    if (!lookup)
        return net_fail(error, NET_DNS, "no memory to look up %s", name);
    pthread_mutex_lock(&lookup->mutex);
    if (!lookup_start(lookup)) {
        lookup->users = 1;
        lookup_release(lookup);
        return net_fail(error, NET_DNS, "cannot start looking up %s", name);
    }
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000),
                             .tv_nsec = (long)(deadline % 1000 * 1000000)};
    int waited = 0;
    while (!lookup->done && waited == 0) {
        waited =
            pthread_cond_timedwait(&lookup->finished, &lookup->mutex, &until);
    }
    if (!lookup->done) {
        *place = lookup;
        pthread_mutex_unlock(&lookup->mutex);
        return net_fail(
            error, NET_TIMEOUT, "no time left while looking up %s", name);
    }
    lookups->last = lookup;
    pthread_mutex_unlock(&lookup->mutex);
    *out = (struct address_list){lookup->found, lookup->found_count};
    if (lookup->status == 0 && out->count > 0)
        return true;
    return net_fail(error,
                    NET_DNS,
                    "%s: %s",
                    name,
                    lookup->status ? gai_strerror(lookup->status)
                                   : "the name has no address");
}

/* ---- connections ---- */

/* What has happened, 0 when the time is up. A signal begins the wait again, with
 * what is left of the time. */
short socket_wait(int fd, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - clock_ms();
        if (left <= 0)
            return 0;
        struct pollfd wanted = {.fd = fd, .events = events};
        int count = poll(&wanted, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (count > 0)
            return wanted.revents;
        if (count < 0 && errno != EINTR)
            return POLLERR;
    }
}

/* Is the other end really where we meant to go? The last look at an address
 * that the policy has judged: on Linux 0.0.0.0 and others are taken for the
 * host itself. */
static bool is_peer(int fd, const struct address *expected) {
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    struct address address;
    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
           address_from_socket(&address, &peer) &&
           address_equal(&address, expected);
}

static bool
connect_failed(const struct endpoint *to, int status, struct error *error) {
    char text[ADDRESS_TEXT_SIZE];
    address_format(&to->address, text);
    return net_fail(
        error, NET_CONNECT, "%s port %u: %s", text, to->port, strerror(status));
}

int socket_start(const struct endpoint *to, struct error *error) {
    struct sockaddr_storage address;
    socklen_t size = address_to_socket(&to->address, to->port, &address);
    int fd = socket(
        address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        connect_failed(to, errno, error);
        return -1;
    }

    /* Requests are written whole; waiting to fill packets only delays them. */
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int status = connect(fd, (struct sockaddr *)&address, size);
    /* Interrupted, it goes on by itself just the same. */
    if (status == 0 || errno == EINPROGRESS || errno == EINTR)
        return fd;

    connect_failed(to, errno, error);
    close(fd);
    return -1;
}

/* A connection that was started has come to something: how did it end? */
bool socket_finish(int fd, const struct endpoint *to, struct error *error) {
    int status = 0;
    socklen_t size = sizeof status;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &size);
    if (status != 0)
        return connect_failed(to, status, error);
    return is_peer(fd, &to->address) ||
           net_fail(error,
                    NET_CONNECT,
                    "connected to another address than was meant");
}

/* The meaning of a failed attempt. */
static ssize_t io_status(enum io want) {
    return errno == EAGAIN || errno == EWOULDBLOCK ? (ssize_t)want
                                                   : (ssize_t)IO_BROKEN;
}

/* 0 at the end of what the other side sends. */
ssize_t socket_read(int fd, void *bytes, size_t size) {
    ssize_t count;
    do
        count = recv(fd, bytes, size, 0);
    while (count < 0 && errno == EINTR);
    return count >= 0 ? count : io_status(IO_WANT_READ);
}

/* Without a signal if nobody listens any more. */
ssize_t socket_write(int fd, const void *bytes, size_t size) {
    ssize_t count;
    do
        count = send(fd, bytes, size, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    return count >= 0 ? count : io_status(IO_WANT_WRITE);
}

bool socket_has_unsent(int fd) {
    int size = 0; /* on Linux; other systems know this of terminals only */
    return ioctl(fd, TIOCOUTQ, &size) == 0 && size > 0;
}
