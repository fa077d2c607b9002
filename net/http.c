/* Reading responses with llhttp; the only file that includes it.
 *
 * llhttp is made to be lenient to real servers, even in strict mode; a client of unknown servers
 * must not be, because what two parsers read differently smuggles. So bytes are looked at twice:
 *
 *   scan        every byte of a head before llhttp sees it: lines end in CR LF and nothing else, no
 *               other control bytes, no folded lines, and the caps on sizes and counts
 *   llhttp      grammar of status line, fields and chunks
 *   check_head  version, status, one transfer coding, agreeing lengths
 *
 * Each head (there may be interim ones) is collected whole, then given to a fresh parser; the
 * body's bytes go through it as they arrive, into the caller's memory.
 */
#include "net/http.h"

#include <llhttp.h>
#include <string.h>

struct http_reader {
    llhttp_t parser; /* its `data` is this struct */
    llhttp_settings_t settings;
    struct arena *arena;
    struct connection *connection;
    int64_t deadline;
    bool no_body;
    bool heard;

    /* the scan of heads; the counts go on over interim responses and trailers */
    struct buffer text; /* the head so far */
    size_t line_size, head_size, line_count;
    bool after_cr;

    struct http_head head;
    bool field_open; /* between a field's name and the end of its value */
    bool in_body, complete;
    size_t field_size;    /* of the trailer field being read */
    size_t overhead_size; /* bytes since the last one of the body */
    uint8_t *out;         /* where the body goes next */
};

const struct net_header *http_find(const struct http_head *head, const char *name) {
    for (size_t i = 0; i < head->header_count; i++) {
        if (slice_is(head->headers[i].name, name)) return &head->headers[i];
    }
    return NULL;
}

/* ---- what llhttp tells ---- */

static int too_many(struct http_reader *reader) {
    llhttp_set_error_reason(&reader->parser, "too large");
    return HPE_USER;
}

static int on_field(llhttp_t *parser, const char *at, size_t size) {
    struct http_reader *reader = parser->data;
    if (reader->in_body) { /* trailers are counted and dropped */
        reader->field_size += size;
        return reader->field_size > MAX_LINE_SIZE ? too_many(reader) : 0;
    }
    if (!reader->field_open) {
        if (reader->head.header_count == MAX_HEADER_COUNT) return too_many(reader);
        reader->head.headers[reader->head.header_count++] = (struct net_header){
            .name = {(const uint8_t *)at, 0}, .value = {(const uint8_t *)at + size, 0}};
        reader->field_open = true;
    }
    reader->head.headers[reader->head.header_count - 1].name.size += size;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t size) {
    struct http_reader *reader = parser->data;
    if (reader->in_body) return on_field(parser, at, size);
    struct slice *value = &reader->head.headers[reader->head.header_count - 1].value;
    if (value->size == 0) value->data = (const uint8_t *)at;
    value->size = (size_t)((const uint8_t *)at + size - value->data);
    return 0;
}

static int on_value_complete(llhttp_t *parser) {
    struct http_reader *reader = parser->data;
    reader->field_open = false;
    reader->field_size = 0;
    return reader->in_body && ++reader->line_count > MAX_HEADER_COUNT ? too_many(reader) : 0;
}

static bool is_interim(int status) {
    return status >= 100 && status < 200;
}

static int on_headers_complete(llhttp_t *parser) {
    struct http_reader *reader = parser->data;
    int status = parser->status_code;
    reader->in_body = true;
    return reader->no_body || is_interim(status) || status == 204 || status == 304;
}

static int on_body(llhttp_t *parser, const char *at, size_t size) {
    struct http_reader *reader = parser->data;
    memcpy(reader->out, at, size);
    reader->out += size;
    return 0;
}

static int on_message_complete(llhttp_t *parser) {
    ((struct http_reader *)parser->data)->complete = true;
    return HPE_PAUSED;
}

struct http_reader *http_reader_new(struct arena *arena, struct connection *connection,
                                    bool no_body, int64_t deadline) {
    struct http_reader *reader = arena_alloc(arena, 1, sizeof *reader);
    if (!reader) return NULL;
    reader->arena = arena;
    reader->connection = connection;
    reader->no_body = no_body;
    reader->deadline = deadline;
    llhttp_settings_t *settings = &reader->settings;
    llhttp_settings_init(settings);
    settings->on_header_field = on_field;
    settings->on_header_value = on_value;
    settings->on_header_value_complete = on_value_complete;
    settings->on_headers_complete = on_headers_complete;
    settings->on_body = on_body;
    settings->on_message_complete = on_message_complete;
    return reader;
}

