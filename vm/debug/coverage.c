/* What was executed, by the lines of the source: see coverage.h.
 *
 * A line has many instructions, of which all are executed when it is: so its
 * count is the largest of theirs. But each body has instructions of its own,
 * and so has each copy of a function that was inlined: these add up.
 *
 *     for (i = 0; i < 9; i++)     line 7 once, ten times, nine times: ten
 *         s += square(i);         line 8 nine times; and line 2, in square, nine times here,
 *     return square(s);           and once here: ten
 *
 * `end` and `else` only mark where blocks are: they count as what is behind
 * them, while compilers take them for a part of the line before. So they are
 * passed over.
 *
 * Lines of functions that were never called are there, with a count of 0; so
 * are their branches, which are found in the code itself: of `if` and br_if two
 * ways out, the first of which is taken if the condition holds. What br_table
 * decides has no such mark. Branches of one line are numbered in the order of
 * the code, for each body and copy anew. */
#include "vm/debug/coverage.h"

#include "vm/debug/counts.h"
#include "vm/listing/names.h"
#include "vm/opcodes.h"
#include "vm/trap.h"

#include <stdlib.h>

/* A piece of code that one line makes, or a branch in it. */
struct sight {
    uint32_t copy; /* of an inlined function, or 0 */
    uint32_t file, line, offset;
    uint64_t count; /* the largest; of a branch: how often it held */
    uint64_t other; /* the first; of a branch: how often it failed */
};

struct sights {
    struct sight *of; /* owned */
    size_t count, capacity;
};

struct covering {
    struct vm_coverage *coverage;
    struct module *module;
    struct debug_lines lines;
    uint32_t *copies; /* owned: of each line */
    bool *left_out;   /* owned: of each file */
    uint32_t section; /* of the first file */
    size_t line;      /* the next body's first */
    struct sights sights;
    /* The body: a function's. */
    uint32_t function, start, end;
    struct function_counts counts;
};

/* ---- sights ---- */

static bool see(struct covering *c, const struct sight *sight) {
    struct sights *sights = &c->sights;
    struct sight *of = array_reserve(c->coverage->memory,
                                     sights->of,
                                     sights->count,
                                     &sights->capacity,
                                     sizeof *of);
    if (!of)
        return false;
    sights->of = of;
    of[sights->count++] = *sight;
    return true;
}

static struct sight sight_of(const struct covering *c, size_t line) {
    const struct debug_line *of = &c->lines.lines[line];
    return (struct sight){.copy = c->copies[line],
                          .file = of->file,
                          .line = of->line,
                          .offset = of->start};
}

static int by_line(const struct sight *x, const struct sight *y) {
    int order = numbers_compare(x->copy, y->copy);
    if (order == 0)
        order = numbers_compare(x->file, y->file);
    return order ? order : numbers_compare(x->line, y->line);
}

static int by_offset(const void *a, const void *b) {
    const struct sight *x = a, *y = b;
    int order = by_line(x, y);
    return order ? order : numbers_compare(x->offset, y->offset);
}

static void sort_sights(struct covering *c) {
    struct sights *sights = &c->sights;
    if (sights->count > 0)
        qsort(sights->of, sights->count, sizeof *sights->of, by_offset);
}

static bool same_line(const struct sight *x, const struct sight *y) {
    return by_line(x, y) == 0;
}

static bool add(struct covering *c, uint32_t file, struct mark mark) {
    if (c->left_out[file])
        return true;
    mark.section = c->section + file;
    return mark_add(c->coverage, &mark);
}

/* ---- lines ---- */

/* The body's last `end` returns; others do nothing, as `else`. */
static uint32_t
skip_marks(const struct covering *c, uint32_t at, uint32_t end) {
    const uint8_t *bytes = c->module->bytes.data;
    uint32_t last = c->end - 1;
    while (at < end && at < last &&
           (bytes[at] == WASM_end || bytes[at] == WASM_else))
        at++;
    return at;
}

/* How often code up to `end` was executed; false if nothing of it can be. */
static bool
count_code(const struct covering *c, uint32_t end, struct sight *sight) {
    const struct function_counts *counts = &c->counts;
    uint32_t at = sight->offset, next;
    bool any = false;
    for (size_t i = function_counts_behind(counts, at); at < end;
         at = next, i++) {
        bool more = i < counts->piece_count && counts->pieces[i].from < end;
        next = more ? counts->pieces[i].from : end;
        if (skip_marks(c, at, next) == next)
            continue;
        uint64_t count = i > 0 ? counts->pieces[i - 1].count : 0;
        if (!any)
            sight->other = count;
        if (count > sight->count)
            sight->count = count;
        any = true;
    }
    return any;
}

