/* A module: what the decoder makes of the bytes (spec 2.5), and the code
 * translated so far.
 *
 * All of it lives in the module's arena, except the code, which grows as
 * functions are called for the first time. Names, bodies, initialisers and
 * segments are slices into the module's bytes. */
#ifndef HOSTEL_VM_MODULE_H
#define HOSTEL_VM_MODULE_H

#include "vm/code.h"
#include "vm/debug/debug.h"
#include "vm/reader.h"
#include "vm/vm.h"

/* A part of a function's code in which exceptions are caught. A function's
 * ranges are in the order in which they end, so that the first that fits is the
 * innermost; `depth` counts the blocks around it. One that delegates hands all
 * its exceptions to those of at most the depth `delegate`. */
struct try_range {
    uint32_t first, end; /* cells */
    uint32_t depth, delegate;
    uint32_t clause; /* the first, in order, or NO_CLAUSE */
};

enum exception_reference { REFERENCE_NONE, REFERENCE_BEFORE, REFERENCE_AFTER };

/* What to do with an exception of a tag, or of any if it is ANY_TAG: write its
 * values to the slots from `slot` on, with a reference to itself before or
 * behind them, and go on at `landing`. */
struct catch_clause {
    uint32_t tag, landing, next;
    uint16_t slot;
    uint8_t reference; /* enum exception_reference */
};

#define NO_CLAUSE   UINT32_MAX
#define NO_DELEGATE UINT32_MAX
#define ANY_TAG     UINT32_MAX

struct function_declaration {
    const struct func_type *type;
    struct slice body; /* locals and code; empty for an import */
    /* The index of its entry cell, or NO_CELL if it is not translated. */
    uint32_t entry;
};

/* A function that has been translated. Its code and its try ranges end where
 * the next one's begin. */
struct translation {
    uint32_t function, entry;
    uint32_t tries;   /* the first of its try ranges */
    uint32_t clauses; /* the first of its catch clauses */
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
    uint32_t table, count;
    struct slice offset; /* a constant expression, of an active segment */
    struct slice items;  /* `count` of them, undecoded */
};

struct data_segment {
    enum segment_mode mode;
    uint32_t memory;
    struct slice offset, bytes;
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
    uint32_t function_count, imported_functions;
    struct extern_type *tables;
    uint32_t table_count, imported_tables;
    struct limits *memories;
    uint32_t memory_count, imported_memories;
    struct global_declaration *globals;
    uint32_t global_count, imported_globals;
    /* The parameters are an exception's values. */
    const struct func_type **tags;
    uint32_t tag_count, imported_tags;
    struct vm_export *exports;
    struct export_key *exports_by_name; /* one for each, sorted: names.c */
    uint32_t export_count;
    struct element_segment *elements;
    uint32_t element_count;
    struct data_segment *data;
    uint32_t data_count;
    bool has_data_count, has_start;
    bool has_near_memory; /* memory 0 has addresses of 32 bits: see code.h */
    uint32_t start;
    struct slice names; /* the name section's content, unchecked */
    /* Read out of it when first asked for; or NULL. */
    struct slice *function_names;
    /* Owned; opened when first asked for; or NULL. */
    struct debug *debug;

    /* That its code and constants use, as vm_features says it. */
    uint32_t features;
    /* One bit a function: ref.func may name it (spec 3.4.10, C.refs). */
    uint8_t *referenced;

    /* Owned; of the functions translated so far, one after the other. */
    struct cell *cells;
    /* Owned; of each cell: where in `bytes` its instruction stands. */
    uint32_t *offsets;
    uint32_t cell_count, cell_capacity, cell_limit; /* used, usable, reserved */
    /* Owned; in the order of their code. */
    struct translation *translations;
    size_t translation_count, translation_capacity;
    struct try_range *tries; /* owned */
    uint32_t try_count;
    size_t try_capacity;
    struct catch_clause *clauses; /* owned */
    uint32_t clause_count;
    size_t clause_capacity;
    bool metered; /* tick operations are emitted: the vm limits fuel or time */

    struct module *next; /* of the vm's modules */
};

/* Fails the reader: memory was just refused for `what`. Returns false. */
bool module_no_memory(const struct module *module, struct reader *reader,
                      const char *what);

/* Decode and validate everything but the function bodies. */
bool module_decode(struct module *module, struct error *error);

/* Whether ref.func may name the function; and say that it may. */
bool module_is_referenced(const struct module *module, uint32_t function);
void module_reference(struct module *module, uint32_t function);

/* The features that a value type stands for: features.c */
uint32_t type_features(uint8_t type);

/* ---- names: names.c ---- */

/* Fail the reader: the time is up. */
void reader_time_out(const struct module *module, struct reader *reader);

/* Make exports_by_name; fails the reader if two names are equal. */
void module_sort_exports(struct module *module, struct reader *reader);

/* NULL if there is none of that name. */
const struct vm_export *module_find_export(const struct module *module,
                                           struct slice name);

/* The name that the name section gives to a function, or else the debugging
 * information; empty if none. */
struct slice module_function_name(struct module *module, uint32_t function);

/* What debug_places says of an instruction; at least one place, which may be
 * unknown. */
size_t module_places(struct module *module, uint32_t offset,
                     struct arena *texts, struct debug_place *places,
                     size_t capacity);

/* ---- constant expressions (spec 3.3.10): constant.c ---- */

/* Read and validate one; `type` is what it must yield. Its bytes, `end`
 * included, are returned. */
struct slice constant_read(struct module *module, struct reader *reader,
                           uint8_t type);

/* The value of a validated constant expression in an instance, in as many slots
 * as its type takes. */
void constant_evaluate(const struct instance *instance, struct slice expression,
                       uint64_t *value);

/* The same for the next of several in a row; the reader moves behind it. */
void constant_next(const struct instance *instance, struct reader *reader,
                   uint64_t *value);

/* ---- function bodies: validate.c ---- */

/* Validate every function body. */
bool module_validate(struct module *module, struct error *error);

/* Translate a function of a validated module, unless that has been done. */
bool module_translate(struct module *module, uint32_t function,
                      struct error *error);

/* ---- the code: code.c ---- */

/* Make room for more cells. */
bool code_grow(struct module *module);

/* A function's code is appended between code_begin, false without memory, and
 * either code_commit or code_abandon, which leaves all as it was. */
bool code_begin(struct module *module, uint32_t function);
void code_commit(struct module *module);
void code_abandon(struct module *module);

/* To whose code the cell belongs. */
const struct translation *code_find(const struct module *module, uint32_t cell);

void code_free(struct module *module);

#endif
