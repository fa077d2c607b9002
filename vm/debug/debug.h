/* What a module's debugging information says about its code: DWARF, as compilers leave it in custom
 * sections (https://yurydelendik.github.io/webassembly-dwarf/).
 *
 * It is the guest's word, and only a hint. Nothing here fails: what is damaged, unknown or absent
 * has no name, as if it were not there. All of it is read at once when it is opened, with work and
 * memory in step with the sections' size; whoever does not ask pays nothing.
 *
 * This folder needs nothing of the vm but the module's bytes.
 */
#ifndef HOSTEL_VM_DEBUG_DEBUG_H
#define HOSTEL_VM_DEBUG_DEBUG_H

#include "base/base.h"

struct debug; /* what is known of one module */

/* Read what the module (borrowed, as long as this lives) says. NULL without memory, which is drawn
 * from the budget. */
struct debug *debug_open(struct slice module, struct budget *memory);
void debug_free(struct debug *debug); /* or NULL */

/* The name of the function whose body is number `body` in the code section: its own behind those of
 * the namespaces and classes it stands in, with "::" between. A stranger's bytes; empty if unknown.
 */
struct slice debug_function_name(const struct debug *debug, uint32_t body);

#endif
