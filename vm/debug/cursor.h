/* The one bounded cursor through which all debugging information is read (DWARF
 * 5, section 7: data representation).
 *
 *     fixed      1 to 8 bytes, the lowest first
 *     LEB128     seven bits a byte, as in the module itself (see vm/reader.c), but padded to up to
 *                16 bytes, as its writer liked: what does not fit in 64 bits is dropped
 *     offset     in another section: 4 bytes, or 8 in the format of 64 bits
 *     text       bytes up to a NUL
 *
 * Failure is sticky: the cursor moves to the end, and every further read yields
 * zero. There is no error to report, since debugging information is a hint. */
#ifndef HOSTEL_VM_DEBUG_CURSOR_H
#define HOSTEL_VM_DEBUG_CURSOR_H

#include "base/base.h"

struct cursor {
    const uint8_t *bytes; /* the section: positions count from here */
    size_t position, end;
    bool failed;
};

/* Failed if the section does not reach so far. */
struct cursor cursor_at(struct slice section, uint64_t offset);

static inline bool cursor_more(const struct cursor *cursor) {
    return cursor->position < cursor->end;
}

static inline void cursor_fail(struct cursor *cursor) {
    cursor->failed = true;
    cursor->position = cursor->end;
}

static inline uint8_t cursor_u8(struct cursor *cursor) {
    if (cursor_more(cursor))
        return cursor->bytes[cursor->position++];
    cursor_fail(cursor);
    return 0;
}

uint64_t cursor_fixed(struct cursor *cursor, size_t size);

uint64_t cursor_uleb_long(struct cursor *cursor);
int64_t cursor_sleb(struct cursor *cursor);

/* Nearly all numbers have one byte. */
static inline uint64_t cursor_uleb(struct cursor *cursor) {
    if (cursor_more(cursor) && cursor->bytes[cursor->position] < 0x80) {
        return cursor->bytes[cursor->position++];
    }
    return cursor_uleb_long(cursor);
}

struct slice cursor_bytes(struct cursor *cursor, uint64_t size);
/* Without its NUL, which must be there. */
struct slice cursor_text(struct cursor *cursor);

/* A cursor for the next `size` bytes, which has failed if they are not there;
 * the original stands behind them. */
struct cursor cursor_part(struct cursor *cursor, uint64_t size);

/* The same where the size comes first, with which begins whatever has a header
 * (7.4): in 4 bytes, or as 0xFFFFFFFF and 8 bytes, and then all offsets in what
 * follows have 8 bytes, too. */
struct cursor cursor_sized_part(struct cursor *cursor, uint8_t *offset_size);

#endif
