/* HTTP for guests of hostel written in C, over the functions of the host's
 * module `host`.
 *
 *     struct http_header headers[] = {{"Accept", "text/plain"}, {NULL, NULL}};
 *     struct http_request request = {.method = "GET", .url = "https://...", .headers = headers};
 *     struct http_response response;
 *     if (http_send(&request, &response)) use(response.status, response.body, response.body_size);
 *     else puts(response.error);
 *     http_free(&response);
 *
 * The host takes a request as JSON and gives the reply as JSON, in memory that
 * it asks of our `malloc`; so the module must export it (-Wl,--export=malloc),
 * and whoever has the reply frees it. Better make the module a reactor
 * (-mexec-model=reactor): in a command, the linker lets each call of an export
 * run all constructors again.
 *
 *     {"method":"POST","url":"https://...","headers":{"Name":"value"},"body":[104,105]}
 *     {"status_code":200,"headers":{"name":"value"},"body":[111,107]}
 *     {"error":{"kind":"dns","message":"..."}}
 *
 * A body too large to have it whole is read piece by piece; host and guest need
 * constant memory:
 *
 *     if (http_open(&request, &response))
 *         while ((count = http_read(&response, buffer, sizeof buffer)) > 0) use(buffer, count);
 *     if (response.error) puts(response.error);
 *     http_free(&response);
 *
 * The host gives such a response a handle, of which there are 16 at a time. Its
 * functions have results below 0 for failures: WASI's error numbers, as in
 * libc's <errno.h>, negated.
 *
 *     host_http_open(request, size)          takes JSON as above; a handle above 0, or -EMFILE or
 *                                            -EFAULT: returns when status and headers are there
 *     host_http_head(handle, buffer, size)   JSON as above but without body, or the error; returns
 *                                            its size, and writes it only if `size` is enough
 *     host_http_read(handle, buffer, size)   bytes of the body, as many as there are; 0: the end;
 *                                            -EIO: it failed, and host_http_head says why
 *     host_http_close(handle)                0; a handle that is none is -EBADF everywhere
 *
 * The host's cap on bodies (--max-response-body) does not apply to these; its
 * time limit for a request does, to the last byte (--http-timeout).
 *
 * Include it in one file of the guest. It needs libc and nothing else. */
#ifndef HOSTEL_GUEST_HTTP_H
#define HOSTEL_GUEST_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_header {
    const char *name, *value;
};

struct http_request {
    const char *method, *url;
    /* The last one's name is NULL; or NULL for none. */
    const struct http_header *headers;
    const void *body; /* or NULL for none */
    size_t body_size;
};

struct http_response {
    int status; /* 0: the request failed */
    char *body; /* a NUL follows, which body_size does not count */
    size_t body_size;
    char *error;  /* "kind: message" after a failure, else NULL */
    char *reply_; /* the reply as it came, of http_open without body */
    size_t reply_size_;
    int handle_; /* of http_open, else 0 */
};

/* Not everybody uses all of it. */
#define HTTP_API static __attribute__((unused))

/* Send a request. False if no response came; then `error` says why. http_free
 * must follow. */
HTTP_API bool http_send(const struct http_request *request,
                        struct http_response *response);

/* Send a request and get a response whose body is still to be read. False if
 * none came; then `error` says why. http_free must follow. */
HTTP_API bool http_open(const struct http_request *request,
                        struct http_response *response);

/* The body's next bytes, at most `size`: a count, 0 at its end, -1 if the
 * response failed; then `error` says why. */
HTTP_API int
http_read(struct http_response *response, void *bytes, size_t size);

/* The value of a header of the response, its name in lower case, in memory of
 * its own; or NULL. */
HTTP_API char *http_get_header(const struct http_response *response,
                               const char *name);

HTTP_API void http_free(struct http_response *response);

/* ---- the rest is how it is done ---- */

/* Memory addresses and sizes are unsigned: pointer << 32 | size. */
__attribute__((import_module("host"), import_name("host_http_request")))
uint64_t
host_http_request(const char *request, size_t size);
__attribute__((import_module("host"), import_name("http_open"))) int
host_http_open(const char *request, size_t size);
__attribute__((import_module("host"), import_name("http_head"))) int
host_http_head(int handle, char *buffer, size_t size);
__attribute__((import_module("host"), import_name("http_read"))) int
host_http_read(int handle, void *buffer, size_t size);
__attribute__((import_module("host"), import_name("http_close"))) int
host_http_close(int handle);

/* A request is written twice: counted with `out` NULL, then stored. */
struct http_writer {
    char *out;
    size_t size;
};

static void
http_put(struct http_writer *writer, const char *text, size_t size) {
    if (writer->out)
        memcpy(writer->out + writer->size, text, size);
    writer->size += size;
}

static void http_put_text(struct http_writer *writer, const char *text) {
    http_put(writer, text, strlen(text));
}

