/* Reading bytes, LEB128 integers and names (spec 5.2). See reader.h for the
 * rules.
 *
 * LEB128 writes an integer with seven bits a byte, the lowest first; the high
 * bit of a byte says that another follows. So 300, which is 10 0101100 in
 * binary, is
 *
 *     AC 02      1|0101100  0|0000010      44 + (2 << 7)
 *
 * In a signed integer the highest of the last seven bits is the sign, and fills
 * all bits above:
 *
 *     D4 7D      1|1010100  0|1111101      84 + (-3 << 7) = -300
 *     C0 00      1|1000000  0|0000000      64; the byte 40 alone is -64
 *
 * There may be more bytes than are needed (AC 82 00 is 300 too: linkers leave
 * room so), but not more than the type could ever need, which is five for 32
 * bits. In the fifth, four bits are the value's and the other three must be
 * zero, or copies of the sign. As an unsigned integer of 32 bits
 *
 *     FF FF FF FF 0F       is the largest
 *     FF FF FF FF 1F       is "integer too large"
 *     80 80 80 80 80 00    is "integer representation too long" */
#include "vm/reader.h"

#include "vm/limits.h"

struct reader reader_init(struct slice module, struct error *error) {
    return (struct reader){
        .bytes = module.data, .end = module.size, .error = error};
}

/* The part fails alone, so who goes on with the whole asks the part first. Here
 * and below `end - position` cannot wrap: no function moves the position behind
 * the end. */
struct reader
reader_part(struct reader *reader, size_t size, const char *what) {
    struct reader part = *reader;
    if (size > reader->end - reader->position) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "length out of bounds: %s of %zu bytes, %zu are left",
                    what,
                    size,
                    reader->end - reader->position);
        return *reader;
    }
    part.end = reader->position + size;
    reader->position += size;
    return part;
}

/* The error keeps its first text, so that a failure which is the consequence of
 * another, such as reading zeros at the end, goes unsaid. */
bool reader_fail(struct reader *reader,
                 enum error_kind kind,
                 const char *format,
                 ...) {
    va_list arguments;
    va_start(arguments, format);
    error_set_list(reader->error, kind, reader->position, format, arguments);
    va_end(arguments);
    return reader_stop(reader);
}

bool reader_stop(struct reader *reader) {
    reader->failed = true;
    reader->position = reader->end;
    return false;
}

uint8_t reader_unexpected_end(struct reader *reader) {
    reader_fail(
        reader, ERROR_MALFORMED, "unexpected end of section or function");
    return 0;
}

/* An integer of `width` bits in LEB128: at most ceil(width / 7) bytes, whose
 * unused bits repeat the sign (or are zero). Of a negative integer all 64 bits
 * are given. The loop ends, since a reader that has failed gives zeros. */
static uint64_t leb128(struct reader *reader, unsigned width, bool is_signed) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = reader_u8(reader);
        value |= (uint64_t)(byte & 0x7F) << shift;
        /* Bits of the value this byte may still hold. */
        unsigned left = width - shift;
        bool last = left <= 7;
        if (last && (byte & 0x80)) {
            reader_fail(
                reader, ERROR_MALFORMED, "integer representation too long");
            return 0;
        }
        if (last && left < 7) {
            /* Of a signed integer the highest bit left is the sign itself. */
            uint8_t unused = (uint8_t)(byte >> (is_signed ? left - 1 : left));
            uint8_t ones = (uint8_t)(0x7F >> (left - 1));
            if (unused != 0 && !(is_signed && unused == ones)) {
                reader_fail(reader, ERROR_MALFORMED, "integer too large");
                return 0;
            }
        }
        if (byte & 0x80)
            continue;
        /* The tenth byte of 64 bits leaves nothing to fill: C has no shift by
         * 64 and more. */
        if (is_signed && (byte & 0x40) && shift + 7 < 64)
            value |= UINT64_MAX << (shift + 7);
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

/* A block type: an index of 32 bits, or a negative number for a type (spec
 * 5.4.1). */
int64_t reader_s33(struct reader *reader) {
    return (int64_t)leb128(reader, 33, true);
}

int64_t reader_s64(struct reader *reader) {
    return (int64_t)leb128(reader, 64, true);
}

struct slice reader_bytes(struct reader *reader, size_t size) {
    if (size > reader->end - reader->position) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "unexpected end of section or function: %zu bytes wanted, "
                    "%zu are left",
                    size,
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
    for (size_t i = 0; i < bytes.size; i++)
        value |= (uint64_t)bytes.data[i] << (8 * i);
    return value;
}

struct slice reader_name(struct reader *reader) {
    uint32_t size = reader_u32(reader);
    /* A name that is longer than what is left is malformed, not over a limit of
     * ours. */
    if (size > LIMIT_NAME && size <= reader->end - reader->position) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "limit: a name of %u bytes, at most %d are accepted",
                    size,
                    LIMIT_NAME);
    }
    struct slice name = reader_bytes(reader, reader_ok(reader) ? size : 0);
    if (!utf8_valid(name))
        reader_fail(reader, ERROR_MALFORMED, "malformed UTF-8 encoding");
    return name;
}

uint32_t reader_count(struct reader *reader, uint32_t limit, const char *what) {
    uint32_t count = reader_u32(reader);
    if (count > reader->end - reader->position) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "unexpected end of section or function: %u %s in %zu bytes",
                    count,
                    what,
                    reader->end - reader->position);
        return 0;
    }
    if (count > limit) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "limit: %u %s, at most %u are accepted",
                    count,
                    what,
                    limit);
        return 0;
    }
    return count;
}
