/* Exchanges: hop after hop until a response is final.
 *
 * A hop: ask the policy, take an idle connection or dial, send, read the head,
 * store cookies. A redirect makes the next hop out of this one and the Location
 * header (RFC 9110 section 15.4). */
#include "net/exchange.h"
#include "net/trace.h"

#include <string.h>
#include <time.h>

/* What is read of a redirect's body, for how long: beyond that, a new
 * connection is cheaper. And what may be copied behind the head, to go out with
 * it. */
enum { MAX_DRAIN_SIZE = 64 * 1024, DRAIN_MS = 500, SMALL_BODY_SIZE = 8 * 1024 };

/* Further Set-Cookie headers are passed over. */
enum { MAX_COOKIES_PER_RESPONSE = 50 };

/* Read the first hop's URL, or the next one's relative to this one's. The cap
 * holds for the text and for the target made of it, to which a relative one may
 * add hop by hop. */
static bool read_url(const struct exchange *exchange,
                     struct slice text,
                     struct url *url,
                     struct error *error) {
    const struct url *base = exchange->hop.url;
    size_t max = exchange->net->config.limits.url;
    struct arena *arena = exchange->arena;
    bool fits = text.size <= max;
    if (fits && base && !url_resolve(url, base, text, arena, error))
        return false;
    if (fits && !base && !url_parse(url, text, arena, error))
        return false;
    if (fits && strlen(url->target) <= max)
        return true;
    return net_fail(
        error, NET_INVALID_REQUEST, "the URL is longer than %zu bytes", max);
}

/* ---- one hop ---- */

/* The server may stop listening before all is sent. */
static bool send_parts(struct exchange *exchange,
                       struct slice head,
                       struct slice body,
                       struct error *error) {
    struct connection *connection = exchange->connection;
    int64_t deadline = exchange->deadline;
    bool *whole = &exchange->sent_whole;
    *whole = true;
    bool sent = connection_send(connection, head, deadline, whole, error) &&
                connection_send(connection, body, deadline, whole, error);
    exchange->overheard = connection->end - connection->begin;
    return sent;
}

static bool send_request(struct exchange *exchange, struct error *error) {
    const struct hop *hop = &exchange->hop;
    struct net *net = exchange->net;
    struct cookie_jar *jar = net->config.cookies ? &net->jar : NULL;
    struct buffer text;
    /* Every part of it was held to a cap of its own. */
    buffer_init(&text, SIZE_MAX);
    text.budget = net->config.memory;
    request_write(hop, jar, (int64_t)time(NULL), &text);
    trace_request(&net->config, &exchange->route, buffer_slice(&text));

    struct slice body = hop->has_body ? hop->request->body : slice_of("");
    if (body.size <= SMALL_BODY_SIZE) { /* one packet, one TLS record */
        buffer_append_slice(&text, body);
        body.size = 0;
    }

    bool sent =
        text.failed
            ? net_fail(error, NET_TOO_LARGE, "no memory for the request")
            : send_parts(exchange, buffer_slice(&text), body, error);
    buffer_free(&text);
    return sent;
}

/* Did the final answer begin before the server had the whole request? Interim
 * ones may. */
static bool answered_early(const struct exchange *exchange) {
    return exchange->overheard > http_interim_size(exchange->reader) ||
           socket_has_unsent(exchange->connection->fd);
}

/* Send the request on the connection at hand and read the response's head. */
static bool try_once(struct exchange *exchange, struct error *error) {
    const struct net_config *config = &exchange->net->config;
    bool no_body = slice_is(exchange->hop.method, "HEAD");
    exchange->reader = http_reader_new(exchange->arena,
                                       exchange->connection,
                                       &config->limits,
                                       no_body,
                                       exchange->deadline);
    if (!exchange->reader)
        return net_fail(error, NET_TOO_LARGE, "no memory for the response");

    int64_t start = clock_ms();
    if (!send_request(exchange, error))
        return false;
    if (!http_read_head(exchange->reader, &exchange->head, error))
        return false;

    if (answered_early(exchange))
        exchange->sent_whole = false;
    int64_t first_byte_ms = http_heard_at(exchange->reader) - start;
    trace_response(config, &exchange->head, first_byte_ms);
    return true;
}

/* Doing it twice is the same as doing it once (RFC 9110 section 9.2.2). */
static bool is_idempotent(struct slice method) {
    static const char *const methods[] = {
        "GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (slice_is(method, methods[i]))
            return true;
    }
    return false;
}

/* A server may close an idle connection just when it is used again: then, and
 * only then, the request may be sent a second time. */
static bool may_retry(const struct exchange *exchange,
                      const struct error *failure) {
    const struct http_reader *reader = exchange->reader;
    bool unheard = reader && http_heard_at(reader) == 0;
    bool closed = unheard && failure->code != NET_TIMEOUT;
    return closed && exchange->connection->reused &&
           is_idempotent(exchange->hop.method);
}

/* One hop, up to the head of its response. */
static bool make_hop(struct exchange *exchange, struct error *error) {
    struct net *net = exchange->net;
    struct hop *hop = &exchange->hop;
    struct route *route = &exchange->route;
    if (!dial_route(net, hop->url, route, error))
        return false;

    hop->via = hop->url->secure ? NULL : route->proxy;
    exchange->connection = pool_take(&net->pool, route->key);
    for (;;) {
        struct dial_times times = {-1, -1, -1};
        if (!exchange->connection)
            exchange->connection =
                dial_open(net, route, exchange->deadline, &times, error);
        if (!exchange->connection)
            return false;
        trace_connection(&net->config, exchange->connection, &times);

        struct error failure = ERROR_INIT;
        if (try_once(exchange, &failure))
            return true;
        if (!may_retry(exchange, &failure)) {
            *error = failure;
            return false;
        }
        connection_close(exchange->connection);
        exchange->connection = NULL;
    }
}

