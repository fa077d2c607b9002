/* What the host offers for import: functions, memories, tables and globals of
 * its own, and the exports of instances under a name.
 *
 * Definitions are a list, of which the latest of a name wins; what earlier
 * instances got stays theirs. A function is a pattern: each instance that
 * imports it gets one of its own, which says to the host who calls. */
#include "vm/store.h"

/* ---- the list ---- */

static bool no_memory(struct error *error) {
    return error_set(error, ERROR_IO, "out of memory: what the host defines");
}

/* Make room for another definition. */
static bool reserve(struct vm *vm, struct error *error) {
    struct definition *grown = array_reserve(NULL,
                                             vm->definitions,
                                             vm->definition_count,
                                             &vm->definition_capacity,
                                             sizeof *grown);
    if (!grown)
        return no_memory(error);
    vm->definitions = grown;
    return true;
}

static void add(struct vm *vm,
                const char *module,
                const char *name,
                struct external external) {
    vm->definitions[vm->definition_count++] =
        (struct definition){module, name, external};
}

/* ---- functions ---- */

enum { SIGNATURE_TYPES = 32 };

/* The types a signature such as "ii:I" spells, which is (i32 i32) -> (i64);
 * false if it is none. */
static bool parse_signature(const char *signature,
                            uint8_t types[SIGNATURE_TYPES],
                            uint32_t *params,
                            uint32_t *results) {
    uint32_t count = 0;
    bool after_colon = false;
    for (const char *c = signature; *c; c++) {
        uint8_t type = type_of_letter(*c);
        if (*c == ':' && !after_colon) {
            after_colon = true;
            *params = count;
        } else if (type && count < SIGNATURE_TYPES) {
            types[count++] = type;
        } else {
            return false;
        }
    }
    *results = count - *params;
    return after_colon;
}

bool vm_define(struct vm *vm,
               const char *module,
               const char *name,
               const char *signature,
               vm_host_function host,
               void *context,
               struct error *error) {
    uint8_t types[SIGNATURE_TYPES];
    uint32_t params = 0, results;
    if (!parse_signature(signature, types, &params, &results)) {
        return error_set(error,
                         ERROR_USAGE,
                         "%s.%s: \"%s\" is not a signature",
                         module,
                         name,
                         signature);
    }
    const struct func_type *type =
        type_intern(&vm->types, types, params, results);
    struct function *function = arena_alloc(&vm->arena, 1, sizeof *function);
    if (!type || !function)
        return no_memory(error);
    if (!reserve(vm, error))
        return false;
    *function =
        (struct function){.type = type, .host = host, .host_context = context};
    add(vm,
        module,
        name,
        (struct external){.kind = VM_FUNCTION, .function = function});
    return true;
}

/* ---- memories, tables and globals ---- */

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
              reserve(vm, error);
    struct memory *memory = ok ? memory_new(vm, limits, NULL, error) : NULL;
    if (memory) {
        add(vm,
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
    bool ok =
        complete(&full.limits, most, module, name, error) && reserve(vm, error);
    struct table *table = ok ? table_new(vm, &full, NULL, error) : NULL;
    if (table) {
        add(vm,
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
        return no_memory(error), NULL;
    if (!reserve(vm, error))
        return NULL;
    *global = (struct global){
        .type = (uint8_t)value->type, .is_mutable = is_mutable, .vm = vm};
    value_put(global->value, value);
    add(vm,
        module,
        name,
        (struct external){.kind = VM_GLOBAL, .global = global});
    return global;
}

/* ---- instances ---- */

bool vm_register(struct vm *vm,
                 struct slice name,
                 struct instance *instance,
                 struct error *error) {
    struct registration *grown = array_reserve(NULL,
                                               vm->registrations,
                                               vm->registration_count,
                                               &vm->registration_capacity,
                                               sizeof *grown);
    if (!grown)
        return error_set(
            error, ERROR_IO, "out of memory: registered instances");
    vm->registrations = grown;
    vm->registrations[vm->registration_count++] =
        (struct registration){name, instance};
    return true;
}
