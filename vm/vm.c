/* The embedding interface: opening and closing a vm, loading. What else there
 * is of it: define.c, extern.c, access.c, call.c, instance.c.
 *
 * The vm owns everything until vm_close, but for what is given back before:
 * exceptions (exception.c), and instances and modules to which nothing refers
 * (vm/discard). */
#include "vm/vm.h"

#include "vm/observer.h"
#include "vm/platform.h"
#include "vm/rings.h"
#include "vm/store.h"

#include <stdlib.h>
#include <string.h>

/* Behind a window that ends with the stack, to be read; and behind the locals of
 * a frame that does, to be cleared (frames.h). */
enum { SPARE_SLOTS = 64 };

/* ---- the store ---- */

struct vm_limits vm_limits_default(void) {
    return (struct vm_limits){.memory_bytes = LIMIT_MEMORY_BYTES,
                              .stack_bytes = 8 << 20,
                              .table_elements = LIMIT_TABLE_ELEMENTS,
                              .fuel = VM_UNLIMITED,
                              .timeout_ms = VM_UNLIMITED};
}

/* In front of the stack is room for the slots that the outermost frame has only
 * by number: it has not as many parameters. */
static uint64_t stack_mapping(const struct vm *vm) {
    return vm->options.stack_bytes +
           (SLOT_LINK + SPARE_SLOTS) * sizeof(uint64_t);
}

/* All of the stack may be touched, which costs nothing before it is. */
struct vm *vm_open(const struct vm_limits *limits, struct error *error) {
    struct vm *vm = calloc(1, sizeof *vm);
    if (!vm)
        return error_set(error, ERROR_IO, "out of memory"), NULL;
    if (!meter_init(&vm->meter, limits, error))
        return free(vm), NULL;
    vm->options = *limits;
    vm->options.stack_bytes -= vm->options.stack_bytes % sizeof(uint64_t);
    vm->own_memory.limit = limits->memory_bytes;
    vm->memory = limits->memory ? limits->memory : &vm->own_memory;
    arena_init(&vm->arena);
    vm->arena.budget = vm->memory;
    arena_init(&vm->trace_texts);
    vm->trace_texts.budget = vm->memory;
    type_table_init(&vm->types, vm->memory);
    uint8_t *stack = platform_reserve(stack_mapping(vm));
    if (!stack || !platform_commit(stack, stack_mapping(vm))) {
        if (stack)
            platform_release(stack, stack_mapping(vm));
        free(vm);
        return error_set(error,
                         ERROR_IO,
                         "out of memory: a value stack of %llu bytes",
                         (unsigned long long)limits->stack_bytes),
               NULL;
    }
    vm->stack = vm->top = (uint64_t *)(void *)stack + SLOT_LINK;
    vm->stack_end = vm->stack + vm->options.stack_bytes / sizeof(uint64_t);
    cell_set_op(&vm->halt[1], OP_halt);
    cell_set_op(&vm->foreign[1], OP_return_foreign);
    vm->halt[0].d = vm->foreign[0].d = NO_SLOT;
    return vm;
}

void module_free(struct module *module) {
    code_free(&module->code);
    names_free(module);
    arena_free(&module->arena);
    free(module);
}

void vm_close(struct vm *vm) {
    if (!vm)
        return;
    if (vm->observer && vm->observer->closed)
        vm->observer->closed(vm->observer);
    stop_free(vm);
    tape_free(vm);
    exceptions_free(vm); /* while there are tags */
    for (struct module *module = vm->modules; module;) {
        struct module *next = module->next;
        module_free(module);
        module = next;
    }
    memories_free(vm, true);
    for (struct instance *instance = vm->instances; instance;) {
        struct instance *next = instance->next;
        instance_free(instance);
        instance = next;
    }
    free(vm->definitions);
    free(vm->registrations);
    type_table_free(&vm->types);
    arena_free(&vm->arena);
    arena_free(&vm->trace_texts);
    platform_release((uint8_t *)(vm->stack - SLOT_LINK), stack_mapping(vm));
    free(vm);
}

struct budget *vm_budget(struct vm *vm) {
    return vm->memory;
}

struct vm *vm_of(const struct instance *instance) {
    return instance->vm;
}

/* ---- modules ---- */

struct module *vm_load(struct vm *vm, struct slice bytes, struct error *error) {
    if (bytes.size > VM_MODULE_BYTES) {
        error_set(error,
                  ERROR_INVALID,
                  "limit: a module of %zu bytes, at most 1 GiB is accepted",
                  bytes.size);
        return NULL;
    }
    struct module *module = calloc(1, sizeof *module);
    if (!module)
        return error_set(error, ERROR_IO, "out of memory"), NULL;
    module->vm = vm;
    module->bytes = bytes;
    /* Decided once: a module without limits has no ticks, and pays nothing for
     * them. */
    module->metered =
        vm->meter.fueled || vm->meter.timed || vm->options.interruptible;
    module->counted = vm->counts != NULL;
    if (count_slots(module) > 0)
        module->metered = true; /* fuel is counted, too */
    arena_init(&module->arena);
    module->arena.budget = vm->memory;
    code_init(&module->code, vm->memory);
    if (!module_decode(module, error) || !module_validate(module, error)) {
        module_free(module);
        return NULL;
    }
    module->next = vm->modules;
    vm->modules = module;
    return module;
}

bool vm_has_start(const struct module *module) {
    return module->has_start;
}

size_t vm_import_count(const struct module *module) {
    return module->import_count;
}

struct vm_import vm_import_at(const struct module *module, size_t i) {
    return module->imports[i];
}

size_t vm_export_count(const struct module *module) {
    return module->export_count;
}

struct vm_export vm_export_at(const struct module *module, size_t i) {
    return module->exports[i];
}

struct extern_type vm_export_type(const struct module *module, size_t i) {
    const struct vm_export *export = &module->exports[i];
    struct extern_type type = {.kind = export->kind};
    const struct global_declaration *global;
    switch (export->kind) {
    case VM_FUNCTION:
        type.function = module->functions[export->index].type;
        break;
    case VM_TABLE: type = module->tables[export->index]; break;
    case VM_MEMORY: type.limits = module->memories[export->index]; break;
    case VM_TAG: type.function = module->tags[export->index]; break;
    case VM_GLOBAL:
        global = &module->globals[export->index];
        type.type = global->type;
        type.is_mutable = global->mutable;
        break;
    }
    return type;
}
