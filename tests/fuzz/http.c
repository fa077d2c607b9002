/* Fuzzing the reader of HTTP responses: how the bytes arrive must not matter.
 *
 * The response comes in one packet and is read in large pieces, then in two
 * packets, read byte by byte. The first byte of the input says where they part,
 * and whether the request was HEAD. */
#include "net/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void check(bool fine) {
    if (!fine)
        abort();
}

static void read_response(struct buffer *out,
                          struct connection *connection,
                          bool no_body,
                          size_t piece) {
    struct net_config config = net_config_default();
    struct arena arena;
    struct error error = ERROR_INIT;
    struct http_head head;
    arena_init(&arena);
    struct http_reader *reader =
        http_reader_new(&arena, connection, &config.limits, no_body, INT64_MAX);
    bool ok = http_read_head(reader, &head, &error);
    for (size_t i = 0; ok && i < head.header_count; i++) {
        const struct net_header *header = &head.headers[i];
        check(is_token(header->name) && is_field_value(header->value));
        buffer_append_slice(out, header->name);
        buffer_append_text(out, ": ");
        buffer_append_slice(out, header->value);
    }
    uint8_t bytes[4096];
    for (ssize_t count = ok; count > 0;) {
        count = http_read_body(reader, bytes, piece, &error);
        if (count > 0)
            buffer_append(out, bytes, (size_t)count);
    }
    buffer_printf(out, "\n%d %s", ok ? head.status : 0, error.text);
    arena_free(&arena);
}

static void receive(struct buffer *out,
                    struct slice bytes,
                    size_t part,
                    bool no_body,
                    size_t piece) {
    int ends[2];
    struct error error = ERROR_INIT;
    check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    if (part)
        check(send(ends[1], bytes.data, part, 0) >= 0);
    if (part < bytes.size)
        check(send(ends[1], bytes.data + part, bytes.size - part, 0) >= 0);
    close(ends[1]);
    struct connection *connection = connection_open(ends[0], &error);
    read_response(out, connection, no_body, piece);
    connection_close(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > INPUT_SIZE)
        return 0;
    struct slice bytes = {data + 1, size - 1};
    struct buffer whole, parted;
    buffer_init(&whole, 1 << 20);
    buffer_init(&parted, 1 << 20);
    receive(&whole, bytes, bytes.size, *data & 1, 4096);
    receive(&parted, bytes, bytes.size * *data / 256, *data & 1, 1);
    check(slice_equal(buffer_slice(&whole), buffer_slice(&parted)));
    buffer_free(&whole);
    buffer_free(&parted);
    return 0;
}
