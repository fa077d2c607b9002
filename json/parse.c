/* From text to values: json_parse (RFC 8259).
 *
 *     document = space value space
 *     value    = object | array | string | number | "true" | "false" | "null"
 *     object   = '{' [ string ':' value { ',' string ':' value } ] '}'
 *     array    = '[' [ value { ',' value } ] ']'
 *     number   = [ '-' ] ( '0' | 1-9 { 0-9 } ) [ '.' digits ] [ e [ sign ] digits ]
 *
 * One function a rule, and recursion bounded by JSON_DEPTH_MAX. The first
 * failure is recorded with its offset, and ends all of them. A value is added
 * when it begins, so that values stand in the order of the text; what it spans
 * is known when it ends. Numbers stay text until somebody asks for one.
 *
 * An array of byte numbers, which is how a body travels, is one value: many
 * would be ten times as large as what they stand for.
 *
 * Nobody knows beforehand how many values there will be. They are gathered in
 * an array that grows, and put into the arena when all of them are there. Last,
 * the names of each object are sorted to find one that appears twice. */
#include "json/json.h"
#include "json/string.h"

#include <stdlib.h>
#include <string.h>

struct parser {
    struct slice text;
    size_t at;
    unsigned depth;
    struct json *values; /* owned */
    size_t count, capacity;
    struct arena *arena;
    struct error *error;
};

static bool parse_value(struct parser *parser);

static bool fail(struct parser *parser, const char *what) {
    return error_set_at(parser->error, ERROR_JSON, parser->at, "%s", what);
}

static bool lack_memory(struct error *error) {
    return error_set(error, ERROR_JSON, "no memory");
}

/* ---- the text ---- */

/* The byte at hand; 0, which no rule takes, at the end. */
static uint8_t peek(const struct parser *parser) {
    if (parser->at == parser->text.size)
        return 0;
    return parser->text.data[parser->at];
}

static bool take(struct parser *parser, char c) {
    if (peek(parser) != (uint8_t)c)
        return false;
    parser->at++;
    return true;
}

