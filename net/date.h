/* The dates of cookies (RFC 6265bis section 5.1.1). */
#ifndef HOSTEL_NET_DATE_H
#define HOSTEL_NET_DATE_H

#include "base/base.h"

/* Seconds since 1970, or false if the text is no date. */
bool date_parse(struct slice text, int64_t *seconds);

#endif
