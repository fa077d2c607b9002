/* What the files of this folder share: the sections, their units, and how an
 * entry is read.
 *
 * DWARF describes a program by a tree of entries (DWARF 5, section 2.1). Each
 * has a tag (what it is: a subprogram, a namespace) and attributes (its name,
 * where its code is). A unit, the tree of one source file, is written in
 * .debug_info parent first, each row of siblings ended by a zero:
 *
 *     unit header                          7.5.1; where its abbreviations are, sizes
 *     1 "demo.c"                           the unit's own entry, by abbreviation 1, and its
 * children: 2 "count"  02000000 1B000000         a subprogram from 2 on, 27
 * bytes long 0 no more children
 *
 * An abbreviation says the tag, whether there are children, and of every
 * attribute its name and its form: how the value is written (7.5.3). It may be
 * in another section, of which the entry holds an offset or an index. Addresses
 * count from the start of the code section's content. */
#ifndef HOSTEL_VM_DEBUG_DWARF_H
#define HOSTEL_VM_DEBUG_DWARF_H

#include "vm/debug/cursor.h"
#include "vm/debug/debug.h"

/* Those whose absence only makes what refers to them unknown. */
#define SECTIONS(X)                                                            \
    X(INFO, ".debug_info")         /* 7.5: the entries */                      \
    X(ABBREV, ".debug_abbrev")     /* 7.5.3 */                                 \
    X(STR, ".debug_str")           /* 7.26: texts, */                          \
    X(LINE_STR, ".debug_line_str") /* those of files, */                       \
    X(STR_OFFSETS,                                                             \
      ".debug_str_offsets") /* and where number so-and-so is in .debug_str */  \
    X(ADDR, ".debug_addr")  /* 7.27: addresses by number */                    \
    X(RANGES,                                                                  \
      ".debug_ranges") /* DWARF 4, 2.17.3: code that is not in one piece */    \
    X(RNGLISTS, ".debug_rnglists") /* 7.25: the same since DWARF 5 */          \
    X(LINE, ".debug_line")         /* 6.2: from addresses to lines */

enum section {
#define X(section, name) SECTION_##section,
    SECTIONS(X)
#undef X
        SECTION_COUNT
};

/* A unit, and the values of its own entry that others are read by. */
struct unit {
    enum section section; /* its bytes are in: .debug_info */
    /* In .debug_info: header, first entry, behind the last. */
    uint32_t offset, entries, end;
    uint16_t version;       /* 2 to 5 */
    uint8_t offset_size;    /* 4 or 8 */
    uint8_t address_size;   /* 4 or 8 */
    bool damaged;           /* has no entries to believe */
    uint64_t abbreviations; /* where its own begin, in .debug_abbrev */
    /* Addresses in lists of ranges count from here. */
    uint64_t low_pc;
    /* Where its own begin in their sections. */
    uint64_t str_offsets, addresses, range_lists, lines;
    struct slice directory; /* the compiler ran in */
};

/* Entries with children that name what is in them: namespaces, classes. As in
 * the tree, a scope's bytes lie within those of its parent. */
struct scope {
    uint32_t start, end; /* in .debug_info */
    uint32_t parent;     /* number + 1, or 0 */
    uint32_t depth;
};

/* A function as the code section has it. */
struct body {
    uint32_t start, end; /* addresses; its size stands before it */
    uint32_t entry;      /* the subprogram's, in .debug_info, or 0 */
    uint32_t unit;       /* its offset in .debug_info + 1, or 0 */
    struct slice name;
};

/* Where an abbreviation is declared, if it is one of the current table. */
struct abbreviation {
    uint32_t table; /* number of the table */
    uint32_t declaration;
};

/* The pieces of all units in one table, which debug_lines makes. */
struct table {
    bool made;
    struct debug_line *lines; /* owned; ascending */
    size_t count, capacity;
    struct debug_file *files; /* owned */
    size_t file_count, file_capacity;
};

struct debug {
    struct budget *memory; /* from which all that is owned is drawn */
    struct slice sections[SECTION_COUNT];
    struct slice code;    /* the code section's content */
    uint32_t code_offset; /* where that is in the module */
    uint32_t first_body;  /* the address of the first, with its size */
    struct body *bodies;  /* owned */
    uint32_t body_count;
    size_t body_capacity;
    struct unit *units; /* owned; ascending */
    size_t unit_count, unit_capacity;
    struct scope *scopes; /* owned; ascending */
    size_t scope_count, scope_capacity;
    /* Owned; by code, as many as .debug_abbrev has bytes. */
    struct abbreviation *abbreviations;
    size_t abbreviation_count;
    uint32_t table;        /* the current one's number, */
    uint64_t table_offset; /* and where it is; UINT64_MAX: there is none */
    struct arena names;    /* those that were put together */
    bool out_of_memory;    /* a name could not be put together */
    uint64_t work;         /* steps that may still be made */
    struct table lines;
};

