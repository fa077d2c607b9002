/* Reading responses; the only file that includes llhttp.
 *
 * llhttp is made to be lenient to real servers, even in strict mode; a client
 * of unknown servers must not be, because what two parsers read differently
 * smuggles. So a head is looked at thrice:
 *
 *   scan        every byte of it as it comes: lines end in CR LF and nothing else, no other control
 *               bytes, no folded lines, a name and a colon, and the caps on sizes and counts
 *   llhttp      the grammar of status line and fields, over the head as a whole
 *   check_head  version, status, one transfer coding, agreeing lengths
 *
 * What the fields mean is decided here alone: to llhttp each is a field like
 * any other, or there would be two decisions on a length given twice. The lines
 * of a trailer are scanned like those of a head, then dropped.
 *
 * Bodies are read here (RFC 9112 sections 6 and 7), for llhttp refuses some
 * chunk extensions that are right. The states of a chunked body:
 *
 *   SIZE -> BLANK -> EXTENSION -> DATA -> DATA_END -> SIZE ... SIZE (0) -> TRAILER -> complete */
#include "net/http.h"

#include <llhttp.h>
#include <string.h>

/* 1xx before the one that counts (RFC 9110 section 15.2). */
enum { MAX_INTERIM_RESPONSES = 16 };

enum framing { BODY_LENGTH, BODY_TO_END, BODY_CHUNKED };
enum chunk {
    CHUNK_SIZE,
    CHUNK_BLANK,
    CHUNK_EXTENSION,
    CHUNK_DATA,
    CHUNK_DATA_END,
    CHUNK_TRAILER
};
enum line_part { LINE_STATUS, LINE_NAME, LINE_VALUE };

struct http_reader {
    llhttp_t parser; /* its `data` is this struct */
    llhttp_settings_t settings;
    struct arena *arena;
    struct connection *connection;
    const struct net_limits *limits; /* borrowed */
    int64_t deadline, heard_at;      /* 0: nothing heard yet */
    bool no_body, keep_alive;

    /* the scan of lines; the counts go on over interim responses and
     * trailers */
    struct buffer text; /* the head so far */
    size_t line_size, head_size, field_count;
    size_t interim_size; /* of the heads before this one */
    enum line_part part;
    bool after_cr;

    struct http_head head;
    bool field_open; /* between a field's name and the end of its value */
    bool head_complete;

    enum framing framing;
    enum chunk chunk;
    size_t digit_count;    /* of the chunk's size */
    size_t extension_size; /* of all chunks so far */
    uint64_t left;         /* of the body, or of the chunk */
    bool complete;
};

/* The first of a name, which is in lower case. */
const struct net_header *http_find(const struct http_head *head,
                                   const char *name) {
    for (size_t i = 0; i < head->header_count; i++) {
        if (slice_is(head->headers[i].name, name))
            return &head->headers[i];
    }
    return NULL;
}

/* ---- what llhttp tells ---- */

/* In llhttp's header_state: a field that means nothing to it. */
enum { ANY_FIELD = 0 };

/* A name, or a further piece of it. The slices point into the head's text,
 * which is whole. There is room for as many fields as lines were counted. */
static int on_field(llhttp_t *parser, const char *at, size_t size) {
    struct http_reader *reader = parser->data;
    struct http_head *head = &reader->head;
    const uint8_t *name = (const uint8_t *)at;
    if (!reader->field_open) {
        if (head->header_count == reader->field_count)
            return HPE_USER;
        head->headers[head->header_count++] =
            (struct net_header){{name, 0}, {name + size, 0}};
        reader->field_open = true;
    }

    head->headers[head->header_count - 1].name.size += size;
    return 0;
}

/* By now llhttp may have recognised the name; it is made to forget that. */
static int on_name_complete(llhttp_t *parser) {
    parser->header_state = ANY_FIELD;
    return 0;
}

/* In pieces, where a value is longer than what came at once: they are neighbours in
 * the head's text. */
static int on_value(llhttp_t *parser, const char *at, size_t size) {
    struct http_reader *reader = parser->data;
    struct slice *value =
        &reader->head.headers[reader->head.header_count - 1].value;
    if (value->size == 0)
        value->data = (const uint8_t *)at;
    value->size = (size_t)((const uint8_t *)at + size - value->data);
    return 0;
}

