/* Requests and replies as JSON: see messages.h for what they look like.
 *
 * Whatever is wrong with a request becomes an ERROR_NET of the code
 * NET_INVALID_REQUEST: the guest gets it as an error object, like any failure
 * on the network, and goes on. Texts and headers are slices into the request's
 * JSON, or decoded into the arena; nothing is freed here. */
#include "messages.h"

static bool invalid(struct error *error, const char *why) {
    return net_fail(error, NET_INVALID_REQUEST, "%s", why);
}

/* ---- requests ---- */

/* An optional member, or NULL; null says the same as leaving it out, since that
 * is what serializers make of an empty field. */
static const struct json *find_given(const struct json *object,
                                     const char *name) {
    const struct json *value = json_find(object, name);
    return value && value->type != JSON_NULL ? value : NULL;
}

static bool read_headers(struct message *message,
                         const struct json *object,
                         struct arena *arena,
                         struct error *error) {
    if (!object)
        return true;
    if (object->type != JSON_OBJECT)
        return invalid(error, "headers: not an object");
    struct net_header *headers =
        arena_alloc(arena, object->count, sizeof *headers);
    if (!headers)
        return invalid(error, "no memory for the headers");
    size_t count = 0;
    for (struct json_each each = json_each(object); json_next(&each); count++) {
        if (each.value->type != JSON_STRING)
            return invalid(error, "headers: not a string");
        headers[count] = (struct net_header){each.name, each.value->text};
    }
    message->request.headers = headers;
    message->request.header_count = count;
    return true;
}

static bool read_body(struct message *message,
                      const struct json *value,
                      struct arena *arena,
                      struct error *error) {
    if (!value)
        return true;
    struct slice *body = &message->request.body;
    message->request.has_body = true;
    switch (value->type) {
    case JSON_STRING: *body = value->text; return true;
    case JSON_OBJECT:
        return json_base64(json_find(value, "base64"), arena, body) ||
               invalid(error, "body: an object, but not {\"base64\": \"...\"}");
    default:
        return json_bytes(value, arena, body) ||
               invalid(error,
                       "body: neither numbers from 0 to 255, nor a string, nor "
                       "{\"base64\": \"...\"}");
    }
}

static bool read_encoding(struct message *message,
                          const struct json *value,
                          struct error *error) {
    static const char *const names[] = {
        [BODY_BYTES] = "bytes", [BODY_UTF8] = "utf8", [BODY_BASE64] = "base64"};
    if (!value)
        return true;
    for (int i = BODY_BYTES; i <= BODY_BASE64; i++) {
        message->encoding = (enum body_encoding)i;
        if (value->type == JSON_STRING && slice_is(value->text, names[i]))
            return true;
    }
    return invalid(error,
                   "body_encoding: not \"bytes\", \"utf8\" or \"base64\"");
}

bool message_read(struct message *message,
                  struct slice text,
                  struct arena *arena,
                  struct error *error) {
    struct error wrong = ERROR_INIT;
    const struct json *root = json_parse(text, arena, &wrong);
    if (!root) {
        return net_fail(error,
                        NET_INVALID_REQUEST,
                        "the request is not JSON: %s, at byte %llu",
                        wrong.text,
                        (unsigned long long)wrong.offset);
    }
    if (root->type != JSON_OBJECT)
        return invalid(error, "the request is not an object");
    *message =
        (struct message){.request = {.method = json_string(root, "method"),
                                     .url = json_string(root, "url")}};
    if (!message->request.method.data)
        return invalid(error, "method: not a string");
    if (!message->request.url.data)
        return invalid(error, "url: not a string");
    return read_headers(message, find_given(root, "headers"), arena, error) &&
           read_body(message, find_given(root, "body"), arena, error) &&
           read_encoding(message, find_given(root, "body_encoding"), error);
}

/* ---- replies ---- */

/* All values of the header that first appears at `first`, joined as RFC 9110
 * section 5.3 allows; for Set-Cookie it does not, and there the list has them
 * apart. */
static void put_joined(struct json_writer *writer,
                       const struct net_response *response,
                       size_t first) {
    const struct net_header *headers = response->headers;
    json_put(writer, "\"");
    for (size_t i = first; i < response->header_count; i++) {
        if (!slice_equal(headers[i].name, headers[first].name))
            continue;
        if (i > first)
            json_put(writer, ", ");
        json_put_content(writer, headers[i].value);
    }
    json_put(writer, "\"");
}

/* For each header all before it: there are at most a few hundred (--http-limit
 * fields). */
static bool seen_before(const struct net_header *headers, size_t i) {
    for (size_t k = 0; k < i; k++) {
        if (slice_equal(headers[k].name, headers[i].name))
            return true;
    }
    return false;
}

static void put_headers(struct json_writer *writer,
                        const struct net_response *response) {
    const struct net_header *headers = response->headers;
    json_put(writer, "\"headers\":{");
    for (size_t i = 0; i < response->header_count; i++) {
        if (seen_before(headers, i))
            continue;
        if (i > 0)
            json_put(writer, ",");
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

static void put_failure(struct json_writer *writer,
                        const struct error *failure) {
    json_put(writer, "{\"error\":{\"kind\":\"");
    json_put(writer, net_error_name((enum net_error)failure->code));
    json_put(writer, "\",\"message\":");
    json_put_string(writer, slice_of(failure->text));
    json_put(writer, "}}");
}

void message_write(struct json_writer *writer,
                   const struct net_response *response,
                   enum body_encoding encoding,
                   const struct error *failure) {
    static void (*const put_body[])(struct json_writer *, struct slice) = {
        [BODY_BYTES] = json_put_bytes,
        [BODY_UTF8] = json_put_string,
        [BODY_BASE64] = json_put_base64,
    };
    if (failure->kind != ERROR_NONE) {
        put_failure(writer, failure);
        return;
    }
    json_put(writer, "{\"status_code\":");
    json_put_integer(writer, response->status);
    json_put(writer, ",");
    put_headers(writer, response);
    if (encoding != BODY_APART) {
        json_put(writer, ",\"body\":");
        put_body[encoding](writer, response->body);
    }
    json_put(writer, "}");
}
