/* The exports of a module, to find them by their names.
 *
 * A module may have a million exports, and others may import all of them: so
 * there is a hash table, an array of at least twice as many places. An export
 * stands at its name's hash, or, if others have been there before, at the next
 * place that was free. The seed of the hash is the vm's own: nobody can make up
 * names that all want the same place. */
#include "vm/module.h"
#include "vm/store.h"

/* Where the name has its place, or would have it: what stands there is the
 * export of that name or NULL. */
static const struct vm_export **find(const struct module *module,
                                     struct slice name) {
    size_t mask = module->export_places - 1;
    size_t i = slice_hash(name, module->vm->types.seed) & mask;
    for (;; i = (i + 1) & mask) {
        const struct vm_export **place = &module->exports_by_name[i];
        if (!*place || slice_equal((*place)->name, name))
            return place;
    }
}

/* A place that may be in no cache, and a name that may be long. */
static bool pay_for(const struct module *module, struct slice name) {
    enum { LOOK_STEPS = 8 };
    uint64_t steps = LOOK_STEPS + VM_STEPS_OF(name.size);
    return meter_step(&module->vm->meter, steps);
}

/* Two of one name are refused (spec 3.4.10). */
void module_index_exports(struct module *module, struct reader *reader) {
    module->export_places = 1;
    while (module->export_places < 2 * (size_t)module->export_count)
        module->export_places *= 2;
    module->exports_by_name = arena_alloc(
        &module->arena, module->export_places, sizeof *module->exports_by_name);
    if (!module->exports_by_name) {
        reader_fail(reader, ERROR_IO, "out of memory: exports");
        return;
    }
    for (uint32_t i = 0; i < module->export_count && reader_ok(reader); i++) {
        const struct vm_export *export = &module->exports[i];
        const struct vm_export **place = find(module, export->name);
        if (*place) {
            reader_fail(reader,
                        ERROR_INVALID,
                        "duplicate export name %s",
                        quoted(export->name, 100).text);
        }
        *place = export;
        if (!pay_for(module, export->name))
            reader_time_out(module, reader);
    }
}

/* Without an export section there is no table. */
const struct vm_export *module_find_export(const struct module *module,
                                           struct slice name) {
    return module->exports_by_name ? *find(module, name) : NULL;
}
