/* A module: what the decoder makes of the bytes (spec 2.5).
 *
 * All of it lives in the module's arena, except the code, which grows as
 * functions are called for the first time. Names, bodies, initialisers and
 * segments are slices into the module's bytes. */
#ifndef HOSTEL_VM_MODULE_H
#define HOSTEL_VM_MODULE_H

#include "vm/code.h"
#include "vm/reader.h"
#include "vm/vm.h"

struct function_declaration {
    const struct func_type *type;
    struct slice body; /* locals and code; empty for an import */
    /* The index of its entry cell, or NO_CELL if it is not translated. */
    uint32_t entry;
};

struct global_declaration {
    uint8_t type;
    bool mutable;
    struct slice init; /* a constant expression; empty for an import */
};

enum segment_mode { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARATIVE };

struct element_segment {
    enum segment_mode mode;
    uint8_t type;
    bool expressions; /* items are constant expressions, not function indices */
    uint32_t table;
    uint32_t count;
    struct slice offset; /* a constant expression, of an active segment */
    struct slice items;  /* `count` of them, undecoded */
};

struct data_segment {
    enum segment_mode mode;
    uint32_t memory;
    struct slice offset;
    struct slice bytes;
};

/* The index spaces begin with the imports. */
struct module {
    struct vm *vm;
    struct slice bytes; /* borrowed */
    struct arena arena;

    const struct func_type **types;
    uint32_t type_count;
    struct vm_import *imports;
    uint32_t import_count;
    struct function_declaration *functions;
    uint32_t function_count;
    uint32_t imported_functions;
    struct extern_type *tables;
    uint32_t table_count;
    uint32_t imported_tables;
    struct limits *memories;
    uint32_t memory_count;
    uint32_t imported_memories;
    struct global_declaration *globals;
    uint32_t global_count;
    uint32_t imported_globals;
    /* The parameters are an exception's values. */
    const struct func_type **tags;
    uint32_t tag_count;
    uint32_t imported_tags;
    struct vm_export *exports;
    const struct vm_export **exports_by_name; /* a hash table: exports.c */
    size_t export_places;                     /* in it */
    uint32_t export_count;
    struct element_segment *elements;
    uint32_t element_count;
    struct data_segment *data;
    uint32_t data_count;
    bool has_data_count;
    bool has_start;
    bool has_near_memory; /* memory 0 has addresses of 32 bits: see cell.h */
    uint32_t start;
    struct slice names; /* the name section's content, unchecked */
    /* Read out of it when first asked for; or NULL. */
    struct slice *function_names;
    /* Owned, of vm/listing; opened when first asked for; or NULL. */
    struct debug *debug;

    /* One bit a function: ref.func may name it (spec 3.4.10, C.refs). */
    uint8_t *referenced;

    struct code code;
    bool metered; /* tick operations are emitted: the vm limits fuel or time */
    bool counted; /* what is executed of it: vm/debug */

    struct module *next; /* of the vm's modules */
};

/* Fails the reader: memory was just refused for `what`. Returns false. */
bool module_no_memory(const struct module *module,
                      struct reader *reader,
                      const char *what);

/* Fail the reader: the time is up. */
void reader_time_out(const struct module *module, struct reader *reader);

/* Decode and validate everything but the function bodies. */
bool module_decode(struct module *module, struct error *error);

/* Whether ref.func may name the function; and say that it may. */
bool module_is_referenced(const struct module *module, uint32_t function);
void module_reference(struct module *module, uint32_t function);

/* ---- exports.c ---- */

/* Fill exports_by_name; fails the reader if two names are equal. */
void module_index_exports(struct module *module, struct reader *reader);

/* NULL if there is none of that name. */
const struct vm_export *module_find_export(const struct module *module,
                                           struct slice name);

/* ---- constant expressions (spec 3.3.10): constant.c ---- */

/* Read and validate one; `type` is what it must yield. Its bytes, `end`
 * included, are returned. */
struct slice
constant_read(struct module *module, struct reader *reader, uint8_t type);

/* The value of a validated constant expression in an instance, in as many slots
 * as its type takes. */
void constant_evaluate(const struct instance *instance,
                       struct slice expression,
                       uint64_t *value);

/* The same for the next of several in a row; the reader moves behind it. */
void constant_next(const struct instance *instance,
                   struct reader *reader,
                   uint64_t *value);

/* ---- function bodies: validate.c ---- */

/* Validate every function body. */
bool module_validate(struct module *module, struct error *error);

/* Translate a function of a validated module, unless that has been done. */
bool module_translate(struct module *module,
                      uint32_t function,
                      struct error *error);

#endif
