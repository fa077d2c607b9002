/* Slices of text, ASCII, and UTF-8 (RFC 3629).
 *
 * Protocols and file formats mean ASCII where they compare letters and digits;
 * the functions of <ctype.h> mean the locale's, and are undefined for half of
 * the values of a char. UTF-8 is checked, made and taken apart here.
 *
 *     1 byte   0xxxxxxx                              up to U+007F
 *     2 bytes  110xxxxx 10xxxxxx                     up to U+07FF
 *     3 bytes  1110xxxx 10xxxxxx 10xxxxxx            up to U+FFFF, but for D800 to DFFF
 *     4 bytes  11110xxx 10xxxxxx 10xxxxxx 10xxxxxx   up to U+10FFFF */
#include "base/base.h"

#include <string.h>

struct slice slice_of(const char *text) {
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

bool slice_equal(struct slice a, struct slice b) {
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool slice_is(struct slice a, const char *text) {
    return slice_equal(a, slice_of(text));
}

static uint64_t hash_step(uint64_t hash, uint64_t word, uint64_t seed) {
    hash = (hash ^ word) * (seed | 1);
    return hash ^ hash >> 32;
}

/* Eight bytes at a time, then the rest, then the size. The seed takes part in
 * every step; folding the high half into the low one in between keeps
 * differences from cancelling out. */
uint64_t slice_hash(struct slice bytes, uint64_t seed) {
    uint64_t hash = seed, word = 0;
    size_t whole = bytes.size - bytes.size % sizeof word;

    for (size_t i = 0; i < whole; i += sizeof word) {
        memcpy(&word, bytes.data + i, sizeof word);
        hash = hash_step(hash, word, seed);
    }

    word = 0;
    if (bytes.size > whole)
        memcpy(&word, bytes.data + whole, bytes.size - whole);
    hash = hash_step(hash, word, seed);
    return hash_step(hash, bytes.size, seed);
}

char ascii_lower(char c) {
    bool upper = c >= 'A' && c <= 'Z';
    return upper ? (char)(c + ('a' - 'A')) : c;
}

bool ascii_is_digit(char c) {
    return c >= '0' && c <= '9';
}

int hex_digit(uint8_t c) {
    char lower = ascii_lower((char)c);
    if (ascii_is_digit(lower))
        return lower - '0';
    if (lower >= 'a' && lower <= 'f')
        return lower - 'a' + 10;
    return -1;
}

/* The length of the sequence that `lead` begins; 0: no lead byte. */
static size_t length_by(uint8_t lead) {
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2)
        return 0;
    if (lead < 0xE0)
        return 2;
    if (lead < 0xF0)
        return 3;
    return lead <= 0xF4 ? 4 : 0;
}

/* Narrow the range that the second byte must lie in behind some lead bytes (the
 * table of RFC 3629 section 4, which excludes surrogates and overlong
 * forms). */
static void narrow(uint8_t lead, uint8_t *low, uint8_t *high) {
    switch (lead) {
    case 0xE0: *low = 0xA0; break;
    case 0xED: *high = 0x9F; break;
    case 0xF0: *low = 0x90; break;
    case 0xF4: *high = 0x8F; break;
    default: break;
    }
}

/* The size of the well-formed sequence that the text, which is not empty,
 * begins with, or 0. */
static size_t sequence_size(struct slice text) {
    uint8_t lead = text.data[0], low = 0x80, high = 0xBF;
    size_t size = length_by(lead);
    if (size > text.size)
        return 0;

    narrow(lead, &low, &high);
    for (size_t k = 1; k < size; k++) {
        uint8_t byte = text.data[k];
        if (byte < low || byte > high)
            return 0;
        low = 0x80;
        high = 0xBF;
    }
    return size;
}

bool utf8_valid(struct slice text) {
    while (text.size) {
        size_t size = sequence_size(text);
        if (size == 0)
            return false;
        text = (struct slice){text.data + size, text.size - size};
    }
    return true;
}

size_t utf8_decode(struct slice text, uint32_t *code_point) {
    *code_point = 0;
    if (text.size == 0)
        return 0;

    size_t size = sequence_size(text);
    if (size == 0)
        return 0;

    /* The lead byte holds what is left of it behind as many ones as there are
     * bytes, and a zero. */
    uint32_t bits = text.data[0];
    if (size > 1)
        bits &= 0x7Fu >> size;
    for (size_t k = 1; k < size; k++)
        bits = bits << 6 | (text.data[k] & 0x3F);
    *code_point = bits;
    return size;
}

size_t utf8_encode(uint32_t code_point, uint8_t out[4]) {
    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }

    size_t length = 4;
    if (code_point < 0x800)
        length = 2;
    else if (code_point < 0x10000)
        length = 3;
    for (size_t k = length - 1; k > 0; k--, code_point >>= 6) {
        out[k] = (uint8_t)(0x80 | (code_point & 0x3F));
    }

    /* As many ones as there are bytes, then a zero: what 0xF00 >> length leaves
     * in the low byte. */
    out[0] = (uint8_t)(0xF00 >> length | code_point);
    return length;
}
