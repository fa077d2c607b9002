/* What the files of net share: how a failure is said, and small text helpers. */
#ifndef HOSTEL_NET_INTERNAL_H
#define HOSTEL_NET_INTERNAL_H

#include "net/net.h"

/* Limits that no option changes. */
enum {
    MAX_REQUEST_HEADERS_SIZE = 256 * 1024, /* names and values of what the guest sets */
    MAX_REQUEST_HEADERS = 500,
    MAX_INTERIM_RESPONSES = 16, /* 1xx before the one that counts (RFC 9110 section 15.2) */
    MAX_METHOD_SIZE = 32,
    MAX_COOKIES_PER_RESPONSE = 50, /* further Set-Cookie headers are passed over */
};

bool text_equal(struct slice a, const char *b);          /* ASCII, without regard to case */
bool text_begins(struct slice text, const char *prefix); /* likewise */
bool is_token(struct slice text); /* a method or a field's name: RFC 9110 section 5.6.2 */

/* May this stand in a field's value? No control byte but HT may (RFC 9110 section 5.5). */
bool is_field_byte(uint8_t c);
bool is_field_value(struct slice text);

/* Parts of a text; they borrow its bytes. `end` is behind the last. */
struct slice slice_cut(struct slice text, size_t begin, size_t end);
size_t slice_find(struct slice text, const char *set); /* first byte of `set`, or the size */
struct slice slice_trim(struct slice text);            /* without SP and HT at both ends */

/* Decimal digits alone, at most `max`; false otherwise. */
bool parse_number(struct slice digits, uint64_t max, uint64_t *value);

#endif
