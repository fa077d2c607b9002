/* The last operation: what is known of it, and the fusions that change only
 * where it writes. */
#include "vm/fusions/fusions.h"

/* Rows that have such forms have codes of one byte. */
unsigned fused_of(const struct instruction *row) {
    static const uint16_t first[START_FC] = {
#define ROW(...)
#define COMPARE(code, name, ...) [code] = OP_br_##name##_ss,
#define LOAD(code, name, ...)    [code] = OP_##name##_si,
#define STORE(code, name, ...)   [code] = OP_##name##_si_s,
#include "vm/opcodes.def"
    };
    return first[row->opcode];
}

static struct emitted *other(struct translator *t) {
    t->fusions.last ^= 1;
    return &t->fusions.recent[t->fusions.last];
}

/* Nothing will change the one before it any more. */
void fusions_operation(struct translator *t) {
    pins_read(t);
    *other(t) = (struct emitted){.cell = here(t) - 1,
                                 .r0_before = t->mirrors.last[0],
                                 .q0_before = t->mirrors.previous[0]};
}

void fusions_binary(struct translator *t,
                    const struct instruction *row,
                    enum form form) {
    struct emitted *last = &t->fusions.recent[t->fusions.last];
    last->row = row;
    last->form = (uint8_t)form;
}

bool last_is_open(const struct translator *t) {
    return !t->dead && !t->plain && last_of(t)->cell >= t->barrier;
}

void last_becomes(struct translator *t, enum op op) {
    code_set_op(&t->module->code, last_of(t)->cell, op);
}

bool made_by_last(const struct translator *t, const struct operand *x) {
    return last_is_open(t) && x->place == IN_SLOT &&
           x->from.producer == last_of(t)->cell;
}

void take_back(struct translator *t) {
    struct emitted *last = &t->fusions.recent[t->fusions.last];
    t->module->code.cell_count--;
    t->mirrors.last[0] = last->r0_before;
    t->mirrors.previous[0] = last->q0_before;
    last->cell = 0;
    t->fusions.last ^= 1;
}

bool made_before(const struct translator *t, const struct operand *x) {
    const struct emitted *last = last_of(t), *before = before_last(t);
    bool neighbours = before->cell + 1 == last->cell;
    bool open = last_is_open(t) && before->cell >= t->barrier;
    return open && neighbours && x->place == IN_SLOT &&
           x->from.producer == before->cell;
}

/* What r0 mirrored before it may be written by the last one; and q0 has what was
 * in r0 before that. */
void take_back_before(struct translator *t) {
    struct code *code = &t->module->code;
    struct emitted *last = &t->fusions.recent[t->fusions.last];
    struct emitted *before = &t->fusions.recent[t->fusions.last ^ 1];
    uint16_t result = code->cells[before->cell].d;
    code->cells[before->cell] = code->cells[last->cell];
    code->offsets[before->cell] = code->offsets[last->cell];
    code->ops[before->cell] = code->ops[last->cell];
    code->cell_count--;

    last->cell = before->cell;
    last->r0_before = last->q0_before = NO_SLOT;
    t->mirrors.previous[0] = NO_SLOT;
    before->cell = 0;
    if (t->mirrors.last[0] == result)
        t->mirrors.last[0] = NO_SLOT;
}

/* What mirrored the result's home mirrors the slot. */
bool fuse_result(struct translator *t, const struct operand *x, uint32_t slot) {
    if (!made_by_last(t, x))
        return false;
    last_cell(t)->d = (uint16_t)slot;
    slots_written(t, slot, type_slots(x->type));
    for (int k = 0; k < ACCUMULATORS; k++) {
        if (t->mirrors.last[k] == x->home)
            t->mirrors.last[k] = (uint16_t)slot;
    }
    return true;
}

bool fuse_move(struct translator *t, uint32_t to, uint16_t from) {
    if (!last_is_open(t) || last_op(t) != OP_move)
        return false;
    struct cell *cell = last_cell(t);
    last_becomes(t, OP_move_two);
    cell->tail.slots.b = (uint16_t)to;
    cell->tail.slots.c = from;
    return true;
}
