/* Pins: locals in registers, in the loops that have no loop and no call in them.
 *
 * A slot that is written and read again costs a store and a load one after the
 * other, round after round, and a branch back costs the load of its
 * displacement. So, while the innermost loop runs, one local of integers is
 * also in l0, one of doubles in f1, one of floats in s1, and the cell where the
 * loop begins is in the loop register. With local 0 counted down and added to
 * local 1:
 *
 *     loop                                 loop_l0          a=local0 imm=1
 *       local.get 1, local.get 0,
 *       i32.add, local.set 1               i32_add_sl_r     d=local1 a=local1 b=local0
 *       local.get 0, i32.const -1,
 *       i32.add, local.tee 0, br_if 0      step_i32_ne_i_l_back  d=local0 a=-1 b=0 c=-1
 *     end
 *
 * The translator knows nothing of this: it emits cells that read and write
 * slots. A cell that is done is given another form, if there is one, for each of
 * its fields that names the slot of a pin (pins_read), for its result
 * (pins_written) and for where it branches (pins_back); its fields stay what
 * they are. pins.def has the forms. Where one is missing the cell reads the
 * slot, or is followed by one that reads the slot to the register.
 *
 * These things make this correct:
 *  (a) Between the cells of the loop each pin equals its slot: what writes the
 *      one writes both. So traps, moves, select, windows and listings read
 *      slots as ever, and a cell may always be left as it is.
 *  (b) Whoever writes the slot otherwise is followed by a cell that reads it to
 *      the pin. All writers of locals are in translate_local_set, but for steps,
 *      which are not made where they have no form.
 *  (c) Outside of such a loop nothing is pinned: a loop is entered at its top
 *      alone, through the cells that fill the registers. So labels, returns, tail
 *      calls, exceptions and calls from the host need nothing.
 *  (d) What would use the registers for itself meanwhile is a loop or a call:
 *      with one of them a loop has no pins.
 *  (e) Branches out need nothing, branches back find (a). A copy of another
 *      loop's head, at a branch to that, is made as if nothing were pinned.
 *
 * Which locals: those with the most gets plus twice the sets (what is written is
 * waited for), counted in one walk over the loop's bytes. It ends at a loop
 * within, so that all walks together are no longer than the body. */
#include "vm/fusions/fusions.h"

#include "vm/validator.h"

/* ---- forms ---- */

/* What an operation becomes if one field of its cell is a pin's: 0, which is no
 * such form, where there is none. `to` is d, written; d is d, read; q is a, if it
 * is what the accumulator had before. */
struct turned {
    uint16_t a, b, d, to, back, q;
};

