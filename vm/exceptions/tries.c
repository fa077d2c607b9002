/* The tables of try ranges and catch clauses, which grow and shrink with the
 * code that they are about (vm/code.c): there is none before a function with a
 * try is translated. */
#include "vm/exceptions/tries.h"

#include "vm/rings.h"

static bool tries_make(struct code *code) {
    if (!code->tries)
        code->tries = budget_alloc(code->memory, 1, sizeof *code->tries);
    return code->tries;
}

struct try_range *tries_add_range(struct code *code) {
    if (!tries_make(code))
        return NULL;
    struct tries *tries = code->tries;
    struct try_range *ranges = array_reserve(code->memory,
                                             tries->ranges,
                                             tries->range_count,
                                             &tries->range_capacity,
                                             sizeof *ranges);
    if (!ranges)
        return NULL;
    tries->ranges = ranges;
    return &ranges[tries->range_count++];
}

struct catch_clause *tries_add_clause(struct code *code) {
    struct tries *tries = code->tries; /* it has the range of the clause */
    struct catch_clause *clauses = array_reserve(code->memory,
                                                 tries->clauses,
                                                 tries->clause_count,
                                                 &tries->clause_capacity,
                                                 sizeof *clauses);
    if (!clauses)
        return NULL;
    tries->clauses = clauses;
    return &clauses[tries->clause_count++];
}

/* No range is empty at an entry cell: it would begin behind it. */
uint32_t tries_first(const struct tries *tries, uint32_t entry) {
    uint32_t low = 0, high = tries->range_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tries->ranges[middle].end <= entry) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The code ends at its last cell now: what was behind it is gone. */
void tries_cut(struct code *code) {
    struct tries *tries = code->tries;
    if (!tries)
        return;
    tries->range_count = tries_first(tries, code->cell_count);
    while (tries->clause_count > 0 &&
           tries->clauses[tries->clause_count - 1].landing >= code->cell_count)
        tries->clause_count--;
}

void tries_free(struct code *code) {
    struct tries *tries = code->tries;
    if (!tries)
        return;
    array_free(code->memory,
               tries->ranges,
               tries->range_capacity,
               sizeof *tries->ranges);
    array_free(code->memory,
               tries->clauses,
               tries->clause_capacity,
               sizeof *tries->clauses);
    budget_free(code->memory, tries, sizeof *tries);
}
