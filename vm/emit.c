/* Emitting internal code: cells, operands and what the accumulators mirror.
 *
 * The bottom half of the translator. See translate.h for the idea and the rules that these
 * functions keep together.
 */
#include "vm/emit.h"

#include "vm/types.h"

#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

/* Room for one more cell. `offsets` follows the cells: it has their capacity or more. */
static bool grow_cells(struct translator *t) {
    struct module *module = t->module;
    if (module->cell_count > INT32_MAX / 2) {
        return reader_fail(t->reader, ERROR_INVALID, "limit: more code than 2^30 cells");
    }
    size_t capacity = module->cell_capacity;
    uint32_t *offsets =
        array_reserve(module->offsets, module->cell_count, &capacity, sizeof *offsets);
    if (offsets) module->offsets = offsets;
    struct cell *cells =
        array_reserve(module->cells, module->cell_count, &module->cell_capacity, sizeof *cells);
    if (cells) module->cells = cells;
    return (offsets && cells) || reader_fail(t->reader, ERROR_IO, "out of memory: code");
}

/* A zeroed cell at the end of the code; the scratch cell if the code is unreachable. */
static struct cell *new_cell(struct translator *t) {
    struct module *module = t->module;
    if (t->dead) return &t->scratch;
    if (module->cell_count == module->cell_capacity && !grow_cells(t)) {
        t->dead = true; /* the walk has failed; nothing may look at a cell that is not there */
        return &t->scratch;
    }
    t->unpaid++;
    module->offsets[module->cell_count] = t->offset;
    struct cell *cell = &module->cells[module->cell_count++];
    *cell = (struct cell){0};
    return cell;
}

uint32_t here(const struct translator *t) {
    return t->module->cell_count;
}

struct cell *emit(struct translator *t, unsigned op) {
    struct cell *cell = new_cell(t);
    cell_set_op(cell, (enum op)op);
    if (t->dead) return cell;
    t->previous = t->last;
    t->last = (struct emitted){.cell = here(t) - 1};
    memcpy(t->last.mirror_before, t->mirror, sizeof t->mirror);
    return cell;
}

void take_back(struct translator *t) {
    t->module->cell_count--;
    memcpy(t->mirror, t->last.mirror_before, sizeof t->mirror);
    t->last = t->previous;
    t->previous = (struct emitted){.cell = NO_CELL};
}

/* A data cell: never to be taken for an operation. */
struct cell *emit_data(struct translator *t) {
    struct cell *cell = new_cell(t);
    t->barrier = here(t);
    return cell;
}

/* ---- accumulators ---- */

/* The accumulator of a type; a v128 has none. */
unsigned accumulator(uint8_t type) {
    return type == VM_F32 ? 1 : type == VM_F64 ? 2 : type == VM_V128 ? ACCUMULATORS : 0;
}

void forget_mirrors(struct translator *t) {
    for (int k = 0; k < ACCUMULATORS; k++) t->mirror[k] = NO_SLOT;
}

/* The slots of a value have a new one that no accumulator holds. */
void slot_written(struct translator *t, uint32_t slot, uint8_t type) {
    for (int k = 0; k < ACCUMULATORS; k++) {
        if (t->mirror[k] - slot < type_slots(type)) t->mirror[k] = NO_SLOT;
    }
}

void mirror_set(struct translator *t, unsigned k, uint32_t slot) {
    if (k < ACCUMULATORS) t->mirror[k] = slot;
}

bool in_accumulator(const struct translator *t, const struct operand *x) {
    unsigned k = accumulator(x->type);
    return x->place != IS_CONSTANT && k < ACCUMULATORS && t->mirror[k] == x->slot && !t->plain;
}

/* ---- the operand stack ---- */

/* The home of the next operand: behind that of the last one. */
uint32_t next_home(const struct translator *t) {
    if (t->count == 0) return t->temporary;
    const struct operand *top = &t->operands[t->count - 1];
    return top->home + type_slots(top->type);
}

bool frame_reserve(struct translator *t, uint32_t end) {
    if (end > LIMIT_FRAME_SLOTS) {
        return reader_fail(t->reader, ERROR_INVALID, "limit: a frame of more than %d slots",
                           LIMIT_FRAME_SLOTS);
    }
    if (end > t->frame_slots) t->frame_slots = end;
    return true;
}

static bool grow_operands(struct translator *t) {
    struct operand *operands = array_reserve(t->operands, t->count, &t->capacity, sizeof *operands);
    if (operands) {
        t->operands = operands;
        return true;
    }
    t->dead = true;
    return reader_fail(t->reader, ERROR_IO, "out of memory: operand stack");
}

