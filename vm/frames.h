/* Frames on the value stack: how to walk them outward, and those that are
 * called from another instance. */
#ifndef HOSTEL_VM_FRAMES_H
#define HOSTEL_VM_FRAMES_H

#include "vm/numeric.h"
#include "vm/store.h"

/* An address as the interpreter carries it: a double of the same bits. */
static inline double carrier_of(const void *address) {
    return f64_from_bits((uintptr_t)address);
}

static inline uintptr_t address_of(double carrier) {
    return (uintptr_t)f64_bits(carrier);
}

static inline double home_of(const struct instance *instance) {
    return carrier_of(instance);
}

static inline struct instance *instance_at(double home) {
    return (struct instance *)address_of(home);
}

/* What a frame begins with, for which there is room: link and caller, as slots
 * hold them, and locals that are 0. These are cleared by a fixed number of slots,
 * since how often a loop goes round that has as many rounds as there are locals
 * is guessed wrong where functions take turns. What lies behind the locals has
 * nothing in it yet; the stack ends with SPARE_SLOTS. */
static inline void frame_fill(const struct cell *entry,
                              uint64_t *frame,
                              uint64_t link,
                              uint64_t caller) {
    enum { CLEARED = 8 };
    frame[SLOT_LINK] = link;
    frame[SLOT_CALLER] = caller;
    for (unsigned i = entry->d; i < entry->a; i += CLEARED)
        memset(&frame[i], 0, CLEARED * sizeof *frame);
}

/* Leave the interpreter: says where it was, and gives the budget back to the
 * meter. Nothing is resumed, so that the accumulators are lost. Not in exec.c,
 * where it would become part of every handler that may trap. */
enum trap execution_left(const struct cell *pc,
                         uint64_t *frame,
                         enum trap trap,
                         double home,
                         double budget);

/* Where the frame was called from: `instance` is its own. If the host called it,
 * the cell is vm->halt. */
struct position frame_caller(const uint64_t *frame, struct instance *instance);

/* Move to the calling frame; false if the host called this one. */
bool position_outward(struct position *at);

/* Add the guest frames from the position outward to the backtrace. */
void backtrace_record(struct vm *vm, struct position at);

/* Lay out the callee's frame above the window that `link` says; NULL if the
 * stack is used up. `link`, `frame` and `instance` are the caller's. */
uint64_t *foreign_frame(const struct function *function,
                        const struct cell *link,
                        uint64_t *frame,
                        struct instance *instance);

/* The same for any caller, with arguments that are anywhere. */
uint64_t *foreign_frame_for(const struct function *function,
                            struct position caller,
                            const uint64_t *args);

/* Copy the results of a frame whose link is vm->foreign to the window of who
 * called it. `args` is what is in SLOT_CALLER there: where its arguments were,
 * and its results are. */
struct position foreign_return(const uint64_t *args);

#endif
