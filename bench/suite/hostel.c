/* The suite's engine hostel. */
#include "bench/suite/engine.h"

#include "vm/vm.h"

#include <string.h>

static struct instance *instance;

const char *engine_version(void) {
    return "hostel " HOSTEL_VERSION;
}

static bool clock_call(void *context,
                       struct instance *caller,
                       uint64_t *slots,
                       struct error *error) {
    (void)context, (void)caller, (void)error;
    slots[0] = cpu_ms();
    return true;
}

void engine_open(const uint8_t *bytes, size_t size) {
    struct error error = ERROR_INIT;
    struct vm_limits limits = vm_limits_default();
    struct vm *vm = vm_open(&limits, &error);
    bool defined =
        vm && vm_define(vm, "env", "clock_ms", ":i", clock_call, NULL, &error);

    struct slice slice = {bytes, size};
    struct module *module = defined ? vm_load(vm, slice, &error) : NULL;
    instance = module ? vm_instantiate(vm, module, &error) : NULL;
    if (!instance)
        fail("module", error.text);
}

struct callee *engine_find(const char *name) {
    struct function *found = vm_find_function(instance, slice_of(name));
    if (!found)
        fail(name, "not exported");
    return (struct callee *)found;
}

void engine_call(struct callee *callee,
                 const struct value *argument,
                 struct value *result) {
    struct error error = ERROR_INIT;
    struct vm_value in = {.type = VM_I32}, out = {.type = VM_I32};
    if (argument->type == I64)
        in.type = VM_I64;
    memcpy(&in.of, &argument->of, sizeof argument->of);

    size_t count = argument->type != NOTHING;
    if (!vm_call((struct function *)callee, &in, count, &out, &error))
        fail("call", error.text);
    memcpy(&result->of, &out.of, sizeof result->of);
}

uint8_t *engine_memory(uint32_t address, uint32_t size) {
    uint8_t *bytes = vm_memory_at(instance, address, size);
    if (!bytes)
        fail("memory", "too small");
    return bytes;
}
