/* struct net: all that one client keeps between requests.
 *
 * The files of this folder, each needing only those before it:
 *
 *     syntax.c date.c suffix.c address.c url.c    text, hosts, URLs
 *     policy.c proxy.c                            who may be reached, and by way of whom
 *     cookie.c request.c                          what a request says
 *     socket.c race.c tls.c connection.c          from an address to bytes that come and go
 *     http.c                                      from bytes to a response
 *     client.c dial.c exchange.c response.c       all of it together; trace.c tells of it */
#ifndef HOSTEL_NET_CLIENT_H
#define HOSTEL_NET_CLIENT_H

#include "net/connection.h"
#include "net/cookie.h"
#include "net/proxy.h"

enum { MAX_GOOD_ENDPOINTS = 16 };

struct net {
    struct net_config config; /* its texts are borrowed */
    struct policy policy;
    struct proxies proxies;
    struct suffix_list *suffixes; /* owned */
    struct cookie_jar jar;
    struct pool pool;
    struct lookups lookups;
    /* That answered, the last one first. */
    struct endpoint good[MAX_GOOD_ENDPOINTS];
    size_t good_count;
    struct tls_settings *tls; /* owned; NULL until https is first used */
};

#endif
