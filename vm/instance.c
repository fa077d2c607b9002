/* Instantiation (spec 4.5.4): resolve the imports, allocate, initialise, run
 * the start function.
 *
 * Imports are resolved by name: instances registered under the module's name
 * first, the latest winning, then what the host defines. What is found must
 * match the declared type (extern.c): functions and globals exactly, tables and
 * memories by their limits.
 *
 * An index space is an array of addresses, so that what is imported is shared,
 * and code does not see the difference. A module with
 *
 *     (import "a" "f" (func))  (func ...)  (import "a" "m" (memory 1))  (global i32 ...)
 *
 * gets an instance with
 *
 *     functions[0] ── the function of the instance registered as "a", or a new one for the host's
 *     functions[1] ── own_functions[0]
 *     memories[0]  ── the memory of "a"; also `memory`, which the interpreter has at hand
 *     globals[0]   ── own_globals[0]
 *
 * The order is the spec's, and can be seen from outside when a step fails: a
 * segment that does not fit traps, and what earlier ones wrote stays, in
 * imported memories and tables too. So from the first segment on an instance is
 * not simply taken back: tables may by then refer to its functions, and as long
 * as they do it stays (vm/discard). */
#include "vm/rings.h"
#include "vm/store.h"

#include <string.h>

/* Bytes of a name in a message, which has two, and two types. */
enum { QUOTED = 80 };

/* ---- imports ---- */

static const struct instance *registered(const struct vm *vm,
                                         struct slice name) {
    for (size_t i = vm->registration_count; i-- > 0;) {
        if (slice_equal(vm->registrations[i].name, name))
            return vm->registrations[i].instance;
    }
    return NULL;
}

static const struct definition *defined(const struct vm *vm,
                                        const struct vm_import *import) {
    for (size_t i = vm->definition_count; i-- > 0;) {
        const struct definition *definition = &vm->definitions[i];
        /* Most are of one module: names differ sooner. */
        if (slice_is(import->name, definition->name) &&
            slice_is(import->module, definition->module)) {
            return definition;
        }
    }
    return NULL;
}

static bool unknown_import(const struct vm_import *import,
                           struct error *error) {
    char wanted[DESCRIBED];
    extern_type_format(&import->type, wanted);
    return error_set(error,
                     ERROR_UNLINKABLE,
                     "unknown import %s %s: %s",
                     quoted(import->module, QUOTED).text,
                     quoted(import->name, QUOTED).text,
                     wanted);
}

static bool incompatible_import(const struct vm_import *import,
                                const struct extern_type *found,
                                struct error *error) {
    char wanted[DESCRIBED], is[DESCRIBED];
    extern_type_format(&import->type, wanted);
    extern_type_format(found, is);
    return error_set(error,
                     ERROR_UNLINKABLE,
                     "incompatible import type %s %s: %s wanted, it is a %s",
                     quoted(import->module, QUOTED).text,
                     quoted(import->name, QUOTED).text,
                     wanted,
                     is);
}

/* A function object for each import, since it says to the host which instance
 * calls; NULL on failure. */
static struct function *function_for(struct instance *instance,
                                     const struct vm_import *import,
                                     const struct function *host,
                                     struct error *error) {
    struct vm *vm = instance->vm;
    struct function *function =
        arena_alloc(&instance->arena, 1, sizeof *function);
    if (!function)
        return error_set_memory(vm, error, "imported functions"), NULL;
    *function = *host;
    function->instance = instance;
    bool taped = vm->recorder || vm->player;
    if (taped && !tape_link(vm, import, function, error))
        return NULL;
    if (!count_imported(import, function))
        return error_set_memory(vm, error, "imported functions"), NULL;
    return function;
}

/* What a function does that nobody provides; `context` is the import. */
static bool call_unknown(void *context,
                         struct instance *caller,
                         uint64_t *slots,
                         struct error *error) {
    (void)caller, (void)slots;
    const struct vm_import *import = context;
    return error_set(error,
                     ERROR_TRAP,
                     "unknown import %s.%s was called",
                     shown(import->module, QUOTED).text,
                     shown(import->name, QUOTED).text);
}

