/* Where host functions are linked: what is recorded or replayed stands between
 * the guest and them. */
#include "vm/record/record.h"

#include "vm/rings.h"

#include <string.h>

/* References are addresses, which mean nothing elsewhere. */
static bool has_references(const struct func_type *type) {
    uint32_t count = type->param_count + type->result_count;
    for (uint32_t i = 0; i < count; i++) {
        if (is_reference_type(type->types[i]))
            return true;
    }
    return false;
}

static struct taped *taped_new(struct vm *vm,
                               const struct vm_import *import,
                               const struct function *function) {
    const struct func_type *type = function->type;
    size_t slots = (size_t)type->param_slots + type->result_slots;
    struct taped *taped = arena_alloc(&vm->arena, 1, sizeof *taped);
    uint64_t *values =
        arena_alloc(&vm->arena, slots + type->param_slots, sizeof *values);
    if (!taped || !values)
        return NULL;
    *taped = (struct taped){.vm = vm,
                            .next = vm->taped,
                            .number = vm->taped ? vm->taped->number + 1 : 0,
                            .import = *import,
                            .type = type,
                            .host = function->host,
                            .context = function->host_context,
                            .last = values,
                            .now = values + slots};
    vm->taped = taped;
    return taped;
}

bool tape_link(struct vm *vm,
               const struct vm_import *import,
               struct function *function,
               struct error *error) {
    if (has_references(function->type))
        return true;
    struct taped *taped = taped_new(vm, import, function);
    if (!taped)
        return error_set_memory(vm, error, "imported functions");
    function->host_context = taped;
    function->host = record_call;
    if (vm->player)
        function->host = replay_call;
    else
        taped->secret = recorder_hides(vm, import);
    return true;
}

uint8_t *
tape_hand_out(const struct memory *memory, uint64_t address, uint64_t size) {
    uint8_t *bytes = memory->data + address;
    struct host_call *call = memory->vm->recorded;
    bool is_word = size == sizeof call->words->was;
    if (!is_word || call->word_count == HANDED_WORDS) {
        call->others = true;
        return handed_add(&memory->vm->recorder->handed, memory, address, size);
    }
    struct handed_word *word = &call->words[call->word_count++];
    word->memory = memory;
    word->address = address;
    memcpy(&word->was, bytes, sizeof word->was);
    return bytes;
}

void tape_free(struct vm *vm) {
    if (vm->recorder)
        recorder_free(vm);
    if (vm->player)
        player_free(vm);
}

/* ---- numbers ---- */

/* Lists have the newest first. */
uint64_t memory_number(const struct memory *memory) {
    uint64_t number = 0;
    for (const struct memory *m = memory->next; m; m = m->next)
        number++;
    return number;
}

struct memory *memory_numbered(const struct vm *vm, uint64_t number) {
    struct memory *memory = vm->memories;
    while (memory && memory_number(memory) != number)
        memory = memory->next;
    return memory;
}

uint64_t instance_number(const struct instance *instance) {
    uint64_t number = 0;
    for (const struct instance *i = instance->next; i; i = i->next)
        number++;
    return number;
}

struct instance *instance_numbered(const struct vm *vm, uint64_t number) {
    struct instance *instance = vm->instances;
    while (instance && instance_number(instance) != number)
        instance = instance->next;
    return instance;
}

uint32_t slots_of_types(struct slice types) {
    uint32_t slots = 0;
    for (size_t i = 0; i < types.size; i++) {
        if (!is_value_type(types.data[i]))
            return 0;
        slots += type_slots(types.data[i]);
    }
    return slots;
}
