/* `hostel explain`: a page that shows functions in columns, and a run
 * of them.
 *
 * The page is page.html, of which one line gives way to the data, in JSON. A
 * function is an array:
 *
 *     [index, "heading", slots before its temporaries, size of its frame, slots of its results,
 *      names of slots, offset, "lines"]
 *
 * Its lines are a string of numbers (print_number), for each of them
 *
 *     instruction, operands, line whose cells it has a part of, count of cells, cell, cell, ...
 *
 * where the first of an instruction's bytes and its text, the operands, and each cell are
 * words (words.c), as are the names of the slots. Cells are counted from 0, the line is said by how
 * far it is: so a line is ten characters on average, and the page takes a
 * function apart when it shows it. All text goes through json_text, which
 * leaves no character that could end the script, and the page never makes HTML
 * of it. */
#include "vm/listing/columns.h"
#include "vm/listing/names.h"
#include "vm/listing/steps.h"
#include "vm/listing/words.h"

#include "vm/store.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const template[] = {
#include "vm/listing/page.inc"
};

enum {
    BYTES_SHOWN = 9,
    SLOTS_NAMED = 64, /* of a frame */
    /* Of code that is listed, when no function was named. */
    LISTED_BYTES = 2 << 20,
};

/* ---- JSON ---- */

/* What stands inside of a string. */
static void json_character(char c, FILE *out) {
    bool plain = (uint8_t)c >= ' ' && !strchr("\"\\<", c);
    if (plain) {
        fputc(c, out);
    } else if (c == '\n') {
        fputs("\\n", out);
    } else {
        fprintf(out, "\\u%04x", (uint8_t)c);
    }
}

static void json_text(const char *text, FILE *out) {
    for (; *text; text++)
        json_character(*text, out);
}

static void json_string(const char *name, const char *text, FILE *out) {
    fprintf(out, "\"%s\":\"", name);
    json_text(text, out);
    fputc('"', out);
}

/* ---- numbers ---- */

enum { DIGIT_BITS = 5, FIRST_DIGIT = '=' };

/* As LEB128, but five bits a character, lowest first: of 64 in a row, without
 * the one that JSON would have escaped. */
static void print_number(uint32_t number, FILE *out) {
    bool more;
    do {
        uint32_t digit = number % (1 << DIGIT_BITS);
        number >>= DIGIT_BITS;
        more = number > 0;
        int c = FIRST_DIGIT + (int)(digit | (uint32_t)more << DIGIT_BITS);
        fputc(c < '\\' ? c : c + 1, out);
    } while (more);
}

/* How far it is from one line to another: backwards are the odd ones. */
static void print_distance(uint32_t from, uint32_t to, FILE *out) {
    bool back = to < from;
    print_number(back ? 2 * (from - to) - 1 : 2 * (to - from), out);
}

/* ---- functions ---- */

struct page {
    const struct vm_explaining *explaining;
    FILE *out;
    struct words words;
    struct draft draft; /* of a heading */
};

static void print_word(struct page *page, struct draft *draft) {
    uint32_t number = words_number(&page->words, draft_end(draft));
    print_number(number, page->out);
}

/* The cell at *next, and its data cells, which are before `end`. */
static void
print_cell(struct page *page, struct columns *c, uint32_t *next, uint32_t end) {
    uint32_t cell = (*next)++;
    struct cell_place place = {&c->names, c->entry, cell, NULL};
    const struct code *code = &c->module->code;
    FILE *out = draft_begin(&c->draft);
    if (cell == c->entry) {
        fprintf(out, "entry, %u slots", frame_size(&code->cells[cell]));
        print_word(page, &c->draft);
        return;
    }
    enum op op = code_op(code, cell);
    cell_show(&place, op, out);
    print_word(page, &c->draft);
    uint32_t behind = code_next(code, cell, end);
    while (*next < behind && listing_line(c->module)) {
        place.cell = (*next)++;
        data_cell_show(&place, op, draft_begin(&c->draft));
        print_word(page, &c->draft);
    }
}

/* What stands behind the instruction on a line. */
static void print_rest(struct page *page, struct columns *c, uint32_t line) {
    uint32_t carrier = columns_carrier(c, line);
    uint32_t cell = c->lines[line].first, end = columns_cells_end(c, line);
    const char *operands = columns_stack(c, line);
    print_number(words_number(&page->words, operands), page->out);
    print_distance(line, carrier != NO_LINE ? carrier : line, page->out);
    print_number(end - cell, page->out);
    while (cell < end && listing_line(c->module))
        print_cell(page, c, &cell, end);
}

/* "local.get 0 2000": its text and its bytes, or the first of them, with "+"
 * and how many more there are. */
static void
print_instruction(struct page *page, struct columns *c, struct disassembly *d) {
    char word[DRAFT_SIZE + 2 * BYTES_SHOWN + 24];
    size_t from = d->reader.position;
    disassembly_next(d, draft_begin(&c->draft));
    int size = sprintf(word, "%s ", draft_end(&c->draft));
    size_t bytes = d->reader.position - from;
    for (size_t i = 0; i < bytes && i < BYTES_SHOWN; i++)
        size += sprintf(word + size, "%02x", c->module->bytes.data[from + i]);
    if (bytes > BYTES_SHOWN)
        sprintf(word + size, "+%zu", bytes - BYTES_SHOWN);
    print_number(words_number(&page->words, word), page->out);
}

/* "local0:i32 link caller local1:f64": all in one word, which most functions
 * share with others. */
