/* Which features, proposals once that have been added to WebAssembly since its
 * first version (the "MVP"), a module makes use of.
 *
 * The table of instructions knows to which feature each belongs, and validation
 * collects those it meets, with the types of locals and blocks
 * (module->features). What a module declares is looked at here. A feature
 * counts as used by what the MVP would refuse, not by what it is good for: a
 * data count section is bulk-memory, whether or not the code refers to a
 * segment. Another encoding of what the MVP could say, such as the index of
 * memory 0, does not count. */
#include "vm/module.h"

#define BIT(feature) (1u << VM_##feature)

_Static_assert(VM_FEATURE_COUNT <= 32, "vm_features has a bit for each");

const char *vm_feature_name(enum vm_feature feature) {
    static const char *const names[] = {
#define X(feature, name) [VM_##feature] = name,
        VM_FEATURES(X)
#undef X
    };
    return names[feature];
}

uint32_t type_features(uint8_t type) {
    switch (type) {
    case VM_V128: return BIT(SIMD);
    case VM_FUNCREF:
    case VM_EXTERNREF: return BIT(REFERENCE_TYPES);
    case VM_EXNREF: return BIT(EXCEPTION_REFERENCES);
    default: return 0;
    }
}

static uint32_t function_types(const struct module *module) {
    uint32_t features = 0;
    for (uint32_t i = 0; i < module->type_count; i++) {
        const struct func_type *type = module->types[i];
        if (type->result_count > 1)
            features |= BIT(MULTI_VALUE);
        for (uint32_t k = 0; k < type->param_count + type->result_count; k++) {
            features |= type_features(type->types[k]);
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
            features |= type_features(type);
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
        features |= type_features(global->type);
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
        if (module->data[i].mode == SEGMENT_PASSIVE)
            features |= BIT(BULK_MEMORY);
    }
    for (uint32_t i = 0; i < module->element_count; i++) {
        const struct element_segment *segment = &module->elements[i];
        if (segment->mode == SEGMENT_PASSIVE || segment->expressions)
            features |= BIT(BULK_MEMORY);
        if (segment->mode == SEGMENT_DECLARATIVE)
            features |= BIT(REFERENCE_TYPES);
        if (segment->type != VM_FUNCREF)
            features |= type_features(segment->type);
    }
    return features;
}

/* A question few ask: so declarations are walked here, not while they are
 * decoded. */
uint32_t vm_features(const struct module *module) {
    uint32_t features = module->features | function_types(module) |
                        tables(module) | memories(module) | globals(module) |
                        segments(module);
    if (module->tag_count)
        features |= BIT(EXCEPTIONS);
    return features & ~BIT(MVP);
}
