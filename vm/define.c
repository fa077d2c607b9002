/* What the host offers for import: functions of its own, and the exports of
 * instances under a name. Memories, tables and globals: vm/objects.
 *
 * Definitions are a list, of which the latest of a name wins; what earlier
 * instances got stays theirs. A function is a pattern: each instance that
 * imports it gets one of its own, which says to the host who calls. */
#include "vm/store.h"

/* ---- the list ---- */

bool definition_no_memory(struct error *error) {
    return error_set(error, ERROR_IO, "out of memory: what the host defines");
}

bool definition_reserve(struct vm *vm, struct error *error) {
    struct definition *grown = array_reserve(NULL,
                                             vm->definitions,
                                             vm->definition_count,
                                             &vm->definition_capacity,
                                             sizeof *grown);
    if (!grown)
        return definition_no_memory(error);
    vm->definitions = grown;
    return true;
}

void definition_add(struct vm *vm,
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
        return definition_no_memory(error);
    if (!definition_reserve(vm, error))
        return false;
    *function =
        (struct function){.type = type, .host = host, .host_context = context};
    definition_add(
        vm,
        module,
        name,
        (struct external){.kind = VM_FUNCTION, .function = function});
    return true;
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
