/* Writing debugging information (DWARF 5, section 7), and a module of a few
 * functions that has it.
 *
 *     struct program p = program_new();
 *     uint32_t code = abbreviate(&p, TAG_SUBPROGRAM, false, (int[]){NAME, STRING, ..., 0});
 *     unit_begin(&p, 4, 4);                          version 4, offsets of 4 bytes
 *     entry(&p, code), text(&p.info, "run"), ...;    its values, as the forms want them
 *     unit_end(&p);
 *     struct buffer module = program_module(&p); */
#ifndef HOSTEL_TESTS_UNIT_DEBUG_MODULE_H
#define HOSTEL_TESTS_UNIT_DEBUG_MODULE_H

#include "tests/unit/vm_module.h"

#include "vm/debug/debug.h"

/* Each function is "unreachable": its size, no locals, two bytes. Addresses
 * count from the byte that says how many there are. The first is exported as
 * "run". */
#define FUNCTION_COUNT 6
#define CODE_OF(i)     (2 + 4 * (i))

enum { /* tags */
       TAG_BLOCK = 0x0B,
       TAG_UNIT = 0x11,
       TAG_INLINED = 0x1D,
       TAG_SUBPROGRAM = 0x2E,
       TAG_NAMESPACE = 0x39,
};

enum { /* attributes */
       NAME = 0x03,
       STMT_LIST = 0x10,
       LOW_PC = 0x11,
       HIGH_PC = 0x12,
       ABSTRACT_ORIGIN = 0x31,
       EXPR = 0x40,
       SPECIFICATION = 0x47,
       RANGES = 0x55,
       CALL_FILE = 0x58,
       CALL_LINE = 0x59,
       LINKAGE_NAME = 0x6E,
       STR_OFFSETS_BASE = 0x72,
       ADDR_BASE = 0x73,
       RNGLISTS_BASE = 0x74,
};

enum { /* forms */
       ADDR = 0x01,
       DATA4 = 0x06,
       STRING = 0x08,
       DATA1 = 0x0B,
       STRP = 0x0E,
       UDATA = 0x0F,
       REF_ADDR = 0x10,
       REF4 = 0x13,
       SEC_OFFSET = 0x17,
       EXPRLOC = 0x18,
       FLAG_PRESENT = 0x19,
       ADDRX = 0x1B,
       LINE_STRP = 0x1F,
       IMPLICIT = 0x21, /* the value follows */
       RNGLISTX = 0x23,
       STRX1 = 0x25,
};

enum { /* entries of a range list */
       RANGE_STARTX_LENGTH = 3,
       RANGE_OFFSET_PAIR = 4,
       RANGE_BASE = 5,
       RANGE_START_LENGTH = 7,
};

struct program {
    struct buffer abbrev, info, str, line_str, str_offsets, addr, ranges,
        rnglists, line;
    uint32_t abbreviations;        /* made so far: their codes count from 1 */
    uint32_t unit;                 /* the abbreviation of a unit's entry */
    uint32_t start;                /* of the unit that is being written */
    int offset_size, address_size; /* its own */
};

#define PROGRAM_SECTIONS(p)                                                    \
    {                                                                          \
        &(p)->abbrev, &(p)->info, &(p)->str, &(p)->line_str,                   \
            &(p)->str_offsets, &(p)->addr, &(p)->ranges, &(p)->rnglists,       \
            &(p)->line                                                         \
    }

static const char *const program_section_names[] = {".debug_abbrev",
                                                    ".debug_info",
                                                    ".debug_str",
                                                    ".debug_line_str",
                                                    ".debug_str_offsets",
                                                    ".debug_addr",
                                                    ".debug_ranges",
                                                    ".debug_rnglists",
                                                    ".debug_line"};

/* ---- numbers and texts ---- */

static inline void fixed(struct buffer *buffer, uint64_t number, int size) {
    for (int i = 0; i < size; i++)
        put_byte(buffer, (int)(number >> (8 * i) & 0xFF));
}

static inline void u8(struct buffer *buffer, uint64_t number) {
    fixed(buffer, number, 1);
}

static inline void u32(struct buffer *buffer, uint64_t number) {
    fixed(buffer, number, 4);
}

static inline void u64(struct buffer *buffer, uint64_t number) {
    fixed(buffer, number, 8);
}

