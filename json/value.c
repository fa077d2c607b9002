/* Looking into values that json_parse has made: members, elements, integers,
 * bytes.
 *
 * A value knows its span, so that stepping over it costs nothing. Values that
 * are not there are NULL, and have nothing in them. */
#include "json/json.h"

/* What has no members or elements gives none: callers need not ask first what a
 * value is. */
struct json_each json_each(const struct json *container) {
    struct json_each each = {0};
    if (container &&
        (container->type == JSON_OBJECT || container->type == JSON_ARRAY)) {
        each.next = container + 1;
        each.left = container->count;
        each.named = container->type == JSON_OBJECT;
    }
    return each;
}

/* In an object a name is a value of its own, before that of the member. */
bool json_next(struct json_each *each) {
    if (each->left == 0)
        return false;
    each->left--;
    if (each->named)
        each->name = each->next->text;
    each->value = each->next + each->named; /* a name's span covers its value */
    each->next += each->next->span;
    return true;
}

/* There is one at most: the parser refuses a name that appears twice, which RFC
 * 8259 section 4 leaves open. */
const struct json *json_find(const struct json *object, const char *name) {
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (struct json_each each = json_each(object); json_next(&each);) {
        if (slice_is(each.name, name))
            return each.value;
    }
    return NULL;
}

/* A member that is there but no string is as good as none. */
struct slice json_string(const struct json *object, const char *name) {
    const struct json *value = json_find(object, name);
    return value && value->type == JSON_STRING ? value->text
                                               : (struct slice){0};
}

/* Digits alone: a fraction or an exponent is refused even where it would be a
 * whole number, for it was not written as one. */
bool json_integer(const struct json *value, int64_t *out) {
    if (!value || value->type != JSON_NUMBER)
        return false;

    bool negative = *value->text.data == '-';
    int64_t number = 0; /* kept negative: there the range reaches further */
    for (size_t i = negative; i < value->text.size; i++) {
        int digit = value->text.data[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (number < (INT64_MIN + digit) / 10)
            return false;
        number = number * 10 - digit;
    }

    if (!negative && number == INT64_MIN)
        return false;

    *out = negative ? number : -number;
    return true;
}

/* The parser has found every element to be from 0 to 255, and keeps the text; an
 * empty array may be one of bytes as well. */
bool json_bytes(const struct json *array,
                struct arena *arena,
                struct slice *out) {
    *out = (struct slice){0};
    if (!array)
        return false;
    if (array->type == JSON_ARRAY && array->count == 0)
        return true;
    if (array->type != JSON_BYTES)
        return false;
    uint8_t *bytes = arena_alloc(arena, array->count, 1);
    if (!bytes)
        return false;
    size_t count = 0;
    unsigned number = 0;
    for (size_t i = 1; i < array->text.size; i++) { /* from behind '[' to ']' */
        uint8_t c = array->text.data[i];
        if (c >= '0' && c <= '9')
            number = number * 10 + (c - (unsigned)'0');
        else if (c == ',' || c == ']')
            bytes[count++] = (uint8_t)number, number = 0;
    }
    *out = (struct slice){bytes, count};
    return true;
}

/* Three bytes for each four characters, padding among them: there is room. */
bool json_base64(const struct json *string,
                 struct arena *arena,
                 struct slice *out) {
    *out = (struct slice){0};
    if (!string || string->type != JSON_STRING)
        return false;
    uint8_t *bytes = arena_alloc(arena, string->text.size / 4, 3);
    size_t size = 0;
    if (!bytes || !base64_decode(string->text, bytes, &size))
        return false;
    *out = (struct slice){bytes, size};
    return true;
}
