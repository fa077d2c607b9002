/* Dialing: policy, name, a race among its addresses, proxy tunnel, TLS.
 *
 * The origin is checked first, then each address its name has; only checked
 * addresses are tried, and the name is not resolved again, so what was checked
 * is what is connected to. A proxy is the user's own choice and not subject to
 * the policy, but the origins asked of it are, as far as their addresses can be
 * known: it resolves names itself. A pinned origin is reached directly, never
 * by a proxy. */
#include "net/dial.h"
#include "net/http.h"
#include "net/race.h"
#include "net/request.h"

#include <string.h>

/* `http://example.org:80`, and ` by localhost:3128`. */
static void write_key(struct route *route) {
    const char *scheme = route->url->secure ? "https" : "http";
    size_t room = sizeof route->key;
    char origin[ORIGIN_TEXT_SIZE];
    url_format_host_port(route->url, origin);
    if (!route->proxy) {
        snprintf(route->key, room, "%s://%s", scheme, origin);
        return;
    }

    char proxy[ORIGIN_TEXT_SIZE];
    url_format_host_port(&route->proxy->url, proxy);
    snprintf(route->key, room, "%s://%s by %s", scheme, origin, proxy);
}

/* May the proxy be asked for this origin? */
static bool check_proxy(const struct net *net,
                        const struct route *route,
                        struct error *error) {
    if (!route->proxy->usable)
        return net_fail(error,
                        NET_CONNECT,
                        "%s names no proxy of the form http://host:port",
                        route->proxy->variable);
    return policy_check_proxied(&net->policy, route->url, error);
}

/* Without resolving anything: a pool may have a connection for the route
 * already. */
bool dial_route(struct net *net,
                const struct url *url,
                struct route *route,
                struct error *error) {
    *route = (struct route){.url = url};
    if (!policy_check_origin(&net->policy, url, error))
        return false;

    route->pin = policy_pinned(&net->policy, url);
    if (!route->pin)
        route->proxy = proxy_for(&net->proxies, url);
    if (route->proxy && !check_proxy(net, route, error))
        return false;
    write_key(route);
    return true;
}

/* ---- addresses ---- */

struct candidates {
    struct endpoint *endpoints; /* in the caller's arena */
    size_t count;
};

/* A name that ends in a dot is complete: no search list of the system's is tried on
 * it. */
static bool resolve_name(struct net *net,
                         const struct url *url,
                         int64_t deadline,
                         struct address_list *list,
                         struct error *error) {
    const char *root = url->rooted ? "." : "";
    char name[HOST_TEXT_SIZE + 1];
    snprintf(name, sizeof name, "%s%s", url->host.text, root);
    return socket_resolve(&net->lookups, name, deadline, list, error);
}

/* All addresses that the route may begin with: the pinned one, the proxy's or
 * the host's. */
static bool resolve(struct net *net,
                    const struct route *route,
                    int64_t deadline,
                    struct arena *arena,
                    struct candidates *found,
                    struct error *error) {
    const struct url *url = route->proxy ? &route->proxy->url : route->url;
    const struct host *host = &url->host;
    struct address_list list = {.addresses = &host->address, .count = 1};
    uint16_t port = url->port;
    if (route->pin) {
        list.addresses = &route->pin->address;
        port = route->pin->port;
    } else if (!host->is_address) {
        if (!resolve_name(net, url, deadline, &list, error))
            return false;
    }

    struct endpoint *endpoints =
        arena_alloc(arena, list.count, sizeof *endpoints);
    if (!endpoints)
        return net_fail(error, NET_CONNECT, "no memory for a connection");
    for (size_t i = 0; i < list.count; i++) {
        endpoints[i].address = list.addresses[i];
        endpoints[i].port = port;
    }
    found->endpoints = endpoints;
    found->count = list.count;
    return true;
}

/* Drop the addresses the policy refuses; with none left, its first refusal is
 * the error. */
