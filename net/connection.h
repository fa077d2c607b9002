/* A connection to a server, clear or TLS, with deadlines; and the pool of idle
 * ones. */
#ifndef HOSTEL_NET_CONNECTION_H
#define HOSTEL_NET_CONNECTION_H

#include "net/tls.h"

enum {
    CONNECTION_KEY_SIZE = 2 * ORIGIN_TEXT_SIZE + 16,
    INPUT_SIZE = 16 * 1024,
    POOL_SIZE = 8
};

struct connection {
    int fd;
    struct tls *tls; /* owned; NULL: clear text */
    /* Scheme, origin and proxy: who may use it again. */
    char key[CONNECTION_KEY_SIZE];
    bool reused; /* has carried an earlier exchange */
    int64_t idle_since;
    size_t begin, end; /* of what was received and not yet taken, in `input` */
    uint8_t input[INPUT_SIZE];
};

/* Takes the socket over, also when it fails (NULL). */
struct connection *connection_open(int fd, struct error *error);
void connection_close(struct connection *connection);

/* Go on in TLS with the server of `origin`. */
bool connection_start_tls(struct connection *connection,
                          struct tls_settings *settings,
                          const struct url *origin,
                          int64_t deadline,
                          struct error *error);

/* Send all of `bytes`. If the server stops listening before (it closed, or it
 * answered and does not read on), *complete is false and that is no failure:
 * its answer may be there to be read. What it says before all is sent is in the
 * input already. */
bool connection_send(struct connection *connection,
                     struct slice bytes,
                     int64_t deadline,
                     bool *complete,
                     struct error *error);

/* Make sure that input is not empty: 1, or 0 at the orderly end, or -1 with an
 * error. */
int connection_fill(struct connection *connection,
                    int64_t deadline,
                    struct error *error);

struct pool {
    /* Owned; the first `count`, the longest idle first. */
    struct connection *idle[POOL_SIZE];
    size_t count;
    int64_t idle_timeout_ms;
};

/* An idle connection of that key that is still quiet and young enough, or
 * NULL. */
struct connection *pool_take(struct pool *pool, const char *key);
void pool_give(struct pool *pool, struct connection *connection);
void pool_free(struct pool *pool);

#endif
