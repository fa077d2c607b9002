/* The strings of JSON (RFC 8259 section 7): checking one where it stands, and
 * decoding it.
 *
 *     string = '"' { UTF-8 but no control byte, quote or backslash | escape } '"'
 *     escape = '\' ( '"' | '\' | '/' | b | f | n | r | t | u 4 hex digits )
 *
 * \u gives a unit of UTF-16: what lies beyond U+FFFF takes two of them, a high
 * surrogate and a low one, and a surrogate alone is no character and refused. A
 * decoded string is never longer than its source, and may hold NUL (\u0000). */
#include "json/string.h"

#include <string.h>

static bool high_surrogate(uint32_t unit) {
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool low_surrogate(uint32_t unit) {
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Read `uXXXX` at text.data[at] into `unit`. */
static bool read_unit(struct slice text, size_t at, uint32_t *unit) {
    if (text.size - at < 5 || text.data[at] != 'u')
        return false;
    *unit = 0;
    for (size_t k = 1; k <= 4; k++) {
        int digit = hex_digit(text.data[at + k]);
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* Move from behind a backslash to behind its escape. */
static const char *check_escape(struct slice text, size_t *at) {
    if (*at < text.size && text.data[*at] &&
        strchr("\"\\/bfnrt", text.data[*at])) {
        (*at)++;
        return NULL;
    }

    uint32_t unit, low;
    if (!read_unit(text, *at, &unit))
        return "an escape that JSON does not have";
    if (low_surrogate(unit))
        return "a low surrogate alone";
    if (high_surrogate(unit)) {
        if (text.size - *at < 6 || text.data[*at + 5] != '\\' ||
            !read_unit(text, *at + 6, &low) || !low_surrogate(low)) {
            return "a high surrogate alone";
        }
        *at += 6;
    }

    *at += 5;
    return NULL;
}

/* Moves from the opening quote to behind the closing one; returns what is wrong, or
 * NULL. */
const char *string_check(struct slice text, size_t *at) {
    const size_t start = ++*at;
    while (*at < text.size && text.data[*at] != '"') {
        uint8_t c = text.data[(*at)++];
        if (c < 0x20)
            return "a control byte in a string";
        if (c != '\\')
            continue;
        const char *wrong = check_escape(text, at);
        if (wrong)
            return wrong;
    }

    if (*at == text.size)
        return "a string that does not end";
    if (!utf8_valid((struct slice){text.data + start, *at - start})) {
        return "a string that is not UTF-8";
    }

    (*at)++;
    return NULL;
}

/* Decode the escape behind the backslash at raw.data[*at - 1]. */
static size_t decode_escape(struct slice raw, size_t *at, uint8_t *out) {
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    uint32_t unit = 0, low = 0;
    if (!read_unit(raw, *at, &unit)) {
        const char *letter = strchr(letters, raw.data[*at]);
        *out = letter ? (uint8_t)meanings[letter - letters] : raw.data[*at];
        (*at)++;
        return 1;
    }

    *at += 5;
    if (high_surrogate(unit) && read_unit(raw, *at + 1, &low)) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        *at += 6;
    }
    return utf8_encode(unit, out);
}

/* The text has been checked: no escape is cut off, and no surrogate alone. */
size_t string_decode(struct slice raw, uint8_t *out) {
    size_t size = 0;
    for (size_t at = 0; at < raw.size;) {
        uint8_t c = raw.data[at++];
        if (c == '\\')
            size += decode_escape(raw, &at, out + size);
        else
            out[size++] = c;
    }
    return size;
}
