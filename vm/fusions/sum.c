/* Loads and stores that add up their address.
 *
 * i32.load offset=8 (i32.add (local.get 0) (i32.const 4)) becomes i32_load_si
 * a=local0 b=4 c=8. The sum still wraps around at 32 bits before the offset is
 * added (spec 4.4.7). Where there is no offset the constant may take its place: arrays
 * of C often stand at addresses of over 16 bits. An address that is a constant
 * alone, as those of C's variables are, is added to the offset here.
 *
 * Between the sum and a store one cell may have computed the value:
 *
 *     i32_add_ss     d=t0 a=local0 b=local1
 *     i32_load8_u_s  d=t1 a=local2 imm=0     i32_load8_u_s     d=t1 a=local2 imm=0
 *     i32_store8_sr  a=t0 imm=0              i32_store8_ss_r   a=local0 b=local1 c=0
 *
 * Then the sum is computed behind it: right only if that cell writes neither of
 * the slots which are added. It may, since the value's home is where the right
 * one of them was, when it was a temporary:
 *
 *     i32_and_si     d=t1 a=local1 imm=60     the right operand of the sum
 *     i32_add_rs     d=t0 a=t0 b=t1
 *     i32_xor_ss     d=t1 a=local0 b=local1   the value */
#include "vm/fusions/fusions.h"

/* The address is a constant, to which the offset can be added now if no more
 * than 32 bits come of it. */
static enum sum
fixed_sum(const struct operand *address, uint32_t offset, struct cell *load) {
    uint64_t at = (uint32_t)address->from.constant + (uint64_t)offset;
    if (at > UINT32_MAX)
        return SUM_NONE;
    load->tail.imm = (int32_t)(uint32_t)at;
    return SUM_W;
}

/* Whether the ring knows where it is. */
static bool is_fixed(const struct translator *t,
                     const struct operand *address) {
    return address->place == IS_CONSTANT && !t->plain;
}

/* What a load adds up: the constant which is its imm, and the offset. */
static enum sum constant_sum(struct cell *load, bool in_r0, uint32_t offset) {
    int32_t constant = load->tail.imm;
    if (is_short(constant) && offset <= UINT16_MAX) {
        load->tail.slots.b = (uint16_t)constant;
        load->tail.slots.c = (uint16_t)offset;
        return in_r0 ? SUM_RI : SUM_SI;
    }
    if (offset == 0)
        return in_r0 ? SUM_RW : SUM_SW;
    return SUM_NONE;
}

/* A sum has no order: what is in r0 comes first. */
static enum sum slots_sum(struct cell *load, enum form form, uint32_t offset) {
    if (offset > UINT16_MAX)
        return SUM_NONE;
    if (form == FORM_SR) {
        uint16_t left = load->a;
        load->a = load->tail.slots.b;
        load->tail.slots.b = left;
    }
    load->tail.slots.c = (uint16_t)offset;
    return form == FORM_SS ? SUM_SS : SUM_RS;
}

/* What a load adds up that does what an operation does, with its operands and
 * the offset. */
static enum sum sum_of(const struct translator *t,
                       const struct emitted *sum,
                       uint32_t offset,
                       struct cell *load) {
    if (!sum->row || sum->row->opcode != WASM_i32_add)
        return SUM_NONE;
    enum form form = (enum form)sum->form;
    /* A copy, since the cell itself will be reused. */
    *load = t->module->code.cells[sum->cell];
    if (form == FORM_SI || form == FORM_RI)
        return constant_sum(load, form == FORM_RI, offset);
    return slots_sum(load, form, offset);
}

/* The sum is what the last cell computed. */
static enum sum
sum_is_last(struct translator *t, uint32_t offset, struct cell *load) {
    enum sum sum = sum_of(t, last_of(t), offset, load);
    if (sum != SUM_NONE)
        take_back(t);
    return sum;
}

enum op fuse_sum(struct translator *t,
                 const struct instruction *row,
                 const struct operand *address,
                 uint32_t offset,
                 struct cell *load) {
    enum sum sum = SUM_NONE;
    if (is_fixed(t, address)) {
        sum = fixed_sum(address, offset, load);
    } else if (made_by_last(t, address)) {
        sum = sum_is_last(t, offset, load);
    }
    if (sum == SUM_NONE)
        return OP_COUNT;
    return (enum op)(fused_of(row) + sum);
}

