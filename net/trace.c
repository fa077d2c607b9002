/* The trace of HTTP exchanges.
 *
 *   * connected: dns 0 ms, connect 1 ms, tls 9 ms, TLSv1.2 ECDHE-...  or: connection reused
 *   * request to https://example.org:443
 *   > GET /path HTTP/1.1               what was sent
 *   < 200 (12 ms)                      what came back, and when its first byte did
 *   * end after 14 ms                  redirects and body included
 *
 * Values of headers that carry credentials are hidden unless asked for, and
 * nothing in what a server says reaches the terminal but text. */
#include "net/trace.h"

enum { TEXT_SHOWN = 4096 }; /* bytes of one text */

/* Where a line of the trace goes, or NULL. */
static FILE *begin_line(const struct net_config *config) {
    if (config->trace && config->begin_line)
        config->begin_line(config->begin_context, config->trace);
    return config->trace;
}

/* Headers whose values are credentials, or may contain some. */
static bool is_secret(struct slice name, struct slice value) {
    return text_equal(name, "authorization") ||
           text_equal(name, "proxy-authorization") ||
           text_equal(name, "cookie") || text_equal(name, "set-cookie") ||
           /* URLs may contain a password */
           ((text_equal(name, "location") || text_equal(name, "referer")) &&
            slice_find(value, "@") < value.size);
}

/* Some values are a secret: their names say so. */
static void print_header(const struct net_config *config,
                         char direction,
                         struct slice name,
                         struct slice value) {
    FILE *out = config->trace;
    bool hide = is_secret(name, value) && !config->trace_secrets;
    fprintf(out, "%c ", direction);
    shown_print(name, TEXT_SHOWN, out);
    fputs(": ", out);
    shown_print(hide ? slice_of("(hidden)") : value, TEXT_SHOWN, out);
    fputc('\n', out);
}

void trace_request(const struct net_config *config,
                   const struct route *route,
                   struct slice head) {
    FILE *out = begin_line(config);
    if (!out)
        return;
    fprintf(out, "* request to %s\n", route->key);
    for (bool first = true; head.size; first = false) {
        size_t end = slice_find(head, "\r");
        size_t colon = slice_find(slice_cut(head, 0, end), ":");
        if (first) {
            fputs("> ", out);
            shown_print(slice_cut(head, 0, end), TEXT_SHOWN, out);
            fputc('\n', out);
        } else if (colon < end) {
            print_header(config,
                         '>',
                         slice_cut(head, 0, colon),
                         slice_cut(head, colon + 2, end));
        }
        head = slice_cut(head, end + 2, head.size);
    }
}

void trace_connection(const struct net_config *config,
                      const struct connection *connection,
                      const struct dial_times *times) {
    FILE *out = begin_line(config);
    if (!out)
        return;
    if (connection->reused) {
        fputs("* connection reused\n", out);
        return;
    }
    fprintf(out,
            "* connected: dns %lld ms, connect %lld ms",
            (long long)times->dns_ms,
            (long long)times->connect_ms);
    if (connection->tls) {
        char text[128];
        tls_describe(connection->tls, text, sizeof text);
        fprintf(out, ", tls %lld ms, %s", (long long)times->tls_ms, text);
    }
    fputc('\n', out);
}

void trace_response(const struct net_config *config,
                    const struct http_head *head,
                    int64_t first_byte_ms) {
    FILE *out = begin_line(config);
    if (!out)
        return;
    fprintf(out, "< %d (%lld ms)\n", head->status, (long long)first_byte_ms);
    for (size_t i = 0; i < head->header_count; i++)
        print_header(
            config, '<', head->headers[i].name, head->headers[i].value);
}

void trace_end(const struct net_config *config,
               int64_t total_ms,
               const struct error *error) {
    FILE *out = begin_line(config);
    if (!out)
        return;
    fprintf(out,
            "* end after %lld ms%s%s\n",
            (long long)total_ms,
            error->kind == ERROR_NONE ? "" : ": ",
            error->text);
}
