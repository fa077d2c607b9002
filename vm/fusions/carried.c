/* What r0 carries from one round of a loop to the next.
 *
 * What a round computes last is often what the next one begins with, as in a
 * walk through a list. Where a loop begins nothing is known of the
 * accumulators, since branches that are still to come go there. But when all of
 * an innermost loop is there (pins.c), so are these. If r0 mirrors the same
 * local at each of them, the cell by which the loop is entered fills r0 too, and
 * the first cells that read the local read r0:
 *
 *     loop                                 loop_l0       a=1 imm=1
 *       local.get 0, local.tee 1           move_l        d=1 a=0
 *       i32.load, local.set 0              i32_load_l_r  d=0 a=1 imm=0
 *       ...
 *       local.get 0, br_if 0               br_if_r_back
 *     end
 *
 *     becomes                              loop_l0_r     a=1 d=0 imm=1
 *                                          move_l_r      d=1 a=0
 *
 * That is right up to the first cell that writes r0 or the local, or does not go
 * on to the next. Who branches to a place before that one comes from the cells
 * in between, and they leave r0 as it is. */
#include "vm/fusions/fusions.h"

/* What an operation becomes if a field of its cell names the slot that r0
 * mirrors: 0, which is no such form, where there is none. */
struct carrying {
    uint16_t a, b, c, d;
    bool keeps; /* it leaves r0 alone, and mostly goes on to the next cell */
    bool sets;  /* ... but writes its d */
    bool pairs; /* its constant of 16 bits is one of 32 then */
};

/* r0 is of integers. */
#define IF_I32(...) __VA_ARGS__
#define IF_I64(...) __VA_ARGS__
#define IF_F32(...)
#define IF_F64(...)

#define KEEPS(name) [OP_##name].keeps = true
#define SETS(name)  [OP_##name] = {.keeps = true, .sets = true}

static const struct carrying carrying[OP_COUNT] = {
#define ROW(...)
#define UNARY(code, name, mnemonic, feature, from, ...)                        \
    IF_##from([OP_##name##_s].a = OP_##name##_r, )
#define BINARY(code, name, mnemonic, feature, type, ...)                       \
    IF_##type([OP_##name##_ss] = {.a = OP_##name##_rs, .b = OP_##name##_sr},   \
              [OP_##name##_si].a = OP_##name##_ri, )
#define COMPARE(code, name, mnemonic, feature, type, ...)                      \
    BINARY(code, name, mnemonic, feature, type, )                              \
    IF_##type([OP_br_##name##_ss] = {.a = OP_br_##name##_rs,                   \
                                     .d = OP_br_##name##_sr,                   \
                                     .keeps = true},                           \
              [OP_br_##name##_si] = {                                          \
                  .a = OP_br_##name##_ri, .keeps = true, .pairs = true}, )
#define LOAD(code, name, ...)                                                  \
    [OP_##name##_s].a = OP_##name##_r, [OP_##name##_si].a = OP_##name##_ri,    \
    [OP_##name##_ss].a = OP_##name##_rs, [OP_##name##_sw].a = OP_##name##_rw,
#define STORE(code, name, mnemonic, feature, type, ...)                        \
    [OP_##name##_ss] = {.a = OP_##name##_rs, .keeps = true},                   \
    [OP_##name##_ss_s] = {.a = OP_##name##_rs_s, .keeps = true},               \
    [OP_##name##_si_s] = {.a = OP_##name##_ri_s, .keeps = true},               \
    KEEPS(name##_w_s),                                                         \
    IF_##type([OP_##name##_ss].d = OP_##name##_sr,                             \
              [OP_##name##_ss_s].d = OP_##name##_ss_r,                         \
              [OP_##name##_si_s].d = OP_##name##_si_r,                         \
              [OP_##name##_w_s].d = OP_##name##_w_r,                           \
              [OP_##name##_si] = {.a = OP_##name##_ri, .keeps = true}, )
#include "vm/opcodes.def"
    [OP_move] = {.a = OP_move_r, .keeps = true, .sets = true},
    [OP_move_l] = {.a = OP_move_l_r, .keeps = true, .sets = true},
    [OP_br_if_s] = {.a = OP_br_if_r, .keeps = true},
    [OP_br_unless_s] = {.a = OP_br_unless_r, .keeps = true},
    [OP_br_table_s].a = OP_br_table_r,
    [OP_select_s].c = OP_select_r,
    SETS(move_two),
    SETS(move_two_l),
    SETS(move_from_l),
    SETS(const_u32),
    SETS(const_s32),
    SETS(const_u32_l),
    SETS(const_s32_l),
    KEEPS(tick),
};

void carried_begin(struct translator *t) {
    t->fusions.pins.carries = false;
    t->fusions.pins.carried = NO_SLOT;
}

void carried_back(struct translator *t, uint32_t target) {
    uint16_t mirrored = t->mirrors.last[0];
    bool first = !t->fusions.pins.carries;
    if (target != t->fusions.pins.head)
        return;
    if (first)
        t->fusions.pins.carried = mirrored;
    if (mirrored != t->fusions.pins.carried)
        t->fusions.pins.carried = NO_SLOT;
    t->fusions.pins.carries = true;
}

void carried_none(struct translator *t) {
    t->fusions.pins.carries = true;
    t->fusions.pins.carried = NO_SLOT;
}

/* What the cell becomes, or 0. */
static uint16_t form_of(const struct cell *cell, enum op op, uint16_t slot) {
    const struct carrying *forms = &carrying[op];
    if (forms->a && cell->a == slot)
        return forms->a;
    if (forms->b && cell->tail.slots.b == slot)
        return forms->b;
    if (forms->c && cell->tail.slots.c == slot)
        return forms->c;
    return forms->d && cell->d == slot ? forms->d : 0;
}

/* Whether the slot still has what r0 has, and r0 what it had, behind the cell. */
static bool keeps(const struct cell *cell, enum op op, uint16_t slot) {
    bool two = op == OP_move_two || op == OP_move_two_l;
    if (two && cell->tail.slots.b == slot)
        return false;
    return carrying[op].keeps && !(carrying[op].sets && cell->d == slot);
}

/* Let the cell read r0 where it reads the slot, if it can. */
static bool
read_carried(struct translator *t, uint32_t at, enum op op, uint16_t slot) {
    struct cell *cell = &t->module->code.cells[at];
    uint16_t form = form_of(cell, op, slot);
    if (!form)
        return false;
    if (carrying[op].pairs)
        cell->a = (int16_t)cell->d < 0 ? UINT16_MAX : 0;
    code_set_op(&t->module->code, at, (enum op)form);
    return true;
}

/* The cell that enters the loop fills r0 as well. */
static void enter_with(struct translator *t, uint16_t slot) {
    struct code *code = &t->module->code;
    uint32_t entry = t->fusions.pins.head - 1;
    bool fills_l0 = code_op(code, entry) == OP_loop_l0;
    code_set_op(code, entry, fills_l0 ? OP_loop_l0_r : OP_loop_r);
    code->cells[entry].d = slot;
}

void carried_end(struct translator *t) {
    const struct code *code = &t->module->code;
    uint16_t slot = t->fusions.pins.carried;
    bool any = false;
    carried_begin(t);
    if (slot >= t->temporary) /* of no local, or none at all */
        return;

    for (uint32_t at = t->fusions.pins.head; at < here(t); at++) {
        enum op op = code_op(code, at);
        if (op == OP_COUNT)
            break;
        if (read_carried(t, at, op, slot))
            any = true;
        if (!keeps(&code->cells[at], op, slot))
            break;
    }
    if (any)
        enter_with(t, slot);
}
