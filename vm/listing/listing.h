/* Showing code: the instructions of a module, what is executed instead of
 * them, and the execution.
 *
 *     dump.c          what a module declares, and its instructions
 *     instruction.c   one instruction as text
 *     meaning.c       what the fields of a cell mean: reads ops.def's column
 *     cell.c          one cell as text
 *     columns.c       instructions, operands and cells, as they belong together
 *     sheet.c         ... side by side, as text
 *     lines.c         the lines of the source that made them
 *     draft.c         text that is looked at before it is printed
 *     find.c          the function that is meant
 *
 * The core knows nothing of this folder but struct observer. */
#ifndef HOSTEL_VM_LISTING_LISTING_H
#define HOSTEL_VM_LISTING_LISTING_H

#include "vm/code.h"
#include "vm/module.h"
#include "vm/observer.h"
#include "vm/opcodes.h"
#include "vm/types.h"

/* Whether there is time for another line. All loops over lines ask; the first
 * that hears that there is none ends, and so do those behind it. */
bool listing_line(const struct module *module);

/* ---- draft.c ---- */

/* Text is printed to what draft_begin gives, and had from draft_end, cut to
 * DRAFT_SIZE bytes, until it begins again. */
enum { DRAFT_SIZE = 511 };
struct draft {
    FILE *file; /* owned, as is the text */
    char *text;
    size_t size;
};

bool draft_open(struct draft *draft); /* false without memory */
FILE *draft_begin(struct draft *draft);
const char *draft_end(struct draft *draft);
void draft_close(struct draft *draft);

/* ---- dump.c ---- */

/* "function 3 "name" (i32) -> ()" on a line of its own, behind an empty one. */
void function_heading(struct module *module, uint32_t function, FILE *out);

/* ---- lines.c ---- */

/* Shows where in the source code comes from; or nothing, if that is not asked
 * for. */
struct line_shower;

/* False without memory. To be closed either way. */
bool lines_open(const struct vm_dumping *dumping, struct line_shower **shower);
void lines_close(struct line_shower *shower);

/* Before the instruction at an offset of the module: if it comes from another
 * place than the one before it, lines that say so. */
void lines_show(struct line_shower *shower, size_t offset);

/* ---- sheet.c ---- */

/* Print a function with what is executed instead. */
bool sheet_show(struct module *module,
                uint32_t function,
                struct line_shower *lines,
                FILE *out,
                struct error *error);

/* ---- instruction.c ---- */

void func_type_show(const struct func_type *type, FILE *out); /* perhaps cut */

/* " memory 1": nothing for memory 0, as in the text format. */
void memory_show(uint32_t memory, FILE *out);

/* A walk through a function's body. */
struct disassembly {
    struct module *module;
    struct reader reader; /* where the next instruction begins */
    int depth;            /* of blocks */
};

/* `unused` must live as long: the body was validated. */
struct disassembly
disassembly_of(struct module *module, uint32_t function, struct error *unused);

/* Go past the declarations of locals, which come first; and print them, unless
 * `out` is NULL. */
void disassembly_locals(struct disassembly *d, FILE *out);

bool disassembly_more(const struct disassembly *d);

/* Print the next instruction, indented by its depth, without a newline. */
const struct instruction *disassembly_next(struct disassembly *d, FILE *out);

/* ---- meaning.c ---- */

struct operation {
    const char *name, *meaning;
    uint32_t bytes;        /* that it accesses in memory, or 0 */
    const char *signature; /* of its row, or empty */
};

struct operation operation_of(enum op op);

/* Read what all operations mean, if the vm has not done so: before any of the
 * following is asked for. False without memory. */
bool meanings_read(struct vm *vm);

enum part {
    PART_d,
    PART_a,
    PART_b,
    PART_c,
    PART_a1,
    PART_a2,
    PART_a3,
    PART_r, /* registers, to PART_q */
    PART_l,
    PART_q,
    PART_imm,
    PART_d16,
    PART_a16,
    PART_b16,
    PART_c16,
    PART_pair,
    PART_wide,
    PART_data,
    PART_ea,
    PART_ed,
    PART_COUNT
};

