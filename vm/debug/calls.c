/* The tree of stacks (counts.h): which function was called from where, how
 * often, and what was executed then.
 *
 * A callee is another one for each place in its caller's code that calls it,
 * unless it is on the stack already: a function that calls itself at two places
 * would have as many stacks as there are ways to do so. How many stacks there
 * can be a guest decides, so there is a limit: the functions of all stacks
 * together. When it is reached, what is called that was not called so before
 * belongs to one node for all the rest.
 *
 * Host functions are leaves, but for what guests do that they call. */
#include "vm/debug/counts.h"

#include "vm/frames.h"
#include "vm/platform.h"
#include "vm/rings.h"

#include <string.h>

enum { MOST_FRAMES = 4 << 20 };

/* ---- the table ---- */

/* What tells the callees of a node apart. */
struct callee {
    struct call_node *parent;
    const struct cell *code;
    uint64_t site;
    uint32_t id; /* of a function of the host's, or 0 */
};

static size_t mix(size_t hash, uint64_t word) {
    return (size_t)((hash ^ word) * UINT64_C(0x9E3779B97F4A7C15) >> 13);
}

static size_t hash_of(const struct callee *callee) {
    size_t hash = mix(0, (uintptr_t)callee->parent);
    hash = mix(hash, (uintptr_t)callee->code);
    hash = mix(hash, callee->site);
    return mix(hash, callee->id);
}

static bool is_callee(const struct call_node *node,
                      const struct callee *callee) {
    return node->parent == callee->parent && node->code == callee->code &&
           node->site == callee->site && (node->code || node->id == callee->id);
}

static struct call_node **
place_of(struct call_node **places, size_t count, const struct callee *callee) {
    size_t i = hash_of(callee) & (count - 1);
    while (places[i] && !is_callee(places[i], callee))
        i = (i + 1) & (count - 1);
    return &places[i];
}

static struct call_node *find(const struct counts *counts,
                              const struct callee *callee) {
    if (counts->place_count == 0)
        return NULL;
    return *place_of(counts->places, counts->place_count, callee);
}

static void
fill(struct call_node **places, size_t count, struct call_node *first) {
    for (struct call_node *node = first; node; node = node->next) {
        uint32_t id = node->code ? 0 : node->id;
        struct callee callee = {node->parent, node->code, node->site, id};
        *place_of(places, count, &callee) = node;
    }
}

/* At most half full. */
static bool grow(struct counts *counts) {
    enum { FEWEST = 256 };
    size_t count = counts->place_count ? 2 * counts->place_count : FEWEST;
    struct call_node **places =
        budget_alloc(counts->memory, count, sizeof *places);
    if (!places)
        return false;
    fill(places, count, counts->root.next);
    budget_free(
        counts->memory, counts->places, counts->place_count * sizeof *places);
    counts->places = places;
    counts->place_count = count;
    return true;
}

/* ---- functions ---- */

uint32_t counts_number(struct counts *counts,
                       struct counted_function function) {
    struct counted_function *functions =
        array_reserve(counts->memory,
                      counts->functions,
                      counts->function_count,
                      &counts->function_capacity,
                      sizeof *functions);
    if (!functions)
        return ID_HOST;
    counts->functions = functions;
    functions[counts->function_count] = function;
    return FIRST_ID + (uint32_t)counts->function_count++;
}

const struct counted_function *function_of(const struct counts *counts,
                                           const struct call_node *node) {
    static const struct counted_function none;
    bool known = node->id >= FIRST_ID;
    return known ? &counts->functions[node->id - FIRST_ID] : &none;
}

/* ---- nodes ---- */

static void forget_recent(struct counts *counts, struct call_node *node) {
    for (int i = 0; i < RECENT; i++)
        node->recent[i] = &counts->no_node;
}

/* NULL if there is no room, by the limit or for want of memory. */
static struct call_node *add(struct counts *counts,
                             const struct callee *callee) {
    uint64_t depth = callee->parent->depth + 1;
    if (counts->frames + depth > MOST_FRAMES)
        return NULL;
    bool full = counts->node_count >= counts->place_count / 2;
    if (full && !grow(counts))
        return NULL;
    struct call_node *node = arena_alloc(&counts->arena, 1, sizeof *node);
    if (!node)
        return NULL;
    *node = (struct call_node){.code = callee->code,
                               .site = callee->site,
                               .parent = callee->parent,
                               .id = callee->id,
                               .depth = (uint32_t)depth};
    forget_recent(counts, node);
    *place_of(counts->places, counts->place_count, callee) = node;
    counts->newest->next = node;
    counts->newest = node;
    counts->node_count++;
    counts->frames += depth;
    return node;
}

/* Whether the code is that of a function on the stack. */
static bool is_on_stack(const struct call_node *node, const struct cell *code) {
    while (node && node->code != code)
        node = node->parent;
    return node;
}

/* The node of a function of a guest's whose first cell is `code`, called by a
 * cell of the parent's function. */
static struct call_node *node_of(struct counts *counts,
                                 struct call_node *parent,
                                 const struct cell *code,
                                 uint64_t site) {
    struct callee callee = {parent, code, site, 0};
    if (parent == &counts->rest)
        return parent;
    struct call_node *node = find(counts, &callee);
    if (node)
        return node;
    if (is_on_stack(parent, code))
        callee.site = 0;
    node = find(counts, &callee);
    if (node)
        return node;
    node = add(counts, &callee);
    if (!node)
        return &counts->rest;
    node->id = (uint32_t)code[1].tail.imm;
    return node;
}

