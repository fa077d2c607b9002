/* The functions of module `host`: HTTP for guests, in two ways.
 *
 * Whole, for what is small:
 *
 *     host_http_request(request: i32, size: i32) -> i64
 *
 * takes a request as JSON and gives the whole reply as JSON, in memory that the
 * guest's own exported `malloc` gave and that it frees itself: pointer << 32 |
 * size, both unsigned. What ends the guest with a trap is a reply that cannot
 * be delivered: there is no `malloc`, it points outside memory, or it calls
 * host_http_request itself. If it gives 0, so do we: no pointer, no size.
 *
 * Piece by piece, for a response of any size, in constant memory:
 *
 *     http_open(request: i32, size: i32) -> i32               a handle above 0
 *     http_head(handle: i32, buffer: i32, size: i32) -> i32   the size of the reply's JSON
 *     http_read(handle: i32, buffer: i32, size: i32) -> i32   how many bytes of the body; 0: end
 *     http_close(handle: i32) -> i32                          0
 *
 * The request is the same, but for body_encoding, which means nothing here.
 * http_open returns when the final response's head is there. http_head writes
 * the reply without its body, if `size` is enough for all of it, and nothing if
 * not. http_read gives what has come, which may be less than was asked for. The
 * cap on response bodies does not apply: nothing is kept; all other limits do,
 * and the time limit of a request goes on until its last byte was read. Results
 * below 0 are WASI's error numbers, negated: EBADF (no such handle), EFAULT
 * (outside memory), EMFILE (too many handles), and EIO from http_read: the
 * request failed.
 *
 * Whatever is wrong with a request or with the network never ends the guest. It
 * is a reply too, in both ways: a handle that failed, at once or while its body
 * was read, has the error for a head.
 *
 * Guest memory is not trusted to stay: the request is copied before it is read,
 * and nothing points into memory while `malloc` runs, which may grow it. What
 * all that looks like in JSON messages.h says. */
#include "imports.h"

#include "messages.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Bytes: room for a body of 16 MiB in any notation. */
    REQUEST_TEXT_MAX = 128 << 20,
    STREAM_MAX = 16,
    METHOD_SHOWN = 40, /* bytes of them in a line that narrates */
    URL_SHOWN = 1000,
};

/* WASI's, which the guest's libc has too. */
enum { GUEST_EBADF = 8, GUEST_EFAULT = 21, GUEST_EIO = 29, GUEST_EMFILE = 33 };

struct reply {
    struct net_response response; /* if nothing failed */
    enum body_encoding encoding;
    struct error failure;
};

/* What a handle stands for. Handles count up: a closed one does not come back
 * as another. */
struct stream {
    uint32_t handle; /* above 0 */
    struct reply reply;
};

struct imports {
    struct imports_config config;
    /* host_http_request is under way: the guest's malloc must not call it. */
    bool busy;
    struct stream *streams[STREAM_MAX]; /* owned; NULL: free */
    uint32_t last_handle;
};

/* ---- taking requests ---- */

/* Copy the request out of guest memory and read the copy. */
static bool take_request(const struct instance *caller,
                         const uint64_t *slots,
                         struct arena *arena,
                         struct message *message,
                         struct error *error) {
    uint32_t size = (uint32_t)slots[1];
    if (size > REQUEST_TEXT_MAX)
        return net_fail(error, NET_TOO_LARGE, "the request is too large");
    const uint8_t *source = vm_memory_view(caller, (uint32_t)slots[0], size);
    if (!source)
        return net_fail(
            error, NET_INVALID_REQUEST, "the request lies outside memory");
    const char *copy = arena_text(arena, (struct slice){source, size});
    if (!copy)
        return net_fail(error, NET_TOO_LARGE, "no memory for the request");
    return message_read(
        message, (struct slice){(const uint8_t *)copy, size}, arena, error);
}

/* Where the userinfo in a URL ends, which is nobody's to read; 0 if there is
 * none. */
static size_t userinfo_end(struct slice url, size_t authority) {
    size_t end = 0;
    for (size_t i = authority; i < url.size; i++) {
        uint8_t c = url.data[i];
        if (strchr("/?#\\", c))
            break;
        if (c == '@')
            end = i + 1;
    }
    return end;
}

/* `[host] GET https://example.org/` */
static void narrate(const struct imports_config *config,
                    const struct net_request *request) {
    FILE *out = config->narrate;
    struct slice url = request->url;
    size_t authority = 0; /* behind "://" */
    for (size_t i = 0; i + 3 <= url.size && authority == 0; i++) {
        if (memcmp(url.data + i, "://", 3) == 0)
            authority = i + 3;
    }
    size_t rest = userinfo_end(url, authority);
    if (config->wasi)
        wasi_begin_line(config->wasi, out);
    fputs("[host] ", out);
    shown_print(request->method, METHOD_SHOWN, out);
    fputc(' ', out);
    if (rest)
        shown_print((struct slice){url.data, authority}, URL_SHOWN, out);
    shown_print(
        (struct slice){url.data + rest, url.size - rest}, URL_SHOWN, out);
    fputc('\n', out);
    fflush(out);
}

