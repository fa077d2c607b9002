/* What a host may ask of vm/objects; a part of vm.h. */
#ifndef HOSTEL_VM_OBJECTS_API_H
#define HOSTEL_VM_OBJECTS_API_H

#include "vm/vm.h"

/* ---- memories, tables and globals that the host makes ---- */

/* Provide a memory, all zeros; a table of funcref or externref, all null; or a
 * global. A later definition of the same name wins, of whatever kind, for
 * instances that are still to come; `module` and `name` are borrowed as by
 * vm_define.
 * Each draws from the vm's budget and table_elements until vm_close.
 *
 * It is linked to an import that wants the same, or less: a smaller minimum, or
 * no maximum, or a larger one. Else vm_instantiate is ERROR_UNLINKABLE, for the
 * sizes as they are then. The `type` of an import that was listed, as
 * vm_import_at gives it, makes what fits it.
 *
 * NULL and ERROR_USAGE if the type is of another kind, its limits are none, or
 * the value none of the host's; ERROR_IO if memory is refused. */
struct memory *vm_define_memory(struct vm *vm,
                                const char *module,
                                const char *name,
                                const struct extern_type *type,
                                struct error *error);
struct table *vm_define_table(struct vm *vm,
                              const char *module,
                              const char *name,
                              const struct extern_type *type,
                              struct error *error);
struct global *vm_define_global(struct vm *vm,
                                const char *module,
                                const char *name,
                                bool is_mutable,
                                const struct vm_value *value,
                                struct error *error);

/* ---- those that guests export, and these ---- */

/* An export of that kind and name, which may be what the instance imports; or
 * NULL. */
struct memory *vm_find_memory(const struct instance *instance,
                              struct slice name);
struct table *vm_find_table(const struct instance *instance, struct slice name);

/* All of these may be called from a host function, too: the guest goes on with
 * what it finds. */

/* The type it was declared with, but for the minimum, which is its present
 * size. */
struct extern_type vm_memory_type(const struct memory *memory);
struct extern_type vm_table_type(const struct table *table);
struct extern_type vm_global_type(const struct global *global);

uint64_t vm_memory_size(const struct memory *memory); /* bytes */

/* Add so many pages of 64 KiB, zeros, or elements that are `value`. If its
 * maximum or the vm's limits forbid it, or memory is refused, ERROR_EXHAUSTION,
 * and it stays as it is. */
bool vm_memory_grow(struct memory *memory, uint64_t pages, struct error *error);
bool vm_table_grow(struct table *table,
                   uint64_t count,
                   const struct vm_value *value,
                   struct error *error);

uint64_t vm_table_size(const struct table *table); /* elements */

/* Element `i`; false if there are not so many. */
bool vm_table_get(const struct table *table,
                  uint64_t i,
                  struct vm_value *value);

/* ERROR_USAGE if there are not so many elements, the value is of another type,
 * a function of another vm, or an exception. */
bool vm_table_set(struct table *table,
                  uint64_t i,
                  const struct vm_value *value,
                  struct error *error);

/* The same for a global, which must be mutable; vm.h has vm_global_get. */
bool vm_global_set(struct global *global,
                   const struct vm_value *value,
                   struct error *error);

#endif
