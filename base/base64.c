/* Base64 (RFC 4648 section 4): the standard alphabet, padded, without line
 * breaks.
 *
 * Three bytes make four characters of six bits. Decoding is strict: a length
 * that is no multiple of four, a character outside the alphabet, padding
 * anywhere but at the end and padding bits that are not zero (section 3.5) are
 * refused, so every sequence of bytes has exactly one text. */
#include "base/base.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(struct slice bytes, char *out) {
    char *start = out;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        size_t count = left < 3 ? left : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) {
            uint8_t byte = k < count ? bytes.data[i + k] : 0;
            group = group << 8 | byte;
        }
        for (size_t k = 0; k < 4; k++) {
            uint32_t bits = group >> (18 - 6 * k) & 63;
            *out++ = k <= count ? alphabet[bits] : '=';
        }
    }
    return (size_t)(out - start);
}

/* The six bits a character stands for, or 64. */
static uint32_t six_bits(uint8_t c) {
    if (c >= 'A' && c <= 'Z')
        return c - (uint32_t)'A';
    if (c >= 'a' && c <= 'z')
        return c - (uint32_t)'a' + 26;
    if (c >= '0' && c <= '9')
        return c - (uint32_t)'0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : 64;
}

bool base64_decode(struct slice text, uint8_t *out, size_t *size) {
    *size = 0;
    if (text.size % 4 != 0)
        return false;

    for (size_t i = 0; i < text.size; i += 4) {
        const uint8_t *four = text.data + i;
        bool padded = i + 4 == text.size && four[3] == '=';
        size_t count = 3; /* of the bytes in this group */
        if (padded)
            count = four[2] == '=' ? 1 : 2;

        uint32_t group = 0;
        for (size_t k = 0; k < 4; k++) {
            uint32_t bits = k <= count ? six_bits(four[k]) : 0;
            if (bits == 64)
                return false;
            group = group << 6 | bits;
        }

        uint32_t unused = (UINT32_C(1) << (24 - 8 * count)) - 1;
        if ((group & unused) != 0)
            return false;
        for (size_t k = 0; k < count; k++)
            out[(*size)++] = (uint8_t)(group >> (16 - 8 * k));
    }
    return true;
}
