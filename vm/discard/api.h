/* What a host may ask of vm/discard; a part of vm.h. */
#ifndef HOSTEL_VM_DISCARD_API_H
#define HOSTEL_VM_DISCARD_API_H

#include "vm/vm.h"

/* ---- giving back before the vm is closed ---- */

/* Give instances back, one or several that refer to each other, with their
 * memories, tables and globals and the memory that these hold. What the host
 * had of them is not valid any more; names under which they were registered are
 * free again.
 *
 * ERROR_USAGE if that cannot be, and they stay as they are: while a guest of
 * the vm runs; or if something refers to one of them, which the text names:
 * another instance that imports of it; a table, a global or an exception that
 * has a function of it. */
bool vm_discard(struct instance *const *instances,
                size_t count,
                struct error *error);

/* Give a module back, with its code; its bytes are not needed any more, and
 * frames of vm_backtrace not valid. ERROR_USAGE while a guest of the vm runs,
 * or an instance of the module is there. What stays with the vm are the types
 * of its functions, each once however many modules have it. */
bool vm_unload(struct module *module, struct error *error);

#endif