/* ---- sections.c ---- */

/* Find the sections and the bodies. False without memory. */
bool sections_find(struct debug *debug, struct slice module);

/* The bytes of all of them. */
size_t sections_size(const struct debug *debug);

/* The body in which, or in whose size, an address is; NULL if in none. */
struct body *body_at(const struct debug *debug, uint64_t address);

/* ---- entry.c ---- */

/* The attributes that somebody asks for (7.5.4). */
#define ATTRIBUTES(X)                                                          \
    X(NAME, 0x03)                                                              \
    X(STMT_LIST, 0x10) /* where the unit's lines are */                        \
    X(LOW_PC, 0x11)                                                            \
    X(HIGH_PC, 0x12)                                                           \
    X(COMP_DIR, 0x1B) /* where the compiler ran */                             \
    X(ABSTRACT_ORIGIN,                                                         \
      0x31) /* of code: the entry that says what all copies have in common */  \
    X(DECL_LINE, 0x3B)                                                         \
    X(SPECIFICATION,                                                           \
      0x47) /* of a definition: the declaration, which says the rest */        \
    X(RANGES, 0x55)                                                            \
    X(CALL_FILE, 0x58) /* of an inlined subroutine: where it was called */     \
    X(CALL_LINE, 0x59)                                                         \
    X(LINKAGE_NAME, 0x6E)                                                      \
    X(STR_OFFSETS_BASE, 0x72)                                                  \
    X(ADDR_BASE, 0x73)                                                         \
    X(RNGLISTS_BASE, 0x74)

enum attribute {
#define X(attribute, code) ATTRIBUTE_##attribute,
    ATTRIBUTES(X)
#undef X
        ATTRIBUTE_COUNT
};

enum tag { /* 7.5.3 */
           TAG_NONE,
           TAG_CLASS = 0x02,
           TAG_STRUCTURE = 0x13,
           TAG_UNION = 0x17,
           TAG_INLINED = 0x1D,
           TAG_MODULE = 0x1E,
           TAG_SUBPROGRAM = 0x2E,
           TAG_INTERFACE = 0x38,
           TAG_NAMESPACE = 0x39,
};

/* A number as the form has it: an address, an offset, an index. */
struct value {
    uint16_t form; /* 0: the entry has no such attribute */
    uint64_t number;
};

struct entry {
    uint32_t offset;
    uint64_t tag; /* TAG_NONE: the end of a row of siblings */
    bool children;
    struct value values[ATTRIBUTE_COUNT];
};

/* Read the entry at the cursor, which is the unit's; false if it is damaged, or
 * too much work. */
bool entry_read(struct debug *debug,
                const struct unit *unit,
                struct cursor *at,
                struct entry *entry);

/* Read a value at the cursor, which is in the unit's section. */
struct value value_decode(const struct unit *unit,
                          struct cursor *at,
                          uint64_t form,
                          uint64_t implicit);

/* What a value means. False, or empty: it is absent, of another kind, or leads
 * out of a section. */
bool value_address(const struct debug *debug,
                   const struct unit *unit,
                   struct value value,
                   uint64_t *address);
bool address_at(const struct debug *debug,
                const struct unit *unit,
                uint64_t index,
                uint64_t *address);
bool value_range_list(const struct debug *debug,
                      const struct unit *unit,
                      struct value value,
                      uint64_t *offset);
bool value_reference(const struct unit *unit,
                     struct value value,
                     uint64_t *offset);
struct slice
value_string(struct debug *debug, const struct unit *unit, struct value value);

/* A constant, or an offset, which before DWARF 4 was written as one. */
bool value_number(struct value value, uint64_t *number);

enum { BYTES_A_STEP = 16 }; /* when looking for the end of a text */

/* Allow as many steps as one question may take, or one about all code. */
void debug_refill(struct debug *debug);
void debug_refill_for_all(struct debug *debug);

