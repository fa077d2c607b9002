/* Requests: checking what the guest set, and writing each hop (RFC 9110 and
 * 9112).
 *
 * Framing, connection management and the host belong to the client: a guest
 * that could set them could smuggle a second request past the policy.
 * Everything else goes out as given, except that redirects take away what the
 * next server must not see. */
#include "net/request.h"

#include <stdlib.h>
#include <string.h>

/* Limits that no option changes: of names and values that the guest sets. */
enum {
    MAX_METHOD_SIZE = 32,
    MAX_REQUEST_HEADERS = 500,
    MAX_REQUEST_HEADERS_SIZE = 256 * 1024,
};

static bool invalid(struct error *error, const char *what, struct slice name) {
    return net_fail(
        error, NET_INVALID_REQUEST, "%s: %s", what, shown(name, 160).text);
}

static bool is_one_of(struct slice name, const char *const *names) {
    for (; *names; names++) {
        if (text_equal(name, *names))
            return true;
    }
    return false;
}

/* Is the value what the Host header will say? */
static bool is_authority_of(struct slice value, const struct url *url) {
    struct buffer authority;
    buffer_init(&authority, ORIGIN_TEXT_SIZE);
    url_format_authority(url, &authority);
    bool same = authority.size == value.size;
    for (size_t i = 0; same && i < value.size; i++)
        same = ascii_lower((char)value.data[i]) == (char)authority.data[i];
    buffer_free(&authority);
    return same;
}

/* Is the value what the Content-Length header will say? */
static bool is_length_of(struct slice value,
                         const struct net_request *request) {
    size_t size = request->has_body ? request->body.size : 0;
    uint64_t length;
    return parse_number(value, UINT64_MAX, &length) && length == size;
}

/* One header of the guest's: its syntax, and whether it is the guest's to
 * set. */
static bool check_header(const struct net_request *request,
                         const struct net_header *header,
                         const struct url *url,
                         struct error *error) {
    static const char *const ours[] = {"transfer-encoding",
                                       "connection",
                                       "keep-alive",
                                       "te",
                                       "trailer",
                                       "upgrade",
                                       "expect",
                                       NULL};
    struct slice name = header->name;
    struct slice value = slice_trim(header->value);
    if (!is_token(name))
        return invalid(error, "not a header name", name);
    if (!is_field_value(header->value))
        return invalid(error, "control bytes in the value of the header", name);
    if (is_one_of(name, ours) || text_begins(name, "proxy-"))
        return invalid(error, "the client itself sets the header", name);

    bool host = text_equal(name, "host");
    if (host && !is_authority_of(value, url))
        return invalid(
            error, "another host than the URL's in the header", name);

    bool length = text_equal(name, "content-length");
    if (length && !is_length_of(value, request))
        return invalid(
            error, "another length than the body's in the header", name);
    return true;
}

bool request_check(const struct net_request *request,
                   const struct url *url,
                   size_t max_body,
                   struct error *error) {
    static const char *const refused[] = {"CONNECT", "TRACE", NULL};
    if (!is_token(request->method) || request->method.size > MAX_METHOD_SIZE)
        return invalid(error, "not a method", request->method);
    if (is_one_of(request->method, refused))
        return invalid(error, "a method that is not offered", request->method);
    if (request->has_body && request->body.size > max_body)
        return net_fail(error,
                        NET_TOO_LARGE,
                        "the request's body is larger than %zu bytes",
                        max_body);
    size_t size = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct net_header *header = &request->headers[i];
        if (!check_header(request, header, url, error))
            return false;
        size += header->name.size + header->value.size;
    }

    bool fit = size <= MAX_REQUEST_HEADERS_SIZE &&
               request->header_count <= MAX_REQUEST_HEADERS;
    if (!fit)
        return net_fail(error,
                        NET_TOO_LARGE,
                        "the request's headers are too many or too large");
    return true;
}

void request_redirect(struct hop *hop, int status) {
    /* RFC 9110 sections 15.4.2 to 15.4.4. 301 and 302 say that the method
     * stays, but for POST all clients have ever done otherwise; 303 means "get
     * the answer there"; 307 and 308 keep all. */
    bool post = slice_is(hop->method, "POST");
    bool plain = slice_is(hop->method, "GET") || slice_is(hop->method, "HEAD");
    bool to_get = false;
    if (status == 303)
        to_get = !plain;
    else if (status == 301 || status == 302)
        to_get = post;
    if (!to_get)
        return;

    hop->method = slice_of("GET");
    hop->has_body = false;
    hop->body_dropped = true;
}

/* ---- writing ---- */

/* Does the guest's header go out on this hop? The guest meant it for the first:
 * a redirect gets a Referer of our own, another origin no credentials, also if
 * a later hop leads back, and a body that was dropped leaves nothing behind
 * that describes it. */
