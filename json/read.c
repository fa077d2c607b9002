/* From text to values: json_parse and the looking up that follows it.
 *
 * Four steps. The strict check (check.c) refuses all that is no JSON and counts
 * the values. jsmn makes the tokens; at each array of byte numbers the check
 * has noted, it is fed up to the opening bracket and set to go on at the
 * closing one. The tokens become values in the arena, where each knows its
 * span, so that stepping over a value costs nothing, and strings are decoded.
 * Last, the names of each object are sorted to find one that appears twice.
 *
 * Numbers stay text until somebody asks for one. */
#include "json/json_text.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_PARENT_LINKS /* linear: without them jsmn searches backwards for what is open */
#include <jsmn.h>

/* Let jsmn make the `shape->values` tokens of a document that has passed the
 * check. */
static void tokenize(struct slice text, const struct json_shape *shape,
                     jsmntok_t *tokens) {
    const struct byte_array *arrays =
        (const struct byte_array *)(void *)shape->arrays.data;
    const size_t array_count = shape->arrays.size / sizeof *arrays;
    jsmn_parser parser;
    jsmn_init(&parser);
    for (size_t i = 0; i < array_count; i++) {
        /* Jsmn reports an open array, and can go on. */
        jsmn_parse(&parser, (const char *)text.data, arrays[i].open + 1, tokens,
                   (unsigned)shape->values);
        parser.pos = (unsigned)arrays[i].close;
    }
    int result = jsmn_parse(&parser, (const char *)text.data, text.size, tokens,
                            (unsigned)shape->values);
    assert(result >= 0 && parser.toknext == shape->values);
    (void)result;
}

static enum json_type type_of(const jsmntok_t *token, uint8_t first) {
    switch (token->type) {
    case JSMN_OBJECT: return JSON_OBJECT;
    case JSMN_ARRAY: return JSON_ARRAY;
    case JSMN_STRING: return JSON_STRING;
    default:
        return first == 'n'                   ? JSON_NULL
               : first == 't' || first == 'f' ? JSON_BOOLEAN
                                              : JSON_NUMBER;
    }
}

/* Replace the text of a string that has escapes by what it says. */
static bool decode(struct json *string, struct arena *arena) {
    if (string->text.size == 0 ||
        !memchr(string->text.data, '\\', string->text.size))
        return true;
    uint8_t *out = arena_alloc(arena, string->text.size, 1);
    if (!out)
        return false;
    string->text = (struct slice){out, string_decode(string->text, out)};
    return true;
}

/* Turn tokens into values. */
static bool convert(struct slice text, const struct json_shape *shape,
                    const jsmntok_t *tokens, struct json *values,
                    struct arena *arena) {
    const struct byte_array *array =
        (const struct byte_array *)(void *)shape->arrays.data;
    size_t arrays = shape->arrays.size / sizeof *array; /* still to come */
    for (size_t i = 0; i < shape->values; i++) {
        const jsmntok_t *token = &tokens[i];
        struct json *value = &values[i];
        value->text.data = text.data + token->start;
        value->text.size = (size_t)(token->end - token->start);
        value->type = type_of(token, *value->text.data);
        if (value->type == JSON_STRING && !decode(value, arena))
            return false;
        if (value->type == JSON_OBJECT || value->type == JSON_ARRAY) {
            value->count = (uint32_t)token->size;
        }
        if (arrays && array->open == (size_t)token->start) {
            value->type = JSON_BYTES;
            value->count = (uint32_t)array->count;
            array++;
            arrays--;
        }
    }
    /* From behind, so that a value's span is whole when it is added to its
     * parent's. jsmn's parent of a member's value is its name. */
    for (size_t i = shape->values; i-- > 0;) {
        values[i].span++;
        if (tokens[i].parent >= 0)
            values[tokens[i].parent].span += values[i].span;
    }
    return true;
}

static int compare_names(const void *left, const void *right) {
    struct slice a = (*(const struct json *const *)left)->text;
    struct slice b = (*(const struct json *const *)right)->text;
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Has the object two members of one name? Returns the name. */
static const struct json *find_twin(const struct json *object,
                                    const struct json **names) {
    const struct json *name = object + 1;
    for (uint32_t i = 0; i < object->count; i++, name += name->span)
        names[i] = name;
    qsort(names, object->count, sizeof *names, compare_names);
    for (uint32_t i = 1; i < object->count; i++) {
        if (compare_names(&names[i - 1], &names[i]) == 0)
            return names[i];
    }
    return NULL;
}

static bool check_names(const struct json *values, size_t count,
                        struct slice text, struct budget *memory,
                        struct error *error) {
    const struct json **names = budget_alloc(memory, count, sizeof *names);
    if (!names)
        return error_set(error, ERROR_JSON, "no memory");
    const struct json *twin = NULL;
    for (size_t i = 0; i < count && !twin; i++) {
        if (values[i].type != JSON_OBJECT || values[i].count < 2)
            continue;
        twin = find_twin(&values[i], names);
        if (!twin)
            continue;
        error_set_at(error, ERROR_JSON,
                     (uint64_t)(values[i].text.data - text.data),
                     "the name %s appears twice in an object",
                     quoted(twin->text, 40).text);
    }
    budget_free(memory, names, count * sizeof *names);
    return !twin;
}

static const struct json *build(struct slice text,
                                const struct json_shape *shape,
                                struct arena *arena, struct error *error) {
    jsmntok_t *tokens =
        budget_alloc(arena->budget, shape->values, sizeof *tokens);
    struct json *values = arena_alloc(arena, shape->values, sizeof *values);
    bool ok = tokens && values;
    if (ok) {
        tokenize(text, shape, tokens);
        ok = convert(text, shape, tokens, values, arena);
    }
    if (!ok)
        error_set(error, ERROR_JSON, "no memory");
    ok = ok && check_names(values, shape->values, text, arena->budget, error);
    budget_free(arena->budget, tokens, shape->values * sizeof *tokens);
    return ok ? values : NULL;
}

const struct json *json_parse(struct slice text, struct arena *arena,
                              struct error *error) {
    if (text.size > INT_MAX) { /* jsmn counts in int */
        error_set(error, ERROR_JSON, "a document of more than %d bytes",
                  INT_MAX);
        return NULL;
    }
    struct json_shape shape;
    buffer_init(&shape.arrays,
                (size_t)JSON_VALUES_MAX * sizeof(struct byte_array));
    shape.arrays.budget = arena->budget;
    const struct json *root = NULL;
    if (check_document(text, &shape, error))
        root = build(text, &shape, arena, error);
    buffer_free(&shape.arrays);
    return root;
}

/* ---- looking up ---- */

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

const struct json *json_find(const struct json *object, const char *name) {
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (struct json_each each = json_each(object); json_next(&each);) {
        if (slice_is(each.name, name))
            return each.value;
    }
    return NULL;
}

struct slice json_string(const struct json *object, const char *name) {
    const struct json *value = json_find(object, name);
    return value && value->type == JSON_STRING ? value->text
                                               : (struct slice){0};
}

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

bool json_bytes(const struct json *array, struct arena *arena,
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

bool json_base64(const struct json *string, struct arena *arena,
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
