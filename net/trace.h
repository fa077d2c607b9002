/* What was sent and received, for the user's eyes; secrets hidden. `out` may be NULL everywhere. */
#ifndef HOSTEL_NET_TRACE_H
#define HOSTEL_NET_TRACE_H

#include "net/dial.h"
#include "net/http.h"

void trace_request(FILE *out, const struct route *route, struct slice head);
void trace_connection(FILE *out, const struct connection *connection,
                      const struct dial_times *times);
void trace_response(FILE *out, const struct http_head *head, int64_t first_byte_ms);
void trace_end(FILE *out, int64_t total_ms, const struct error *error);

#endif
