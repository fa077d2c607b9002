/* Emitting internal code: cells, operands and what the accumulators mirror.
 *
 * The bottom half of the translator. See translate.h for the idea and the rules
 * that these functions keep together.
 *
 * For (local 0 + local 1) * local 2, the mirror of r0 is unknown at first; then
 *
 *     emit, push_result     i32_add_ss  d=t0 a=local0 b=local1     r0 mirrors t0
 *     emit, push_result     i32_mul_rs  d=t0          b=local2     r0 mirrors t0, of the product
 *     emit                  return_i
 *
 * Whoever emits an operation that writes slots or accumulators otherwise says
 * so, by slots_written, mirror_set or forget_mirrors. */
#include "vm/emit.h"

#include "vm/store.h"
#include "vm/types.h"

/* ---- cells ---- */

/* Make more room for cells. Without it all that follows is dead: nothing may
 * look at a cell that is not there. */
static bool grow_code(struct translator *t) {
    if (code_grow(&t->module->code))
        return true;
    t->dead = true;
    return module_no_memory(t->module, t->reader, "translated code");
}

/* A zeroed cell at the end of the code, which is data; the scratch cell if the
 * code is unreachable. */
static struct cell *new_cell(struct translator *t) {
    struct module *module = t->module;
    if (t->dead)
        return &t->scratch;
    if (module->code.cell_count == module->code.cell_capacity && !grow_code(t))
        return &t->scratch;
    t->unpaid++;
    uint32_t index = module->code.cell_count++;
    module->code.offsets[index] = t->offset;
    module->code.ops[index] = OP_COUNT;
    struct cell *cell = &module->code.cells[index];
    *cell = (struct cell){0};
    return cell;
}

uint32_t here(const struct translator *t) {
    return t->module->code.cell_count;
}

struct cell *emit(struct translator *t, unsigned op) {
    struct cell *cell = new_cell(t);
    if (t->dead)
        return cell;
    code_set_op(&t->module->code, here(t) - 1, (enum op)op);
    fusions_operation(t);
    return cell;
}

/* A data cell: never to be taken for an operation. */
struct cell *emit_data(struct translator *t) {
    struct cell *cell = new_cell(t);
    t->barrier = here(t);
    return cell;
}

/* ---- accumulators ---- */

void forget_mirrors(struct translator *t) {
    for (int k = 0; k < ACCUMULATORS; k++) {
        t->mirrors.last[k] = NO_SLOT;
        t->mirrors.previous[k] = NO_SLOT;
    }
}

/* Unsigned: a slot below the first gives a large number. */
static void forget_if(uint16_t *mirror, uint32_t first, uint32_t count) {
    if (*mirror - first < count)
        *mirror = NO_SLOT;
}

void slots_written(struct translator *t, uint32_t slot, uint32_t count) {
    for (int k = 0; k < ACCUMULATORS; k++) {
        forget_if(&t->mirrors.last[k], slot, count);
        forget_if(&t->mirrors.previous[k], slot, count);
    }
}

void mirror_set(struct translator *t, unsigned k, uint32_t slot) {
    if (k < ACCUMULATORS)
        t->mirrors.last[k] = (uint16_t)slot;
}

/* Whether the register of the operand's type mirrors it. */
static bool is_mirrored(const struct translator *t,
                        const struct operand *x,
                        const uint16_t mirrors[ACCUMULATORS]) {
    unsigned k = accumulator(x->type);
    return x->place != IS_CONSTANT && k < ACCUMULATORS &&
           mirrors[k] == x->slot && !t->plain;
}

bool in_accumulator(const struct translator *t, const struct operand *x) {
    return is_mirrored(t, x, t->mirrors.last);
}

bool in_previous(const struct translator *t, const struct operand *x) {
    return is_mirrored(t, x, t->mirrors.previous);
}

/* ---- the operand stack ---- */

bool frame_reserve(struct translator *t, uint32_t end) {
    if (end > SLOT_END) {
        return reader_fail(t->reader,
                           ERROR_INVALID,
                           "limit: a frame of more than %d slots",
                           LIMIT_FRAME_SLOTS);
    }
    if (end > t->frame_end)
        t->frame_end = end;
    return true;
}

/* What does not fit is lost, and nothing is emitted any more. */
static bool no_operands(struct translator *t) {
    t->dead = true;
    return module_no_memory(t->module, t->reader, "operands");
}

bool types_grow(struct translator *t, uint32_t more) {
    while (t->type_capacity - t->count < more) {
        uint8_t *types = array_reserve(t->module->vm->memory,
                                       t->types,
                                       t->type_capacity,
                                       &t->type_capacity,
                                       sizeof *types);
        if (!types)
            return no_operands(t);
        t->types = types;
    }
    return true;
}

bool operands_grow(struct translator *t) {
    struct operand *operands = array_reserve(t->module->vm->memory,
                                             t->operands,
                                             t->known,
                                             &t->capacity,
                                             sizeof *operands);
    if (!operands)
        return no_operands(t);
    t->operands = operands;
    return true;
}

