/* Where exceptions are caught in the code of a module: what try.c makes and
 * exception.c searches. */
#ifndef HOSTEL_VM_EXCEPTIONS_TRIES_H
#define HOSTEL_VM_EXCEPTIONS_TRIES_H

#include "vm/code.h"

/* A part of a function's code in which exceptions are caught. A function's
 * ranges are in the order in which they end, so that the first that fits is the
 * innermost; `depth` counts the blocks around it. One that delegates hands all
 * its exceptions to those of at most the depth `delegate`. */
struct try_range {
    uint32_t first, end; /* cells */
    uint32_t depth, delegate;
    uint32_t clause; /* the first, in order, or NO_CLAUSE */
};

enum exception_reference { REFERENCE_NONE, REFERENCE_BEFORE, REFERENCE_AFTER };

/* What to do with an exception of a tag, or of any if it is ANY_TAG: write its
 * values to the slots from `slot` on, with a reference to itself before or
 * behind them, and go on at `landing`. */
struct catch_clause {
    uint32_t tag, landing, next;
    uint16_t slot;
    uint8_t reference; /* enum exception_reference */
};

#define NO_CLAUSE   UINT32_MAX
#define NO_DELEGATE UINT32_MAX
#define ANY_TAG     UINT32_MAX

/* Of all functions that have been translated, in the order of their code. */
struct tries {
    struct try_range *ranges; /* owned */
    uint32_t range_count;
    size_t range_capacity;
    struct catch_clause *clauses; /* owned */
    uint32_t clause_count;
    size_t clause_capacity;
};

/* Append one; NULL without memory. */
struct try_range *tries_add_range(struct code *code);
struct catch_clause *tries_add_clause(struct code *code);

/* The first range of the function whose code begins at the cell `entry`, or of
 * one behind it. */
uint32_t tries_first(const struct tries *tries, uint32_t entry);

#endif
