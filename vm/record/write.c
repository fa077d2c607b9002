/* Writing records: one call of the system each, so that a program that is
 * killed leaves all of those that it has told. */
#include "vm/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Kind and size stand before the payload, which is written first. */
enum { HEADER_MAX = 11, CHECK_SIZE = 4 };

static bool fail(const char *what, struct error *error) {
    return error_set(
        error, ERROR_IO, "the recording: %s: %s", what, strerror(errno));
}

/* It was there already, and may be somebody's to read: or it is none that can
 * be emptied, as a pipe. */
static bool make_empty(int file, struct error *error) {
    struct stat stat;
    if (fstat(file, &stat) < 0)
        return fail("cannot be opened", error);
    if (!S_ISREG(stat.st_mode))
        return true;
    if (fchmod(file, S_IRUSR | S_IWUSR) < 0)
        return fail("cannot be kept from others", error);
    return ftruncate(file, 0) == 0 || fail("cannot be emptied", error);
}

static bool write_bytes(struct record_writer *writer,
                        struct slice bytes,
                        struct error *error) {
    writer->failed = !write_whole(writer->file, bytes);
    return !writer->failed || fail("cannot be written", error);
}

bool writer_open(struct record_writer *writer,
                 const char *path,
                 struct error *error) {
    writer->failed = true;
    check_table_init(&writer->table);
    buffer_init(&writer->out, SIZE_MAX);
    writer->out.budget = writer->vm->memory;
    writer->check = 0;
    writer->file =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (writer->file < 0)
        return error_set(error,
                         ERROR_IO,
                         "the recording: %s: %s",
                         shown_text(path, SHOWN_MAX).text,
                         strerror(errno));
    static const uint8_t magic[] = RECORDING_MAGIC;
    struct slice head = {magic, RECORDING_MAGIC_SIZE};
    return make_empty(writer->file, error) && write_bytes(writer, head, error);
}

void writer_begin(struct record_writer *writer, enum record_kind kind) {
    static const uint8_t header[HEADER_MAX] = {0};
    writer->kind = kind;
    writer->out.size = 0;
    buffer_append(&writer->out, header, sizeof header);
}

/* As LEB128; its size. */
static size_t encode_u(uint8_t out[10], uint64_t value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out[size++] = (uint8_t)(value | 0x80);
    out[size++] = (uint8_t)value;
    return size;
}

/* Nothing more is written. */
static bool refuse_memory(struct record_writer *writer, struct error *error) {
    buffer_free(&writer->out);
    writer->failed = true;
    return error_set_memory(writer->vm, error, "a recording");
}

bool writer_end(struct record_writer *writer, struct error *error) {
    struct buffer *out = &writer->out;
    uint8_t header[HEADER_MAX] = {(uint8_t)writer->kind};
    if (out->failed)
        return refuse_memory(writer, error);
    size_t size = 1 + encode_u(header + 1, out->size - HEADER_MAX);
    size_t start = HEADER_MAX - size;
    memcpy(out->data + start, header, size);

    struct slice whole = {out->data + start, out->size - start};
    uint32_t check = check_continue(&writer->table, writer->check, whole);
    uint8_t bytes[CHECK_SIZE];
    for (int i = 0; i < CHECK_SIZE; i++)
        bytes[i] = (uint8_t)(check >> (8 * i));
    if (!buffer_append(out, bytes, sizeof bytes))
        return refuse_memory(writer, error);
    writer->check = check;
    whole = (struct slice){out->data + start, out->size - start};
    bool written = write_bytes(writer, whole, error);
    let_go(out);
    return written;
}

void writer_close(struct record_writer *writer) {
    if (writer->file >= 0)
        close(writer->file);
    buffer_free(&writer->out);
}

/* ---- what is in them ---- */

void put_u(struct record_writer *writer, uint64_t value) {
    uint8_t bytes[10];
    buffer_append(&writer->out, bytes, encode_u(bytes, value));
}

void put_s(struct record_writer *writer, int64_t value) {
    uint8_t bytes[10];
    size_t size = 0;
    /* What is left says nothing but the sign. */
    for (; value < -0x40 || value > 0x3F; value >>= 7)
        bytes[size++] = (uint8_t)(value | 0x80);
    bytes[size++] = (uint8_t)(value & 0x7F);
    buffer_append(&writer->out, bytes, size);
}

void put_bytes(struct record_writer *writer, struct slice bytes) {
    buffer_append_slice(&writer->out, bytes);
}

void put_text(struct record_writer *writer, struct slice text) {
    put_u(writer, text.size);
    put_bytes(writer, text);
}

void put_failure(struct record_writer *writer, const struct error *failure) {
    bool failed = failure->kind != ERROR_NONE;
    put_text(writer, slice_of(failed ? error_kind_name(failure->kind) : ""));
    put_s(writer, failure->code);
    put_text(writer, slice_of(failure->text));
}