struct operand *push(struct translator *t, uint8_t type) {
    if (t->count == t->capacity && !grow_operands(t)) return &t->nowhere;
    uint32_t home = next_home(t);
    if (!frame_reserve(t, home + type_slots(type))) home = 0;
    struct operand *x = &t->operands[t->count++];
    *x = (struct operand){.producer = NO_CELL,
                          .slot = (uint16_t)home,
                          .home = (uint16_t)home,
                          .type = type,
                          .place = IN_SLOT};
    return x;
}

void operand_push(struct translator *t, uint8_t type) {
    push(t, type);
}

void operands_truncate(struct translator *t, uint32_t height) {
    t->count = height;
    while (t->pending_count && t->pending[t->pending_count - 1] >= height) t->pending_count--;
}

struct operand operand_pop(struct translator *t) {
    struct operand x = t->operands[t->count - 1];
    operands_truncate(t, t->count - 1);
    return x;
}

/* The cell's result becomes the top of the stack; accumulator `k` has it too. */
void push_result(struct translator *t, struct cell *cell, uint8_t type, unsigned k) {
    struct operand *x = push(t, type);
    cell->d = x->home;
    if (t->dead) return;
    x->producer = t->last.cell;
    slot_written(t, x->home, type);
    mirror_set(t, k, x->home);
}

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
        slot_written(t, slot, VM_I64);
        return;
    }
    cell->d = (uint16_t)slot;
    slot_written(t, slot, VM_I64);
}

/* Copy a value between slots. Two copies in a row become one cell. */
static void move_slots(struct translator *t, uint32_t to, uint16_t from, uint8_t type) {
    bool wide = type == VM_V128;
    if (t->last.is_move && !t->plain && t->last.cell >= t->barrier && !wide && !t->dead) {
        struct cell *cell = &t->module->cells[t->last.cell];
        cell_set_op(cell, OP_move_two);
        cell->tail.slots.b = (uint16_t)to;
        cell->tail.slots.c = from;
        t->last.is_move = false;
    } else {
        struct cell *cell = emit(t, wide ? OP_move_v128 : OP_move);
        cell->d = (uint16_t)to;
        cell->a = from;
        t->last.is_move = !wide;
    }
    slot_written(t, to, type);
}

/* Write the operand's value to a slot. */
void emit_move(struct translator *t, uint32_t slot, const struct operand *x) {
    if (x->place == IS_CONSTANT) {
        emit_constant(t, slot, x->constant);
    } else if (x->slot != slot) {
        move_slots(t, slot, x->slot, x->type);
    }
}

void bring_home(struct translator *t, struct operand *x) {
    if (x->place == IN_SLOT) return;
    emit_move(t, x->home, x);
    x->place = IN_SLOT;
    x->slot = x->home;
    x->producer = NO_CELL;
}

/* Make sure that a popped operand can be read from a slot. */
void need_slot(struct translator *t, struct operand *x) {
    if (x->place == IS_CONSTANT) bring_home(t, x);
}

/* Bring home the pending operands that are in `local`, or all if it is NO_SLOT; true if any. */
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

void operands_home(struct translator *t, uint32_t count) {
    if (t->dead) return; /* they may not even be on the stack */
    uint32_t bottom = t->count - count;
    for (uint32_t i = bottom; i < t->count; i++) bring_home(t, &t->operands[i]);
    while (t->pending_count && t->pending[t->pending_count - 1] >= bottom) t->pending_count--;
}

/* True if the operand's value was computed by the last cell, which may still be changed. */
bool made_by_last(const struct translator *t, const struct operand *x) {
    return !t->dead && !t->plain && x->place == IN_SLOT && x->producer != NO_CELL &&
           x->producer == t->last.cell && t->last.cell >= t->barrier;
}

/* Let the last cell write its result to another slot. */
void redirect(struct translator *t, const struct operand *x, uint32_t slot) {
    t->module->cells[t->last.cell].d = (uint16_t)slot;
    slot_written(t, slot, x->type);
    for (int k = 0; k < ACCUMULATORS; k++) {
        if (t->mirror[k] == x->home) t->mirror[k] = slot;
    }
}

/* Where the topmost `args` operands are when they are home. */
uint16_t window(const struct translator *t, uint32_t args) {
    if (args == 0 || args > t->count) return (uint16_t)next_home(t);
    return t->operands[t->count - args].home;
}