enum kind {
    KIND_I32,
    KIND_I64,
    KIND_F32,
    KIND_F64,
    KIND_V128,
    KIND_WORD,
    KIND_NUMBER,
    KIND_SLOT,
    KIND_CELL,
    KIND_ENTRIES,
    KIND_CODE,
    KIND_TYPE,
    KIND_GLOBAL,
    KIND_FUNCTION,
    KIND_TABLE,
    KIND_MEMORY,
    KIND_TAG,
    KIND_ELEMENT,
    KIND_DATA,
    KIND_NOTHING,
    KIND_R1, /* resolved by the signature before anybody sees them */
    KIND_R2,
    KIND_T1,
    KIND_T2,
    KIND_T3,
    KIND_T4,
    KIND_COUNT
};

/* The next part of a cell that a meaning names, behind some text. */
struct field {
    const char *text;
    int size; /* of the text */
    enum part part;
    enum kind kind;
    bool written;
};

/* A meaning that is read field by field, with the signature's types in it. */
enum { MEANING_SIZE = 128, MEANING_FIELDS = 10 };
struct meaning {
    const char *text;
    const struct field *next;
};

struct meaning meaning_of(const struct vm *vm, enum op op);

/* False at the end; `field` then has the text that is left. */
bool meaning_next(struct meaning *meaning, struct field *field);

/* Whether the part names a slot, and which it is in this cell. */
bool part_is_slot(enum part part);
uint32_t part_slot(enum part part, const struct cell *cell);

/* What stands in the cell itself, extended to 64 bits as the kind wants it. */
uint64_t field_constant(const struct field *field, const struct cell *cell);

/* ---- cell.c ---- */

/* What the slots of a function's frames are for. */
struct frame_names {
    struct module *module;
    uint32_t function;
    struct slot_run *runs; /* owned */
    size_t run_count, run_capacity;
    uint32_t first;               /* slot, of a parameter */
    uint32_t locals, temporaries; /* slots: where they begin */
};

/* False without memory. To be freed either way. */
bool frame_names_init(struct frame_names *names,
                      struct module *module,
                      uint32_t function);
void frame_names_free(struct frame_names *names);

/* "local3", "t0", "link". */
enum { SLOT_NAME_SIZE = 24 };
const char *slot_name(const struct frame_names *names,
                      uint32_t slot,
                      char text[SLOT_NAME_SIZE]);

/* Whether the slot is a parameter's or a local's; what is in it. */
bool slot_is_local(const struct frame_names *names, uint32_t slot);
enum kind slot_kind(const struct frame_names *names, uint32_t slot);

/* ":i32" of a local that takes one slot, or nothing. */
const char *slot_type(const struct frame_names *names, uint32_t slot);

/* The kind of values of a type: enum vm_type. */
enum kind value_kind(uint8_t type);

/* A number of a kind, as listings show it. */
void value_show(enum kind kind, const uint64_t bits[2], FILE *out);

/* The cell at that index, where its function's begin at `entry`; and what it is
 * executed with, or NULL. */
struct cell_place {
    const struct frame_names *names;
    uint32_t entry, cell;
    const struct machine *machine;
};

/* By a function's entry cell: the first slot of its frames, and how many there
 * are. */
uint32_t frame_first(const struct cell *entry);
uint32_t frame_size(const struct cell *entry);

/* Where the frame of the place's machine begins. */
const uint64_t *frame_begin(const struct cell_place *place);

/* What the cell does, and the values that it reads. */
void cell_show(const struct cell_place *place, enum op op, FILE *out);

/* What it has written to slots: " => t0=7". The accumulators may be others'
 * already. */
void cell_results_show(const struct cell_place *place, enum op op, FILE *out);

/* The value of a part that is read or was written: two words for a vector.
 * False if it has none, as a constant. */
bool field_value(const struct field *field,
                 const struct machine *machine,
                 uint64_t bits[2]);

/* The address that the cell accesses; false if it accesses none. */
bool cell_address(const struct machine *machine, enum op op, uint64_t *address);

/* The same of the data cell behind it, one of operation_data_cells(). */
void data_cell_show(const struct cell_place *place, enum op op, FILE *out);

/* ---- find.c ---- */

/* The function's index in the module: it is called so, exported so, or that is
 * its index. ERROR_USAGE. */
bool function_named(struct module *module,
                    const char *name,
                    uint32_t *function,
                    struct error *error);

#endif
