/* Exceptions at run time: see exception.c. */
#ifndef HOSTEL_VM_EXCEPTIONS_EXCEPTION_H
#define HOSTEL_VM_EXCEPTIONS_EXCEPTION_H

#include "vm/store.h"

/* A thrown exception; a reference to it is its address. Those no longer
 * referred to are freed when many have been made. */
struct exception {
    struct exception *next;
    const struct tag *tag;
    bool marked;
    uint64_t values[]; /* the tag's parameters, in slots */
};

/* Of a vm, from the first that is thrown on. */
struct exceptions {
    struct exception *first; /* owned; all of them */
    size_t count, limit;
    size_t bytes;
    struct exception *thrown; /* the last one */
    struct position caught;   /* where the last one was */
};

/* Make the exception that the throwing cell `pc` says; it is left in
 * `thrown`. */
enum trap exception_new(struct instance *instance,
                        const struct cell *pc,
                        uint64_t *frame);

/* Find who catches an exception that is thrown at `pc`, and hand it its values;
 * where it goes on is left in `caught`. TRAP_EXCEPTION if nobody does before
 * the frame that the host called. */
enum trap exception_catch(struct instance *instance,
                          const struct cell *pc,
                          uint64_t *frame,
                          struct exception *exception);

#endif
