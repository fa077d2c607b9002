/* Memories, tables and globals that the host makes, for guests to import.
 *
 * They are what guests would make, and stand in the same lists of the vm; they
 * have no owner, and stay until it is closed. */
#include "vm/objects/api.h"
#include "vm/store.h"

static bool kind_is(const struct extern_type *type,
                    enum vm_kind kind,
                    const char *module,
                    const char *name,
                    struct error *error) {
    return type->kind == kind ||
           error_set(error,
                     ERROR_USAGE,
                     "%s.%s: the type is that of another kind",
                     module,
                     name);
}

/* The limits in full, as the decoder would have them; `most` is for addresses
 * of 32 and of 64 bits. */
static bool complete(struct limits *limits,
                     const uint64_t most[2],
                     const char *module,
                     const char *name,
                     struct error *error) {
    if (limits->address == 0)
        limits->address = VM_I32;
    bool wide = limits->address == VM_I64;
    if (!wide && limits->address != VM_I32) {
        return error_set(error,
                         ERROR_USAGE,
                         "%s.%s: addresses are of type i32 or i64",
                         module,
                         name);
    }
    uint64_t bound = most[wide];
    if (!limits->has_max)
        limits->max = bound;
    if (limits->min > limits->max || limits->max > bound) {
        return error_set(error,
                         ERROR_USAGE,
                         "%s.%s: a size of %llu to %llu, it is at most %llu",
                         module,
                         name,
                         (unsigned long long)limits->min,
                         (unsigned long long)limits->max,
                         (unsigned long long)bound);
    }
    return true;
}

struct memory *vm_define_memory(struct vm *vm,
                                const char *module,
                                const char *name,
                                const struct extern_type *type,
                                struct error *error) {
    static const uint64_t most[] = {LIMIT_MEMORY_PAGES, LIMIT_MEMORY_PAGES_64};
    struct limits limits = type->limits;
    bool ok = kind_is(type, VM_MEMORY, module, name, error) &&
              complete(&limits, most, module, name, error) &&
              definition_reserve(vm, error);
    struct memory *memory = ok ? memory_new(vm, limits, NULL, error) : NULL;
    if (memory) {
        definition_add(vm,
                       module,
                       name,
                       (struct external){.kind = VM_MEMORY, .memory = memory});
    }
    return memory;
}

/* References to exceptions are looked for in what instances have only, before
 * exceptions are freed. */
static bool has_values(enum vm_type type) {
    switch (type) {
    case VM_I32:
    case VM_I64:
    case VM_F32:
    case VM_F64:
    case VM_V128:
    case VM_FUNCREF:
    case VM_EXTERNREF: return true;
    case VM_EXNREF: break;
    }
    return false;
}

struct table *vm_define_table(struct vm *vm,
                              const char *module,
                              const char *name,
                              const struct extern_type *type,
                              struct error *error) {
    static const uint64_t most[] = {UINT32_MAX, UINT64_MAX};
    struct extern_type full = *type;
    if (!kind_is(type, VM_TABLE, module, name, error))
        return NULL;
    if (type->type != VM_FUNCREF && type->type != VM_EXTERNREF) {
        error_set(error,
                  ERROR_USAGE,
                  "%s.%s: elements are of type funcref or externref",
                  module,
                  name);
        return NULL;
    }
    bool ok = complete(&full.limits, most, module, name, error) &&
              definition_reserve(vm, error);
    struct table *table = ok ? table_new(vm, &full, NULL, error) : NULL;
    if (table) {
        definition_add(vm,
                       module,
                       name,
                       (struct external){.kind = VM_TABLE, .table = table});
    }
    return table;
}

struct global *vm_define_global(struct vm *vm,
                                const char *module,
                                const char *name,
                                bool is_mutable,
                                const struct vm_value *value,
                                struct error *error) {
    if (!has_values(value->type)) {
        error_set(
            error, ERROR_USAGE, "%s.%s: no value of the host's", module, name);
        return NULL;
    }
    if (!value_fits(vm, value, value->type))
        return error_set_value(error, name, value, value->type), NULL;
    struct global *global = arena_alloc(&vm->arena, 1, sizeof *global);
    if (!global)
        return definition_no_memory(error), NULL;
    if (!definition_reserve(vm, error))
        return NULL;
    *global = (struct global){
        .type = (uint8_t)value->type, .is_mutable = is_mutable, .vm = vm};
    value_put(global->value, value);
    definition_add(vm,
                   module,
                   name,
                   (struct external){.kind = VM_GLOBAL, .global = global});
    return global;
}
