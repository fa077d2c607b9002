/* URLs (RFC 3986, http and https only). One parser serves the policy, name
 * resolution, SNI, the certificate check, the Host header and cookies, so no
 * two of them can disagree about the host. */
#ifndef HOSTEL_NET_URL_H
#define HOSTEL_NET_URL_H

#include "net/address.h"
#include "net/net.h"
#include "net/syntax.h"

enum { HOST_TEXT_SIZE = 254 };

struct host {
    /* Lower case, no trailing dot; addresses canonical, no brackets. */
    char text[HOST_TEXT_SIZE];
    bool is_address;
    struct address address; /* when is_address */
};

struct url {
    bool secure; /* https */
    struct host host;
    bool rooted; /* the host was written with a trailing dot */
    uint16_t port;
    /* Path and query as they go into the request line; begins with /. */
    const char *target;
    const char *userinfo; /* percent-decoded user:password, or NULL. Secret. */
};

/* Where the host ends in host[:port]: at the colon before the port, or at the
 * end of the text. */
size_t host_end(struct slice text);
bool port_parse(uint16_t *port, struct slice text); /* 1 to 65535 */

/* A name of letters, digits, - and _, an IPv4 address in any spelling, or
 * [IPv6]. */
bool host_parse(struct host *host, struct slice text);
bool host_equal(const struct host *a, const struct host *b);
/* Is the host a name that ends in "." and `suffix`? */
bool host_is_below(const struct host *host, const char *suffix);

/* Texts are copied to the arena; how long they may be, the caller knows. A
 * failure is NET_INVALID_REQUEST. */
bool url_parse(struct url *url,
               struct slice text,
               struct arena *arena,
               struct error *error);

/* The URL that `reference` means within `base`. Any other scheme is
 * NET_REDIRECT. */
bool url_resolve(struct url *url,
                 const struct url *base,
                 struct slice reference,
                 struct arena *arena,
                 struct error *error);

/* The scheme's own: 80 or 443. */
bool url_has_usual_port(const struct url *url);
bool url_same_origin(const struct url *a, const struct url *b);

/* host, or host:port where the port is not the scheme's own; IPv6 in brackets:
 * the Host header. */
void url_format_authority(const struct url *url, struct buffer *out);
/* Always with the port: CONNECT, messages. */
enum { ORIGIN_TEXT_SIZE = HOST_TEXT_SIZE + 10 };
void url_format_host_port(const struct url *url, char out[ORIGIN_TEXT_SIZE]);

#endif
