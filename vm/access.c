/* What the host does with values, and with the memories and globals that guests
 * export; more of it: vm/objects.
 *
 * All of it may be done at any time, from a host function too: the interpreter
 * fetches the place and size of a memory again after each call of the host. */
#include "vm/rings.h"
#include "vm/store.h"

/* ---- values ---- */

static struct function *referred(uint64_t reference) {
    return (struct function *)(uintptr_t)reference;
}

static bool is_of(const struct vm *vm, const struct function *function) {
    return function->instance->vm == vm;
}

bool value_fits(const struct vm *vm,
                const struct vm_value *value,
                enum vm_type type) {
    if (value->type != type)
        return false;
    bool null = value->of.ref == 0;
    switch (type) {
    case VM_EXNREF: return null;
    case VM_FUNCREF: return null || is_of(vm, referred(value->of.ref));
    default: return true;
    }
}

bool error_set_value(struct error *error,
                     const char *what,
                     const struct vm_value *value,
                     enum vm_type type) {
    if (value->type != type)
        return error_set(error,
                         ERROR_USAGE,
                         "%s is of type %s, %s was given",
                         what,
                         vm_type_name(type),
                         vm_type_name(value->type));
    const char *why = type == VM_EXNREF ? "the host has no exceptions"
                                        : "a function of another vm";
    return error_set(error, ERROR_USAGE, "%s: %s", what, why);
}

/* The high half of a narrow value must be zero: other code reads it as 64 bits
 * (memories and tables, returns). */
uint64_t *value_put(uint64_t *slots, const struct vm_value *value) {
    bool narrow = value->type == VM_I32 || value->type == VM_F32;
    slots[0] = narrow ? value->of.i32 : value->of.i64;
    if (value->type == VM_V128)
        slots[1] = value->of.v128[1];
    return slots + type_slots((uint8_t)value->type);
}

const uint64_t *value_get(const uint64_t *slots, struct vm_value *value) {
    value->of.i64 = slots[0];
    if (value->type == VM_V128)
        value->of.v128[1] = slots[1];
    return slots + type_slots((uint8_t)value->type);
}

struct vm_value vm_funcref_of(struct function *function) {
    return (struct vm_value){.type = VM_FUNCREF, .of.ref = (uintptr_t)function};
}

struct function *vm_function_of(const struct vm_value *value) {
    return value->type == VM_FUNCREF ? referred(value->of.ref) : NULL;
}

/* ---- memories ---- */

uint8_t *
vm_memory_range(const struct memory *memory, uint64_t address, uint64_t size) {
    uint8_t *bytes = memory_at(memory, address, 0, size);
    if (!bytes || size == 0) /* the empty memory is of no vm */
        return bytes;
    bool recorded = memory->vm->recorded != NULL;
    return recorded ? tape_hand_out(memory, address, size) : bytes;
}

/* Without a memory there is an empty one, so that these need no case for it. */
uint8_t *
vm_memory_at(const struct instance *instance, uint64_t address, uint64_t size) {
    return vm_memory_range(instance->shared, address, size);
}

const uint8_t *vm_memory_view(const struct instance *instance,
                              uint64_t address,
                              uint64_t size) {
    return memory_at(instance->shared, address, 0, size);
}

/* ---- globals ---- */

struct vm_value vm_global_get(const struct global *global) {
    struct vm_value value = {.type = (enum vm_type)global->type};
    value_get(global->value, &value);
    return value;
}
