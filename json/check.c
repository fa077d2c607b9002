/* The strict check: is this text one JSON document (RFC 8259)?
 *
 *     document = space value space
 *     value    = object | array | string | number | "true" | "false" | "null"
 *     object   = '{' [ string ':' value { ',' string ':' value } ] '}'
 *     array    = '[' [ value { ',' value } ] ']'
 *     number   = [ '-' ] ( '0' | 1-9 { 0-9 } ) [ '.' digits ] [ e [ sign ] digits ]
 *
 * jsmn, which makes the tokens afterwards, takes much that is no JSON and is
 * quick only on text that is; so it is given nothing but what passed here. One
 * function a rule, and recursion bounded by JSON_DEPTH_MAX. The first failure
 * is recorded with its offset.
 *
 * An array of byte numbers, which is how a body travels, is read as a unit and
 * noted in the shape, for jsmn to pass over: a token is ten times as large as
 * what it would stand for. */
#include "json/json_text.h"

struct reader {
    struct slice text;
    size_t at;
    unsigned depth;
    struct json_shape *shape;
    struct error *error;
};

static bool check_value(struct reader *reader);

static bool fail(struct reader *reader, const char *what) {
    return error_set_at(reader->error, ERROR_JSON, reader->at, "%s", what);
}

/* The byte at hand; 0, which no rule takes, at the end. */
static uint8_t peek(const struct reader *reader) {
    return reader->at < reader->text.size ? reader->text.data[reader->at] : 0;
}

static bool take(struct reader *reader, char c) {
    if (peek(reader) != (uint8_t)c)
        return false;
    reader->at++;
    return true;
}

static void skip_space(struct reader *reader) {
    while (take(reader, ' ') || take(reader, '\n') || take(reader, '\r') ||
           take(reader, '\t')) {
    }
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool check_digits(struct reader *reader) {
    if (!is_digit(peek(reader)))
        return fail(reader, "a number lacks a digit");
    while (is_digit(peek(reader)))
        reader->at++;
    return true;
}

static bool check_number(struct reader *reader) {
    take(reader, '-');
    if (!take(reader, '0') && !check_digits(reader))
        return false;
    if (take(reader, '.') && !check_digits(reader))
        return false;
    if (!take(reader, 'e') && !take(reader, 'E'))
        return true;
    if (!take(reader, '+'))
        take(reader, '-');
    return check_digits(reader);
}

static bool check_word(struct reader *reader, const char *word) {
    for (; *word; word++) {
        if (!take(reader, *word))
            return fail(reader, "a value was expected");
    }
    return true;
}

static bool check_string(struct reader *reader) {
    if (peek(reader) != '"')
        return fail(reader, "a name in quotes was expected");
    const char *wrong = string_check(reader->text, &reader->at);
    return wrong ? fail(reader, wrong) : true;
}

static bool count_value(struct reader *reader) {
    if (++reader->shape->values <= JSON_VALUES_MAX)
        return true;
    return error_set_at(reader->error, ERROR_JSON, reader->at,
                        "more than %d values", JSON_VALUES_MAX);
}

static bool check_member(struct reader *reader) {
    skip_space(reader);
    if (!count_value(reader) || !check_string(reader))
        return false;
    skip_space(reader);
    if (!take(reader, ':'))
        return fail(reader, "':' was expected");
    return check_value(reader);
}

/* The items of an object or array, from behind its opening bracket to behind
 * its closing one. */
static bool check_items(struct reader *reader, bool (*item)(struct reader *),
                        char close) {
    if (++reader->depth > JSON_DEPTH_MAX) {
        return error_set_at(reader->error, ERROR_JSON, reader->at,
                            "nested more than %d deep", JSON_DEPTH_MAX);
    }
    skip_space(reader);
    bool more = !take(reader, close);
    while (more) {
        if (!item(reader))
            return false;
        if (!(more = take(reader, ',')) && !take(reader, close)) {
            return fail(reader, close == '}' ? "',' or '}' was expected"
                                             : "',' or ']' was expected");
        }
    }
    reader->depth--;
    return true;
}

/* A number from 0 to 255, written plainly, and the space around it. */
static bool take_byte(struct reader *reader) {
    skip_space(reader);
    uint32_t value = 0;
    size_t start = reader->at;
    while (is_digit(peek(reader)) && reader->at - start < 3) {
        value = value * 10 + (uint32_t)(reader->text.data[reader->at++] - '0');
    }
    size_t digits = reader->at - start;
    if (digits == 0 || value > 255 ||
        (digits > 1 && reader->text.data[start] == '0'))
        return false;
    skip_space(reader);
    return true;
}

/* From behind an opening bracket: if byte numbers are all there is in the
 * array, note it and move behind it. Else stay. */
static bool take_byte_array(struct reader *reader) {
    struct byte_array array = {.open = reader->at - 1};
    bool plain;
    do {
        plain = take_byte(reader);
        array.count += plain;
    } while (plain && take(reader, ','));
    array.close = reader->at;
    if (plain && take(reader, ']') &&
        buffer_append(&reader->shape->arrays, &array, sizeof array)) {
        return true;
    }
    reader->at = array.open + 1;
    return false;
}

static bool check_value(struct reader *reader) {
    skip_space(reader);
    bool ok;
    if (!count_value(reader))
        return false;
    switch (peek(reader)) {
    case '"': ok = check_string(reader); break;
    case '{':
        ok = take(reader, '{') && check_items(reader, check_member, '}');
        break;
    case '[':
        take(reader, '[');
        ok = take_byte_array(reader) || check_items(reader, check_value, ']');
        break;
    case 't': ok = check_word(reader, "true"); break;
    case 'f': ok = check_word(reader, "false"); break;
    case 'n': ok = check_word(reader, "null"); break;
    default:
        if (peek(reader) != '-' && !is_digit(peek(reader))) {
            return fail(reader, "a value was expected");
        }
        ok = check_number(reader);
    }
    skip_space(reader);
    return ok;
}

bool check_document(struct slice text, struct json_shape *shape,
                    struct error *error) {
    struct reader reader = {.text = text, .shape = shape, .error = error};
    shape->values = 0;
    if (!check_value(&reader))
        return false;
    return reader.at == text.size ||
           fail(&reader, "something follows the document");
}
