/* Budgets: how much memory may be held at once by all that draw from one of
 * them.
 *
 * Whoever allocates for a guest takes the bytes from the guest's budget first,
 * and gives them back when it frees. Arenas, arrays and buffers do so by
 * themselves if they were made with a budget; who maps memory (vm/memory.c,
 * vm/code.c) does it by hand. What counts is what was asked for: the system's
 * own rounding, and both copies of an array while it moves, come on top. */
#include "base/base.h"

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
    return budget ? budget->limit - budget->held : UINT64_MAX;
}
