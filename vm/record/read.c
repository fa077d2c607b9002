/* Reading records. Whatever a file holds, no more memory is taken than it has
 * bytes, and it ends at the first record that is not whole. */
#include "vm/record/record.h"

#include <errno.h>
#include <string.h>

enum { CHECK_SIZE = 4, PIECE = 1 << 16 };

/* Of a record: a module, or all that a call can move. */
#define PAYLOAD_MAX (UINT64_C(1) << 32)

bool record_rewind(struct record_reader *reader, struct error *error) {
    uint8_t magic[RECORDING_MAGIC_SIZE];
    reader->check = 0;
    reader->kind = RECORD_NONE;
    reader->damaged = false;
    reader->at = 0;
    if (fseek(reader->file, 0, SEEK_SET) != 0)
        return error_set(
            error, ERROR_IO, "a recording must be a file: %s", strerror(errno));
    size_t size = fread(magic, 1, sizeof magic, reader->file);
    reader->offset = size;
    bool ours = size == sizeof magic && memcmp(magic, RECORDING_MAGIC, 4) == 0;
    if (!ours)
        return error_set(error, ERROR_MALFORMED, "it is no recording");
    return memcmp(magic, RECORDING_MAGIC, sizeof magic) == 0 ||
           error_set(error,
                     ERROR_UNSUPPORTED,
                     "a recording of version %u; this hostel reads version 1",
                     magic[4] | magic[5] << 8);
}

bool record_reader_open(struct record_reader *reader,
                        FILE *file,
                        struct error *error) {
    *reader = (struct record_reader){.file = file};
    check_table_init(&reader->table);
    buffer_init(&reader->payload, PAYLOAD_MAX);
    return record_rewind(reader, error);
}

void record_reader_close(struct record_reader *reader) {
    if (reader->file)
        fclose(reader->file);
    buffer_free(&reader->payload);
}

/* Kind and size, as they stand there; 0 at the end of the file. */
static size_t read_header(FILE *file, uint8_t header[11], uint64_t *size) {
    size_t count = 0;
    *size = 0;
    for (unsigned shift = 0; count < 11; count++) {
        int c = getc(file);
        if (c == EOF)
            return 0;
        header[count] = (uint8_t)c;
        if (count == 0)
            continue;
        *size |= (uint64_t)(c & 0x7F) << shift;
        shift += 7;
        if (c < 0x80)
            return count + 1;
    }
    return 0;
}

/* In pieces, since the size may be a lie. */
static bool read_payload(struct record_reader *reader, uint64_t size) {
    uint8_t piece[PIECE];
    reader->payload.size = 0;
    while (size > 0) {
        size_t wanted = size < PIECE ? (size_t)size : PIECE;
        if (fread(piece, 1, wanted, reader->file) != wanted)
            return false;
        if (!buffer_append(&reader->payload, piece, wanted))
            return false;
        size -= wanted;
    }
    return true;
}

bool record_next(struct record_reader *reader) {
    uint8_t header[11], bytes[CHECK_SIZE];
    uint64_t size;
    size_t begun = read_header(reader->file, header, &size);
    bool whole = begun > 0 && read_payload(reader, size) &&
                 fread(bytes, 1, CHECK_SIZE, reader->file) == CHECK_SIZE;
    if (!whole)
        return false;

    uint32_t check = check_continue(
        &reader->table, reader->check, (struct slice){header, begun});
    check =
        check_continue(&reader->table, check, buffer_slice(&reader->payload));
    for (int i = 0; i < CHECK_SIZE; i++)
        reader->damaged |= bytes[i] != (uint8_t)(check >> (8 * i));
    if (reader->damaged)
        return false;

    reader->check = check;
    reader->kind = (enum record_kind)header[0];
    reader->at = reader->offset;
    reader->offset += begun + size + CHECK_SIZE;
    return true;
}

/* ---- what is in them ---- */

struct reader record_payload(const struct record_reader *reader,
                             struct error *error) {
    struct slice payload = buffer_slice(&reader->payload);
    return reader_init(payload.size > 0 ? payload : slice_of(""), error);
}

struct slice take_text(struct reader *reader) {
    uint64_t size = reader_u64(reader);
    return reader_bytes(reader, (size_t)size);
}

static enum error_kind kind_named(struct slice name) {
    static const enum error_kind kinds[] = {
#define X(kind, word) ERROR_##kind,
        ERROR_KINDS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (slice_is(name, error_kind_name(kinds[i])))
            return kinds[i];
    }
    return name.size > 0 ? ERROR_IO : ERROR_NONE;
}

/* The text is a stranger's now. */
void take_failure(struct reader *reader, struct error *failure) {
    *failure = (struct error)ERROR_INIT;
    failure->kind = kind_named(take_text(reader));
    failure->code = (int)reader_s64(reader);
    struct slice text = take_text(reader);
    shown_write(text, failure->text, sizeof failure->text);
}
