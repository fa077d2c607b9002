/* Writing JSON (RFC 8259) in two passes: the first measures, the second writes
 * into place.
 *
 * Nothing here allocates or fails. The caller runs the same sequence of puts
 * twice, in between finding memory for what the first pass counted; everything
 * a put needs is in its arguments, so both passes give the same text. Commas
 * and colons are the caller's, put as text. */
#include "json/json.h"

#include <inttypes.h>
#include <string.h>

/* Beyond the capacity it only counts, which is all that the first pass does, whose
 * capacity is 0. */
static void put(struct json_writer *writer, const void *bytes, size_t size) {
    if (writer->size <= writer->capacity &&
        size <= writer->capacity - writer->size) {
        memcpy(writer->out + writer->size, bytes, size);
    }
    writer->size += size;
}

void json_put(struct json_writer *writer, const char *text) {
    put(writer, text, strlen(text));
}

void json_put_integer(struct json_writer *writer, int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    json_put(writer, text);
}

/* A byte that cannot stand for itself in a string; DEL could, but not on a
 * terminal. */
static void put_escaped(struct json_writer *writer, uint8_t byte) {
    /* Pairs: the byte, its letter. */
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = letters; *pair; pair += 2) {
        if ((uint8_t)*pair == byte) {
            put(writer, (const char[]){'\\', pair[1]}, 2);
            return;
        }
    }
    char text[8];
    snprintf(text, sizeof text, "\\u%04x", byte);
    json_put(writer, text);
}

/* What is not UTF-8 is taken for Latin-1, in which every byte is a character:
 * nothing is lost, and the text is JSON. */
void json_put_content(struct json_writer *writer, struct slice text) {
    const bool utf8 = utf8_valid(text);
    /* Bytes before it are put; those that stand for themselves go together. */
    size_t done = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool escape = ascii_is_control(byte) || byte == '"' || byte == '\\';
        bool latin1 = byte >= 0x80 && !utf8;
        if (!escape && !latin1)
            continue;
        put(writer, text.data + done, i - done);
        done = i + 1;
        if (escape)
            put_escaped(writer, byte);
        else {
            uint8_t character[4];
            put(writer, character, utf8_encode(byte, character));
        }
    }

    if (text.size)
        put(writer, text.data + done, text.size - done);
}

void json_put_string(struct json_writer *writer, struct slice text) {
    json_put(writer, "\"");
    json_put_content(writer, text);
    json_put(writer, "\"");
}

/* Bodies may have millions of bytes: printf would take most of the time. */
void json_put_bytes(struct json_writer *writer, struct slice bytes) {
    json_put(writer, "[");
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];
        char text[4]; /* a comma and up to three digits */
        size_t size = 0;
        if (i > 0)
            text[size++] = ',';
        if (byte >= 100)
            text[size++] = (char)('0' + byte / 100);
        if (byte >= 10)
            text[size++] = (char)('0' + byte / 10 % 10);
        text[size++] = (char)('0' + byte % 10);
        put(writer, text, size);
    }

    json_put(writer, "]");
}

/* In groups of three bytes, which become four characters (RFC 4648). */
void json_put_base64(struct json_writer *writer, struct slice bytes) {
    json_put(writer, "\"");
    for (size_t i = 0; i < bytes.size; i += 3) {
        char group[4];
        size_t count = bytes.size - i < 3 ? bytes.size - i : 3;
        put(writer,
            group,
            base64_encode((struct slice){bytes.data + i, count}, group));
    }
    json_put(writer, "\"");
}