/* Of every hop: a redirect after signing in is where the session's cookie comes
 * from. */
static void store_cookies(struct exchange *exchange) {
    struct net *net = exchange->net;
    const struct http_head *head = &exchange->head;
    if (!net->config.cookies)
        return;

    size_t stored = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct net_header *header = &head->headers[i];
        if (!slice_is(header->name, "set-cookie"))
            continue;
        if (stored++ == MAX_COOKIES_PER_RESPONSE)
            return;

        int64_t now = (int64_t)time(NULL);
        cookie_store(&net->jar, exchange->hop.url, header->value, now);
    }
}

/* ---- redirects ---- */

/* Where the response leads; *next stays NULL when the response is final, as one
 * without a usable Location is. */
static bool
find_next(struct exchange *exchange, struct url **next, struct error *error) {
    int status = exchange->head.status;
    const struct net_header *location = http_find(&exchange->head, "location");
    bool redirect = status == 301 || status == 302 || status == 303 ||
                    status == 307 || status == 308;
    if (!redirect || !location)
        return true;

    struct url *url = arena_alloc(exchange->arena, 1, sizeof *url);
    if (!url)
        return net_fail(error, NET_TOO_LARGE, "no memory for a redirect");

    struct error failure = ERROR_INIT;
    if (read_url(exchange, location->value, url, &failure))
        *next = url;
    if (failure.code != NET_REDIRECT)
        return true;
    *error = failure;
    return false;
}

/* Read what little body a redirect has, that the connection can be used
 * again. */
static void drain(struct exchange *exchange) {
    char rest[4096];
    struct error ignored = ERROR_INIT;
    size_t size = 0;
    ssize_t count = 0;
    int64_t limit = clock_ms() + DRAIN_MS;
    if (limit < exchange->deadline)
        http_set_deadline(exchange->reader, limit);
    do {
        count = http_read_body(exchange->reader, rest, sizeof rest, &ignored);
        if (count > 0)
            size += (size_t)count;
    } while (count > 0 && size < MAX_DRAIN_SIZE);
}

/* Leave this hop, which led to the next. A server may redirect before it has
 * read the body, and close: a request with a body that must not get lost, since
 * it may not be sent twice, goes elsewhere then. */
static void leave(struct exchange *exchange) {
    const struct hop *hop = &exchange->hop;
    if (hop->has_body && !is_idempotent(hop->method))
        exchange->sent_whole = false;
    else
        drain(exchange);
    exchange_finish(exchange);
}

/* Make the next hop out of this one. */
static void redirect_to(struct exchange *exchange, const struct url *next) {
    struct hop *hop = &exchange->hop;
    bool same = url_same_origin(hop->url, next);
    request_redirect(hop, exchange->head.status);
    if (!same)
        hop->left_origin = true;
    if (!same || next->userinfo)
        hop->userinfo = next->userinfo;
    hop->from = hop->url;
    hop->url = next;
}

/* The request's own limit is what is left of the guest's time. */
static void set_deadline(struct exchange *exchange,
                         const struct net_request *request) {
    int64_t limit = exchange->net->config.timeout_ms;
    if (request->time_left_ms < limit)
        limit = request->time_left_ms;

    int64_t start = clock_ms();
    exchange->start = start;
    exchange->deadline = INT64_MAX;
    if (limit < INT64_MAX - start)
        exchange->deadline = start + limit;
}

bool exchange_begin(struct exchange *exchange,
                    struct net *net,
                    const struct net_request *request,
                    struct arena *arena,
                    struct error *error) {
    *exchange = (struct exchange){.net = net, .arena = arena};
    set_deadline(exchange, request);
    struct url *url = arena_alloc(arena, 1, sizeof *url);
    if (!url)
        return net_fail(error, NET_TOO_LARGE, "no memory for a request");
    if (!read_url(exchange, request->url, url, error))
        return false;
    if (!request_check(request, url, net->config.max_request_body, error))
        return false;

    exchange->hop = (struct hop){.request = request,
                                 .method = request->method,
                                 .url = url,
                                 .userinfo = url->userinfo,
                                 .has_body = request->has_body};
    for (unsigned redirects = 0;; redirects++) {
        if (!make_hop(exchange, error))
            return false;
        store_cookies(exchange);

        struct url *next = NULL;
        if (!find_next(exchange, &next, error))
            return false;
        if (!next)
            return true;
        if (redirects == net->config.max_redirects)
            return net_fail(
                error, NET_REDIRECT, "more than %u redirects", redirects);

        redirect_to(exchange, next);
        leave(exchange);
    }
}

/* Of the last hop: bodies of redirects are nobody's. */
ssize_t exchange_read(struct exchange *exchange,
                      void *bytes,
                      size_t size,
                      struct error *error) {
    return http_read_body(exchange->reader, bytes, size, error);
}

/* Back into the pool if the server expects another request: all of this one was
 * sent, all of the response was read. */
void exchange_finish(struct exchange *exchange) {
    if (!exchange->connection)
        return;

    const struct http_reader *reader = exchange->reader;
    bool usable = exchange->sent_whole && reader && http_keeps_alive(reader);
    if (usable)
        pool_give(&exchange->net->pool, exchange->connection);
    else
        connection_close(exchange->connection);
    exchange->connection = NULL;
}
