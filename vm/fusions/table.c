/* The head of a switch loop, repeated.
 *
 * A loop that begins with a few operations and a br_table is what interpreters
 * do most. A branch back to it repeats the operations and goes on into the
 * table:
 *
 *     loop                 i32_load8_u_s   d=4 a=0 imm=0
 *       ... br_table       br_table_r      a=4 imm=... (and its data cells)
 *       ...
 *       br 0               i32_load8_u_s   d=4 a=0 imm=0
 *                          br_to_table_r   imm=..., to the br_table */
#include "vm/fusions/fusions.h"

enum { LOOP_HEAD = 5 }; /* cells that are repeated at most */

void fusions_loop(struct translator *t) {
    t->fusions.loop = here(t);
}

void fusions_table(struct translator *t, bool in_r0) {
    uint32_t loop = t->fusions.loop;
    bool straight = t->barrier <= loop && here(t) - loop <= LOOP_HEAD;
    if (!straight || t->dead || t->plain)
        return;
    t->fusions.table_loop = loop;
    t->fusions.table = here(t) - 1;
    t->fusions.table_in_r0 = in_r0;
}

/* Append a copy of a cell that executes something, holds no displacement and
 * changes no accumulator but r0. If it traps, it was the instruction of the
 * original. */
static void emit_copy(struct translator *t, uint32_t cell) {
    uint32_t offset = t->offset;
    t->offset = t->module->code.offsets[cell];
    struct cell copy = t->module->code.cells[cell];
    *emit(t, OP_br) = copy; /* its operation, too */
    t->offset = offset;
}

/* Not where the function has more cells than bytes already: a few bytes could
 * make many, again and again. */
bool fuse_head(struct translator *t, const struct label *loop) {
    uint32_t begin = loop->target, table = t->fusions.table;
    if (begin == NO_CELL || begin != t->fusions.table_loop)
        return false;
    if (here(t) - t->entry > t->offset - t->begin)
        return false;
    for (uint32_t cell = begin; cell < table; cell++)
        emit_copy(t, cell);
    bool in_r0 = t->fusions.table_in_r0;
    struct cell *cell = emit(t, in_r0 ? OP_br_to_table_r : OP_br_to_table_s);
    cell->tail.imm = (int32_t)(table - (here(t) - 1));
    return true;
}
