/* A run whose steps are kept, to be gone through on a page. */
#ifndef HOSTEL_VM_LISTING_STEPS_H
#define HOSTEL_VM_LISTING_STEPS_H

#include "vm/listing/watch.h"

enum {
    STEPS_MAX = 5000,     /* at most; then the run is ended */
    SLOTS_FOLLOWED = 256, /* of a frame: those behind are not followed */
    LINES_FOLLOWED = 64,  /* of memory: the first that are touched */
    LINE_BYTES = 16,      /* of such a line */
};

/* Bytes of a memory that have been touched, as the page has them. */
struct touched_line {
    uint32_t memory; /* its index */
    uint64_t at;
    uint8_t bytes[LINE_BYTES];
};

struct stepping {
    struct observer observer; /* first: it is given back to our functions */
    struct nesting nesting;
    struct budget *memory; /* what all here is drawn from */
    struct module *module; /* or NULL: it is gone */
    uint32_t function;     /* the only one that is followed, if `only` */
    bool only;

    struct buffer steps; /* JSON: arrays, with commas between */
    uint32_t count;
    bool full, failed;

    const uint64_t *bottom; /* of the value stack */
    uint64_t *slots;        /* owned; what the page has of it */
    size_t slot_capacity;
    struct touched_line lines[LINES_FOLLOWED];
    uint32_t line_count;

    /* The cell before, whose writes are told with the next. */
    struct machine before;
    enum op before_op;
};

/* Begin to keep the steps of a vm: its observer from now on. Owned by the vm.
 * NULL without memory. */
struct stepping *keep_steps(struct module *module);

/* What has been kept of the module, or NULL. */
const struct stepping *stepping_of(const struct module *module);

#endif
