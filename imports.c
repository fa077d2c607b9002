/* host.host_http_request(pointer: i32, size: i32) -> i64: HTTP for guests.
 *
 * The guest passes a request as JSON and gets the reply as JSON, in memory that its own exported
 * `malloc` gave and that it frees itself; the result is pointer << 32 | size, both unsigned.
 *
 *     {"method":"GET","url":"https://...","headers":{"Name":"value"},"body":[104,105],
 *      "body_encoding":"bytes"}
 *     {"status_code":200,"headers":{"name":"value, value"},
 *      "header_list":[["name","value"],["name","value"]],"body":[111,107]}
 *     {"error":{"kind":"dns","message":"..."}}
 *
 * In a request `headers`, `body` and `body_encoding` may be missing or null and unknown members are
 * ignored. A body is an array of byte numbers, a string, or {"base64":"..."}; `body_encoding`
 * (bytes, utf8, base64) chooses how the reply's body comes. Whatever is wrong with a request or
 * with the network is a reply too: it never ends the guest.
 *
 * What ends the guest with a trap is a reply that cannot be delivered: there is no `malloc`, it
 * points outside memory, or it asks for HTTP itself. If it gives 0, so do we: no pointer, no size.
 *
 * Guest memory is not trusted to stay: the request is copied before it is read, and nothing
 * points into memory while `malloc` runs, which may grow it.
 */
#include "imports.h"

#include "json/json.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of request text: room for a body of 16 MiB in any notation. */
enum { REQUEST_TEXT_MAX = 128 << 20 };

struct imports {
    struct imports_config config;
    bool busy; /* a call is under way: the guest's malloc must not begin another */
};

enum encoding { ENCODING_BYTES, ENCODING_UTF8, ENCODING_BASE64 };

/* One call of the guest's. */
struct exchange {
    struct arena arena; /* owns the request's text and what was made of it */
    struct net_request request;
    struct net_response response; /* if nothing failed */
    struct error failure;
    enum encoding encoding;
};

static bool refuse(struct exchange *exchange, enum net_error kind, const char *why) {
    error_set(&exchange->failure, ERROR_NET, "%s", why);
    exchange->failure.code = (int)kind;
    return false;
}

static bool invalid(struct exchange *exchange, const char *why) {
    return refuse(exchange, NET_INVALID_REQUEST, why);
}

/* ---- reading the request ---- */

/* An optional member, or NULL. */
static const struct json *find_given(const struct json *object, const char *name) {
    const struct json *value = json_find(object, name);
    return value && value->type != JSON_NULL ? value : NULL;
}

static bool read_headers(struct exchange *exchange, const struct json *object) {
    if (!object) return true;
    if (object->type != JSON_OBJECT) return invalid(exchange, "headers: not an object");
    struct net_header *headers = arena_alloc(&exchange->arena, object->count, sizeof *headers);
    if (!headers) return invalid(exchange, "no memory for the headers");
    size_t count = 0;
    for (struct json_each each = json_each(object); json_next(&each); count++) {
        if (each.value->type != JSON_STRING) return invalid(exchange, "headers: not a string");
        headers[count] = (struct net_header){each.name, each.value->text};
    }
    exchange->request.headers = headers;
    exchange->request.header_count = count;
    return true;
}

static bool read_body(struct exchange *exchange, const struct json *value) {
    if (!value) return true;
    struct slice *body = &exchange->request.body;
    exchange->request.has_body = true;
    switch (value->type) {
    case JSON_STRING: *body = value->text; return true;
    case JSON_OBJECT:
        return json_base64(json_find(value, "base64"), &exchange->arena, body) ||
               invalid(exchange, "body: an object, but not {\"base64\": \"...\"}");
    default:
        return json_bytes(value, &exchange->arena, body) ||
               invalid(exchange, "body: neither numbers from 0 to 255, nor a string, nor "
                                 "{\"base64\": \"...\"}");
    }
}

static bool read_encoding(struct exchange *exchange, const struct json *value) {
    static const char *const names[] = {
        [ENCODING_BYTES] = "bytes", [ENCODING_UTF8] = "utf8", [ENCODING_BASE64] = "base64"};
    if (!value) return true;
    for (int i = ENCODING_BYTES; i <= ENCODING_BASE64; i++) {
        exchange->encoding = (enum encoding)i;
        if (value->type == JSON_STRING && slice_is(value->text, names[i])) return true;
    }
    return invalid(exchange, "body_encoding: not \"bytes\", \"utf8\" or \"base64\"");
}

