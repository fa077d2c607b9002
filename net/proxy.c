/* Proxies from the environment.
 *
 *   http_proxy, https_proxy, all_proxy    [http://][user:password@]host[:port]
 *   no_proxy                              items, separated by commas or blanks:
 *
 *     *              every host
 *     name           the host itself, and all below it; so do .name and name.
 *     *.name         what is below it
 *     address, range IPv4 or IPv6 (in brackets or not), CIDR
 *     item:port      the same, for that port alone
 *
 * The forms are those of curl and of Python together: ports are Python's,
 * ranges and the dot at the end curl's. As with curl, a variable that is empty
 * is one that is not set, lower case goes before upper case, and all_proxy
 * comes last. HTTP_PROXY is ignored in a CGI program, where a request's `Proxy`
 * header sets it. Only proxies spoken to in clear HTTP are offered. */
#include "net/proxy.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PROXY_URL_SIZE = 8 * 1024 };

/* The first of the variables that is set to something. */
static const char *first_set(const char *const *names, const char **variable) {
    for (; *names; names++) {
        if (strcmp(*names, "HTTP_PROXY") == 0 && getenv("REQUEST_METHOD"))
            continue;
        const char *value = getenv(*names);
        *variable = *names;
        if (value && *value)
            return value;
    }
    return NULL;
}

/* What the first of the variables says that is set; NULL if none is. One that
 * cannot be used is kept: who would go by it must hear of that, not go
 * direct. */
static struct proxy *read_proxy(struct arena *arena, const char *const *names) {
    const char *variable;
    const char *value = first_set(names, &variable);
    struct proxy *proxy = value ? arena_alloc(arena, 1, sizeof *proxy) : NULL;
    if (!proxy)
        return NULL;

    proxy->variable = variable;
    struct buffer text;
    buffer_init(&text, MAX_PROXY_URL_SIZE);
    if (!strstr(value, "://"))
        buffer_append_text(&text, "http://");
    buffer_append_text(&text, value);
    struct error error = ERROR_INIT;
    proxy->usable =
        !text.failed &&
        url_parse(&proxy->url, buffer_slice(&text), arena, &error) &&
        !proxy->url.secure;
    proxy->userinfo = proxy->url.userinfo;
    buffer_free(&text);
    return proxy;
}

void proxies_init(struct proxies *proxies) {
    static const char *const http[] = {
        "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const https[] = {
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
    const char *variable;
    *proxies = (struct proxies){0};
    arena_init(&proxies->arena);
    proxies->http = read_proxy(&proxies->arena, http);
    proxies->https = read_proxy(&proxies->arena, https);
    const char *exceptions = first_set(none, &variable);
    if (exceptions)
        exceptions = arena_text(&proxies->arena, slice_of(exceptions));
    proxies->exceptions = exceptions ? exceptions : "";
}

void proxies_free(struct proxies *proxies) {
    arena_free(&proxies->arena);
}

/* An IPv6 address or a range, in brackets or not. An IPv4 address is read like
 * a name. */
static bool parse_addresses(struct address_range *range, struct slice text) {
    bool bracket =
        text.size > 1 && text.data[0] == '[' && text.data[text.size - 1] == ']';
    if (bracket)
        text = slice_cut(text, 1, text.size - 1);
    if (address_parse_range(range, text))
        return true;
    range->bits = 128;
    return address_parse_v6(&range->address, text);
}

/* name, .name, name. or *.name */
static bool matches_name(struct slice name, const struct host *host) {
    struct host own;
    bool below = text_begins(name, "*.");
    if (below)
        name = slice_cut(name, 2, name.size);
    if (text_begins(name, "."))
        name = slice_cut(name, 1, name.size);
    if (name.size && name.data[name.size - 1] == '.')
        name.size--;
    if (!host_parse(&own, name))
        return false;
    return host_is_below(host, own.text) || (!below && host_equal(&own, host));
}

/* Does an item of no_proxy mean this host and port? A colon within an address
 * parts no port. */
static bool is_excepted(struct slice item, const struct url *url) {
    struct address_range range;
    size_t end = item.size;
    if (!parse_addresses(&range, item))
        end = host_end(item);
    if (end < item.size) {
        struct slice text = slice_cut(item, end + 1, item.size);
        uint16_t port;
        if (!port_parse(&port, text) || port != url->port)
            return false;
    }

    struct slice name = slice_cut(item, 0, end);
    if (slice_is(name, "*"))
        return true;
    if (parse_addresses(&range, name))
        return url->host.is_address && address_in(&url->host.address, &range);
    return matches_name(name, &url->host);
}

const struct proxy *proxy_for(const struct proxies *proxies,
                              const struct url *url) {
    struct slice rest = slice_of(proxies->exceptions);
    while (rest.size) {
        struct slice item = slice_take(&rest, slice_find(rest, ", \t"));
        if (item.size > 0 && is_excepted(item, url))
            return NULL;
    }
    return url->secure ? proxies->https : proxies->http;
}
