/* The interpreter: dispatch, calls that leave an instance, and entry from the
 * host.
 *
 * The state of execution is eight values, which the tail-calling form passes
 * from handler to handler in registers:
 *
 *     pc            the current cell                      memory        base of memory 0
 *     frame         slot 0 of the current function        memory_size   its size in bytes
 *     instance      whose code it is                      r0, f0, s0    the accumulators
 *
 * All frames are on the vm's value stack, one overlapping the next. The host
 * calls a function of one parameter with 10, which calls one of two with 5 and
 * 6 (the example of translate.c):
 *
 *     slot    value     in the caller's frame     in the callee's frame
 *     0       10        0, the parameter
 *     1       &halt     1, the link
 *     2                 2, temporary
 *     3       5         3, the window             0, a parameter
 *     4       6         4, in the window          1, a parameter
 *     5       &call                               2, the link: the cell that called
 *     6                                           3, temporary: 5 + 6
 *
 * A return writes 11 to slot 0 of its frame, where the caller has its window,
 * and goes on behind the cell of the link, whose `a`, 3, says where the
 * caller's frame is.
 *
 * Dispatch comes in two forms over the same text, handlers.h. With tail calls
 * every handler is a function that ends by jumping to the next: the compiler
 * keeps the state in registers, and each handler has a jump of its own for the
 * branch predictor to learn. This needs clang's musttail or gcc's sibling calls
 * at -O2. The switch is for every other build, sanitizers among them.
 *
 * A trap stores where it happened and returns: there is nothing to unwind,
 * since guest frames are not C frames. A call to a function of another instance
 * gets four extra slots below its frame, to remember what return_foreign must
 * restore:
 *
 *     [ window of the caller | results | link | instance | frame ][ frame of the callee ... */
#include "vm/lanes.h"
#include "vm/numeric.h"
#include "vm/store.h"

#include <string.h>

#define PARAMETERS                                                             \
    const struct cell *pc, uint64_t *frame, uint8_t *memory,                   \
        uint64_t memory_size, struct instance *instance, uint64_t r0,          \
        double f0, float s0
#define ARGUMENTS pc, frame, memory, memory_size, instance, r0, f0, s0

/* ---- leaving the interpreter ---- */

/* The accumulators are lost: nothing is resumed. */
static enum trap leave(struct instance *instance, const struct cell *pc,
                       uint64_t *frame, enum trap trap) {
    struct vm *vm = instance->vm;
    vm->trap_pc = pc;
    vm->trap_frame = frame;
    vm->trap_instance = instance;
    return trap;
}

/* ---- first calls ---- */

/* The body is valid, so this fails for want of memory or time only: reported
 * like a host's failure. */
static enum trap translate(struct module *module, uint32_t function) {
    return module_translate(module, function, module->vm->host_error)
               ? TRAP_NONE
               : TRAP_REPORTED;
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
    if (!trap)
        function->entry = &module->cells[module->functions[index].entry];
    return trap;
}

/* Let the cell, a first call, call the function directly from now on, by `op`.
 * The handlers have their own cell as const; to change it is the module's
 * right. */
static enum trap link_call(const struct instance *instance,
                           const struct cell *pc, enum op op) {
    struct module *module = instance->module;
    uint32_t function = (uint32_t)pc->tail.imm,
             at = (uint32_t)(pc - module->cells);
    enum trap trap = translate(module, function);
    if (trap)
        return trap;
    cell_set_op(&module->cells[at], op);
    module->cells[at].tail.imm =
        (int32_t)(module->functions[function].entry - at);
    return TRAP_NONE;
}

/* ---- calls into another instance ---- */

enum { FOREIGN_SLOTS = 4 };

struct foreign_call {
    const struct cell *link;
    struct instance *instance;
    uint64_t *frame;
};

/* Where the outermost frame, and one called from another instance, return to: a
 * link whose window is at 0, and the operation behind it. */
