/* What a guest may ask for, and how it is written to the wire. */
#ifndef HOSTEL_NET_REQUEST_H
#define HOSTEL_NET_REQUEST_H

#include "net/cookie.h"
#include "net/proxy.h"

/* One hop: the guest's request as the redirects so far have changed it. */
struct hop {
    const struct net_request *request;
    struct slice method;
    const struct url *url;
    const char *userinfo;   /* for this origin, or NULL. Secret. */
    const struct url *from; /* the hop before, or NULL on the first */
    bool has_body;          /* the guest's body is sent */
    /* A redirect dropped it, and the headers about it. */
    bool body_dropped;
    /* Some redirect led elsewhere: credentials are dropped for good. */
    bool left_origin;
    const struct proxy *via; /* a proxy that gets the whole URL, or NULL */
};

/* The rules for methods and headers; NET_INVALID_REQUEST names what breaks
 * them. */
bool request_check(const struct net_request *request,
                   const struct url *url,
                   size_t max_body,
                   struct error *error);

/* The method that a redirect with `status` asks for; the hop's body is dropped
 * with it. */
void request_redirect(struct hop *hop, int status);

/* Request line and headers up to the empty line. `jar` may be NULL. */
void request_write(const struct hop *hop,
                   struct cookie_jar *jar,
                   int64_t now,
                   struct buffer *out);

/* "name: Basic base64(userinfo)" CR LF. */
void request_write_basic(const char *name,
                         const char *userinfo,
                         struct buffer *out);

#endif
