/* URLs.
 *
 *   url     = ( "http" / "https" ) "://" [ userinfo "@" ] host [ ":" port ] [ target ] [ "#" ... ]
 *   host    = name / IPv4 / "[" IPv6 "]"
 *   target  = path [ "?" query ]
 *
 * Where browsers and RFC 3986 read a URL differently (a backslash, a second
 * "@", %-encoding or non-ASCII in the host, control bytes anywhere), two
 * parsers could see two hosts, so it is refused. A host whose last label is a
 * number is an IPv4 address or nothing. In the target the bytes that may not
 * stand in a request line are %-encoded and dot segments removed; the fragment
 * is dropped.
 *
 * Deliberately missing: IDNA (give the A-label form), other schemes, zones. */
#include "net/url.h"

#include <string.h>

enum { LABEL_SIZE = 63 }; /* at most: RFC 1035 section 2.3.4 */

static bool bad(struct error *error, const char *why) {
    return net_fail(error, NET_INVALID_REQUEST, "not an http URL: %s", why);
}

/* ---- hosts ---- */

/* Letters, digits and hyphens; and the underscore, which RFC 952 has not but
 * the Internet does. */
static bool is_host_byte(char c) {
    return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '-' || c == '_';
}

/* Such a host is an IPv4 address or an error: inet_aton would take it for
 * one. */
static bool last_label_is_number(const char *name) {
    const char *dot = strrchr(name, '.');
    const char *label = dot ? dot + 1 : name;
    if (!ascii_is_digit(*label))
        return false;
    bool hexadecimal = label[1] == 'x';
    return hexadecimal || strspn(label, "0123456789") == strlen(label);
}

/* Copies a name in lower case; false if it is none. */
static bool copy_name(char out[HOST_TEXT_SIZE], struct slice text) {
    if (text.size == 0 || text.size >= HOST_TEXT_SIZE)
        return false;

    size_t label_size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower((char)text.data[i]);
        out[i] = c;
        if (c == '.') {
            if (label_size == 0)
                return false;
            label_size = 0;
            continue;
        }
        label_size++;
        if (label_size > LABEL_SIZE || !is_host_byte(c))
            return false;
    }

    out[text.size] = 0;
    return label_size > 0;
}

/* An IPv6 address is full of colons: brackets keep them from the port's. */
static bool in_brackets(struct slice text) {
    return text.size > 1 && text.data[0] == '[' &&
           text.data[text.size - 1] == ']';
}

/* Names and addresses each in one form only, in which they can be compared: in
 * lower case, and as address_format writes it. */
bool host_parse(struct host *host, struct slice text) {
    memset(host, 0, sizeof *host);
    if (in_brackets(text)) {
        struct slice inner = slice_cut(text, 1, text.size - 1);
        host->is_address = address_parse_v6(&host->address, inner);
    } else {
        if (!copy_name(host->text, text))
            return false;
        if (!last_label_is_number(host->text))
            return true;
        host->is_address = address_parse_v4(&host->address, text);
    }

    if (host->is_address)
        address_format(&host->address, host->text);
    return host->is_address;
}

/* Where the host ends and a port may begin, which is behind a colon outside of
 * brackets. */
size_t host_end(struct slice text) {
    size_t bracket = 0;
    if (text.size > 0 && text.data[0] == '[')
        bracket = slice_find(text, "]");
    struct slice rest = slice_cut(text, bracket, text.size);
    return bracket + slice_find(rest, ":");
}

/* 0 is no port that anybody can be reached at. */
bool port_parse(uint16_t *port, struct slice text) {
    uint64_t number;
    if (!parse_number(text, 65535, &number) || number == 0)
        return false;
    *port = (uint16_t)number;
    return true;
}

bool host_equal(const struct host *a, const struct host *b) {
    return a->is_address == b->is_address && strcmp(a->text, b->text) == 0;
}

/* "a.example.org" is below "example.org", "badexample.org" is not; an address is
 * below nothing. */
bool host_is_below(const struct host *host, const char *suffix) {
    size_t size = strlen(host->text), suffix_size = strlen(suffix);
    if (host->is_address || size <= suffix_size)
        return false;
    const char *tail = host->text + (size - suffix_size);
    return tail[-1] == '.' && strcmp(tail, suffix) == 0;
}