/* ---- frames ---- */

static struct call_node *node_in(uint64_t slot) {
    return (struct call_node *)(uintptr_t)slot;
}

/* A frame of a module of which nothing is counted has a local of the guest's
 * there. What it calls is as if the host had called it. */
struct call_node *node_at(const struct position *at) {
    bool has_node = count_slots(at->instance->module);
    struct counts *counts = at->instance->vm->counts;
    return has_node ? node_in(at->frame[SLOT_NODE]) : counts->outer;
}

struct call_node *counts_enter(struct position at) {
    struct vm *vm = at.instance->vm;
    struct counts *counts = vm->counts;
    struct position caller = frame_caller(at.frame, at.instance);
    struct call_node *parent = counts->outer;
    if (caller.pc != vm->halt)
        parent = node_at(&caller);

    uintptr_t site = (uintptr_t)caller.pc;
    struct call_node *node = node_of(counts, parent, at.pc, site);
    if (node != &counts->rest)
        *counts_recent(parent, node->id, site) = node;
    return node;
}

/* ---- fuel ---- */

void counts_charge(struct counts *counts, struct call_node *node) {
    int64_t by_size = counts->vm->meter.by_size;
    node->fuel += by_size - counts->by_size;
    counts->by_size = by_size;
}

void calls_return(struct counts *counts) {
    counts_charge(counts, counts->outer);
    counts->node = counts->outer;
    counts->site = NULL;
}

/* ---- functions of the host ---- */

static struct call_node *host_node(struct counts *counts,
                                   const struct host_function *host) {
    struct call_node *parent = counts->node;
    uintptr_t site = (uintptr_t)counts->site;
    struct call_node **recent = counts_recent(parent, host->id, site);
    if ((*recent)->id == host->id && (*recent)->site == site)
        return *recent;
    struct callee callee = {parent, NULL, site, host->id};
    if (parent == &counts->rest)
        return parent;
    struct call_node *node = find(counts, &callee);
    if (!node)
        node = add(counts, &callee);
    if (!node)
        return &counts->rest;
    *recent = node;
    return node;
}

typedef int64_t (*clock_reader)(void);

/* To look at the clock takes as long as a short call. So it is done for the first
 * calls of a function alone. A rough clock is seen to step during the others as
 * often as their length makes it: they are wrong by a step, and right together. */
static clock_reader clock_of(const struct host_function *host) {
    enum { FIRST_CALLS = 1000 };
    return host->calls > FIRST_CALLS ? platform_rough_ns : clock_ns;
}

/* What guests do that it calls is done in its node. */
static bool call_counted(void *context,
                         struct instance *caller,
                         uint64_t *slots,
                         struct error *error) {
    struct host_function *host = context;
    struct counts *counts = host->counts;
    struct call_node *node = counts->node, *outer = counts->outer;
    struct call_node *own = host_node(counts, host);
    counts_charge(counts, node);
    counts->node = counts->outer = own;
    counts->site = NULL;
    own->calls++;
    host->calls++;

    clock_reader clock = clock_of(host);
    int64_t begin = clock();
    bool ok = host->function(host->context, caller, slots, error);
    host->time_ns += clock() - begin;

    counts_charge(counts, own);
    counts->node = node;
    counts->outer = outer;
    return ok;
}

static struct host_function *host_new(struct counts *counts,
                                      const struct vm_import *import,
                                      const struct function *function) {
    struct arena *arena = &counts->arena;
    struct host_function *host = arena_alloc(arena, 1, sizeof *host);
    char *module = arena_text(arena, import->module);
    char *name = arena_text(arena, import->name);
    if (!host || !module || !name)
        return NULL;
    *host = (struct host_function){.counts = counts,
                                   .function = function->host,
                                   .context = function->host_context,
                                   .module = slice_of(module),
                                   .name = slice_of(name)};
    host->id = counts_number(counts, (struct counted_function){.host = host});
    return host->id == ID_HOST ? NULL : host;
}

bool count_imported(const struct vm_import *import, struct function *function) {
    struct counts *counts = function->instance->vm->counts;
    if (!counts || !counts->calls)
        return true;
    struct host_function *host = host_new(counts, import, function);
    if (!host)
        return false;
    function->host = call_counted;
    function->host_context = host;
    return true;
}

/* ---- opening and closing ---- */

void calls_init(struct counts *counts) {
    arena_init(&counts->arena);
    counts->arena.budget = counts->memory;
    forget_recent(counts, &counts->root);
    forget_recent(counts, &counts->rest);
    counts->rest.id = ID_REST;
    counts->rest.parent = &counts->rest; /* what it calls is there too */
    counts->newest = &counts->root;
    counts->node = counts->outer = &counts->root;
}

void calls_free(struct counts *counts) {
    arena_free(&counts->arena);
    array_free(counts->memory,
               counts->functions,
               counts->function_capacity,
               sizeof *counts->functions);
    budget_free(counts->memory,
                counts->places,
                counts->place_count * sizeof *counts->places);
}

void calls_forget(struct counts *counts, const struct module *module) {
    for (struct call_node *node = counts->root.next; node; node = node->next) {
        if (function_of(counts, node)->module == module)
            node->code = NULL;
    }
    for (size_t i = 0; i < counts->function_count; i++) {
        if (counts->functions[i].module == module)
            counts->functions[i].module = NULL;
    }
}
