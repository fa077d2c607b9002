/* Budgets: how much memory may be held at once by all that draw from one of
 * them.
 *
 * Whoever allocates for a guest takes the bytes from the guest's budget first,
 * and gives them back when it frees. Arenas, arrays and buffers do so by
 * themselves if they were made with a budget; who maps memory (vm/memory.c,
 * vm/code.c) does it by hand. What counts is what was asked for: the system's
 * own rounding, and both copies of an array while it moves, come on top. */
#include "base/base.h"

#include <stdlib.h>

/* `held` never exceeds `limit`, so that the difference cannot wrap. */
bool budget_take(struct budget *budget, uint64_t bytes) {
    if (!budget)
        return true;
    bool granted = bytes <= budget_left(budget);
    budget->refused = granted ? 0 : bytes;
    if (granted)
        budget->held += bytes;
    return granted;
}

void budget_give(struct budget *budget, uint64_t bytes) {
    if (budget)
        budget->held -= bytes;
}

uint64_t budget_left(const struct budget *budget) {
    if (!budget)
        return UINT64_MAX;
    return budget->limit - budget->held;
}

void *budget_alloc(struct budget *budget, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;

    size_t bytes = count * size;
    if (!budget_take(budget, bytes))
        return NULL;
    void *memory = calloc(count, size);
    if (!memory)
        budget_give(budget, bytes);
    return memory;
}

void budget_free(struct budget *budget, void *memory, size_t size) {
    if (memory)
        budget_give(budget, size);
    free(memory);
}