/* ---- heads ---- */

static const char *check_byte(struct http_reader *reader, uint8_t c) {
    if (c == '\n') return "a line that does not end in CR LF";
    if ((c < 0x20 && c != '\t') || c == 0x7F) return "a control byte in its head";
    if (reader->line_size == 0 && reader->line_count > 0 && (c == ' ' || c == '\t'))
        return "a folded header line";
    return NULL;
}

/* One byte of the head. */
static bool scan(struct http_reader *reader, uint8_t c, bool *end, struct error *error) {
    const char *wrong = NULL;
    if (++reader->head_size > MAX_HEAD_SIZE || reader->line_size > MAX_LINE_SIZE)
        return net_fail(error, NET_TOO_LARGE, "the response's head is too large");
    if (reader->after_cr) {
        if (c != '\n') wrong = "a CR without LF";
        reader->after_cr = false;
        *end = reader->line_size == 0;
        reader->line_size = 0;
        if (++reader->line_count > MAX_HEADER_COUNT + MAX_INTERIM_RESPONSES)
            return net_fail(error, NET_TOO_LARGE, "the response has too many header lines");
    } else if (c == '\r') {
        reader->after_cr = true;
    } else {
        wrong = check_byte(reader, c);
        reader->line_size++;
    }
    return !wrong || net_fail(error, NET_PROTOCOL, "the response has %s", wrong);
}

/* Collect one head, to its empty line, and leave what follows in the connection. */
static bool collect_head(struct http_reader *reader, struct error *error) {
    struct connection *connection = reader->connection;
    for (bool end = false; !end;) {
        int filled = connection_fill(connection, reader->deadline, error);
        if (filled < 0) return false;
        if (filled == 0)
            return net_fail(error, NET_PROTOCOL, "the server closed the connection %s",
                            reader->heard ? "within the response's head" : "without an answer");
        reader->heard = true;
        size_t at = connection->begin;
        while (at < connection->end && !end) {
            if (!scan(reader, connection->input[at++], &end, error)) return false;
        }
        buffer_append(&reader->text, connection->input + connection->begin, at - connection->begin);
        connection->begin = at;
    }
    return !reader->text.failed || net_fail(error, NET_TOO_LARGE, "no memory for the response");
}

static bool fail_parse(const struct http_reader *reader, struct error *error) {
    const char *reason = llhttp_get_error_reason(&reader->parser);
    if (llhttp_get_errno(&reader->parser) == HPE_USER)
        return net_fail(error, NET_TOO_LARGE, "the response has too many or too long header lines");
    return net_fail(error, NET_PROTOCOL, "the response is malformed: %s", reason ? reason : "");
}

/* The framing fields must leave one reading only (RFC 9112 section 6.3). */
static const char *check_framing(struct http_head *head, bool http_1_0) {
    size_t codings = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct net_header *header = &head->headers[i];
        if (slice_is(header->name, "transfer-encoding")) {
            if (!text_equal(header->value, "chunked")) return "an unknown transfer coding";
            codings++;
        } else if (slice_is(header->name, "content-length")) {
            uint64_t length;
            if (!parse_number(header->value, UINT64_MAX, &length)) return "a malformed length";
            if (head->has_length && head->length != length) return "two different lengths";
            head->has_length = true;
            head->length = length;
        }
    }
    if (codings > 1 || (codings && (head->has_length || http_1_0)))
        return "a transfer coding where there must be none";
    return NULL;
}

static bool check_head(struct http_reader *reader, struct error *error) {
    const llhttp_t *parser = &reader->parser;
    const char *wrong = NULL;
    if (parser->http_major != 1 || parser->http_minor > 1)
        wrong = "an unknown HTTP version";
    else if (parser->status_code < 100)
        wrong = "an impossible status";
    else if (parser->status_code == 101)
        wrong = "a change of protocol nobody asked for";
    else
        wrong = check_framing(&reader->head, parser->http_minor == 0);
    if (wrong) return net_fail(error, NET_PROTOCOL, "the response has %s", wrong);
    reader->head.status = parser->status_code;
    reader->head.has_body = !reader->complete;
    return true;
}

