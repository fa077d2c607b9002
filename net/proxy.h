/* Proxies, as the usual environment variables name them. */
#ifndef HOSTEL_NET_PROXY_H
#define HOSTEL_NET_PROXY_H

#include "net/url.h"

struct proxy {
    struct url url;
    const char *userinfo; /* or NULL. Secret. */
    const char *variable; /* where it was named */
    bool usable;          /* a URL, and of scheme http */
};

struct proxies {
    struct proxy *http, *https; /* or NULL */
    const char *exceptions;     /* no_proxy; "" if unset */
    struct arena arena;         /* owns all of the above */
};

/* Reads the environment once. */
void proxies_init(struct proxies *proxies);
void proxies_free(struct proxies *proxies);

/* The proxy that requests to `url` go through, or NULL. */
const struct proxy *proxy_for(const struct proxies *proxies,
                              const struct url *url);

#endif
