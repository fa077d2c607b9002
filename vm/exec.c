/* The interpreter: dispatch, first calls, calls to the host, and entry from
 * it.
 *
 * The state of execution is fourteen values, which the tail-calling form passes
 * from handler to handler in registers:
 *
 *     pc            the current cell              memory        base of memory 0
 *     frame         the current frame (cell.h)    r0, f0, s0    the accumulators
 *     home          whose code it is: the         q0, g0        what r0 and f0 were before
 *                   instance                      l0, f1, s1    copies of locals, and
 *     budget        units of fuel: vm/meter.h     loop          where the innermost loop
 *                                                               begins: vm/fusions/pins.c
 *
 * Registers for integers are few, six where the ABI is that of x86-64 Unix. So
 * two addresses that few handlers ask for travel among the floats: `home` and
 * `loop` are doubles that have the bits of an address. The size of the memory is
 * not passed on at all; it stands in front of the memory's first byte.
 *
 * The budget is a double too, which holds each number of units that there can be.
 * A short loop would wait for it round after round if it were in memory: sieve
 * took 1.3 times as long with --fuel, and takes 1.05. Whoever is called from here
 * and may look for it, or pay, finds it in the meter (OUTSIDE, forms.def).
 *
 * All frames are on the vm's value stack, one overlapping the next. The host
 * calls a function of one parameter with 10, which calls one of two with 5 and
 * 6 (the example of translate.c):
 *
 *     value      in the caller's frame     in the callee's frame
 *     10         local 0
 *     &halt      the link
 *                caller: nobody
 *                t0
 *     5          t1, the window            local 0
 *     6          t2, in the window         local 1
 *     &call                                the link: the cell that called
 *     frame                                caller: the caller's frame
 *                                          t0: 5 + 6
 *
 * A return writes 11 to where its parameters began, where the caller has its
 * window, and goes on behind the cell of the link, in the caller's frame.
 *
 * Dispatch comes in two forms over the same text, handlers.def. With tail calls
 * every handler is a function that ends by jumping to the next: the compiler
 * keeps the state in registers, and each handler has a jump of its own for the
 * branch predictor to learn. This needs clang's musttail or gcc's sibling calls
 * at -O2. The switch is for every other build, sanitizers among them.
 *
 * A trap stores where it happened and returns: there is nothing to unwind,
 * since guest frames are not C frames. Those of functions of another instance
 * are frames.c's. */
#include "vm/bulk/bulk.h"
#include "vm/debug/counts.h"
#include "vm/exceptions/exception.h"
#include "vm/frames.h"
#include "vm/fusions/pairs.h"
#include "vm/numeric.h"
#include "vm/observer.h"
#include "vm/rings.h"
#include "vm/saturating/saturating.h"
#include "vm/simd/lanes.h"
#include "vm/store.h"
#include "vm/tail/tail.h"
#include "vm/wide/wide.h"

#include <string.h>

#define PARAMETERS                                                             \
    const struct cell *pc, uint64_t *frame, uint8_t *memory, uint64_t r0,      \
        uint64_t q0, uint64_t l0, double home, double loop, double f0,         \
        double g0, double f1, float s0, float s1, double budget
#define ARGUMENTS                                                              \
    pc, frame, memory, r0, q0, l0, home, loop, f0, g0, f1, s0, s1, budget

#define INSTANCE    (instance_at(home))
#define MEMORY_SIZE (memory_bytes(memory))

/* ---- first calls ---- */

/* The body is valid, so this fails for want of memory or time only: reported
 * like a host's failure. */
static enum trap translate(struct module *module, uint32_t function) {
    struct error *error = module->vm->host_error;
    bool ok = module_translate(module, function, error);
    return ok ? TRAP_NONE : TRAP_REPORTED;
}

