/* The text of source files, for `hostel dump --lines`.
 *
 * Which files these are, the module says, whoever made it: it could name any
 * that the user may read, such as a key, and have it shown where its maker can
 * see it. So a file is shown only
 *
 *  - if it lies, all links followed, beneath the current directory or the
 *    module's own: there the user looks for it;
 *  - if it is a regular file, of no more than some megabytes, without a NUL:
 *    devices and pipes are not opened in a way that waits for anything;
 *  - line by line, as the module asks for them, escaped and cut (vm/listing).
 *
 * A path leads on from the directory that the compiler ran in; where that leads
 * to nothing that is shown, from the current one.
 *
 * The last few files are kept. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "origin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES = 16,
    LARGEST = 16 << 20,
    LONGEST_PATH = 4096,
};

/* One that was looked for: what the module calls it, and what was found. */
struct file {
    char *name;         /* owned; NULL: not used yet */
    struct buffer text; /* empty, if it is not shown */
    size_t *lines;      /* owned: where they begin, and behind the last */
    size_t line_count;
};

struct origin {
    char *roots[2]; /* owned: beneath which files are shown, or NULL */
    struct file files[FILES];
    size_t next;   /* which is used next */
    char *refused; /* owned, or NULL */
};

/* ---- may it be shown? ---- */

/* All links followed; to be freed. NULL if there is no such file. */
static char *real_path(const char *path) {
    return realpath(path, NULL);
}

static bool is_beneath(const char *path, const char *root) {
    size_t size = root ? strlen(root) : 0;
    bool at_top = size == 1;
    return size > 0 && strncmp(path, root, size) == 0 &&
           (at_top || path[size] == '/');
}

static bool is_shown(const struct origin *origin, const char *path) {
    return is_beneath(path, origin->roots[0]) ||
           is_beneath(path, origin->roots[1]);
}

/* The descriptor of a regular file, or -1. */
static int open_regular(const char *path) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat stat;
    if (fd < 0)
        return -1;
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
        stat.st_size <= LARGEST)
        return fd;
    close(fd);
    return -1;
}

/* ---- one file ---- */

static bool find_lines(struct file *file) {
    const uint8_t *text = file->text.data;
    size_t count = 1;
    for (size_t i = 0; i < file->text.size; i++)
        count += text[i] == '\n';
    file->lines = malloc((count + 1) * sizeof *file->lines);
    if (!file->lines)
        return false;

    file->lines[0] = 0;
    file->line_count = 1;
    for (size_t i = 0; i < file->text.size; i++) {
        if (text[i] == '\n')
            file->lines[file->line_count++] = i + 1;
    }
    file->lines[file->line_count] = file->text.size + 1;
    return true;
}

static void read_file(struct file *file, const char *path) {
    struct error unused = ERROR_INIT;
    int fd = open_regular(path);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    if (!stream && fd >= 0)
        close(fd);
    if (!stream)
        return;

    bool fine = stream_read(stream, path, &file->text, &unused);
    fclose(stream);
    bool is_text = fine && file->text.size > 0 &&
                   !memchr(file->text.data, '\0', file->text.size);
    if (!is_text || !find_lines(file))
        file->text.size = 0;
}

/* Look for a file at a path; true if it is there, and may be shown. */
static bool
try_path(struct origin *origin, struct file *file, const char *path) {
    char *real = real_path(path);
    bool shown = real && is_shown(origin, real);
    bool first = real && !shown && !origin->refused;
    if (shown)
        read_file(file, real);
    if (first) {
        origin->refused = real;
        real = NULL;
    }
    free(real);
    return shown;
}

static void forget(struct file *file) {
    free(file->name);
    free(file->lines);
    buffer_free(&file->text);
    *file = (struct file){.name = NULL};
}

/* A path of the module's as a C string; it may have any bytes. */
static bool
join(struct buffer *out, struct slice directory, struct slice path) {
    bool absolute = path.size > 0 && path.data[0] == '/';
    if (!absolute && directory.size > 0) {
        buffer_append_slice(out, directory);
        buffer_append_text(out, "/");
    }
    buffer_append_slice(out, path);
    buffer_append(out, "", 1);
    return !out->failed && strlen((const char *)out->data) + 1 == out->size;
}

static void look_for(struct origin *origin,
                     struct file *file,
                     const struct vm_source_line *line) {
    struct slice nothing = {NULL, 0};
    struct buffer path;
    buffer_init(&path, LONGEST_PATH);
    bool shown = join(&path, line->directory, line->path) &&
                 try_path(origin, file, (const char *)path.data);
    path.size = 0;
    if (!shown && join(&path, nothing, line->path))
        try_path(origin, file, (const char *)path.data);
    buffer_free(&path);
}

/* ---- what was looked for ---- */

static struct file *find(struct origin *origin, const char *name) {
    for (size_t i = 0; i < FILES; i++) {
        struct file *file = &origin->files[i];
        if (file->name && strcmp(file->name, name) == 0)
            return file;
    }
    return NULL;
}

/* Takes the name over. */
static struct file *
add(struct origin *origin, char *name, const struct vm_source_line *line) {
    struct file *file = &origin->files[origin->next];
    origin->next = (origin->next + 1) % FILES;
    forget(file);
    file->name = name;
    buffer_init(&file->text, LARGEST);
    look_for(origin, file, line);
    return file;
}

struct slice origin_line(void *context, const struct vm_source_line *line) {
    struct origin *origin = context;
    struct slice nothing = {NULL, 0};
    struct buffer name;
    buffer_init(&name, LONGEST_PATH);
    bool fine = join(&name, line->directory, line->path);
    struct file *file = fine ? find(origin, (const char *)name.data) : NULL;
    char *copy = fine && !file ? strdup((const char *)name.data) : NULL;
    buffer_free(&name);
    if (copy)
        file = add(origin, copy, line);
    if (!file || file->text.size == 0 || line->line > file->line_count)
        return nothing;

    size_t begin = file->lines[line->line - 1];
    size_t end = file->lines[line->line] - 1;
    if (end > begin && file->text.data[end - 1] == '\r')
        end--;
    return (struct slice){file->text.data + begin, end - begin};
}

const char *origin_refused(const struct origin *origin) {
    return origin->refused;
}

/* ---- open and close ---- */

/* The directory that a file is in. */
static char *directory_of(const char *path) {
    char *real = real_path(path);
    char *slash = real ? strrchr(real, '/') : NULL;
    if (slash)
        slash[slash == real] = '\0';
    return real;
}

struct origin *origin_open(const char *module) {
    struct origin *origin = calloc(1, sizeof *origin);
    if (!origin)
        return NULL;
    origin->roots[0] = real_path(".");
    origin->roots[1] = directory_of(module);
    return origin;
}

void origin_close(struct origin *origin) {
    if (!origin)
        return;
    for (size_t i = 0; i < FILES; i++)
        forget(&origin->files[i]);
    free(origin->roots[0]);
    free(origin->roots[1]);
    free(origin->refused);
    free(origin);
}
