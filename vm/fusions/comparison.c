/* Branches that compare, and loops' ends that step, compare and branch.
 *
 * A comparison whose result only a branch reads is taken back and made part of
 * the branch. A loop that does nothing but add up local 0 as it counts it down
 * takes two cells:
 *
 *     loop
 *       local.get 1, local.get 0, i32.add, local.set 1        i32_add_ss     d=1 a=1 b=0
 *       local.get 0, i32.const -1, i32.add, local.tee 0,
 *       br_if 0                                               step_i32_ne_i  d=0 a=-1 b=0 c=-1
 *     end */
#include "vm/fusions/fusions.h"

/* The last operation if it compares, or NULL. */
static const struct emitted *last_comparison(const struct translator *t) {
    const struct emitted *last = last_of(t);
    bool compares = last->row && last->row->shape == SHAPE_COMPARE;
    return compares ? last : NULL;
}

bool fuse_opposite(struct translator *t, const struct operand *x) {
    if (!made_by_last(t, x))
        return false;
    const struct emitted *last = last_comparison(t);
    if (!last || last->row->negated == WASM_none)
        return false;
    enum form form = (enum form)last->form;
    const struct instruction *row = instruction_at(last->row->negated);
    cell_set_op(last_cell(t), (enum op)(row->op + form));
    fusions_binary(t, row, form);
    *operand_push(t, VM_I32) = *x;
    return true;
}

/* Whether the last operation compares with 0 what the one before it compared.
 * Floats have no comparison that is the opposite of another, but branches. */
static bool is_opposite(const struct translator *t) {
    const struct emitted *last = last_of(t), *before = before_last(t);
    if (last->row->opcode != WASM_i32_eq || last->form < FORM_SI)
        return false;
    if (before->cell < t->barrier || before->cell + 1 != last->cell)
        return false;
    if (!before->row || before->row->shape != SHAPE_COMPARE ||
        before->row->negated != WASM_none)
        return false;
    const struct cell *zero = last_cell(t), *compared = zero - 1;
    bool lost = compared->d >= t->temporary; /* nobody else reads it */
    return zero->tail.imm == 0 && zero->a == compared->d && lost;
}

/* The forms stand in ops.def: those of a value, of a branch if, of a float's
 * branch if not. */
static void set_branches(struct condition *condition) {
    const struct instruction *row = condition->row;
    bool integer = accumulator(row->operand) == 0;
    unsigned count = integer ? FORM_COUNT_INTEGER : FORM_COUNT_FLOAT;
    unsigned branch = condition->form + count;
    unsigned opposite = row->op + branch + count;
    if (integer)
        opposite = instruction_at(row->negated)->op + branch;
    condition->holds = (uint16_t)(row->op + branch);
    condition->fails = (uint16_t)opposite;
}

void condition_negate(struct condition *condition) {
    uint16_t holds = condition->holds;
    condition->holds = condition->fails;
    condition->fails = holds;
    if (condition->row->negated != WASM_none)
        condition->row = instruction_at(condition->row->negated);
}

/* With r0, x needs no slot: d and a together hold the constant. */
static void set_operands(struct condition *condition, const struct cell *cell) {
    uint32_t constant = (uint32_t)cell->tail.imm;
    bool immediate = condition->form >= FORM_SI;
    condition->x = condition->a = cell->a;
    condition->d = immediate ? (uint16_t)constant : cell->tail.slots.b;
    if (condition->form == FORM_RI)
        condition->a = (uint16_t)(constant >> 16);
}

/* Only if the branch has room for the operands. */
bool fuse_comparison(struct translator *t,
                     const struct operand *x,
                     struct condition *condition) {
    if (!made_by_last(t, x) || !last_comparison(t))
        return false;
    bool opposite = is_opposite(t);
    if (opposite)
        take_back(t);
    const struct emitted *last = last_of(t);
    const struct cell *cell = last_cell(t);
    if (last->form == FORM_SI && !is_short(cell->tail.imm))
        return false;
    condition->row = last->row;
    condition->form = last->form;
    set_branches(condition);
    set_operands(condition, cell);
    if (opposite)
        condition_negate(condition);
    take_back(t);
    return true;
}

/* The last cell if it adds a short constant to a slot, or NULL. It is found by
 * its place, not through the operand it produced: that is what the condition
 * compares. */
static const struct cell *last_step(const struct translator *t) {
    const struct emitted *last = last_of(t);
    if (!last_is_open(t) || last->cell + 1 != here(t))
        return NULL;
    if (!last->row || last->row->opcode != WASM_i32_add)
        return NULL;
    if (last->form != FORM_SI && last->form != FORM_RI)
        return NULL;
    const struct cell *step = last_cell(t);
    bool in_place = step->d == step->a;
    return in_place && is_short(step->tail.imm) ? step : NULL;
}

/* How a step is compared: the operation, and its operand b. */
struct end {
    unsigned op;
    uint16_t b;
};

/* Whether the constant that the condition compares with has 16 bits. */
static bool compares_short(const struct condition *condition) {
    uint32_t high = condition->a;
    int32_t pair = (int32_t)(high << 16 | condition->d);
    return condition->form == FORM_SI || is_short(pair);
}

/* If the condition compares x with another slot or a short constant. */
static bool
end_of(const struct condition *condition, uint16_t x, struct end *end) {
    const struct instruction *row = condition->row;
    bool on_the_left = condition->x == x;
    if (condition->form >= FORM_SI) {
        end->op = row->op + (unsigned)FORM_STEP_I;
        end->b = condition->d;
        return on_the_left && compares_short(condition);
    }
    if (!on_the_left)
        row = instruction_at(row->swapped);
    uint16_t compared = on_the_left ? condition->x : condition->d;
    end->op = row->op + (unsigned)FORM_STEP_S;
    end->b = on_the_left ? condition->d : condition->x;
    return compared == x && end->b != x;
}

/* The end of most loops: x += k, then a branch back that compares x. One cell
 * does it all if its 16-bit fields have room. */
bool fuse_step_to(struct translator *t,
                  const struct condition *condition,
                  uint32_t target) {
    if (condition->row->operand != VM_I32)
        return false;
    const struct cell *step = last_step(t);
    if (!step)
        return false;
    uint16_t x = step->d, k = (uint16_t)step->tail.imm;
    struct end end;
    int32_t distance = (int32_t)(target - last_of(t)->cell);
    if (!end_of(condition, x, &end) || !is_short(distance))
        return false;
    take_back(t);
    struct cell *cell = emit(t, end.op);
    cell->d = x;
    cell->a = k;
    cell->tail.slots.b = end.b;
    cell->tail.slots.c = (uint16_t)distance;
    slots_written(t, x, 1);
    mirror_set(t, 0, x);
    t->barrier = here(t);
    return true;
}

bool fuse_step(struct translator *t,
               const struct condition *condition,
               const struct label *loop) {
    return loop->target != NO_CELL && fuse_step_to(t, condition, loop->target);
}