static void skip_space(struct parser *parser) {
    while (take(parser, ' ') || take(parser, '\n') || take(parser, '\r') ||
           take(parser, '\t')) {
    }
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static struct slice text_since(const struct parser *parser, size_t start) {
    return (struct slice){parser->text.data + start, parser->at - start};
}

/* ---- the values ---- */

/* Add the value that begins here; `index` is its place. */
static bool begin_value(struct parser *parser, size_t *index) {
    if (parser->count == JSON_VALUES_MAX)
        return error_set_at(parser->error,
                            ERROR_JSON,
                            parser->at,
                            "more than %d values",
                            JSON_VALUES_MAX);

    struct json *grown = array_reserve(parser->arena->budget,
                                       parser->values,
                                       parser->count,
                                       &parser->capacity,
                                       sizeof *grown);
    if (!grown)
        return lack_memory(parser->error);

    parser->values = grown;
    *index = parser->count++;
    grown[*index] = (struct json){0};
    return true;
}

/* Its type and text are known; what was added since is inside it. */
static void end_value(struct parser *parser, size_t index) {
    size_t span = parser->count - index;
    parser->values[index].span = (uint32_t)span;
}

/* ---- what holds no other values ---- */

static bool parse_digits(struct parser *parser) {
    if (!is_digit(peek(parser)))
        return fail(parser, "a number lacks a digit");
    while (is_digit(peek(parser)))
        parser->at++;
    return true;
}

static bool parse_number(struct parser *parser) {
    take(parser, '-');
    if (!take(parser, '0') && !parse_digits(parser))
        return false;
    if (take(parser, '.') && !parse_digits(parser))
        return false;
    if (!take(parser, 'e') && !take(parser, 'E'))
        return true;
    if (!take(parser, '+'))
        take(parser, '-');
    return parse_digits(parser);
}

static bool parse_word(struct parser *parser, const char *word) {
    for (; *word; word++) {
        if (!take(parser, *word))
            return fail(parser, "a value was expected");
    }
    return true;
}

/* What the string says: borrowed from the text, or decoded into the arena. */
static bool parse_string(struct parser *parser, struct slice *out) {
    size_t start = parser->at + 1;
    const char *wrong = string_check(parser->text, &parser->at);
    if (wrong)
        return fail(parser, wrong);

    struct slice raw = text_since(parser, start);
    raw.size--; /* the closing quote */
    *out = raw;
    if (raw.size == 0 || !memchr(raw.data, '\\', raw.size))
        return true;

    uint8_t *decoded = arena_alloc(parser->arena, raw.size, 1);
    if (!decoded)
        return lack_memory(parser->error);

    *out = (struct slice){decoded, string_decode(raw, decoded)};
    return true;
}

/* ---- arrays of byte numbers ---- */

/* A number from 0 to 255, written plainly, and the space around it. */
static bool take_byte(struct parser *parser) {
    skip_space(parser);
    unsigned value = 0;
    size_t start = parser->at;
    bool begins_with_0 = peek(parser) == '0';
    while (is_digit(peek(parser)) && parser->at - start < 3) {
        unsigned digit = peek(parser) - (unsigned)'0';
        value = value * 10 + digit;
        parser->at++;
    }

    size_t digits = parser->at - start;
    bool plain = digits == 1 || (digits > 1 && !begins_with_0);
    if (!plain || value > 255)
        return false;

    skip_space(parser);
    return true;
}

/* If byte numbers are all there is in the array at hand, count them and move
 * behind it. Else stay. */
static bool take_bytes(struct parser *parser, uint32_t *count) {
    size_t open = parser->at;
    uint32_t bytes = 0;
    bool more = take(parser, '[');
    while (more && take_byte(parser)) {
        bytes++;
        more = take(parser, ',');
    }

    bool whole = !more && take(parser, ']');
    if (whole)
        *count = bytes;
    else
        parser->at = open;
    return whole;
}

/* ---- what holds other values ---- */

/* A name is a value, whose span covers that of what it names. */
static bool parse_member(struct parser *parser) {
    size_t index;
    struct slice name;
    skip_space(parser);
    if (!begin_value(parser, &index))
        return false;
    if (peek(parser) != '"')
        return fail(parser, "a name in quotes was expected");
    if (!parse_string(parser, &name))
        return false;

    parser->values[index].type = JSON_STRING;
    parser->values[index].text = name;

    skip_space(parser);
    if (!take(parser, ':'))
        return fail(parser, "':' was expected");
    if (!parse_value(parser))
        return false;

    end_value(parser, index);
    return true;
}

/* Count the items of an object or array, and move from before its opening
 * bracket to behind its closing one. */
static bool
parse_items(struct parser *parser, enum json_type type, uint32_t *count) {
    bool object = type == JSON_OBJECT;
    char close = object ? '}' : ']';
    parser->at++;
    if (++parser->depth > JSON_DEPTH_MAX)
        return error_set_at(parser->error,
                            ERROR_JSON,
                            parser->at,
                            "nested more than %d deep",
                            JSON_DEPTH_MAX);

    skip_space(parser);
    bool more = !take(parser, close);
    while (more) {
        bool parsed = object ? parse_member(parser) : parse_value(parser);
        if (!parsed)
            return false;

        (*count)++;
        more = take(parser, ',');
        if (!more && !take(parser, close))
            return fail(parser,
                        object ? "',' or '}' was expected"
                               : "',' or ']' was expected");
    }
    parser->depth--;
    return true;
}

/* ---- any value ---- */

/* By its first byte. */
static enum json_type type_at(const struct parser *parser) {
    switch (peek(parser)) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't':
    case 'f': return JSON_BOOLEAN;
    case 'n': return JSON_NULL;
    default: return JSON_NUMBER;
    }
}