static void print_slots(struct page *page, struct columns *c) {
    char name[SLOT_NAME_SIZE];
    FILE *out = draft_begin(&c->draft);
    uint32_t first = c->names.first, end = c->names.temporaries;
    if (end > first + SLOTS_NAMED)
        end = first + SLOTS_NAMED;
    for (uint32_t slot = first; slot < end; slot++) {
        fprintf(out,
                "%s%s ",
                slot_name(&c->names, slot, name),
                slot_type(&c->names, slot));
    }
    fprintf(page->out, "%u", words_number(&page->words, draft_end(&c->draft)));
}

static void print_lines(struct columns *c, void *context) {
    struct page *page = context;
    struct error unused = ERROR_INIT;
    struct disassembly d =
        disassembly_of(c->module, c->names.function, &unused);
    disassembly_locals(&d, NULL);
    const struct func_type *type = c->module->functions[c->names.function].type;
    fprintf(page->out,
            ",%u,%u,%u,",
            c->names.temporaries - c->names.first,
            frame_size(&c->module->code.cells[c->entry]),
            type->result_slots);
    print_slots(page, c);
    fprintf(page->out, ",%zu,\"", d.reader.position);
    print_number(words_number(&page->words, " "), page->out);
    print_rest(page, c, 0);
    for (uint32_t line = 1; line < c->line_count; line++) {
        if (!disassembly_more(&d))
            break;
        print_instruction(page, c, &d);
        print_rest(page, c, line);
    }
    fputc('"', page->out);
}

static void print_heading(struct page *page, uint32_t function) {
    struct module *module = page->explaining->module;
    struct slice name = module_function_name(module, function);
    FILE *out = draft_begin(&page->draft);
    fprintf(out, "%u ", function);
    if (name.size > 0)
        quoted_print(name, 60, out), fputc(' ', out);
    func_type_show(module->functions[function].type, out);
    fprintf(page->out, "[%u,\"", function);
    json_text(draft_end(&page->draft), page->out);
    fputc('"', page->out);
}

/* Of a module that is too large, functions are only named from some on. */
static bool
print_functions(struct page *page, uint32_t only, struct error *error) {
    struct module *m = page->explaining->module;
    bool named = page->explaining->function != NULL;
    uint64_t listed = 0;
    const char *between = "";
    for (uint32_t i = m->imported_functions; i < m->function_count; i++) {
        if ((named && i != only) || !listing_line(m))
            continue;
        fputs(between, page->out);
        between = ",\n";
        print_heading(page, i);
        listed += m->functions[i].body.size;
        struct columns columns = {.show = print_lines, .context = page};
        bool room = listed <= LISTED_BYTES || named;
        if (room && !columns_show(&columns, m, i, error))
            return false;
        fputc(']', page->out);
    }
    return !page->words.failed ||
           error_set_memory(m->vm, error, "the words of a page");
}

/* ---- the page ---- */

static void print_words(const struct words *words, FILE *out) {
    struct slice text = buffer_slice(&words->text);
    fputs("\"words\":\"", out);
    for (size_t i = 0; i < text.size; i++)
        json_character((char)text.data[i], out);
    fputs("\",\n", out);
}

static bool print_data(struct page *page, struct error *error) {
    const struct vm_explaining *e = page->explaining;
    const struct stepping *stepping = stepping_of(e->module);
    uint32_t only = e->module->imported_functions;
    if (e->function && !function_named(e->module, e->function, &only, error))
        return false;
    fputc('{', e->out);
    json_string("name", e->name, e->out);
    fputc(',', e->out);
    bool full = stepping && stepping->full;
    json_string("ended", full ? "and so on" : e->ended, e->out);
    fprintf(e->out, ",\"open\":%u,\"functions\":[\n", only);
    if (!print_functions(page, only, error))
        return false;
    fputs("],\n", e->out);
    print_words(&page->words, e->out);
    fputs("\"steps\":[\n", e->out);
    if (stepping)
        fwrite(stepping->steps.data, 1, stepping->steps.size, e->out);
    fputs("]}\n", e->out);
    return true;
}

static bool print_page(struct page *page, struct error *error) {
    FILE *out = page->out;
    for (size_t i = 0; i < sizeof template / sizeof *template; i++) {
        bool here = strcmp(template[i], "/* data */\n") == 0;
        if (!here)
            fputs(template[i], out);
        if (here && !print_data(page, error))
            return false;
    }
    return fflush(out) == 0 ||
           error_set(error, ERROR_IO, "the page: %s", strerror(errno));
}

bool vm_explain(const struct vm_explaining *explaining, struct error *error) {
    struct vm *vm = explaining->module->vm;
    struct page page = {.explaining = explaining, .out = explaining->out};
    words_init(&page.words, vm->memory, vm->types.seed);
    bool ok = draft_open(&page.draft) ? print_page(&page, error)
                                      : error_set_memory(vm, error, "a page");
    draft_close(&page.draft);
    words_free(&page.words);
    if (!listing_line(explaining->module))
        return vm_time_out(vm, error);
    return ok;
}

bool vm_keep_steps(struct module *module,
                   const char *function,
                   struct error *error) {
    uint32_t only = 0;
    if (!watch_allowed(module->vm, error))
        return false;
    if (function && !function_named(module, function, &only, error))
        return false;
    struct stepping *stepping = keep_steps(module);
    if (!stepping)
        return error_set(error, ERROR_IO, "out of memory: the steps of a run");
    stepping->function = only;
    stepping->only = function != NULL;
    return true;
}
