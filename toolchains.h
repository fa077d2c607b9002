/* Who made a module, as far as it tells itself: see toolchains.c. */
#ifndef HOSTEL_TOOLCHAINS_H
#define HOSTEL_TOOLCHAINS_H

#include "vm/vm.h"

/* A sentence that says for what the module was made instead of hostel, and what
 * to do; NULL if nothing tells. `bytes` are its own. */
const char *toolchain_advice(const struct module *module, struct slice bytes);

/* Whether it is an object file, which is a module that was not linked yet;
 * `bytes` are its own. */
bool toolchain_unlinked(const struct module *module, struct slice bytes);

#endif
