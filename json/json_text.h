/* Between the files of this folder: what the strict check finds, and the
 * strings of JSON. */
#ifndef HOSTEL_JSON_JSON_TEXT_H
#define HOSTEL_JSON_JSON_TEXT_H

#include "json/json.h"

/* An array of byte numbers: the offsets of its brackets, and how many numbers
 * stand between. */
struct byte_array {
    size_t open, close, count;
};

/* What the check learned about a document. */
struct json_shape {
    size_t values; /* names counted, the numbers of byte arrays not */
    /* Every struct byte_array, in the order of the text. */
    struct buffer arrays;
};

/* Is `text` one JSON document? Everything but names that appear twice is
 * checked. The caller initialises `shape->arrays` and frees it. */
bool check_document(struct slice text, struct json_shape *shape,
                    struct error *error);

/* Check the string whose opening quote is text.data[*at] and move behind its
 * closing one. Returns NULL, or what is wrong at *at. */
const char *string_check(struct slice text, size_t *at);

/* Decode the escapes of a checked string, given without quotes, into `out`,
 * which has room for as many bytes; returns how many it took. */
size_t string_decode(struct slice raw, uint8_t *out);

#endif
