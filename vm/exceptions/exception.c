/* Exceptions at run time: finding who catches one, and freeing those nobody
 * refers to.
 *
 * A throw walks the guest's frames outward, from the throwing cell over the
 * call cell of each frame, and in each looks through the try ranges of the
 * function for the innermost that has the cell and a clause for the tag. The
 * walk ends at a frame that the host called: exceptions do not cross it. In the
 * example of try.c, if function 0 throws tag 0 with 5,
 *
 *     pc                      try ranges             clause
 *     throw_tag, function 0   none
 *     cell 5, function 1      4 to 5 has it          tag 0: t0 = exception, t1 = 5, go to 8
 *
 * References to exceptions can be kept in slots, globals, tables and other
 * exceptions. When their number has doubled since the last time, all those that
 * can still be found there are marked and the others freed. Slots have no types
 * at run time: any word that is the address of an exception counts as a
 * reference to it, which at worst keeps one alive for longer.
 *
 * Each draws from the budget for its places in the set and the list of the
 * marking too, so that memory can be freed when all of the budget is used
 * up. */
#include "vm/exceptions/exception.h"

#include "vm/exceptions/tries.h"
#include "vm/frames.h"
#include "vm/rings.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_LIMIT = 1000, WORK_A_UNIT = 16 };

/* ---- freeing ---- */

/* All exceptions, as a set that is a hash table with open addressing, at most
 * half full; and those that are marked but not yet looked into: a list, not
 * recursion, since a guest can chain as many as it likes. */
struct marking {
    struct exception **set, **waiting;
    size_t capacity; /* of the set, a power of two */
    size_t waiting_count;
    size_t work; /* words looked at */
    struct meter *meter;
};

/* A look into the set is a miss of the cache. */
enum { LOOK_STEPS = 8 };

/* The place of the exception at `address`, or the free one where it would be.
 * The bits above those that all addresses have in common decide. */