void imports_narrate(struct wasi *wasi,
                     const struct instance *caller,
                     const uint64_t *args,
                     FILE *out) {
    const struct imports_config config = {.wasi = wasi, .narrate = out};
    struct error unused = ERROR_INIT;
    struct arena arena;
    struct message message;
    arena_init(&arena);
    arena.budget = vm_budget(vm_of(caller));
    if (take_request(caller, args, &arena, &message, &unused))
        narrate(&config, &message.request);
    arena_free(&arena);
}

/* ---- answering them ---- */

static void reply_write(struct json_writer *writer, const struct reply *reply) {
    message_write(writer, &reply->response, reply->encoding, &reply->failure);
}

/* net_exchange or net_begin. */
typedef bool (*exchanger)(struct net *net,
                          const struct net_request *request,
                          struct net_response *response,
                          struct error *error);

/* Take the request that the guest's arguments mean and have it answered. */
static void answer(struct imports *imports,
                   const struct instance *caller,
                   const uint64_t *slots,
                   exchanger exchange,
                   struct reply *reply) {
    struct arena arena;
    struct message message;
    arena_init(&arena);
    arena.budget = vm_budget(vm_of(caller));
    *reply = (struct reply){.failure = ERROR_INIT};
    if (take_request(caller, slots, &arena, &message, &reply->failure)) {
        const struct imports_config *config = &imports->config;
        struct net_request *request = &message.request;
        if (config->narrate)
            narrate(config, request);
        request->time_left_ms = vm_time_left_ms(vm_of(caller));
        reply->encoding = message.encoding;
        exchange(config->net, request, &reply->response, &reply->failure);
    }
    arena_free(&arena);
}

/* The client counts in whole milliseconds: what it takes for the end may be one
 * early. */
static bool in_time(const struct instance *caller, struct error *error) {
    return vm_time_left_ms(vm_of(caller)) > 1 ||
           vm_time_out(vm_of(caller), error);
}

/* ---- whole replies ---- */

/* (i32) -> i32 */
static bool is_malloc(const struct func_type *type) {
    return type->param_count == 1 && type->result_count == 1 &&
           type->types[0] == VM_I32 && type->types[1] == VM_I32;
}

/* Let the guest's malloc find `size` bytes. */
static bool guest_malloc(struct instance *caller,
                         uint32_t size,
                         uint32_t *address,
                         struct error *error) {
    struct function *function = vm_find_function(caller, slice_of("malloc"));
    if (!function || !is_malloc(vm_function_type(function)))
        return error_set(error,
                         ERROR_TRAP,
                         "host_http_request: the guest exports no malloc of "
                         "type (i32) -> i32");

    struct vm_value argument = {.type = VM_I32, .of.i32 = size};
    struct vm_value result = {.type = VM_I32};
    if (!vm_call(function, &argument, 1, &result, error))
        return false;
    *address = result.of.i32;
    return true;
}

static bool deliver(struct reply *reply,
                    struct instance *caller,
                    uint64_t *result,
                    struct error *error) {
    struct json_writer measure = {0};
    reply_write(&measure, reply);
    if (measure.size > UINT32_MAX) {
        net_fail(&reply->failure,
                 NET_TOO_LARGE,
                 "the response does not fit in 32-bit memory");
        measure = (struct json_writer){0};
        reply_write(&measure, reply);
    }
    uint32_t address = 0, size = (uint32_t)measure.size;
    if (!guest_malloc(caller, size, &address, error))
        return false;
    *result = 0;
    if (address == 0)
        return true;

    uint8_t *memory = vm_memory_at(caller, address, size);
    if (!memory)
        return error_set(
            error,
            ERROR_TRAP,
            "host_http_request: malloc(%lu) returned 0x%lx, outside memory",
            (unsigned long)size,
            (unsigned long)address);
    struct json_writer writer = {memory, size, 0};
    reply_write(&writer, reply);
    *result = (uint64_t)address << 32 | size;
    return true;
}

static bool host_http_request(void *context,
                              struct instance *caller,
                              uint64_t *slots,
                              struct error *error) {
    struct imports *imports = context;
    if (imports->busy) {
        return error_set(error,
                         ERROR_TRAP,
                         "host_http_request: called by the guest's malloc");
    }
    imports->busy = true;
    struct reply reply;
    answer(imports, caller, slots, net_exchange, &reply);
    bool ok = in_time(caller, error) && deliver(&reply, caller, slots, error);
    net_response_free(&reply.response);
    imports->busy = false;
    return ok;
}

/* ---- replies in pieces ---- */

