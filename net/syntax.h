/* Small pieces of the grammars of HTTP and URLs (RFC 9110 section 5.6, RFC 3986
 * section 2): tokens, field values, numbers, and cutting text into parts. */
#ifndef HOSTEL_NET_SYNTAX_H
#define HOSTEL_NET_SYNTAX_H

#include "base/base.h"

/* ASCII, without regard to case. */
bool text_equal(struct slice a, const char *b);
bool text_begins(struct slice text, const char *prefix); /* likewise */
/* A method or a field's name: RFC 9110 section 5.6.2. */
bool is_token(struct slice text);

/* May this stand in a field's value? No control byte but HT may (RFC 9110
 * section 5.5). */
bool is_field_byte(uint8_t c);
bool is_field_value(struct slice text);

/* Parts of a text; they borrow its bytes. `end` is behind the last. */
struct slice slice_cut(struct slice text, size_t begin, size_t end);
/* First byte of `set`, or the size. */
size_t slice_find(struct slice text, const char *set);
/* What stands before `end`; the text goes on behind the byte there. */
struct slice slice_take(struct slice *text, size_t end);
/* Without SP and HT at both ends. */
struct slice slice_trim(struct slice text);

/* Decimal digits alone, at most `max`; false otherwise. */
bool parse_number(struct slice digits, uint64_t max, uint64_t *value);

#endif
