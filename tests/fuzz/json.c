/* Fuzzing JSON: what the reader accepts can be written, and is read again as
 * the same. */
#include "json/json.h"

#include <stdlib.h>

static void check(bool fine) {
    if (!fine)
        abort();
}

/* Nested to JSON_DEPTH_MAX at most. */
static void write_value(struct json_writer *writer, const struct json *value) {
    const char *opening = value->type == JSON_OBJECT ? "{" : "[";
    const char *before = opening;
    struct json_each each = json_each(value);
    struct arena arena;
    arena_init(&arena);
    struct slice bytes;
    switch (value->type) {
    case JSON_STRING:
        check(utf8_valid(value->text));
        json_base64(value, &arena, &bytes);
        json_put_string(writer, value->text);
        break;
    case JSON_BYTES:
        check(json_bytes(value, &arena, &bytes) && bytes.size == value->count);
        json_put_bytes(writer, bytes);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        for (; json_next(&each); before = ",") {
            json_put(writer, before);
            if (value->type == JSON_OBJECT)
                json_put_string(writer, each.name);
            if (value->type == JSON_OBJECT)
                json_put(writer, ":");
            write_value(writer, each.value);
        }
        if (value->count == 0)
            json_put(writer, opening);
        json_put(writer, value->type == JSON_OBJECT ? "}" : "]");
        break;
    default: { /* null, a boolean, a number: as it was */
        struct buffer text;
        buffer_init(&text, value->text.size + 1);
        buffer_append_slice(&text, value->text);
        buffer_append(&text, "", 1);
        json_put(writer, (const char *)text.data);
        buffer_free(&text);
    }
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_init(&arena);
    struct error error = ERROR_INIT;
    const struct json *root =
        json_parse((struct slice){data, size}, &arena, &error);
    check((root != NULL) == (error.kind == ERROR_NONE));
    check(root || error.offset <= size);
    struct slice before = {NULL, 0};
    for (int round = 0; root && round < 2; round++) {
        struct json_writer measure = {NULL, 0, 0};
        write_value(&measure, root);
        struct json_writer writer = {
            arena_alloc(&arena, measure.size, 1), measure.size, 0};
        write_value(&writer, root);
        struct slice text = {writer.out, writer.size};
        const struct json *again = json_parse(text, &arena, &error);
        check(writer.size == measure.size && again &&
              again->span == root->span);
        check(round == 0 || slice_equal(text, before));
        before = text;
        root = again;
    }
    arena_free(&arena);
    return 0;
}
