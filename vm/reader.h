/* The one bounded cursor through which all module bytes are read (spec 5.2).
 *
 * Failure is sticky: the first error is recorded with its offset, the cursor
 * moves to the end and every further read yields zero. Decoding code therefore
 * checks `reader_ok` only before it allocates, loops or believes what it
 * read. */
#ifndef HOSTEL_VM_READER_H
#define HOSTEL_VM_READER_H

#include "base/base.h"

struct reader {
    /* The whole module, borrowed: offsets count from here. */
    const uint8_t *bytes;
    size_t position, end;
    size_t paid; /* the bytes before it were paid for as work: meter.h */
    struct error *error;
    bool failed;
};

struct reader reader_init(struct slice module, struct error *error);

/* A reader for the next `size` bytes; the original stands behind them. */
struct reader reader_part(struct reader *reader, size_t size, const char *what);

static inline bool reader_ok(const struct reader *reader) {
    return !reader->failed;
}

static inline bool reader_at_end(const struct reader *reader) {
    return reader->position >= reader->end;
}

bool reader_fail(struct reader *reader,
                 enum error_kind kind,
                 const char *format,
                 ...) PRINTF_LIKE(3, 4); /* returns false */

/* Fails without a text: the error has been set. Returns false. */
bool reader_stop(struct reader *reader);

uint8_t reader_unexpected_end(struct reader *reader); /* fails; 0 */

static inline uint8_t reader_u8(struct reader *reader) {
    if (reader_at_end(reader))
        return reader_unexpected_end(reader);
    return reader->bytes[reader->position++];
}

/* LEB128, as those down to reader_s64. Nearly all numbers have one byte: it
 * stands at the position, and its high bit is 0. */
static inline bool reader_at_short(const struct reader *reader) {
    if (reader_at_end(reader))
        return false;
    return reader->bytes[reader->position] < 0x80;
}

uint32_t reader_u32_long(struct reader *reader);

static inline uint32_t reader_u32(struct reader *reader) {
    if (!reader_at_short(reader))
        return reader_u32_long(reader);
    return reader->bytes[reader->position++];
}

uint64_t reader_u64_long(struct reader *reader);

static inline uint64_t reader_u64(struct reader *reader) {
    if (!reader_at_short(reader))
        return reader_u64_long(reader);
    return reader->bytes[reader->position++];
}

int32_t reader_s32_long(struct reader *reader);

static inline int32_t reader_s32(struct reader *reader) {
    if (!reader_at_short(reader))
        return reader_s32_long(reader);
    uint8_t byte = reader->bytes[reader->position++];
    return byte < 0x40 ? byte : byte - 0x80;
}

int64_t reader_s33(struct reader *reader);
int64_t reader_s64(struct reader *reader);
/* Little-endian, at most 8 bytes. */
uint64_t reader_fixed(struct reader *reader, size_t size);
struct slice reader_bytes(struct reader *reader, size_t size);
struct slice reader_name(struct reader *reader); /* a counted UTF-8 string */

/* The number of entries of a vector: at most `limit`, and at most what the
 * bytes that are left can hold when an entry takes one byte. `what` names the
 * entries in the error. */
uint32_t reader_count(struct reader *reader, uint32_t limit, const char *what);

#endif
