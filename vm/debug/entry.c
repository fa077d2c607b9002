/* Reading one entry, by its abbreviation, and what its values mean (DWARF 5,
 * sections 7.5.3 to 7.5.6).
 *
 *     .debug_abbrev      01 11 01  25 0E  03 0E  00 00      abbreviation 1: tag 0x11 (a unit), with
 *                                                           children; attribute 0x25 in form 0x0E,
 *                                                           attribute 0x03 in form 0x0E; no more
 *                        02 2E 00  11 01  12 06  00 00      abbreviation 2: ...
 *                        00                                 the end of the table
 *     .debug_info        01  00000000 1B000000              an entry: two offsets in .debug_str
 *
 * All numbers in abbreviations are LEB128. Each unit names its table; a
 * compiler makes one table a source file, or one for all.
 *
 * An entry of one byte may have thousands of attributes that take none, and one
 * of a megabyte may be what a thousand others refer to. That is why steps are
 * counted, one for an attribute and more for a long one, and why there is an
 * end to them. */
#include "vm/debug/dwarf.h"

#include <string.h>

/* ---- forms ---- */

/* How a value is written: its size, up to 8 bytes, or one of these. */
enum {
    AS_16 = 16,
    AS_ADDRESS,
    AS_OFFSET,
    AS_REFERENCE,
    AS_ULEB,
    AS_SLEB,
    AS_TEXT,
    AS_IMPLICIT,
    AS_INDIRECT,
    AS_BLOCK,
    AS_BLOCK_1,
    AS_BLOCK_2,
    AS_BLOCK_4,
    AS_UNKNOWN
};

/* form, code, how it is written (7.5.6); behind those of DWARF 5, some of
 * GNU's. */
#define FORMS(X)                                                               \
    X(ADDR, 0x01, AS_ADDRESS)                                                  \
    X(BLOCK2, 0x03, AS_BLOCK_2)                                                \
    X(BLOCK4, 0x04, AS_BLOCK_4)                                                \
    X(DATA2, 0x05, 2)                                                          \
    X(DATA4, 0x06, 4)                                                          \
    X(DATA8, 0x07, 8)                                                          \
    X(STRING, 0x08, AS_TEXT)                                                   \
    X(BLOCK, 0x09, AS_BLOCK)                                                   \
    X(BLOCK1, 0x0A, AS_BLOCK_1)                                                \
    X(DATA1, 0x0B, 1)                                                          \
    X(FLAG, 0x0C, 1)                                                           \
    X(SDATA, 0x0D, AS_SLEB)                                                    \
    X(STRP, 0x0E, AS_OFFSET)                                                   \
    X(UDATA, 0x0F, AS_ULEB)                                                    \
    X(REF_ADDR, 0x10, AS_REFERENCE)                                            \
    X(REF1, 0x11, 1)                                                           \
    X(REF2, 0x12, 2)                                                           \
    X(REF4, 0x13, 4)                                                           \
    X(REF8, 0x14, 8)                                                           \
    X(REF_UDATA, 0x15, AS_ULEB)                                                \
    X(INDIRECT, 0x16, AS_INDIRECT)                                             \
    X(SEC_OFFSET, 0x17, AS_OFFSET)                                             \
    X(EXPRLOC, 0x18, AS_BLOCK)                                                 \
    X(FLAG_PRESENT, 0x19, 0)                                                   \
    X(STRX, 0x1A, AS_ULEB)                                                     \
    X(ADDRX, 0x1B, AS_ULEB)                                                    \
    X(REF_SUP4, 0x1C, 4)                                                       \
    X(STRP_SUP, 0x1D, AS_OFFSET)                                               \
    X(DATA16, 0x1E, AS_16)                                                     \
    X(LINE_STRP, 0x1F, AS_OFFSET)                                              \
    X(REF_SIG8, 0x20, 8)                                                       \
    X(IMPLICIT_CONST, 0x21, AS_IMPLICIT)                                       \
    X(LOCLISTX, 0x22, AS_ULEB)                                                 \
    X(RNGLISTX, 0x23, AS_ULEB)                                                 \
    X(REF_SUP8, 0x24, 8)                                                       \
    X(STRX1, 0x25, 1)                                                          \
    X(STRX2, 0x26, 2)                                                          \
    X(STRX3, 0x27, 3)                                                          \
    X(STRX4, 0x28, 4)                                                          \
    X(ADDRX1, 0x29, 1)                                                         \
    X(ADDRX2, 0x2A, 2)                                                         \
    X(ADDRX3, 0x2B, 3)                                                         \
    X(ADDRX4, 0x2C, 4)                                                         \
    X(GNU_ADDR_INDEX, 0x1F01, AS_ULEB)                                         \
    X(GNU_STR_INDEX, 0x1F02, AS_ULEB)                                          \
    X(GNU_REF_ALT, 0x1F20, AS_OFFSET)                                          \
    X(GNU_STRP_ALT, 0x1F21, AS_OFFSET)