static inline void text(struct buffer *buffer, const char *string) {
    put(buffer, string, strlen(string) + 1);
}

/* In .debug_info, an offset of another section. */
static inline void offset(struct program *p, uint64_t number) {
    fixed(&p->info, number, p->offset_size);
}

static inline void strp(struct program *p, const char *string) {
    offset(p, p->str.size);
    text(&p->str, string);
}

/* ---- abbreviations, entries, units ---- */

/* The attributes are names and forms, ended by 0. Returns its code. */
static inline uint32_t
abbreviate(struct program *p, int tag, bool children, const int *attributes) {
    if (p->abbrev.size > 0)
        p->abbrev.size--; /* the table's end moves */
    put_number(&p->abbrev, ++p->abbreviations);
    put_number(&p->abbrev, (uint64_t)tag);
    put_byte(&p->abbrev, children);
    for (; *attributes; attributes += 2) {
        put_number(&p->abbrev, (uint64_t)attributes[0]);
        put_number(&p->abbrev, (uint64_t)attributes[1]);
        if (attributes[1] == IMPLICIT)
            put_number(&p->abbrev, (uint64_t) * ++attributes + 1);
    }
    put(&p->abbrev, "\0\0", 3);
    return p->abbreviations;
}

static inline struct program program_new(void) {
    struct program p = {.address_size = 4};
    struct buffer *sections[] = PROGRAM_SECTIONS(&p);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        *sections[i] = empty();
    p.unit = abbreviate(&p, TAG_UNIT, true, (int[]){0});
    return p;
}

/* Returns its offset in the unit. */
static inline uint32_t entry(struct program *p, uint32_t abbreviation) {
    uint32_t at = (uint32_t)p->info.size - p->start;
    put_number(&p->info, abbreviation);
    return at;
}

/* In front of a length of 4 bytes, and behind what it counts. */
static inline size_t length_begin(struct buffer *buffer) {
    u32(buffer, 0);
    return buffer->size;
}

static inline void length_end(struct buffer *buffer, size_t from) {
    size_t length = buffer->size - from;
    for (size_t i = 0; i < 4; i++)
        buffer->data[from - 4 + i] = (uint8_t)(length >> (8 * i));
}

/* Behind the last child. */
static inline void entry_end(struct program *p) {
    u8(&p->info, 0);
}

/* The header, and the unit's entry, whose values, if any, come next. */
static inline void unit_begin(struct program *p, int version, int offset_size) {
    p->start = (uint32_t)p->info.size;
    p->offset_size = offset_size;
    if (offset_size == 8)
        u32(&p->info, UINT32_MAX);
    offset(p, 0);
    fixed(&p->info, (uint64_t)version, 2);
    if (version >= 5)
        u8(&p->info, 1), u8(&p->info, (uint64_t)p->address_size);
    offset(p, 0);
    if (version < 5)
        u8(&p->info, (uint64_t)p->address_size);
    entry(p, p->unit);
}

static inline void unit_end(struct program *p) {
    entry_end(p);
    uint32_t field = p->offset_size == 8 ? 4 : 0;
    uint64_t length =
        p->info.size - p->start - field - (uint32_t)p->offset_size;
    for (int i = 0; i < p->offset_size; i++) {
        p->info.data[p->start + field + (uint32_t)i] =
            (uint8_t)(length >> (8 * i));
    }
}

/* ---- the module ---- */

static inline struct buffer program_module_of(const struct program *program,
                                              uint32_t functions) {
    struct buffer module = MODULE(TYPES(ENTRY("\x60\0\0")),
                                  FUNCTIONS(ENTRIES(functions, "\0")),
                                  EXPORTS(NAMED("run", "\0\0")),
                                  CODE(BODIES(functions, "\0\0\x0B")));
    const struct buffer *sections[] = PROGRAM_SECTIONS(program);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (sections[i]->size == 0)
            continue;
        custom_put(
            &module, program_section_names[i], buffer_slice(sections[i]));
    }
    return module;
}

static inline struct buffer program_module(const struct program *program) {
    return program_module_of(program, FUNCTION_COUNT);
}

static inline void program_free(struct program *p) {
    struct buffer *sections[] = PROGRAM_SECTIONS(p);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        buffer_free(sections[i]);
}

#endif
