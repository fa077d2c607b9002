/* Instantiation (spec 4.5.4): resolve the imports, allocate, initialise, run
 * the start function.
 *
 * Imports are resolved by name: instances registered under the module's name
 * first, the latest winning, then host functions. What is found must match the
 * declared type (spec 3.2.8 and 4.5.1): functions and globals exactly, tables
 * and memories by their limits.
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
 * imported memories and tables too. So no instance is taken back: it stays in
 * the vm's list, since tables may by then refer to its functions. */
#include "vm/store.h"

#include <string.h>

/* Bytes of a name in a message, which has two, and two types. */
enum { QUOTED = 80 };

/* ---- what an export is ---- */

struct function *vm_find_function(const struct instance *instance,
                                  struct slice name) {
    const struct vm_export *export = module_find_export(instance->module, name);
    return export && export->kind == VM_FUNCTION
               ? instance->functions[export->index]
               : NULL;
}

bool vm_get_global(const struct instance *instance, struct slice name,
                   struct vm_value *value) {
    const struct vm_export *export = module_find_export(instance->module, name);
    if (!export || export->kind != VM_GLOBAL)
        return false;
    value->type = (enum vm_type)instance->module->globals[export->index].type;
    value->of.i64 = instance->globals[export->index][0];
    if (value->type == VM_V128)
        value->of.v128[1] = instance->globals[export->index][1];
    return true;
}

/* ---- imports ---- */

static const struct instance *registered(const struct vm *vm,
                                         struct slice name) {
    for (size_t i = vm->registration_count; i-- > 0;) {
        if (slice_equal(vm->registrations[i].name, name))
            return vm->registrations[i].instance;
    }
    return NULL;
}

static const struct host_function *find_host(const struct vm *vm,
                                             const struct vm_import *import) {
    for (size_t i = vm->host_count; i-- > 0;) {
        const struct host_function *host = &vm->host_functions[i];
        if (slice_is(import->module, host->module) &&
            slice_is(import->name, host->name)) {
            return host;
        }
    }
    return NULL;
}

/* "function (i32) -> ()", "memory of 1 page and more", for messages. */
enum { DESCRIBED = 120 };
static void describe(const struct extern_type *type, char out[DESCRIBED]) {
    const size_t size = DESCRIBED;
    char signature[100];
    unsigned long long min = type->limits.min, max = type->limits.max;
    const char *wide = type->limits.address == VM_I64 ? "64-bit " : "";
    switch (type->kind) {
    case VM_FUNCTION:
        func_type_format(type->function, signature, sizeof signature);
        snprintf(out, size, "function %s", signature);
        break;
    case VM_TABLE:
        snprintf(out, size, "%stable of %llu to %llu %s", wide, min, max,
                 vm_type_name((enum vm_type)type->type));
        break;
    case VM_MEMORY:
        snprintf(out, size, "%smemory of %llu to %llu pages", wide, min, max);
        break;
    case VM_TAG: snprintf(out, size, "tag"); break;
    case VM_GLOBAL:
        snprintf(out, size, "%s global %s",
                 type->is_mutable ? "mutable" : "immutable",
                 vm_type_name((enum vm_type)type->type));
        break;
    }
}

static bool unknown_import(const struct vm_import *import,
                           struct error *error) {
    char wanted[DESCRIBED];
    describe(&import->type, wanted);
    return error_set(error, ERROR_UNLINKABLE, "unknown import %s %s: %s",
                     quoted(import->module, QUOTED).text,
                     quoted(import->name, QUOTED).text, wanted);
}

static bool incompatible_import(const struct vm_import *import,
                                const struct extern_type *found,
                                struct error *error) {
    char wanted[DESCRIBED], is[DESCRIBED];
    describe(&import->type, wanted);
    describe(found, is);
    return error_set(error, ERROR_UNLINKABLE,
                     "incompatible import type %s %s: %s wanted, it is a %s",
                     quoted(import->module, QUOTED).text,
                     quoted(import->name, QUOTED).text, wanted, is);
}

/* Spec 3.2.8, "Import Subtyping": what is found may be larger than the minimum
 * that is wanted, and must not be able to grow beyond the maximum. */
static bool limits_match(struct limits found, struct limits wanted) {
    return found.address == wanted.address && found.min >= wanted.min &&
           (!wanted.has_max || (found.has_max && found.max <= wanted.max));
}

/* Function types are interned: equal types are one object, also those of other
 * modules. */
static bool types_match(const struct extern_type *found,
                        const struct extern_type *wanted) {
    if (found->kind != wanted->kind)
        return false;
    switch (wanted->kind) {
    case VM_FUNCTION:
    case VM_TAG: return found->function == wanted->function;
    case VM_TABLE:
        return found->type == wanted->type &&
               limits_match(found->limits, wanted->limits);
    case VM_MEMORY: return limits_match(found->limits, wanted->limits);
    case VM_GLOBAL:
        return found->type == wanted->type &&
               found->is_mutable == wanted->is_mutable;
    }
    return false;
}

/* The type of an instance's export as it is now (spec 4.5.1): the minimum is
 * the present size, to which it may have grown. */
