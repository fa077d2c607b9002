/* The lines of all code in one table.
 *
 * A backtrace asks for a few places, and runs a line program for each (line.c).
 * Who shows or counts all code would run it once for every line. So all
 * programs are run once, one unit after the other, and their pieces sorted.
 *
 *     0x67 to 0x73   demo.c:6
 *     0x73 to 0x8b   demo.c:7
 *
 * Units are a stranger's word: where two say something of the same code, the
 * piece that begins first counts. */
#include "vm/debug/dwarf.h"

#include <stdlib.h>

/* ---- files ---- */

/* Which is not in the table, or not yet. */
#define NO_FILE UINT32_MAX
#define NOT_YET (UINT32_MAX - 1)

/* A directory or file of a unit, and its number in the table. */
struct named {
    struct file file;
    uint32_t number;
};

struct names {
    struct named *of; /* owned */
    size_t count, capacity;
};

struct reading {
    struct debug *debug;
    const struct unit *unit;
    struct names directories, files; /* of the unit */
};

/* All that are in a list; false without memory. */
static bool
read_names(struct debug *debug, struct file_list list, struct names *names) {
    struct named named = {.number = NOT_YET};
    size_t most = debug->sections[SECTION_LINE].size;
    names->count = 0;
    while (names->count < most && list_next(&list, &named.file)) {
        struct named *grown = array_reserve(debug->memory,
                                            names->of,
                                            names->count,
                                            &names->capacity,
                                            sizeof *names->of);
        if (!grown)
            return false;
        names->of = grown;
        names->of[names->count++] = named;
    }
    return true;
}

static bool read_files(struct reading *reading, const struct program *program) {
    struct debug *debug = reading->debug;
    struct file_list directories = directories_of(debug, program);
    return read_names(debug, directories, &reading->directories) &&
           read_names(debug, files_behind(directories), &reading->files);
}

/* The one of that number; NULL if there is none. The first may be 1. */
static struct named *find(const struct names *names, uint64_t number) {
    uint64_t first = names->count > 0 ? names->of[0].file.number : 0;
    bool there = number >= first && number - first < names->count;
    return there ? &names->of[number - first] : NULL;
}

static bool add_file(struct debug *debug, struct debug_file file) {
    struct table *table = &debug->lines;
    struct debug_file *grown = array_reserve(debug->memory,
                                             table->files,
                                             table->file_count,
                                             &table->file_capacity,
                                             sizeof *table->files);
    if (!grown)
        return false;
    table->files = grown;
    table->files[table->file_count++] = file;
    return true;
}

/* What is no text names no file. */
static uint32_t learn_file(struct reading *reading, const struct named *named) {
    struct debug *debug = reading->debug;
    uint64_t in = named->file.directory;
    const struct named *directory =
        in > 0 ? find(&reading->directories, in) : NULL;
    struct slice none = {NULL, 0};
    struct debug_file file = {
        .directory = reading->unit->directory,
        .path = path_join(directory ? directory->file.name : none,
                          named->file.name,
                          &debug->names)};
    bool text = utf8_valid(file.path) && utf8_valid(file.directory);
    bool fine = text && file.path.size > 0 &&
                work(debug, 1 + file.path.size / BYTES_A_STEP) &&
                add_file(debug, file);
    return fine ? (uint32_t)debug->lines.file_count - 1 : NO_FILE;
}

static uint32_t file_number(struct reading *reading, uint64_t own) {
    struct named *named = find(&reading->files, own);
    if (!named)
        return NO_FILE;
    if (named->number == NOT_YET)
        named->number = learn_file(reading, named);
    return named->number;
}

/* ---- pieces ---- */

static bool is_within(const struct debug *debug, uint64_t start, uint64_t end) {
    return start < end && end <= debug->code.size;
}

/* Each has a byte of code at least, if they tell the truth. */
static bool is_full(const struct debug *debug) {
    return debug->lines.count >= debug->code.size;
}

