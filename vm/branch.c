/* Translating control: labels, blocks, branches and returns.
 *
 * Values that a branch carries are moved to the slots of their label before it
 * is taken. A branch that is conditional and has something to move becomes the
 * opposite branch, over the moves and an unconditional one. At the bottom of the
 * operand stack:
 *
 *     block (result i32)                    its label wants an i32 in t0
 *       i32.const 7                         t0
 *       i32.const 9                         t1, but the branch must bring it to t0
 *       (i32.lt_s local 0, local 1)         i32_lt_s_ss     d=t2 a=local0 b=local1
 *       br_if 0                             br_unless_r     imm=3, to the last line
 *                                           const_u32       d=t0 imm=9
 *                                           br              imm=2, past the last line
 *       drop
 *     end                                   const_u32       d=t0 imm=7
 *
 * Displacements are in cells and count from the branch itself. With vm/fusions
 * the comparison and its branch are one cell, br_i32_ge_s_ss. */
#include "vm/emit.h"

#include "vm/types.h"

struct label label_init(const struct translator *t, struct types types) {
    return (struct label){.target = NO_CELL,
                          .patches = NO_CELL,
                          .home = (uint16_t)t->home,
                          .arity = (uint16_t)types.count,
                          .slots = (uint16_t)types.slots};
}

/* Let the cell branch to where the patches will be bound. Until then the cells
 * that wait are a list: `patches` is the last of them, and the imm of each says
 * which one is before it, by a number that is no displacement forward. */
static void link_patch(struct translator *t, uint32_t cell, uint32_t *patches) {
    if (t->dead)
        return;
    t->module->code.cells[cell].tail.imm = (int32_t) ~*patches;
    *patches = cell;
}

/* Let the cell branch to the label, now or when it is bound. */
static void
link_branch(struct translator *t, uint32_t cell, struct label *label) {
    if (t->dead)
        return;
    if (label->target == NO_CELL) {
        link_patch(t, cell, &label->patches);
    } else {
        t->module->code.cells[cell].tail.imm = (int32_t)(label->target - cell);
        pins_back(t, label->target);
    }
}

void patches_bind(struct translator *t, uint32_t *patches) {
    /* Nobody branches here, so all that is known still is. */
    if (*patches == NO_CELL)
        return;
    for (uint32_t cell = *patches; cell != NO_CELL;) {
        uint32_t next = ~(uint32_t)t->module->code.cells[cell].tail.imm;
        t->module->code.cells[cell].tail.imm = (int32_t)(here(t) - cell);
        cell = next;
    }
    *patches = NO_CELL;
    t->barrier = here(t);
    forget_mirrors(t);
}

void label_bind(struct translator *t, struct label *label) {
    patches_bind(t, &label->patches);
}

void translate_block(struct translator *t, uint32_t slots) {
    if (t->dead)
        return;
    settle(t, NO_SLOT);
    operands_home(t, slots);
}

/* The accumulators are forgotten, since branches that are still to come arrive
 * here too. */
void translate_loop(struct translator *t, struct label *label) {
    label->target = here(t);
    fusions_loop(t);
    t->barrier = here(t);
    forget_mirrors(t);
    count_block(t, false);
    translate_tick(t);
}

/* Whether a value is not 0. */
static struct condition not_zero(struct translator *t, struct operand x) {
    need_slot(t, &x);
    x.type = VM_I32;
    struct condition condition = {.row = instruction_at(WASM_i32_ne),
                                  .x = x.slot};
    if (in_accumulator(t, &x)) {
        condition.form = FORM_RI;
        condition.holds = OP_br_if_r;
        condition.fails = OP_br_unless_r;
    } else {
        condition.form = FORM_SI;
        condition.holds = OP_br_if_s;
        condition.fails = OP_br_unless_s;
        condition.a = x.slot;
    }
    return condition;
}

static struct condition condition_of(struct translator *t, struct operand x) {
    struct condition condition;
    bool fused = fuse_comparison(t, &x, &condition);
    return fused ? condition : not_zero(t, x);
}

/* Emit a branch that is taken if the condition is `sense`; returns its cell, to
 * be linked. */
static uint32_t emit_branch(struct translator *t,
                            const struct condition *condition,
                            bool sense) {
    struct cell *cell = emit(t, sense ? condition->holds : condition->fails);
    cell->a = condition->a;
    cell->d = condition->d;
    fusions_branch(t, condition, sense);
    t->barrier = here(t);
    return here(t) - 1;
}

/* The condition is asked for before the parameters are brought home: these are
 * moves. */
void translate_if(struct translator *t,
                  struct operand condition,
                  uint32_t *patches,
                  uint32_t slots) {
    struct condition asked = condition_of(t, condition);
    translate_block(t, slots);
    link_patch(t, emit_branch(t, &asked, false), patches);
    count_block(t, true);
}

/* True if the label's values, once home, are where the label wants them. */
static bool values_in_place(const struct translator *t,
                            const struct label *label) {
    return label->arity == 0 || label->home == window(t, label->slots);
}

bool label_needs_move(const struct translator *t, const struct label *label) {
    return !label->is_return && !values_in_place(t, label);
}

/* Results go to where the caller has its window. A single one that is in its
 * accumulator is written from there. */