/* A function that nobody provides can be one that traps. */
static bool may_be_unknown(const struct vm *vm,
                           const struct vm_import *import) {
    bool is_function = import->type.kind == VM_FUNCTION;
    return is_function && vm->options.trap_unknown_imports;
}

/* All names that could be meant are looked through. */
static bool pay_for_import(struct vm *vm) {
    return meter_step(&vm->meter,
                      1 + vm->registration_count + vm->definition_count);
}

/* What an import gets, if anything provides it. */
struct provider {
    bool found;
    struct external external;
};

/* Once a module has been registered under a name, what the host defines is not
 * seen there. */
static struct provider look_for(const struct vm *vm,
                                const struct vm_import *import) {
    const struct instance *from = registered(vm, import->module);
    if (!from) {
        const struct definition *definition = defined(vm, import);
        if (!definition)
            return (struct provider){false};
        return (struct provider){true, definition->external};
    }
    const struct vm_export *export =
        module_find_export(from->module, import->name);
    if (!export)
        return (struct provider){false};
    struct external external = external_at(from, export->kind, export->index);
    return (struct provider){true, external};
}

/* False if what is there is of another type. */
static bool find_provider(struct vm *vm,
                          const struct vm_import *import,
                          struct provider *provider,
                          struct error *error) {
    if (!pay_for_import(vm))
        return vm_time_out(vm, error);
    *provider = look_for(vm, import);
    if (!provider->found)
        return true;
    struct extern_type type = external_type(&provider->external);
    return extern_type_matches(&type, &import->type) ||
           incompatible_import(import, &type, error);
}

bool vm_can_import(struct vm *vm,
                   const struct module *module,
                   size_t i,
                   struct error *error) {
    const struct vm_import *import = &module->imports[i];
    struct provider provider;
    if (!find_provider(vm, import, &provider, error))
        return false;
    return provider.found || may_be_unknown(vm, import) ||
           unknown_import(import, error);
}

/* Fill an entry of an index space. */
static void
place(struct instance *instance, uint32_t at, const struct external *external) {
    switch (external->kind) {
    case VM_FUNCTION: instance->functions[at] = external->function; break;
    case VM_TABLE: instance->tables[at] = external->table; break;
    case VM_MEMORY: instance->memories[at] = external->memory; break;
    case VM_TAG: instance->tags[at] = external->tag; break;
    case VM_GLOBAL: instance->globals[at] = external->global->value; break;
    }
}

/* A function may do without a provider, if that is wanted: it is a trap for who
 * calls it. There is no such thing for a memory, table, global or tag. */
static bool import_to(struct instance *instance,
                      uint32_t at,
                      struct vm_import *import,
                      struct error *error) {
    struct vm *vm = instance->vm;
    struct provider provider;
    if (!find_provider(vm, import, &provider, error))
        return false;

    struct function trap = {.type = import->type.function,
                            .host = call_unknown,
                            .host_context = import};
    struct external external = provider.external;
    if (!provider.found) {
        if (!may_be_unknown(vm, import))
            return unknown_import(import, error);
        external = (struct external){.kind = VM_FUNCTION, .function = &trap};
    }

    bool is_function = external.kind == VM_FUNCTION;
    if (is_function && !external.function->instance) {
        external.function =
            function_for(instance, import, external.function, error);
        if (!external.function)
            return false;
    }
    place(instance, at, &external);
    return true;
}

/* The imports of a kind are the first entries of its index space, in the order
 * in which the module names them. */
static bool resolve_imports(struct instance *instance, struct error *error) {
    const struct module *module = instance->module;
    uint32_t filled[VM_TAG + 1] = {0};
    for (uint32_t i = 0; i < module->import_count; i++) {
        struct vm_import *import = &module->imports[i];
        uint32_t at = filled[import->type.kind]++;
        if (!import_to(instance, at, import, error))
            return false;
    }
    return true;
}

