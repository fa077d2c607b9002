/* Connecting to whichever of several addresses answers first. */
#ifndef HOSTEL_NET_RACE_H
#define HOSTEL_NET_RACE_H

#include "net/socket.h"

/* The next address is tried beside those that have not answered within this
 * time. */
enum { ATTEMPT_DELAY_MS = 250 };

/* A connected socket, and which of the endpoints (at least one, in order of
 * preference) it leads to; or -1 with the last failure. `deadline` is on
 * clock_ms, for all of them together. */
int race_connect(const struct endpoint *endpoints,
                 size_t count,
                 int64_t deadline,
                 size_t *winner,
                 struct error *error);

#endif
