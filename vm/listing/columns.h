/* A function's instructions, operand stacks and cells, as they belong together;
 * columns.c says how. */
#ifndef HOSTEL_VM_LISTING_COLUMNS_H
#define HOSTEL_VM_LISTING_COLUMNS_H

#include "vm/listing/listing.h"
#include "vm/translate.h"

#define NO_LINE UINT32_MAX

/* An instruction; the first line stands before all of them. Its cells end
 * where those of the next line begin. */
struct column_line {
    uint32_t first; /* cell */
    uint32_t into;  /* the line of whose cells it has a part, or NO_LINE */
    size_t stack;   /* where in `text` the operands behind it stand */
};

/* An operand, and the line that pushed it. */
struct pushed {
    struct operand operand;
    uint32_t line;
};

/* One of the last cells, as it was before the current instruction. */
struct last_cell {
    uint32_t cell, line;
    struct cell copy;
};

enum { LAST_CELLS = 4 }; /* more than fusing may still change */

struct columns {
    struct observer observer; /* first: it is given back to our functions */
    struct module *module;
    struct frame_names names;
    struct column_line *lines; /* owned */
    uint32_t line_count;
    size_t line_capacity;
    struct buffer text; /* of the operand stacks */
    struct draft draft; /* for `show`, too */

    uint32_t entry, cells_end;
    struct last_cell last[LAST_CELLS];
    uint32_t last_count;
    struct pushed *pushed; /* owned; as the translator's operands */
    uint32_t pushed_count;
    size_t pushed_capacity;
    bool failed; /* no memory */

    /* Called when the columns are complete, while the code is there. */
    void (*show)(struct columns *columns, void *context);
    void *context;
};

/* Translate the function and call `show`. False: no memory or no time. */
bool columns_show(struct columns *columns,
                  struct module *module,
                  uint32_t function,
                  struct error *error);

/* The operands behind the instruction of a line. */
const char *columns_stack(const struct columns *columns, uint32_t line);

/* Behind the last cell of a line. */
uint32_t columns_cells_end(const struct columns *columns, uint32_t line);

/* The line that has the cells in which a line has its part, itself perhaps; or
 * NO_LINE. */
uint32_t columns_carrier(const struct columns *columns, uint32_t line);

#endif