/* Parse a collected head. Its text moves into the arena, where the headers are slices of it. */
static bool parse_head(struct http_reader *reader, struct error *error) {
    char *text = arena_text(reader->arena, buffer_slice(&reader->text));
    reader->head = (struct http_head){
        .headers = arena_alloc(reader->arena, MAX_HEADER_COUNT, sizeof(struct net_header))};
    if (!text || !reader->head.headers)
        return net_fail(error, NET_TOO_LARGE, "no memory for the response");
    llhttp_init(&reader->parser, HTTP_RESPONSE, &reader->settings);
    reader->parser.data = reader;
    reader->in_body = reader->complete = false;
    llhttp_errno_t status = llhttp_execute(&reader->parser, text, reader->text.size);
    if (status != HPE_OK && status != HPE_PAUSED) return fail_parse(reader, error);
    if (!reader->in_body)
        return net_fail(error, NET_PROTOCOL, "the response's head ends too early");
    for (size_t i = 0; i < reader->head.header_count; i++) {
        struct net_header *header = &reader->head.headers[i];
        if (!is_token(header->name))
            return net_fail(error, NET_PROTOCOL, "the response has a malformed header name");
        char *name = text + ((const char *)header->name.data - text);
        for (size_t k = 0; k < header->name.size; k++) name[k] = ascii_lower(name[k]);
        header->value = slice_trim(header->value);
    }
    return check_head(reader, error);
}

bool http_read_head(struct http_reader *reader, struct http_head *head, struct error *error) {
    bool ok = true;
    int interim = 0;
    buffer_init(&reader->text, MAX_HEAD_SIZE);
    do {
        reader->text.size = 0;
        ok = collect_head(reader, error) && parse_head(reader, error);
        if (ok && interim++ > MAX_INTERIM_RESPONSES)
            ok = net_fail(error, NET_TOO_LARGE, "too many interim responses");
    } while (ok && is_interim(reader->head.status));
    buffer_free(&reader->text);
    *head = reader->head;
    return ok;
}

bool http_has_heard(const struct http_reader *reader) {
    return reader->heard;
}

/* ---- bodies ---- */

/* Lines of chunk sizes, extensions and trailers come without bound unless they are bounded. */
static bool check_overhead(struct http_reader *reader, size_t fed, size_t body,
                           struct error *error) {
    bool trailer = reader->parser.content_length == 0;
    reader->overhead_size = body ? 0 : reader->overhead_size + fed;
    if (reader->overhead_size <= (trailer ? MAX_HEAD_SIZE : MAX_CHUNK_EXTENSION_SIZE)) return true;
    return net_fail(error, NET_TOO_LARGE, "a chunk extension or the trailer is too large");
}

/* Feed input that is there, at most `size` bytes, so that the body in it fits into `bytes`. */
static ssize_t feed(struct http_reader *reader, uint8_t *bytes, size_t size, struct error *error) {
    struct connection *connection = reader->connection;
    const uint8_t *data = connection->input + connection->begin;
    size_t fed = connection->end - connection->begin;
    if (fed > size) fed = size;
    reader->out = bytes;
    llhttp_errno_t status = llhttp_execute(&reader->parser, (const char *)data, fed);
    if (status == HPE_PAUSED)
        fed = (size_t)(llhttp_get_error_pos(&reader->parser) - (const char *)data);
    else if (status != HPE_OK) {
        fail_parse(reader, error);
        return -1;
    }
    connection->begin += fed;
    size_t body = (size_t)(reader->out - bytes);
    return check_overhead(reader, fed, body, error) ? (ssize_t)body : -1;
}

ssize_t http_read_body(struct http_reader *reader, void *bytes, size_t size, struct error *error) {
    while (!reader->complete) {
        int filled = connection_fill(reader->connection, reader->deadline, error);
        if (filled < 0) return -1;
        if (filled == 0) {
            llhttp_finish(&reader->parser); /* calls on_message_complete where an end may be */
            if (reader->complete) break;
            net_fail(error, NET_PROTOCOL, "the response ended before its body was complete");
            return -1;
        }
        ssize_t count = feed(reader, bytes, size, error);
        if (count != 0) return count;
    }
    return 0;
}

void http_set_deadline(struct http_reader *reader, int64_t deadline) {
    reader->deadline = deadline;
}

bool http_keeps_alive(const struct http_reader *reader) {
    const struct connection *connection = reader->connection;
    return reader->complete && connection->begin == connection->end &&
           llhttp_should_keep_alive(&reader->parser);
}
