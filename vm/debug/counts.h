/* Counting what is executed, exactly: the ground of profiles and coverage.
 *
 * In a module of which is counted, the translator begins every block of code,
 * a run of cells that is entered at its first and left behind its last, by a
 * cell that counts (ops.def). The counter is the data cell behind it, so that
 * counting looks up nothing:
 *
 *     loop                      count        imm=3    cells of the block; the counter
 *       ...                     i32_add_ss
 *       ...                     i32_store_ss
 *       br_if 1                 br_unless_r           ends the block
 *                               count        imm=2    what is executed if it is not taken
 *
 * What begins a block: a function, a loop, what a branch leads to, what is
 * behind a conditional branch, a clause that catches. A call does not end one.
 * So a block that was begun may be left in its midst: by a trap, or by what is
 * called, which never returns. From where it was left on it has a deficit,
 * which is kept by the cell.
 *
 * If calls are counted too, a tree is kept of the functions on the stack: each
 * of its nodes is a stack that there was, and has what was executed with it.
 * The node of a frame is in a slot of the frame, before the locals: so whatever
 * way the execution comes back to the frame, its node is at hand.
 *
 *     count_call       at the beginning of a function: find its node, by its caller's
 *     count_own        where another block begins
 *     count_paid       the same where fuel is charged: at loops, and in long straight code
 *     count_charged    behind what is charged by its size, such as memory.fill
 *
 * Functions of the host are counted by one that calls them in their place;
 * which node calls them says count_site.
 *
 * None of these cells is itself counted, nor charged for: the fuel is what it
 * is without (but that the marking of exceptions looks at a larger stack). In a
 * module of which nothing is counted there are none. */
#ifndef HOSTEL_VM_DEBUG_COUNTS_H
#define HOSTEL_VM_DEBUG_COUNTS_H

#include "vm/meter.h"
#include "vm/observer.h"
#include "vm/store.h"

/* A function of the host that a guest imports. */
struct host_function {
    struct counts *counts;
    vm_host_function function;
    void *context;
    struct slice module, name; /* copies */
    uint64_t calls;
    int64_t time_ns;
    uint32_t id;
};

/* A function, by a number of its own among all of the vm's: number 0 is the
 * host's own code, 1 the rest of all stacks. */
enum { ID_HOST, ID_REST, FIRST_ID };
struct counted_function {
    struct module *module;      /* or NULL: the host's, or one that is gone */
    uint32_t function;          /* in it */
    struct host_function *host; /* or NULL */
};

/* Of each frame, if calls are counted: its node. */
enum { SLOT_NODE = SLOT_LOCALS };

/* A stack: the function on top of it, called from a place in the function of
 * the parent. */
enum { RECENT = 8 };
struct call_node {
    uint64_t own;   /* operations executed in it */
    uint64_t calls; /* how often it was called */
    int64_t fuel;   /* units charged in it */
    /* Its first cell, or NULL; and the cell that called, or 0 if that may be
     * any in the parent's function, since this one is on the stack already. */
    const struct cell *code;
    uint64_t site;
    uint32_t id; /* of the function */
    uint32_t depth;
    uint32_t rank, stack, index;      /* of profile.c */
    struct call_node *recent[RECENT]; /* what it called last, or no_node */
    struct call_node *parent;         /* NULL of the root */
    struct call_node *next; /* all, in the order in which they were made */
};

/* Where a callee of a node is kept, so that calls that take turns find theirs. */
static inline struct call_node **
counts_recent(struct call_node *node, uint32_t id, uint64_t site) {
    return &node->recent[(id ^ site / sizeof(struct cell)) % RECENT];
}

struct module_counts;

struct counts {
    struct observer observer; /* first: it is given back to our functions */
    int64_t by_size;          /* units that were charged so, and nodes have */
    bool calls;               /* they are counted */

    struct vm *vm;
    struct budget *memory; /* what all here is drawn from */
    struct arena arena;
    struct module_counts *modules;      /* owned */
    struct counted_function *functions; /* owned; by their numbers */
    size_t function_count, function_capacity;
    struct call_node *node;  /* what calls the host, or is the host's */
    const struct cell *site; /* the cell that does, or NULL */

    struct call_node root, no_node;
    struct call_node rest;     /* all stacks for which there was no room */
    struct call_node *newest;  /* the list of all begins at the root */
    struct call_node **places; /* owned: a hash table of them */
    size_t place_count, node_count;
    uint64_t frames;         /* of all stacks together */
    struct call_node *outer; /* from which the host calls guests */
    bool incomplete;         /* a deficit was lost, for want of memory */
};

/* ---- for the handlers ---- */

/* What was charged by size is the node's. */
void counts_charge(struct counts *counts, struct call_node *node);

/* The node of a function that begins there. */
struct call_node *counts_enter(struct position at);

/* ---- for who asks how often something was executed ---- */

/* Instructions from the one at byte `from` of the module on, up to the next
 * piece's, were all executed so often. Code that no path leads to is in no
 * piece: `count` is 0 there. */
struct counted_piece {
    uint32_t from;
    uint64_t count;
};

/* Conditional branches: `if` and br_if. */
struct counted_branch {
    uint32_t offset;
    uint64_t held, failed; /* the condition */
};

/* A cell, and the instruction it came from. */
struct counted_cell {
    uint32_t cell, offset;
    uint64_t count;
    uint64_t fuel; /* units that it was charged */
};

/* What is known of a function: arrays, ascending by offset, but that of cells,
 * which are in the order of the code. */
struct function_counts {
    struct budget *memory;
    struct counted_piece *pieces;
    struct counted_branch *branches;
    struct counted_cell *cells;
    size_t piece_count, piece_capacity;
    size_t branch_count, branch_capacity;
    size_t cell_count, cell_capacity;
};

/* Of a module's function; of one that was never translated, and so never
 * executed, there is nothing. False without memory; to be freed either way. */
bool function_counts_read(struct function_counts *counts,
                          const struct module *module,
                          uint32_t function);
void function_counts_free(struct function_counts *counts);

/* The first piece that begins behind the offset; the one before it, if there is
 * one, has the instruction there. */
size_t function_counts_behind(const struct function_counts *counts,
                              uint32_t offset);

/* ---- what the files of this folder share ---- */

/* Where a block begins in the module's bytes, and by which cell; NO_CELL: from
 * here on no code is reached. */
struct counted_run {
    uint32_t offset, cell, at; /* at: the number of cells then */
};

struct deficit {
    uint32_t cell; /* those behind it were not executed */
    uint32_t rest; /* how many they are, up to the end of the block */
    uint64_t count;
};

struct module_counts {
    struct module_counts *next;
    struct module *module;
    struct counted_run *runs; /* owned; in the order of the code */
    size_t run_count, run_capacity;
    struct deficit *deficits; /* owned; a hash table, by cell */
    size_t deficit_count, deficit_capacity;
    bool dead; /* the last run says so */
};

/* NULL if nothing of the module is counted. */
struct module_counts *module_counts_of(const struct counts *counts,
                                       const struct module *module);

/* ---- calls.c ---- */

/* The number of a new function, or ID_HOST without memory. */
uint32_t counts_number(struct counts *counts, struct counted_function function);

/* Of a node's. */
const struct counted_function *function_of(const struct counts *counts,
                                           const struct call_node *node);

void calls_init(struct counts *counts);
void calls_free(struct counts *counts);

/* The module goes; what was executed of it stays. */
void calls_forget(struct counts *counts, const struct module *module);

/* Of the frame of a position. */
struct call_node *node_at(const struct position *at);

/* What the host called has ended. */
void calls_return(struct counts *counts);

#endif
