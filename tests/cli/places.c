/* Tells the test beside it what is known of places in a module's code.
 *
 *     places MODULE     for every byte of every body, by its address in the code section, one line:
 *                       ADDRESS|NAME|FILE|LINE|NAME|FILE|LINE...     innermost first
 *
 * An address that says the same as the one before it is left out. Where it is
 * said otherwise once the table of all lines is there, a line says so. */
#include "vm/debug/debug.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

static uint32_t uleb(const uint8_t *bytes, size_t *at) {
    uint32_t value = 0;
    unsigned shift = 0;
    do
        value |= (uint32_t)(bytes[*at] & 0x7F) << shift, shift += 7;
    while (bytes[(*at)++] & 0x80);
    return value;
}

static void append(struct buffer *line, struct slice text) {
    buffer_append_text(line, "|");
    buffer_append_slice(line, text);
}

static void
describe(struct debug *debug, uint32_t offset, struct buffer *line) {
    struct arena texts;
    struct debug_place places[MOST];
    arena_init(&texts);
    size_t count = debug_places(debug, offset, &texts, places, MOST);
    for (size_t i = 0; i < count; i++) {
        append(line, places[i].name);
        append(line, places[i].file);
        buffer_printf(line, "|%" PRIu32, places[i].line);
    }
    arena_free(&texts);
}

/* The module's information, read twice: with the table of all lines. */
struct reader {
    struct debug *debug, *tabled;
};

static void
print_body(struct reader *reader, size_t code, size_t start, size_t end) {
    struct buffer lines[3];
    for (int i = 0; i < 3; i++)
        buffer_init(&lines[i], 1 << 20);
    for (size_t at = start; at < end; at++) {
        struct buffer *now = &lines[at % 2], *before = &lines[(at + 1) % 2];
        now->size = lines[2].size = 0;
        describe(reader->debug, (uint32_t)at, now);
        describe(reader->tabled, (uint32_t)at, &lines[2]);
        if (!slice_equal(buffer_slice(now), buffer_slice(&lines[2])))
            printf("the table has something else at %zu\n", at - code);
        if (at > start && slice_equal(buffer_slice(now), buffer_slice(before)))
            continue;
        printf("%zu%.*s\n", at - code, (int)now->size, (const char *)now->data);
    }
    for (int i = 0; i < 3; i++)
        buffer_free(&lines[i]);
}

/* The module is sound: the test has let a compiler make it. */
static void
print_code(struct reader *reader, const uint8_t *bytes, size_t size) {
    for (size_t at = 8; at < size;) {
        uint8_t id = bytes[at++];
        uint32_t section = uleb(bytes, &at);
        size_t code = at, next = at + section;
        for (uint32_t bodies = id == 10 ? uleb(bytes, &at) : 0; bodies > 0;
             bodies--) {
            uint32_t body = uleb(bytes, &at);
            print_body(reader, code, at, at + body);
            at += body;
        }
        at = next;
    }
}

int main(int argc, char **argv) {
    struct buffer module;
    struct error error = ERROR_INIT;
    buffer_init(&module, 1 << 30);
    if (argc != 2 || !file_read(argv[1], &module, &error)) {
        fprintf(stderr, "usage: places MODULE %s\n", error.text);
        return 2;
    }
    struct reader reader = {debug_open(buffer_slice(&module), NULL),
                            debug_open(buffer_slice(&module), NULL)};
    debug_lines(reader.tabled);
    print_code(&reader, module.data, module.size);
    debug_free(reader.debug);
    debug_free(reader.tabled);
    buffer_free(&module);
    return 0;
}
