/* Who may be reached. */
#ifndef HOSTEL_NET_POLICY_H
#define HOSTEL_NET_POLICY_H

#include "net/url.h"

struct policy {
    struct policy_rule *allow, *deny;
    size_t allow_count, deny_count;
    struct policy_pin *pins;
    size_t pin_count;
    bool allow_private;
    struct arena arena; /* owns all of the above */
};

/* A place to connect to. */
struct endpoint {
    struct address address;
    uint16_t port;
};

/* ERROR_USAGE names the item that is not of the grammar. */
bool policy_init(struct policy *policy,
                 const struct net_config *config,
                 struct error *error);
void policy_free(struct policy *policy);

/* First check of every hop, before any name is resolved: may this origin be
 * asked at all? */
bool policy_check_origin(const struct policy *policy,
                         const struct url *url,
                         struct error *error);

/* The endpoint the user pinned this origin to, or NULL. */
const struct endpoint *policy_pinned(const struct policy *policy,
                                     const struct url *url);

/* Second check, of each address before connecting to it. `pinned`: it comes
 * from a pin. */
bool policy_check_address(const struct policy *policy,
                          const struct url *url,
                          const struct address *address,
                          bool pinned,
                          struct error *error);

/* The same, where a proxy will resolve the name: what is known of its address
 * without asking. */
bool policy_check_proxied(const struct policy *policy,
                          const struct url *url,
                          struct error *error);

#endif