/* False without memory. */
static bool add_piece(struct reading *reading, const struct line_piece *piece) {
    struct debug *debug = reading->debug;
    struct table *table = &debug->lines;
    bool known = piece->line.number > 0 && piece->line.file <= UINT32_MAX;
    if (!known || is_full(debug))
        return true;
    uint32_t file = file_number(reading, piece->line.file);
    if (file == NO_FILE || !is_within(debug, piece->start, piece->end))
        return true;

    struct debug_line *grown = array_reserve(debug->memory,
                                             table->lines,
                                             table->count,
                                             &table->capacity,
                                             sizeof *table->lines);
    if (!grown)
        return false;
    table->lines = grown;
    table->lines[table->count++] =
        (struct debug_line){.start = (uint32_t)piece->start,
                            .end = (uint32_t)piece->end,
                            .file = file,
                            .line = piece->line.number,
                            .own = (uint32_t)piece->line.file};
    return true;
}

static bool read_unit(struct reading *reading) {
    struct program program;
    if (!program_read(reading->debug, reading->unit, &program))
        return true;
    struct line_machine machine = machine_of(reading->debug, &program);
    struct line_piece piece;
    if (!read_files(reading, &program))
        return false;
    while (machine_next(&machine, &piece)) {
        if (!add_piece(reading, &piece))
            return false;
    }
    return true;
}

/* ---- the table ---- */

static int compare(const void *a, const void *b) {
    const struct debug_line *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static void sort(struct debug *debug) {
    struct table *table = &debug->lines;
    size_t kept = 0;
    uint32_t end = 0;
    if (table->count == 0)
        return;
    qsort(table->lines, table->count, sizeof *table->lines, compare);
    for (size_t i = 0; i < table->count; i++) {
        struct debug_line line = table->lines[i];
        if (line.start < end)
            continue;
        end = line.end;
        line.start += debug->code_offset;
        line.end += debug->code_offset;
        table->lines[kept++] = line;
    }
    table->count = kept;
}

static void names_give_back(struct debug *debug, struct names *names) {
    array_free(debug->memory, names->of, names->capacity, sizeof *names->of);
}

static void make(struct debug *debug) {
    struct reading reading = {.debug = debug};
    bool fine = true;
    debug_refill_for_all(debug);
    for (size_t i = 0; i < debug->unit_count && fine; i++) {
        reading.unit = &debug->units[i];
        if (!reading.unit->damaged)
            fine = read_unit(&reading);
    }
    names_give_back(debug, &reading.directories);
    names_give_back(debug, &reading.files);
    if (!fine)
        debug->lines.count = 0;
    sort(debug);
    debug->lines.made = true;
}

static struct debug_lines lines_of(const struct table *table) {
    return (struct debug_lines){.lines = table->lines,
                                .line_count = table->count,
                                .files = table->files,
                                .file_count = table->file_count};
}

struct debug_lines debug_lines(struct debug *debug) {
    if (!debug->lines.made)
        make(debug);
    return lines_of(&debug->lines);
}

size_t debug_line_find(const struct debug_lines *lines, uint64_t offset) {
    size_t low = 0, high = lines->line_count, count = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (offset < lines->lines[middle].end) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < count && offset >= lines->lines[low].start ? low : count;
}

bool table_find(const struct debug *debug,
                uint64_t address,
                struct line *line) {
    struct debug_lines all = lines_of(&debug->lines);
    size_t i = debug_line_find(&all, address + debug->code_offset);
    if (i == all.line_count)
        return false;
    *line =
        (struct line){.file = all.lines[i].own, .number = all.lines[i].line};
    return true;
}

void table_free(struct debug *debug) {
    struct table *table = &debug->lines;
    array_free(
        debug->memory, table->lines, table->capacity, sizeof *table->lines);
    array_free(debug->memory,
               table->files,
               table->file_capacity,
               sizeof *table->files);
}
