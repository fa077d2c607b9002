/* What tests need that write modules byte by byte: numbers, repeated entries,
 * sections. */
#ifndef HOSTEL_TESTS_UNIT_VM_MODULE_H
#define HOSTEL_TESTS_UNIT_VM_MODULE_H

#include "tests/unit/vm_guest.h"

#include "vm/module.h"

/* Functions are translated when they are first called: do it for all. */
static inline void translate_all(struct module *module, struct error *error) {
    for (uint32_t i = module->imported_functions; i < module->function_count;
         i++) {
        module_translate(module, i, error);
    }
}

static inline void put(struct buffer *buffer, const char *bytes, size_t size) {
    assert_true(buffer_append(buffer, bytes, size));
}

static inline void put_byte(struct buffer *buffer, int byte) {
    char c = (char)byte;
    put(buffer, &c, 1);
}

static inline void put_number(struct buffer *buffer, uint64_t number) {
    for (; number > 0x7F; number >>= 7)
        put_byte(buffer, (int)(number & 0x7F) | 0x80);
    put_byte(buffer, (int)number);
}

static inline void put_repeated(struct buffer *buffer, const char *bytes,
                                size_t size, size_t count) {
    for (size_t i = 0; i < count; i++)
        put(buffer, bytes, size);
}

static inline void put_section(struct buffer *module, int id,
                               const struct buffer *content) {
    put_byte(module, id);
    put_number(module, content->size);
    assert_true(buffer_append_slice(module, buffer_slice(content)));
}

static inline struct buffer empty(void) {
    struct buffer buffer;
    buffer_init(&buffer, 100 << 20);
    return buffer;
}

/* A section that is a vector of `count` equal entries. */
static inline void put_vector(struct buffer *module, int id, const char *entry,
                              size_t size, uint32_t count) {
    struct buffer content = empty();
    put_number(&content, count);
    put_repeated(&content, entry, size, count);
    put_section(module, id, &content);
    buffer_free(&content);
}

/* One function of type 0, which must be () -> (): the function section, and the
 * code section with this body (its locals and `end` included). */
static inline void put_function(struct buffer *module,
                                const struct buffer *body) {
    struct buffer code = empty();
    put(module, "\3\2\1\0", 4);
    put_byte(&code, 1);
    put_number(&code, body->size);
    buffer_append_slice(&code, buffer_slice(body));
    put_section(module, 10, &code);
    buffer_free(&code);
}

#endif
