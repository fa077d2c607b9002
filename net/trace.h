/* What was sent and received, for the user's eyes; nothing if the configuration asks for no trace.
 */
#ifndef HOSTEL_NET_TRACE_H
#define HOSTEL_NET_TRACE_H

#include "net/dial.h"
#include "net/http.h"

void trace_request(const struct net_config *config, const struct route *route, struct slice head);
void trace_connection(const struct net_config *config, const struct connection *connection,
                      const struct dial_times *times);
void trace_response(const struct net_config *config, const struct http_head *head,
                    int64_t first_byte_ms);
void trace_end(const struct net_config *config, int64_t total_ms, const struct error *error);

#endif
