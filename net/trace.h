/* What was sent and received, for the user's eyes; nothing if the configuration
 * asks for no trace. */
#ifndef HOSTEL_NET_TRACE_H
#define HOSTEL_NET_TRACE_H

#include "net/dial.h"
#include "net/http.h"

/* The request line and headers, and by which proxy it goes. Secrets are hidden:
 * see net_config. */
void trace_request(const struct net_config *config,
                   const struct route *route,
                   struct slice head);
/* New or used before, TLS version and cipher, how long each step took. */
void trace_connection(const struct net_config *config,
                      const struct connection *connection,
                      const struct dial_times *times);
/* The same of the response's head; `first_byte_ms` since the request was
 * begun. */
void trace_response(const struct net_config *config,
                    const struct http_head *head,
                    int64_t first_byte_ms);
/* The end of an exchange and its whole time, with what went wrong if something
 * did. */
void trace_end(const struct net_config *config,
               int64_t total_ms,
               const struct error *error);

#endif
