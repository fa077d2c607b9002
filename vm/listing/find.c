/* The function that a user means. */
#include "vm/listing/listing.h"

#include "vm/listing/names.h"
#include "vm/store.h"

#include <string.h>

/* Digits alone are an index; false if it is none. */
static bool read_index(const char *text, uint32_t *index) {
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (!ascii_is_digit(*text))
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *index = (uint32_t)number;
    return true;
}

/* By the name that a backtrace calls it, or a linker: the first of several. */
static bool
find_name(struct module *module, struct slice name, uint32_t *function) {
    for (uint32_t i = 0; i < module->function_count; i++) {
        if (!listing_line(module))
            return false;
        if (!module_function_is(module, i, name))
            continue;
        *function = i;
        return true;
    }
    return false;
}

/* A number is an index even if a function is called so; then exports come before
 * other names, since only they are unique. */
static bool find(struct module *module, const char *name, uint32_t *function) {
    if (read_index(name, function))
        return *function < module->function_count;
    const struct vm_export *export = module_find_export(module, slice_of(name));
    if (export && export->kind == VM_FUNCTION) {
        *function = export->index;
        return true;
    }
    return find_name(module, slice_of(name), function);
}

/* An imported function has a name and an index, but nothing to show. */
bool function_named(struct module *module,
                    const char *name,
                    uint32_t *function,
                    struct error *error) {
    struct shown shown = shown_text(name, 120);
    if (!*name || !find(module, name, function)) {
        return error_set(error,
                         ERROR_USAGE,
                         "there is no function '%s'; hostel dump lists those "
                         "that there are",
                         shown.text);
    }
    if (*function >= module->imported_functions)
        return true;
    return error_set(error,
                     ERROR_USAGE,
                     "function '%s' is imported: there is no code of it",
                     shown.text);
}
