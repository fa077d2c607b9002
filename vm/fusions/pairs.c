/* Pairs: two cells for one dispatch.
 *
 * What costs an interpreter most is to go from one cell to the next: a load, and
 * a jump to where the processor can only guess. So where two operations often
 * follow each other there is a handler that does both, one behind the other, and
 * the first of such cells gets it for a head:
 *
 *     i32_shl_si+    d=t0 a=local1 imm=2     does the next cell, too
 *     i32_load_rs    d=t0 b=local0 c=0       as ever
 *
 * Nothing else changes. Both cells keep their operations (code->ops) and fields,
 * which the handler reads where they are, and write the slots and accumulators
 * that they write alone. A branch to the second cell executes that one; a trap in
 * it is its own. So a pair is right wherever its cells are, and needs no proof
 * but that it is made of the two handlers' text: exec.c does that by their names.
 *
 * With a switch for a dispatch there is nothing to be won: there a pair's head is
 * that of its first. Nor are there pairs where an observer marks cells, each of
 * which it wants to hear of.
 *
 * Which ones is a matter of counting, in many programs (make bench-forms). */
#include "vm/fusions/pairs.h"

#include "vm/fusions/fusions.h"
#include "vm/observer.h"
#include "vm/store.h"

/* Where the pairs of each operation begin: behind its FIRST, up to the next. */
static const uint16_t firsts[OP_COUNT] = {
#define FIRST(first) [OP_##first] = FIRST_##first - NO_PAIR,
#define PAIR(first, second)
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR
};

/* What comes second in each, an operation or a pair. */
static const uint16_t seconds[PAIR_END - NO_PAIR + 1] = {
    NO_PAIR,
#define FIRST(first)        NO_PAIR,
#define PAIR(first, second) OP_##second,
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR
    NO_PAIR,
};

/* The pair of the two, or NO_PAIR. */
static unsigned pair_of(enum op first, unsigned second) {
    unsigned i = firsts[first];
    if (i == 0 || second == NO_PAIR)
        return NO_PAIR;
    do
        i++;
    while (seconds[i] != second && seconds[i] != NO_PAIR);
    return seconds[i] == second ? NO_PAIR + i : NO_PAIR;
}

/* Whether code of the module has pairs. */
static bool has_pairs(const struct module *module) {
    const struct vm *vm = module->vm;
    bool watched = vm->observer && vm->observer->cell;
    return !watched && !vm->options.plain_code;
}

/* From the last cell to the first: what follows is known to be a pair then. A
 * cell begins the longest that it can. */
void fusions_function(struct translator *t) {
    struct code *code = &t->module->code;
    carried_end(t);
    if (!has_pairs(t->module))
        return;
    unsigned next = NO_PAIR, next_pair = NO_PAIR;
    for (uint32_t cell = here(t) - 1; cell > t->entry; cell--) {
        enum op op = code_op(code, cell);
        if (op == OP_COUNT)
            continue;
        unsigned pair = pair_of(op, next_pair);
        if (pair == NO_PAIR)
            pair = pair_of(op, next);
        if (pair != NO_PAIR)
            code->cells[cell].head = pair_heads[pair - NO_PAIR];
        next = op;
        next_pair = pair;
    }
}

/* A call that is made for the first time has become another operation. */
void fusions_linked(struct module *module, uint32_t cell) {
    struct code *code = &module->code;
    enum op first = code_op(code, cell - 1);
    if (first == OP_COUNT || !has_pairs(module))
        return;
    unsigned pair = pair_of(first, code_op(code, cell));
    if (pair != NO_PAIR)
        code->cells[cell - 1].head = pair_heads[pair - NO_PAIR];
}
