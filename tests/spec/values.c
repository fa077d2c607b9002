/* Values in the spec suite's JSON: {"type":"i32","value":"7"}.
 *
 * Integers are unsigned decimals; floats are their bit pattern in the same
 * form, or a class of NaNs. A vector is
 * {"type":"v128","lane_type":"i16","value":["1",...]}, its lanes like those,
 * the lowest first. A reference is "null", or a number of the host's choice
 * (externref only), or has no value at all where any reference but null will
 * do. Number n becomes n + 1 here, since 0 is our null. */
#include "tests/spec/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const enum vm_type types[] = {
    VM_I32, VM_I64, VM_F32, VM_F64, VM_V128, VM_FUNCREF, VM_EXTERNREF};

static bool type_read(const struct json *json, enum vm_type *type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!slice_is(json_string(json, "type"), vm_type_name(types[i])))
            continue;
        *type = types[i];
        return true;
    }
    return false;
}

static bool is_wide(enum vm_type type) {
    return type == VM_I64 || type == VM_F64;
}

static bool is_reference(enum vm_type type) {
    return type == VM_FUNCREF || type == VM_EXTERNREF;
}

static bool number_read(struct slice text, uint64_t *number) {
    char digits[24];
    if (text.size == 0 || text.size >= sizeof digits)
        return false;
    memcpy(digits, text.data, text.size);
    digits[text.size] = 0;
    char *end;
    *number = strtoull(digits, &end, 10);
    return !*end;
}

/* ---- vectors ---- */

/* The width in bits of the vector's lanes, or 0. */
static unsigned lane_width(const struct json *json) {
    struct slice type = json_string(json, "lane_type");
    if (slice_is(type, "i8"))
        return 8;
    if (slice_is(type, "i16"))
        return 16;
    if (slice_is(type, "i32") || slice_is(type, "f32"))
        return 32;
    return slice_is(type, "i64") || slice_is(type, "f64") ? 64 : 0;
}

static bool vector_read(const struct json *json, struct vm_value *value) {
    unsigned width = lane_width(json), at = 0;
    if (!width)
        return false;
    for (struct json_each each = json_each(json_find(json, "value"));
         json_next(&each);) {
        uint64_t lane;
        if (at == 128 || !number_read(each.value->text, &lane))
            return false;
        value->of.v128[at / 64] |= lane << at % 64;
        at += width;
    }
    return at == 128;
}

bool value_read(const struct json *json, struct vm_value *value) {
    struct slice text = json_string(json, "value");
    *value = (struct vm_value){0};
    if (!type_read(json, &value->type))
        return false;
    if (value->type == VM_V128)
        return vector_read(json, value);
    bool null = is_reference(value->type) && slice_is(text, "null");
    uint64_t number = 0;
    if (!null && !number_read(text, &number))
        return false;
    if (is_reference(value->type))
        value->of.ref = null ? 0 : number + 1;
    else if (is_wide(value->type))
        value->of.i64 = number;
    else
        value->of.i32 = (uint32_t)number;
    return true;
}

/* ---- comparing ---- */

/* Does a number, of 64 or fewer bits, match the text: a number or a class of
 * NaNs?
 *
 * Canonical: of the payload only the top bit. Arithmetic: the top bit, and
 * others as may be. The sign never matters. */
static bool number_matches(struct slice text, uint64_t number, unsigned width) {
    bool canonical = slice_is(text, "nan:canonical");
    if (canonical || slice_is(text, "nan:arithmetic")) {
        uint64_t quiet =
            width == 32 ? UINT64_C(0x7FC00000) : UINT64_C(0x7FF8000000000000);
        uint64_t no_sign = (UINT64_C(1) << (width - 1)) - 1;
        return (number & (canonical ? no_sign : quiet)) == quiet;
    }
    uint64_t wanted;
    return number_read(text, &wanted) && wanted == number;
}

static bool vector_matches(const struct json *expected,
                           const struct vm_value *value) {
    unsigned width = lane_width(expected), at = 0;
    if (!width)
        return false;
    uint64_t mask = UINT64_MAX >> (64 - width);
    for (struct json_each each = json_each(json_find(expected, "value"));
         json_next(&each);) {
        if (at == 128)
            return false;
        uint64_t lane = value->of.v128[at / 64] >> at % 64 & mask;
        if (!number_matches(each.value->text, lane, width))
            return false;
        at += width;
    }
    return at == 128;
}

bool value_matches(const struct json *expected, const struct vm_value *value) {
    enum vm_type type;
    if (!type_read(expected, &type) || type != value->type)
        return false;
    struct slice text = json_string(expected, "value");
    if (type == VM_V128)
        return vector_matches(expected, value);
    if (is_wide(type))
        return number_matches(text, value->of.i64, 64);
    if (!is_reference(type))
        return number_matches(text, value->of.i32, 32);
    if (!text.data)
        return value->of.ref != 0;
    struct vm_value wanted;
    return value_read(expected, &wanted) && value->of.ref == wanted.of.ref;
}

const char *value_text(const struct vm_value *value) {
    static char text[64];
    const char *type = vm_type_name(value->type);
    if (is_reference(value->type) && value->of.ref == 0)
        snprintf(text, sizeof text, "%s:null", type);
    else if (is_reference(value->type))
        snprintf(text, sizeof text, "%s:%" PRIu64, type, value->of.ref - 1);
    else if (value->type == VM_V128)
        snprintf(text,
                 sizeof text,
                 "%s:0x%016" PRIx64 "%016" PRIx64,
                 type,
                 value->of.v128[1],
                 value->of.v128[0]);
    else if (is_wide(value->type))
        snprintf(text, sizeof text, "%s:%" PRIu64, type, value->of.i64);
    else
        snprintf(text, sizeof text, "%s:%" PRIu32, type, value->of.i32);
    return text;
}
