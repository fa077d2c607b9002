/* Dialing: policy, name, addresses in turn, proxy tunnel, TLS.
 *
 * The origin is checked first, then each address its name has; only checked addresses are tried,
 * and the name is not resolved again, so what was checked is what is connected to. A proxy is the
 * user's own choice and not subject to the policy, but the origins asked of it are, as far as their
 * addresses can be known: it resolves names itself. A pinned origin is reached directly, never by
 * a proxy.
 */
#include "net/dial.h"
#include "net/http.h"
#include "net/request.h"

bool dial_route(struct net *net, const struct url *url, struct route *route, struct error *error) {
    *route = (struct route){.url = url};
    if (!policy_check_origin(&net->policy, url, error)) return false;
    route->pin = policy_pinned(&net->policy, url);
    if (!route->pin) route->proxy = proxy_for(&net->proxies, url);
    char origin[ORIGIN_TEXT_SIZE], proxy[ORIGIN_TEXT_SIZE] = "";
    url_format_host_port(url, origin);
    if (route->proxy) {
        if (!route->proxy->usable)
            return net_fail(error, NET_CONNECT, "%s names no proxy of the form http://host:port",
                            route->proxy->variable);
        if (!policy_check_proxied(&net->policy, url, error)) return false;
        url_format_host_port(&route->proxy->url, proxy);
    }
    snprintf(route->key, sizeof route->key, "%s://%s%s%s", url->secure ? "https" : "http", origin,
             route->proxy ? " by " : "", proxy);
    return true;
}

/* ---- addresses ---- */

struct candidates {
    struct endpoint endpoints[MAX_ADDRESSES];
    size_t count;
};

/* All addresses of the URL's host, with its port. */
static bool resolve(struct net *net, const struct url *url, int64_t deadline,
                    struct candidates *found, struct error *error) {
    struct address_list list = {.addresses = {url->host.address}, .count = 1};
    char name[HOST_TEXT_SIZE + 1];
    snprintf(name, sizeof name, "%s%s", url->host.text, url->rooted ? "." : "");
    if (!url->host.is_address && !socket_resolve(&net->lookups, name, deadline, &list, error))
        return false;
    for (found->count = 0; found->count < list.count; found->count++)
        found->endpoints[found->count] = (struct endpoint){list.addresses[found->count], url->port};
    return true;
}

/* Drop the addresses the policy refuses; with none left, its first refusal is the error. */
static bool check_addresses(const struct net *net, const struct route *route,
                            struct candidates *found, struct error *error) {
    struct error refusal = ERROR_INIT;
    size_t count = found->count;
    found->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (policy_check_address(&net->policy, route->url, &found->endpoints[i].address,
                                 route->pin != NULL, &refusal))
            found->endpoints[found->count++] = found->endpoints[i];
    }
    if (found->count == 0) *error = refusal;
    return found->count > 0;
}

/* IPv6 and IPv4 in turn, beginning with what the system prefers: where one of the two leads
 * nowhere, as broken IPv6 often does, not all addresses of it are waited for first (RFC 8305
 * section 4; we try one after the other, not at once). */
static void alternate(struct candidates *found) {
    for (size_t i = 1; i < found->count; i++) {
        bool before = address_is_v4(&found->endpoints[i - 1].address);
        size_t other = i;
        while (other < found->count && address_is_v4(&found->endpoints[other].address) == before)
            other++;
        if (other == found->count) return;
        struct endpoint chosen = found->endpoints[other];
        for (; other > i; other--) found->endpoints[other] = found->endpoints[other - 1];
        found->endpoints[i] = chosen;
    }
}

/* The first address that answers; each has its share of the time that is left. */
static int connect_any(const struct candidates *found, int64_t timeout_ms, int64_t deadline,
                       struct error *error) {
    int64_t now = clock_ms();
    int64_t limit = timeout_ms < deadline - now ? now + timeout_ms : deadline;
    struct error last = ERROR_INIT;
    for (size_t i = 0; i < found->count; i++) {
        now = clock_ms();
        int64_t share = (limit - now) / (int64_t)(found->count - i);
        last = (struct error)ERROR_INIT;
        int fd = socket_connect(&found->endpoints[i], now + share, &last);
        if (fd >= 0) return fd;
    }
    *error = last;
    return -1;
}

/* ---- tunnels and TLS ---- */

/* CONNECT (RFC 9110 section 9.3.6): afterwards the connection reaches the origin itself. */
static bool open_tunnel(const struct net *net, struct connection *connection,
                        const struct route *route, int64_t deadline, struct error *error) {
    char origin[ORIGIN_TEXT_SIZE];
    struct buffer text;
    struct arena arena;
    struct http_head head = {0};
    bool complete = true;
    url_format_host_port(route->url, origin);
    buffer_init(&text, SIZE_MAX); /* both parts are small */
    arena_init(&arena);
    buffer_printf(&text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", origin, origin);
    if (route->proxy->userinfo)
        request_write_basic("Proxy-Authorization", route->proxy->userinfo, &text);
    buffer_append_text(&text, "\r\n");
    struct http_reader *reader =
        http_reader_new(&arena, connection, &net->config.limits, true, deadline);
    bool ok = reader && !text.failed &&
              connection_send(connection, buffer_slice(&text), deadline, &complete, error) &&
              http_read_head(reader, &head, error);
    if (ok && head.status / 100 != 2)
        ok = net_fail(error, NET_CONNECT, "the proxy refused to connect to %s: status %d", origin,
                      head.status);
    if (ok && connection->begin != connection->end)
        ok = net_fail(error, NET_PROTOCOL, "the proxy sent bytes before the tunnel was used");
    buffer_free(&text);
    arena_free(&arena);
    return ok || net_fail(error, NET_CONNECT, "no memory for the request to the proxy");
}

/* From a bare connection to one that speaks with the origin: tunnel and TLS, where needed. */
static bool set_up(struct net *net, struct connection *connection, const struct route *route,
                   int64_t deadline, struct error *error) {
    if (!route->url->secure) return true;
    if (route->proxy && !open_tunnel(net, connection, route, deadline, error)) return false;
    if (!net->tls) net->tls = tls_settings_open(net->config.ca_file, net->suffixes, error);
    return net->tls && connection_start_tls(connection, net->tls, route->url, deadline, error);
}

struct connection *dial_open(struct net *net, const struct route *route, int64_t deadline,
                             struct dial_times *times, struct error *error) {
    int64_t start = clock_ms();
    struct candidates found = {.count = 1};
    if (route->pin)
        found.endpoints[0] = *route->pin;
    else if (!resolve(net, route->proxy ? &route->proxy->url : route->url, deadline, &found, error))
        return NULL;
    times->dns_ms = clock_ms() - start;
    if (!route->proxy && !check_addresses(net, route, &found, error)) return NULL;
    alternate(&found);
    start = clock_ms();
    int fd = connect_any(&found, net->config.connect_timeout_ms, deadline, error);
    times->connect_ms = clock_ms() - start;
    struct connection *connection = fd < 0 ? NULL : connection_open(fd, error);
    if (!connection) return NULL;
    snprintf(connection->key, sizeof connection->key, "%s", route->key);
    start = clock_ms();
    if (set_up(net, connection, route, deadline, error)) {
        if (connection->tls) times->tls_ms = clock_ms() - start;
        return connection;
    }
    connection_close(connection);
    return NULL;
}
