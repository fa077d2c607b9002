/* What tests need that write modules byte by byte: their contents where these
 * are computed, and loading them. Sections are tests/module.h's. */
#ifndef HOSTEL_TESTS_UNIT_VM_MODULE_H
#define HOSTEL_TESTS_UNIT_VM_MODULE_H

#include "tests/module.h"
#include "tests/unit/vm_guest.h"

#include "vm/module.h"

/* Functions are translated when they are first called: do it for all. */
static inline void translate_all(struct module *module, struct error *error) {
    for (uint32_t i = module->imported_functions; i < module->function_count;
         i++) {
        module_translate(module, i, error);
    }
}

static inline struct buffer empty(void) {
    struct buffer buffer;
    buffer_init(&buffer, 100 << 20);
    return buffer;
}

static inline void put(struct buffer *buffer, const void *bytes, size_t size) {
    assert_true(buffer_append(buffer, bytes, size));
}

static inline void put_byte(struct buffer *buffer, int byte) {
    char c = (char)byte;
    put(buffer, &c, 1);
}

static inline void put_number(struct buffer *buffer, uint64_t number) {
    number_put(buffer, number);
    assert_false(buffer->failed);
}

static inline void put_repeated(struct buffer *buffer,
                                const char *bytes,
                                size_t size,
                                size_t count) {
    for (size_t i = 0; i < count; i++)
        put(buffer, bytes, size);
}

/* A literal and its size, its NUL left out, for functions that want both. */
#define SIZED(text) text, sizeof(text) - 1

#define SLICE(text)                                                            \
    (struct slice) {                                                           \
        (const uint8_t *)text, sizeof(text) - 1                                \
    }

/* The bytes of a literal, its NUL left out: once, or so many times. */
#define PUT(buffer, text)           put(buffer, SIZED(text))
#define REPEAT(buffer, text, count) put_repeated(buffer, SIZED(text), count)

/* A module of these sections. */
#define MODULE(...) module_of(SECTIONS(__VA_ARGS__))

static inline struct buffer module_of(const struct section *sections) {
    struct buffer module = empty();
    module_put(&module, sections);
    assert_false(module.failed);
    return module;
}

/* Of one function () -> () with this body (its locals and `end` included). */
static inline struct buffer function_module(const struct buffer *body) {
    return MODULE(
        TYPES(ENTRY("\x60\0\0")), FUNCTIONS(ENTRY("\0")), CODE(BODY_OF(body)));
}

/* Load it into the guest, whose bytes it becomes; NULL if it is refused. */
static inline struct module *
guest_take(struct guest *guest, struct buffer module, struct error *error) {
    guest->bytes = module;
    guest->module = vm_load(guest->vm, buffer_slice(&guest->bytes), error);
    return guest->module;
}

/* The same, of one that must be accepted. */
static inline void guest_accept(struct guest *guest, struct buffer module) {
    struct error error = ERROR_INIT;
    if (!guest_take(guest, module, &error))
        fail_msg("%s", error.text);
}

#endif
