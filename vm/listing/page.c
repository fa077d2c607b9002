/* `hostel explain`: a page that shows functions in columns, and a recorded run
 * of them.
 *
 * The page is page.html, of which one line gives way to the data, in JSON. Of a
 * function it has one string, a line an instruction, with tabs between
 *
 *     offset, bytes, instruction, operands, line whose cells it has a part of, cell, cell, ...
 *
 * which the page takes apart when it shows the function: so a large module
 * costs no more than its text. All text goes through json_text, which leaves no
 * character that could end the script, and the page never makes HTML of it. */
#include "vm/listing/columns.h"
#include "vm/listing/names.h"
#include "vm/listing/record.h"

#include "vm/store.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const page[] = {
#include "vm/listing/page.inc"
};

enum {
    BYTES_SHOWN = 9,
    TEXT_SIZE = 512,
    SLOTS_NAMED = 64, /* of a frame */
    /* Of code that is listed, when no function was named. */
    LISTED_BYTES = 2 << 20,
};

/* ---- JSON ---- */

/* The inside of a string. */
static void json_text(const char *text, FILE *out) {
    for (; *text; text++) {
        bool plain = (uint8_t)*text >= ' ' && !strchr("\"\\<", *text);
        if (plain) {
            fputc(*text, out);
        } else {
            fprintf(out, "\\u%04x", (uint8_t)*text);
        }
    }
}

static void json_string(const char *name, const char *text, FILE *out) {
    fprintf(out, "\"%s\":\"", name);
    json_text(text, out);
    fputc('"', out);
}

/* Text that is written and then taken into a string. */
struct note {
    char text[TEXT_SIZE];
    FILE *file;
};

static bool note_begin(struct note *draft) {
    draft->text[0] = '\0';
    draft->file = fmemopen(draft->text, sizeof draft->text, "w");
    return draft->file != NULL;
}

static void note_end(struct note *draft, FILE *out) {
    fclose(draft->file);
    draft->text[TEXT_SIZE - 1] = '\0';
    json_text(draft->text, out);
}

/* ---- functions ---- */

/* The cell at *next, and its data cells. */
static void print_cell(const struct columns *c, uint32_t *next, FILE *out) {
    struct note draft;
    uint32_t cell = *next;
    struct cell_place place = {&c->names, c->entry, cell, NULL};
    const struct cell *cells = c->module->code.cells;
    bool is_entry = cell == c->entry;
    enum op op = is_entry ? OP_COUNT : cell_op(c->module->vm, &cells[cell]);
    uint32_t data =
        is_entry ? 0 : operation_data_cells(c->module->vm, op, &cells[cell]);
    *next = cell + 1 + data;
    if (!note_begin(&draft))
        return;
    fputs("\\t", out);
    fprintf(draft.file, "%u:", cell - c->entry);
    if (is_entry) {
        fprintf(draft.file, "entry, %d slots", cells[cell].tail.imm);
    } else {
        cell_show(&place, op, draft.file);
    }
    note_end(&draft, out);
    for (uint32_t i = 0; i < data && listing_line(c->module); i++) {
        place.cell++;
        if (!note_begin(&draft))
            return;
        fputs("\\t", out);
        fprintf(draft.file, "%u:", place.cell - c->entry);
        data_cell_show(&place, op, draft.file);
        note_end(&draft, out);
    }
}

/* What stands behind the instruction on a line. */
static void print_rest(const struct columns *c, uint32_t line, FILE *out) {
    uint32_t carrier = columns_carrier(c, line);
    uint32_t end = columns_cells_end(c, line);
    fputs("\\t", out);
    json_text(columns_stack(c, line), out);
    fputs("\\t", out);
    if (carrier != NO_LINE)
        fprintf(out, "%u", carrier);
    for (uint32_t cell = c->lines[line].first; cell < end;) {
        if (!listing_line(c->module))
            break;
        print_cell(c, &cell, out);
    }
    fputs("\\n", out);
}

static void print_instruction(struct disassembly *d, FILE *out) {
    struct note draft;
    size_t from = d->reader.position;
    if (!note_begin(&draft))
        return;
    disassembly_next(d, draft.file);
    fprintf(out, "%zx\\t", from);
    for (size_t i = from; i < d->reader.position && i < from + BYTES_SHOWN; i++)
        fprintf(out, "%02x ", d->module->bytes.data[i]);
    if (d->reader.position > from + BYTES_SHOWN)
        fputc('+', out);
    fputs("\\t", out);
    note_end(&draft, out);
}

