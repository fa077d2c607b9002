/* What is called of a module.
 *
 * With --invoke NAME first `_initialize`, if it is exported, then NAME; without
 * it `_start`. These are the two kinds of modules WASI knows: a command, which
 * runs once from `_start`, and a reactor, a library whose constructors
 * `_initialize` runs. A third kind is older than WASI: a module that is neither
 * and has a start function has run when it is instantiated. */
#include "entry.h"

#include "values.h"

#include <string.h>

enum { LISTED_EXPORTS = 20 };

/* The type of the module's exported function `name`, or NULL. */
static const struct func_type *exported_type(const struct module *module,
                                             const char *name) {
    for (size_t i = 0; i < vm_export_count(module); i++) {
        struct vm_export export = vm_export_at(module, i);
        if (export.kind == VM_FUNCTION && slice_is(export.name, name)) {
            return vm_export_type(module, i).function;
        }
    }
    return NULL;
}

/* Say that the entry is missing, and which functions there are. */
static bool no_entry(const struct entry *entry,
                     const struct module *module,
                     struct error *error) {
    struct buffer list;
    buffer_init(&list, 200); /* the text of an error has room for it */
    size_t count = 0;
    for (size_t i = 0; i < vm_export_count(module) && !list.failed; i++) {
        struct vm_export export = vm_export_at(module, i);
        if (export.kind != VM_FUNCTION)
            continue;

        if (++count > LISTED_EXPORTS)
            list.failed = true;
        const char *before = list.size ? ", " : "";
        struct shown name = shown(export.name, 40);
        buffer_printf(&list, "%s%s", before, name.text);
    }

    const char *option = entry->invoked ? "--invoke " : "";
    struct shown names = shown(buffer_slice(&list), 200);
    const char *more = list.failed ? ", ..." : "";
    const char *advice = entry->invoked ? "" : "; call one with --invoke NAME";
    if (count == 0) {
        names = shown_text("none", 200);
        advice = "";
    }
    error_set(
        error,
        ERROR_USAGE,
        "%s%s: no such export in this module; functions it exports: %s%s%s",
        option,
        shown_text(entry->name, 80).text,
        names.text,
        more,
        advice);
    buffer_free(&list);
    return false;
}

/* True if the module does not export `name`, or with the type WASI demands. */
static bool takes_nothing(const struct module *module,
                          const char *name,
                          struct error *error) {
    const struct func_type *type = exported_type(module, name);
    if (!type || type->param_count + type->result_count == 0)
        return true;
    return error_set(error,
                     ERROR_INVALID,
                     "%s must have neither parameters nor results",
                     name);
}

static bool is_start_only(const struct module *module) {
    return vm_has_start(module) && !exported_type(module, "_start") &&
           !exported_type(module, "_initialize");
}

bool entry_choose(struct entry *entry,
                  const struct module *module,
                  struct arena *arena,
                  struct error *error) {
    entry->invoked = entry->name != NULL;
    if (!entry->invoked && is_start_only(module))
        return true;
    if (!entry->invoked)
        entry->name = "_start";
    entry->type = exported_type(module, entry->name);
    if (!entry->type)
        return no_entry(entry, module, error);
    const char *first = entry->invoked ? "_initialize" : "_start";
    if (!takes_nothing(module, first, error))
        return false;

    const struct func_type *type = entry->type;
    entry->values =
        arena_alloc(arena, type->param_count, sizeof *entry->values);
    entry->results =
        arena_alloc(arena, type->result_count, sizeof *entry->results);
    if (!entry->values || !entry->results)
        return error_set(error, ERROR_IO, "out of memory");
    struct values_source source = {
        .function = entry->name,
        .type = type,
        .texts = entry->arguments,
        .count = entry->invoked ? entry->argument_count : 0};
    return values_read(&source, entry->values, error);
}

bool entry_initialize(struct instance *instance, struct error *error) {
    struct function *initialize =
        vm_find_function(instance, slice_of("_initialize"));
    return !initialize || vm_call(initialize, NULL, 0, NULL, error);
}

bool entry_call(const struct entry *entry,
                struct instance *instance,
                struct error *error) {
    if (!entry->name)
        return true;
    bool initializes =
        entry->invoked && strcmp(entry->name, "_initialize") != 0;
    if (initializes && !entry_initialize(instance, error))
        return false;
    struct function *function =
        vm_find_function(instance, slice_of(entry->name));
    return vm_call(function,
                   entry->values,
                   entry->type->param_count,
                   entry->results,
                   error);
}