static bool read_request(struct exchange *exchange, struct slice text) {
    struct error error = ERROR_INIT;
    const struct json *root = json_parse(text, &exchange->arena, &error);
    if (!root) {
        char why[sizeof error.text + 64];
        snprintf(why, sizeof why, "the request is not JSON: %s, at byte %llu", error.text,
                 (unsigned long long)error.offset);
        return invalid(exchange, why);
    }
    if (root->type != JSON_OBJECT) return invalid(exchange, "the request is not an object");
    exchange->request.method = json_string(root, "method");
    exchange->request.url = json_string(root, "url");
    if (!exchange->request.method.data) return invalid(exchange, "method: not a string");
    if (!exchange->request.url.data) return invalid(exchange, "url: not a string");
    return read_headers(exchange, find_given(root, "headers")) &&
           read_body(exchange, find_given(root, "body")) &&
           read_encoding(exchange, find_given(root, "body_encoding"));
}

/* Copy the request out of guest memory and read the copy. */
static bool take_request(struct exchange *exchange, const struct instance *caller, uint32_t address,
                         uint32_t size) {
    if (size > REQUEST_TEXT_MAX) return refuse(exchange, NET_TOO_LARGE, "the request is too large");
    const uint8_t *source = vm_memory_at(caller, address, size);
    if (!source) return invalid(exchange, "the request lies outside memory");
    const char *copy = arena_text(&exchange->arena, (struct slice){source, size});
    if (!copy) return refuse(exchange, NET_TOO_LARGE, "no memory for the request");
    return read_request(exchange, (struct slice){(const uint8_t *)copy, size});
}

/* ---- telling about it ---- */

/* Where the userinfo in a URL ends, which is nobody's to read; 0 if there is none. */
static size_t userinfo_end(struct slice url, size_t authority) {
    size_t end = 0;
    for (size_t i = authority; i < url.size && !strchr("/?#\\", url.data[i]); i++) {
        if (url.data[i] == '@') end = i + 1;
    }
    return end;
}

static void print_text(FILE *out, struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        fputc(text.data[i] < 0x20 || text.data[i] == 0x7F ? '?' : text.data[i], out);
    }
}

/* `[host] GET https://example.org/` */
static void narrate(FILE *out, const struct net_request *request) {
    struct slice url = request->url;
    size_t authority = 0; /* behind "://" */
    for (size_t i = 0; i + 3 <= url.size && authority == 0; i++) {
        if (memcmp(url.data + i, "://", 3) == 0) authority = i + 3;
    }
    size_t rest = userinfo_end(url, authority);
    fputs("[host] ", out);
    print_text(out, request->method);
    fputc(' ', out);
    if (rest) print_text(out, (struct slice){url.data, authority});
    print_text(out, (struct slice){url.data + rest, url.size - rest});
    fputc('\n', out);
    fflush(out);
}

/* ---- writing the reply ---- */

/* All values of the header that first appears at `first`. */
static void put_joined(struct json_writer *writer, const struct net_response *response,
                       size_t first) {
    const struct net_header *headers = response->headers;
    json_put(writer, "\"");
    for (size_t i = first; i < response->header_count; i++) {
        if (!slice_equal(headers[i].name, headers[first].name)) continue;
        if (i > first) json_put(writer, ", ");
        json_put_content(writer, headers[i].value);
    }
    json_put(writer, "\"");
}

static bool seen_before(const struct net_header *headers, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (slice_equal(headers[k].name, headers[i].name)) return true;
    }
    return false;
}

static void put_headers(struct json_writer *writer, const struct net_response *response) {
    const struct net_header *headers = response->headers;
    json_put(writer, "\"headers\":{");
    for (size_t i = 0; i < response->header_count; i++) {
        if (seen_before(headers, i)) continue;
        if (i > 0) json_put(writer, ",");
        json_put_string(writer, headers[i].name);
        json_put(writer, ":");
        put_joined(writer, response, i);
    }
    json_put(writer, "},\"header_list\":[");
    for (size_t i = 0; i < response->header_count; i++) {
        json_put(writer, i > 0 ? ",[" : "[");
        json_put_string(writer, headers[i].name);
        json_put(writer, ",");
        json_put_string(writer, headers[i].value);
        json_put(writer, "]");
    }
    json_put(writer, "]");
}

static void put_failure(struct json_writer *writer, const struct error *failure) {
    json_put(writer, "{\"error\":{\"kind\":\"");
    json_put(writer, net_error_name((enum net_error)failure->code));
    json_put(writer, "\",\"message\":");
    json_put_string(writer, slice_of(failure->text));
    json_put(writer, "}}");
}