static struct extern_type export_type(const struct instance *from,
                                      const struct vm_export *export) {
    struct extern_type type = {.kind = export->kind};
    const struct global_declaration *global;
    switch (export->kind) {
    case VM_FUNCTION:
        type.function = from->functions[export->index]->type;
        break;
    case VM_TABLE:
        type = from->tables[export->index]->type;
        type.limits.min = from->tables[export->index]->size;
        break;
    case VM_MEMORY:
        type.limits = from->memories[export->index]->declared;
        type.limits.min = from->memories[export->index]->size >> PAGE_SIZE_BITS;
        break;
    case VM_TAG: type.function = from->tags[export->index]->type; break;
    case VM_GLOBAL:
        global = &from->module->globals[export->index];
        type.type = global->type;
        type.is_mutable = global->mutable;
        break;
    }
    return type;
}

/* How many entries of each index space are filled; the imports of a kind are
 * its first entries, in the order in which the module names them. */
struct filled {
    uint32_t functions, tables, memories, globals, tags;
};

/* A function object for each import, since it says to the host which instance
 * calls. */
static bool import_function(struct instance *instance,
                            const struct host_function *host,
                            struct filled *filled, struct error *error) {
    struct function *function =
        arena_alloc(&instance->arena, 1, sizeof *function);
    if (!function)
        return error_set_memory(instance->vm, error, "imported functions");
    *function = (struct function){.type = host->type,
                                  .instance = instance,
                                  .host = host->function,
                                  .host_context = host->context};
    instance->functions[filled->functions++] = function;
    return true;
}

/* What a function does that nobody provides; `context` is the import. */
static bool call_unknown(void *context, struct instance *caller,
                         uint64_t *slots, struct error *error) {
    (void)caller, (void)slots;
    const struct vm_import *import = context;
    return error_set(error, ERROR_TRAP, "unknown import %s.%s was called",
                     shown(import->module, QUOTED).text,
                     shown(import->name, QUOTED).text);
}

/* A function that nobody provides can be one that traps. */
static bool may_be_unknown(const struct vm *vm,
                           const struct vm_import *import) {
    return vm->limits.trap_unknown_imports && import->type.kind == VM_FUNCTION;
}

/* A function may do without, if that is wanted: it is a trap for who calls it.
 * There is no such thing for a memory, table, global or tag. */
static bool import_nothing(struct instance *instance, struct vm_import *import,
                           struct filled *filled, struct error *error) {
    if (!may_be_unknown(instance->vm, import))
        return unknown_import(import, error);
    struct host_function trap = {.type = import->type.function,
                                 .function = call_unknown,
                                 .context = import};
    return import_function(instance, &trap, filled, error);
}

/* All names that could be meant are looked through. */
static bool pay_for_import(struct vm *vm) {
    return meter_step(&vm->meter, 1 + vm->registration_count + vm->host_count);
}

/* What provides an import: an instance's export, a host function, or nothing at
 * all. */
struct provider {
    const struct instance *from;
    const struct vm_export *export;
    const struct host_function *host;
};

/* False if what is there is of another type. Once a module has been registered
 * under a name, the host's functions are not seen there. */
static bool find_provider(struct vm *vm, const struct vm_import *import,
                          struct provider *provider, struct error *error) {
    struct extern_type type = {.kind = VM_FUNCTION};
    if (!pay_for_import(vm))
        return vm_time_out(vm, error);
    *provider = (struct provider){.from = registered(vm, import->module)};
    if (provider->from) {
        provider->export =
            module_find_export(provider->from->module, import->name);
        if (!provider->export)
            return true;
        type = export_type(provider->from, provider->export);
    } else {
        provider->host = find_host(vm, import);
        if (!provider->host)
            return true;
        type.function = provider->host->type;
    }
    return types_match(&type, &import->type) ||
           incompatible_import(import, &type, error);
}

bool vm_can_import(struct vm *vm, const struct module *module, size_t i,
                   struct error *error) {
    const struct vm_import *import = &module->imports[i];
    struct provider provider;
    if (!find_provider(vm, import, &provider, error))
        return false;
    return provider.export || provider.host || may_be_unknown(vm, import) ||
           unknown_import(import, error);
}

static void import_from_instance(struct instance *instance,
                                 const struct provider *provider,
                                 struct filled *filled) {
    const struct instance *from = provider->from;
    const uint32_t index = provider->export->index;
    switch (provider->export->kind) {
    case VM_FUNCTION:
        instance->functions[filled->functions++] = from->functions[index];
        break;
    case VM_TABLE:
        instance->tables[filled->tables++] = from->tables[index];
        break;
    case VM_MEMORY:
        instance->memories[filled->memories++] = from->memories[index];
        break;
    case VM_TAG: instance->tags[filled->tags++] = from->tags[index]; break;
    case VM_GLOBAL:
        instance->globals[filled->globals++] = from->globals[index];
        break;
    }
}

