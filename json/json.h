/* JSON (RFC 8259): reading a document into values, and writing one into given
 * memory.
 *
 *     const struct json *root = json_parse(text, &arena, &error);
 *     struct slice url = json_string(root, "url");         a member that is a string
 *     const struct json *list = json_find(root, "items");  any member, or NULL
 *     for (struct json_each each = json_each(list); json_next(&each);) use(each.value);
 *
 * Values live in the arena and point into `text`, which must outlive them.
 * Everything that looks into a value accepts NULL, the value that is not
 * there. */
#ifndef HOSTEL_JSON_JSON_H
#define HOSTEL_JSON_JSON_H

#include "base/base.h"

/* ---- reading ---- */

enum json_type {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    /* An array of one or more integers from 0 to 255: has no element values. */
    JSON_BYTES,
    JSON_OBJECT,
};

/* A value of a document. The values of a document are one array in the order of
 * the text, so that an object is followed by name, value, name, value, ... and
 * each of these by what it contains. */
struct json {
    enum json_type type;
    /* Members of an object, elements of an array, bytes of JSON_BYTES. */
    uint32_t count;
    /* From here to the next value that is not inside this one. */
    uint32_t span;
    /* The value as written; of a string, what it says: it may hold NUL. */
    struct slice text;
};

enum {
    JSON_DEPTH_MAX = 32,       /* arrays and objects inside each other */
    JSON_VALUES_MAX = 1 << 20, /* values in a document, names counted */
    JSON_SIZE_MAX = INT32_MAX, /* bytes of a document */
};

/* Read a whole document, strictly: the grammar, UTF-8, surrogate pairs, no name
 * twice in an object. NULL on failure: an ERROR_JSON with the byte's offset.
 * What it needs meanwhile is drawn from the arena's budget too. Linear in the
 * text, but for sorting the names of large objects. */
const struct json *
json_parse(struct slice text, struct arena *arena, struct error *error);

/* The member of an object, or NULL: not an object, or no such member. */
const struct json *json_find(const struct json *object, const char *name);

/* What a member of an object says that is a string; data is NULL if there is
 * none. */
struct slice json_string(const struct json *object, const char *name);

/* A number written without fraction or exponent that fits; else false. */
bool json_integer(const struct json *value, int64_t *out);

/* Decode an array of byte numbers, empty ones included, into the arena, or a
 * string of base64 (RFC 4648 section 4, padded). False if the value is neither
 * the one nor the other. */
bool json_bytes(const struct json *array,
                struct arena *arena,
                struct slice *out);
bool json_base64(const struct json *string,
                 struct arena *arena,
                 struct slice *out);

/* Going through the elements of an array or the members of an object. */
struct json_each {
    struct slice name;        /* of the member; empty in an array */
    const struct json *value; /* after json_next returned true */
    const struct json *next;
    uint32_t left;
    bool named;
};

struct json_each json_each(const struct json *container);
bool json_next(struct json_each *each);

/* ---- writing ---- */

/* Whatever is put counts in `size`; it is stored in `out` as far as `capacity`
 * reaches. So the same code run with a capacity of 0 measures, and then writes
 * into memory of exactly that size. */
struct json_writer {
    uint8_t *out;
    size_t capacity, size;
};

/* As it is: punctuation, names. */
void json_put(struct json_writer *writer, const char *text);
void json_put_integer(struct json_writer *writer, int64_t number);
/* In quotes. */
void json_put_string(struct json_writer *writer, struct slice text);
/* Not UTF-8: Latin-1. */
void json_put_content(struct json_writer *writer, struct slice text);
/* [1,2,3]. */
void json_put_bytes(struct json_writer *writer, struct slice bytes);
void json_put_base64(struct json_writer *writer, struct slice bytes);

#endif
