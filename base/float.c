/* Floating-point numbers as text: the shortest that reads back as the same
 * number.
 *
 *     80  -0  0.1  1e+21  1e-7        laid out as JavaScript does: plain from 1e-6 up to 1e21
 *     inf  -inf
 *     nan  -nan  nan:0x200001         WebAssembly's way: a NaN has a sign and a payload
 *
 * The digits are the C library's, which rounds correctly: those of the smallest
 * precision that reads back the same. A decimal number of 15 digits (6 for f32)
 * survives the way to a normal number and back, so that fewer digits are 15
 * with zeros at the end, and only 16 and 17 remain to be tried. Denormal
 * numbers hold less: there all precisions are. */
#include "base/base.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Before the point; behind it, before other digits. */
enum { PLAIN_DIGITS = 21, PLAIN_ZEROS = 5 };

/* 0.[digits] * 10^point */
struct decimal {
    char digits[24];
    int count, point;
};

/* "1.25e+02" becomes the digits 125 and the point 3. */
static struct decimal decimal_of(const char *text) {
    struct decimal decimal = {.count = 0};
    for (; *text != 'e'; text++) {
        if (*text != '.')
            decimal.digits[decimal.count++] = *text;
    }
    decimal.point = 1 + atoi(text + 1);
    while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0')
        decimal.count--;
    return decimal;
}

static struct decimal shortest(double magnitude, bool single) {
    double least = single ? (double)FLT_MIN : DBL_MIN;
    int safe = single ? FLT_DIG : DBL_DIG;
    char text[40];
    int digits = magnitude < least ? 1 : safe;
    for (; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, magnitude);
        double back = single ? (double)strtof(text, NULL) : strtod(text, NULL);
        if (back == magnitude)
            break;
    }
    return decimal_of(text);
}

static void lay_out(const struct decimal *decimal, char *out, size_t size) {
    const char *digits = decimal->digits;
    int count = decimal->count, point = decimal->point;
    static const char zeros[] = "00000000000000000000";
    if (point > PLAIN_DIGITS || point < -PLAIN_ZEROS) {
        snprintf(out,
                 size,
                 "%c%s%.*se%+d",
                 digits[0],
                 count > 1 ? "." : "",
                 count - 1,
                 digits + 1,
                 point - 1);
    } else if (point <= 0) {
        snprintf(out, size, "0.%.*s%.*s", -point, zeros, count, digits);
    } else if (count <= point) {
        snprintf(out, size, "%.*s%.*s", count, digits, point - count, zeros);
    } else {
        snprintf(out,
                 size,
                 "%.*s.%.*s",
                 point,
                 digits,
                 count - point,
                 digits + point);
    }
}

/* What both types share: sign and payload of the number are given, and its
 * magnitude. */
struct parts {
    bool negative, single;
    uint64_t payload, canonical;
    double magnitude;
};

static void format(struct parts parts, char out[FLOAT_TEXT_SIZE]) {
    size_t size = FLOAT_TEXT_SIZE;
    if (parts.negative) {
        *out++ = '-';
        size--;
    }

    if (isnan(parts.magnitude) && parts.payload == parts.canonical) {
        snprintf(out, size, "nan");
    } else if (isnan(parts.magnitude)) {
        snprintf(out, size, "nan:0x%llx", (unsigned long long)parts.payload);
    } else if (isinf(parts.magnitude)) {
        snprintf(out, size, "inf");
    } else {
        struct decimal decimal = shortest(parts.magnitude, parts.single);
        lay_out(&decimal, out, size);
    }
}

void f32_format(uint32_t bits, char out[FLOAT_TEXT_SIZE]) {
    uint32_t unsigned_bits = bits & 0x7FFFFFFF;
    float magnitude;
    memcpy(&magnitude, &unsigned_bits, sizeof magnitude);
    format((struct parts){.negative = bits >> 31,
                          .single = true,
                          .payload = bits & 0x7FFFFF,
                          .canonical = 0x400000,
                          .magnitude = (double)magnitude},
           out);
}

void f64_format(uint64_t bits, char out[FLOAT_TEXT_SIZE]) {
    uint64_t unsigned_bits = bits & INT64_MAX;
    double magnitude;
    memcpy(&magnitude, &unsigned_bits, sizeof magnitude);
    format((struct parts){.negative = bits >> 63,
                          .payload = bits & 0xFFFFFFFFFFFFF,
                          .canonical = 0x8000000000000,
                          .magnitude = magnitude},
           out);
}
