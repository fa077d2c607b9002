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
                               .recent = &counts->no_node,
                               .parent = callee->parent,
                               .id = callee->id,
                               .depth = (uint32_t)depth};
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

/* The node of a function of a guest's that begins at a position. */
static struct call_node *
node_of(struct counts *counts, const struct position *at, uint64_t site) {
    struct call_node *parent = counts->node;
    struct callee callee = {parent, at->pc, site, 0};
    if (parent == &counts->rest)
        return parent;
    struct call_node *node = find(counts, &callee);
    if (node)
        return node;
    if (is_on_stack(parent, at->pc))
        callee.site = 0;
    node = find(counts, &callee);
    if (node)
        return node;
    node = add(counts, &callee);
    if (!node)
        return &counts->rest;
    node->id = (uint32_t)at->pc->tail.imm;
    return node;
}

void counts_enter(struct position at) {
    struct vm *vm = at.instance->vm;
    struct counts *counts = vm->counts;
    uint32_t slot = at.pc->a;
    uint64_t site = at.frame[slot - 1];
    if (site == (uintptr_t)vm->foreign)
        site = (uintptr_t)foreign_caller(at.frame).pc;
    struct call_node *node = node_of(counts, &at, site);
    if (node != &counts->rest)
        counts->node->recent = node;
    node->calls++;
    counts_move(counts, &vm->meter, node);
    at.frame[slot] = (uintptr_t)node;
}

/* ---- what ends otherwise ---- */

void calls_unwind(const struct position *at, uint64_t rest) {
    const struct code *code = &at->instance->module->code;
    const struct translation *of = code_find(code, code_index(code, at->pc));
    uint32_t link = code->cells[of->entry].a;
    struct call_node *node = (struct call_node *)(uintptr_t)at->frame[link + 1];
    node->own -= rest;
}

void calls_return(struct counts *counts) {
    counts_move(counts, &counts->vm->meter, counts->outer);
}

/* ---- functions of the host ---- */

/* The call that was announced, if it is of this function. */
static uint64_t site_of(struct counts *counts,
                        const struct host_function *host,
                        const struct instance *caller) {
    const struct cell *site = counts->site;
    counts->site = NULL;
    if (!site)
        return 0;
    uint32_t function = (uint32_t)site->tail.imm;
    bool known = function < caller->module->imported_functions;
    bool same = known && caller->functions[function]->host_context == host;
    return same ? (uintptr_t)site : 0;
}

static struct call_node *host_node(struct counts *counts,
                                   const struct host_function *host,
                                   const struct instance *caller) {
    uint64_t site = site_of(counts, host, caller);
    struct callee callee = {counts->node, NULL, site, host->id};
    if (counts->node == &counts->rest)
        return &counts->rest;
    struct call_node *node = find(counts, &callee);
    if (!node)
        node = add(counts, &callee);
    return node ? node : &counts->rest;
}

/* What guests do that it calls is done in its node. */
static bool call_counted(void *context,
                         struct instance *caller,
                         uint64_t *slots,
                         struct error *error) {
    struct host_function *host = context;
    struct counts *counts = host->counts;
    const struct meter *meter = &counts->vm->meter;
    struct call_node *node = counts->node, *outer = counts->outer;
    counts_move(counts, meter, host_node(counts, host, caller));
    counts->node->calls++;
    counts->outer = counts->node;
    host->calls++;

    int64_t begin = clock_ns();
    bool ok = host->function(host->context, caller, slots, error);
    host->time_ns += clock_ns() - begin;

    counts_move(counts, meter, node);
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
    counts->root.recent = &counts->no_node;
    counts->rest.recent = &counts->no_node;
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