static bool keeps(const struct hop *hop, struct slice name) {
    static const char *const ours[] = {"host", "content-length", NULL};
    static const char *const secret[] = {
        "authorization", "cookie", "cookie2", "www-authenticate", NULL};
    if (is_one_of(name, ours))
        return false;
    if (hop->from && text_equal(name, "referer"))
        return false;
    if (hop->left_origin && is_one_of(name, secret))
        return false;
    return !(hop->body_dropped && text_begins(name, "content-"));
}

/* Does a header of the guest's, going out on this hop, make our own default
 * unnecessary? */
static bool guest_sets(const struct hop *hop, const char *name) {
    for (size_t i = 0; i < hop->request->header_count; i++) {
        struct slice own = hop->request->headers[i].name;
        if (text_equal(own, name) && keeps(hop, own))
            return true;
    }
    return false;
}

/* RFC 7617: a user without a password still has the colon. */
void request_write_basic(const char *name,
                         const char *userinfo,
                         struct buffer *out) {
    struct slice plain = slice_of(userinfo);
    bool colon = strchr(userinfo, ':') != NULL;
    struct buffer both;
    buffer_init(&both, plain.size + 1);
    buffer_append_slice(&both, plain);
    if (!colon)
        buffer_append_text(&both, ":");
    char *text = malloc(BASE64_SIZE(both.size) + 1);
    if (text && !both.failed) {
        text[base64_encode(buffer_slice(&both), text)] = 0;
        buffer_printf(out, "%s: Basic %s\r\n", name, text);
    }
    free(text);
    buffer_free(&both);
}

/* The page we come from: all of it within an origin, the origin alone to
 * another, nothing from https to http. */
static void write_referer(const struct hop *hop, struct buffer *out) {
    const struct url *from = hop->from;
    if (!from || (from->secure && !hop->url->secure))
        return;

    buffer_append_text(out, "Referer: ");
    buffer_append_text(out, from->secure ? "https://" : "http://");
    url_format_authority(from, out);
    bool same = url_same_origin(from, hop->url);
    buffer_append_text(out, same ? from->target : "/");
    buffer_append_text(out, "\r\n");
}

/* What the guest sets itself goes out instead of the jar's. */
static void write_cookies(const struct hop *hop,
                          struct cookie_jar *jar,
                          int64_t now,
                          struct buffer *out) {
    if (!jar || guest_sets(hop, "cookie"))
        return;
    size_t before = out->size;
    buffer_append_text(out, "Cookie: ");
    size_t empty = out->size;
    cookie_header(jar, hop->url, now, out);
    if (out->size == empty)
        out->size = before;
    else
        buffer_append_text(out, "\r\n");
}

/* A body, also an empty one, has a length; methods that usually have one say
 * 0. */
static void write_length(const struct hop *hop, struct buffer *out) {
    static const char *const usual[] = {"POST", "PUT", "PATCH", NULL};
    if (hop->has_body)
        buffer_printf(out, "Content-Length: %zu\r\n", hop->request->body.size);
    else if (is_one_of(hop->method, usual))
        buffer_append_text(out, "Content-Length: 0\r\n");
}

/* The guest's own. */
static void write_headers(const struct hop *hop, struct buffer *out) {
    const struct net_request *request = hop->request;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct net_header *header = &request->headers[i];
        if (!keeps(hop, header->name))
            continue;
        buffer_append_slice(out, header->name);
        buffer_append_text(out, ": ");
        buffer_append_slice(out, slice_trim(header->value));
        buffer_append_text(out, "\r\n");
    }
}

/* RFC 9112 section 3. A proxy that is to fetch something in clear text gets the
 * whole URL (3.2.2); one with a tunnel sees nothing of it. */
void request_write(const struct hop *hop,
                   struct cookie_jar *jar,
                   int64_t now,
                   struct buffer *out) {
    buffer_append_slice(out, hop->method);
    buffer_append_text(out, " ");
    if (hop->via) {
        buffer_append_text(out, "http://");
        url_format_authority(hop->url, out);
    }
    buffer_printf(out, "%s HTTP/1.1\r\nHost: ", hop->url->target);
    url_format_authority(hop->url, out);
    buffer_append_text(out, "\r\n");
    write_headers(hop, out);

    if (!guest_sets(hop, "accept"))
        buffer_append_text(out, "Accept: */*\r\n");
    if (!guest_sets(hop, "user-agent"))
        buffer_append_text(out, "User-Agent: hostel/" HOSTEL_VERSION "\r\n");
    if (hop->userinfo && !guest_sets(hop, "authorization"))
        request_write_basic("Authorization", hop->userinfo, out);
    if (hop->via && hop->via->userinfo)
        request_write_basic("Proxy-Authorization", hop->via->userinfo, out);
    write_referer(hop, out);
    write_cookies(hop, jar, now, out);
    write_length(hop, out);
    buffer_append_text(out, "\r\n");
}
