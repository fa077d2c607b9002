/* The cookie jar (RFC 6265bis). It lives in memory, as long as the client. `now` is in seconds
 * since 1970 everywhere, so that tests can stop the clock. */
#ifndef HOSTEL_NET_COOKIE_H
#define HOSTEL_NET_COOKIE_H

#include "net/suffix.h"
#include "net/url.h"

struct cookie_jar {
    struct cookie **cookies; /* owned, like each cookie */
    size_t count, capacity;
    uint64_t clock;                     /* counts uses and creations, for their order */
    const struct suffix_list *suffixes; /* borrowed */
};

void cookie_jar_init(struct cookie_jar *jar, const struct suffix_list *suffixes);
void cookie_jar_free(struct cookie_jar *jar);

/* Take one Set-Cookie value received from `url`; what is not acceptable is ignored. */
void cookie_store(struct cookie_jar *jar, const struct url *url, struct slice set_cookie,
                  int64_t now);

/* Append the value of the Cookie header for a request to `url`; nothing if no cookie matches. */
void cookie_header(struct cookie_jar *jar, const struct url *url, int64_t now, struct buffer *out);

#endif
