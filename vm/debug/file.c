/* The files of a unit's line table, and where they are (DWARF 5, section 6.2.4).
 *
 * A program's header lists directories and files, and its rows have the numbers
 * of these. Up to DWARF 4 they count from 1; directory 0 is where the compiler
 * ran:
 *
 *     "include" 0  0                       directories: 1
 *     "demo.c" 0  00 00 00                 files: 1, in directory 0; when it was written, how long
 *     "http.h" 0  01 00 00  0              2, in directory 1
 *
 * Since then they count from 0, and of what an entry has, a list of formats
 * goes before: here 01 1F, its path as an offset in .debug_line_str, and 02 0B,
 * its directory in a byte.
 *
 *     02  01 1F  02 0B  02                 two formats; two entries
 *     08000000 00  1C000000 01 */
#include "vm/debug/dwarf.h"

#include <string.h>

/* ---- one after the other ---- */

static bool is_old(const struct program *program) {
    return program->unit.version < 5;
}

/* Before the entries of DWARF 5 it says how they are written. */
static void read_formats(struct file_list *list) {
    list->values = cursor_u8(&list->at);
    list->formats = list->at;
    for (unsigned i = 0; i < 2u * list->values; i++)
        cursor_uleb(&list->at);
    list->left = cursor_uleb(&list->at);
    if (list->values == 0)
        list->left = 0; /* no bytes would bound it */
}

struct file_list directories_of(struct debug *debug,
                                const struct program *program) {
    struct file_list list = {.debug = debug,
                             .program = program,
                             .at = program->tables,
                             .number = is_old(program)};
    if (!is_old(program))
        read_formats(&list);
    return list;
}

struct file_list files_behind(struct file_list list) {
    struct file unused;
    while (list_next(&list, &unused)) {
    }
    list.files = true;
    list.number = is_old(list.program);
    if (!is_old(list.program))
        read_formats(&list);
    return list;
}

/* An empty name ends each list. */
static bool next_old(struct file_list *list, struct file *file) {
    struct cursor *at = &list->at;
    file->name = cursor_text(at);
    bool more = file->name.size > 0;
    if (more && list->files) {
        file->directory = cursor_uleb(at);
        cursor_uleb(at); /* when it was written, how long it was */
        cursor_uleb(at);
    }
    return more;
}

/* Each has the values that the formats say: what, and in which form. */
static bool next_new(struct file_list *list, struct file *file) {
    enum { PATH = 1, DIRECTORY };
    const struct unit *unit = &list->program->unit;
    struct cursor format = list->formats;
    bool more = list->left > 0;
    for (unsigned k = 0; more && k < list->values; k++) {
        uint64_t what = cursor_uleb(&format);
        struct value value =
            value_decode(unit, &list->at, cursor_uleb(&format), 0);
        if (what == PATH)
            file->name = value_string(list->debug, unit, value);
        if (what == DIRECTORY)
            value_number(value, &file->directory);
        more = work(list->debug, 1);
    }
    list->left -= more;
    return more;
}

bool list_next(struct file_list *list, struct file *file) {
    size_t start = list->at.position;
    *file = (struct file){.number = list->number++};
    bool more =
        is_old(list->program) ? next_old(list, file) : next_new(list, file);
    uint64_t steps = 1 + (list->at.position - start) / BYTES_A_STEP;
    return more && !list->at.failed && work(list->debug, steps);
}

/* ---- one of them ---- */

/* What has the number; or nothing. */
static struct file find(struct file_list list, uint64_t number) {
    struct file file;
    while (list_next(&list, &file)) {
        if (file.number == number)
            return file;
    }
    return (struct file){{NULL, 0}, 0, 0};
}

struct slice
path_join(struct slice directory, struct slice name, struct arena *texts) {
    bool absolute = name.size > 0 && name.data[0] == '/';
    if (name.size == 0 || absolute || directory.size == 0)
        return name;
    size_t size = directory.size + 1 + name.size;
    uint8_t *path = arena_alloc(texts, size, 1);
    if (!path)
        return name;
    memcpy(path, directory.data, directory.size);
    path[directory.size] = '/';
    memcpy(path + directory.size + 1, name.data, name.size);
    return (struct slice){path, size};
}

/* The directory the compiler ran in is left out; who compiled it knows. */
struct slice line_file(struct debug *debug,
                       const struct unit *unit,
                       uint64_t number,
                       struct arena *texts) {
    struct program program;
    if (!program_read(debug, unit, &program))
        return (struct slice){NULL, 0};
    struct file_list directories = directories_of(debug, &program);
    struct file file = find(files_behind(directories), number);
    struct slice directory = {NULL, 0};
    if (file.directory > 0)
        directory = find(directories, file.directory).name;
    return path_join(directory, file.name, texts);
}
