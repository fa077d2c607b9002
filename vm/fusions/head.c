/* The head of a loop, repeated where a branch leads back to it.
 *
 * Most loops begin with a few operations and a branch that leaves them. A
 * branch back repeats the operations and branches the other way round, behind
 * the first branch: what goes round has one branch instead of two.
 *
 *     loop                 i32_load8_u_s  d=t0 a=local0 imm=0
 *       ... br_if 1        br_unless_r    imm=..., out of the loop
 *       ...
 *       br 0               i32_load8_u_s  d=t0 a=local0 imm=0
 *                          br_if_r        imm=..., behind the first branch
 *                          br             imm=..., to the first branch, or where that goes
 *
 * A step in front of the repeated comparison becomes one cell with it. What
 * interpreters do most is a loop that begins with a br_table: there the copy
 * goes on into the table.
 *
 *     loop                 i32_load8_u_s  d=t0 a=local0 imm=0
 *       ... br_table       br_table_r     a=t0 imm=... (and its data cells)
 *       ...
 *       br 0               i32_load8_u_s  d=t0 a=local0 imm=0
 *                          br_to_table_r  imm=..., to the br_table */
#include "vm/fusions/fusions.h"

enum { HEAD_CELLS = 5 }; /* that are repeated at most */

void fusions_loop(struct translator *t) {
    t->fusions.loop = here(t);
}

/* A loop that begins there may take the place of another's head. */
static struct loop_head *head_at(struct translator *t, uint32_t loop) {
    size_t count = sizeof t->fusions.heads / sizeof *t->fusions.heads;
    return &t->fusions.heads[loop % count];
}

/* The last cell ends the head of a loop, if all before it is straight code. */
static struct loop_head *end_head(struct translator *t) {
    uint32_t loop = t->fusions.loop, end = here(t) - 1;
    bool straight = t->barrier <= loop && end - loop <= HEAD_CELLS;
    if (!straight || t->dead || t->plain)
        return NULL;
    struct loop_head *head = head_at(t, loop);
    *head = (struct loop_head){.loop = loop, .end = end};
    return head;
}

void fusions_table(struct translator *t, bool in_r0) {
    struct loop_head *head = end_head(t);
    if (head)
        head->through = in_r0 ? OP_br_to_table_r : OP_br_to_table_s;
}

void fusions_branch(struct translator *t,
                    const struct condition *condition,
                    bool sense) {
    struct loop_head *head = end_head(t);
    if (!head)
        return;
    head->again = *condition;
    if (sense)
        condition_negate(&head->again);
}

/* Append a copy of a cell that executes something and holds no displacement: it
 * leaves the accumulators as the original does. If it traps, it was the
 * instruction of the original. */
static void emit_copy(struct translator *t, uint32_t cell) {
    const struct code *code = &t->module->code;
    struct cell original = code->cells[cell];
    uint32_t offset = t->offset;
    t->offset = code->offsets[cell];
    struct cell *copy = emit(t, code_op(code, cell));
    copy->d = original.d;
    copy->a = original.a;
    copy->tail = original.tail;
    t->offset = offset;
}

/* Append a jump or branch to a cell that is there. */
static struct cell *emit_back(struct translator *t, unsigned op, uint32_t to) {
    struct cell *cell = emit(t, op);
    cell->tail.imm = (int32_t)(to - (here(t) - 1));
    return cell;
}

/* Where the branch behind a head goes if it is taken: known if that lies behind
 * it and a label stands there already. Else the branch itself, to be executed
 * once more: all that it looks at is as it was. */
static uint32_t way_out(const struct translator *t,
                        const struct loop_head *head) {
    int32_t distance = t->module->code.cells[head->end].tail.imm;
    return distance > 0 ? head->end + (uint32_t)distance : head->end;
}

static void branch_again(struct translator *t, const struct loop_head *head) {
    if (!fuse_step_to(t, &head->again, head->end + 1)) {
        struct cell *cell = emit_back(t, head->again.holds, head->end + 1);
        cell->a = head->again.a;
        cell->d = head->again.d;
        pins_back(t, head->end + 1);
    }
    emit_back(t, OP_br, way_out(t, head));
}

/* Not where the function has more cells than bytes already: a few bytes could
 * make many, again and again. */
bool fuse_head(struct translator *t, const struct label *loop) {
    const struct loop_head *head = head_at(t, loop->target);
    if (loop->target == NO_CELL || loop->target != head->loop)
        return false;
    if (here(t) - t->entry > t->offset - t->begin)
        return false;
    uint32_t pinned = t->fusions.pins.end;
    if (head->loop == t->fusions.pins.head) {
        carried_none(t);
    } else {
        t->fusions.pins.end = 0;
    }
    for (uint32_t cell = head->loop; cell < head->end; cell++)
        emit_copy(t, cell);
    if (head->through) {
        emit_back(t, head->through, head->end);
    } else {
        branch_again(t, head);
    }
    t->fusions.pins.end = pinned;
    return true;
}
