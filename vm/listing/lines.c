/* `hostel dump --lines`: where in the source instructions come from.
 *
 *     ; demo.c:9 checked                  the line, and the function that was inlined
 *     ; inlined at demo.c:14 twice        ... into which other
 *     ; inlined at demo.c:20              ... and that into the function itself
 *     ; |         __builtin_trap();       the text of the line, if it is to be had
 *          1b8:   unreachable
 *
 * Said before the first instruction of each place, and "; no line" where there
 * is none. What is looked at is the table of lines; where that has a new piece,
 * the entries are asked what was inlined there. */
#include "vm/listing/listing.h"

#include "vm/listing/names.h"
#include "vm/store.h"

enum {
    PLACES = 32, /* the innermost */
    NAME_SHOWN = 80,
    FILE_SHOWN = 160,
    LINE_SHOWN = 120,
    TAB = 4,
};

/* The places of an instruction; their texts are in the arena. */
struct chain {
    struct debug_place places[PLACES];
    size_t count;
    struct arena texts;
};

struct line_shower {
    const struct vm_dumping *dumping;
    struct debug_lines lines;
    /* The piece that the last instruction is in, or line_count. */
    size_t piece;
    bool unknown; /* it has none, and that was said */
    struct chain shown, next;
};

/* ---- what is printed ---- */

/* The name only if it is not that of the function itself, which the heading
 * has. */
static void print_place(const struct debug_place *place, FILE *out) {
    if (place->file.size > 0) {
        shown_print(place->file, FILE_SHOWN, out);
        fprintf(out, ":%u", place->line);
    } else {
        fputs("no line", out);
    }
    if (place->inlined && place->name.size > 0) {
        fputc(' ', out);
        shown_print(place->name, NAME_SHOWN, out);
    }
    fputc('\n', out);
}

/* Tabs are a habit of programmers, and of no harm. */
static void print_text(struct slice text, FILE *out) {
    struct slice line = {text.data, 0};
    char spaced[LINE_SHOWN + TAB];
    size_t size = 0;
    for (; line.size < text.size && size < LINE_SHOWN; line.size++) {
        uint8_t byte = text.data[line.size];
        for (int i = 0; byte == '\t' && i < TAB; i++)
            spaced[size++] = ' ';
        if (byte != '\t')
            spaced[size++] = (char)byte;
    }
    struct slice rest = {(const uint8_t *)spaced, size};
    fputs("; | ", out);
    shown_print(rest, LINE_SHOWN, out);
    fputs(line.size < text.size ? "...\n" : "\n", out);
}

/* The host decides whether there is a text, and which files may be read: the
 * module only names them. */
static struct slice text_of(const struct line_shower *shower) {
    const struct vm_dumping *dumping = shower->dumping;
    const struct debug_line *piece = &shower->lines.lines[shower->piece];
    const struct debug_file *file = &shower->lines.files[piece->file];
    struct vm_source_line line = {
        .directory = file->directory, .path = file->path, .line = piece->line};
    return dumping->text ? dumping->text(dumping->context, &line)
                         : (struct slice){NULL, 0};
}

/* Innermost first: it is the line of that place whose text is shown. */
static void print_chain(const struct line_shower *shower) {
    FILE *out = shower->dumping->out;
    const struct chain *chain = &shower->shown;
    for (size_t i = 0; i < chain->count; i++) {
        fputs(i == 0 ? "; " : "; inlined at ", out);
        print_place(&chain->places[i], out);
    }
    struct slice text = text_of(shower);
    if (text.size > 0)
        print_text(text, out);
}

/* ---- when ---- */

/* Pieces of the table of lines often say the same place again. */
static bool same_chain(const struct chain *a, const struct chain *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const struct debug_place *x = &a->places[i], *y = &b->places[i];
        same = x->line == y->line && slice_equal(x->file, y->file) &&
               slice_equal(x->name, y->name);
    }
    return same;
}

/* The two exchange their memory: texts stay valid as long as they are shown. */
static void keep_chain(struct line_shower *shower) {
    struct chain last = shower->shown;
    shower->shown = shower->next;
    shower->next = last;
}

/* Behind "; no line" a place is said even if it is the one before that. */
static void show_piece(struct line_shower *shower, size_t offset) {
    struct chain *next = &shower->next;
    arena_free(&next->texts);
    next->count = module_places(shower->dumping->module,
                                (uint32_t)offset,
                                &next->texts,
                                next->places,
                                PLACES);
    if (!shower->unknown && same_chain(&shower->shown, next))
        return;
    shower->unknown = false;
    keep_chain(shower);
    print_chain(shower);
}

/* Offsets come in ascending order, and nearly all are in the piece of the one
 * before: then this is a comparison. */
void lines_show(struct line_shower *shower, size_t offset) {
    if (!shower || shower->lines.line_count == 0)
        return;
    size_t piece = debug_line_find(&shower->lines, offset);
    if (piece == shower->piece)
        return;

    shower->piece = piece;
    if (piece < shower->lines.line_count) {
        show_piece(shower, offset);
        return;
    }

    shower->unknown = true;
    fputs("; no line\n", shower->dumping->out);
}

/* ---- open and close ---- */

bool lines_open(const struct vm_dumping *dumping, struct line_shower **shower) {
    struct budget *memory = dumping->module->vm->memory;
    if (!dumping->lines)
        return true;
    struct line_shower *opened = budget_alloc(memory, 1, sizeof *opened);
    if (!opened)
        return false;

    opened->dumping = dumping;
    opened->lines = module_lines(dumping->module);
    opened->piece = SIZE_MAX;
    arena_init(&opened->shown.texts);
    arena_init(&opened->next.texts);
    opened->shown.texts.budget = opened->next.texts.budget = memory;
    if (opened->lines.line_count == 0)
        fputs("; no lines: the module has no debugging information\n",
              dumping->out);
    *shower = opened;
    return true;
}

void lines_close(struct line_shower *shower) {
    if (!shower)
        return;
    arena_free(&shower->shown.texts);
    arena_free(&shower->next.texts);
    budget_free(shower->dumping->module->vm->memory, shower, sizeof *shower);
}
