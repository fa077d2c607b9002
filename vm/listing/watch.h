/* Cells that are watched: which they are, and what they are to do. */
#ifndef HOSTEL_VM_LISTING_WATCH_H
#define HOSTEL_VM_LISTING_WATCH_H

#include "vm/listing/listing.h"

/* Watch all cells of a function that has just been translated. */
void watch_function(struct module *module, uint32_t function);

/* What the watched cell is to do that comes next. */
enum op watched_op(const struct machine *machine);

/* A vm is watched by one only: ERROR_USAGE if it is already. */
bool watch_allowed(const struct vm *vm, struct error *error);

/* The frames whose cells are watched; a frame is known by its address, since
 * callees' frames lie higher. Zeroed, there are none. */
struct nesting {
    const uint64_t **frames; /* owned; outermost first */
    size_t count, capacity;
    bool entered;   /* the current cell is the first one of its frame */
    bool handed_on; /* the one before was a tail call, perhaps to the host */
};

/* The cell comes next, with its machine; false without memory. Then: what
 * becomes of the frame when it has been executed. */
bool nesting_enter(struct nesting *nesting, const struct cell_place *place);
void nesting_leave(struct nesting *nesting, enum op op);

/* There are no frames any more from this one on. */
void nesting_cut(struct nesting *nesting, const uint64_t *frame);
void nesting_free(struct nesting *nesting, struct budget *memory);

#endif
