/* The names of functions and the places of code: see names.c. */
#ifndef HOSTEL_VM_LISTING_NAMES_H
#define HOSTEL_VM_LISTING_NAMES_H

#include "vm/debug/debug.h"
#include "vm/module.h"

/* The name that the name section gives to a function, or else the debugging
 * information, which has the better one if the former is a linker's; empty if
 * none. */
struct slice module_function_name(struct module *module, uint32_t function);

/* Whether that is its name, or the name section's. */
bool module_function_is(struct module *module,
                        uint32_t function,
                        struct slice name);

/* What debug_places says of an instruction; at least one place, which may be
 * unknown. */
size_t module_places(struct module *module,
                     uint32_t offset,
                     struct arena *texts,
                     struct debug_place *places,
                     size_t capacity);

/* What debug_lines says of the module's code. */
struct debug_lines module_lines(struct module *module);

#endif