static bool check_addresses(const struct net *net,
                            const struct route *route,
                            struct candidates *found,
                            struct error *error) {
    const struct policy *policy = &net->policy;
    struct error refusal = ERROR_INIT;
    bool pinned = route->pin != NULL;
    size_t count = found->count;
    found->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct endpoint endpoint = found->endpoints[i];
        if (policy_check_address(
                policy, route->url, &endpoint.address, pinned, &refusal))
            found->endpoints[found->count++] = endpoint;
    }
    if (found->count == 0)
        *error = refusal;
    return found->count > 0;
}

/* Put the endpoint at `from` before that at `to`, and move what lies
 * between. */
static void move_forward(struct endpoint *endpoints, size_t from, size_t to) {
    struct endpoint chosen = endpoints[from];
    memmove(
        &endpoints[to + 1], &endpoints[to], (from - to) * sizeof *endpoints);
    endpoints[to] = chosen;
}

static bool is_v4(const struct endpoint *endpoint) {
    return address_is_v4(&endpoint->address);
}

/* IPv6 and IPv4 in turn, beginning with what the system prefers: where one of
 * the two leads nowhere, as broken IPv6 often does, not all addresses of it are
 * tried first (RFC 8305 section 4). */
static void alternate(struct candidates *found) {
    struct endpoint *endpoints = found->endpoints;
    for (size_t i = 1; i < found->count; i++) {
        bool before = is_v4(&endpoints[i - 1]);
        size_t other = i;
        while (other < found->count && is_v4(&endpoints[other]) == before)
            other++;
        if (other == found->count)
            return;
        move_forward(endpoints, other, i);
    }
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
    return a->port == b->port && address_equal(&a->address, &b->address);
}

static size_t find_endpoint(const struct endpoint *endpoints,
                            size_t count,
                            const struct endpoint *wanted) {
    size_t i = 0;
    while (i < count && !endpoint_equal(&endpoints[i], wanted))
        i++;
    return i;
}

/* What answered before goes first, so that the delay of a dead address is paid
 * once. */
static void prefer_good(const struct net *net, struct candidates *found) {
    for (size_t i = 0; i < net->good_count; i++) {
        size_t at =
            find_endpoint(found->endpoints, found->count, &net->good[i]);
        if (at == found->count)
            continue;
        move_forward(found->endpoints, at, 0);
        return;
    }
}

/* The last one that answered stands first. */
static void remember_good(struct net *net, const struct endpoint *endpoint) {
    size_t at = find_endpoint(net->good, net->good_count, endpoint);
    bool is_new = at == net->good_count;
    if (is_new && net->good_count < MAX_GOOD_ENDPOINTS)
        net->good_count++;
    /* Full: the one that is longest ago makes room. */
    if (at == net->good_count)
        at--;
    net->good[at] = *endpoint;
    move_forward(net->good, at, 0);
}

/* Where the route may lead, what is most promising first. */
static bool find_candidates(struct net *net,
                            const struct route *route,
                            int64_t deadline,
                            struct arena *arena,
                            struct candidates *found,
                            struct error *error) {
    if (!resolve(net, route, deadline, arena, found, error))
        return false;
    if (!route->proxy && !check_addresses(net, route, found, error))
        return false;
    alternate(found);
    prefer_good(net, found);
    return true;
}

/* A connected socket, or -1. One limit holds for all addresses together. */
static int connect_any(struct net *net,
                       const struct candidates *found,
                       int64_t deadline,
                       struct error *error) {
    int64_t now = clock_ms(), timeout_ms = net->config.connect_timeout_ms;
    int64_t limit = deadline;
    if (timeout_ms < deadline - now)
        limit = now + timeout_ms;

    size_t winner;
    int fd =
        race_connect(found->endpoints, found->count, limit, &winner, error);
    if (fd >= 0)
        remember_good(net, &found->endpoints[winner]);
    return fd;
}

/* ---- tunnels and TLS ---- */