/* Each operand that is forgotten was pushed alone: all this takes together no
 * more than that. */
static uint32_t first_known_from(const struct translator *t, uint32_t home) {
    uint32_t known = t->known;
    while (known > 0 && t->operands[known - 1].home >= home)
        known--;
    return known;
}

/* Nothing more is known of the operands behind the first `known` of those of
 * which it was. */
static void operands_forget(struct translator *t, uint32_t known) {
    t->known = known;
    while (t->pending_count && t->pending[t->pending_count - 1] >= known)
        t->pending_count--;
}

static struct operand operand_at(uint32_t home, uint8_t type) {
    return (struct operand){.from.producer = NO_CELL,
                            .slot = (uint16_t)home,
                            .home = (uint16_t)home,
                            .type = type,
                            .place = IN_SLOT};
}

struct operand operand_top(const struct translator *t) {
    const struct operand *known = operand_known(t);
    uint8_t type = t->types[t->count - 1];
    return known ? *known : operand_at(t->home - type_slots(type), type);
}

struct operand operand_take(struct translator *t, uint8_t type) {
    if (t->known == 0 || t->operands[t->known - 1].home != t->home) {
        return operand_at(t->home, type);
    }
    struct operand x = t->operands[t->known - 1];
    operands_forget(t, t->known - 1);
    return x;
}

void operands_truncate(struct translator *t, uint32_t height, uint32_t home) {
    t->count = height;
    t->home = home;
    operands_forget(t, first_known_from(t, home));
}

void push_result(struct translator *t,
                 struct cell *cell,
                 uint8_t type,
                 unsigned k) {
    struct operand *x = operand_push(t, type);
    cell->d = x->home;
    if (t->dead)
        return;
    x->from.producer = here(t) - 1;
    if (k < ACCUMULATORS)
        t->mirrors.previous[k] = t->mirrors.last[k];
    slots_written(t, x->home, type_slots(type));
    mirror_set(t, k, x->home);
}

/* As one cell if 32 bits say it. Constants do not go through an accumulator:
 * that would cost what is in it. */
static void emit_constant(struct translator *t, uint32_t slot, uint64_t bits) {
    struct cell *cell;
    if (bits <= UINT32_MAX) {
        cell = emit(t, OP_const_u32);
        cell->tail.imm = (int32_t)(uint32_t)bits;
    } else if (bits >= (uint64_t)INT32_MIN) {
        cell = emit(t, OP_const_s32);
        cell->tail.imm = (int32_t)(int64_t)bits;
    } else {
        emit(t, OP_const_wide)->d = (uint16_t)slot;
        emit_data(t)->head.wide = bits;
        slots_written(t, slot, 1);
        return;
    }
    cell->d = (uint16_t)slot;
    slots_written(t, slot, 1);
}

/* Copy a value between slots. */
static void
move_slots(struct translator *t, uint32_t to, uint16_t from, uint8_t type) {
    uint32_t slots = type_slots(type);
    bool fused = slots == 1 && fuse_move(t, to, from);
    if (!fused) {
        struct cell *cell = emit(t, op_for(type, OP_move));
        cell->d = (uint16_t)to;
        cell->a = from;
    }
    slots_written(t, to, slots);
}

/* Write the operand's value to a slot. */
void emit_move(struct translator *t, uint32_t slot, const struct operand *x) {
    if (x->place == IS_CONSTANT) {
        emit_constant(t, slot, x->from.constant);
    } else if (x->slot != slot) {
        move_slots(t, slot, x->slot, x->type);
    }
}

/* Copy the value of an operand on the stack to the slot of its height. Who does
 * this to one in a local sees to it that it is no longer counted as pending. */
void bring_home(struct translator *t, struct operand *x) {
    if (x->place == IN_SLOT)
        return;
    emit_move(t, x->home, x);
    x->place = IN_SLOT;
    x->slot = x->home;
    x->from.producer = NO_CELL;
}

/* Make sure that a popped operand can be read from a slot. */
void need_slot(struct translator *t, struct operand *x) {
    if (x->place == IS_CONSTANT)
        bring_home(t, x);
}

bool settle(struct translator *t, uint32_t local) {
    uint32_t kept = 0, settled = 0;
    for (uint32_t i = 0; i < t->pending_count; i++) {
        struct operand *x = &t->operands[t->pending[i]];
        if (local == NO_SLOT || x->slot == local) {
            bring_home(t, x);
            settled++;
        } else {
            t->pending[kept++] = t->pending[i];
        }
    }
    t->pending_count = kept;
    return settled > 0;
}

/* All homes are above the locals, so no copy writes what another one has still
 * to read. */
void operands_home(struct translator *t, uint32_t slots) {
    if (t->dead)
        return; /* they may not even be on the stack */
    uint32_t first = first_known_from(t, t->home - slots);
    for (uint32_t i = first; i < t->known; i++)
        bring_home(t, &t->operands[i]);
    operands_forget(t, first);
}

uint16_t window(const struct translator *t, uint32_t slots) {
    return (uint16_t)(t->home - slots);
}
