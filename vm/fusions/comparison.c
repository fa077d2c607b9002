/* Branches that compare, and loops' ends that step, compare and branch.
 *
 * A comparison whose result only a branch reads is taken back and made part of
 * the branch. A loop that does nothing but add up local 0 as it counts it down
 * takes two cells:
 *
 *     loop
 *       local.get 1, local.get 0, i32.add, local.set 1    i32_add_ss     d=local1 a=local1 b=local0
 *       local.get 0, i32.const -1, i32.add, local.tee 0,
 *       br_if 0                                           step_i32_ne_i  d=local0 a=-1 b=0 c=-1
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
    last_becomes(t, (enum op)(row->op + form));
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

static void set_branches(struct condition *condition) {
    const struct instruction *row = condition->row;
    bool integer = accumulator(row->operand) == 0;
    unsigned holds = fused_of(row) + condition->form;
    unsigned fails = holds + FUSED_NOT;
    if (integer)
        fails = fused_of(instruction_at(row->negated)) + condition->form;
    condition->holds = (uint16_t)holds;
    condition->fails = (uint16_t)fails;
}

void condition_negate(struct condition *condition) {
    uint16_t holds = condition->holds;
    condition->holds = condition->fails;
    condition->fails = holds;
    if (condition->row->negated != WASM_none)
        condition->row = instruction_at(condition->row->negated);
}

/* The low 16 bits of an integer, the high ones of a float. */
static uint16_t shortened(const struct instruction *row,
                          const struct cell *cell) {
    uint32_t constant = (uint32_t)cell->tail.imm;
    bool integer = accumulator(row->operand) == 0;
    return (uint16_t)(integer ? constant : constant >> 16);
}

/* Whether a branch whose x is in a slot has room for the comparison's constant. */
static bool has_room(const struct instruction *row, const struct cell *cell) {
    uint32_t constant = (uint32_t)cell->tail.imm;
    bool integer = accumulator(row->operand) == 0;
    return integer ? is_short(cell->tail.imm) : (uint16_t)constant == 0;
}

/* With an accumulator, x needs no slot: d and a together hold the constant. */
static void set_operands(struct condition *condition, const struct cell *cell) {
    uint32_t constant = (uint32_t)cell->tail.imm;
    condition->x = condition->a = cell->a;
    switch (condition->form) {
    case FORM_SI: condition->d = shortened(condition->row, cell); break;
    case FORM_RI:
        condition->a = (uint16_t)(constant >> 16);
        condition->d = (uint16_t)constant;
        break;
    default: condition->d = cell->tail.slots.b;
    }
}

/* Only if the branch has room for the operands. */
bool fuse_comparison(struct translator *t,
                     const struct operand *x,
                     struct condition *condition) {
    if (!made_by_last(t, x) || !last_comparison(t))
        return false;
    bool opposite = is_opposite(t);
    const struct emitted *compared = opposite ? before_last(t) : last_of(t);
    const struct cell *cell = &t->module->code.cells[compared->cell];
    if (compared->form == FORM_SI && !has_room(compared->row, cell))
        return false;
    if (opposite)
        take_back(t);
    condition->row = compared->row;
    condition->form = compared->form;
    set_branches(condition);
    set_operands(condition, cell);
    if (opposite)
        condition_negate(condition);
    take_back(t);
    return true;
}

/* What a loop's end does: x += by, a constant of 16 bits or a slot. */
struct step {
    uint16_t x, by;
    bool by_slot;
};

/* If the last cell is a step of the type. It is found by its place, not through
 * the operand it produced: that is what the condition compares. */
static bool
last_step(const struct translator *t, uint8_t type, struct step *step) {
    uint32_t add = type == VM_I32 ? WASM_i32_add : WASM_i64_add;
    const struct emitted *last = last_of(t);
    if (!last_is_open(t) || last->cell + 1 != here(t))
        return false;
    if (!last->row || last->row->opcode != add)
        return false;
    const struct cell *cell = last_cell(t);
    uint16_t right = cell->tail.slots.b;
    step->x = cell->d;
    step->by_slot = last->form < FORM_SI;
    if (!step->by_slot) {
        step->by = (uint16_t)cell->tail.imm;
        return cell->a == step->x && is_short(cell->tail.imm);
    }
    bool on_the_right = right == step->x;
    step->by = on_the_right ? cell->a : right;
    return on_the_right || cell->a == step->x;
}

/* Whether the constant that the condition compares with has 16 bits. */
static bool compares_short(const struct condition *condition) {
    uint32_t high = condition->a;
    int32_t pair = (int32_t)(high << 16 | condition->d);
    return condition->form == FORM_SI || is_short(pair);
}

/* How a step is compared: with what, and by which row. */
struct end {
    const struct instruction *row;
    uint16_t b;
    bool by_slot;
};

/* If the condition compares x with another slot or a short constant. */
static bool
end_of(const struct condition *condition, uint16_t x, struct end *end) {
    bool on_the_left = condition->x == x;
    end->by_slot = condition->form < FORM_SI;
    end->row = condition->row;
    end->b = condition->d;
    if (!end->by_slot)
        return on_the_left && compares_short(condition);
    if (on_the_left)
        return end->b != x;
    end->row = instruction_at(condition->row->swapped);
    end->b = condition->x;
    return condition->d == x;
}

/* Steps by a slot are compared with one, too: others are rare. */
static bool
step_form(const struct step *step, const struct end *end, unsigned *form) {
    if (step->by_slot) {
        *form = FUSED_STRIDE_S;
        return end->by_slot;
    }
    *form = end->by_slot ? FUSED_STEP_S : FUSED_STEP_I;
    return true;
}

/* The end of most loops: x += k, then a branch back that compares x. One cell
 * does it all if its 16-bit fields have room. */
bool fuse_step_to(struct translator *t,
                  const struct condition *condition,
                  uint32_t target) {
    uint8_t type = condition->row->operand;
    struct step step;
    struct end end;
    if (accumulator(type) != 0 || !last_step(t, type, &step))
        return false;
    unsigned form;
    if (!end_of(condition, step.x, &end) || !step_form(&step, &end, &form))
        return false;
    int32_t distance = (int32_t)(target - last_of(t)->cell);
    unsigned op = fused_of(end.row) + form;
    if (!is_short(distance) || !pins_can_step(t, op, step.x, target))
        return false;
    take_back(t);
    struct cell *cell = emit(t, op);
    cell->d = step.x;
    cell->a = step.by;
    cell->tail.slots.b = end.b;
    cell->tail.slots.c = (uint16_t)distance;
    slots_written(t, step.x, 1);
    mirror_set(t, 0, step.x);
    pins_back(t, target);
    pins_written(t, step.x);
    t->barrier = here(t);
    return true;
}

bool fuse_step(struct translator *t,
               const struct condition *condition,
               const struct label *loop) {
    return loop->target != NO_CELL && fuse_step_to(t, condition, loop->target);
}