static void put_reply(struct json_writer *writer, const struct exchange *exchange) {
    static void (*const put_body[])(struct json_writer *, struct slice) = {
        [ENCODING_BYTES] = json_put_bytes,
        [ENCODING_UTF8] = json_put_string,
        [ENCODING_BASE64] = json_put_base64,
    };
    if (exchange->failure.kind != ERROR_NONE) {
        put_failure(writer, &exchange->failure);
        return;
    }
    json_put(writer, "{\"status_code\":");
    json_put_integer(writer, exchange->response.status);
    json_put(writer, ",");
    put_headers(writer, &exchange->response);
    json_put(writer, ",\"body\":");
    put_body[exchange->encoding](writer, exchange->response.body);
    json_put(writer, "}");
}

/* ---- delivering it ---- */

/* Let the guest's malloc find `size` bytes. */
static bool guest_malloc(struct instance *caller, uint32_t size, uint32_t *address,
                         struct error *error) {
    struct function *function = vm_find_function(caller, slice_of("malloc"));
    const struct func_type *type = function ? vm_function_type(function) : NULL;
    if (!type || type->param_count != 1 || type->result_count != 1 || type->types[0] != VM_I32 ||
        type->types[1] != VM_I32) {
        return error_set(error, ERROR_TRAP,
                         "host_http_request: the guest exports no malloc of type (i32) -> i32");
    }
    struct vm_value argument = {.type = VM_I32, .of.i32 = size}, result = {.type = VM_I32};
    if (!vm_call(function, &argument, 1, &result, error)) return false;
    *address = result.of.i32;
    return true;
}

static bool deliver(struct exchange *exchange, struct instance *caller, uint64_t *result,
                    struct error *error) {
    struct json_writer measure = {0};
    put_reply(&measure, exchange);
    if (measure.size > UINT32_MAX) {
        refuse(exchange, NET_TOO_LARGE, "the response does not fit in 32-bit memory");
        measure = (struct json_writer){0};
        put_reply(&measure, exchange);
    }
    uint32_t address = 0, size = (uint32_t)measure.size;
    if (!guest_malloc(caller, size, &address, error)) return false;
    *result = 0;
    if (address == 0) return true;
    struct json_writer writer = {vm_memory_at(caller, address, size), size, 0};
    if (!writer.out) {
        return error_set(error, ERROR_TRAP,
                         "host_http_request: malloc(%lu) returned 0x%lx, outside memory",
                         (unsigned long)size, (unsigned long)address);
    }
    put_reply(&writer, exchange);
    *result = (uint64_t)address << 32 | size;
    return true;
}

static void perform(struct imports *imports, struct exchange *exchange, const struct vm *vm) {
    if (imports->config.narrate) narrate(imports->config.narrate, &exchange->request);
    exchange->request.time_left_ms = vm_time_left_ms(vm);
    net_exchange(imports->config.net, &exchange->request, &exchange->response, &exchange->failure);
}

static bool host_http_request(void *context, struct instance *caller, uint64_t *slots,
                              struct error *error) {
    struct imports *imports = context;
    if (imports->busy) {
        return error_set(error, ERROR_TRAP, "host_http_request: called by the guest's malloc");
    }
    imports->busy = true;
    struct vm *vm = vm_of(caller);
    struct exchange exchange = {.failure = ERROR_INIT};
    arena_init(&exchange.arena);
    arena_init(&exchange.response.arena);
    if (take_request(&exchange, caller, (uint32_t)slots[0], (uint32_t)slots[1])) {
        perform(imports, &exchange, vm);
    }
    /* The client counts in whole milliseconds: what it takes for the end may be one early. */
    bool late = vm_time_left_ms(vm) <= 1;
    bool ok = late ? vm_time_out(error) : deliver(&exchange, caller, slots, error);
    net_response_free(&exchange.response);
    arena_free(&exchange.arena);
    imports->busy = false;
    return ok;
}

/* ---- the parts put together ---- */

struct imports *imports_open(const struct imports_config *config, struct error *error) {
    struct imports *imports = calloc(1, sizeof *imports);
    if (!imports)
        error_set(error, ERROR_IO, "out of memory");
    else
        imports->config = *config;
    return imports;
}

bool imports_define(struct imports *imports, struct vm *vm, struct error *error) {
    return vm_define(vm, "host", "host_http_request", "ii:I", host_http_request, imports, error);
}

void imports_close(struct imports *imports) {
    free(imports);
}