/* ---- parts ---- */

/* Userinfo, %-decoded. Its control bytes are refused with the whole URL's;
 * decoded ones here. */
static bool
parse_userinfo(struct url *url, struct slice text, struct arena *arena) {
    char *out = arena_text(arena, text);
    if (!out)
        return false;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++, size++) {
        out[size] = (char)text.data[i];
        if (text.data[i] != '%' || text.size - i < 3)
            continue;

        int high = hex_digit(text.data[i + 1]);
        int low = hex_digit(text.data[i + 2]);
        if (high < 0 || low < 0)
            continue;
        if (high < 2)
            return false;
        out[size] = (char)(high << 4 | low);
        i += 2;
    }
    out[size] = 0;
    url->userinfo = out;
    return true;
}

/* Which is left out where a URL is written. */
static uint16_t usual_port(const struct url *url) {
    return url->secure ? 443 : 80;
}

/* [ userinfo "@" ] host [ ":" port ] */
static bool parse_authority(struct url *url,
                            struct slice text,
                            struct arena *arena,
                            struct error *error) {
    if (slice_find(text, "\\") < text.size)
        return bad(error, "a backslash before its path");
    size_t at = slice_find(text, "@");
    if (at < text.size) {
        if (!parse_userinfo(url, slice_cut(text, 0, at), arena))
            return bad(error, "its userinfo");
        /* A second @ is no part of a host. */
        text = slice_cut(text, at + 1, text.size);
    }

    size_t end = host_end(text);
    struct slice host = slice_cut(text, 0, end);
    if (host.size > 1 && host.data[host.size - 1] == '.') {
        url->rooted = true;
        host.size--;
    }
    if (!host_parse(&url->host, host))
        return bad(error, "its host is empty or malformed");
    if (url->host.is_address)
        url->rooted = false;

    url->port = usual_port(url);
    if (end < text.size)
        end++;
    struct slice port = slice_cut(text, end, text.size);
    if (port.size == 0 || port_parse(&url->port, port))
        return true;
    return bad(error, "the port is no number from 1 to 65535");
}

/* ---- target ---- */

/* RFC 3986 section 5.2.4, in place over a path that begins with '/'; returns
 * the new size. */
static size_t remove_dot_segments(char *path, size_t size) {
    size_t out = 0;
    for (size_t i = 0; i < size;) {
        size_t end = i + 1;
        while (end < size && path[end] != '/')
            end++;
        size_t length = end - i - 1;
        bool dot = length == 1 && path[i + 1] == '.';
        bool dots = length == 2 && path[i + 1] == '.' && path[i + 2] == '.';
        if (dots) {
            while (out > 0 && path[--out] != '/')
                continue;
        }
        if (dot || dots) {
            if (end == size)
                path[out++] = '/';
        } else {
            memmove(path + out, path + i, end - i);
            out += end - i;
        }
        i = end;
    }
    return out;
}

/* One byte, %-encoded where it may not stand in a request line; returns how
 * many it became. */
static size_t put_target_byte(char *out, uint8_t c) {
    static const char digits[] = "0123456789ABCDEF";
    bool plain = c > 0x20 && c < 0x7F && !strchr("\"<>\\^`{|}", c);
    if (plain) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = '%';
    out[1] = digits[c >> 4];
    out[2] = digits[c & 15];
    return 3;
}

/* Path and query as they go into the request line. `directory` is put before a
 * relative path. A byte takes three at most; two more are for a leading '/' and
 * the NUL. */
static bool build_target(struct url *url,
                         struct slice directory,
                         struct slice text,
                         struct arena *arena) {
    size_t question = slice_find(text, "?");
    char *out = arena_alloc(arena, directory.size + 3 * text.size + 2, 1);
    if (!out)
        return false;
    size_t size = 0, path_size = 0;
    for (; size < directory.size; size++)
        out[size] = (char)directory.data[size];
    for (size_t i = 0; i < text.size; i++) {
        if (i == question)
            path_size = size = remove_dot_segments(out, size);
        size += put_target_byte(out + size, text.data[i]);
    }
    if (question == text.size)
        path_size = size = remove_dot_segments(out, size);
    out[size] = 0;
    if (path_size == 0) { /* only "?query", or nothing */
        memmove(out + 1, out, size + 1);
        out[0] = '/';
    }
    url->target = out;
    return true;
}

