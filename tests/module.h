/* Modules written byte by byte, for what an assembler would refuse, or takes
 * too long to make. What counts or measures other bytes is filled in:
 *
 *     PUT_MODULE(&buffer,
 *                TYPES(ENTRY("\x60\0\1\x7F")),            () -> (i32)
 *                FUNCTIONS(ENTRY("\0")),
 *                EXPORTS(NAMED("f", "\0\0")),
 *                CODE(BODY("\0\x41\7\x0B")));             no locals, i32.const 7
 *
 * A section is a vector of entries (spec 5.5.2). An entry has its bytes as they
 * are, behind the names that it begins with; a body's size is written before
 * it. Entries are initializers, so that tables of them can be made, too. */
#ifndef HOSTEL_TESTS_MODULE_H
#define HOSTEL_TESTS_MODULE_H

#include "base/base.h"

#include <string.h>

struct entry {
    const char *names[2];
    const void *bytes;
    size_t size;
    size_t times; /* that the bytes are written */
    size_t count; /* of entries that this makes */
    bool sized;   /* the size comes before the bytes */
};

struct section {
    int id;
    const struct entry *entries; /* up to one without bytes */
};

/* clang-format off */
#define ENTRIES(n, text)           {{NULL}, text, sizeof(text) - 1, n, n, false}
#define ENTRY(text)                ENTRIES(1, text)
#define NAMED(name, text)          {{name}, text, sizeof(text) - 1, 1, 1, false}
#define IMPORT(module, name, text) {{module, name}, text, sizeof(text) - 1, 1, 1, false}
#define BODIES(n, text)            {{NULL}, text, sizeof(text) - 1, n, n, true}
#define BODY(text)                 BODIES(1, text)

/* The same of bytes that are given as numbers. */
#define COUNTED(...)     (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define ENTRY_BYTES(...) {{NULL}, COUNTED(__VA_ARGS__), 1, 1, false}
#define BODY_BYTES(...)  {{NULL}, COUNTED(__VA_ARGS__), 1, 1, true}

/* The same of a buffer's bytes; of entries it has n. */
#define ENTRIES_OF(n, buffer) {{NULL}, (buffer)->data, (buffer)->size, 1, n, false}
#define BODIES_OF(n, buffer)  {{NULL}, (buffer)->data, (buffer)->size, n, n, true}
#define BODY_OF(buffer)       BODIES_OF(1, buffer)

#define SECTION(id, ...) {id, (const struct entry[]){__VA_ARGS__, {.bytes = NULL}}}
#define TYPES(...)       SECTION(1, __VA_ARGS__)
#define IMPORTS(...)     SECTION(2, __VA_ARGS__)
#define FUNCTIONS(...)   SECTION(3, __VA_ARGS__)
#define TABLES(...)      SECTION(4, __VA_ARGS__)
#define MEMORIES(...)    SECTION(5, __VA_ARGS__)
#define GLOBALS(...)     SECTION(6, __VA_ARGS__)
#define EXPORTS(...)     SECTION(7, __VA_ARGS__)
#define ELEMENTS(...)    SECTION(9, __VA_ARGS__)
#define CODE(...)        SECTION(10, __VA_ARGS__)
#define DATA(...)        SECTION(11, __VA_ARGS__)
#define TAGS(...)        SECTION(13, __VA_ARGS__)
/* Not vectors but a number alone, as a vector of nothing would be. */
#define START(n)         SECTION(8, {{NULL}, "", 0, 0, n, false})
#define DATA_COUNT(n)    SECTION(12, {{NULL}, "", 0, 0, n, false})

#define SECTIONS(...) (const struct section[]){__VA_ARGS__, {0, NULL}}
/* clang-format on */

#define MODULE_START              "\0asm\1\0\0\0"
#define PUT_SECTIONS(buffer, ...) sections_put(buffer, SECTIONS(__VA_ARGS__))
#define PUT_MODULE(buffer, ...)   module_put(buffer, SECTIONS(__VA_ARGS__))

/* ---- writing them; a buffer that overflows is `failed` ---- */

static inline void number_put(struct buffer *out, uint64_t number) {
    for (; number > 0x7F; number >>= 7) {
        uint8_t byte = (uint8_t)(number | 0x80);
        buffer_append(out, &byte, 1);
    }
    uint8_t last = (uint8_t)number;
    buffer_append(out, &last, 1);
}

static inline void name_put(struct buffer *out, const char *name) {
    number_put(out, strlen(name));
    buffer_append_text(out, name);
}

static inline void entry_put(struct buffer *out, const struct entry *entry) {
    for (int i = 0; i < 2 && entry->names[i]; i++)
        name_put(out, entry->names[i]);
    for (size_t i = 0; i < entry->times; i++) {
        if (entry->sized)
            number_put(out, entry->size);
        buffer_append(out, entry->bytes, entry->size);
    }
}

static inline void
content_put(struct buffer *out, int id, const struct buffer *content) {
    number_put(out, (uint64_t)id);
    number_put(out, content->size);
    buffer_append_slice(out, buffer_slice(content));
}

/* A custom section is its name, and bytes that mean what the name says. */
static inline void
custom_put(struct buffer *out, const char *name, struct slice bytes) {
    struct buffer content;
    buffer_init(&content, out->cap);
    name_put(&content, name);
    buffer_append_slice(&content, bytes);
    content_put(out, 0, &content);
    buffer_free(&content);
}

static inline void section_put(struct buffer *out,
                               const struct section *section) {
    struct buffer content;
    uint64_t count = 0;
    buffer_init(&content, out->cap);
    for (const struct entry *e = section->entries; e->bytes; e++)
        count += e->count;
    number_put(&content, count);
    for (const struct entry *e = section->entries; e->bytes; e++)
        entry_put(&content, e);
    content_put(out, section->id, &content);
    buffer_free(&content);
}

static inline void sections_put(struct buffer *out,
                                const struct section *sections) {
    for (; sections->entries; sections++)
        section_put(out, sections);
}

static inline void module_put(struct buffer *out,
                              const struct section *sections) {
    buffer_append(out, MODULE_START, sizeof MODULE_START - 1);
    sections_put(out, sections);
}

#endif