static bool see_lines(struct covering *c) {
    const struct debug_line *lines = c->lines.lines;
    c->sights.count = 0;
    for (; c->line < c->lines.line_count && lines[c->line].start < c->end;
         c->line++) {
        const struct debug_line *line = &lines[c->line];
        struct sight sight = sight_of(c, c->line);
        uint32_t end = line->end < c->end ? line->end : c->end;
        bool seen = line->start >= c->start && count_code(c, end, &sight);
        if (seen && !see(c, &sight))
            return false;
    }
    return true;
}

static bool mark_line(struct covering *c, const struct sight *sight) {
    struct mark mark = {
        .kind = MARK_LINE, .line = sight->line, .count = sight->count};
    return add(c, sight->file, mark);
}

static bool mark_lines(struct covering *c) {
    const struct sights *sights = &c->sights;
    for (size_t i = 0, next; i < sights->count; i = next) {
        struct sight most = sights->of[i];
        for (next = i + 1; next < sights->count; next++) {
            const struct sight *sight = &sights->of[next];
            if (!same_line(sight, &most))
                break;
            if (sight->count > most.count)
                most.count = sight->count;
        }
        if (!mark_line(c, &most))
            return false;
    }
    return true;
}

/* ---- functions ---- */

/* Printable, and without a comma, which would end it. */
static bool
write_name(struct covering *c, struct slice name, struct mark *mark) {
    struct buffer text;
    buffer_init(&text, 4 * name.size + sizeof "...");
    for (size_t i = 0, size; i < name.size; i += size) {
        uint32_t code_point;
        size = utf8_decode((struct slice){name.data + i, name.size - i},
                           &code_point);
        size = size > 0 ? size : 1;
        struct slice one = {name.data + i, size};
        if (*one.data == ',')
            buffer_append_text(&text, "\\x2c");
        else
            buffer_append_text(&text, shown(one, SHOWN_MAX).text);
    }
    char *copy = arena_text(&c->coverage->texts, buffer_slice(&text));
    bool fine = copy && !text.failed;
    if (fine)
        mark->name = (struct slice){(uint8_t *)copy, text.size};
    buffer_free(&text);
    return fine;
}

/* By its first code, where it is called as often as that is executed. */
static bool mark_function(struct covering *c, const struct sight *first) {
    struct module *module = c->module;
    uint32_t body = c->function - module->imported_functions;
    struct debug_function function = debug_function_of(
        module->debug, body, first->copy, &c->coverage->texts);
    struct mark mark = {.kind = MARK_FUNCTION,
                        .line = function.line ? function.line : first->line,
                        .count = first->other};
    if (function.name.size == 0 && first->copy == 0)
        function.name = module_function_name(module, c->function);
    if (function.name.size == 0)
        return true;
    return write_name(c, function.name, &mark) && add(c, first->file, mark);
}

/* Of each copy, too; the sights are in their order. */
static bool mark_functions(struct covering *c) {
    const struct sights *sights = &c->sights;
    for (size_t i = 0, next; i < sights->count; i = next) {
        const struct sight *first = &sights->of[i];
        for (next = i; next < sights->count; next++) {
            const struct sight *sight = &sights->of[next];
            if (sight->copy != first->copy)
                break;
            if (sight->offset < first->offset)
                first = sight;
        }
        if (!mark_function(c, first))
            return false;
    }
    return true;
}

/* ---- branches ---- */

/* What immediate_read leaves to its caller: labels, or clauses that catch. */
static void skip_rest(struct reader *reader,
                      enum immediates kind,
                      const struct immediate *immediate) {
    enum { CATCH_ALL = 2 };
    uint64_t labels = 0, clauses = 0;
    if (kind == IMMEDIATE_LABELS)
        labels = (uint64_t)immediate->first + 1;
    if (kind == IMMEDIATE_CATCHES)
        clauses = immediate->first;
    for (; labels > 0 && reader_ok(reader); labels--)
        reader_u32(reader);
    for (; clauses > 0 && reader_ok(reader); clauses--) {
        if (reader_u8(reader) < CATCH_ALL)
            reader_u32(reader);
        reader_u32(reader);
    }
}

