/* A profile in folded stacks, as Brendan Gregg's stackcollapse scripts print
 * them (https://github.com/brendangregg/FlameGraph), for flamegraph.pl,
 * speedscope and the like:
 *
 *     _start;main;fib;fib 1402      from the outermost function on; cells executed
 *
 * One line for each stack with which anything was executed. */
#include "vm/debug/profile.h"

#include <inttypes.h>

/* A semicolon in a name would be the end of it. */
static void print_name(const char *name, FILE *out) {
    for (; *name; name++) {
        if (*name == ';')
            fputs("\\x3b", out);
        else
            fputc(*name, out);
    }
}

/* The indices of a stack and those below it; `path` has room for them. */
static void print_stack(const struct profile *profile,
                        uint32_t index,
                        uint32_t *path,
                        FILE *out) {
    const struct stack *stacks = profile->stacks;
    uint32_t depth = stacks[index].depth;
    for (uint32_t i = depth; i-- > 0; index = stacks[index].parent)
        path[i] = index;
    for (uint32_t i = 0; i < depth; i++) {
        if (i > 0)
            fputc(';', out);
        print_name(profile->names[stacks[path[i]].id], out);
    }
}

/* Parents first, and children in the order of their names: after a stack comes
 * its first child, or the next of what it is in. */
static uint32_t next_stack(const struct profile *profile, uint32_t index) {
    const struct stack *stacks = profile->stacks;
    if (stacks[index].count > 0)
        return stacks[index].first;
    while (index > 0) {
        const struct stack *parent = &stacks[stacks[index].parent];
        if (index + 1 < parent->first + parent->count)
            return index + 1;
        index = stacks[index].parent;
    }
    return 0;
}

bool folded_write(const struct profile *profile, FILE *out) {
    const struct stack *stacks = profile->stacks;
    uint32_t deepest = stacks[profile->stack_count - 1].depth + 1;
    uint32_t *path = budget_alloc(profile->memory, deepest, sizeof *path);
    if (!path)
        return false;
    uint32_t index = 0;
    while ((index = next_stack(profile, index)) != 0) {
        if (stacks[index].own.cells == 0)
            continue;
        print_stack(profile, index, path, out);
        fprintf(out, " %" PRIu64 "\n", stacks[index].own.cells);
    }
    budget_free(profile->memory, path, deepest * sizeof *path);
    return true;
}
