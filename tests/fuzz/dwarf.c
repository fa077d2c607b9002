/* Fuzzing debugging information: whatever the sections say, all questions are
 * answered, the same each time, and with memory in step with the bytes.
 *
 * The input is sections, one after the other: its number in the list below, its
 * size in two bytes, its content. They are put behind code of many small
 * bodies, whose addresses compilers' small programs have, too. */
#include "tests/module.h"

#include "vm/debug/debug.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_COUNT = 100, PLACES = 8, MODULE_MAX = 1 << 20 };

/* Eighteen zeros, the first for no locals, and `end`. */
#define BODY_TEXT "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0B"
enum { BODY_SIZE = sizeof BODY_TEXT - 1 };

static const char *const names[] = {
    ".debug_info",
    ".debug_abbrev",
    ".debug_line",
    ".debug_str",
    ".debug_ranges",
    ".debug_addr",
    ".debug_line_str",
    ".debug_str_offsets",
    ".debug_rnglists",
};

static void check(bool fine) {
    if (!fine)
        abort();
}

static void put_sections(struct buffer *out, struct slice input) {
    size_t at = 0;
    while (input.size - at >= 3) {
        size_t name = input.data[at] % (sizeof names / sizeof *names);
        size_t size = input.data[at + 1] | (size_t)input.data[at + 2] << 8;
        at += 3;
        if (size > input.size - at)
            size = input.size - at;
        custom_put(out, names[name], (struct slice){input.data + at, size});
        at += size;
    }
}

/* What is said of one byte of the module, in numbers. */
struct answer {
    size_t count, bytes;
    uint64_t lines;
};

static struct answer
ask(struct debug *debug, size_t offset, size_t module_size) {
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

/* In order, in the code, of files that are in the list. What two units say
 * differently, the table may have from the other one. */
static void check_lines(struct debug *debug, size_t code, size_t end) {
    struct debug_lines all = debug_lines(debug);
    size_t last = code;
    for (size_t i = 0; i < all.line_count; i++) {
        const struct debug_line *line = &all.lines[i];
        check(line->start >= last && line->end > line->start);
        check(line->end <= end && line->line > 0);
        check(line->file < all.file_count);
        check(all.files[line->file].path.size > 0);
        last = line->end;
    }
    check(debug_lines(debug).line_count == all.line_count);
}

/* Copies have functions, whose names are text. */
static void check_copies(struct debug *debug, size_t module_size) {
    size_t count = debug_lines(debug).line_count;
    uint32_t *copies = calloc(count + 1, sizeof *copies);
    struct arena texts;
    check(copies != NULL);
    arena_init(&texts);
    debug_copies(debug, copies);
    for (size_t i = 0; i < count; i++) {
        uint32_t body = (uint32_t)i % BODY_COUNT;
        struct debug_function function =
            debug_function_of(debug, body, copies[i], &texts);
        check(utf8_valid(function.name));
    }
    check(texts.allocated <= 100000 + 16 * module_size);
    arena_free(&texts);
    free(copies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buffer module;
    buffer_init(&module, MODULE_MAX);
    buffer_append(&module, MODULE_START, sizeof MODULE_START - 1);
    size_t code = module.size;
    PUT_SECTIONS(&module, CODE(BODIES(BODY_COUNT, BODY_TEXT)));
    size_t end = module.size;
    put_sections(&module, (struct slice){data, size});
    check(!module.failed);

    struct debug *debug = debug_open(buffer_slice(&module), NULL);
    check(debug != NULL);
    size_t named = 0;
    for (uint32_t i = 0; i <= BODY_COUNT; i++)
        named += debug_function_name(debug, i).size;
    check(named <= 20000 + 16 * module.size);

    enum { STEP = 41, ASKED = 1 + (BODY_COUNT * (1 + BODY_SIZE)) / STEP };
    struct answer answers[ASKED + 1];
    size_t asked = 0;
    for (size_t at = code; at < end && asked <= ASKED; at += STEP) {
        answers[asked++] = ask(debug, at, module.size);
    }
    check_lines(debug, code, end);
    check_copies(debug, module.size);
    for (size_t i = asked; i-- > 0;) {
        struct answer again = ask(debug, code + i * STEP, module.size);
        check(again.count == answers[i].count);
    }
    debug_free(debug);
    buffer_free(&module);
    return 0;
}