static const struct cell halt_cells[2], foreign_cells[2];

/* Lay out the callee's frame above the caller's window; NULL if the stack is
 * used up. The arguments are in the window if `args` does not say otherwise. */
static uint64_t *foreign_frame(const struct function *function,
                               const struct cell *link, uint64_t *frame,
                               struct instance *instance,
                               const uint64_t *args) {
    const struct func_type *type = function->type;
    uint64_t *window = frame + link->a;
    uint32_t params = type->param_slots, results = type->result_slots;
    uint32_t taken = (params > results ? params : results) + FOREIGN_SLOTS;
    const struct cell *entry = function->entry;
    uint64_t need = (uint64_t)taken + (uint32_t)entry->tail.imm;
    if ((uint64_t)(instance->stack_end - window) < need)
        return NULL;
    uint64_t *callee = window + taken;
    /* They come first, since they may be where the rest goes. */
    memmove(callee, args ? args : window, params * sizeof *callee);
    callee[-4] = results; /* how many slots return_foreign has to copy */
    callee[-3] = (uintptr_t)link;
    callee[-2] = (uintptr_t)instance;
    callee[-1] = (uintptr_t)frame;
    for (unsigned i = entry->d; i < entry->a; i++)
        callee[i] = 0;
    callee[entry->a] = (uintptr_t)foreign_cells;
    return callee;
}

static struct foreign_call foreign_caller(const uint64_t *callee) {
    return (struct foreign_call){
        .link = (const struct cell *)(uintptr_t)callee[-3],
        .instance = (struct instance *)(uintptr_t)callee[-2],
        .frame = (uint64_t *)(uintptr_t)callee[-1]};
}

/* The same for a tail call: the caller is whoever called the frame that is
 * left. */
static uint64_t *foreign_tail_frame(const struct function *function,
                                    const struct cell *cell, uint64_t *frame,
                                    struct instance *instance) {
    const struct cell *link = (const struct cell *)(uintptr_t)frame[cell->d];
    struct foreign_call caller = {
        .link = link, .instance = instance, .frame = frame - link->a};
    if (link == foreign_cells)
        caller = foreign_caller(frame);
    return foreign_frame(function, caller.link, caller.frame, caller.instance,
                         frame + cell->a);
}

/* Copy the results to the caller's window. */
static struct foreign_call foreign_return(const uint64_t *callee) {
    struct foreign_call call = foreign_caller(callee);
    memcpy(call.frame + call.link->a, callee, callee[-4] * sizeof *callee);
    return call;
}

/* ---- calls to the host ---- */

/* If the host calls the guest in turn, that frame begins behind the window: the
 * caller has nothing there that it needs, since the arguments were on top of
 * its operands. */
static enum trap call_host(const struct function *function, uint64_t *window,
                           struct vm *vm) {
    const struct func_type *type = function->type;
    uint64_t *top = vm->top;
    uint32_t taken = type->param_slots > type->result_slots
                         ? type->param_slots
                         : type->result_slots;
    size_t traced = vm->trace_count;
    /* The host may call the guest, above the frame's live part. */
    vm->top = window + taken;
    bool ok = function->host(function->host_context, function->instance, window,
                             vm->host_error);
    vm->top = top;
    if (!ok)
        return TRAP_REPORTED;

    /* A failed call that the host made good is forgotten. */
    vm->trace_count = traced;
    return meter_late(&vm->meter) ? meter_reason(&vm->meter) : TRAP_NONE;
}

static inline uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
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
    return (void)memory, (void)memory_size, (void)r0, (void)f0, (void)s0,      \
           leave(instance, pc, frame, kind)

#if defined(HOSTEL_DISPATCH_TAIL)

#if defined(__clang__)
#define MUSTTAIL __attribute__((musttail))
#else
#define MUSTTAIL
#endif

