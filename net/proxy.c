/* Proxies from the environment.
 *
 *   http_proxy, https_proxy, all_proxy    [http://][user:password@]host[:port]
 *   no_proxy                              "*", names (their subdomains too), addresses, ranges,
 *                                         separated by commas or spaces
 *
 * Lower case goes before upper case. HTTP_PROXY is ignored in a CGI program, where a request's
 * `Proxy` header sets it. Only proxies spoken to in clear HTTP are offered.
 */
#include "net/proxy.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PROXY_URL_SIZE = 8 * 1024 };

/* The first of the variables that is set, not to nothing. */
static const char *first_set(const char *const *names, const char **variable) {
    for (; *names; names++) {
        if (strcmp(*names, "HTTP_PROXY") == 0 && getenv("REQUEST_METHOD")) continue;
        const char *value = getenv(*names);
        *variable = *names;
        if (value) return *value ? value : NULL;
    }
    return NULL;
}

static struct proxy *read_proxy(struct arena *arena, const char *const *names) {
    const char *variable;
    const char *value = first_set(names, &variable);
    struct proxy *proxy = value ? arena_alloc(arena, 1, sizeof *proxy) : NULL;
    if (!proxy) return NULL;
    proxy->variable = variable;
    struct buffer text;
    buffer_init(&text, MAX_PROXY_URL_SIZE);
    if (!strstr(value, "://")) buffer_append_text(&text, "http://");
    buffer_append_text(&text, value);
    struct error error = ERROR_INIT;
    proxy->usable = !text.failed && url_parse(&proxy->url, buffer_slice(&text), arena, &error) &&
                    !proxy->url.secure;
    proxy->userinfo = proxy->url.userinfo;
    buffer_free(&text);
    return proxy;
}

void proxies_init(struct proxies *proxies) {
    static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                        NULL};
    static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
    const char *variable;
    *proxies = (struct proxies){0};
    arena_init(&proxies->arena);
    proxies->http = read_proxy(&proxies->arena, http);
    proxies->https = read_proxy(&proxies->arena, https);
    const char *exceptions = first_set(none, &variable);
    if (exceptions) exceptions = arena_text(&proxies->arena, slice_of(exceptions));
    proxies->exceptions = exceptions ? exceptions : "";
}

void proxies_free(struct proxies *proxies) {
    arena_free(&proxies->arena);
}

/* Does an item of no_proxy mean this host? */
static bool is_excepted(struct slice item, const struct host *host) {
    struct address_range range;
    struct host own;
    if (slice_is(item, "*")) return true;
    if (host->is_address && address_parse_range(&range, item))
        return address_in(&host->address, &range);
    if (host->is_address && address_parse_v6(&range.address, item))
        return address_equal(&range.address, &host->address);
    if (item.size && item.data[0] == '.') item = slice_cut(item, 1, item.size);
    return host_parse(&own, item) && (host_equal(&own, host) || host_is_below(host, own.text));
}

const struct proxy *proxy_for(const struct proxies *proxies, const struct url *url) {
    struct slice rest = slice_of(proxies->exceptions);
    while (rest.size) {
        size_t end = slice_find(rest, ", \t");
        if (end > 0 && is_excepted(slice_cut(rest, 0, end), &url->host)) return NULL;
        rest = slice_cut(rest, end < rest.size ? end + 1 : end, rest.size);
    }
    return url->secure ? proxies->https : proxies->http;
}
