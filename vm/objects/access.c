/* What the host does with memories, tables and globals, its own and those that
 * guests export. */
#include "vm/objects/api.h"
#include "vm/store.h"

/* ---- finding them ---- */

struct table *vm_find_table(const struct instance *instance,
                            struct slice name) {
    struct external found;
    bool there = external_find(instance, name, VM_TABLE, &found);
    return there ? found.table : NULL;
}

struct memory *vm_find_memory(const struct instance *instance,
                              struct slice name) {
    struct external found;
    bool there = external_find(instance, name, VM_MEMORY, &found);
    return there ? found.memory : NULL;
}

/* ---- types ---- */

struct extern_type vm_table_type(const struct table *table) {
    return table_type(table);
}

struct extern_type vm_memory_type(const struct memory *memory) {
    return memory_type(memory);
}

struct extern_type vm_global_type(const struct global *global) {
    return global_type(global);
}

/* ---- memories ---- */

uint64_t vm_memory_size(const struct memory *memory) {
    return memory->size;
}

/* Sets the error of growth that was refused. Returns false. */
static bool cannot_grow(const struct vm *vm,
                        struct extern_type now,
                        uint64_t more,
                        struct error *error) {
    char what[DESCRIBED];
    if (meter_late(&vm->meter))
        return vm_time_out(vm, error);
    extern_type_format(&now, what);
    return error_set(error,
                     ERROR_EXHAUSTION,
                     "limit: a %s cannot grow by %llu, with %llu bytes left",
                     what,
                     (unsigned long long)more,
                     (unsigned long long)budget_left(vm->memory));
}

bool vm_memory_grow(struct memory *memory,
                    uint64_t pages,
                    struct error *error) {
    bool grown = memory_grow(memory, pages) != refused(memory->declared);
    return grown ||
           cannot_grow(memory->vm, vm_memory_type(memory), pages, error);
}

/* ---- tables ---- */

static bool element_fits(const struct table *table,
                         const struct vm_value *value,
                         struct error *error) {
    enum vm_type type = (enum vm_type)table->type.type;
    return value_fits(table->vm, value, type) ||
           error_set_value(error, "an element", value, type);
}

uint64_t vm_table_size(const struct table *table) {
    return table->size;
}

bool vm_table_get(const struct table *table,
                  uint64_t i,
                  struct vm_value *value) {
    if (i >= table->size)
        return false;
    value->type = (enum vm_type)table->type.type;
    value->of.ref = table->elements[i];
    return true;
}

bool vm_table_set(struct table *table,
                  uint64_t i,
                  const struct vm_value *value,
                  struct error *error) {
    if (i >= table->size) {
        return error_set(error,
                         ERROR_USAGE,
                         "element %llu of a table that has %llu",
                         (unsigned long long)i,
                         (unsigned long long)table->size);
    }
    if (!element_fits(table, value, error))
        return false;
    table->elements[i] = value->of.ref;
    return true;
}

bool vm_table_grow(struct table *table,
                   uint64_t count,
                   const struct vm_value *value,
                   struct error *error) {
    if (!element_fits(table, value, error))
        return false;
    bool grown =
        table_grow(table, count, value->of.ref) != refused(table->type.limits);
    return grown || cannot_grow(table->vm, vm_table_type(table), count, error);
}

/* ---- globals ---- */

bool vm_global_set(struct global *global,
                   const struct vm_value *value,
                   struct error *error) {
    enum vm_type type = (enum vm_type)global->type;
    if (!global->is_mutable)
        return error_set(error, ERROR_USAGE, "the global is immutable");
    if (!value_fits(global->vm, value, type))
        return error_set_value(error, "the global", value, type);
    value_put(global->value, value);
    return true;
}