/* Where the stream of that handle is, or NULL; handle 0 finds a free place. */
static struct stream **find_stream(struct imports *imports, uint32_t handle) {
    for (size_t i = 0; i < STREAM_MAX; i++) {
        struct stream **place = &imports->streams[i];
        uint32_t found = *place ? (*place)->handle : 0;
        if (found == handle)
            return place;
    }
    return NULL;
}

static void stream_free(struct stream *stream) {
    net_response_free(&stream->reply.response);
    free(stream);
}

/* Return an i32 to the guest. */
static bool give(uint64_t *slots, int32_t result) {
    slots[0] = (uint32_t)result;
    return true;
}

static bool host_http_open(void *context,
                           struct instance *caller,
                           uint64_t *slots,
                           struct error *error) {
    struct imports *imports = context;
    struct stream **place = find_stream(imports, 0);
    if (!place || imports->last_handle == INT32_MAX)
        return give(slots, -GUEST_EMFILE);
    if (!vm_memory_view(caller, (uint32_t)slots[0], (uint32_t)slots[1]))
        return give(slots, -GUEST_EFAULT);
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return give(slots, -GUEST_EMFILE);

    answer(imports, caller, slots, net_begin, &stream->reply);
    stream->reply.encoding = BODY_APART;
    stream->handle = ++imports->last_handle;
    *place = stream;
    return in_time(caller, error) && give(slots, (int32_t)stream->handle);
}

/* The stream and the memory that a guest's arguments mean; else 0 or NULL of
 * them, and the result that says so. */
static bool find_arguments(struct imports *imports,
                           const struct instance *caller,
                           uint64_t *slots,
                           struct stream **stream,
                           uint8_t **memory) {
    struct stream **place =
        slots[0] ? find_stream(imports, (uint32_t)slots[0]) : NULL;
    *stream = place ? *place : NULL;
    *memory = vm_memory_at(caller, (uint32_t)slots[1], (uint32_t)slots[2]);
    if (*stream && *memory)
        return true;
    give(slots, *stream ? -GUEST_EFAULT : -GUEST_EBADF);
    return false;
}

static bool host_http_head(void *context,
                           struct instance *caller,
                           uint64_t *slots,
                           struct error *error) {
    (void)error;
    struct stream *stream;
    struct json_writer measure = {0}, writer = {.capacity = (uint32_t)slots[2]};
    if (!find_arguments(context, caller, slots, &stream, &writer.out))
        return true;
    reply_write(&measure, &stream->reply);
    if (measure.size <= writer.capacity)
        reply_write(&writer, &stream->reply);
    return give(slots, (int32_t)measure.size);
}

static bool host_http_read(void *context,
                           struct instance *caller,
                           uint64_t *slots,
                           struct error *error) {
    struct stream *stream;
    uint8_t *memory;
    size_t size = slots[2] < INT32_MAX ? (size_t)slots[2] : INT32_MAX;
    if (!find_arguments(context, caller, slots, &stream, &memory))
        return true;
    struct reply *reply = &stream->reply;
    ssize_t count = 0;
    if (reply->failure.kind == ERROR_NONE && size > 0)
        count = net_read(&reply->response, memory, size, &reply->failure);
    bool failed = reply->failure.kind != ERROR_NONE;
    return in_time(caller, error) &&
           give(slots, failed ? -GUEST_EIO : (int32_t)count);
}

static bool host_http_close(void *context,
                            struct instance *caller,
                            uint64_t *slots,
                            struct error *error) {
    (void)caller, (void)error;
    struct stream **place =
        slots[0] ? find_stream(context, (uint32_t)slots[0]) : NULL;
    if (!place)
        return give(slots, -GUEST_EBADF);
    stream_free(*place);
    *place = NULL;
    return give(slots, 0);
}

/* ---- the parts put together ---- */

struct imports *imports_open(const struct imports_config *config,
                             struct error *error) {
    struct imports *imports = calloc(1, sizeof *imports);
    if (!imports)
        error_set(error, ERROR_IO, "out of memory");
    else
        imports->config = *config;
    return imports;
}

bool imports_define(struct imports *imports,
                    struct vm *vm,
                    struct error *error) {
    static const struct row {
        const char *name, *signature;
        vm_host_function function;
    } rows[] = {
        {"host_http_request", "ii:I", host_http_request},
        {"http_open", "ii:i", host_http_open},
        {"http_head", "iii:i", host_http_head},
        {"http_read", "iii:i", host_http_read},
        {"http_close", "i:i", host_http_close},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!vm_define(vm,
                       "host",
                       rows[i].name,
                       rows[i].signature,
                       rows[i].function,
                       imports,
                       error))
            return false;
    }
    return true;
}

void imports_close(struct imports *imports) {
    for (size_t i = 0; i < STREAM_MAX; i++) {
        if (imports->streams[i])
            stream_free(imports->streams[i]);
    }
    free(imports);
}
