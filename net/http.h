/* Reading one HTTP/1.1 response (RFC 9112) from a connection: its head, then
 * its body in pieces of any size. */
#ifndef HOSTEL_NET_HTTP_H
#define HOSTEL_NET_HTTP_H

#include "net/connection.h"

struct http_head {
    int status;
    struct net_header *headers; /* names in lower case; all in the arena */
    size_t header_count;
    bool has_body; /* some may follow; not after HEAD, 204, 304 and the like */
    bool has_length;
    uint64_t length; /* Content-Length */
};

/* The header of that name (in lower case), the first one, or NULL. */
const struct net_header *http_find(const struct http_head *head,
                                   const char *name);

struct http_reader;

/* `no_body`: the request was HEAD or CONNECT. Everything lives in the arena;
 * the limits are borrowed. */
struct http_reader *http_reader_new(struct arena *arena,
                                    struct connection *connection,
                                    const struct net_limits *limits,
                                    bool no_body,
                                    int64_t deadline);

/* The final response's head; interim ones are skipped. */
bool http_read_head(struct http_reader *reader,
                    struct http_head *head,
                    struct error *error);

/* When the first byte of the response arrived, on the clock of clock_ms; 0:
 * none has. */
int64_t http_heard_at(const struct http_reader *reader);

/* The size of the interim responses that came before the final one. */
size_t http_interim_size(const struct http_reader *reader);

/* Up to `size` bytes of the body: a count, 0 once the whole message was read,
 * -1 on failure. */
ssize_t http_read_body(struct http_reader *reader,
                       void *bytes,
                       size_t size,
                       struct error *error);

/* For what is still to be read. */
void http_set_deadline(struct http_reader *reader, int64_t deadline);

/* After the end of the message: may the connection carry another request? */
bool http_keeps_alive(const struct http_reader *reader);

/* Of llhttp, at most 32 bytes. */
void http_version(char *out, size_t size);

#endif
