/* Fuzzing debugging information: whatever the sections say, all questions are
 * answered, the same each time, and with memory in step with the bytes.
 *
 * The input is sections, one after the other: its number in the list below, its
 * size in two bytes, its content. They are put behind code of many small
 * bodies, whose addresses compilers' small programs have, too. */
#include "vm/debug/debug.h"

#include <stdlib.h>
#include <string.h>

enum { BODIES = 100, BODY_SIZE = 19, PLACES = 8, MODULE_MAX = 1 << 20 };

static const char *const names[] = {
    ".debug_info",     ".debug_abbrev",      ".debug_line",
    ".debug_str",      ".debug_ranges",      ".debug_addr",
    ".debug_line_str", ".debug_str_offsets", ".debug_rnglists",
};

static void check(bool fine) {
    if (!fine)
        abort();
}

static void put_byte(struct buffer *out, size_t byte) {
    uint8_t low = (uint8_t)byte;
    buffer_append(out, &low, 1);
}

/* A size that fits in three LEB128 bytes. */
static void put_size(struct buffer *out, size_t size) {
    put_byte(out, (size & 0x7F) | 0x80);
    put_byte(out, (size >> 7 & 0x7F) | 0x80);
    put_byte(out, size >> 14 & 0x7F);
}

static void put_code(struct buffer *out) {
    put_byte(out, 10);
    put_size(out, 1 + BODIES * (1 + BODY_SIZE));
    put_byte(out, BODIES);
    for (size_t i = 0; i < BODIES; i++) {
        put_byte(out, BODY_SIZE);
        for (size_t k = 0; k < BODY_SIZE; k++)
            put_byte(out, k + 1 < BODY_SIZE ? 0 : 0x0B);
    }
}

static void put_section(struct buffer *out, const char *name,
                        struct slice content) {
    put_byte(out, 0);
    put_size(out, 1 + strlen(name) + content.size);
    put_byte(out, strlen(name));
    buffer_append_text(out, name);
    buffer_append_slice(out, content);
}

static void put_sections(struct buffer *out, struct slice input) {
    size_t at = 0;
    while (input.size - at >= 3) {
        size_t name = input.data[at] % (sizeof names / sizeof *names);
        size_t size = input.data[at + 1] | (size_t)input.data[at + 2] << 8;
        at += 3;
        if (size > input.size - at)
            size = input.size - at;
        put_section(out, names[name], (struct slice){input.data + at, size});
        at += size;
    }
}

/* What is said of one byte of the module, in numbers. */
struct answer {
    size_t count, bytes;
    uint64_t lines;
};

static struct answer ask(struct debug *debug, size_t offset,
                         size_t module_size) {
    struct debug_place places[PLACES];
    struct arena texts;
    arena_init(&texts);
    struct answer answer = {.lines = 0};
    answer.count =
        debug_places(debug, (uint32_t)offset, &texts, places, PLACES);
    check(answer.count <= PLACES);
    for (size_t i = 0; i < answer.count; i++) {
        check(utf8_valid(places[i].name));
        check(places[i].inlined || i + 1 == answer.count);
        answer.bytes += places[i].name.size + places[i].file.size;
        answer.lines = 31 * answer.lines + places[i].line;
    }
    check(texts.allocated <= 100000 + 16 * module_size);
    arena_free(&texts);
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buffer module;
    buffer_init(&module, MODULE_MAX);
    buffer_append(&module, "\0asm\1\0\0\0", 8);
    size_t code = module.size;
    put_code(&module);
    size_t end = module.size;
    put_sections(&module, (struct slice){data, size});
    check(!module.failed);

    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    check(debug != NULL);
    size_t named = 0;
    for (uint32_t i = 0; i <= BODIES; i++)
        named += debug_function_name(debug, i).size;
    check(named <= 20000 + 16 * module.size);

    enum { STEP = 41, ASKED = 1 + (BODIES * (1 + BODY_SIZE)) / STEP };
    struct answer answers[ASKED + 1];
    size_t asked = 0;
    for (size_t at = code; at < end && asked <= ASKED; at += STEP) {
        answers[asked++] = ask(debug, at, module.size);
    }
    for (size_t i = asked; i-- > 0;) {
        struct answer again = ask(debug, code + i * STEP, module.size);
        check(again.count == answers[i].count &&
              again.lines == answers[i].lines &&
              again.bytes == answers[i].bytes);
    }
    debug_free(debug);
    buffer_free(&module);
    return 0;
}
