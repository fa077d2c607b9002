/* Skimming: an instruction is refused with the same words, whether vm/skim sees
 * it first or, since the module ends too soon behind it, does not. */
#include "tests/unit/vm_module.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* A literal with its size: there are zeroes in it. */
struct bytes {
    const char *bytes;
    size_t size;
};

/* clang-format off */
#define BYTES(text) {text, sizeof(text) - 1}

/* Pushed before the instruction. */
static const struct bytes operands[] = {
    BYTES(""),
    BYTES("\x41\0"),
    BYTES("\x42\0"),
    BYTES("\x20\2"),                /* a v128 */
    BYTES("\x41\0\x41\0"),
    BYTES("\x41\0\x42\0"),
    BYTES("\x42\0\x42\0"),
    BYTES("\x20\3\x20\3"),          /* f32 */
    BYTES("\x20\4\x20\4"),          /* f64 */
    BYTES("\0"),                    /* any */
};

/* Behind the opcode; what is not read is code. */
static const struct bytes immediates[] = {
    BYTES(""),
    BYTES("\0"),
    BYTES("\1"),
    BYTES("\2"),
    BYTES("\3"),
    BYTES("\5"),
    BYTES("\x40\0"),
    BYTES("\x7F"),
    BYTES("\x80\0"),
    BYTES("\x81\0"),
    BYTES("\0\0"),
    BYTES("\2\0"),
    BYTES("\4\0"),
    BYTES("\0\x80\x80\x80\x80\x0F"),
    BYTES("\0\x80\x80\x80\x80\x1F"),
    BYTES("\x80\x80\x80\x80\x7F"),
    BYTES("\x80\x80\x80\x80\x4F"),
};
/* clang-format on */

/* One function of locals i32, i64, v128, f32, f64, with two globals and, if it
 * has a memory, one of 32 bits. */
static struct buffer module_of_body(const struct buffer *body, bool memory) {
    return MODULE(TYPES(ENTRY("\x60\0\0"), ENTRY("\x60\2\x7F\x7E\1\x7F")),
                  FUNCTIONS(ENTRY("\1"), ENTRY("\0")),
                  MEMORIES(ENTRIES(memory, "\0\1")),
                  GLOBALS(ENTRY("\x7F\0\x41\0\x0B"),
                          ENTRY("\x7B\0\xFD\x0C\0\0\0\0\0\0\0"
                                "\0\0\0\0\0\0\0\0\0\x0B")),
                  CODE(BODY("\0\x41\0\x0B"), BODY_OF(body)));
}

/* Custom sections: behind one there is enough to look at, behind the other
 * not. */
static const char shorter[] = "\0\1\0";
static const char longer[] = "\0\x20\0-------------------------------";

static struct error error_of(struct buffer module) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    guest_take(&guest, module, &error);
    guest_close(&guest);
    return error;
}

static void
compare(const struct buffer *body, bool memory, unsigned opcode, size_t i) {
    struct buffer module = module_of_body(body, memory);
    put(&module, SIZED(shorter));
    struct error without = error_of(module);
    module = module_of_body(body, memory);
    put(&module, SIZED(longer));
    struct error with = error_of(module);
    if (with.kind != without.kind || strcmp(with.text, without.text) != 0) {
        fail_msg("%02X with immediates %zu: %s; skimmed: %s",
                 opcode,
                 i,
                 without.text,
                 with.text);
    }
}

static void compare_all(unsigned opcode, bool memory, size_t i) {
    for (size_t k = 0; k < COUNT_OF(operands); k++) {
        struct buffer body = empty();
        PUT(&body, "\5\1\x7F\1\x7E\1\x7B\1\x7D\1\x7C");
        put(&body, operands[k].bytes, operands[k].size);
        put_byte(&body, (int)opcode);
        put(&body, immediates[i].bytes, immediates[i].size);
        PUT(&body, "\x0B");
        compare(&body, memory, opcode, i);
        buffer_free(&body);
    }
}

static void what_is_skimmed_is_refused_as_elsewhere(void **state) {
    (void)state;
    for (unsigned opcode = 0; opcode <= 0xD2; opcode++) {
        for (size_t i = 0; i < COUNT_OF(immediates); i++) {
            compare_all(opcode, true, i);
            compare_all(opcode, false, i);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_skimmed_is_refused_as_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