static void print_lines(struct columns *c, void *context) {
    FILE *out = context;
    struct error unused = ERROR_INIT;
    struct disassembly d =
        disassembly_of(c->module, c->names.function, &unused);
    disassembly_locals(&d, NULL);
    char name[SLOT_NAME_SIZE];
    const struct cell *entry = &c->module->code.cells[c->entry];
    uint32_t named = c->names.link < SLOTS_NAMED ? c->names.link : SLOTS_NAMED;
    fprintf(out,
            ",\"link\":%u,\"size\":%d,\"results\":%u,\"slots\":[",
            c->names.link,
            entry->tail.imm,
            c->module->functions[c->names.function].type->result_slots);
    for (uint32_t slot = 0; slot < named; slot++) {
        fprintf(out,
                "%s\"%s%s\"",
                slot > 0 ? "," : "",
                slot_name(&c->names, slot, name),
                slot_type(&c->names, slot));
    }
    fputs("],\"lines\":\"\\t\\t", out);
    print_rest(c, 0, out);
    for (uint32_t line = 1; line < c->line_count; line++) {
        if (!disassembly_more(&d))
            break;
        print_instruction(&d, out);
        print_rest(c, line, out);
    }
    fputc('"', out);
}

static void print_heading(struct module *module, uint32_t function, FILE *out) {
    struct note draft;
    struct slice name = module_function_name(module, function);
    fprintf(out, "{\"index\":%u,\"heading\":\"", function);
    if (!note_begin(&draft))
        return;
    fprintf(draft.file, "%u ", function);
    if (name.size > 0)
        quoted_print(name, 60, draft.file), fputc(' ', draft.file);
    func_type_show(module->functions[function].type, draft.file);
    note_end(&draft, out);
    fputc('"', out);
}

/* Of a module that is too large, functions are only named from some on. */
static bool print_functions(const struct vm_explaining *e,
                            uint32_t only,
                            struct error *error) {
    struct module *m = e->module;
    uint64_t listed = 0;
    const char *between = "";
    for (uint32_t i = m->imported_functions; i < m->function_count; i++) {
        if ((e->function && i != only) || !listing_line(m))
            continue;
        fputs(between, e->out);
        between = "},\n";
        print_heading(m, i, e->out);
        listed += m->functions[i].body.size;
        struct columns columns = {.show = print_lines, .context = e->out};
        bool room = listed <= LISTED_BYTES || e->function;
        if (room && !columns_show(&columns, m, i, error))
            return false;
    }
    fputs(*between ? "}" : "", e->out);
    return true;
}

/* ---- the page ---- */

static bool print_data(const struct vm_explaining *e, struct error *error) {
    const struct recording *recorded = recording_of(e->module);
    uint32_t only = e->module->imported_functions;
    if (e->function && !function_named(e->module, e->function, &only, error))
        return false;
    fputc('{', e->out);
    json_string("name", e->name, e->out);
    fputc(',', e->out);
    bool full = recorded && recorded->full;
    json_string("ended", full ? "and so on" : e->ended, e->out);
    fprintf(e->out, ",\"open\":%u,\"functions\":[\n", only);
    if (!print_functions(e, only, error))
        return false;
    fputs("],\"steps\":[\n", e->out);
    if (recorded)
        fwrite(recorded->steps.data, 1, recorded->steps.size, e->out);
    fputs("]}\n", e->out);
    return true;
}

bool vm_explain(const struct vm_explaining *explaining, struct error *error) {
    FILE *out = explaining->out;
    for (size_t i = 0; i < sizeof page / sizeof *page; i++) {
        bool here = strcmp(page[i], "/* data */\n") == 0;
        if (!here)
            fputs(page[i], out);
        if (here && !print_data(explaining, error))
            return false;
    }
    if (!listing_line(explaining->module))
        return vm_time_out(explaining->module->vm, error);
    return fflush(out) == 0 ||
           error_set(error, ERROR_IO, "the page: %s", strerror(errno));
}

bool vm_record(struct module *module,
               const char *function,
               struct error *error) {
    uint32_t only = 0;
    if (!watch_allowed(module->vm, error))
        return false;
    if (function && !function_named(module, function, &only, error))
        return false;
    struct recording *recording = record(module);
    if (!recording)
        return error_set(error, ERROR_IO, "out of memory: a recording");
    recording->function = only;
    recording->only = function != NULL;
    return true;
}
