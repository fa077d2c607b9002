/* Values in the spec suite's JSON: {"type":"i32","value":"7"}.
 *
 * Integers are unsigned decimals; floats are their bit pattern in the same form, or a class of
 * NaNs. A reference is "null", or a number of the host's choice (externref only), or has no value
 * at all where any reference but null will do. Number n becomes n + 1 here, since 0 is our null.
 */
#include "tests/spec/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const enum vm_type types[] = {VM_I32, VM_I64, VM_F32, VM_F64, VM_FUNCREF, VM_EXTERNREF};

static bool type_read(const struct json *json, enum vm_type *type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!slice_is(json_string(json, "type"), vm_type_name(types[i]))) continue;
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
    if (text.size == 0 || text.size >= sizeof digits) return false;
    memcpy(digits, text.data, text.size);
    digits[text.size] = 0;
    char *end;
    *number = strtoull(digits, &end, 10);
    return !*end;
}

bool value_read(const struct json *json, struct vm_value *value) {
    struct slice text = json_string(json, "value");
    *value = (struct vm_value){0};
    if (!type_read(json, &value->type)) return false;
    bool null = is_reference(value->type) && slice_is(text, "null");
    uint64_t number = 0;
    if (!null && !number_read(text, &number)) return false;
    if (is_reference(value->type))
        value->of.ref = null ? 0 : number + 1;
    else if (is_wide(value->type))
        value->of.i64 = number;
    else
        value->of.i32 = (uint32_t)number;
    return true;
}

/* Canonical: of the payload only the top bit. Arithmetic: the top bit, and others as may be. The
 * sign never matters. */
static bool nan_matches(bool canonical, const struct vm_value *value) {
    if (value->type == VM_F32) {
        uint32_t quiet = UINT32_C(0x7FC00000);
        return (value->of.i32 & (canonical ? UINT32_C(0x7FFFFFFF) : quiet)) == quiet;
    }
    uint64_t quiet = UINT64_C(0x7FF8000000000000);
    return (value->of.i64 & (canonical ? UINT64_C(0x7FFFFFFFFFFFFFFF) : quiet)) == quiet;
}

bool value_matches(const struct json *expected, const struct vm_value *value) {
    enum vm_type type;
    if (!type_read(expected, &type) || type != value->type) return false;
    struct slice text = json_string(expected, "value");
    if (is_reference(type) && !text.data) return value->of.ref != 0;
    bool canonical = slice_is(text, "nan:canonical");
    if (canonical || slice_is(text, "nan:arithmetic"))
        return (type == VM_F32 || type == VM_F64) && nan_matches(canonical, value);
    struct vm_value wanted;
    if (!value_read(expected, &wanted)) return false;
    if (is_reference(type)) return value->of.ref == wanted.of.ref;
    return is_wide(type) ? value->of.i64 == wanted.of.i64 : value->of.i32 == wanted.of.i32;
}

const char *value_text(const struct vm_value *value) {
    static char text[48];
    const char *type = vm_type_name(value->type);
    if (is_reference(value->type) && value->of.ref == 0)
        snprintf(text, sizeof text, "%s:null", type);
    else if (is_reference(value->type))
        snprintf(text, sizeof text, "%s:%" PRIu64, type, value->of.ref - 1);
    else if (is_wide(value->type))
        snprintf(text, sizeof text, "%s:%" PRIu64, type, value->of.i64);
    else
        snprintf(text, sizeof text, "%s:%" PRIu32, type, value->of.i32);
    return text;
}
