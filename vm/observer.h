/* Who watches functions being translated: vm/listing, or nobody.
 *
 * A vm has one observer at most. While there is none this costs nothing but a
 * look at a pointer per instruction that is translated. */
#ifndef HOSTEL_VM_OBSERVER_H
#define HOSTEL_VM_OBSERVER_H

#include <stdint.h>

struct module;
struct translator;

struct observer {
    /* An instruction has been translated: it began at t->offset, and ends
     * where t->reader is. */
    void (*instruction)(struct observer *observer, const struct translator *t);

    /* So has all of a function. */
    void (*translated)(struct observer *observer, struct module *module,
                       uint32_t function);
};

#endif
