/* From a URL to a connection that may carry a request to it. */
#ifndef HOSTEL_NET_DIAL_H
#define HOSTEL_NET_DIAL_H

#include "net/client.h"

/* How long it took, for the trace; -1: not done. */
struct dial_times {
    int64_t dns_ms, connect_ms, tls_ms;
};

/* Where a hop goes. */
struct route {
    const struct url *url;
    const struct endpoint *pin; /* the user's --resolve, or NULL */
    const struct proxy *proxy;  /* or NULL */
    char key[CONNECTION_KEY_SIZE];
};

/* Ask the policy about the origin, and choose pin, proxy or the name itself. */
bool dial_route(struct net *net,
                const struct url *url,
                struct route *route,
                struct error *error);

/* A new connection; every address is checked before it is connected to. */
struct connection *dial_open(struct net *net,
                             const struct route *route,
                             int64_t deadline,
                             struct dial_times *times,
                             struct error *error);

#endif