static void http_put_string(struct http_writer *writer, const char *text) {
    http_put_text(writer, "\"");
    for (; *text; text++) {
        char escape[8];
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\')
            http_put(writer, text, 1);
        else
            http_put(writer,
                     escape,
                     (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
    }
    http_put_text(writer, "\"");
}

static void http_put_body(struct http_writer *writer,
                          const struct http_request *request) {
    const unsigned char *bytes = request->body;
    for (size_t i = 0; i < request->body_size; i++) {
        char number[5];
        int length =
            snprintf(number, sizeof number, i ? ",%u" : "%u", bytes[i]);
        http_put(writer, number, (size_t)length);
    }
}

static void http_put_request(struct http_writer *writer,
                             const struct http_request *request) {
    http_put_text(writer, "{\"method\":");
    http_put_string(writer, request->method);
    http_put_text(writer, ",\"url\":");
    http_put_string(writer, request->url);
    http_put_text(writer, ",\"headers\":{");
    for (const struct http_header *h = request->headers; h && h->name; h++) {
        if (h != request->headers)
            http_put_text(writer, ",");
        http_put_string(writer, h->name);
        http_put_text(writer, ":");
        http_put_string(writer, h->value);
    }
    http_put_text(writer, "},\"body\":");
    http_put_text(writer, request->body ? "[" : "null");
    if (request->body) {
        http_put_body(writer, request);
        http_put_text(writer, "]");
    }
    http_put_text(writer, "}");
}

/* Reading: a cursor goes through text whose end is known. */
struct http_cursor {
    const char *at, *end;
};

static char http_peek(const struct http_cursor *cursor) {
    return cursor->at < cursor->end ? *cursor->at : 0;
}

static void http_skip_space(struct http_cursor *cursor) {
    while (http_peek(cursor) && strchr(" \t\r\n", *cursor->at))
        cursor->at++;
}

static void http_skip_string(struct http_cursor *cursor) {
    for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"';
         cursor->at++) {
        if (*cursor->at == '\\')
            cursor->at++;
    }
    cursor->at++;
}

/* Move behind a value: to the comma or bracket that follows. */
static void http_skip_value(struct http_cursor *cursor) {
    for (int depth = 0; cursor->at < cursor->end;) {
        char c = *cursor->at;
        if (c == '"') {
            http_skip_string(cursor);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        cursor->at++;
    }
}

/* A cursor at the value of the object's member `name`; at its end if there is
 * none. */
static struct http_cursor http_find(struct http_cursor object,
                                    const char *name) {
    const size_t length = strlen(name);
    http_skip_space(&object);
    if (http_peek(&object) != '{')
        object.at = object.end;
    while (object.at < object.end) {
        object.at++; /* '{' or ',' */
        http_skip_space(&object);
        if (http_peek(&object) != '"')
            break;
        const char *start = object.at + 1;
        http_skip_string(&object);
        if (object.at >= object.end)
            break;
        bool found = object.at - 1 - start == (ptrdiff_t)length &&
                     !memcmp(start, name, length);
        http_skip_space(&object);
        object.at++; /* ':' */
        http_skip_space(&object);
        if (found)
            return object;
        http_skip_value(&object);
        if (http_peek(&object) != ',')
            break;
    }
    object.at = object.end;
    return object;
}

/* Read `XXXX` of an escape. */
static unsigned http_unit(const char *digits) {
    char text[5] = {0};
    memcpy(text, digits, 4);
    return (unsigned)strtoul(text, NULL, 16);
}

static char *http_put_utf8(char *out, unsigned c) {
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *out++ = (char)(0xF00 >> (more + 1) | c >> 6 * more);
    while (more-- > 0)
        *out++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return out;
}

/* Decode the escape behind a backslash. */
static char *http_decode_escape(struct http_cursor *cursor, char *out) {
    static const char letters[] = "b\bf\fn\nr\rt\t";
    char c = *cursor->at++;
    if (c == 'u' && cursor->end - cursor->at >= 4) {
        unsigned unit = http_unit(cursor->at);
        cursor->at += 4;
        if (unit >> 10 == 0x36 && cursor->end - cursor->at >= 6) {
            /* A surrogate pair. */
            unit = 0x10000 +
                   ((unit & 0x3FF) << 10 | (http_unit(cursor->at + 2) & 0x3FF));
            cursor->at += 6;
        }
        return http_put_utf8(out, unit);
    }
    for (const char *pair = letters; *pair; pair += 2) {
        if (*pair == c)
            c = pair[1];
    }
    *out++ = c;
    return out;
}

/* A string in memory of its own; NULL if there is none at the cursor. */
static char *http_read_string(struct http_cursor cursor) {
    if (http_peek(&cursor) != '"')
        return NULL;
    char *text = malloc((size_t)(cursor.end - cursor.at)), *out = text;
    if (!text)
        return NULL;
    cursor.at++;
    while (http_peek(&cursor) && *cursor.at != '"') {
        char c = *cursor.at++;
        if (c == '\\' && cursor.at < cursor.end)
            out = http_decode_escape(&cursor, out);
        else
            *out++ = c;
    }
    *out = 0;
    return text;
}

static unsigned http_read_number(struct http_cursor *cursor) {
    unsigned number = 0;
    for (; http_peek(cursor) >= '0' && *cursor->at <= '9'; cursor->at++) {
        number = number * 10 + (unsigned)(*cursor->at - '0');
    }
    return number;
}

/* Read the array of numbers at the cursor. */
static void http_read_body(struct http_cursor cursor,
                           struct http_response *response) {
    /* "7," is one byte. */
    response->body = malloc((size_t)(cursor.end - cursor.at) / 2 + 2);
    if (!response->body)
        return;
    if (http_peek(&cursor) == '[') {
        cursor.at++;
        for (http_skip_space(&cursor);
             http_peek(&cursor) && *cursor.at != ']';) {
            response->body[response->body_size++] =
                (char)http_read_number(&cursor);
            http_skip_space(&cursor);
            if (http_peek(&cursor) != ',')
                break;
            cursor.at++;
            http_skip_space(&cursor);
        }
    }
    response->body[response->body_size] = 0;
}

/* Make the text of an error, "kind: message". */
static char *http_read_error(struct http_cursor reply) {
    struct http_cursor error = http_find(reply, "error");
    char *kind = http_read_string(http_find(error, "kind"));
    char *message = http_read_string(http_find(error, "message"));
    size_t size =
        (kind ? strlen(kind) : 0) + (message ? strlen(message) : 0) + 32;
    char *text = malloc(size);
    if (text && kind && message)
        snprintf(text, size, "%s: %s", kind, message);
    else if (text)
        strcpy(text, "the host gave no reply");
    free(kind);
    free(message);
    return text;
}

/* The request as JSON, in memory of its own; or NULL. */
static char *http_write(const struct http_request *request, size_t *size) {
    struct http_writer measure = {0};
    http_put_request(&measure, request);
    struct http_writer writer = {.out = malloc(measure.size)};
    if (writer.out)
        http_put_request(&writer, request);
    *size = writer.size;
    return writer.out;
}

static struct http_cursor http_reply(const struct http_response *response) {
    return (struct http_cursor){response->reply_,
                                response->reply_ + response->reply_size_};
}

/* Find status or error in the reply. */
static bool http_read_status(struct http_response *response) {
    struct http_cursor status = http_find(http_reply(response), "status_code");
    response->status = (int)http_read_number(&status);
    if (!response->status)
        response->error = http_read_error(http_reply(response));
    return response->status != 0;
}

HTTP_API bool http_send(const struct http_request *request,
                        struct http_response *response) {
    *response = (struct http_response){0};
    size_t size;
    char *text = http_write(request, &size);
    if (text) {
        uint64_t reply = host_http_request(text, size);
        response->reply_ = (char *)(uintptr_t)(reply >> 32);
        response->reply_size_ = (uint32_t)reply;
        free(text);
    }
    if (!http_read_status(response))
        return false;
    http_read_body(http_find(http_reply(response), "body"), response);
    if (response->body)
        return true;
    response->status = 0;
    response->error = http_read_error(http_reply(response));
    return false;
}

/* What the host says of the handle now. */
static void http_fetch_head(struct http_response *response) {
    free(response->reply_);
    int size = host_http_head(response->handle_, NULL, 0);
    response->reply_ = size > 0 ? malloc((size_t)size) : NULL;
    response->reply_size_ = response->reply_ ? (size_t)size : 0;
    if (response->reply_)
        host_http_head(response->handle_, response->reply_, (size_t)size);
}

HTTP_API bool http_open(const struct http_request *request,
                        struct http_response *response) {
    *response = (struct http_response){0};
    size_t size;
    char *text = http_write(request, &size);
    int handle = text ? host_http_open(text, size) : 0;
    free(text);
    if (handle > 0)
        response->handle_ = handle;
    http_fetch_head(response);
    return http_read_status(response);
}

HTTP_API int
http_read(struct http_response *response, void *bytes, size_t size) {
    int count = host_http_read(response->handle_, bytes, size);
    if (count >= 0)
        return count;
    if (response->error)
        return -1;
    http_fetch_head(response);
    response->error = http_read_error(http_reply(response));
    return -1;
}

HTTP_API char *http_get_header(const struct http_response *response,
                               const char *name) {
    return http_read_string(
        http_find(http_find(http_reply(response), "headers"), name));
}

HTTP_API void http_free(struct http_response *response) {
    if (response->handle_)
        host_http_close(response->handle_);
    free(response->body);
    free(response->error);
    free(response->reply_);
    *response = (struct http_response){0};
}

#endif