static int on_value_complete(llhttp_t *parser) {
    ((struct http_reader *)parser->data)->field_open = false;
    return 0;
}

static int on_headers_complete(llhttp_t *parser) {
    struct http_reader *reader = parser->data;
    reader->head_complete = true;
    return HPE_PAUSED; /* the body is not llhttp's */
}

/* One reader for one request; the arena frees it. */
struct http_reader *http_reader_new(struct arena *arena,
                                    struct connection *connection,
                                    const struct net_limits *limits,
                                    bool no_body,
                                    int64_t deadline) {
    struct http_reader *reader = arena_alloc(arena, 1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->arena = arena;
    reader->connection = connection;
    reader->limits = limits;
    reader->no_body = no_body;
    reader->deadline = deadline;
    llhttp_settings_init(&reader->settings);
    reader->settings.on_header_field = on_field;
    reader->settings.on_header_field_complete = on_name_complete;
    reader->settings.on_header_value = on_value;
    reader->settings.on_header_value_complete = on_value_complete;
    reader->settings.on_headers_complete = on_headers_complete;
    return reader;
}

/* ---- heads ---- */

/* Why this byte may not stand where it does in a line, or NULL. */
static const char *check_byte(struct http_reader *reader, uint8_t c) {
    if (c == '\n')
        return "a line that does not end in CR LF";
    if (!is_field_byte(c))
        return "a control byte in a line";
    if (reader->part != LINE_NAME)
        return NULL;

    bool first = reader->line_size == 0;
    if (first && (c == ' ' || c == '\t'))
        return "a folded header line";
    if (first && c == ':')
        return "a header without a name";
    if (c == ':')
        reader->part = LINE_VALUE;
    else if (!is_token((struct slice){&c, 1}))
        return "a malformed header name";
    return NULL;
}

/* A line is over, with the CR already; *end if it was empty. */
static bool
end_line(struct http_reader *reader, bool *end, struct error *error) {
    *end = reader->line_size == 0;
    if (reader->part == LINE_NAME && !*end)
        return net_fail(error,
                        NET_PROTOCOL,
                        "the response has a header line without a colon");
    if (reader->part == LINE_VALUE)
        reader->field_count++;
    reader->after_cr = false;
    reader->part = LINE_NAME;
    reader->line_size = 0;
    if (reader->field_count <= reader->limits->fields)
        return true;
    return net_fail(
        error, NET_TOO_LARGE, "the response has too many header lines");
}

/* One byte of a head or a trailer; *end is set at the empty line. */
static bool
scan(struct http_reader *reader, uint8_t c, bool *end, struct error *error) {
    const struct net_limits *limits = reader->limits;
    reader->head_size++;
    bool fits =
        reader->head_size <= limits->head && reader->line_size <= limits->line;
    if (!fits)
        return net_fail(
            error, NET_TOO_LARGE, "the response's head is too large");

    const char *wrong = NULL;
    if (reader->after_cr) {
        if (c == '\n')
            return end_line(reader, end, error);
        wrong = "a CR without LF";
    } else if (c == '\r') {
        reader->after_cr = true;
    } else {
        wrong = check_byte(reader, c);
        reader->line_size++;
    }
    if (!wrong)
        return true;
    return net_fail(error, NET_PROTOCOL, "the response has %s", wrong);
}

/* Make sure that the connection has more of the head. */
static bool hear(struct http_reader *reader, struct error *error) {
    int filled = connection_fill(reader->connection, reader->deadline, error);
    if (filled < 0)
        return false;
    if (filled == 0) {
        const char *when = reader->heard_at ? "within the response's head"
                                            : "without an answer";
        return net_fail(
            error, NET_PROTOCOL, "the server closed the connection %s", when);
    }

    if (!reader->heard_at)
        reader->heard_at = clock_ms();
    return true;
}

/* Collect one head, to its empty line, and leave what follows in the
 * connection. */
static bool collect_head(struct http_reader *reader, struct error *error) {
    struct connection *connection = reader->connection;
    reader->text.size = 0;
    reader->interim_size = reader->head_size;
    reader->part = LINE_STATUS;
    for (bool end = false; !end;) {
        if (!hear(reader, error))
            return false;

        size_t begin = connection->begin, at = begin;
        while (at < connection->end && !end) {
            uint8_t c = connection->input[at++];
            if (!scan(reader, c, &end, error))
                return false;
        }
        const uint8_t *scanned = connection->input + begin;
        buffer_append(&reader->text, scanned, at - begin);
        connection->begin = at;
    }

    if (reader->text.failed)
        return net_fail(error, NET_TOO_LARGE, "no memory for the response");
    return true;
}

/* Take the next item off a list whose items commas part. */
static struct slice next_item(struct slice *list) {
    struct slice item = slice_take(list, slice_find(*list, ","));
    return slice_trim(item);
}

/* Content-Length. One that was sent twice, in two fields or joined to "5, 5" by
 * who passed it on, is taken if all say the same number (RFC 9112 section 6.3,
 * rule 5). */
static const char *take_length(struct http_head *head, struct slice value) {
    do {
        uint64_t length;
        bool last = slice_find(value, ",") == value.size;
        if (!parse_number(next_item(&value), UINT64_MAX, &length))
            return "a malformed length";
        if (!last && value.size == 0)
            return "a malformed length"; /* "5," */
        if (head->has_length && head->length != length)
            return "two different lengths";
        head->has_length = true;
        head->length = length;
    } while (value.size);
    return NULL;
}

/* The framing fields must leave one reading only (RFC 9112 section 6.3): where
 * a proxy on the way and we disagreed about the end of the body, the rest of it
 * would pass for the next response. */
static const char *check_framing(struct http_head *head, bool *chunked) {
    for (size_t i = 0; i < head->header_count; i++) {
        const struct net_header *header = &head->headers[i];
        if (slice_is(header->name, "transfer-encoding")) {
            if (*chunked || !text_equal(header->value, "chunked"))
                return "an unknown coding";
            *chunked = true;
        } else if (slice_is(header->name, "content-length")) {
            const char *wrong = take_length(head, header->value);
            if (wrong)
                return wrong;
        }
    }

    if (*chunked && head->has_length)
        return "both a length and a transfer coding";
    return NULL;
}

/* Is the option among those of the connection? Old proxies say it in a field of
 * their own. */
static bool has_option(const struct http_head *head, const char *option) {
    for (size_t i = 0; i < head->header_count; i++) {
        const struct net_header *header = &head->headers[i];
        bool lists = slice_is(header->name, "connection") ||
                     slice_is(header->name, "proxy-connection");
        if (!lists)
            continue;
        for (struct slice list = header->value; list.size;) {
            if (text_equal(next_item(&list), option))
                return true;
        }
    }
    return false;
}

/* They come before the response that counts, and have no body. */
static bool is_interim(int status) {
    return status >= 100 && status < 200;
}

/* May the connection be used again, once the body is read (section 9.3)? Not if
 * only its end ends the body; a response without one, to HEAD or by its status,
 * needs no length for that. */
static bool persists(const struct http_reader *reader, unsigned minor_version) {
    const struct http_head *head = &reader->head;
    if (head->has_body && reader->framing == BODY_TO_END)
        return false;
    if (has_option(head, "close"))
        return false;
    return minor_version > 0 || has_option(head, "keep-alive");
}

/* Judge a parsed head, and decide from it how the body is framed. */
static bool check_head(struct http_reader *reader, struct error *error) {
    const llhttp_t *parser = &reader->parser;
    struct http_head *head = &reader->head;
    const char *wrong = NULL;
    bool chunked = false;
    int status = head->status = parser->status_code;
    if (parser->http_major != 1 || parser->http_minor > 1)
        wrong = "an unknown HTTP version";
    else if (status < 100)
        wrong = "an impossible status";
    else if (status == 101)
        wrong = "a change of protocol nobody asked for";
    else
        wrong = check_framing(head, &chunked);
    if (!wrong && chunked && parser->http_minor == 0)
        wrong = "a coding that HTTP/1.0 has not";
    if (wrong)
        return net_fail(error, NET_PROTOCOL, "the response has %s", wrong);

    /* These have no body, whatever their fields say (section 6.3, rules 1 and
     * 2). */
    bool bodiless =
        reader->no_body || is_interim(status) || status == 204 || status == 304;
    head->has_body =
        !bodiless && (chunked || !head->has_length || head->length > 0);
    reader->complete = !head->has_body;
    reader->left = 0;

    /* Without length and coding it ends with the connection, as in the days of
     * HTTP/1.0. */
    reader->framing = BODY_TO_END;
    if (head->has_length) {
        reader->framing = BODY_LENGTH;
        reader->left = head->length;
    }

    if (chunked)
        reader->framing = BODY_CHUNKED;
    reader->keep_alive = persists(reader, parser->http_minor);
    return true;
}

/* Parse a collected head. Its text moves into the arena, where the headers are
 * slices of it. */
static bool parse_head(struct http_reader *reader, struct error *error) {
    struct http_head *head = &reader->head;
    char *text = arena_text(reader->arena, buffer_slice(&reader->text));
    *head = (struct http_head){0};
    head->headers =
        arena_alloc(reader->arena, reader->field_count, sizeof *head->headers);
    if (!text || !head->headers)
        return net_fail(error, NET_TOO_LARGE, "no memory for the response");

    llhttp_init(&reader->parser, HTTP_RESPONSE, &reader->settings);
    reader->parser.data = reader;
    reader->head_complete = false;
    llhttp_errno_t status =
        llhttp_execute(&reader->parser, text, reader->text.size);
    if (!reader->head_complete) {
        bool early = status == HPE_OK;
        return net_fail(error,
                        NET_PROTOCOL,
                        "the response's head is malformed: %s",
                        early ? "it ends early" : reader->parser.reason);
    }

    for (size_t i = 0; i < head->header_count; i++) {
        struct net_header *header = &head->headers[i];
        char *name = text + ((const char *)header->name.data - text);
        for (size_t k = 0; k < header->name.size; k++)
            name[k] = ascii_lower(name[k]);
        header->value = slice_trim(header->value);
    }
    return check_head(reader, error);
}

bool http_read_head(struct http_reader *reader,
                    struct http_head *head,
                    struct error *error) {
    int interim = 0;
    bool ok = true;
    buffer_init(&reader->text, reader->limits->head);
    reader->text.budget = reader->arena->budget;
    do {
        /* An interim response, complete in itself, is not the answer. */
        reader->complete = false;
        ok = collect_head(reader, error) && parse_head(reader, error);
        if (ok && interim++ > MAX_INTERIM_RESPONSES)
            ok = net_fail(error, NET_TOO_LARGE, "too many interim responses");
    } while (ok && is_interim(reader->head.status));
    buffer_free(&reader->text);
    *head = reader->head;
    return ok;
}

int64_t http_heard_at(const struct http_reader *reader) {
    return reader->heard_at;
}

size_t http_interim_size(const struct http_reader *reader) {
    return reader->interim_size;
}

/* ---- bodies ---- */

static bool bad_chunk(struct error *error, const char *what) {
    return net_fail(
        error, NET_PROTOCOL, "the response's chunked body has %s", what);
}

/* The line of a chunk's size is over, or only its CR is there. */
static bool
end_size_line(struct http_reader *reader, uint8_t c, struct error *error) {
    if (reader->digit_count == 0)
        return bad_chunk(error, "a chunk without a size");
    if (!reader->after_cr) {
        reader->after_cr = true;
        return true;
    }
    if (c != '\n')
        return bad_chunk(error, "a CR without LF");
    reader->after_cr = false;
    reader->line_size = 0;
    reader->digit_count = 0;
    reader->chunk = reader->left ? CHUNK_DATA : CHUNK_TRAILER;
    return true;
}

/* One more digit of a chunk's size. A 17th that counts would not fit. */
static bool
take_digit(struct http_reader *reader, uint8_t c, struct error *error) {
    if (reader->left >> 60)
        return bad_chunk(error, "a malformed size");
    reader->left = reader->left << 4 | (uint64_t)hex_digit(c);
    reader->digit_count++;
    return true;
}

/* One byte of a chunk's first line: SIZE *blank [ ";" extension ] CR LF. The
 * grammar has blanks before a ";" only (section 7.1.1); servers that pad the
 * size to a width send them without. */
static bool
take_size_byte(struct http_reader *reader, uint8_t c, struct error *error) {
    if (reader->after_cr || c == '\r')
        return end_size_line(reader, c, error);

    const struct net_limits *limits = reader->limits;
    if (reader->chunk != CHUNK_SIZE)
        reader->extension_size++;
    bool fits = reader->extension_size <= limits->extension &&
                reader->line_size <= limits->line;
    reader->line_size++;
    if (!fits)
        return net_fail(error,
                        NET_TOO_LARGE,
                        "the response's chunk extensions are too large");
    if (reader->chunk == CHUNK_EXTENSION)
        return is_field_byte(c) || bad_chunk(error, "a control byte");
    if (reader->chunk == CHUNK_SIZE && hex_digit(c) >= 0)
        return take_digit(reader, c, error);
    bool blank = c == ' ' || c == '\t';
    if (reader->digit_count == 0 || (c != ';' && !blank))
        return bad_chunk(error, "a malformed size");
    reader->chunk = blank ? CHUNK_BLANK : CHUNK_EXTENSION;
    return true;
}

/* CR LF behind a chunk's data. */
static bool
take_data_end(struct http_reader *reader, uint8_t c, struct error *error) {
    char wanted = reader->after_cr ? '\n' : '\r';
    if (c != wanted)
        return bad_chunk(error, "a chunk of another size");
    if (reader->after_cr)
        reader->chunk = CHUNK_SIZE;
    reader->after_cr = !reader->after_cr;
    return true;
}

/* One byte of a chunked body that is no data. */
static bool
take_framing(struct http_reader *reader, uint8_t c, struct error *error) {
    if (reader->chunk == CHUNK_TRAILER)
        return scan(reader, c, &reader->complete, error);
    if (reader->chunk == CHUNK_DATA_END)
        return take_data_end(reader, c, error);
    return take_size_byte(reader, c, error);
}

/* Take what is there of the body, at most `size` bytes; 0 if only framing
 * was. */
static ssize_t take(struct http_reader *reader,
                    uint8_t *bytes,
                    size_t size,
                    struct error *error) {
    struct connection *connection = reader->connection;
    bool chunked = reader->framing == BODY_CHUNKED;
    while (chunked && reader->chunk != CHUNK_DATA) {
        if (connection->begin == connection->end)
            return 0;
        uint8_t c = connection->input[connection->begin++];
        if (!take_framing(reader, c, error))
            return -1;
        if (reader->complete)
            return 0;
    }
    size_t count = connection->end - connection->begin;
    if (count > size)
        count = size;
    if (reader->framing != BODY_TO_END) {
        if (count > reader->left)
            count = (size_t)reader->left;
        reader->left -= count;
        if (reader->left == 0) {
            reader->chunk = CHUNK_DATA_END;
            reader->complete = !chunked;
        }
    }
    memcpy(bytes, connection->input + connection->begin, count);
    connection->begin += count;
    return (ssize_t)count;
}

ssize_t http_read_body(struct http_reader *reader,
                       void *bytes,
                       size_t size,
                       struct error *error) {
    while (!reader->complete) {
        int filled =
            connection_fill(reader->connection, reader->deadline, error);
        if (filled < 0)
            return -1;
        if (filled == 0 && reader->framing != BODY_TO_END) {
            net_fail(error,
                     NET_PROTOCOL,
                     "the response ended before its body was complete");
            return -1;
        }
        if (filled == 0)
            reader->complete = true;
        ssize_t count = filled ? take(reader, bytes, size, error) : 0;
        if (count != 0)
            return count;
    }
    return 0;
}

void http_set_deadline(struct http_reader *reader, int64_t deadline) {
    reader->deadline = deadline;
}

bool http_keeps_alive(const struct http_reader *reader) {
    const struct connection *connection = reader->connection;
    return reader->complete && reader->keep_alive &&
           connection->begin == connection->end;
}

void http_version(char *out, size_t size) {
    snprintf(out,
             size,
             "llhttp %d.%d.%d",
             LLHTTP_VERSION_MAJOR,
             LLHTTP_VERSION_MINOR,
             LLHTTP_VERSION_PATCH);
}