/* ---- whole URLs ---- */

/* What no URL may have anywhere: a control byte could end the request line or a
 * header. */
static bool check_bytes(struct slice text, struct error *error) {
    for (size_t i = 0; i < text.size; i++) {
        if (ascii_is_control(text.data[i]))
            return bad(error, "a control byte");
    }
    return true;
}

/* What follows "http:" or "https:", `//` first. */
static bool parse_rest(struct url *url,
                       struct slice text,
                       struct arena *arena,
                       struct error *error) {
    if (!text_begins(text, "//"))
        return bad(error, "no // after the scheme");
    text = slice_cut(text, 2, text.size);
    size_t end = slice_find(text, "/?#");
    if (!parse_authority(url, slice_cut(text, 0, end), arena, error))
        return false;
    text = slice_cut(text, end, text.size);
    text.size = slice_find(text, "#");
    return build_target(url, slice_of(""), text, arena) ||
           bad(error, "no memory for it");
}

/* The length of "scheme:" at the start, or 0. */
static size_t scheme_size(struct slice text) {
    size_t colon = slice_find(text, ":/?#");
    if (colon == text.size || text.data[colon] != ':' || colon == 0)
        return 0;
    return colon + 1;
}

bool url_parse(struct url *url,
               struct slice text,
               struct arena *arena,
               struct error *error) {
    memset(url, 0, sizeof *url);
    if (!check_bytes(text, error))
        return false;
    url->secure = text_begins(text, "https:");
    if (!url->secure && !text_begins(text, "http:"))
        return bad(error, "the scheme is neither http nor https");
    return parse_rest(
        url, slice_cut(text, scheme_size(text), text.size), arena, error);
}

/* RFC 3986 section 5.2.2, whose five cases are: a scheme, "//" and a host, a
 * path from the root, a query alone, and a path beside the base's. Userinfo
 * belongs to the URL it stood in. */
bool url_resolve(struct url *url,
                 const struct url *base,
                 struct slice reference,
                 struct arena *arena,
                 struct error *error) {
    if (text_begins(reference, "http:") || text_begins(reference, "https:"))
        return url_parse(url, reference, arena, error);
    if (!check_bytes(reference, error))
        return false;
    if (scheme_size(reference))
        return net_fail(error,
                        NET_REDIRECT,
                        "redirected to a URL that is neither http nor https");
    *url = *base;
    url->userinfo = NULL;
    if (text_begins(reference, "//")) {
        url->rooted = false;
        return parse_rest(url, reference, arena, error);
    }
    reference.size = slice_find(reference, "#");
    if (reference.size == 0)
        return true;
    struct slice directory = slice_of(base->target);
    directory.size = slice_find(directory, "?");
    if (reference.data[0] == '/')
        directory.size = 0;
    else if (reference.data[0] != '?') {
        while (directory.data[directory.size - 1] != '/')
            directory.size--;
    }
    return build_target(url, directory, reference, arena) ||
           bad(error, "no memory for it");
}

bool url_has_usual_port(const struct url *url) {
    return url->port == usual_port(url);
}

/* Scheme, host and port (RFC 6454 section 4): what may see credentials that were
 * meant for the one. */
bool url_same_origin(const struct url *a, const struct url *b) {
    return a->secure == b->secure && a->port == b->port &&
           host_equal(&a->host, &b->host);
}

/* As the Host field has it: a usual port is left out. */
void url_format_authority(const struct url *url, struct buffer *out) {
    bool brackets = strchr(url->host.text, ':') != NULL;
    buffer_printf(out, brackets ? "[%s]" : "%s", url->host.text);
    if (url->rooted)
        buffer_append_text(out, ".");
    if (!url_has_usual_port(url))
        buffer_printf(out, ":%u", url->port);
}

/* With the port always, for messages, keys and tunnels. */
void url_format_host_port(const struct url *url, char out[ORIGIN_TEXT_SIZE]) {
    bool brackets = strchr(url->host.text, ':') != NULL;
    snprintf(out,
             ORIGIN_TEXT_SIZE,
             brackets ? "[%s]:%u" : "%s:%u",
             url->host.text,
             url->port);
}
