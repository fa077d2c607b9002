/* Frames for tail calls into other instances: see tail.c. */
#ifndef HOSTEL_VM_TAIL_TAIL_H
#define HOSTEL_VM_TAIL_TAIL_H

#include "vm/store.h"

/* As foreign_frame (vm/frames.h): the caller is whoever called the frame that is
 * left. */
uint64_t *foreign_tail_frame(const struct function *function,
                             const struct cell *link,
                             uint64_t *frame,
                             struct instance *instance);

#endif
