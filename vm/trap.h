/* Traps: the ways a guest's execution ends abnormally, with the texts of the
 * spec suite. */
#ifndef HOSTEL_VM_TRAP_H
#define HOSTEL_VM_TRAP_H

#include "base/base.h"

/* name, kind of error, text */
#define TRAPS(X)                                                               \
    X(UNREACHABLE, TRAP, "unreachable executed")                               \
    X(DIVIDE_BY_ZERO, TRAP, "integer divide by zero")                          \
    X(INTEGER_OVERFLOW, TRAP, "integer overflow")                              \
    X(INVALID_CONVERSION, TRAP, "invalid conversion to integer")               \
    X(MEMORY_BOUNDS, TRAP, "out of bounds memory access")                      \
    X(TABLE_BOUNDS, TRAP, "out of bounds table access")                        \
    X(UNDEFINED_ELEMENT, TRAP, "undefined element")                            \
    X(UNINITIALIZED_ELEMENT, TRAP, "uninitialized element")                    \
    X(INDIRECT_TYPE, TRAP, "indirect call type mismatch")                      \
    X(EXCEPTION, TRAP, "uncaught exception")                                   \
    X(NULL_EXCEPTION, TRAP, "null exception reference")                        \
    X(EXCEPTION_MEMORY,                                                        \
      EXHAUSTION,                                                              \
      "out of memory for exceptions: 64 MiB may be referred to")               \
    X(STACK,                                                                   \
      EXHAUSTION,                                                              \
      "call stack exhausted: raise --max-stack if the guest needs more")       \
    X(FUEL,                                                                    \
      EXHAUSTION,                                                              \
      "all fuel consumed: raise --fuel if the guest needs more")               \
    X(TIME,                                                                    \
      EXHAUSTION,                                                              \
      "time limit exceeded: raise --timeout if the guest needs more")          \
    X(INTERRUPT, EXHAUSTION, "interrupted by the host")                        \
    X(REPORTED,                                                                \
      TRAP,                                                                    \
      "failed") /* a host function or translation has set the error */

enum trap {
    TRAP_NONE,
#define X(name, kind, text) TRAP_##name,
    TRAPS(X)
#undef X
};

/* Sets the error of a trap; returns false. */
bool error_set_trap(struct error *error, enum trap trap);

/* Sets the error of memory that was just refused for `what`: by the limit, or
 * by the system. Returns false. */
struct vm;
bool error_set_memory(const struct vm *vm,
                      struct error *error,
                      const char *what);

#endif
