/* `hostel dump --code`: the columns of a function, or of all, as text.
 *
 * Each column has a place on the line; what is longer than its own moves what
 * follows to the right. Lines are in proportion to the module's bytes, and each
 * is bounded. */
#include "vm/listing/columns.h"

#include "vm/store.h"

#include <string.h>

enum {
    BYTES_AT = 10,
    INSTRUCTION_AT = 27,
    STACK_AT = 52,
    CELLS_AT = 84,
    BYTES_SHOWN = 5,
    INSTRUCTION_SHOWN = 60,
    LINK_SIZE = 16,
};

/* ---- lines ---- */

struct sheet {
    struct columns *columns;
    struct line_shower *lines;
    FILE *out;
    int at; /* how far the current line is */
};

/* `at` is counted, since what fprintf writes may be wider than its place. */
static void column(struct sheet *sheet, int place, const char *text) {
    if (*text == '\0')
        return;
    int gap = place - sheet->at;
    if (gap < 1 && sheet->at > 0)
        gap = 1;
    sheet->at += fprintf(sheet->out, "%*s%s", gap, "", text);
}

static void end_line(struct sheet *sheet) {
    fputc('\n', sheet->out);
    sheet->at = 0;
}

/* ---- cells ---- */

/* The entry cell is data of its own (cell.h): the frame's size, and the locals
 * that are zeroed. */
static void entry_show(const struct columns *c, FILE *out) {
    const struct cell *entry = &c->module->code.cells[c->entry];
    char end[SLOT_NAME_SIZE], first[SLOT_NAME_SIZE];
    fprintf(out, "entry, %u slots", frame_size(entry));
    if (entry->d < entry->a) {
        fprintf(out,
                ", zero %s up to %s",
                slot_name(&c->names, entry->d, first),
                slot_name(&c->names, entry->a, end));
    }
}

/* One cell, of the operation or `behind` it as data. */
static void
print_cell(struct sheet *sheet, uint32_t cell, enum op op, bool behind) {
    struct columns *c = sheet->columns;
    struct cell_place place = {&c->names, c->entry, cell, NULL};
    FILE *out = draft_begin(&c->draft);
    fprintf(out, "%3u: ", cell - c->entry);
    if (cell == c->entry) {
        entry_show(c, out);
    } else if (behind) {
        data_cell_show(&place, op, out);
    } else {
        cell_show(&place, op, out);
    }
    column(sheet, CELLS_AT, draft_end(&c->draft));
    end_line(sheet);
}

/* The cells of a line of the columns, or where it has its part. */
static void print_cells(struct sheet *sheet, uint32_t line) {
    const struct columns *c = sheet->columns;
    uint32_t end = columns_cells_end(c, line);
    uint32_t carrier = columns_carrier(c, line);
    if (carrier != line) {
        char text[LINK_SIZE] = "";
        if (carrier != NO_LINE)
            sprintf(text, "in %u", c->lines[carrier].first - c->entry);
        column(sheet, CELLS_AT, text);
        end_line(sheet);
    }
    enum op op = OP_COUNT; /* the last that was there */
    for (uint32_t cell = c->lines[line].first; cell < end; cell++) {
        enum op here = code_op(&c->module->code, cell);
        bool behind = here == OP_COUNT && cell > c->entry;
        if (!listing_line(c->module))
            return;
        if (here != OP_COUNT)
            op = here;
        print_cell(sheet, cell, op, behind);
    }
}

/* ---- instructions ---- */

/* The bytes between two offsets, the first of them. */
static void print_bytes(struct sheet *sheet, size_t from, size_t to) {
    static const char hex[] = "0123456789abcdef";
    const uint8_t *bytes = sheet->columns->module->bytes.data;
    char text[3 * BYTES_SHOWN + sizeof "+"] = "";
    char *end = text;
    for (size_t i = from; i < to && i < from + BYTES_SHOWN; i++) {
        *end++ = hex[bytes[i] >> 4];
        *end++ = hex[bytes[i] & 0xF];
        *end++ = ' ';
    }
    if (to - from > BYTES_SHOWN)
        *end = '+';
    column(sheet, BYTES_AT, text);
}

/* The text is made first: only then is known where the instruction ends, whose
 * bytes stand before it. */
static void print_instruction(struct sheet *sheet, struct disassembly *d) {
    struct draft *draft = &sheet->columns->draft;
    size_t from = d->reader.position;
    disassembly_next(d, draft_begin(draft));
    const char *text = draft_end(draft);
    sheet->at = fprintf(sheet->out, "%8zx:", from);
    print_bytes(sheet, from, d->reader.position);
    column(sheet, INSTRUCTION_AT, shown_text(text, INSTRUCTION_SHOWN).text);
}

/* ---- functions ---- */

/* Line 0 has the cells that come from no instruction: the entry, and what is done
 * whenever the function is called. */
static void print_columns(struct columns *c, void *context) {
    struct sheet *sheet = context;
    struct error unused = ERROR_INIT;
    struct disassembly d =
        disassembly_of(c->module, c->names.function, &unused);
    sheet->columns = c;
    function_heading(c->module, c->names.function, sheet->out);
    disassembly_locals(&d, sheet->out);
    print_cells(sheet, 0);
    for (uint32_t line = 1; line < c->line_count; line++) {
        if (!disassembly_more(&d))
            return;
        lines_show(sheet->lines, d.reader.position);
        print_instruction(sheet, &d);
        column(sheet, STACK_AT, columns_stack(c, line));
        print_cells(sheet, line);
    }
}

bool sheet_show(struct module *module,
                uint32_t function,
                struct line_shower *lines,
                FILE *out,
                struct error *error) {
    struct sheet sheet = {.lines = lines, .out = out};
    struct columns columns = {.show = print_columns, .context = &sheet};
    return columns_show(&columns, module, function, error);
}
