/* Pairs: cells that do what the next one does, too (pairs.c).
 *
 * They are numbered behind the operations. A pair's name is that of its first
 * operation, two underscores, and that of its second, which may be a pair. */
#ifndef HOSTEL_VM_FUSIONS_PAIRS_H
#define HOSTEL_VM_FUSIONS_PAIRS_H

#include "vm/cell.h"

enum pair {
    NO_PAIR = OP_COUNT,
#define FIRST(first)        FIRST_##first,
#define PAIR(first, second) OP_##first##__##second,
#include "vm/fusions/pairs.def"
#undef FIRST
#undef PAIR
    PAIR_END
};

/* Of the cells that are pairs, from NO_PAIR on; exec.c. */
extern const union head pair_heads[PAIR_END - NO_PAIR];

#endif