static bool resolve_imports(struct instance *instance, struct filled *filled,
                            struct error *error) {
    for (uint32_t i = 0; i < instance->module->import_count; i++) {
        struct vm_import *import = &instance->module->imports[i];
        struct provider provider;
        bool ok = find_provider(instance->vm, import, &provider, error);
        if (!ok)
            return false;
        if (provider.export)
            import_from_instance(instance, &provider, filled);
        else if (provider.host)
            ok = import_function(instance, provider.host, filled, error);
        else
            ok = import_nothing(instance, import, filled, error);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- allocation ---- */

/* The arena clears what it gives: an instance that is left half made has NULL
 * where nothing is. A module without memory gets an empty one, in which every
 * access is out of bounds. */
static bool allocate_spaces(struct instance *instance, struct error *error) {
    const struct module *m = instance->module;
    struct arena *arena = &instance->arena;
    uint32_t functions = m->function_count - m->imported_functions;
    /* Slots, if all are v128. */
    uint32_t globals = 2 * (m->global_count - m->imported_globals);
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
 * to the globals before them. Their slots stand close together, a v128 taking
 * two. */
static bool allocate_own(struct instance *instance, struct filled filled,
                         struct error *error) {
    const struct module *module = instance->module;
    for (uint32_t i = filled.functions; i < module->function_count; i++) {
        struct function *function =
            &instance->own_functions[i - filled.functions];
        *function = (struct function){.type = module->functions[i].type,
                                      .instance = instance};
        instance->functions[i] = function;
    }
    for (uint32_t i = filled.tables; i < module->table_count; i++) {
        instance->tables[i] =
            table_new(instance->vm, &module->tables[i], error);
        if (!instance->tables[i])
            return false;
    }
    for (uint32_t i = filled.memories; i < module->memory_count; i++) {
        instance->memories[i] =
            memory_new(instance->vm, module->memories[i], error);
        if (!instance->memories[i])
            return false;
    }
    if (module->memory_count)
        instance->memory = instance->memories[0];
    instance->shared = shared_memory(instance);
    for (uint32_t i = filled.tags; i < module->tag_count; i++) {
        struct tag *tag = &instance->own_tags[i - filled.tags];
        tag->type = module->tags[i];
        instance->tags[i] = tag;
    }
    uint64_t *global = instance->own_globals;
    for (uint32_t i = filled.globals; i < module->global_count; i++) {
        if (!meter_step(&instance->vm->meter, 1))
            return vm_time_out(instance->vm, error);
        constant_evaluate(instance, module->globals[i].init, global);
        instance->globals[i] = global;
        global += type_slots(module->globals[i].type);
    }
    return true;
}

/* ---- initialisation ---- */

/* Active segments are copied and then dropped, as if by table.init and
 * elem.drop (spec 4.5.4); declarative ones are only dropped: all they do is to
 * let ref.func name their functions. */
static bool initialize_tables(struct instance *instance, struct error *error) {
    for (uint32_t i = 0; i < instance->module->element_count; i++) {
        const struct element_segment *segment = &instance->module->elements[i];
        if (!meter_step(&instance->vm->meter, 1))
            return vm_time_out(instance->vm, error);
        if (segment->mode == SEGMENT_PASSIVE)
            continue;
        if (segment->mode == SEGMENT_ACTIVE) {
            uint64_t at;
            constant_evaluate(instance, segment->offset, &at);
            enum trap trap =
                table_init(instance, instance->tables[segment->table], i, at, 0,
                           segment->count);
            if (trap)
                return error_set_trap(error, trap);
        }
        instance->dropped_elements[i] = true;
    }
    return true;
}

static bool initialize_memory(struct instance *instance, struct error *error) {
    for (uint32_t i = 0; i < instance->module->data_count; i++) {
        const struct data_segment *segment = &instance->module->data[i];
        if (!meter_step(&instance->vm->meter, 1))
            return vm_time_out(instance->vm, error);
        if (segment->mode != SEGMENT_ACTIVE)
            continue;
        uint64_t at;
        constant_evaluate(instance, segment->offset, &at);
        struct memory *memory = instance->memories[segment->memory];
        enum trap trap =
            memory_init(instance, memory, i, at, 0, segment->bytes.size);
        if (trap)
            return error_set_trap(error, trap);
        instance->dropped_data[i] = true;
    }
    return true;
}

/* In the list at once, so that vm_close frees it, whatever becomes of it. */
struct instance *vm_instantiate(struct vm *vm, struct module *module,
                                struct error *error) {
    struct instance *instance = arena_alloc(&vm->arena, 1, sizeof *instance);
    if (!instance)
        return error_set_memory(vm, error, "an instance"), NULL;
    instance->vm = vm;
    instance->module = module;
    instance->stack_end = vm->stack_end;
    instance->next = vm->instances;
    arena_init(&instance->arena);
    instance->arena.budget = vm->memory;
    vm->instances = instance;
    vm->trace_count = 0;
    struct filled filled = {0};
    bool ok = allocate_spaces(instance, error) &&
              resolve_imports(instance, &filled, error) &&
              allocate_own(instance, filled, error) &&
              initialize_tables(instance, error) &&
              initialize_memory(instance, error);
    if (ok && module->has_start) {
        ok = vm_call(instance->functions[module->start], NULL, 0, NULL, error);
    }
    return ok ? instance : NULL;
}