/* ---- allocation ---- */

/* A module without memory gets an empty one, in which every access is out of
 * bounds. */
static bool allocate_spaces(struct instance *instance, struct error *error) {
    const struct module *m = instance->module;
    struct arena *arena = &instance->arena;
    uint32_t functions = m->function_count - m->imported_functions;
    uint32_t globals = m->global_count - m->imported_globals;
    uint32_t tags = m->tag_count - m->imported_tags;
    instance->functions =
        arena_alloc(arena, m->function_count, sizeof *instance->functions);
    instance->tables =
        arena_alloc(arena, m->table_count, sizeof *instance->tables);
    instance->memories =
        arena_alloc(arena, m->memory_count, sizeof *instance->memories);
    instance->globals =
        arena_alloc(arena, m->global_count, sizeof *instance->globals);
    instance->tags = arena_alloc(arena, m->tag_count, sizeof *instance->tags);
    instance->own_tags = arena_alloc(arena, tags, sizeof *instance->own_tags);
    instance->own_functions =
        arena_alloc(arena, functions, sizeof *instance->own_functions);
    instance->own_globals =
        arena_alloc(arena, globals, sizeof *instance->own_globals);
    instance->dropped_elements =
        arena_alloc(arena, m->element_count, sizeof(bool));
    instance->dropped_data = arena_alloc(arena, m->data_count, sizeof(bool));
    instance->memory = arena_alloc(arena, 1, sizeof *instance->memory);
    bool ok = instance->functions && instance->tables && instance->memories &&
              instance->globals && instance->own_functions &&
              instance->own_globals && instance->dropped_elements &&
              instance->dropped_data && instance->memory && instance->tags &&
              instance->own_tags;
    if (ok)
        instance->memory->data = (uint8_t *)(&instance->nothing + 1);
    return ok || error_set_memory(instance->vm, error, "an instance");
}

/* WASI calls it "memory"; a module with one memory need not export it. */
static struct memory *shared_memory(const struct instance *instance) {
    const struct vm_export *export =
        module_find_export(instance->module, slice_of("memory"));
    bool found = export && export->kind == VM_MEMORY;
    return found ? instance->memories[export->index] : instance->memory;
}

/* Globals come last and in order: their initialisers may refer to functions and
 * to the globals before them. */
static bool allocate_own(struct instance *instance, struct error *error) {
    struct vm *vm = instance->vm;
    const struct module *module = instance->module;
    for (uint32_t i = module->imported_functions; i < module->function_count;
         i++) {
        struct function *function =
            &instance->own_functions[i - module->imported_functions];
        *function = (struct function){.type = module->functions[i].type,
                                      .instance = instance};
        instance->functions[i] = function;
    }
    for (uint32_t i = module->imported_tables; i < module->table_count; i++) {
        instance->tables[i] =
            table_new(vm, &module->tables[i], instance, error);
        if (!instance->tables[i])
            return false;
    }
    for (uint32_t i = module->imported_memories; i < module->memory_count;
         i++) {
        instance->memories[i] =
            memory_new(vm, module->memories[i], instance, error);
        if (!instance->memories[i])
            return false;
    }
    if (module->memory_count)
        instance->memory = instance->memories[0];
    instance->shared = shared_memory(instance);
    for (uint32_t i = module->imported_tags; i < module->tag_count; i++) {
        struct tag *tag = &instance->own_tags[i - module->imported_tags];
        *tag = (struct tag){module->tags[i], instance};
        instance->tags[i] = tag;
    }
    for (uint32_t i = module->imported_globals; i < module->global_count; i++) {
        const struct global_declaration *declaration = &module->globals[i];
        struct global *global =
            &instance->own_globals[i - module->imported_globals];
        if (!meter_step(&vm->meter, 1))
            return vm_time_out(vm, error);
        global->type = declaration->type;
        global->is_mutable = declaration->mutable;
        global->vm = vm;
        global->owner = instance;
        constant_evaluate(instance, declaration->init, global->value);
        instance->globals[i] = global->value;
    }
    return true;
}

