/* Reading bytes, LEB128 integers and names. See reader.h for the rules. */
#include "vm/reader.h"

#include "vm/limits.h"

#include <stdarg.h>

struct reader reader_init(struct slice module, struct error *error) {
    return (struct reader){.bytes = module.data, .end = module.size, .error = error};
}

struct reader reader_part(struct reader *reader, size_t size, const char *what) {
    struct reader part = *reader;
    if (size > reader->end - reader->position) {
        reader_fail(reader, ERROR_MALFORMED, "length out of bounds: %s of %zu bytes, %zu are left",
                    what, size, reader->end - reader->position);
        return *reader;
    }
    part.end = reader->position + size;
    reader->position += size;
    return part;
}

bool reader_fail(struct reader *reader, enum error_kind kind, const char *format, ...) {
    char text[sizeof reader->error->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set_at(reader->error, kind, reader->position, "%s", text);
    reader->failed = true;
    reader->position = reader->end;
    return false;
}

uint8_t reader_unexpected_end(struct reader *reader) {
    reader_fail(reader, ERROR_MALFORMED, "unexpected end of section or function");
    return 0;
}

/* An integer of `width` bits in LEB128: at most ceil(width / 7) bytes, whose unused bits repeat
 * the sign (or are zero). */
static uint64_t leb128(struct reader *reader, unsigned width, bool is_signed) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = reader_u8(reader);
        value |= (uint64_t)(byte & 0x7F) << shift;
        unsigned left = width - shift; /* bits of the value this byte may still hold */
        bool last = left <= 7;
        if (last && (byte & 0x80)) {
            reader_fail(reader, ERROR_MALFORMED, "integer representation too long");
            return 0;
        }
        if (last && left < 7) {
            uint8_t unused = (uint8_t)(byte >> (is_signed ? left - 1 : left));
            uint8_t ones = (uint8_t)(0x7F >> (left - 1));
            if (unused != 0 && !(is_signed && unused == ones)) {
                reader_fail(reader, ERROR_MALFORMED, "integer too large");
                return 0;
            }
        }
        if (byte & 0x80) continue;
        if (is_signed && (byte & 0x40) && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
        return value;
    }
}

uint32_t reader_u32_long(struct reader *reader) {
    return (uint32_t)leb128(reader, 32, false);
}

uint64_t reader_u64_long(struct reader *reader) {
    return leb128(reader, 64, false);
}

int32_t reader_s32_long(struct reader *reader) {
    return (int32_t)leb128(reader, 32, true);
}

int64_t reader_s33(struct reader *reader) {
    return (int64_t)leb128(reader, 33, true);
}

int64_t reader_s64(struct reader *reader) {
    return (int64_t)leb128(reader, 64, true);
}

struct slice reader_bytes(struct reader *reader, size_t size) {
    if (size > reader->end - reader->position) {
        reader_fail(reader, ERROR_MALFORMED,
                    "unexpected end of section or function: %zu bytes wanted, %zu are left", size,
                    reader->end - reader->position);
        return (struct slice){reader->bytes, 0};
    }
    struct slice result = {reader->bytes + reader->position, size};
    reader->position += size;
    return result;
}

uint64_t reader_fixed(struct reader *reader, size_t size) {
    struct slice bytes = reader_bytes(reader, size);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++) value |= (uint64_t)bytes.data[i] << (8 * i);
    return value;
}

struct slice reader_name(struct reader *reader) {
    uint32_t size = reader_u32(reader);
    if (size > LIMIT_NAME && size <= reader->end - reader->position) {
        reader_fail(reader, ERROR_INVALID, "limit: a name of %u bytes, at most %d are accepted",
                    size, LIMIT_NAME);
    }
    struct slice name = reader_bytes(reader, reader_ok(reader) ? size : 0);
    if (!utf8_valid(name)) reader_fail(reader, ERROR_MALFORMED, "malformed UTF-8 encoding");
    return name;
}

uint32_t reader_count(struct reader *reader, uint32_t limit, const char *what) {
    uint32_t count = reader_u32(reader);
    if (count > reader->end - reader->position) {
        reader_fail(reader, ERROR_MALFORMED,
                    "unexpected end of section or function: %u %s in %zu bytes", count, what,
                    reader->end - reader->position);
        return 0;
    }
    if (count > limit) {
        reader_fail(reader, ERROR_INVALID, "limit: %u %s, at most %u are accepted", count, what,
                    limit);
        return 0;
    }
    return count;
}
