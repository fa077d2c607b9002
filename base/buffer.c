/* Byte buffers with a cap, reading and writing whole files, and the clock.
 *
 * A buffer doubles when it is full, so that appending byte by byte costs time
 * in proportion to the bytes, and ends at its cap, so that whoever sends us
 * something cannot make us hold more than the owner of the buffer meant to.
 * Size never exceeds capacity, nor capacity the cap; the differences below
 * cannot wrap. */
#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 256 };

void buffer_init(struct buffer *buffer, size_t cap) {
    *buffer = (struct buffer){.cap = cap};
}

/* Move the content to where `capacity` bytes have room. */
static bool resize(struct buffer *buffer, size_t capacity) {
    size_t more = capacity - buffer->capacity;
    if (!budget_take(buffer->budget, more))
        return false;
    uint8_t *data = realloc(buffer->data, capacity);
    if (!data) {
        budget_give(buffer->budget, more);
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

/* Make room for `more` bytes behind the content. */
static bool reserve(struct buffer *buffer, size_t more) {
    if (buffer->failed)
        return false;
    if (more > buffer->cap - buffer->size) {
        buffer->failed = true;
        return false;
    }

    size_t need = buffer->size + more;
    if (need <= buffer->capacity)
        return true;

    size_t capacity = buffer->capacity;
    if (capacity == 0)
        capacity = FIRST_CAPACITY;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    if (capacity > buffer->cap)
        capacity = buffer->cap;
    buffer->failed = !resize(buffer, capacity);
    return !buffer->failed;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size) {
    if (!reserve(buffer, size))
        return false;
    if (size)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text) {
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_slice(struct buffer *buffer, struct slice bytes) {
    return buffer_append(buffer, bytes.data, bytes.size);
}

bool buffer_printf(struct buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    /* Measures; it uses `arguments` up. */
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t size = (size_t)length + 1; /* vsnprintf's NUL */
    if (length < 0 || !reserve(buffer, size)) {
        buffer->failed = true;
        return false;
    }

    char *end = (char *)buffer->data + buffer->size;
    va_start(arguments, format);
    vsnprintf(end, size, format, arguments);
    va_end(arguments);
    buffer->size += size - 1;
    return true;
}

struct slice buffer_slice(const struct buffer *buffer) {
    return (struct slice){buffer->data, buffer->size};
}

void buffer_free(struct buffer *buffer) {
    budget_free(buffer->budget, buffer->data, buffer->capacity);
    *buffer = (struct buffer){.cap = buffer->cap, .budget = buffer->budget};
}

/* Sizes are a hint only, which saves doubling: those of files in /proc are 0,
 * and a pipe has none. */
bool stream_read(FILE *file,
                 const char *path,
                 struct buffer *out,
                 struct error *error) {
    struct shown name = shown_text(path, 200);
    struct stat status;
    if (fstat(fileno(file), &status) < 0)
        status = (struct stat){0};
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_IO, "%s: is a directory", name.text);

    bool fits = (uintmax_t)status.st_size <= out->cap;
    if (S_ISREG(status.st_mode) && fits)
        reserve(out, (size_t)status.st_size);

    while (!feof(file)) {
        bool full = out->size == out->capacity;
        if (full && !reserve(out, 1)) {
            /* to the cap: only the end of the file may follow */
            bool ended = fgetc(file) == EOF && !ferror(file);
            out->failed = !ended;
            return ended || error_set(error,
                                      ERROR_IO,
                                      "%s: larger than %zu bytes",
                                      name.text,
                                      out->cap);
        }

        size_t room = out->capacity - out->size;
        out->size += fread(out->data + out->size, 1, room, file);
        if (ferror(file))
            return error_set(
                error, ERROR_IO, "%s: %s", name.text, strerror(errno));
    }
    return true;
}

bool file_read(const char *path, struct buffer *out, struct error *error) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(error,
                         ERROR_IO,
                         "%s: %s",
                         shown_text(path, 200).text,
                         strerror(errno));
    bool ok = stream_read(file, path, out, error);
    fclose(file);
    return ok;
}

bool write_whole(int file, struct slice bytes) {
    for (size_t done = 0; done < bytes.size;) {
        ssize_t count = write(file, bytes.data + done, bytes.size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_ms(void) {
    return clock_ns() / 1000000;
}