/* ---- stores ---- */

/* Whether a sum that is computed behind whatever writes the slot finds other
 * operands there. */
static bool sum_reads(const struct cell *load, enum sum sum, uint32_t slot) {
    bool two = sum == SUM_SS || sum == SUM_RS;
    return load->a == slot || (two && load->tail.slots.b == slot);
}

/* The forms of stores to a sum, in the order of ops.def: from a slot, from the
 * accumulator, or of a constant, which floats have not. */
enum {
    TO_SI,
    TO_RI,
    TO_SS,
    TO_RS,
    TO_SI_R,
    TO_SS_R,
    TO_SW,
    TO_RW,
    TO_SW_R,
    TO_W,
    TO_W_R,
    TO_SS_I,
    TO_RS_I,
    TO_W_I,
    TO_NONE
};

struct forms {
    uint8_t slot, accumulator, constant;
};

/* r0 no longer has an operand of the sum if it has the value. */
static const struct forms *forms_to(enum sum sum) {
    static const struct forms forms[] = {
        [SUM_SI] = {TO_SI, TO_SI_R, TO_NONE},
        [SUM_RI] = {TO_RI, TO_SI_R, TO_NONE},
        [SUM_SS] = {TO_SS, TO_SS_R, TO_SS_I},
        [SUM_RS] = {TO_RS, TO_SS_R, TO_RS_I},
        [SUM_SW] = {TO_SW, TO_SW_R, TO_NONE},
        [SUM_RW] = {TO_RW, TO_SW_R, TO_NONE},
        [SUM_W] = {TO_W, TO_W_R, TO_W_I},
    };
    return &forms[sum];
}

static unsigned
form_to(struct translator *t, enum sum sum, struct operand *value) {
    const struct forms *forms = forms_to(sum);
    if (is_small(value)) {
        value->slot = (uint16_t)value->from.constant;
        return forms->constant;
    }
    need_slot(t, value);
    bool ready = in_accumulator(t, value);
    return ready ? forms->accumulator : forms->slot;
}

/* Whether the value can come with such a sum. A constant that has to go home
 * does so behind it. */
static bool value_fits(const struct cell *store,
                       enum sum sum,
                       const struct operand *value) {
    if (is_small(value))
        return forms_to(sum)->constant != TO_NONE;
    bool moves = value->place == IS_CONSTANT;
    return !moves || !sum_reads(store, sum, value->home);
}

/* The value is not computed behind the sum. */
static enum sum sum_without_value(struct translator *t,
                                  const struct operand *value,
                                  uint32_t offset,
                                  struct cell *store) {
    enum sum sum = sum_of(t, last_of(t), offset, store);
    if (sum == SUM_NONE || !value_fits(store, sum, value))
        return SUM_NONE;
    take_back(t);
    return sum;
}

/* The sum that reads from its slot what r0 had. */
static enum sum without_r0(enum sum sum) {
    switch (sum) {
    case SUM_RI: return SUM_SI;
    case SUM_RS: return SUM_SS;
    case SUM_RW: return SUM_SW;
    default: return sum;
    }
}

/* The value is what the last cell computed, the sum what the one before it
 * did. */
static enum sum sum_is_before(struct translator *t,
                              const struct operand *value,
                              uint32_t offset,
                              struct cell *store) {
    enum sum sum = sum_of(t, before_last(t), offset, store);
    if (sum == SUM_NONE || sum_reads(store, sum, value->slot))
        return SUM_NONE;
    take_back_before(t);
    return without_r0(sum);
}

enum op fuse_sum_of_store(struct translator *t,
                          const struct instruction *row,
                          const struct operand *address,
                          struct operand *value,
                          uint32_t offset,
                          struct cell *store) {
    enum sum sum = SUM_NONE;
    if (is_fixed(t, address)) {
        sum = fixed_sum(address, offset, store);
    } else if (made_by_last(t, address)) {
        sum = sum_without_value(t, value, offset, store);
    } else if (made_by_last(t, value) && made_before(t, address)) {
        sum = sum_is_before(t, value, offset, store);
    }
    if (sum == SUM_NONE)
        return OP_COUNT;
    return (enum op)(fused_of(row) + form_to(t, sum, value));
}
