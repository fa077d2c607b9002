/* Reading numbers and texts; cursor.h says which and how. */
#include "vm/debug/cursor.h"

#include <string.h>

struct cursor cursor_at(struct slice section, uint64_t offset) {
    struct cursor cursor = {.bytes = section.data, .end = section.size};
    if (offset > section.size) {
        cursor_fail(&cursor);
    } else {
        cursor.position = (size_t)offset;
    }
    return cursor;
}

struct slice cursor_bytes(struct cursor *cursor, uint64_t size) {
    if (size > cursor->end - cursor->position) {
        cursor_fail(cursor);
        size = 0;
    }
    struct slice result = {cursor->bytes + cursor->position, (size_t)size};
    cursor->position += (size_t)size;
    return result;
}

uint64_t cursor_fixed(struct cursor *cursor, size_t size) {
    struct slice bytes = cursor_bytes(cursor, size);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++)
        value |= (uint64_t)bytes.data[i] << (8 * i);
    return value;
}

/* No writer pads a number to more bytes than that. A longer one is damage, so
 * that to read one is a step, however large the module. */
enum { LONGEST_LEB128 = 16 };

/* `bits` is how many were read. */
static uint64_t leb128(struct cursor *cursor, unsigned *bits, bool *sign) {
    uint64_t value = 0;
    uint8_t byte = 0x80;
    *bits = 0;
    for (int i = 0; byte & 0x80 && i < LONGEST_LEB128; i++) {
        byte = cursor_u8(cursor);
        if (*bits < 64) {
            value |= (uint64_t)(byte & 0x7F) << *bits;
            *bits += 7;
        }
    }
    if (byte & 0x80)
        cursor_fail(cursor);
    *sign = byte & 0x40;
    return value;
}

uint64_t cursor_uleb_long(struct cursor *cursor) {
    unsigned bits;
    bool sign;
    return leb128(cursor, &bits, &sign);
}

int64_t cursor_sleb(struct cursor *cursor) {
    unsigned bits;
    bool sign;
    uint64_t value = leb128(cursor, &bits, &sign);
    if (sign && bits < 64)
        value |= UINT64_MAX << bits;
    return (int64_t)value;
}

struct slice cursor_text(struct cursor *cursor) {
    size_t left = cursor->end - cursor->position;
    const uint8_t *from = cursor->bytes + cursor->position;
    const uint8_t *nul = left ? memchr(from, 0, left) : NULL;
    if (!nul) {
        cursor_fail(cursor);
        return (struct slice){NULL, 0};
    }
    struct slice text = {from, (size_t)(nul - from)};
    cursor->position += text.size + 1;
    return text;
}

struct cursor cursor_part(struct cursor *cursor, uint64_t size) {
    struct cursor part = *cursor;
    if (size > cursor->end - cursor->position) {
        cursor_fail(&part);
        cursor_fail(cursor);
        return part;
    }
    part.end = cursor->position + (size_t)size;
    cursor->position = part.end;
    return part;
}

struct cursor cursor_sized_part(struct cursor *cursor, uint8_t *offset_size) {
    const uint32_t is_64_bit = 0xFFFFFFFF, reserved = 0xFFFFFFF0;
    uint64_t size = cursor_fixed(cursor, 4);
    *offset_size = size == is_64_bit ? 8 : 4;
    if (size == is_64_bit) {
        size = cursor_fixed(cursor, 8);
    } else if (size >= reserved) {
        cursor_fail(cursor);
    }
    struct cursor part = cursor_part(cursor, size);
    part.failed = cursor->failed;
    return part;
}
