/* Typed values as text.
 *
 *     i32, i64    [+-]digits or [+-]0xdigits, within the type's signed or unsigned range
 *     f32, f64    what strtof and strtod take: 1.5, -2e9, 0x1.8p3, inf; no overflow
 *                 nan, -nan, nan:0xdigits: a payload that is not 0
 *     v128        0xdigits, at most 32 of them
 *     funcref     null
 *     externref   null or a number above 0 the guest cannot look into */
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An integer of `bits` bits in two's complement. */
static bool integer_read(const char *text, unsigned bits, uint64_t *value) {
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    /* strtoull alone would also take blanks, further signs and a bare 0x. */
    if (!isxdigit((unsigned char)text[hex ? 2 : 0]))
        return false;

    char *end;
    errno = 0;
    uint64_t magnitude = strtoull(text, &end, hex ? 16 : 10);
    uint64_t limit =
        negative ? UINT64_C(1) << (bits - 1) : UINT64_MAX >> (64 - bits);
    if (end == text || *end || errno == ERANGE || magnitude > limit)
        return false;

    *value = negative ? 0 - magnitude : magnitude;
    return true;
}

/* nan, the canonical one, or nan:0x and its payload; a sign before it. False if
 * it is neither. */
static bool nan_read(const char *text, struct vm_value *value) {
    const bool single = value->type == VM_F32;
    const unsigned payload_bits = single ? 23 : 52;
    const uint64_t negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (strncasecmp(text, "nan", 3) != 0)
        return false;

    uint64_t payload = UINT64_C(1) << (payload_bits - 1);
    if (text[3]) {
        bool given = strncmp(text + 3, ":0x", 3) == 0 &&
                     integer_read(text + 4, payload_bits, &payload) &&
                     payload != 0;
        if (!given)
            return false;
    }

    if (single)
        value->of.i32 = (uint32_t)(negative << 31 | 0x7F800000 | payload);
    else
        value->of.i64 = negative << 63 | UINT64_C(0x7FF) << 52 | payload;
    return true;
}

static bool float_read(const char *text, struct vm_value *value) {
    if (nan_read(text, value))
        return true;
    if (*text == '\0' || isspace((unsigned char)*text))
        return false;

    char *end;
    errno = 0;
    double read = 0;
    if (value->type == VM_F32)
        read = value->of.f32 = strtof(text, &end);
    else
        read = value->of.f64 = strtod(text, &end);
    return end != text && *end == '\0' && !isnan(read) &&
           !(errno == ERANGE && isinf(read));
}

/* A vector has no sign and no lanes here: 128 bits, the low half first. */
static bool vector_read(const char *text, uint64_t halves[2]) {
    if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
        return false;
    const char *digits = text + 2, *digit = digits;
    halves[0] = halves[1] = 0;
    for (; isxdigit((unsigned char)*digit); digit++) {
        char one[2] = {*digit, '\0'};
        halves[1] = halves[1] << 4 | halves[0] >> 60;
        halves[0] = halves[0] << 4 | strtoul(one, NULL, 16);
    }
    return digit > digits && digit - digits <= 32 && *digit == '\0';
}

static bool value_read(const char *text, struct vm_value *value) {
    uint64_t bits;
    switch (value->type) {
    case VM_I32:
        if (!integer_read(text, 32, &bits))
            return false;
        value->of.i32 = (uint32_t)bits;
        return true;
    case VM_I64: return integer_read(text, 64, &value->of.i64);
    case VM_F32:
    case VM_F64: return float_read(text, value);
    case VM_V128: return vector_read(text, value->of.v128);
    case VM_EXNREF:
    case VM_FUNCREF: return strcmp(text, "null") == 0;
    case VM_EXTERNREF:
        return strcmp(text, "null") == 0 ||
               (integer_read(text, 64, &value->of.ref) && value->of.ref != 0);
    }
    return false;
}

bool values_read(const struct values_source *source,
                 struct vm_value *values,
                 struct error *error) {
    const struct func_type *type = source->type;
    struct shown function = shown_text(source->function, 80);
    for (uint32_t i = 0; i < type->param_count; i++) {
        values[i] = (struct vm_value){.type = type->types[i]};
        const char *name = vm_type_name(values[i].type);
        if (i >= source->count) {
            return error_set(
                error,
                ERROR_USAGE,
                "--invoke %s: parameter %u (%s) has no value; it takes %u",
                function.text,
                i + 1,
                name,
                type->param_count);
        }
        if (!value_read(source->texts[i], &values[i])) {
            return error_set(error,
                             ERROR_USAGE,
                             "--invoke %s: parameter %u (%s) cannot be '%s'",
                             function.text,
                             i + 1,
                             name,
                             shown_text(source->texts[i], 120).text);
        }
    }
    if (source->count == type->param_count)
        return true;
    return error_set(error,
                     ERROR_USAGE,
                     "--invoke %s: takes %u values, not %zu",
                     function.text,
                     type->param_count,
                     source->count);
}

void value_print(const struct vm_value *value, FILE *out) {
    char text[FLOAT_TEXT_SIZE];
    switch (value->type) {
    case VM_I32: fprintf(out, "%" PRId32 "\n", (int32_t)value->of.i32); break;
    case VM_I64: fprintf(out, "%" PRId64 "\n", (int64_t)value->of.i64); break;
    case VM_F32:
        f32_format(value->of.i32, text);
        fprintf(out, "%s\n", text);
        break;
    case VM_F64:
        f64_format(value->of.i64, text);
        fprintf(out, "%s\n", text);
        break;
    case VM_V128:
        fprintf(out,
                "0x%016" PRIx64 "%016" PRIx64 "\n",
                value->of.v128[1],
                value->of.v128[0]);
        break;
    case VM_EXNREF: fputs(value->of.ref ? "exnref\n" : "null\n", out); break;
    case VM_FUNCREF: fputs(value->of.ref ? "funcref\n" : "null\n", out); break;
    case VM_EXTERNREF:
        if (value->of.ref)
            fprintf(out, "%" PRIu64 "\n", value->of.ref);
        else
            fputs("null\n", out);
        break;
    }
}
