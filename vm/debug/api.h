/* What a host may ask of vm/debug; a part of vm.h. */
#ifndef HOSTEL_VM_DEBUG_API_H
#define HOSTEL_VM_DEBUG_API_H

#include "vm/vm.h"

/* ---- counting what is executed ---- */

/* Count what is executed of all modules that are loaded from now on, and with
 * `calls` who calls whom; until the vm is closed. ERROR_USAGE if the vm is
 * traced, followed or counted already. */
bool vm_count(struct vm *vm, bool calls, struct error *error);

/* Write a profile of what has been counted, calls among it: the same for the
 * same run. Costs are the cells that were executed and the units of fuel that
 * were charged for them. ERROR_USAGE if calls were not counted. */
enum vm_profile_format {
    VM_PROFILE_CALLGRIND, /* for callgrind_annotate and KCachegrind */
    VM_PROFILE_FOLDED,    /* a line a stack: for flamegraph.pl and speedscope */
    VM_PROFILE_FLAME,     /* a flame graph, in SVG */
};

struct vm_profiling {
    struct vm *vm;
    enum vm_profile_format format;
    const char *name; /* of the program, for the title */
    FILE *out;
};

bool vm_profile(const struct vm_profiling *profiling, struct error *error);

/* What the host's functions took, which differs from run to run: those that
 * took longest, and longest first. Returns how many. */
struct vm_host_time {
    struct slice module, name;
    uint64_t calls;
    int64_t time_ns;
};

size_t
vm_host_times(const struct vm *vm, struct vm_host_time *times, size_t capacity);

/* ---- coverage ---- */

/* How often lines of the source were executed, functions called and conditional
 * branches decided: of what vms have executed, and of what tracefiles of lcov
 * say, which all adds up. Drawn from the budget, which may be NULL. NULL without
 * memory. */
struct vm_coverage;
struct vm_coverage *vm_coverage_open(struct budget *memory);
void vm_coverage_close(struct vm_coverage *coverage);

/* Add a tracefile (borrowed, as long as the coverage lives). ERROR_MALFORMED:
 * it is none, or has what could not be kept. */
bool vm_coverage_read(struct vm_coverage *coverage,
                      struct slice text,
                      struct error *error);

/* Of a vm of which is counted (vm_count). A file of the source has the path from
 * the directory that the compiler ran in on, or from the current one, if it is
 * there, which `is_there` says: NULL is yes. Those that are not are left out. */
struct vm_covering {
    struct vm *vm;
    bool (*is_there)(void *context, const char *path);
    void *context;
    size_t kept, left_out; /* results: how many files */
};

/* Add what has been executed of its modules. ERROR_IO if of none a file of the
 * source is known that is there. */
bool vm_coverage_add(struct vm_coverage *coverage,
                     struct vm_covering *asked,
                     struct error *error);

/* Write a tracefile of all of it: the same for the same. */
bool vm_coverage_write(struct vm_coverage *coverage,
                       FILE *out,
                       struct error *error);

#endif
