/* Bringing together what was counted: see profile.h.
 *
 * Nothing here may depend on an address: two runs give equal files. So
 * functions are put into the order of their names, and stacks are merged level
 * by level, the outermost first: when those of one depth are in the order of
 * their parents and names, equal ones are neighbours, and the children of a
 * stack follow each other. */
#include "vm/debug/profile.h"

#include "vm/listing/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN = 160 };

/* ---- functions ---- */

/* The name under which others import from a module, or an empty one: the
 * program's own. */
static struct slice module_name(const struct vm *vm,
                                const struct module *module) {
    for (size_t i = 0; i < vm->registration_count; i++) {
        if (vm->registrations[i].instance->module == module)
            return vm->registrations[i].name;
    }
    return (struct slice){NULL, 0};
}

static const char *guest_name(struct profile *profile,
                              const struct counted_function *function) {
    struct module *module = function->module;
    struct slice of = module_name(profile->counts->vm, module);
    struct slice name = module_function_name(module, function->function);
    char number[32];
    snprintf(number, sizeof number, "function %" PRIu32, function->function);
    struct slice called = name.size > 0 ? name : slice_of(number);
    char text[2 * sizeof(struct shown) + 1];
    snprintf(text,
             sizeof text,
             "%s%s%s",
             of.size > 0 ? shown(of, NAME_SHOWN).text : "",
             of.size > 0 ? "." : "",
             shown(called, NAME_SHOWN).text);
    return arena_text(&profile->texts, slice_of(text));
}

static const char *host_name(struct profile *profile,
                             const struct host_function *host) {
    char text[2 * sizeof(struct shown) + 1];
    snprintf(text,
             sizeof text,
             "%s.%s",
             shown(host->module, NAME_SHOWN).text,
             shown(host->name, NAME_SHOWN).text);
    return arena_text(&profile->texts, slice_of(text));
}

static const char *name_of_function(struct profile *profile, uint32_t id) {
    if (id == ID_HOST)
        return "all";
    if (id == ID_REST)
        return "(stacks for which there was no room)";
    const struct counted_function *function =
        &profile->counts->functions[id - FIRST_ID];
    if (function->host)
        return host_name(profile, function->host);
    if (!function->module)
        return "(a module that was unloaded)";
    return guest_name(profile, function);
}

bool is_host(const struct profile *profile, uint32_t id) {
    return id >= FIRST_ID && profile->counts->functions[id - FIRST_ID].host;
}

struct named {
    const char *name;
    uint32_t id;
};

static int by_name(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool rank(struct profile *profile) {
    size_t count = profile->function_count;
    struct named *sorted = budget_alloc(profile->memory, count, sizeof *sorted);
    if (!sorted)
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct named){profile->names[i], (uint32_t)i};
    qsort(sorted, count, sizeof *sorted, by_name);
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) {
        last += i > 0 && strcmp(sorted[i - 1].name, sorted[i].name) != 0;
        profile->ranks[sorted[i].id] = last;
    }
    budget_free(profile->memory, sorted, count * sizeof *sorted);
    return true;
}

static bool name_functions(struct profile *profile) {
    size_t count = FIRST_ID + profile->counts->function_count;
    profile->function_count = count;
    profile->names =
        budget_alloc(profile->memory, count, sizeof *profile->names);
    profile->ranks =
        budget_alloc(profile->memory, count, sizeof *profile->ranks);
    if (!profile->names || !profile->ranks)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        profile->names[i] = name_of_function(profile, i);
        if (!profile->names[i])
            return false;
    }
    return rank(profile);
}

/* ---- nodes ---- */

struct cost cost_of_node(const struct counts *counts,
                         const struct call_node *node) {
    bool host = function_of(counts, node)->host;
    return (struct cost){.cells = node->own,
                         .fuel = (uint64_t)node->fuel,
                         .calls = host ? node->calls : 0};
}

const struct call_node *node_parent(const struct counts *counts,
                                    const struct call_node *node) {
    return node == &counts->rest ? &counts->root : node->parent;
}

static uint32_t depth_of(const struct call_node *node) {
    return node->id == ID_REST ? 1 : node->depth;
}

/* By depth, and of each in the order in which they were made. */
static bool collect_nodes(struct profile *profile, struct counts *counts) {
    size_t count = counts->node_count + 1;
    uint32_t deepest = 1;
    for (struct call_node *n = counts->root.next; n; n = n->next)
        deepest = n->depth > deepest ? n->depth : deepest;
    size_t *places =
        budget_alloc(profile->memory, deepest + 2u, sizeof *places);
    profile->nodes =
        budget_alloc(profile->memory, count, sizeof *profile->nodes);
    profile->node_count = count;
    bool ok = places && profile->nodes;
    counts->rest.next = counts->root.next;
    for (struct call_node *n = &counts->rest; ok && n; n = n->next)
        places[depth_of(n) + 1]++;
    for (uint32_t i = 1; ok && i <= deepest; i++)
        places[i + 1] += places[i];
    for (struct call_node *n = &counts->rest; ok && n; n = n->next) {
        n->rank = profile->ranks[n->id];
        profile->nodes[places[depth_of(n)]++] = n;
    }
    budget_free(profile->memory, places, (deepest + 2u) * sizeof *places);
    return ok;
}

