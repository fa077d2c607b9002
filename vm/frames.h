/* Frames on the value stack: how to walk them outward, and those that are
 * called from another instance. */
#ifndef HOSTEL_VM_FRAMES_H
#define HOSTEL_VM_FRAMES_H

#include "vm/store.h"

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

/* Who called the frame, whose link is vm->foreign. */
struct position foreign_caller(const uint64_t *callee);

/* Copy the results of such a frame to the caller's window. */
struct position foreign_return(const uint64_t *callee);

#endif
