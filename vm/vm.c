/* The embedding interface: opening and closing a vm, loading, calls. What else
 * there is of it: define.c, extern.c, access.c, instance.c.
 *
 * The vm owns everything until vm_close, but for what is given back before:
 * exceptions (exception.c), and instances and modules to which nothing refers
 * (discard.c).
 *
 * A call from the host puts the arguments where `top` is, which is where the
 * function has its slot 0, and finds the results there. While guest code runs,
 * `top` stays; it is moved up, behind the arguments, for the time of a call to
 * the host, so that the guest can be called from there:
 *
 *     stack                                            top                            stack_end
 *     [ frames of guest functions | window of a host's | frame of the next call ...  ] spare
 *
 * These calls nest in C too, so their number is limited (LIMIT_HOST_NESTING). A
 * trap ends the innermost of them, which the host function sees as its vm_call
 * giving false. */
#include "vm/vm.h"

#include "vm/observer.h"
#include "vm/platform.h"
#include "vm/rings.h"
#include "vm/store.h"

#include <stdlib.h>
#include <string.h>

/* Read, never written, behind a window that ends with the stack. */
enum { SPARE_SLOTS = 64 };

/* ---- the store ---- */

struct vm_limits vm_limits_default(void) {
    return (struct vm_limits){.memory_bytes = LIMIT_MEMORY_BYTES,
                              .stack_bytes = 8 << 20,
                              .table_elements = LIMIT_TABLE_ELEMENTS,
                              .fuel = VM_UNLIMITED,
                              .timeout_ms = VM_UNLIMITED};
}

static uint64_t stack_mapping(const struct vm *vm) {
    return vm->limits.stack_bytes + SPARE_SLOTS * sizeof(uint64_t);
}

/* All of the stack may be touched, which costs nothing before it is. */
struct vm *vm_open(const struct vm_limits *limits, struct error *error) {
    struct vm *vm = calloc(1, sizeof *vm);
    if (!vm)
        return error_set(error, ERROR_IO, "out of memory"), NULL;
    vm->limits = *limits;
    vm->limits.stack_bytes -= vm->limits.stack_bytes % sizeof(uint64_t);
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
        return error_set(error, ERROR_IO,
                         "out of memory: a value stack of %llu bytes",
                         (unsigned long long)limits->stack_bytes),
               NULL;
    }
    vm->stack = vm->top = (uint64_t *)(void *)stack;
    vm->stack_end = vm->stack + vm->limits.stack_bytes / sizeof(uint64_t);
    cell_set_op(&vm->halt[1], OP_halt);
    cell_set_op(&vm->foreign[1], OP_return_foreign);
    meter_init(&vm->meter, limits->fuel, limits->timeout_ms);
    return vm;
}

void module_free(struct module *module) {
    code_free(&module->code);
    debug_free(module->debug);
    arena_free(&module->arena);
    free(module);
}

void vm_close(struct vm *vm) {
    if (!vm)
        return;
    if (vm->observer && vm->observer->closed)
        vm->observer->closed(vm->observer);
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
    platform_release((uint8_t *)vm->stack, stack_mapping(vm));
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
        error_set(error, ERROR_INVALID,
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
        vm->meter.fueled || vm->meter.timed || vm->limits.interruptible;
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

/* ---- calls ---- */

const struct func_type *vm_function_type(const struct function *function) {
    return function->type;
}

static bool check_args(const struct vm *vm, const struct func_type *type,
                       const struct vm_value *args, size_t count,
                       struct error *error) {
    if (count != type->param_count) {
        return error_set(error, ERROR_USAGE,
                         "the function takes %u arguments, %zu were given",
                         type->param_count, count);
    }
    for (size_t i = 0; i < count; i++) {
        enum vm_type wanted = (enum vm_type)type->types[i];
        if (value_fits(vm, &args[i], wanted))
            continue;
        char what[40];
        snprintf(what, sizeof what, "argument %zu", i + 1);
        return error_set_value(error, what, &args[i], wanted);
    }
    return true;
}

/* A call through a table that fails names the element: its number is still in
 * the slot that the call_indirect cell reads. */
static bool report(const struct vm *vm, enum trap trap, struct error *error) {
    if (trap == TRAP_REPORTED)
        return false;
    error_set_trap(error, trap);
    if (trap != TRAP_UNDEFINED_ELEMENT && trap != TRAP_UNINITIALIZED_ELEMENT)
        return false;
    size_t length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, " %llu",
             (unsigned long long)vm->trapped.frame[vm->trapped.pc->d]);
    return false;
}

bool vm_call(struct function *function, const struct vm_value *args,
             size_t arg_count, struct vm_value *results, struct error *error) {
    struct vm *vm = function->instance->vm;
    const struct func_type *type = function->type;
    if (!check_args(vm, type, args, arg_count, error))
        return false;
    if (meter_interrupted(&vm->meter))
        return vm_time_out(vm, error);
    /* Else it is added to: inner frames come first. */
    if (vm->nesting == 0)
        vm->trace_count = 0;
    uint64_t *top = vm->top;
    /* Arguments and results; whether the whole frame fits is for execute to
     * say. */
    size_t taken = (size_t)type->param_slots + type->result_slots;
    if (vm->nesting == LIMIT_HOST_NESTING ||
        (size_t)(vm->stack_end - top) < taken) {
        return error_set_trap(error, TRAP_STACK);
    }
    uint64_t *slots = top;
    for (size_t i = 0; i < arg_count; i++)
        slots = value_put(slots, &args[i]);
    /* Host functions report to the call that is innermost in C. */
    struct error *outer = vm->host_error;
    vm->host_error = error;
    vm->nesting++;
    enum trap trap = execute(vm, function);
    vm->nesting--;
    vm->host_error = outer;
    vm->top = top;
    if (trap)
        return report(vm, trap, error);
    const uint64_t *from = top;
    for (size_t i = 0; i < type->result_count; i++) {
        results[i].type = (enum vm_type)type->types[type->param_count + i];
        from = value_get(from, &results[i]);
    }
    return true;
}

/* A frame, and before it those of functions that were inlined there; at least
 * one. */
static size_t describe(struct vm *vm, const struct traced *at,
                       struct vm_frame *frames, size_t capacity) {
    struct debug_place places[TRACE_FRAMES];
    struct slice name = module_function_name(at->module, at->function);
    size_t most = capacity < TRACE_FRAMES ? capacity : TRACE_FRAMES;
    size_t count =
        module_places(at->module, at->offset, &vm->trace_texts, places, most);
    for (size_t i = 0; i < count; i++) {
        frames[i] =
            (struct vm_frame){.function = at->function,
                              .name = places[i].inlined ? places[i].name : name,
                              .offset = at->offset,
                              .file = places[i].file,
                              .line = places[i].line,
                              .inlined = places[i].inlined};
    }
    return count;
}

/* Names and lines are looked up for those who ask. */
size_t vm_backtrace(struct vm *vm, struct vm_frame *frames, size_t capacity) {
    size_t count = 0;
    arena_free(&vm->trace_texts);
    for (size_t i = 0; i < vm->trace_count && count < capacity; i++) {
        count += describe(vm, &vm->trace[i], frames + count, capacity - count);
    }
    return count;
}