/* ---- stacks ---- */

static uint32_t parent_stack(const struct call_node *node) {
    return node->id == ID_REST ? 0 : node->parent->stack;
}

static int by_parent_and_name(const void *a, const void *b) {
    const struct call_node *x = *(struct call_node *const *)a;
    const struct call_node *y = *(struct call_node *const *)b;
    int order = numbers_compare(parent_stack(x), parent_stack(y));
    return order ? order : numbers_compare(x->rank, y->rank);
}

static struct stack *add_stack(struct profile *profile,
                               const struct call_node *node) {
    uint32_t index = (uint32_t)profile->stack_count++;
    struct stack *stack = &profile->stacks[index];
    struct stack *parent = &profile->stacks[parent_stack(node)];
    *stack = (struct stack){
        .parent = parent_stack(node), .id = node->id, .depth = depth_of(node)};
    if (parent->count == 0)
        parent->first = index;
    parent->count++;
    return stack;
}

static void
merge_level(struct profile *profile, struct call_node **nodes, size_t count) {
    struct stack *stack = NULL;
    qsort(nodes, count, sizeof *nodes, by_parent_and_name);
    for (size_t i = 0; i < count; i++) {
        bool same = i > 0 && by_parent_and_name(&nodes[i - 1], &nodes[i]) == 0;
        if (!same)
            stack = add_stack(profile, nodes[i]);
        nodes[i]->stack = (uint32_t)(stack - profile->stacks);
        stack->calls += nodes[i]->calls;
        cost_add(&stack->own, cost_of_node(profile->counts, nodes[i]));
    }
}

static bool merge_stacks(struct profile *profile, struct counts *counts) {
    size_t end, count = profile->node_count;
    profile->stacks =
        budget_alloc(profile->memory, count + 1, sizeof *profile->stacks);
    if (!profile->stacks)
        return false;
    profile->stack_count = 1;
    profile->stacks[0].own = cost_of_node(counts, &counts->root);
    for (size_t i = 0; i < count; i = end) {
        uint32_t depth = depth_of(profile->nodes[i]);
        end = i + 1;
        while (end < count && depth_of(profile->nodes[end]) == depth)
            end++;
        merge_level(profile, profile->nodes + i, end - i);
    }
    for (size_t i = profile->stack_count; i-- > 0;) {
        struct stack *stack = &profile->stacks[i];
        cost_add(&stack->all, stack->own);
        if (i > 0)
            cost_add(&profile->stacks[stack->parent].all, stack->all);
    }
    return true;
}

/* ---- what the host asks for ---- */

static bool profile_read(struct profile *profile, struct counts *counts) {
    *profile = (struct profile){.counts = counts, .memory = counts->memory};
    arena_init(&profile->texts);
    profile->texts.budget = counts->memory;
    profile->cut = counts->rest.calls > 0;
    /* What was charged since the last call. */
    counts_charge(counts, counts->node);
    return name_functions(profile) && collect_nodes(profile, counts) &&
           merge_stacks(profile, counts);
}

static void profile_free(struct profile *profile) {
    struct budget *memory = profile->memory;
    size_t functions = profile->function_count;
    budget_free(memory, profile->names, functions * sizeof *profile->names);
    budget_free(memory, profile->ranks, functions * sizeof *profile->ranks);
    budget_free(
        memory, profile->nodes, profile->node_count * sizeof *profile->nodes);
    budget_free(memory,
                profile->stacks,
                (profile->node_count + 1) * sizeof *profile->stacks);
    arena_free(&profile->texts);
}

bool vm_profile(const struct vm_profiling *profiling, struct error *error) {
    struct vm *vm = profiling->vm;
    struct profile profile;
    if (!vm->counts || !vm->counts->calls)
        return error_set(error, ERROR_USAGE, "calls have not been counted");
    bool ok = profile_read(&profile, vm->counts);
    profile.program = profiling->name;
    switch (profiling->format) {
    case VM_PROFILE_FOLDED:
        ok = ok && folded_write(&profile, profiling->out);
        break;
    case VM_PROFILE_CALLGRIND:
        ok = ok && callgrind_write(&profile, profiling->out);
        break;
    case VM_PROFILE_FLAME:
        ok = ok && flame_write(&profile, profiling->out);
        break;
    }
    profile_free(&profile);
    return ok || error_set_memory(vm, error, "a profile");
}

size_t vm_host_times(const struct vm *vm,
                     struct vm_host_time *times,
                     size_t capacity) {
    const struct counts *counts = vm->counts;
    size_t count = 0;
    for (size_t i = 0; counts && i < counts->function_count; i++) {
        const struct host_function *host = counts->functions[i].host;
        if (!host || host->calls == 0)
            continue;
        size_t at = count < capacity ? count++ : count;
        while (at > 0 && times[at - 1].time_ns < host->time_ns) {
            if (at < capacity)
                times[at] = times[at - 1];
            at--;
        }
        if (at < capacity)
            times[at] = (struct vm_host_time){
                host->module, host->name, host->calls, host->time_ns};
    }
    return count;
}