static void emit_return(struct translator *t, const struct label *label) {
    static const uint16_t by_accumulator[] = {
        OP_return_i, OP_return_f32, OP_return_f64};
    struct cell *cell;
    if (label->arity == 0) {
        cell = emit(t, OP_return_void);
    } else if (label->slots == 1) {
        struct operand x = operand_top(t);
        need_slot(t, &x);
        bool ready = in_accumulator(t, &x);
        cell = emit(t,
                    ready ? by_accumulator[accumulator(x.type)]
                          : (unsigned)OP_return_s);
        cell->a = x.slot;
    } else {
        bool alone = label->arity == 1; /* a v128, which may be a local */
        if (!alone)
            operands_home(t, label->slots);
        cell = emit(t, OP_return_many);
        cell->d = label->slots;
        cell->a = alone ? operand_top(t).slot : window(t, label->slots);
    }
    cell->tail.slots.b = (uint16_t)t->first;
    t->barrier = here(t);
}

/* Put the values where the label wants them. Many are moved by one cell, so
 * that code stays linear in the size of the body. */
static void move_values(struct translator *t, const struct label *label) {
    if (values_in_place(t, label)) {
        operands_home(t, label->slots);
    } else if (label->arity == 1) {
        struct operand x = operand_top(t);
        emit_move(t, label->home, &x);
    } else {
        operands_home(t, label->slots);
        struct cell *cell = emit(t, OP_move_many);
        t->unpaid += label->slots / SLOTS_A_CELL;
        cell->d = label->home;
        cell->a = window(t, label->slots);
        cell->tail.imm = label->slots;
        forget_mirrors(t);
    }
}

/* The same, but a single value may be written there by its producer. */
static void bring_values(struct translator *t, const struct label *label) {
    struct operand *x = label->arity == 1 ? operand_known(t) : NULL;
    if (x && fuse_result(t, x, label->home))
        x->slot = label->home;
    move_values(t, label);
}

/* Go to the label, where its values are. */
static void emit_jump(struct translator *t, struct label *label) {
    if (!fuse_head(t, label)) {
        emit(t, OP_br);
        link_branch(t, here(t) - 1, label);
    }
    t->barrier = here(t);
}

void translate_br(struct translator *t, struct label *label) {
    if (t->dead)
        return;
    if (label->is_return) {
        emit_return(t, label);
        return;
    }
    bring_values(t, label);
    emit_jump(t, label);
}

void translate_fall(struct translator *t, struct label *label) {
    if (!t->dead)
        bring_values(t, label);
}

/* Whether or not it is taken, its values stay on the stack: they are copied,
 * not popped. */
void translate_br_if(struct translator *t,
                     struct operand condition,
                     struct label *label) {
    if (t->dead)
        return;
    struct condition asked = condition_of(t, condition);
    if (!label->is_return && values_in_place(t, label)) {
        operands_home(t, label->slots);
        if (!fuse_step(t, &asked, label))
            link_branch(t, emit_branch(t, &asked, true), label);
        count_block(t, true);
        return;
    }
    if (label->arity > 1)
        operands_home(t, label->slots); /* on both paths */
    uint32_t over = NO_CELL;
    link_patch(t, emit_branch(t, &asked, false), &over);
    count_block(t, true);
    struct mirrors mirrors = t->mirrors;
    if (label->is_return) {
        emit_return(t, label);
    } else {
        move_values(t, label);
        emit_jump(t, label);
    }
    patches_bind(t, &over);
    count_block(t, true);
    /* Both ways to this point have the accumulators as they were before the
     * branch. */
    t->mirrors = mirrors;
}

/* The cell is followed by one data cell a target, with the displacement from
 * itself. If the values of any target have to be moved, the table is of another
 * operation, for which each data cell says how many slots go from a to d: a
 * byte that names a target must not become much code. Targets that leave the
 * function all go to one return behind the table:
 *
 *     block                              br_table_s  a=local0 imm=2
 *       block                                            imm=4    0: behind the inner block
 *         (br_table 0 1 2 local 0)                       imm=4    1: behind the outer block
 *       end                                              imm=1    2 and above: the return
 *       unreachable                      return_void
 *     end                                trap_unreachable
 *     end, of the function               return_void */
void translate_br_table(struct translator *t,
                        struct operand index,
                        const struct br_table *table) {
    need_slot(t, &index);
    index.type = VM_I32;
    bool in_r0 = in_accumulator(t, &index);
    unsigned op = in_r0 ? OP_br_table_r : OP_br_table_s;
    struct cell *cell = emit(t, table->moves ? OP_br_table_move : op);
    if (!table->moves)
        fusions_table(t, in_r0);
    cell->a = index.slot;
    cell->tail.imm = (int32_t)table->count;
    if (table->moves)
        t->unpaid += table->slots / SLOTS_A_CELL;
}

void translate_br_table_target(struct translator *t,
                               struct br_table *table,
                               struct label *label) {
    struct cell *entry = emit_data(t);
    if (t->dead)
        return;
    uint32_t cell = here(t) - 1;
    if (label->is_return) {
        link_patch(t, cell, &table->returns);
        return;
    }
    if (label_needs_move(t, label)) {
        entry->head.wide = label->slots;
        entry->a = window(t, label->slots);
        entry->d = label->home;
    }
    link_branch(t, cell, label);
}

void translate_br_table_end(struct translator *t,
                            struct br_table *table,
                            struct label *function) {
    if (t->dead || table->returns == NO_CELL)
        return;
    patches_bind(t, &table->returns);
    count_block(t, true);
    emit_return(t, function);
}