/* Make sure that a guest function has code. */
static enum trap function_prepare(struct function *function) {
    if (function->entry || function->host)
        return TRAP_NONE;
    const struct instance *instance = function->instance;
    struct module *module = instance->module;
    ptrdiff_t index =
        module->imported_functions + (function - instance->own_functions);
    enum trap trap = translate(module, (uint32_t)index);
    if (trap)
        return trap;
    uint32_t entry = module->functions[index].entry;
    function->entry = &module->code.cells[entry];
    return TRAP_NONE;
}

/* Let the cell, a first call, call the function directly from now on, by `op`.
 * The handlers have their own cell as const; to change it is the module's
 * right. */
static enum trap
link_call(const struct instance *instance, const struct cell *pc, enum op op) {
    struct module *module = instance->module;
    uint32_t function = (uint32_t)pc->tail.imm;
    uint32_t at = code_index(&module->code, pc);
    enum trap trap = translate(module, function);
    if (trap)
        return trap;
    struct cell *cell = &module->code.cells[at];
    bool watched = cell->head.wide == heads[OP_watched].wide;
    cell->tail.imm = (int32_t)(module->functions[function].entry - at);
    code_set_op(&module->code, at, op);
    if (watched)
        cell_set_op(cell, OP_watched);
    fusions_linked(module, at);
    return TRAP_NONE;
}

/* ---- calls to the host ---- */

/* If the host calls the guest in turn, that frame begins behind the window: the
 * caller has nothing there that it needs, since the arguments were on top of
 * its operands. */
static enum trap
call_host(const struct function *function, uint64_t *window, struct vm *vm) {
    const struct func_type *type = function->type;
    uint32_t params = type->param_slots;
    uint32_t results = type->result_slots;
    uint32_t taken = params > results ? params : results;
    uint64_t *top = vm->top;
    size_t traced = vm->trace_count;

    /* The host may call the guest, above the frame's live part. */
    vm->top = window + taken;
    bool ok = function->host(
        function->host_context, function->instance, window, vm->host_error);
    vm->top = top;
    if (!ok)
        return TRAP_REPORTED;

    /* A failed call that the host made good is forgotten. */
    vm->trace_count = traced;
    return meter_late(&vm->meter) ? meter_reason(&vm->meter) : TRAP_NONE;
}

/* ---- select ---- */

/* The condition chooses between the fields a and b, which are neighbours, by an
 * index: written as a choice it would be compiled to a branch, which guests
 * that select cannot predict. */
static inline uint16_t selected(const struct cell *cell, bool first) {
    uint16_t slot;
    memcpy(&slot,
           (const uint8_t *)cell + offsetof(struct cell, a) +
               sizeof slot * !first,
           sizeof slot);
    return slot;
}

/* ---- the two forms of dispatch ---- */

/* Compilers want to hear that the rest of the state is of no use any more. */
#define TRAP(kind)                                                             \
    return (void)memory, (void)r0, (void)q0, (void)f0, (void)g0, (void)s0,     \
           (void)l0, (void)loop, (void)f1, (void)s1,                           \
           execution_left(pc, frame, kind, home, budget)

#if defined(HOSTEL_DISPATCH_TAIL)

#if defined(__clang__)
#define MUSTTAIL __attribute__((musttail))
#else
#define MUSTTAIL
#endif

#define ALWAYS_INLINE __attribute__((always_inline))
#define UNUSED        __attribute__((unused))

#define HANDLER(name) static enum trap do_##name(PARAMETERS)
#define JUMP(cell)                                                             \
    {                                                                          \
        pc = (cell);                                                           \
        MUSTTAIL return pc->head.run(ARGUMENTS);                               \
    }
#define NEXT(n)                JUMP(pc + (n))
#define CONTINUE_AS(name)      MUSTTAIL return do_##name(ARGUMENTS)
#define CONTINUE_BY(operation) MUSTTAIL return heads[operation].run(ARGUMENTS)
#include "vm/handlers.def"

const union head heads[OP_COUNT] = {
#define OP(name, ...) [OP_##name] = {.run = do_##name},
#include "vm/ops.def"
};

