/* Small pieces of grammars. See net/syntax.h.
 *
 * Text from the network may hold any byte, NUL among them, at which strchr
 * would find the end of its set; and it has no NUL behind it, so nothing here
 * runs on until it meets one. */
#include "net/syntax.h"

#include <string.h>

bool text_begins(struct slice text, const char *prefix) {
    for (size_t i = 0; prefix[i]; i++) {
        if (i == text.size ||
            ascii_lower((char)text.data[i]) != ascii_lower(prefix[i]))
            return false;
    }
    return true;
}

bool text_equal(struct slice a, const char *b) {
    return a.size == strlen(b) && text_begins(a, b);
}

bool is_token(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower((char)text.data[i]);
        bool alphanumeric = (c >= 'a' && c <= 'z') || ascii_is_digit(c);
        if (!alphanumeric && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return text.size > 0;
}

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

size_t slice_find(struct slice text, const char *set) {
    size_t i = 0;
    while (i < text.size && (text.data[i] == 0 || !strchr(set, text.data[i])))
        i++;
    return i;
}

struct slice slice_trim(struct slice text) {
    size_t begin = 0, end = text.size;
    while (begin < end && (text.data[begin] == ' ' || text.data[begin] == '\t'))
        begin++;
    while (end > begin &&
           (text.data[end - 1] == ' ' || text.data[end - 1] == '\t'))
        end--;
    return slice_cut(text, begin, end);
}

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
