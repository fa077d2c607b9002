/* Which features, proposals once that have been added to WebAssembly since its
 * first version (the "MVP"), a module makes use of.
 *
 * It is a question few ask: so all of a module, which is valid, is walked once
 * more when it is. Which feature an instruction belongs to stands in its row of
 * the table (opcodes.def); of all else it is known here. A feature counts as
 * used by what the MVP would refuse, not by what it is good for: a data count
 * section is bulk-memory, whether or not the code refers to a segment. Another
 * encoding of what the MVP could say, such as the index of memory 0, does not
 * count. */
#include "vm/opcodes.h"
#include "vm/store.h"

#define BIT(feature) (1u << VM_##feature)

_Static_assert(VM_FEATURE_COUNT <= 32, "vm_features has a bit for each");

static uint32_t of_type(uint8_t type) {
    switch (type) {
    case VM_V128: return BIT(SIMD);
    case VM_FUNCREF:
    case VM_EXTERNREF: return BIT(REFERENCE_TYPES);
    case VM_EXNREF: return BIT(EXCEPTION_REFERENCES);
    default: return 0;
    }
}

/* ---- code ---- */

static uint32_t of_block(int64_t type) {
    if (type >= 0)
        return BIT(MULTI_VALUE);
    return type == EMPTY_BLOCK ? 0 : of_type((uint8_t)(type & 0x7F));
}

/* Pass over what immediate_read has left to its caller: labels, and clauses
 * that have a tag if their code is below 2. */
static void
skip_list(struct reader *reader, enum immediates kind, uint32_t count) {
    if (kind == IMMEDIATE_LABELS) {
        for (uint32_t i = 0; i <= count && reader_ok(reader); i++)
            reader_u32(reader);
    }
    if (kind != IMMEDIATE_CATCHES)
        return;
    for (uint32_t i = 0; i < count && reader_ok(reader); i++) {
        if (reader_u8(reader) < 2)
            reader_u32(reader);
        reader_u32(reader);
    }
}

static uint32_t
of_constant_code(const struct module *module, uint32_t code, uint32_t index) {
    switch (code) {
    case WASM_i32_add:
    case WASM_i32_sub:
    case WASM_i32_mul:
    case WASM_i64_add:
    case WASM_i64_sub:
    case WASM_i64_mul: return BIT(EXTENDED_CONSTANTS);
    case WASM_global_get:
        return index >= module->imported_globals ? BIT(EXTENDED_CONSTANTS) : 0;
    default: return 0;
    }
}

/* All instructions up to the end; `constant` if they are constant
 * expressions. */
static uint32_t
of_code(const struct module *module, struct reader *reader, bool constant) {
    uint32_t features = 0;
    while (reader_ok(reader) && !reader_at_end(reader) &&
           meter_step(&module->vm->meter, 1)) {
        const struct instruction *row = instruction_read(reader);
        if (!row)
            return features;
        enum immediates kind = (enum immediates)row->immediates;
        struct immediate immediate = immediate_read(reader, kind);
        skip_list(reader, kind, immediate.first);
        features |= 1u << row->feature;
        if (kind == IMMEDIATE_BLOCK || kind == IMMEDIATE_CATCHES)
            features |= of_block(immediate.block);
        if (constant)
            features |= of_constant_code(module, row->opcode, immediate.first);
    }
    return features;
}

static uint32_t of_constant(const struct module *module,
                            struct slice expression) {
    struct error unused = ERROR_INIT; /* here and below it was validated */
    struct reader reader = reader_init(expression, &unused);
    return of_code(module, &reader, true);
}

static uint32_t of_body(const struct module *module, struct slice body) {
    struct error unused = ERROR_INIT;
    struct reader reader = reader_init(body, &unused);
    uint32_t features = 0, runs = reader_u32(&reader);
    for (uint32_t i = 0; i < runs && reader_ok(&reader); i++) {
        reader_u32(&reader);
        features |= of_type(value_type_read(&reader));
    }
    return features | of_code(module, &reader, false);
}

static uint32_t bodies(const struct module *module) {
    uint32_t features = 0;
    for (uint32_t i = module->imported_functions; i < module->function_count;
         i++) {
        features |= of_body(module, module->functions[i].body);
    }
    return features;
}

/* ---- declarations ---- */

static uint32_t function_types(const struct module *module) {
    uint32_t features = 0;
    for (uint32_t i = 0; i < module->type_count; i++) {
        const struct func_type *type = module->types[i];
        if (type->result_count > 1)
            features |= BIT(MULTI_VALUE);
        for (uint32_t k = 0; k < type->param_count + type->result_count; k++) {
            features |= of_type(type->types[k]);
        }
    }
    return features;
}

/* A table of functions is the MVP's; another one, or one of other references,
 * is not. */
static uint32_t tables(const struct module *module) {
    uint32_t features = module->table_count > 1 ? BIT(REFERENCE_TYPES) : 0;
    for (uint32_t i = 0; i < module->table_count; i++) {
        uint8_t type = module->tables[i].type;
        if (type != VM_FUNCREF)
            features |= of_type(type);
        if (module->tables[i].limits.address == VM_I64)
            features |= BIT(MEMORY64);
    }
    return features;
}

static uint32_t memories(const struct module *module) {
    uint32_t features = module->memory_count > 1 ? BIT(MULTI_MEMORY) : 0;
    for (uint32_t i = 0; i < module->memory_count; i++) {
        if (module->memories[i].address == VM_I64)
            features |= BIT(MEMORY64);
    }
    return features;
}

/* A mutable global is the MVP's as long as it is not shared. */
static uint32_t globals(const struct module *module) {
    uint32_t features = 0;
    for (uint32_t i = 0; i < module->global_count; i++) {
        const struct global_declaration *global = &module->globals[i];
        features |= of_type(global->type);
        features |= of_constant(module, global->init);
        if (global->mutable && i < module->imported_globals)
            features |= BIT(MUTABLE_GLOBALS);
    }
    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct vm_export *export = &module->exports[i];
        bool mutable =
            export->kind == VM_GLOBAL && module->globals[export->index].mutable;
        if (mutable)
            features |= BIT(MUTABLE_GLOBALS);
    }
    return features;
}

static uint32_t segments(const struct module *module) {
    uint32_t features = module->has_data_count ? BIT(BULK_MEMORY) : 0;
    for (uint32_t i = 0; i < module->data_count; i++) {
        features |= of_constant(module, module->data[i].offset);
        if (module->data[i].mode == SEGMENT_PASSIVE)
            features |= BIT(BULK_MEMORY);
    }
    for (uint32_t i = 0; i < module->element_count; i++) {
        const struct element_segment *segment = &module->elements[i];
        features |= of_constant(module, segment->offset);
        if (segment->expressions)
            features |= of_constant(module, segment->items);
        if (segment->mode == SEGMENT_PASSIVE || segment->expressions)
            features |= BIT(BULK_MEMORY);
        if (segment->mode == SEGMENT_DECLARATIVE)
            features |= BIT(REFERENCE_TYPES);
        if (segment->type != VM_FUNCREF)
            features |= of_type(segment->type);
    }
    return features;
}

uint32_t vm_features(const struct module *module) {
    uint32_t features = function_types(module) | tables(module) |
                        memories(module) | globals(module) | segments(module) |
                        bodies(module);
    if (module->tag_count)
        features |= BIT(EXCEPTIONS);
    return features & ~BIT(MVP);
}
