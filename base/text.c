/* Slices of text, ASCII, and UTF-8 (RFC 3629).
 *
 * Protocols and file formats mean ASCII where they compare letters and digits; the functions of
 * <ctype.h> mean the locale's, and are undefined for half of the values of a char. UTF-8 is checked
 * and made here; nobody needs to take it apart.
 *
 *     1 byte   0xxxxxxx                              up to U+007F
 *     2 bytes  110xxxxx 10xxxxxx                     up to U+07FF
 *     3 bytes  1110xxxx 10xxxxxx 10xxxxxx            up to U+FFFF, but for D800 to DFFF
 *     4 bytes  11110xxx 10xxxxxx 10xxxxxx 10xxxxxx   up to U+10FFFF
 */
#include "base/base.h"

#include <string.h>

struct slice slice_of(const char *text) {
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

bool slice_equal(struct slice a, struct slice b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_is(struct slice a, const char *text) {
    return slice_equal(a, slice_of(text));
}

static uint64_t hash_step(uint64_t hash, uint64_t word, uint64_t seed) {
    hash = (hash ^ word) * (seed | 1);
    return hash ^ hash >> 32;
}

/* Eight bytes at a time, then the rest, then the size. The seed takes part in every step; folding
 * the high half into the low one in between keeps differences from cancelling out. */
uint64_t slice_hash(struct slice bytes, uint64_t seed) {
    uint64_t hash = seed, word = 0;
    size_t whole = bytes.size - bytes.size % sizeof word;

    for (size_t i = 0; i < whole; i += sizeof word) {
        memcpy(&word, bytes.data + i, sizeof word);
        hash = hash_step(hash, word, seed);
    }
    word = 0;
    if (bytes.size > whole) memcpy(&word, bytes.data + whole, bytes.size - whole);
    hash = hash_step(hash, word, seed);
    return hash_step(hash, bytes.size, seed);
}

char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ascii_is_digit(char c) {
    return c >= '0' && c <= '9';
}

int hex_digit(uint8_t c) {
    char lower = ascii_lower((char)c);
    if (ascii_is_digit(lower)) return lower - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The length of the sequence that `lead` begins, and the range its second byte must lie in (the
 * table of RFC 3629 section 4, which excludes surrogates and overlong forms); 0: no lead byte. */
static size_t sequence(uint8_t lead, uint8_t *low, uint8_t *high) {
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

bool utf8_valid(struct slice text) {
    for (size_t i = 0; i < text.size;) {
        uint8_t low, high;
        size_t length = sequence(text.data[i], &low, &high);
        if (length == 0 || length > text.size - i) return false;
        for (size_t k = 1; k < length; k++) {
            if (text.data[i + k] < low || text.data[i + k] > high) return false;
            low = 0x80;
            high = 0xBF;
        }
        i += length;
    }
    return true;
}

void slice_print(struct slice text, FILE *out) {
    const bool utf8 = utf8_valid(text);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        /* U+0080 to U+009F are control characters, too: C2 80 to C2 9F */
        bool c1 = utf8 && c == 0xC2 && text.data[i + 1] < 0xA0;
        bool shown = c < 0x80 ? !ascii_is_control(c) : utf8 && !c1;
        fputc(shown ? c : '?', out);
        i += c1;
    }
}

size_t utf8_encode(uint32_t code_point, uint8_t out[4]) {
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t k = length - 1; k > 0; k--, code_point >>= 6) {
        out[k] = (uint8_t)(0x80 | (code_point & 0x3F));
    }
    /* As many ones as there are bytes, then a zero: what 0xF00 >> length leaves in the low byte. */
    out[0] = (uint8_t)(0xF00 >> length | code_point);
    return length;
}