enum form {
#define X(form, code, how) FORM_##form = code,
    FORMS(X)
#undef X
};

static int form_how(uint64_t form) {
    switch (form) {
#define X(form, code, how)                                                     \
    case code: return how;
        FORMS(X)
#undef X
    }
    return AS_UNKNOWN;
}

/* A block is only passed over. */
static uint64_t skip(struct cursor *at, uint64_t size) {
    cursor_bytes(at, size);
    return 0;
}

static uint64_t read_number(const struct unit *unit,
                            struct cursor *at,
                            int how,
                            uint64_t implicit) {
    uint64_t position = at->position;
    switch (how) {
    case AS_16: return skip(at, 16);
    case AS_ADDRESS: return cursor_fixed(at, unit->address_size);
    case AS_OFFSET: return cursor_fixed(at, unit->offset_size);
    case AS_REFERENCE: /* DWARF 2 had it otherwise */
        return cursor_fixed(
            at, unit->version == 2 ? unit->address_size : unit->offset_size);
    case AS_ULEB: return cursor_uleb(at);
    case AS_SLEB: return (uint64_t)cursor_sleb(at);
    case AS_TEXT: cursor_text(at); return position;
    case AS_IMPLICIT: return implicit;
    case AS_BLOCK: return skip(at, cursor_uleb(at));
    case AS_BLOCK_1: return skip(at, cursor_fixed(at, 1));
    case AS_BLOCK_2: return skip(at, cursor_fixed(at, 2));
    case AS_BLOCK_4: return skip(at, cursor_fixed(at, 4));
    case AS_INDIRECT:
    case AS_UNKNOWN: cursor_fail(at); return 0;
    default: return cursor_fixed(at, (size_t)how);
    }
}

/* An indirect form is followed by the true one, which must be another. */
struct value value_decode(const struct unit *unit,
                          struct cursor *at,
                          uint64_t form,
                          uint64_t implicit) {
    int how = form_how(form);
    if (how == AS_INDIRECT) {
        form = cursor_uleb(at);
        how = form == FORM_IMPLICIT_CONST ? AS_UNKNOWN : form_how(form);
    }
    uint64_t number = read_number(unit, at, how, implicit);
    return (struct value){(uint16_t)form, number};
}

/* ---- abbreviations ---- */

/* The attributes of a declaration; false behind the last. */
static bool next_attribute(struct cursor *declaration,
                           uint64_t *name,
                           uint64_t *form,
                           uint64_t *implicit) {
    *name = cursor_uleb(declaration);
    *form = cursor_uleb(declaration);
    *implicit =
        *form == FORM_IMPLICIT_CONST ? (uint64_t)cursor_sleb(declaration) : 0;
    return *name || *form;
}

/* Note where each abbreviation of the table is declared. A code is bounded by
 * the section's bytes, which no table in use exceeds: codes count from 1.
 * Entries of other tables go by their number. */
static bool load_table(struct debug *debug, uint64_t offset) {
    if (debug->table_offset == offset)
        return true;
    debug->table_offset = UINT64_MAX;
    debug->table++;
    struct cursor at = cursor_at(debug->sections[SECTION_ABBREV], offset);
    for (uint64_t code; (code = cursor_uleb(&at)) != 0;) {
        if (code >= debug->sections[SECTION_ABBREV].size || !work(debug, 1))
            return false;
        debug->abbreviations[code] =
            (struct abbreviation){debug->table, (uint32_t)at.position};
        cursor_uleb(&at);
        cursor_u8(&at);
        uint64_t name, form, implicit;
        while (next_attribute(&at, &name, &form, &implicit)) {
            if (!work(debug, 1))
                return false;
        }
    }
    if (!work(debug, 1) || at.failed)
        return false;
    debug->table_offset = offset;
    return true;
}

static struct cursor find_declaration(const struct debug *debug,
                                      uint64_t code) {
    struct slice section = debug->sections[SECTION_ABBREV];
    bool known =
        code < section.size && debug->abbreviations[code].table == debug->table;
    return cursor_at(
        section, known ? debug->abbreviations[code].declaration : UINT64_MAX);
}

/* ---- entries ---- */

static int attribute_number(uint64_t code) {
    switch (code) {
#define X(attribute, code)                                                     \
    case code: return ATTRIBUTE_##attribute;
        ATTRIBUTES(X)
#undef X
    }
    return ATTRIBUTE_COUNT;
}

/* Read an attribute's value. False if it is damaged, or too much work. */
static bool attribute_read(struct debug *debug,
                           const struct unit *unit,
                           struct cursor *at,
                           uint64_t form,
                           uint64_t implicit,
                           struct value *value) {
    size_t start = at->position;
    *value = value_decode(unit, at, form, implicit);
    return work(debug, 1 + (at->position - start) / BYTES_A_STEP) &&
           !at->failed;
}

