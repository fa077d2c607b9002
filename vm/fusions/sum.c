/* Loads and stores that add up their address.
 *
 * i32.load offset=8 (i32.add (local.get 0) (i32.const 4)) becomes i32_load_si
 * a=0 b=4 c=8. The sum still wraps around at 32 bits before the offset is added
 * (spec 4.4.7). Where there is no offset the constant may take its place: arrays
 * of C often stand at addresses of over 16 bits.
 *
 * Between the sum and a store one cell may have computed the value:
 *
 *     i32_add_ss     d=4 a=0 b=1
 *     i32_load8_u_s  d=5 a=2 imm=0     i32_load8_u_s     d=5 a=2 imm=0
 *     i32_store8_sr  a=4 imm=0         i32_store8_ss_r   a=0 b=1 c=0
 *
 * Then the sum is computed behind it: right only if that cell writes neither of
 * the slots which are added. It may, since the value's home is where the right
 * one of them was, when it was a temporary:
 *
 *     i32_and_si     d=5 a=1 imm=60    the right operand of the sum
 *     i32_add_rs     d=4 a=4 b=5
 *     i32_xor_ss     d=5 a=0 b=1       the value */
#include "vm/fusions/fusions.h"

/* The form of a load that adds the constant which is its imm, and the offset. */
static unsigned constant_sum(struct cell *load, bool in_r0, uint32_t offset) {
    int32_t constant = load->tail.imm;
    if (is_short(constant) && offset <= UINT16_MAX) {
        load->tail.slots.b = (uint16_t)constant;
        load->tail.slots.c = (uint16_t)offset;
        return in_r0 ? FORM_SUM_RI : FORM_SUM_SI;
    }
    if (offset == 0)
        return in_r0 ? FORM_SUM_RW : FORM_SUM_SW;
    return FORM_S;
}

/* A sum has no order: what is in r0 comes first. */
static unsigned slots_sum(struct cell *load, enum form form, uint32_t offset) {
    if (offset > UINT16_MAX)
        return FORM_S;
    if (form == FORM_SR) {
        uint16_t left = load->a;
        load->a = load->tail.slots.b;
        load->tail.slots.b = left;
    }
    load->tail.slots.c = (uint16_t)offset;
    return form == FORM_SS ? FORM_SUM_SS : FORM_SUM_RS;
}

/* The form of a load that adds up what an operation does, with its operands and
 * the offset, or FORM_S. */
static unsigned sum_of(const struct translator *t,
                       const struct emitted *sum,
                       uint32_t offset,
                       struct cell *load) {
    if (!sum->row || sum->row->opcode != WASM_i32_add)
        return FORM_S;
    enum form form = (enum form)sum->form;
    /* A copy, since the cell itself will be reused. */
    *load = t->module->code.cells[sum->cell];
    if (form == FORM_SI || form == FORM_RI)
        return constant_sum(load, form == FORM_RI, offset);
    return slots_sum(load, form, offset);
}

unsigned fuse_sum(struct translator *t,
                  const struct operand *address,
                  uint32_t offset,
                  struct cell *load) {
    if (!made_by_last(t, address))
        return FORM_S;
    unsigned form = sum_of(t, last_of(t), offset, load);
    if (form != FORM_S)
        take_back(t);
    return form;
}

/* ---- stores ---- */

/* Whether a sum that is computed behind whatever writes the slot finds other
 * operands there. */
static bool sum_reads(const struct cell *load, unsigned form, uint32_t slot) {
    bool two = form == FORM_SUM_SS || form == FORM_SUM_RS;
    return load->a == slot || (two && load->tail.slots.b == slot);
}

/* The forms of stores to a sum, by where the value is. */
struct forms {
    uint8_t slot, accumulator, constant;
};

/* r0 no longer has an operand of the sum if it has the value. */
static const struct forms *forms_to(unsigned sum) {
    static const struct forms forms[] = {
        [FORM_SUM_SI] = {FORM_TO_SI, FORM_TO_SI_R, FORM_TO_NONE},
        [FORM_SUM_RI] = {FORM_TO_RI, FORM_TO_SI_R, FORM_TO_NONE},
        [FORM_SUM_SS] = {FORM_TO_SS, FORM_TO_SS_R, FORM_TO_SS_I},
        [FORM_SUM_RS] = {FORM_TO_RS, FORM_TO_SS_R, FORM_TO_RS_I},
        [FORM_SUM_SW] = {FORM_TO_SW, FORM_TO_SW_R, FORM_TO_NONE},
        [FORM_SUM_RW] = {FORM_TO_RW, FORM_TO_SW_R, FORM_TO_NONE},
    };
    return &forms[sum];
}

static unsigned
form_to(struct translator *t, unsigned sum, struct operand *value) {
    const struct forms *forms = forms_to(sum);
    bool is_float = accumulator(value->type) != 0;
    unsigned first = is_float ? FORM_COUNT_FLOAT + 1 : FORM_COUNT_INTEGER;
    if (is_small(value)) {
        value->slot = (uint16_t)value->from.constant;
        return first + forms->constant;
    }
    need_slot(t, value);
    bool ready = in_accumulator(t, value);
    return first + (ready ? forms->accumulator : forms->slot);
}

/* Whether the value can come with a sum of the form. A constant that has to go
 * home does so behind the sum. */
static bool value_fits(const struct cell *store,
                       unsigned sum,
                       const struct operand *value) {
    if (is_small(value))
        return forms_to(sum)->constant != FORM_TO_NONE;
    bool moves = value->place == IS_CONSTANT;
    return !moves || !sum_reads(store, sum, value->home);
}

/* The value is not computed behind the sum. */
static unsigned sum_is_last(struct translator *t,
                            struct operand *value,
                            uint32_t offset,
                            struct cell *store) {
    unsigned form = sum_of(t, last_of(t), offset, store);
    if (form == FORM_S || !value_fits(store, form, value))
        return FORM_SS;
    take_back(t);
    return form_to(t, form, value);
}

/* The form that reads from its slot what r0 had. */
static unsigned without_r0(unsigned sum) {
    switch (sum) {
    case FORM_SUM_RI: return FORM_SUM_SI;
    case FORM_SUM_RS: return FORM_SUM_SS;
    case FORM_SUM_RW: return FORM_SUM_SW;
    default: return sum;
    }
}

/* The value is what the last cell computed, the sum what the one before it
 * did. */
static unsigned sum_is_before(struct translator *t,
                              struct operand *value,
                              uint32_t offset,
                              struct cell *store) {
    unsigned form = sum_of(t, before_last(t), offset, store);
    if (form == FORM_S || sum_reads(store, form, value->slot))
        return FORM_SS;
    take_back_before(t);
    return form_to(t, without_r0(form), value);
}

unsigned fuse_sum_of_store(struct translator *t,
                           const struct operand *address,
                           struct operand *value,
                           uint32_t offset,
                           struct cell *store) {
    if (made_by_last(t, address))
        return sum_is_last(t, value, offset, store);
    if (made_by_last(t, value) && made_before(t, address))
        return sum_is_before(t, value, offset, store);
    return FORM_SS;
}
