/* Counting what the vm does for a module. The Makefile compiles the vm so that
 * it tells of every block of code it enters, and links it so that it allocates
 * and moves memory by the functions below. Of a program one file includes
 * this. */
#ifndef HOSTEL_TESTS_UNIT_VM_COST_H
#define HOSTEL_TESTS_UNIT_VM_COST_H

#include "tests/unit/vm_module.h"
#include "vm/exceptions/tries.h"

/* What loading, translating and instantiating a module costs, in counts that
 * are always the same. The last three are told by the vm's own code, as the
 * Makefile has it compiled and linked. */
enum {
    KEPT,      /* bytes of the arena and of the code with what belongs to it */
    ALLOCATED, /* bytes, freed ones included */
    MOVED,     /* bytes, by memcpy and the like */
    ENTERED,   /* basic blocks of code */
    COSTS
};

static const char *const cost_names[] = {
    "bytes kept", "bytes allocated", "bytes moved", "blocks of code entered"};
static size_t cost[COSTS];

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    cost[ENTERED]++;
}

/* Define the function that is called in place of `name`; `size` is what is
 * counted. */
#define COUNT(kind, size, type, name, parameters, ...)                         \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters {                                            \
        cost[kind] += size;                                                    \
        return __real_##name(__VA_ARGS__);                                     \
    }

COUNT(ALLOCATED, size, void *, malloc, (size_t size), size)
COUNT(ALLOCATED,
      count *size,
      void *,
      calloc,
      (size_t count, size_t size),
      count,
      size)
COUNT(ALLOCATED, size, void *, realloc, (void *old, size_t size), old, size)
COUNT(MOVED,
      size,
      void *,
      memcpy,
      (void *to, const void *from, size_t size),
      to,
      from,
      size)
COUNT(MOVED,
      size,
      void *,
      memmove,
      (void *to, const void *from, size_t size),
      to,
      from,
      size)
COUNT(MOVED,
      size,
      void *,
      memset,
      (void *to, int byte, size_t size),
      to,
      byte,
      size)

static void count_cost(void (*make)(struct buffer *m, uint32_t n), uint32_t n) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    guest.bytes = empty();
    PUT(&guest.bytes, MODULE_START);
    make(&guest.bytes, n);
    memset(cost, 0, sizeof cost);
    guest.module = vm_load(guest.vm, buffer_slice(&guest.bytes), &error);
    if (!guest.module)
        fail_msg("%s", error.text);
    translate_all(guest.module, &error);
    if (error.kind)
        fail_msg("%s", error.text);
    guest_start(&guest);
    const struct module *m = guest.module;
    const struct code *code = &m->code;
    cost[KEPT] =
        m->arena.allocated +
        code->cell_count * (sizeof *code->cells + sizeof *code->offsets);
    const struct tries *tries = code->tries;
    if (tries) {
        cost[KEPT] += tries->range_count * sizeof *tries->ranges +
                      tries->clause_count * sizeof *tries->clauses;
    }
    guest_close(&guest);
}

#endif