#define HANDLER(name) static enum trap do_##name(PARAMETERS)
#define JUMP(cell)                                                             \
    {                                                                          \
        pc = (cell);                                                           \
        MUSTTAIL return pc->head.run(ARGUMENTS);                               \
    }
#define NEXT(n)           JUMP(pc + (n))
#define CONTINUE_AS(name) MUSTTAIL return do_##name(ARGUMENTS)
#include "vm/handlers.h"

static const handler handlers[OP_COUNT] = {
#define OP(name, ...) [OP_##name] = do_##name,
#include "vm/ops.def"
};

#define CELL_OF(name)                                                          \
    { .head.run = do_##name }

void cell_set_op(struct cell *cell, enum op op) {
    cell->head.run = handlers[op];
}

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

#define CELL_OF(name)                                                          \
    { .head.op = OP_##name }

void cell_set_op(struct cell *cell, enum op op) {
    cell->head.op = op;
}

static enum trap run(PARAMETERS) {
    for (;;) {
        enum op op = (enum op)pc->head.op;
    dispatch:
        switch (op) {
#include "vm/handlers.h"
        case OP_COUNT: return TRAP_NONE; /* no cell holds it */
        }
    }
}

#endif

static const struct cell halt_cells[2] = {[1] = CELL_OF(halt)};
static const struct cell foreign_cells[2] = {[1] = CELL_OF(return_foreign)};

/* ---- entry from the host ---- */

bool error_set_trap(struct error *error, enum trap trap) {
    static const struct {
        enum error_kind kind;
        const char *text;
    } traps[] = {{ERROR_NONE, ""},
#define X(name, kind, text) {ERROR_##kind, text},
                 TRAPS(X)
#undef X
    };
    return error_set(error, traps[trap].kind, "%s", traps[trap].text);
}

/* The link's slot is in the entry cell; whose code the pc is in says which that
 * is. */
bool position_outward(struct position *at) {
    const struct module *module = at->instance->module;
    const struct translation *of =
        code_find(module, (uint32_t)(at->pc - module->cells));
    uint64_t link = at->frame[module->cells[of->entry].a];
    at->pc = (const struct cell *)(uintptr_t)link;
    if (at->pc == foreign_cells) {
        struct foreign_call call = foreign_caller(at->frame);
        *at = (struct position){
            .pc = call.link, .frame = call.frame, .instance = call.instance};
    } else if (at->pc != halt_cells) {
        at->frame -= at->pc->a;
    }
    return at->pc != halt_cells;
}

/* Append the guest frames of a run() that trapped to the backtrace. */
static void record_backtrace(struct vm *vm) {
    struct position at = {vm->trap_pc, vm->trap_frame, vm->trap_instance};
    do {
        if (vm->trace_count == TRACE_FRAMES)
            return;
        struct module *module = at.instance->module;
        uint32_t cell = (uint32_t)(at.pc - module->cells);
        vm->trace[vm->trace_count++] =
            (struct traced){.module = module,
                            .function = code_find(module, cell)->function,
                            .offset = module->offsets[cell]};
    } while (position_outward(&at));
}

/* The run begins behind the entry cell and is ended by `halt`, behind the link
 * that it finds in the outermost frame, or by a trap. */
enum trap execute(struct vm *vm, struct function *function) {
    uint64_t *frame = vm->top;
    struct instance *instance = function->instance;
    if (function->host)
        return call_host(function, frame, vm);
    enum trap trap = function_prepare(function);
    if (trap)
        return trap;
    const struct cell *entry = function->entry;
    if ((uint64_t)(vm->stack_end - frame) < (uint32_t)entry->tail.imm)
        return TRAP_STACK;
    frame[entry->a] = (uintptr_t)halt_cells;
    for (unsigned i = entry->d; i < entry->a; i++)
        frame[i] = 0;
    trap = run(entry + 1, frame, instance->memory->data, instance->memory->size,
               instance, 0, 0, 0);
    if (trap != TRAP_NONE)
        record_backtrace(vm);
    return trap;
}