/* The record of a branch, from number `*i` on; NULL if it is never reached. */
static const struct counted_branch *
find_branch(const struct function_counts *counts, uint32_t offset, size_t *i) {
    while (*i < counts->branch_count && counts->branches[*i].offset < offset)
        ++*i;
    bool found =
        *i < counts->branch_count && counts->branches[*i].offset == offset;
    return found ? &counts->branches[*i] : NULL;
}

static bool see_branch(struct covering *c, uint32_t offset, size_t *number) {
    const struct counted_branch *branch =
        find_branch(&c->counts, offset, number);
    size_t line = debug_line_find(&c->lines, offset);
    if (line == c->lines.line_count)
        return true;
    struct sight sight = sight_of(c, line);
    sight.offset = offset;
    if (branch) {
        sight.count = branch->held;
        sight.other = branch->failed;
    }
    return see(c, &sight);
}

/* The code is valid: it was checked when the module was loaded. */
static bool see_branches(struct covering *c) {
    struct error unused = ERROR_INIT;
    struct reader reader = reader_init(c->module->bytes, &unused);
    reader.position = c->start;
    reader.end = c->end;
    size_t number = 0;
    c->sights.count = 0;
    uint32_t locals = reader_u32(&reader);
    for (; locals > 0 && reader_ok(&reader); locals--) {
        reader_u32(&reader);
        value_type_read(&reader);
    }
    while (reader_ok(&reader) && !reader_at_end(&reader)) {
        uint32_t offset = (uint32_t)reader.position;
        const struct instruction *row = instruction_read(&reader);
        if (!row)
            break;
        enum immediates kind = (enum immediates)row->immediates;
        struct immediate immediate = immediate_read(&reader, kind);
        skip_rest(&reader, kind, &immediate);
        bool branches = row->opcode == WASM_if || row->opcode == WASM_br_if;
        if (branches && !see_branch(c, offset, &number))
            return false;
    }
    return true;
}

static bool
mark_branch(struct covering *c, const struct sight *sight, uint32_t block) {
    struct mark mark = {.kind = MARK_BRANCH,
                        .line = sight->line,
                        .block = block,
                        .count = sight->count,
                        .reached = sight->count > 0 || sight->other > 0};
    if (!add(c, sight->file, mark))
        return false;
    mark.branch = 1;
    mark.count = sight->other;
    return add(c, sight->file, mark);
}

static bool mark_branches(struct covering *c) {
    const struct sights *sights = &c->sights;
    uint32_t block = 0;
    for (size_t i = 0; i < sights->count; i++) {
        const struct sight *sight = &sights->of[i];
        bool more = i > 0 && same_line(sight, sight - 1);
        block = more ? block + 1 : 0;
        if (!mark_branch(c, sight, block))
            return false;
    }
    return true;
}

/* ---- bodies ---- */

static bool cover_body(struct covering *c) {
    if (!see_lines(c))
        return false;
    sort_sights(c);
    if (c->sights.count == 0)
        return true;
    if (!mark_lines(c) || !mark_functions(c) || !see_branches(c))
        return false;
    sort_sights(c);
    return mark_branches(c);
}

static bool cover_function(struct covering *c, uint32_t function) {
    struct module *module = c->module;
    struct slice body = module->functions[function].body;
    c->function = function;
    c->start = (uint32_t)(body.data - module->bytes.data);
    c->end = c->start + (uint32_t)body.size;
    bool done =
        function_counts_read(&c->counts, module, function) && cover_body(c);
    function_counts_free(&c->counts);
    return done;
}

/* ---- files ---- */

/* Cut the last part off; false if there is none, or it leads up itself. */
static bool cut_part(struct buffer *path) {
    size_t size = path->size;
    while (size > 0 && path->data[size - 1] != '/')
        size--;
    struct slice last = {path->data + size, path->size - size};
    if (last.size == 0 || slice_is(last, ".."))
        return false;
    path->size = size > 1 ? size - 1 : size;
    return true;
}

static void add_part(struct buffer *path, struct slice part) {
    bool stays = part.size == 0 || slice_is(part, ".");
    bool up = slice_is(part, "..");
    if (stays || (up && cut_part(path)))
        return;
    bool apart = path->size > 0 && path->data[path->size - 1] != '/';
    if (apart)
        buffer_append_text(path, "/");
    buffer_append_slice(path, part);
}

static void add_parts(struct buffer *path, struct slice parts) {
    size_t start = 0;
    if (parts.size > 0 && parts.data[0] == '/')
        buffer_append_text(path, "/");
    for (size_t i = 0; i <= parts.size; i++) {
        if (i < parts.size && parts.data[i] != '/')
            continue;
        add_part(path, (struct slice){parts.data + start, i - start});
        start = i + 1;
    }
}