static struct exception **place_of(const struct marking *marking,
                                   uint64_t address) {
    size_t mask = marking->capacity - 1;
    size_t i = (size_t)(address * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
    while (marking->set[i] && (uintptr_t)marking->set[i] != address)
        i = (i + 1) & mask;
    return &marking->set[i];
}

/* Here and below, false means that the time is up. */
static bool fill_set(const struct vm *vm, struct marking *marking) {
    for (struct exception *e = vm->exceptions->first; e; e = e->next) {
        if (!meter_step(marking->meter, LOOK_STEPS))
            return false;
        /* A collection may have ended before it took its marks away. */
        e->marked = false;
        *place_of(marking, (uintptr_t)e) = e;
    }
    return true;
}

static bool
mark_words(struct marking *marking, const uint64_t *words, size_t count) {
    marking->work += count;
    for (size_t i = 0; i < count; i++) {
        if (!meter_step(marking->meter, words[i] ? LOOK_STEPS : 1))
            return false;
        if (words[i] == 0)
            continue;
        struct exception *found = *place_of(marking, words[i]);
        if (!found || found->marked)
            continue;
        found->marked = true;
        marking->waiting[marking->waiting_count++] = found;
    }
    return true;
}

static size_t exception_size(const struct tag *tag) {
    return sizeof(struct exception) + tag->type->param_slots * sizeof(uint64_t);
}

/* What one draws from the budget: the set has four places for each at most, the
 * list one. */
static uint64_t exception_cost(const struct tag *tag) {
    return exception_size(tag) + 5 * sizeof(struct exception *);
}

/* The words between the bottom of the value stack and the end of the throwing
 * frame. */
static size_t live_slots(const struct vm *vm, const struct position *at) {
    const struct code *code = &at->instance->module->code;
    const struct translation *of = code_find(code, code_index(code, at->pc));
    const struct cell *entry = &code->cells[of->entry];
    return (size_t)(at->frame + (uint32_t)entry->tail.imm - vm->stack);
}

/* Globals and tables that are imported are looked at once an instance, which
 * does no harm. */
static bool mark_instance(const struct instance *i, struct marking *marking) {
    const struct module *module = i->module;
    for (uint32_t k = 0; k < module->global_count; k++) {
        if (!mark_words(marking, i->globals[k], 1))
            return false;
    }
    for (uint32_t k = 0; k < module->table_count; k++) {
        const struct table *table = i->tables[k];
        if (!mark_words(marking, table->elements, table->size))
            return false;
    }
    return true;
}

/* `at` is NULL if no guest runs. */
static bool
mark_all(struct vm *vm, const struct position *at, struct marking *marking) {
    if (at && !mark_words(marking, vm->stack, live_slots(vm, at)))
        return false;
    for (const struct instance *i = vm->instances; i; i = i->next) {
        if (!i->going && !mark_instance(i, marking))
            return false;
    }
    while (marking->waiting_count > 0) {
        const struct exception *exception =
            marking->waiting[--marking->waiting_count];
        uint32_t slots = exception->tag->type->param_slots;
        if (!mark_words(marking, exception->values, slots))
            return false;
    }
    return true;
}

static bool sweep(struct vm *vm, struct meter *meter) {
    struct exceptions *all = vm->exceptions;
    struct exception **link = &all->first;
    while (*link) {
        if (!meter_step(meter, LOOK_STEPS))
            return false;
        struct exception *exception = *link;
        if (exception->marked) {
            exception->marked = false;
            link = &exception->next;
        } else {
            *link = exception->next;
            all->count--;
            all->bytes -= exception_cost(exception->tag);
            budget_give(vm->memory, exception_cost(exception->tag));
            free(exception);
        }
    }
    return true;
}

/* False when memory for the marking is refused, or the time is up. */
static bool
mark(struct vm *vm, const struct position *at, struct marking *marking) {
    size_t count = vm->exceptions->count;
    marking->capacity = 2;
    while (marking->capacity < 2 * count)
        marking->capacity *= 2;
    marking->set = calloc(marking->capacity, sizeof *marking->set);
    marking->waiting = calloc(count + 1, sizeof *marking->waiting);

    bool ok = marking->set && marking->waiting && fill_set(vm, marking) &&
              mark_all(vm, at, marking);
    free(marking->set);
    free(marking->waiting);
    return ok;
}

/* False if it was not done: nothing that is referred to has been freed then.
 * The work is charged to the guest. Doubling the limit makes the cost of each
 * exception constant on average. */
static bool collect(struct vm *vm, const struct position *at) {
    struct exceptions *all = vm->exceptions;
    size_t count = all->count;
    struct marking marking = {.meter = &vm->meter};
    bool ok = mark(vm, at, &marking) && sweep(vm, &vm->meter);
    meter_owe(&vm->meter, (int64_t)((marking.work + count) / WORK_A_UNIT));
    all->limit = all->count * 2 + FIRST_LIMIT;
    return ok;
}

/* ---- when instances go ---- */

bool exceptions_mark(struct vm *vm, struct meter *meter) {
    struct marking marking = {.meter = meter};
    return !vm->exceptions || mark(vm, NULL, &marking);
}

/* The owner of the tag, or of a function among the values, if it goes. */
static struct instance *refers(const struct exception *exception) {
    const struct func_type *type = exception->tag->type;
    if (exception->tag->owner->going)
        return exception->tag->owner;
    const uint64_t *value = exception->values;
    for (uint32_t i = 0; i < type->param_count; i++) {
        const struct function *function = (const void *)(uintptr_t)*value;
        bool is_function = type->types[i] == VM_FUNCREF && function;
        if (is_function && function->instance->going)
            return function->instance;
        value += type_slots(type->types[i]);
    }
    return NULL;
}

bool exceptions_refer(const struct vm *vm,
                      struct meter *meter,
                      struct instance **found) {
    const struct exception *e = vm->exceptions ? vm->exceptions->first : NULL;
    *found = NULL;
    for (; e && !*found; e = e->next) {
        uint32_t values = e->tag->type->param_count;
        if (!meter_step(meter, LOOK_STEPS * (uint64_t)(1 + values)))
            return false;
        *found = e->marked ? refers(e) : NULL;
    }
    return true;
}

/* To the end, since their tags go. */
void exceptions_sweep(struct vm *vm) {
    struct meter unlimited = {0};
    if (vm->exceptions)
        sweep(vm, &unlimited);
}

void exceptions_free(struct vm *vm) {
    struct exceptions *all = vm->exceptions;
    while (all && all->first) {
        struct exception *exception = all->first;
        all->first = exception->next;
        budget_give(vm->memory, exception_cost(exception->tag));
        free(exception);
    }
    free(all);
}

/* ---- throwing ---- */

/* The limit refused so many bytes, or, if it is 0, the system something. */
static enum trap no_memory(struct vm *vm, uint64_t refused) {
    vm->memory->refused = refused;
    error_set_memory(vm, vm->host_error, "exceptions");
    return TRAP_REPORTED;
}

/* Make sure that the limits have room for an exception of so many bytes. What
 * is to be thrown is not yet an exception and its values are in the frame,
 * where the marking looks: a reference among them is safe while room is
 * made. */
static enum trap
make_room(struct vm *vm, const struct position *at, uint64_t cost) {
    struct exceptions *all = vm->exceptions;
    /* Of all exceptions. */
    uint64_t most = all->bytes + budget_left(vm->memory);
    if (most > LIMIT_EXCEPTION_BYTES)
        most = LIMIT_EXCEPTION_BYTES;
    bool full = all->bytes + cost > most;
    if (!full && all->count < all->limit)
        return TRAP_NONE;
    if (!collect(vm, at)) {
        return meter_late(&vm->meter) ? meter_reason(&vm->meter)
                                      : no_memory(vm, 0);
    }
    /* If next to nothing could be freed, the same would be tried for every one
     * to come. */
    uint64_t room = most - all->bytes;
    if (room >= cost && (!full || room >= most / 4))
        return TRAP_NONE;
    if (most == LIMIT_EXCEPTION_BYTES)
        return TRAP_EXCEPTION_MEMORY;
    return no_memory(vm, cost);
}

enum trap exception_new(struct instance *instance,
                        const struct cell *pc,
                        uint64_t *frame) {
    struct vm *vm = instance->vm;
    struct exceptions *all = vm->exceptions;
    if (!all)
        all = vm->exceptions = calloc(1, sizeof *all);
    if (!all)
        return no_memory(vm, 0);
    const struct tag *tag = instance->tags[pc->tail.imm];
    struct position at = {pc, frame, instance};
    uint64_t cost = exception_cost(tag);
    enum trap trap = make_room(vm, &at, cost);
    if (trap)
        return trap;
    if (!budget_take(vm->memory, cost))
        return no_memory(vm, cost);
    struct exception *exception = malloc(exception_size(tag));
    if (!exception) {
        budget_give(vm->memory, cost);
        return no_memory(vm, 0);
    }
    *exception = (struct exception){.next = all->first, .tag = tag};
    memcpy(exception->values,
           frame + pc->a,
           tag->type->param_slots * sizeof *frame);
    all->thrown = all->first = exception;
    all->count++;
    all->bytes += cost;
    return TRAP_NONE;
}

/* The first clause of a range for the exception, or NULL. */
static const struct catch_clause *clause_for(const struct tries *tries,
                                             const struct try_range *range,
                                             const struct exception *exception,
                                             const struct instance *instance) {
    for (uint32_t i = range->clause; i != NO_CLAUSE;) {
        const struct catch_clause *clause = &tries->clauses[i];
        meter_owe(&instance->vm->meter, 1);
        if (clause->tag == ANY_TAG)
            return clause;
        if (instance->tags[clause->tag] == exception->tag)
            return clause;
        i = clause->next;
    }
    return NULL;
}

/* The clause of the frame's function that catches the exception, or NULL. The
 * search is paid for like the guest's own work. After a range that delegates,
 * those between it and the block it names are passed over: they are deeper than
 * it says. */
static const struct catch_clause *
find_clause(const struct position *at, const struct exception *exception) {
    const struct code *code = &at->instance->module->code;
    const struct tries *tries = code->tries;
    if (!tries)
        return NULL;

    uint32_t cell = code_index(code, at->pc), deepest = NO_DELEGATE;
    const struct translation *of = code_find(code, cell);
    uint32_t end = code_end(code, of);
    for (uint32_t i = tries_first(tries, of->entry);
         i < tries->range_count && tries->ranges[i].first < end;
         i++) {
        const struct try_range *range = &tries->ranges[i];
        meter_owe(&at->instance->vm->meter, 1);
        bool has_cell = cell >= range->first && cell < range->end;
        if (!has_cell || range->depth > deepest)
            continue;
        if (range->delegate != NO_DELEGATE)
            deepest = range->delegate;
        const struct catch_clause *clause =
            clause_for(tries, range, exception, at->instance);
        if (clause)
            return clause;
    }
    return NULL;
}

enum trap exception_catch(struct instance *instance,
                          const struct cell *pc,
                          uint64_t *frame,
                          struct exception *exception) {
    struct vm *vm = instance->vm;
    struct position *at = &vm->exceptions->caught;
    *at = (struct position){pc, frame, instance};
    const struct catch_clause *clause = find_clause(at, exception);
    while (!clause) {
        enum trap trap = meter_charge_size(&vm->meter, 1);
        if (trap)
            return trap;
        if (!position_outward(at))
            return TRAP_EXCEPTION;
        clause = find_clause(at, exception);
    }
    count_caught((struct position){pc, frame, instance}, at);
    uint64_t *to = at->frame + clause->slot;
    uint32_t slots =
        clause->tag == ANY_TAG ? 0 : exception->tag->type->param_slots;
    if (clause->reference == REFERENCE_BEFORE)
        *to++ = (uintptr_t)exception;
    memcpy(to, exception->values, slots * sizeof *to);
    if (clause->reference == REFERENCE_AFTER)
        to[slots] = (uintptr_t)exception;
    at->pc = &at->instance->module->code.cells[clause->landing];
    return meter_charge(&vm->meter, 0);
}