/* Make so many steps; false if they are too many. */
static inline bool work(struct debug *debug, uint64_t steps) {
    if (steps > debug->work)
        debug->work = 0;
    if (debug->work == 0)
        return false;
    debug->work -= steps;
    return true;
}

/* ---- ranges.c ---- */

/* The code of an entry, piece by piece. */
struct ranges {
    enum { RANGES_NONE, RANGES_ONE, RANGES_PAIRS, RANGES_LIST } kind;
    uint64_t low, high; /* of RANGES_ONE */
    uint64_t base;
    struct cursor at;
};

struct ranges ranges_of(const struct debug *debug,
                        const struct unit *unit,
                        const struct entry *entry);

/* The next piece, from `low` up to `high`; false if there is none. */
bool ranges_next(struct debug *debug,
                 const struct unit *unit,
                 struct ranges *ranges,
                 uint64_t *low,
                 uint64_t *high);

/* ---- unit.c ---- */

/* Read all units, and which functions and scopes are in them. False without
 * memory. */
bool units_read(struct debug *debug);

/* In which an offset is; NULL if in none. */
const struct unit *unit_at(const struct debug *debug, uint64_t offset);

/* The entry at an offset, and its unit; NULL if there is none. */
const struct unit *
unit_entry(struct debug *debug, uint64_t offset, struct entry *entry);

/* ---- names.c ---- */

/* Give all bodies their names. False without memory. */
bool names_read(struct debug *debug);

/* The name of a subprogram, with those of its scopes; what is put together is
 * in `texts`. */
struct slice name_of(struct debug *debug, uint64_t entry, struct arena *texts);

/* The function that a subprogram, or a copy of one, is. */
struct debug_function
function_of_entry(struct debug *debug, uint64_t entry, struct arena *texts);

/* ---- line.c ---- */

struct line {
    uint64_t file; /* by its number in the unit */
    uint32_t number;
};

/* The line of an address, by the unit's table; false if it is unknown. */
bool line_find(struct debug *debug,
               const struct unit *unit,
               uint64_t address,
               struct line *line);

/* A unit's table as it is written. */
struct program {
    struct unit unit;     /* its sizes are the header's */
    struct cursor tables; /* of directories and files */
    struct cursor code;
    struct slice operands; /* of each opcode below the special ones */
    uint8_t smallest, line_range, first_special;
    int8_t line_base;
};

/* False if the unit has none, or one that is damaged. */
bool program_read(const struct debug *debug,
                  const struct unit *unit,
                  struct program *program);

/* Code from one address up to another that one line makes. */
struct line_piece {
    uint64_t start, end;
    struct line line;
};

struct line_row {
    uint64_t address, file;
    uint32_t line;
};

/* What runs the program. */
struct line_machine {
    struct debug *debug;
    const struct program *program;
    struct cursor at;
    struct line_row row, last; /* what would be appended, what was */
    bool any;                  /* something was, in this sequence */
    bool alive;                /* the sequence is about code that is there */
    bool complete;             /* the last row's piece is */
    struct line_piece piece;
};

struct line_machine machine_of(struct debug *debug,
                               const struct program *program);

/* Run it up to the end of the next piece; false if there is none. */
bool machine_next(struct line_machine *machine, struct line_piece *piece);

/* ---- file.c ---- */

struct file {
    struct slice name;
    uint64_t directory; /* number 0: where the compiler ran */
    uint64_t number;    /* its own */
};

/* Directories, or files. */
struct file_list {
    struct debug *debug;
    const struct program *program;
    struct cursor at;
    bool files;
    uint64_t number; /* of the next */
    /* Since DWARF 5: how many are left, how each is written. */
    uint64_t left;
    uint8_t values;
    struct cursor formats;
};

/* The directories of a program; the files, which stand behind them. */
struct file_list directories_of(struct debug *debug,
                                const struct program *program);
struct file_list files_behind(struct file_list directories);

/* The next entry; false behind the last. */
bool list_next(struct file_list *list, struct file *file);

/* The path of a file in a directory; what is put together is in `texts`. */
struct slice
path_join(struct slice directory, struct slice name, struct arena *texts);

/* The path of a file; what is put together is in `texts`. */
struct slice line_file(struct debug *debug,
                       const struct unit *unit,
                       uint64_t file,
                       struct arena *texts);

/* ---- table.c ---- */

/* The same as line_find, of the table that was made. */
bool table_find(const struct debug *debug, uint64_t address, struct line *line);
void table_free(struct debug *debug);

#endif