/* A scalar, or all that a container holds. */
static bool parse_content(struct parser *parser, struct json *value) {
    switch (value->type) {
    case JSON_OBJECT:
    case JSON_ARRAY: return parse_items(parser, value->type, &value->count);
    case JSON_BYTES: return true;
    case JSON_STRING: return parse_string(parser, &value->text);
    case JSON_NULL: return parse_word(parser, "null");
    case JSON_BOOLEAN:
        return parse_word(parser, peek(parser) == 't' ? "true" : "false");
    case JSON_NUMBER: break;
    }

    bool begins = peek(parser) == '-' || is_digit(peek(parser));
    if (!begins)
        return fail(parser, "a value was expected");
    return parse_number(parser);
}

/* With the space around it. */
static bool parse_value(struct parser *parser) {
    size_t index;
    skip_space(parser);
    if (!begin_value(parser, &index))
        return false;

    /* Others may be added meanwhile, and the array move. */
    size_t start = parser->at;
    struct json value = {.type = type_at(parser)};
    bool may_be_bytes =
        value.type == JSON_ARRAY && parser->depth < JSON_DEPTH_MAX;
    if (may_be_bytes && take_bytes(parser, &value.count))
        value.type = JSON_BYTES;
    if (!parse_content(parser, &value))
        return false;

    if (value.type != JSON_STRING)
        value.text = text_since(parser, start);
    parser->values[index] = value;
    end_value(parser, index);
    skip_space(parser);
    return true;
}

/* ---- names that appear twice ---- */

static int compare_names(const void *left, const void *right) {
    struct slice a = (*(const struct json *const *)left)->text;
    struct slice b = (*(const struct json *const *)right)->text;
    size_t common = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, common);
    if (order == 0)
        order = (a.size > b.size) - (a.size < b.size);
    return order;
}

/* Has the object two members of one name? Returns the name. `names` has room
 * for all of them. */
static const struct json *find_twin(const struct json *object,
                                    const struct json **names) {
    const struct json *name = object + 1;
    for (uint32_t i = 0; i < object->count; i++) {
        names[i] = name;
        name += name->span;
    }

    qsort(names, object->count, sizeof *names, compare_names);
    for (uint32_t i = 1; i < object->count; i++) {
        if (compare_names(&names[i - 1], &names[i]) == 0)
            return names[i];
    }
    return NULL;
}

/* The first object that has two of one name is told by its offset. */
static bool check_names(const struct parser *parser,
                        const struct json *values) {
    struct budget *budget = parser->arena->budget;
    const struct json **names =
        budget_alloc(budget, parser->count, sizeof *names);
    if (!names)
        return lack_memory(parser->error);

    const struct json *twin = NULL;
    for (size_t i = 0; i < parser->count && !twin; i++) {
        const struct json *object = &values[i];
        if (object->type != JSON_OBJECT)
            continue;

        twin = find_twin(object, names);
        if (twin) {
            ptrdiff_t offset = object->text.data - parser->text.data;
            error_set_at(parser->error,
                         ERROR_JSON,
                         (uint64_t)offset,
                         "the name %s appears twice in an object",
                         quoted(twin->text, 40).text);
        }
    }
    budget_free(budget, names, parser->count * sizeof *names);
    return !twin;
}

/* ---- a document ---- */

static bool parse_document(struct parser *parser) {
    if (parser->text.size > JSON_SIZE_MAX)
        return error_set(parser->error,
                         ERROR_JSON,
                         "a document of more than %d bytes",
                         JSON_SIZE_MAX);
    if (!parse_value(parser))
        return false;
    if (parser->at < parser->text.size)
        return fail(parser, "something follows the document");
    return true;
}

/* Put what was gathered into the arena; NULL if there is no room. */
static struct json *keep_values(struct parser *parser) {
    size_t size = sizeof *parser->values;
    struct json *values = arena_alloc(parser->arena, parser->count, size);
    if (values)
        memcpy(values, parser->values, parser->count * size);
    else
        lack_memory(parser->error);
    return values;
}

const struct json *
json_parse(struct slice text, struct arena *arena, struct error *error) {
    struct parser parser = {.text = text, .arena = arena, .error = error};
    struct json *values = NULL;
    if (parse_document(&parser))
        values = keep_values(&parser);
    array_free(
        arena->budget, parser.values, parser.capacity, sizeof *parser.values);
    if (!values || !check_names(&parser, values))
        return NULL;
    return values;
}