/* Without `.` and `..`, so that one file has one name; a C string. */
static void set_path(struct buffer *path,
                     struct slice directory,
                     const struct debug_file *file) {
    bool absolute = file->path.size > 0 && file->path.data[0] == '/';
    path->size = 0;
    if (!absolute)
        add_parts(path, directory);
    add_parts(path, file->path);
    buffer_append(path, "", 1);
}

static bool is_there(const struct vm_covering *asked,
                     const struct buffer *path) {
    if (path->failed)
        return false;
    return !asked->is_there ||
           asked->is_there(asked->context, (const char *)path->data);
}

/* From the directory that the compiler ran in on; or, if it is not there, but
 * from the current one on, so. True if it is. */
static bool find_file(const struct vm_covering *asked,
                      const struct debug_file *file,
                      struct buffer *path) {
    struct slice here = {NULL, 0};
    set_path(path, file->directory, file);
    if (is_there(asked, path))
        return true;
    set_path(path, here, file);
    return is_there(asked, path);
}

static bool add_section(struct covering *c, const struct buffer *path) {
    struct slice raw = slice_of((const char *)path->data);
    size_t room = 4 * raw.size + sizeof "...";
    char *text = arena_alloc(&c->coverage->texts, room, 1);
    if (!text)
        return false;
    shown_write(raw, text, room);
    struct section section = {.path = slice_of(text)};
    return section_add(c->coverage, section);
}

static bool add_files(struct covering *c, struct vm_covering *asked) {
    enum { LONGEST_PATH = 1 << 16 };
    struct buffer path;
    bool added = true;
    buffer_init(&path, LONGEST_PATH);
    for (size_t i = 0; i < c->lines.file_count && added; i++) {
        bool there = find_file(asked, &c->lines.files[i], &path);
        added = there ? add_section(c, &path)
                      : section_add(c->coverage, (struct section){0});
        c->left_out[i] = !there;
        asked->kept += there;
        asked->left_out += !there;
    }
    buffer_free(&path);
    return added;
}

/* ---- modules ---- */

static bool begin(struct covering *c) {
    struct budget *memory = c->coverage->memory;
    c->section = (uint32_t)c->coverage->section_count;
    c->copies = budget_alloc(memory, c->lines.line_count, sizeof *c->copies);
    c->left_out =
        budget_alloc(memory, c->lines.file_count, sizeof *c->left_out);
    if (!c->copies || !c->left_out)
        return false;
    debug_copies(c->module->debug, c->copies);
    return true;
}

static void end(struct covering *c) {
    struct budget *memory = c->coverage->memory;
    budget_free(memory, c->copies, c->lines.line_count * sizeof *c->copies);
    budget_free(memory, c->left_out, c->lines.file_count * sizeof *c->left_out);
    array_free(memory, c->sights.of, c->sights.capacity, sizeof *c->sights.of);
}

static bool cover_module(struct covering *c, struct vm_covering *asked) {
    const struct module *module = c->module;
    bool done = begin(c) && add_files(c, asked);
    for (uint32_t i = module->imported_functions;
         done && i < module->function_count;
         i++)
        done = cover_function(c, i);
    end(c);
    return done;
}

static bool fail_for_nothing(const struct vm_covering *asked,
                             struct error *error) {
    if (asked->left_out == 0)
        return error_set(error,
                         ERROR_IO,
                         "no coverage, for the module does not say which lines "
                         "of the source it was made of: compile it with -g");
    return error_set(error,
                     ERROR_IO,
                     "no coverage, for of the source's files that the module "
                     "names, %zu, none is here: compile it with -g, and run it "
                     "where its source is",
                     asked->left_out);
}

bool vm_coverage_add(struct vm_coverage *coverage,
                     struct vm_covering *asked,
                     struct error *error) {
    struct vm *vm = asked->vm;
    bool done = true;
    if (!vm->counts)
        return error_set(error, ERROR_USAGE, "nothing has been counted");
    if (vm->counts->incomplete)
        return error_set_memory(vm, error, "counts");

    asked->kept = asked->left_out = 0;
    for (struct module *m = vm->modules; m && done; m = m->next) {
        struct covering c = {
            .coverage = coverage, .module = m, .lines = module_lines(m)};
        if (c.lines.line_count > 0)
            done = cover_module(&c, asked);
    }
    if (!done)
        return error_set_memory(vm, error, "coverage");
    return asked->kept > 0 || fail_for_nothing(asked, error);
}
