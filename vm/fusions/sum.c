/* Loads that add up their address.
 *
 * i32.load offset=8 (i32.add (local.get 0) (i32.const 4)) becomes i32_load_si
 * a=0 b=4 c=8. The sum still wraps around at 32 bits before the offset is added
 * (spec 4.4.7). */
#include "vm/fusions/fusions.h"

/* The operands of a sum as those of a load, if it has room for them. */
static bool sum_fits(struct cell *load, enum form form) {
    if (form == FORM_SI || form == FORM_RI) {
        int32_t constant = load->tail.imm;
        load->tail.slots.b = (uint16_t)constant;
        return is_short(constant);
    }
    if (form == FORM_SR) /* a sum has no order */
        load->tail.slots.b = load->a;
    return true;
}

unsigned fuse_sum(struct translator *t,
                  const struct operand *address,
                  uint32_t offset,
                  struct cell *load) {
    static const uint8_t forms[] = {[FORM_SS] = FORM_SUM_SS,
                                    [FORM_RS] = FORM_SUM_RS,
                                    [FORM_SR] = FORM_SUM_RS,
                                    [FORM_SI] = FORM_SUM_SI,
                                    [FORM_RI] = FORM_SUM_RI};
    if (offset > UINT16_MAX || !made_by_last(t, address))
        return FORM_S;
    const struct instruction *row = last_of(t)->row;
    if (!row || row->opcode != WASM_i32_add)
        return FORM_S;
    enum form form = (enum form)last_of(t)->form;
    /* A copy, since the cell itself will be reused. */
    *load = *last_cell(t);
    if (!sum_fits(load, form))
        return FORM_S;
    load->tail.slots.c = (uint16_t)offset;
    take_back(t);
    return forms[form];
}
