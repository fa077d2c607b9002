/* Externals (spec 4.2.11): what a module exports and another imports, and their
 * types.
 *
 * A function, table, memory, global or tag is what it is by its address. So an
 * import is a copied address, and whoever has one, the host among them, sees
 * what all others do with it. Types are compared when an import is linked, by
 * what the thing is then: a memory that has grown may be imported where its
 * declared size would be too small. */
#include "vm/store.h"

#include <string.h>

/* ---- what an export is ---- */

struct external external_at(const struct instance *instance,
                            enum vm_kind kind,
                            uint32_t index) {
    struct external at = {.kind = kind};
    switch (kind) {
    case VM_FUNCTION: at.function = instance->functions[index]; break;
    case VM_TABLE: at.table = instance->tables[index]; break;
    case VM_MEMORY: at.memory = instance->memories[index]; break;
    case VM_GLOBAL: at.global = global_of(instance->globals[index]); break;
    case VM_TAG: at.tag = instance->tags[index]; break;
    }
    return at;
}

bool external_find(const struct instance *instance,
                   struct slice name,
                   enum vm_kind kind,
                   struct external *external) {
    const struct module *module = instance->module;
    const struct vm_export *export = module_find_export(module, name);
    if (!export || export->kind != kind)
        return false;
    *external = external_at(instance, kind, export->index);
    return true;
}

struct function *vm_find_function(const struct instance *instance,
                                  struct slice name) {
    struct external found;
    bool there = external_find(instance, name, VM_FUNCTION, &found);
    return there ? found.function : NULL;
}

struct global *vm_find_global(const struct instance *instance,
                              struct slice name) {
    struct external found;
    bool there = external_find(instance, name, VM_GLOBAL, &found);
    return there ? found.global : NULL;
}

/* ---- types ---- */

struct extern_type table_type(const struct table *table) {
    struct extern_type type = table->type;
    type.limits.min = table->size;
    return type;
}

struct extern_type memory_type(const struct memory *memory) {
    struct extern_type type = {.kind = VM_MEMORY, .limits = memory->declared};
    type.limits.min = memory->size >> PAGE_SIZE_BITS;
    return type;
}

struct extern_type global_type(const struct global *global) {
    return (struct extern_type){.kind = VM_GLOBAL,
                                .type = global->type,
                                .is_mutable = global->is_mutable};
}

struct extern_type external_type(const struct external *external) {
    struct extern_type type = {.kind = external->kind};
    switch (external->kind) {
    case VM_FUNCTION: type.function = external->function->type; break;
    case VM_TABLE: return table_type(external->table);
    case VM_MEMORY: return memory_type(external->memory);
    case VM_GLOBAL: return global_type(external->global);
    case VM_TAG: type.function = external->tag->type; break;
    }
    return type;
}

/* Spec 3.2.8, "Import Subtyping": what is found may be larger than the minimum
 * that is wanted, and must not be able to grow beyond the maximum. */
static bool limits_match(struct limits found, struct limits wanted) {
    bool same_address = found.address == wanted.address;
    bool large = found.min >= wanted.min;
    if (!same_address || !large)
        return false;
    if (!wanted.has_max)
        return true;
    return found.has_max && found.max <= wanted.max;
}

/* Function types are interned: equal types are one object, also those of other
 * modules. */
bool extern_type_matches(const struct extern_type *found,
                         const struct extern_type *wanted) {
    if (found->kind != wanted->kind)
        return false;

    bool fits = limits_match(found->limits, wanted->limits);
    bool same = found->type == wanted->type;
    bool alike = found->is_mutable == wanted->is_mutable;
    switch (wanted->kind) {
    case VM_FUNCTION:
    case VM_TAG: return found->function == wanted->function;
    case VM_TABLE: return same && fits;
    case VM_MEMORY: return fits;
    case VM_GLOBAL: return same && alike;
    }
    return false;
}

void extern_type_format(const struct extern_type *type, char out[DESCRIBED]) {
    const size_t size = DESCRIBED;
    char signature[100];
    const struct limits *limits = &type->limits;
    unsigned long long min = limits->min;
    unsigned long long max = limits->max;
    const char *wide = limits->address == VM_I64 ? "64-bit " : "";
    const char *name = vm_type_name((enum vm_type)type->type);
    const char *mutable = type->is_mutable ? "mutable" : "immutable";

    switch (type->kind) {
    case VM_FUNCTION:
        func_type_format(type->function, signature, sizeof signature);
        snprintf(out, size, "function %s", signature);
        break;
    case VM_TABLE:
        snprintf(out, size, "%stable of %llu to %llu %s", wide, min, max, name);
        break;
    case VM_MEMORY:
        snprintf(out, size, "%smemory of %llu to %llu pages", wide, min, max);
        break;
    case VM_TAG: snprintf(out, size, "tag"); break;
    case VM_GLOBAL: snprintf(out, size, "%s global %s", mutable, name); break;
    }
}
