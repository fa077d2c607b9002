/* Cells that are watched: which they are, and what they are to do. */
#ifndef HOSTEL_VM_LISTING_WATCH_H
#define HOSTEL_VM_LISTING_WATCH_H

#include "vm/listing/listing.h"

/* Zeroed, it has none. */
struct watch {
    struct watched_module *modules; /* owned */
};

/* Watch all cells of a function that has just been translated; false without
 * memory. */
bool watch_function(struct watch *watch, struct module *module,
                    uint32_t function);

/* What a watched cell is to do, and to do from now on. */
enum op watch_op(const struct watch *watch, const struct machine *machine);
void watch_change(struct watch *watch, struct module *module, uint32_t cell,
                  enum op op);

void watch_free(struct watch *watch);

#endif
