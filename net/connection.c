/* Connections: the waiting around attempts to read and write, and the pool.
 *
 * Below, sockets and TLS make attempts that never block; here is the one place
 * that waits, always with a deadline. */
#include "net/connection.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a server that answers early may pause in reading. */
enum { STALL_MS = 1000 };

struct connection *connection_open(int fd, struct error *error) {
    struct connection *connection = malloc(sizeof *connection);
    if (!connection) {
        close(fd);
        net_fail(error, NET_CONNECT, "no memory for a connection");
        return NULL;
    }
    /* 16 KiB less to clear. */
    memset(connection, 0, offsetof(struct connection, input));
    connection->fd = fd;
    return connection;
}

/* TLS first: it says goodbye over the socket. */
void connection_close(struct connection *connection) {
    if (connection->tls)
        tls_close(connection->tls);
    close(connection->fd);
    free(connection);
}

/* Wait for what an attempt asked for (an enum io). */
static bool wait_for(struct connection *connection,
                     ssize_t want,
                     int64_t deadline,
                     const char *doing,
                     struct error *error) {
    short events = want == IO_WANT_READ ? POLLIN : POLLOUT;
    if (socket_wait(connection->fd, events, deadline))
        return true;
    return net_fail(error, NET_TIMEOUT, "no time left while %s", doing);
}

/* An attempt ends in what it waits for; then it is made again. */
bool connection_start_tls(struct connection *connection,
                          struct tls_settings *settings,
                          const struct url *origin,
                          int64_t deadline,
                          struct error *error) {
    connection->tls = tls_open(settings, connection->fd, origin, error);
    if (!connection->tls)
        return false;
    tls_set_deadline(connection->tls, deadline);
    for (;;) {
        enum io status = tls_handshake(connection->tls, error);
        if (status == IO_END)
            return true;
        if (status == IO_BROKEN)
            return false;
        if (!wait_for(connection, status, deadline, "setting up TLS", error))
            return false;
    }
}

/* The way out is full. Does the server still listen? One that has something to
 * say meanwhile gets a moment to read on. */
static bool still_listens(struct connection *connection, int64_t deadline) {
    bool heard = connection->begin != connection->end;
    short happened =
        heard ? POLLIN
              : socket_wait(connection->fd, POLLIN | POLLOUT, deadline);
    if (happened == 0 || happened & POLLOUT)
        return true;
    int64_t patience = clock_ms() + STALL_MS;
    return socket_wait(connection->fd,
                       POLLOUT,
                       patience < deadline ? patience : deadline) != 0;
}

/* One attempt to read. */
static ssize_t
receive(struct connection *connection, uint8_t *bytes, size_t size) {
    return connection->tls ? tls_read(connection->tls, bytes, size)
                           : socket_read(connection->fd, bytes, size);
}

/* Take in what the server says while we are still speaking. That it ended will
 * be found later. */
static void overhear(struct connection *connection) {
    if (connection->begin == connection->end)
        connection->begin = connection->end = 0;
    size_t room = INPUT_SIZE - connection->end;
    ssize_t count =
        room ? receive(connection, connection->input + connection->end, room)
             : 0;
    if (count > 0)
        connection->end += (size_t)count;
}

/* Whoever has sent only a part, `complete` says, may still have an answer to read:
 * a server need not take all of a request that it refuses. */
bool connection_send(struct connection *connection,
                     struct slice bytes,
                     int64_t deadline,
                     bool *complete,
                     struct error *error) {
    size_t sent = 0;
    if (connection->tls)
        tls_set_deadline(connection->tls, deadline);
    while (*complete && sent < bytes.size) {
        if (sent > 0)
            overhear(connection);
        struct slice rest = slice_cut(bytes, sent, bytes.size);
        ssize_t count =
            connection->tls
                ? tls_write(connection->tls, rest.data, rest.size)
                : socket_write(connection->fd, rest.data, rest.size);
        if (count > 0)
            sent += (size_t)count;
        if (count == IO_WANT_WRITE)
            *complete = still_listens(connection, deadline);
        if (count == IO_WANT_READ)
            socket_wait(connection->fd, POLLIN, deadline);
        if (count == IO_BROKEN || count == IO_END)
            *complete = false;
        if (clock_ms() >= deadline)
            return net_fail(
                error, NET_TIMEOUT, "no time left while sending the request");
    }
    return true;
}

/* 1 when there is input, 0 at its end, -1 after a failure. */
int connection_fill(struct connection *connection,
                    int64_t deadline,
                    struct error *error) {
    if (connection->tls)
        tls_set_deadline(connection->tls, deadline);
    while (connection->begin == connection->end) {
        ssize_t count = receive(connection, connection->input, INPUT_SIZE);
        if (count == IO_END)
            return 0;
        if (count == IO_BROKEN) {
            net_fail(error,
                     NET_PROTOCOL,
                     "the connection broke before the response was complete");
            return -1;
        }
        if (count < 0) {
            const char *doing = "waiting for the response";
            if (!wait_for(connection, count, deadline, doing, error))
                return -1;
            continue;
        }

        connection->begin = 0;
        connection->end = (size_t)count;
        /* A trickle must not outlive it either. */
        if (clock_ms() < deadline)
            continue;
        net_fail(
            error, NET_TIMEOUT, "no time left while receiving the response");
        return -1;
    }
    return 1;
}

/* ---- the pool ----
 *
 * Connections are kept with a key that says whom they reach and how
 * (connection.h): one is taken again for exactly that only. A server may close
 * an idle one at any time, so it is looked at first; what remains of the race,
 * may_retry in exchange.c deals with. */

/* Nothing was said since the last response: neither an end nor bytes nobody
 * asked for. */
static bool is_quiet(const struct connection *connection) {
    struct pollfd wanted = {.fd = connection->fd, .events = POLLIN};
    if (connection->tls && tls_has_pending(connection->tls))
        return false;
    return poll(&wanted, 1, 0) == 0;
}

static struct connection *remove_at(struct pool *pool, size_t index) {
    struct connection *connection = pool->idle[index];
    pool->count--;
    memmove(&pool->idle[index],
            &pool->idle[index + 1],
            (pool->count - index) * sizeof(struct connection *));
    return connection;
}

/* The one used last is the likeliest to be open still. */
struct connection *pool_take(struct pool *pool, const char *key) {
    int64_t oldest = clock_ms() - pool->idle_timeout_ms;
    while (pool->count && pool->idle[0]->idle_since < oldest)
        connection_close(remove_at(pool, 0));
    for (size_t i = pool->count; i-- > 0;) {
        if (strcmp(pool->idle[i]->key, key) != 0)
            continue;
        struct connection *connection = remove_at(pool, i);
        if (is_quiet(connection))
            return connection;
        connection_close(connection);
    }
    return NULL;
}

/* When it is full, the one that has been idle longest goes. */
void pool_give(struct pool *pool, struct connection *connection) {
    if (pool->count == POOL_SIZE)
        connection_close(remove_at(pool, 0));
    connection->idle_since = clock_ms();
    connection->reused = true;
    pool->idle[pool->count++] = connection;
}

void pool_free(struct pool *pool) {
    while (pool->count)
        connection_close(remove_at(pool, 0));
}
