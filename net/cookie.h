/* The cookie jar (RFC 6265bis). It lives in memory, as long as the client.
 * `now` is in seconds since 1970 everywhere, so that tests can stop the
 * clock. */
#ifndef HOSTEL_NET_COOKIE_H
#define HOSTEL_NET_COOKIE_H

#include "net/suffix.h"
#include "net/url.h"

/* UNSET: not said, or a word that means nothing. */
enum same_site {
    SAME_SITE_UNSET,
    SAME_SITE_NONE,
    SAME_SITE_LAX,
    SAME_SITE_STRICT
};

struct cookie {
    struct slice name, value, path;
    char domain[HOST_TEXT_SIZE]; /* the host itself when host_only */
    bool host_only, secure;
    enum same_site same_site;    /* kept, not enforced: see net/cookie.c */
    int64_t expiry;              /* INT64_MAX: with the client */
    uint64_t creation, last_use; /* on the jar's clock */
    /* Name, value and path point here once it is in the jar. */
    uint8_t text[];
};

struct cookie_jar {
    struct cookie **cookies; /* owned, like each cookie */
    size_t count, capacity;
    struct budget *memory; /* from which they are drawn, NULL at first */
    /* Counts uses and creations, for their order. */
    uint64_t clock;
    struct suffix_list *suffixes; /* borrowed */
};

void cookie_jar_init(struct cookie_jar *jar, struct suffix_list *suffixes);
void cookie_jar_free(struct cookie_jar *jar);

/* Take one Set-Cookie value received from `url`; what is not acceptable is
 * ignored. */
void cookie_store(struct cookie_jar *jar,
                  const struct url *url,
                  struct slice set_cookie,
                  int64_t now);

/* Append the value of the Cookie header for a request to `url`; nothing if no
 * cookie matches. */
void cookie_header(struct cookie_jar *jar,
                   const struct url *url,
                   int64_t now,
                   struct buffer *out);

#endif
