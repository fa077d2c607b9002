/* What the sections of a module are decoded with: decode.c. */
#ifndef HOSTEL_VM_DECODE_H
#define HOSTEL_VM_DECODE_H

#include "vm/module.h"

/* Pay for the bytes that were read since the last time, and for whatever one
 * entry takes. */
bool decode_pay(const struct module *module, struct reader *reader);

/* Whether the entry `i` of `count` is to be read. All loops over what a module
 * declares ask. */
bool decode_more(const struct module *module,
                 struct reader *reader,
                 uint32_t i,
                 uint32_t count);

/* Allocate from the module's arena; refusal fails the reader. */
void *decode_alloc(struct module *module,
                   struct reader *reader,
                   size_t count,
                   size_t size);

/* The content of the type section. */
void decode_types(struct module *module, struct reader *reader);

/* The type an index means; NULL fails the reader. */
const struct func_type *decode_type_index(struct module *module,
                                          struct reader *reader);

/* A type as imports and the sections have it. */
struct limits decode_memory_type(struct reader *reader);
struct extern_type decode_table_type(struct reader *reader);
void decode_global_type(struct reader *reader, uint8_t *type, bool *mutable);
const struct func_type *decode_tag(struct module *module,
                                   struct reader *reader);

#endif
