/* The client itself: opened with a configuration, asked for whole exchanges.
 * See net/net.h.
 *
 * The life of a response: begun (net_begin: its head is there, after all
 * redirects), read until its body ends or something fails, which gives the
 * connection back or closes it (end), freed. Freeing one that was not read to
 * its end closes the connection, since what is left of the body would stand
 * before the next response. */
#include "net/client.h"
#include "net/exchange.h"
#include "net/trace.h"

#include <stdlib.h>

enum { MEBIBYTE = 1 << 20, PIECE_SIZE = 16 * 1024 };

static const struct net_limits default_limits = {
#define X(name, value) .name = value,
    NET_LIMITS(X)
#undef X
};

struct net_config net_config_default(void) {
    return (struct net_config){
        .cookies = true,
        .timeout_ms = 30 * 1000,
        .connect_timeout_ms = 10 * 1000,
        .idle_timeout_ms = 90 * 1000,
        .max_redirects = 10,
        .max_response_body = 16 * MEBIBYTE,
        .max_request_body = 16 * MEBIBYTE,
        .limits = default_limits,
    };
}

struct net *net_open(const struct net_config *config, struct error *error) {
    struct net *net = calloc(1, sizeof *net);
    if (!net) {
        error_set(error, ERROR_IO, "no memory for the network client");
        return NULL;
    }
    net->config = *config;
    net->pool.idle_timeout_ms = config->idle_timeout_ms;
    net->suffixes = suffix_open();
    cookie_jar_init(&net->jar, net->suffixes);
    net->jar.memory = config->memory;
    proxies_init(&net->proxies);
    if (!net->suffixes)
        error_set(error, ERROR_IO, "no memory for the network client");
    /* Roots the user named are read at once, to say what is wrong with them;
     * the system's many when https is first used. */
    if (policy_init(&net->policy, config, error) && net->suffixes &&
        config->ca_file)
        net->tls = tls_settings_open(config->ca_file, net->suffixes, error);
    if (error->kind == ERROR_NONE)
        return net;
    net_close(net);
    return NULL;
}

void net_close(struct net *net) {
    if (!net)
        return;
    pool_free(&net->pool);
    lookups_free(&net->lookups);
    tls_settings_close(net->tls);
    cookie_jar_free(&net->jar);
    suffix_close(net->suffixes);
    proxies_free(&net->proxies);
    policy_free(&net->policy);
    free(net);
}

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

bool net_begin(struct net *net, const struct net_request *request,
               struct net_response *response, struct error *error) {
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
    response->status = exchange->head.status;
    response->headers = exchange->head.headers;
    response->header_count = exchange->head.header_count;
    return true;
}

ssize_t net_read(struct net_response *response, void *bytes, size_t size,
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
static bool read_body(struct net_response *response, size_t max,
                      struct error *error) {
    uint8_t piece[PIECE_SIZE];
    const struct http_head *head = &response->exchange->head;
    buffer_init(&response->storage, max);
    response->storage.budget = response->arena.budget;
    bool fits = !head->has_body || !head->has_length || head->length <= max;
    for (ssize_t count = 1; fits && count > 0;) {
        count = net_read(response, piece, sizeof piece, error);
        if (count < 0)
            return false;
        fits = buffer_append(&response->storage, piece, (size_t)count);
    }
    if (fits)
        return true;
    if (response->storage.failed &&
        max - response->storage.size >= sizeof piece) {
        return net_fail(error, NET_TOO_LARGE,
                        "no memory for the response's body");
    }
    return net_fail(error, NET_TOO_LARGE,
                    "the response's body is larger than %zu bytes", max);
}

bool net_exchange(struct net *net, const struct net_request *request,
                  struct net_response *response, struct error *error) {
    if (!net_begin(net, request, response, error))
        return false;
    if (!read_body(response, net->config.max_response_body, error))
        return fail(response, error);
    response->body = response->storage.size ? buffer_slice(&response->storage)
                                            : slice_of("");
    return true;
}

void net_response_free(struct net_response *response) {
    end(response, &(struct error)ERROR_INIT);
    arena_free(&response->arena);
    buffer_free(&response->storage);
}

void net_libraries(char out[NET_LIBRARIES_SIZE]) {
    char tls[32], http[32];
    tls_version(tls, sizeof tls);
    http_version(http, sizeof http);
    snprintf(out, NET_LIBRARIES_SIZE, "%s, %s, libpsl %s", tls, http,
             suffix_version());
}
