/* Who made a module, as far as its imports tell: see toolchains.c. */
#ifndef HOSTEL_TOOLCHAINS_H
#define HOSTEL_TOOLCHAINS_H

#include "vm/vm.h"

/* A sentence that says for what the module was made instead of hostel, and what to do; NULL if
 * none of its imports tells. */
const char *toolchain_advice(const struct module *module);

#endif