bool entry_read(struct debug *debug,
                const struct unit *unit,
                struct cursor *at,
                struct entry *entry) {
    memset(entry, 0, sizeof *entry);
    entry->offset = (uint32_t)at->position;
    uint64_t code = cursor_uleb(at);
    if (!work(debug, 1) || at->failed)
        return false;
    if (code == 0)
        return true;
    if (!load_table(debug, unit->abbreviations))
        return false;
    struct cursor declaration = find_declaration(debug, code);
    entry->tag = cursor_uleb(&declaration);
    entry->children = cursor_u8(&declaration);
    uint64_t name, form, implicit;
    while (next_attribute(&declaration, &name, &form, &implicit)) {
        struct value value;
        int number = attribute_number(name);
        if (!attribute_read(debug, unit, at, form, implicit, &value))
            return false;
        if (number < ATTRIBUTE_COUNT)
            entry->values[number] = value;
    }
    return !declaration.failed && entry->tag != TAG_NONE;
}

/* ---- values ---- */

bool value_number(struct value value, uint64_t *number) {
    switch (value.form) {
    case FORM_DATA1:
    case FORM_DATA2:
    case FORM_DATA4:
    case FORM_DATA8:
    case FORM_SDATA:
    case FORM_UDATA:
    case FORM_IMPLICIT_CONST:
    case FORM_SEC_OFFSET: *number = value.number; return true;
    default: return false;
    }
}

/* Number `index` of a table of numbers that begins at `base`. */
static bool table_number(struct slice section,
                         uint64_t base,
                         uint64_t index,
                         size_t size,
                         uint64_t *number) {
    if (index > section.size / size || base > section.size)
        return false;
    struct cursor at = cursor_at(section, base + index * size);
    *number = cursor_fixed(&at, size);
    return !at.failed;
}

/* An address by its number. */
bool address_at(const struct debug *debug,
                const struct unit *unit,
                uint64_t index,
                uint64_t *address) {
    return table_number(debug->sections[SECTION_ADDR],
                        unit->addresses,
                        index,
                        unit->address_size,
                        address);
}

bool value_address(const struct debug *debug,
                   const struct unit *unit,
                   struct value value,
                   uint64_t *address) {
    switch (value.form) {
    case FORM_ADDR: *address = value.number; return true;
    case FORM_ADDRX:
    case FORM_ADDRX1:
    case FORM_ADDRX2:
    case FORM_ADDRX3:
    case FORM_ADDRX4: return address_at(debug, unit, value.number, address);
    default: return false;
    }
}

/* An index counts from the unit's part of the section, and so do the offsets
 * found there. */
bool value_range_list(const struct debug *debug,
                      const struct unit *unit,
                      struct value value,
                      uint64_t *offset) {
    if (value.form != FORM_RNGLISTX)
        return value_number(value, offset);
    bool found = table_number(debug->sections[SECTION_RNGLISTS],
                              unit->range_lists,
                              value.number,
                              unit->offset_size,
                              offset);
    *offset += unit->range_lists;
    return found;
}

bool value_reference(const struct unit *unit,
                     struct value value,
                     uint64_t *offset) {
    switch (value.form) {
    case FORM_REF_ADDR: *offset = value.number; return true;
    case FORM_REF1:
    case FORM_REF2:
    case FORM_REF4:
    case FORM_REF8:
    case FORM_REF_UDATA:
        *offset = unit->offset + value.number;
        return value.number < unit->end - unit->offset;
    default: return false;
    }
}

/* What is longer is no name that would help anybody. Looking for its end is
 * work, too. */
static struct slice
text_at(struct debug *debug, enum section section, uint64_t offset) {
    enum { LONGEST = 4096 };
    struct cursor at = cursor_at(debug->sections[section], offset);
    if (at.end - at.position > LONGEST)
        at.end = at.position + LONGEST;
    size_t start = at.position;
    struct slice text = cursor_text(&at);
    return work(debug, (at.position - start) / BYTES_A_STEP)
               ? text
               : (struct slice){NULL, 0};
}

struct slice
value_string(struct debug *debug, const struct unit *unit, struct value value) {
    uint64_t offset = 0;
    switch (value.form) {
    case FORM_STRING: return text_at(debug, unit->section, value.number);
    case FORM_STRP: return text_at(debug, SECTION_STR, value.number);
    case FORM_LINE_STRP: return text_at(debug, SECTION_LINE_STR, value.number);
    case FORM_STRX:
    case FORM_STRX1:
    case FORM_STRX2:
    case FORM_STRX3:
    case FORM_STRX4:
        if (!table_number(debug->sections[SECTION_STR_OFFSETS],
                          unit->str_offsets,
                          value.number,
                          unit->offset_size,
                          &offset)) {
            return (struct slice){NULL, 0};
        }
        return text_at(debug, SECTION_STR, offset);
    default: return (struct slice){NULL, 0};
    }
}
