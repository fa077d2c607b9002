/* Fuzzing without a fuzzer: alone FIRST COUNT
 *
 * Makes so many modules, by numbers from FIRST on, and runs each in all ways.
 * Of those whose run came to an end, the bytes and what could be seen are
 * written to standard output, for another engine to do the same (v8.mjs):
 *
 *     number of the module, size of the module, size of the text, newline, module, text */
#include "tests/fuzz/make.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CHOICES_MIN = 30, CHOICES_MAX = 500 };

/* Marsaglia's xorshift64, and a multiplication: all that is asked of it is that
 * it is the same everywhere. */
static uint8_t random_byte(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint8_t)(*state * UINT64_C(0x2545F4914F6CDD1D) >> 56);
}

static struct slice choices_of(uint64_t number, uint8_t bytes[CHOICES_MAX]) {
    uint64_t state = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    size_t more = random_byte(&state) * (size_t)(CHOICES_MAX - CHOICES_MIN);
    size_t size = CHOICES_MIN + more / UINT8_MAX;
    for (size_t i = 0; i < size; i++)
        bytes[i] = random_byte(&state);
    return (struct slice){bytes, size};
}

static void put_run(uint64_t number,
                    const struct buffer *module,
                    const struct buffer *text) {
    printf("%" PRIu64 " %zu %zu\n", number, module->size, text->size);
    fwrite(module->data, 1, module->size, stdout);
    fwrite(text->data, 1, text->size, stdout);
}

static void run(uint64_t number) {
    uint8_t bytes[CHOICES_MAX];
    struct buffer module, text;
    buffer_init(&module, 1 << 20);
    buffer_init(&text, 1 << 24);
    make_module(&module, choices_of(number, bytes));
    if (agree(&text, buffer_slice(&module), true))
        put_run(number, &module, &text);
    buffer_free(&text);
    buffer_free(&module);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return fputs("usage: alone FIRST COUNT\n", stderr), 2;
    uint64_t first = strtoull(argv[1], NULL, 10);
    uint64_t count = strtoull(argv[2], NULL, 10);
    for (uint64_t i = 0; i < count; i++)
        run(first + i);
    return 0;
}
