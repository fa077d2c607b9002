/* Between the files of this folder: the strings of JSON. */
#ifndef HOSTEL_JSON_STRING_H
#define HOSTEL_JSON_STRING_H

#include "base/base.h"

/* Check the string whose opening quote is text.data[*at] and move behind its
 * closing one. Returns NULL, or what is wrong at *at. */
const char *string_check(struct slice text, size_t *at);

/* Decode the escapes of a checked string, given without quotes, into `out`,
 * which has room for as many bytes; returns how many it took. */
size_t string_decode(struct slice raw, uint8_t *out);

#endif