static const struct turned turned[OP_COUNT] = {
#define PINNED_BINARY(X, Y, TO, field, of, name, ...)                          \
    [OP_##name##_##of].field = OP_##name##_##X##Y##_##TO,
#define PINNED_BRANCH PINNED_BINARY
#define PINNED_LOAD(AT, TO, field, of, name, ...)                              \
    [OP_##name##_##of].field = OP_##name##_##AT##_##TO,
#define PINNED_STEP      PINNED_LOAD
#define PINNED_STRIDE    PINNED_LOAD
#define PINNED_STORE_SUM PINNED_LOAD
#define PINNED_STORE(X, Y, field, of, name, ...)                               \
    [OP_##name##_##of].field = OP_##name##_##X##Y,
#include "vm/fusions/pins.def"
    [OP_move] = {.to = OP_move_l, .a = OP_move_from_l},
    [OP_move_two].to = OP_move_two_l,
    [OP_const_u32].to = OP_const_u32_l,
    [OP_const_s32].to = OP_const_s32_l,
    [OP_select_s].to = OP_select_s_l,
    [OP_select_r].to = OP_select_r_l,
    [OP_br].back = OP_br_back,
    [OP_br_if_s] = {.a = OP_br_if_l, .back = OP_br_if_s_back},
    [OP_br_if_s_back].a = OP_br_if_l_back,
    [OP_br_if_r].back = OP_br_if_r_back,
    [OP_br_unless_s].a = OP_br_unless_l,
    [OP_br_unless_r].back = OP_br_unless_r_back,
};

/* ---- which locals ---- */

/* So many uses at least, or the cell that pins costs as much as it saves. */
enum { COUNTED_LOCALS = 256, USES_MIN = 2 };

/* What is found in a loop: by local how often it is used, the most used of each
 * accumulator's type, and where the loop ends. */
struct walk {
    uint8_t uses[COUNTED_LOCALS];
    uint8_t most[ACCUMULATORS];
    uint16_t slots[ACCUMULATORS];
    uint32_t end;
    bool goes_back;
};

static void
count_use(struct walk *walk, struct validator *v, uint32_t index, int uses) {
    if (index >= COUNTED_LOCALS)
        return;
    int sum = walk->uses[index] + uses;
    if (sum > UINT8_MAX)
        return;
    walk->uses[index] = (uint8_t)sum;

    struct local local = local_at(v, index);
    unsigned k = accumulator(local.type);
    bool is_number = local.type == VM_I32 || local.type == VM_I64 || k > 0;
    if (!is_number || k == ACCUMULATORS || sum <= walk->most[k])
        return;
    walk->most[k] = (uint8_t)sum;
    walk->slots[k] = (uint16_t)local.slot;
}

/* The labels of a br_table; a step each. */
static bool walk_labels(struct walk *walk,
                        struct reader *reader,
                        uint32_t count,
                        uint32_t depth) {
    for (uint32_t i = 0; i <= count && reader_ok(reader); i++) {
        if (reader_u32(reader) == depth)
            walk->goes_back = true;
    }
    return reader_ok(reader);
}

/* Walk from behind the loop's block type to its end; false if it is not an
 * innermost one, or calls. The body is valid. */
static bool walk_loop(struct walk *walk, struct validator *v) {
    struct reader reader = v->reader;
    for (uint32_t depth = 0;;) {
        walk->end = (uint32_t)reader.position;
        const struct instruction *row = instruction_read(&reader);
        if (!row || row->shape == SHAPE_ADDED || !spend(v, 1))
            return false;
        struct immediate immediate =
            immediate_read(&reader, (enum immediates)row->immediates);
        switch (row->opcode) {
        case WASM_loop:
        case WASM_call:
        case WASM_call_indirect: return false;
        case WASM_block:
        case WASM_if: depth++; break;
        case WASM_end:
            if (depth-- == 0)
                return walk->goes_back;
            break;
        case WASM_br:
        case WASM_br_if:
            if (immediate.first == depth)
                walk->goes_back = true;
            break;
        case WASM_br_table:
            if (!spend(v, immediate.first) ||
                !walk_labels(walk, &reader, immediate.first, depth))
                return false;
            break;
        case WASM_local_get: count_use(walk, v, immediate.first, 1); break;
        case WASM_local_set: count_use(walk, v, immediate.first, 2); break;
        case WASM_local_tee: count_use(walk, v, immediate.first, 3); break;
        default: break;
        }
    }
}

/* ---- the loop's beginning ---- */

static enum op pin_op(unsigned k) {
    static const uint16_t ops[ACCUMULATORS] = {OP_pin_l0, OP_pin_s1, OP_pin_f1};
    return (enum op)ops[k];
}

static void pins_none(struct translator *t) {
    t->fusions.pins.end = t->fusions.pins.begin = 0;
}

/* The cells that fill the registers; that of the loop register fills l0, too. */
static void emit_entry(struct translator *t, const uint16_t *slots) {
    for (unsigned k = 1; k < ACCUMULATORS; k++) {
        if (slots[k] != NO_SLOT)
            emit(t, pin_op(k))->a = slots[k];
    }
    bool has_integer = slots[0] != NO_SLOT;
    struct cell *cell = emit(t, has_integer ? OP_loop_l0 : OP_loop);
    cell->a = slots[0];
    cell->tail.imm = 1;
}

void pins_begin(struct validator *v) {
    struct translator *t = &v->t;
    if (t->dead || t->plain)
        return;
    carried_end(t);
    pins_none(t);
    struct walk walk = {.slots = {NO_SLOT, NO_SLOT, NO_SLOT}};
    if (!walk_loop(&walk, v))
        return;
    for (unsigned k = 0; k < ACCUMULATORS; k++) {
        if (walk.most[k] < USES_MIN)
            walk.slots[k] = NO_SLOT;
    }
    emit_entry(t, walk.slots);
    t->fusions.pins.begin = (uint32_t)v->reader.position;
    t->fusions.pins.end = walk.end;
    t->fusions.pins.head = here(t);
    t->fusions.pins.target = 0;
    memcpy(t->fusions.pins.slots, walk.slots, sizeof walk.slots);
    carried_begin(t);
}

/* ---- its cells ---- */

static bool in_loop(const struct translator *t, uint32_t offset) {
    return offset >= t->fusions.pins.begin && offset < t->fusions.pins.end;
}

/* Which pin the slot has, or ACCUMULATORS. */
static unsigned pin_of(const struct translator *t, uint32_t slot) {
    unsigned k = 0;
    while (k < ACCUMULATORS && t->fusions.pins.slots[k] != slot)
        k++;
    return k;
}

static bool is_pinned(const struct translator *t, uint32_t slot) {
    return in_loop(t, t->offset) && pin_of(t, slot) < ACCUMULATORS;
}

/* The cells that copy bits do so between integers. */
static bool has_pin(const struct translator *t, enum op op, uint32_t slot) {
    unsigned k = pin_of(t, slot);
    bool any_bits = op >= OP_trap_unreachable || op == OP_move_two;
    return any_bits ? k == 0 : k < ACCUMULATORS;
}

/* Whether the last operation is in the loop. */
static bool last_in_loop(const struct translator *t) {
    const struct emitted *last = last_of(t);
    return !t->dead && last->cell >= t->fusions.pins.head &&
           in_loop(t, t->module->code.offsets[last->cell]);
}

static void turn_if(struct translator *t, uint16_t op, uint16_t slot) {
    if (op && has_pin(t, last_op(t), slot))
        last_becomes(t, (enum op)op);
}

void fuse_previous(struct translator *t, const struct operand *x) {
    if (t->dead || !in_previous(t, x))
        return;
    uint16_t op = turned[last_op(t)].q;
    if (op)
        last_becomes(t, (enum op)op);
}

void pins_read(struct translator *t) {
    if (!last_in_loop(t))
        return;
    const struct cell *cell = last_cell(t);
    turn_if(t, turned[last_op(t)].a, cell->a);
    turn_if(t, turned[last_op(t)].b, cell->tail.slots.b);
    turn_if(t, turned[last_op(t)].d, cell->d);
}

/* Whether a branch to the target can be by the loop register: it holds it, or
 * nothing yet. */
static bool can_go_back(const struct translator *t, uint32_t target) {
    uint32_t held = t->fusions.pins.target;
    return target >= t->fusions.pins.head && (held == 0 || held == target);
}

bool pins_can_step(const struct translator *t,
                   unsigned op,
                   uint32_t slot,
                   uint32_t target) {
    uint16_t back = turned[op].back;
    return !is_pinned(t, slot) || (turned[back].to && can_go_back(t, target));
}

/* The slot that the last cell wrote last. */
static uint16_t slot_written_by(const struct translator *t) {
    const struct cell *cell = last_cell(t);
    return last_op(t) == OP_move_two ? cell->tail.slots.b : cell->d;
}

void pins_written(struct translator *t, uint32_t slot) {
    if (!is_pinned(t, slot))
        return;
    bool fresh = last_in_loop(t) && last_of(t)->cell + 1 == here(t);
    bool writes = fresh && slot == slot_written_by(t);
    uint16_t op = writes ? turned[last_op(t)].to : 0;
    if (op && has_pin(t, last_op(t), slot)) {
        last_becomes(t, (enum op)op);
    } else {
        emit(t, pin_op(pin_of(t, slot)))->a = (uint16_t)slot;
    }
}

/* Branches back go to one cell, the first that one of them went to: mostly the
 * loop's first, or behind a head that is repeated. */
void pins_back(struct translator *t, uint32_t target) {
    carried_back(t, target);
    uint16_t op = last_in_loop(t) ? turned[last_op(t)].back : 0;
    if (!op || !can_go_back(t, target))
        return;
    uint32_t set = t->fusions.pins.head - 1;
    t->module->code.cells[set].tail.imm = (int32_t)(target - set);
    t->fusions.pins.target = target;
    last_becomes(t, (enum op)op);
}