void instance_free(struct instance *instance) {
    struct budget *budget = instance->vm->memory;
    arena_free(&instance->arena);
    budget_free(budget, instance, sizeof *instance);
}

/* ---- initialisation ---- */

/* Active segments are copied and then dropped, as if by table.init and
 * elem.drop (spec 4.5.4); declarative ones are only dropped: all they do is to
 * let ref.func name their functions. */
static bool initialize_tables(struct instance *instance, struct error *error) {
    const struct module *module = instance->module;
    struct vm *vm = instance->vm;
    for (uint32_t i = 0; i < module->element_count; i++) {
        const struct element_segment *segment = &module->elements[i];
        if (!meter_step(&vm->meter, 1))
            return vm_time_out(vm, error);
        if (segment->mode == SEGMENT_PASSIVE)
            continue;

        if (segment->mode == SEGMENT_ACTIVE) {
            struct table *table = instance->tables[segment->table];
            uint64_t at;
            constant_evaluate(instance, segment->offset, &at);
            enum trap trap =
                table_init(instance, table, i, at, 0, segment->count);
            if (trap)
                return error_set_trap(error, trap);
        }
        instance->dropped_elements[i] = true;
    }
    return true;
}

static bool initialize_memory(struct instance *instance, struct error *error) {
    const struct module *module = instance->module;
    struct vm *vm = instance->vm;
    for (uint32_t i = 0; i < module->data_count; i++) {
        const struct data_segment *segment = &module->data[i];
        if (!meter_step(&vm->meter, 1))
            return vm_time_out(vm, error);
        if (segment->mode != SEGMENT_ACTIVE)
            continue;

        struct memory *memory = instance->memories[segment->memory];
        uint64_t size = segment->bytes.size;
        uint64_t at;
        constant_evaluate(instance, segment->offset, &at);
        enum trap trap = memory_init(instance, memory, i, at, 0, size);
        if (trap)
            return error_set_trap(error, trap);
        instance->dropped_data[i] = true;
    }
    return true;
}

static struct instance *
instance_new(struct vm *vm, struct module *module, struct error *error) {
    struct instance *instance = budget_alloc(vm->memory, 1, sizeof *instance);
    if (!instance)
        return error_set_memory(vm, error, "an instance"), NULL;
    instance->vm = vm;
    instance->module = module;
    instance->stack_end = vm->stack_end;
    arena_init(&instance->arena);
    instance->arena.budget = vm->memory;
    return instance;
}

/* All of the instance, of which nobody knows yet; NULL if something is
 * refused. */
static struct instance *
allocate(struct vm *vm, struct module *module, struct error *error) {
    struct instance *instance = instance_new(vm, module, error);
    if (!instance)
        return NULL;
    bool ok = allocate_spaces(instance, error) &&
              resolve_imports(instance, error) && allocate_own(instance, error);
    if (ok)
        return instance;
    instance->going = true;
    memories_free(vm, false);
    instance_free(instance);
    return NULL;
}

static bool start(struct instance *instance, struct error *error) {
    const struct module *module = instance->module;
    if (!initialize_tables(instance, error))
        return false;
    if (!initialize_memory(instance, error))
        return false;
    if (!module->has_start)
        return true;
    struct function *function = instance->functions[module->start];
    return vm_call(function, NULL, 0, NULL, error);
}

/* In the list before it starts, so that vm_close frees it, whatever becomes of
 * it. */
struct instance *
vm_instantiate(struct vm *vm, struct module *module, struct error *error) {
    vm->trace_count = 0;
    struct instance *instance = allocate(vm, module, error);
    if (!instance)
        return NULL;
    instance->next = vm->instances;
    vm->instances = instance;
    if (start(instance, error))
        return instance;
    instance->failed = true;
    instances_free_failed(vm);
    return NULL;
}