/* The same text once more, for what comes first in a pair: functions that are
 * parts of others, and go on to `second`. They have one parameter more than
 * handlers, so that they cannot be told to jump; inlined they do. */
#undef HANDLER
#undef NEXT
#undef MUSTTAIL
#define MUSTTAIL
#define HANDLER(name)                                                          \
    static inline ALWAYS_INLINE enum trap first_##name(                        \
        PARAMETERS, UNUSED const handler second)
#define NEXT(n)                                                                \
    {                                                                          \
        pc += (n);                                                             \
        return second(ARGUMENTS);                                              \
    }
#include "vm/handlers.def"

#define FIRST(name)
#define PAIR(name, second) static enum trap do_##name##__##second(PARAMETERS);
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR

#define FIRST(name)
#define PAIR(name, second)                                                     \
    static enum trap do_##name##__##second(PARAMETERS) {                       \
        return first_##name(ARGUMENTS, do_##second);                           \
    }
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR

const union head pair_heads[PAIR_END - NO_PAIR] = {
    {.run = NULL},
#define FIRST(name)        {.run = do_##name},
#define PAIR(name, second) {.run = do_##name##__##second},
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR
};

static enum trap run(PARAMETERS) {
    return pc->head.run(ARGUMENTS);
}

#else

#define HANDLER(name) case OP_##name:
#define JUMP(cell)                                                             \
    {                                                                          \
        pc = (cell);                                                           \
        continue;                                                              \
    }
#define NEXT(n) JUMP(pc + (n))
#define CONTINUE_AS(name)                                                      \
    {                                                                          \
        op = OP_##name;                                                        \
        goto dispatch;                                                         \
    }
#define CONTINUE_BY(operation)                                                 \
    {                                                                          \
        op = (operation);                                                      \
        goto dispatch;                                                         \
    }

const union head heads[OP_COUNT] = {
#define OP(name, ...) [OP_##name] = {.op = OP_##name},
#include "vm/ops.def"
};

/* Here a pair does what its first operation does, and no more: it has a mark
 * that the dispatch does not look at. */
#define PAIRED             (UINT64_C(1) << 32)
const union head pair_heads[PAIR_END - NO_PAIR] = {
    {.op = PAIRED},
#define FIRST(name)        {.op = OP_##name | PAIRED},
#define PAIR(name, second) {.op = OP_##name | PAIRED},
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR
};

static enum trap run(PARAMETERS) {
    for (;;) {
        enum op op = (enum op)(uint32_t)pc->head.op;
    dispatch:
        switch (op) {
#include "vm/handlers.def"
        case OP_COUNT: return TRAP_NONE; /* no cell holds it */
        }
    }
}

#endif

/* ---- entry from the host ---- */

/* The run begins behind the entry cell and is ended by `halt`, behind the link
 * that it finds in the outermost frame, or by a trap. */
enum trap execute(struct vm *vm, struct function *function) {
    struct instance *instance = function->instance;
    if (function->host)
        return call_host(function, vm->top, vm);
    enum trap trap = function_prepare(function);
    if (trap)
        return trap;
    const struct cell *entry = function->entry;
    uint64_t *frame = vm->top - first_slot(function->type->param_slots);
    if ((uint64_t)(vm->stack_end - frame) < (uint32_t)entry->tail.imm)
        return TRAP_STACK;
    frame_fill(entry, frame, (uintptr_t)vm->halt, (uintptr_t)vm->top);
    uint8_t *memory = instance->memory->data;
    double home = home_of(instance), budget = (double)vm->meter.budget;
    const struct cell *first = entry + 1;
    trap = run(first, frame, memory, 0, 0, 0, home, 0, 0, 0, 0, 0, 0, budget);
    if (vm->observer && vm->observer->left)
        vm->observer->left(vm->observer, vm->top, trap);
    if (trap != TRAP_NONE)
        backtrace_record(vm, vm->trapped);
    return trap;
}
