/* One exchange as three steps, so that a body of any size needs constant
 * memory: begin follows the redirects to the final response's head, read gives
 * its body piece by piece, finish lets go. */
#ifndef HOSTEL_NET_EXCHANGE_H
#define HOSTEL_NET_EXCHANGE_H

#include "net/dial.h"
#include "net/http.h"
#include "net/request.h"

struct exchange {
    struct net *net;
    struct arena *arena; /* the caller's; the head's texts live there */
    struct hop hop;
    struct route route;
    /* Owned between begin and finish; NULL: none. */
    struct connection *connection;
    struct http_reader *reader;
    struct http_head head;
    /* The server listened to the end, and answered only then. */
    bool sent_whole;
    size_t overheard; /* bytes it said before */
    int64_t start, deadline;
};

/* On success and on failure alike exchange_finish must follow. */
bool exchange_begin(struct exchange *exchange,
                    struct net *net,
                    const struct net_request *request,
                    struct arena *arena,
                    struct error *error);

/* Like http_read_body. */
ssize_t exchange_read(struct exchange *exchange,
                      void *bytes,
                      size_t size,
                      struct error *error);

/* The connection goes back to the pool if the response was read to its end,
 * else it is closed. */
void exchange_finish(struct exchange *exchange);

#endif
