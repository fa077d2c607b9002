/* A profile: what counts.h has counted, as all formats need it.
 *
 *     profile.c      the functions by name; the stacks, one for each row of names
 *     folded.c       a line for each stack
 *     callgrind.c    lines of the source, and calls between functions
 *     flame.c        a picture of the stacks */
#ifndef HOSTEL_VM_DEBUG_PROFILE_H
#define HOSTEL_VM_DEBUG_PROFILE_H

#include "vm/debug/counts.h"

struct cost {
    uint64_t cells; /* operations executed */
    uint64_t fuel;  /* units charged */
    uint64_t calls; /* of functions of the host's */
};

/* A function on top of the stack of its parent; those with equal names are
 * one. */
struct stack {
    uint32_t parent; /* 0 is the root: all */
    uint32_t id;     /* of a function of that name */
    uint32_t depth;
    uint32_t first, count; /* its own children, by name */
    struct cost own, all;
    uint64_t calls;
};

struct profile {
    const struct counts *counts;
    struct budget *memory;
    struct arena texts;
    const char *program;
    const char **names; /* owned; by the numbers of functions: printable */
    uint32_t *ranks;    /* owned; equal for equal names, and in their order */
    size_t function_count;
    struct call_node **nodes; /* owned; but for the root, by depth */
    size_t node_count;
    struct stack *stacks; /* owned; parents before children */
    size_t stack_count;
    bool cut; /* there were more stacks than there was room for */
};

static inline void cost_add(struct cost *sum, struct cost cost) {
    sum->cells += cost.cells;
    sum->fuel += cost.fuel;
    sum->calls += cost.calls;
}

static inline bool cost_is_none(struct cost cost) {
    return cost.cells == 0 && cost.fuel == 0 && cost.calls == 0;
}

struct cost cost_of_node(const struct counts *counts,
                         const struct call_node *node);

/* Whose stack a node's is on top of. */
const struct call_node *node_parent(const struct counts *counts,
                                    const struct call_node *node);

bool is_host(const struct profile *profile, uint32_t id);

/* False without memory. */
bool folded_write(const struct profile *profile, FILE *out);
bool callgrind_write(struct profile *profile, FILE *out);
bool flame_write(const struct profile *profile, FILE *out);

#endif
