/* Small pieces of grammars. See net/syntax.h.
 *
 * Text from the network may hold any byte, NUL among them, at which strchr
 * would find the end of its set; and it has no NUL behind it, so nothing here
 * runs on until it meets one. */
#include "net/syntax.h"

#include <string.h>

/* Of ASCII, and in either case: schemes, hosts and the names of headers are so. */
bool text_begins(struct slice text, const char *prefix) {
    for (size_t i = 0; prefix[i]; i++) {
        if (i == text.size)
            return false;
        char c = (char)text.data[i];
        if (ascii_lower(c) != ascii_lower(prefix[i]))
            return false;
    }
    return true;
}

bool text_equal(struct slice a, const char *b) {
    return a.size == strlen(b) && text_begins(a, b);
}

/* RFC 9110 section 5.6.2: letters, digits and these. */
static bool is_token_byte(char c) {
    char lower = ascii_lower(c);
    if (lower >= 'a' && lower <= 'z')
        return true;
    if (ascii_is_digit(c))
        return true;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c);
}

bool is_token(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        if (!is_token_byte((char)text.data[i]))
            return false;
    }
    return text.size > 0;
}

/* RFC 9110 section 5.5: what is visible, blanks, and bytes from 0x80 on. A line
 * break in a value would begin a header of somebody else's making. */
bool is_field_byte(uint8_t c) {
    return c == '\t' || !ascii_is_control(c);
}

bool is_field_value(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        if (!is_field_byte(text.data[i]))
            return false;
    }
    return true;
}

struct slice slice_cut(struct slice text, size_t begin, size_t end) {
    return (struct slice){text.data + begin, end - begin};
}

/* The size of the text if no byte of the set is in it. NUL is in none. */
size_t slice_find(struct slice text, const char *set) {
    size_t i = 0;
    while (i < text.size && (text.data[i] == 0 || !strchr(set, text.data[i])))
        i++;
    return i;
}

/* Off the front, and the separator at `end` with it. */
struct slice slice_take(struct slice *text, size_t end) {
    struct slice part = slice_cut(*text, 0, end);
    if (end < text->size)
        end++;
    *text = slice_cut(*text, end, text->size);
    return part;
}

/* What RFC 9110 calls optional white space. */
static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice text) {
    size_t begin = 0, end = text.size;
    while (begin < end && is_blank(text.data[begin]))
        begin++;
    while (end > begin && is_blank(text.data[end - 1]))
        end--;
    return slice_cut(text, begin, end);
}

/* Digits alone, without a sign. The result never exceeds `max`, and so cannot
 * overflow. */
bool parse_number(struct slice digits, uint64_t max, uint64_t *value) {
    uint64_t result = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (!ascii_is_digit((char)digits.data[i]))
            return false;
        uint64_t digit = (uint64_t)(digits.data[i] - '0');
        if (digit > max || result > (max - digit) / 10)
            return false; /* 10 * result + digit > max */
        result = result * 10 + digit;
    }
    *value = result;
    return digits.size > 0;
}