/* The request for a tunnel has no path: the origin takes its place (RFC 9112
 * section 3.2.3). */
static void write_connect(struct buffer *text,
                          const char *origin,
                          const struct proxy *proxy) {
    buffer_printf(text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", origin, origin);
    if (proxy->userinfo)
        request_write_basic("Proxy-Authorization", proxy->userinfo, text);
    buffer_append_text(text, "\r\n");
}

/* Did the proxy agree, and leave the first word to us? */
static bool check_tunnel(const struct connection *connection,
                         const char *origin,
                         int status,
                         struct error *error) {
    if (status / 100 != 2)
        return net_fail(error,
                        NET_CONNECT,
                        "the proxy refused to connect to %s: status %d",
                        origin,
                        status);
    if (connection->begin != connection->end)
        return net_fail(error,
                        NET_PROTOCOL,
                        "the proxy sent bytes before the tunnel was used");
    return true;
}

/* CONNECT (RFC 9110 section 9.3.6): afterwards the connection reaches the
 * origin itself. */
static bool open_tunnel(const struct net *net,
                        struct connection *connection,
                        const struct route *route,
                        int64_t deadline,
                        struct error *error) {
    char origin[ORIGIN_TEXT_SIZE];
    struct buffer text;
    url_format_host_port(route->url, origin);
    buffer_init(&text, SIZE_MAX); /* both parts are small */
    write_connect(&text, origin, route->proxy);

    struct arena arena;
    struct http_head head = {0};
    bool complete = true;
    arena_init(&arena);
    struct http_reader *reader = http_reader_new(
        &arena, connection, &net->config.limits, true, deadline);
    bool ok =
        reader && !text.failed &&
        connection_send(
            connection, buffer_slice(&text), deadline, &complete, error) &&
        http_read_head(reader, &head, error);
    ok = ok && check_tunnel(connection, origin, head.status, error);
    buffer_free(&text);
    arena_free(&arena);
    return ok || net_fail(error,
                          NET_CONNECT,
                          "no memory for the request to the proxy");
}

/* From a bare connection to one that speaks with the origin: tunnel and TLS,
 * where needed. */
static bool set_up(struct net *net,
                   struct connection *connection,
                   const struct route *route,
                   int64_t deadline,
                   struct error *error) {
    if (!route->url->secure)
        return true;
    if (route->proxy && !open_tunnel(net, connection, route, deadline, error))
        return false;
    if (!net->tls)
        net->tls = tls_settings_open(net->config.ca_file, net->suffixes, error);
    return net->tls && connection_start_tls(
                           connection, net->tls, route->url, deadline, error);
}

/* A bare connection along the route. */
static struct connection *open_connection(struct net *net,
                                          const struct route *route,
                                          int64_t deadline,
                                          struct dial_times *times,
                                          struct error *error) {
    struct candidates found = {0};
    struct arena arena;
    arena_init(&arena);
    int64_t start = clock_ms();
    int fd = -1;
    if (find_candidates(net, route, deadline, &arena, &found, error)) {
        times->dns_ms = clock_ms() - start;
        start = clock_ms();
        fd = connect_any(net, &found, deadline, error);
        times->connect_ms = clock_ms() - start;
    }
    arena_free(&arena);
    if (fd < 0)
        return NULL;

    struct connection *connection = connection_open(fd, error);
    if (connection)
        snprintf(connection->key, sizeof connection->key, "%s", route->key);
    return connection;
}

/* Each of the three parts is timed, for --trace http. */
struct connection *dial_open(struct net *net,
                             const struct route *route,
                             int64_t deadline,
                             struct dial_times *times,
                             struct error *error) {
    struct connection *connection =
        open_connection(net, route, deadline, times, error);
    if (!connection)
        return NULL;
    int64_t start = clock_ms();
    if (set_up(net, connection, route, deadline, error)) {
        if (connection->tls)
            times->tls_ms = clock_ms() - start;
        return connection;
    }
    connection_close(connection);
    return NULL;
}
