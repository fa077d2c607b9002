/* Who watches functions being translated and run: vm/listing, or nobody.
 *
 * A vm has one observer at most. While there is none this costs nothing but a
 * look at a pointer for each call from the host. The interpreter does not look:
 * it tells of those cells alone that the observer has marked, by making them
 * OP_watched. What they do is in code->ops. */
#ifndef HOSTEL_VM_OBSERVER_H
#define HOSTEL_VM_OBSERVER_H

#include "base/base.h"
#include "vm/cell.h"

struct module;
struct translator;

/* The state of the interpreter; see exec.c. */
struct machine {
    const struct cell *pc;
    uint64_t *frame;
    struct instance *instance;
    uint64_t r0, q0, l0;
    double f0, g0, f1;
    float s0, s1;
};

/* Functions that an observer does not need are NULL, but for `translated`. */
struct observer {
    /* An instruction has been translated: it began at t->offset, and ends
     * where t->reader is. */
    void (*instruction)(struct observer *observer, const struct translator *t);

    /* So has all of a function, whose cells may be marked now. */
    void (*translated)(struct observer *observer,
                       struct module *module,
                       uint32_t function);

    /* A marked cell comes next; returns what it is to do. OP_COUNT ends the
     * run, and the vm's host_error says why. */
    enum op (*cell)(struct observer *observer, const struct machine *machine);

    /* What the host called has ended, by a trap perhaps; `frame` is where its
     * frames began. */
    void (*left)(struct observer *observer,
                 const uint64_t *frame,
                 enum trap trap);

    /* The module goes; its address may become another's. */
    void (*unloaded)(struct observer *observer, const struct module *module);

    /* The vm is closed. */
    void (*closed)(struct observer *observer);
};

/* What a marked cell is to do; the vm has an observer. By value, since a
 * handler in which an address was taken could not end by a jump. */
enum op observer_ask(struct machine machine);

#endif
