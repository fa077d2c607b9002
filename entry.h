/* What is called of a module, and with what. */
#ifndef HOSTEL_ENTRY_H
#define HOSTEL_ENTRY_H

#include "base/base.h"
#include "vm/vm.h"

struct entry {
    /* Of the function, or NULL: the module's start function is all. */
    const char *name;
    bool invoked;                 /* with --invoke */
    const char *const *arguments; /* of the command line, for an invoked one */
    size_t argument_count;
    const struct func_type *type;
    struct vm_value *values, *results; /* of that type, in the arena */
};

/* Find the function and read its arguments, before anything runs. `entry` has
 * the first fields; name is NULL if none was given. Errors: ERROR_USAGE if
 * there is no such export, or the values are wrong; ERROR_INVALID. */
bool entry_choose(struct entry *entry,
                  const struct module *module,
                  struct arena *arena,
                  struct error *error);

/* Call it, after `_initialize` if it is invoked. */
bool entry_call(const struct entry *entry,
                struct instance *instance,
                struct error *error);

/* Call `_initialize`, if the instance exports that. */
bool entry_initialize(struct instance *instance, struct error *error);

#endif
