/* The life of a response: begun (net_begin: its head is there, after all
 * redirects), read until its body ends or something fails, which gives the
 * connection back or closes it (end), freed. Freeing one that was not read to
 * its end closes the connection, since what is left of the body would stand
 * before the next response. */
#include "net/exchange.h"
#include "net/trace.h"

enum { PIECE_SIZE = 16 * 1024 };

/* Let go of the exchange, whose connection may serve again. */
static void end(struct net_response *response, const struct error *error) {
    struct exchange *exchange = response->exchange;
    if (!exchange)
        return;
    exchange_finish(exchange);
    trace_end(&exchange->net->config, clock_ms() - exchange->start, error);
    response->exchange = NULL;
}

/* `error` is set already; it is only told to the trace. */
static bool fail(struct net_response *response, const struct error *error) {
    end(response, error);
    net_response_free(response);
    return false;
}

/* The exchange lives in the response's arena, so freeing that is enough. */
bool net_begin(struct net *net,
               const struct net_request *request,
               struct net_response *response,
               struct error *error) {
    *response = (struct net_response){0};
    arena_init(&response->arena);
    response->arena.budget = net->config.memory;

    struct exchange *exchange =
        arena_alloc(&response->arena, 1, sizeof *exchange);
    if (!exchange)
        return net_fail(error, NET_TOO_LARGE, "no memory for a request");
    response->exchange = exchange;
    if (!exchange_begin(exchange, net, request, &response->arena, error))
        return fail(response, error);

    const struct http_head *head = &exchange->head;
    response->status = head->status;
    response->headers = head->headers;
    response->header_count = head->header_count;
    return true;
}

/* At the end of the body, and after it, 0: the connection may serve others by
 * then. */
ssize_t net_read(struct net_response *response,
                 void *bytes,
                 size_t size,
                 struct error *error) {
    if (!response->exchange)
        return 0;
    ssize_t count = exchange_read(response->exchange, bytes, size, error);
    if (count <= 0)
        end(response, error);
    return count;
}

/* The whole body into the response's storage. A length beyond the cap is
 * refused before anything is read; without a length the cap is met on the
 * way. */
static bool
read_body(struct net_response *response, size_t max, struct error *error) {
    uint8_t piece[PIECE_SIZE];
    const struct http_head *head = &response->exchange->head;
    struct buffer *storage = &response->storage;
    buffer_init(storage, max);
    storage->budget = response->arena.budget;
    bool told = head->has_body && head->has_length;
    bool fits = !told || head->length <= max;
    for (ssize_t count = 1; fits && count > 0;) {
        count = net_read(response, piece, sizeof piece, error);
        if (count < 0)
            return false;
        fits = buffer_append(storage, piece, (size_t)count);
    }
    if (fits)
        return true;

    bool had_room = max - storage->size >= sizeof piece;
    if (storage->failed && had_room)
        return net_fail(
            error, NET_TOO_LARGE, "no memory for the response's body");
    return net_fail(error,
                    NET_TOO_LARGE,
                    "the response's body is larger than %zu bytes",
                    max);
}

/* A body that is empty is not NULL, which would be none. */
bool net_exchange(struct net *net,
                  const struct net_request *request,
                  struct net_response *response,
                  struct error *error) {
    if (!net_begin(net, request, response, error))
        return false;
    if (!read_body(response, net->config.max_response_body, error))
        return fail(response, error);
    response->body = slice_of("");
    if (response->storage.size > 0)
        response->body = buffer_slice(&response->storage);
    return true;
}

void net_response_free(struct net_response *response) {
    end(response, &(struct error)ERROR_INIT);
    arena_free(&response->arena);
    buffer_free(&response->storage);
}
