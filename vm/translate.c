/* Emitting internal code; translate.h has the idea and the rules. */
#include "vm/translate.h"

#include <stdlib.h>

void translator_init(struct translator *t, struct module *module) {
    *t = (struct translator){.module = module};
}

void translator_free(struct translator *t) {
    free(t->operands);
}

/* ---- cells ---- */

static bool grow_cells(struct translator *t) {
    struct module *module = t->module;
    uint32_t capacity = module->cell_capacity ? module->cell_capacity * 2 : 1024;
    if (module->cell_capacity > INT32_MAX / 2) {
        return reader_fail(t->reader, ERROR_INVALID, "limit: more code than 2^30 cells");
    }
    struct cell *cells = realloc(module->cells, capacity * sizeof *cells);
    if (cells) module->cells = cells;
    uint32_t *offsets = realloc(module->offsets, capacity * sizeof *offsets);
    if (offsets) module->offsets = offsets;
    if (!cells || !offsets) return reader_fail(t->reader, ERROR_IO, "out of memory: code");
    module->cell_capacity = capacity;
    return true;
}

/* A zeroed cell at the end of the code; the scratch cell if the code is unreachable. */
static struct cell *new_cell(struct translator *t) {
    struct module *module = t->module;
    t->scratch = (struct cell){0};
    if (t->dead) return &t->scratch;
    if (module->cell_count == module->cell_capacity && !grow_cells(t)) return &t->scratch;
    module->offsets[module->cell_count] = t->offset;
    struct cell *cell = &module->cells[module->cell_count++];
    *cell = (struct cell){0};
    return cell;
}

static uint32_t here(const struct translator *t) {
    return t->module->cell_count;
}

static struct cell *emit(struct translator *t, unsigned op) {
    struct cell *cell = new_cell(t);
    cell_set_op(cell, (enum op)op);
    t->last = here(t) - 1;
    t->compare = NULL;
    for (int k = 0; k < ACCUMULATORS; k++) t->mirror_before[k] = t->mirror[k];
    return cell;
}

/* A data cell: never to be taken for an operation. */
static struct cell *emit_data(struct translator *t) {
    struct cell *cell = new_cell(t);
    t->barrier = here(t);
    return cell;
}

/* ---- accumulators ---- */

static unsigned accumulator(uint8_t type) {
    return type == VM_F32 ? 1 : type == VM_F64 ? 2 : 0;
}

static void forget_mirrors(struct translator *t) {
    for (int k = 0; k < ACCUMULATORS; k++) t->mirror[k] = NO_SLOT;
}

/* The slot has a new value that no accumulator holds. */
static void slot_written(struct translator *t, uint32_t slot) {
    for (int k = 0; k < ACCUMULATORS; k++) {
        if (t->mirror[k] == slot) t->mirror[k] = NO_SLOT;
    }
}

static bool in_accumulator(const struct translator *t, const struct operand *x) {
    return x->place != IS_CONSTANT && t->mirror[accumulator(x->type)] == x->slot;
}

/* ---- the operand stack ---- */

static struct operand *push(struct translator *t, uint8_t type) {
    if (t->count == t->capacity) {
        uint32_t capacity = t->capacity ? t->capacity * 2 : 64;
        struct operand *operands = realloc(t->operands, capacity * sizeof *operands);
        if (!operands) {
            reader_fail(t->reader, ERROR_IO, "out of memory: operand stack");
            return &t->operands[t->count - 1]; /* the walk ends at the next look at the reader */
        }
        t->operands = operands;
        t->capacity = capacity;
    }
    uint32_t home = t->temporary + t->count;
    if (home >= LIMIT_FRAME_SLOTS) {
        reader_fail(t->reader, ERROR_INVALID, "limit: a frame of more than %d slots",
                    LIMIT_FRAME_SLOTS);
        home = 0;
    }
    if (home >= t->frame_slots) t->frame_slots = home + 1;
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
static void push_result(struct translator *t, struct cell *cell, uint8_t type, unsigned k) {
    struct operand *x = push(t, type);
    cell->d = x->home;
    if (t->dead) return;
    x->producer = t->last;
    slot_written(t, x->home);
    t->mirror[k] = x->home;
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
        cell = emit_data(t);
        cell->head.wide = bits;
    }
    cell->d = (uint16_t)slot;
    slot_written(t, slot);
}

/* Write the operand's value to a slot. */
static void emit_move(struct translator *t, uint32_t slot, const struct operand *x) {
    if (x->place == IS_CONSTANT) {
        emit_constant(t, slot, x->constant);
    } else if (x->slot != slot) {
        struct cell *cell = emit(t, OP_move);
        cell->d = (uint16_t)slot;
        cell->a = x->slot;
        slot_written(t, slot);
    }
}

static void bring_home(struct translator *t, struct operand *x) {
    if (x->place == IN_SLOT) return;
    emit_move(t, x->home, x);
    x->place = IN_SLOT;
    x->slot = x->home;
    x->producer = NO_CELL;
}

/* Make sure that a popped operand can be read from a slot. */
static void need_slot(struct translator *t, struct operand *x) {
    if (x->place == IS_CONSTANT) bring_home(t, x);
}

/* Bring home the pending operands that are in `local`, or all if it is NO_SLOT; true if any. */
static bool settle(struct translator *t, uint32_t local) {
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
static bool made_by_last(const struct translator *t, const struct operand *x) {
    return !t->dead && x->place == IN_SLOT && x->producer != NO_CELL && x->producer == t->last &&
           t->last >= t->barrier;
}

/* Let the last cell write its result to another slot. */
static void redirect(struct translator *t, const struct operand *x, uint32_t slot) {
    t->module->cells[t->last].d = (uint16_t)slot;
    slot_written(t, slot);
    for (int k = 0; k < ACCUMULATORS; k++) {
        if (t->mirror[k] == x->home) t->mirror[k] = slot;
    }
}

/* ---- functions ---- */

void translate_begin(struct translator *t, uint32_t function, uint32_t locals,
                     struct reader *reader) {
    const struct func_type *type = t->module->functions[function].type;
    t->reader = reader;
    t->count = t->pending_count = 0;
    t->dead = false;
    t->link = locals > type->result_count ? locals : type->result_count;
    t->temporary = t->frame_slots = t->link + 1;
    t->entry = here(t);
    struct cell *entry = emit_data(t);
    entry->d = (uint16_t)type->param_count;
    entry->a = (uint16_t)t->link;
    forget_mirrors(t);
    if (t->module->metered) emit(t, OP_tick)->tail.imm = 1;
}

void translate_end(struct translator *t, uint32_t function) {
    struct module *module = t->module;
    struct function_declaration *declaration = &module->functions[function];
    if (!reader_ok(t->reader)) return;
    module->cells[t->entry].tail.imm = (int32_t)t->frame_slots;
    declaration->entry = t->entry;
    for (uint32_t call = declaration->calls; call != NO_CELL;) {
        uint32_t next = (uint32_t)module->cells[call].tail.imm;
        module->cells[call].tail.imm = (int32_t)(t->entry - call);
        call = next;
    }
}

/* ---- variables and constants ---- */

void translate_local_get(struct translator *t, uint8_t type, uint32_t local) {
    if (t->dead) {
        push(t, type);
        return;
    }
    if (t->pending_count == PENDING_MAX) { /* or local_set would search without bound */
        bring_home(t, &t->operands[t->pending[0]]);
        t->pending_count--;
        for (uint32_t i = 0; i < t->pending_count; i++) t->pending[i] = t->pending[i + 1];
    }
    struct operand *x = push(t, type);
    x->place = IN_LOCAL;
    x->slot = (uint16_t)local;
    t->pending[t->pending_count++] = t->count - 1;
}

void translate_constant(struct translator *t, uint8_t type, uint64_t bits) {
    struct operand *x = push(t, type);
    x->place = IS_CONSTANT;
    x->constant = bits;
}

void translate_local_set(struct translator *t, uint32_t local, struct operand value, bool tee) {
    bool same = value.place == IN_LOCAL && value.slot == local;
    if (!t->dead && !same) {
        bool settled = settle(t, local);
        if (!settled && made_by_last(t, &value)) {
            redirect(t, &value, local);
        } else {
            bool mirrored = in_accumulator(t, &value);
            emit_move(t, local, &value);
            if (mirrored) t->mirror[accumulator(value.type)] = local;
        }
    }
    if (!tee) return;
    if (value.place == IS_CONSTANT) {
        translate_constant(t, value.type, value.constant);
    } else {
        translate_local_get(t, value.type, local);
    }
}

void translate_global_get(struct translator *t, uint8_t type, uint32_t global) {
    struct cell *cell = emit(t, OP_global_get);
    cell->tail.imm = (int32_t)global;
    push_result(t, cell, type, 0); /* r0 holds the bits, whatever the type */
}

void translate_global_set(struct translator *t, struct operand value, uint32_t global) {
    need_slot(t, &value);
    struct cell *cell = emit(t, OP_global_set);
    cell->a = value.slot;
    cell->tail.imm = (int32_t)global;
}

void translate_ref_func(struct translator *t, uint32_t function) {
    struct cell *cell = emit(t, OP_ref_func);
    cell->tail.imm = (int32_t)function;
    push_result(t, cell, VM_FUNCREF, 0);
}

/* ---- numeric instructions ---- */

/* Whether a constant can be an immediate of its type: i32 always, i64 if sign extension of 32
 * bits gives it. Floats have no immediate form. */
static bool is_immediate(const struct operand *x) {
    if (x->place != IS_CONSTANT || accumulator(x->type) != 0) return false;
    return x->type == VM_I32 || (int64_t)x->constant == (int32_t)(uint32_t)x->constant;
}

static unsigned unary_form(const struct translator *t, const struct instruction *row,
                           const struct operand *x) {
    unsigned form = in_accumulator(t, x) ? FORM_R : FORM_S;
    return row->op + form;
}

void translate_unary(struct translator *t, const struct instruction *row, struct operand x) {
    need_slot(t, &x);
    x.type = row->operand;
    struct cell *cell = emit(t, unary_form(t, row, &x));
    cell->a = x.slot;
    push_result(t, cell, row->result, accumulator(row->result));
}

/* Choose the form for two operands and bring into slots what must be there. */
static enum form choose_form(struct translator *t, struct operand *x, struct operand *y) {
    need_slot(t, x);
    if (is_immediate(y)) return in_accumulator(t, x) ? FORM_RI : FORM_SI;
    need_slot(t, y);
    return in_accumulator(t, x) ? FORM_RS : in_accumulator(t, y) ? FORM_SR : FORM_SS;
}

void translate_binary(struct translator *t, const struct instruction *row, struct operand x,
                      struct operand y) {
    if (x.place == IS_CONSTANT && y.place != IS_CONSTANT && row->swapped != WASM_none) {
        struct operand swap = x;
        x = y;
        y = swap;
        row = instruction_at(row->swapped);
    }
    x.type = y.type = row->operand; /* they may be TYPE_ANY */
    enum form form = choose_form(t, &x, &y);
    struct cell *cell = emit(t, row->op + form);
    cell->a = x.slot;
    if (form == FORM_SI || form == FORM_RI) {
        cell->tail.imm = (int32_t)(uint32_t)y.constant;
    } else {
        cell->tail.slots.b = y.slot;
    }
    push_result(t, cell, row->result, accumulator(row->result));
    if (row->shape == SHAPE_COMPARE && !t->dead) {
        t->compare = row;
        t->compare_form = form;
    }
}

void translate_select(struct translator *t, uint8_t type, struct operand x, struct operand y,
                      struct operand condition) {
    need_slot(t, &x);
    need_slot(t, &y);
    need_slot(t, &condition);
    condition.type = VM_I32;
    struct cell *cell = emit(t, in_accumulator(t, &condition) ? OP_select_r : OP_select_s);
    cell->a = x.slot;
    cell->tail.slots.b = y.slot;
    cell->tail.slots.c = condition.slot;
    push_result(t, cell, type, 0); /* r0 holds the bits, whatever the type */
}

/* ---- memory ---- */

void translate_load(struct translator *t, const struct instruction *row, struct operand address,
                    uint32_t offset) {
    need_slot(t, &address);
    address.type = VM_I32;
    struct cell *cell = emit(t, unary_form(t, row, &address));
    cell->a = address.slot;
    cell->tail.imm = (int32_t)offset;
    push_result(t, cell, row->result, accumulator(row->result));
}

/* A store has imm for its offset, so a constant value must fit in the 16 bits of d. */
static bool is_small(const struct operand *x) {
    return is_immediate(x) && (int32_t)(uint32_t)x->constant == (int16_t)(uint16_t)x->constant;
}

void translate_store(struct translator *t, const struct instruction *row, struct operand address,
                     struct operand value, uint32_t offset) {
    need_slot(t, &address);
    address.type = VM_I32;
    value.type = row->operand;
    unsigned form;
    if (is_small(&value)) {
        form = in_accumulator(t, &address) ? FORM_RI : FORM_SI;
        value.slot = (uint16_t)value.constant;
    } else {
        need_slot(t, &value);
        bool address_r = in_accumulator(t, &address), value_r = in_accumulator(t, &value);
        bool both = address_r && value_r && accumulator(value.type) != 0;
        form = both ? (unsigned)FORM_RR : address_r ? FORM_RS : value_r ? FORM_SR : FORM_SS;
    }
    struct cell *cell = emit(t, row->op + form);
    cell->a = address.slot;
    cell->d = value.slot;
    cell->tail.imm = (int32_t)offset;
}

/* ---- windows and calls ---- */

static uint16_t window(const struct translator *t, uint32_t args) {
    return (uint16_t)(t->temporary + t->count - args);
}

void translate_window(struct translator *t, const struct instruction *row, uint32_t args,
                      const struct immediate *immediate) {
    operands_home(t, args);
    struct cell *cell = emit(t, row->op);
    cell->a = cell->d = window(t, args);
    cell->tail.imm = (int32_t)immediate->first;
    emit_data(t)->head.wide = immediate->second;
    slot_written(t, window(t, args));
}

void translate_call(struct translator *t, uint32_t function) {
    struct module *module = t->module;
    struct function_declaration *callee = &module->functions[function];
    uint32_t args = callee->type->param_count;
    operands_home(t, args);
    bool imported = function < module->imported_functions;
    struct cell *cell = emit(t, imported ? OP_call_import : OP_call);
    cell->a = window(t, args);
    forget_mirrors(t);
    if (imported) {
        cell->tail.imm = (int32_t)function;
    } else if (callee->entry != NO_CELL) {
        cell->tail.imm = (int32_t)(callee->entry - t->last);
    } else if (!t->dead) { /* wait for translate_end of the callee */
        cell->tail.imm = (int32_t)callee->calls;
        callee->calls = t->last;
    }
    t->barrier = here(t); /* its d is not a result */
}

void translate_call_indirect(struct translator *t, const struct func_type *type, uint32_t table,
                             struct operand index) {
    operands_home(t, type->param_count);
    need_slot(t, &index);
    struct cell *cell = emit(t, OP_call_indirect);
    cell->a = window(t, type->param_count);
    cell->d = index.slot;
    cell->tail.imm = (int32_t)table;
    struct cell *data = emit_data(t); /* the link to return to, so it has the window as well */
    data->head.wide = (uintptr_t)type;
    data->a = window(t, type->param_count);
    forget_mirrors(t);
}

void translate_call_result(struct translator *t, const struct func_type *type) {
    if (type->result_count != 1 || t->dead) return;
    t->mirror[accumulator(type->types[type->param_count])] = t->operands[t->count - 1].home;
}

void translate_unreachable(struct translator *t) {
    emit(t, OP_trap_unreachable);
}

/* ---- labels and branches ---- */

struct label label_init(uint32_t height, uint32_t arity) {
    return (struct label){.target = NO_CELL, .patches = NO_CELL, .height = height, .arity = arity};
}

/* Let the cell branch to the label, now or when it is bound. */
static void link_branch(struct translator *t, uint32_t cell, struct label *label) {
    if (t->dead) return;
    if (label->target != NO_CELL) {
        t->module->cells[cell].tail.imm = (int32_t)(label->target - cell);
    } else {
        t->module->cells[cell].tail.imm = (int32_t)label->patches;
        label->patches = cell;
    }
}

void label_bind(struct translator *t, struct label *label) {
    if (label->patches == NO_CELL) return;
    for (uint32_t cell = label->patches; cell != NO_CELL;) {
        uint32_t next = (uint32_t)t->module->cells[cell].tail.imm;
        t->module->cells[cell].tail.imm = (int32_t)(here(t) - cell);
        cell = next;
    }
    label->patches = NO_CELL;
    t->barrier = here(t);
    forget_mirrors(t);
}

void translate_block(struct translator *t, uint32_t params) {
    if (t->dead) return;
    settle(t, NO_SLOT);
    operands_home(t, params);
}

void translate_loop(struct translator *t, struct label *label) {
    label->target = here(t);
    t->barrier = here(t);
    forget_mirrors(t);
    if (t->module->metered) emit(t, OP_tick)->tail.imm = 1;
}

/* A comparison that is taken back, to become a branch. */
struct condition {
    const struct instruction *row; /* NULL: branch on the value of `x` */
    enum form form;
    uint16_t a, d;
    struct operand x;
};

/* If the condition was just computed by a comparison, and the branch form can hold its operands,
 * take the comparison back. What is emitted between this and emit_branch must be moves only: they
 * leave the accumulators alone. */
static struct condition take_condition(struct translator *t, struct operand x) {
    struct condition condition = {.x = x};
    if (!made_by_last(t, &x) || !t->compare) {
        need_slot(t, &condition.x);
        return condition;
    }
    const struct cell *cell = &t->module->cells[t->last];
    enum form form = t->compare_form;
    bool immediate = form == FORM_SI || form == FORM_RI;
    if (immediate && cell->tail.imm != (int16_t)cell->tail.imm) return condition;
    condition.row = t->compare;
    condition.form = form;
    condition.a = cell->a;
    condition.d = immediate ? (uint16_t)cell->tail.imm : cell->tail.slots.b;
    t->module->cell_count--;
    t->last = NO_CELL;
    for (int k = 0; k < ACCUMULATORS; k++) t->mirror[k] = t->mirror_before[k];
    return condition;
}

/* Emit a branch that is taken if the condition is `sense`; returns its cell, to be linked. */
static uint32_t emit_branch(struct translator *t, struct condition condition, bool sense) {
    const struct instruction *row = condition.row;
    if (!row) { /* compare the value with 0 */
        row = instruction_at(WASM_i32_ne);
        condition.x.type = VM_I32;
        condition.form = in_accumulator(t, &condition.x) ? FORM_RI : FORM_SI;
        condition.a = condition.x.slot;
        condition.d = 0;
    }
    bool is_float = accumulator(row->operand) != 0;
    unsigned op = condition.form;
    if (is_float) {
        op += row->op + (sense ? FORM_COUNT_FLOAT : 2u * FORM_COUNT_FLOAT);
    } else {
        op += (sense ? row : instruction_at(row->negated))->op + (unsigned)FORM_COUNT_INTEGER;
    }
    struct cell *cell = emit(t, op);
    cell->a = condition.a;
    cell->d = condition.d;
    t->barrier = here(t);
    return t->last;
}

void translate_if(struct translator *t, struct operand condition, struct label *label,
                  uint32_t params) {
    struct condition taken = take_condition(t, condition);
    translate_block(t, params);
    link_branch(t, emit_branch(t, taken, false), label);
}

static struct operand *label_values(struct translator *t, const struct label *label) {
    return &t->operands[t->count - label->arity];
}

/* True if the label's values, once home, are where the label wants them. */
static bool values_in_place(const struct translator *t, const struct label *label) {
    return label->arity == 0 || label->height == t->count - label->arity;
}

static void emit_return(struct translator *t, const struct label *label) {
    static const uint16_t by_accumulator[] = {OP_return_i, OP_return_f32, OP_return_f64};
    struct cell *cell;
    if (label->arity == 0) {
        cell = emit(t, OP_return_void);
    } else if (label->arity == 1) {
        struct operand x = *label_values(t, label);
        need_slot(t, &x);
        bool ready = in_accumulator(t, &x);
        cell = emit(t, ready ? by_accumulator[accumulator(x.type)] : (unsigned)OP_return_s);
        cell->a = x.slot;
    } else {
        operands_home(t, label->arity);
        cell = emit(t, OP_return_many);
        cell->d = (uint16_t)label->arity;
        cell->a = window(t, label->arity);
    }
    cell->tail.slots.b = (uint16_t)t->link;
    t->barrier = here(t);
}

/* Put the values where the label wants them. Many are moved by one cell, so that code stays linear
 * in the size of the body. */
static void move_values(struct translator *t, const struct label *label) {
    uint32_t to = t->temporary + label->height;
    if (values_in_place(t, label)) {
        operands_home(t, label->arity);
    } else if (label->arity == 1) {
        emit_move(t, to, label_values(t, label));
    } else {
        operands_home(t, label->arity);
        struct cell *cell = emit(t, OP_move_many);
        cell->d = (uint16_t)to;
        cell->a = window(t, label->arity);
        cell->tail.imm = (int32_t)label->arity;
        forget_mirrors(t);
    }
}

/* Go to the label with its values, which are copied, not popped. */
static void emit_br(struct translator *t, struct label *label) {
    if (label->is_return) {
        emit_return(t, label);
        return;
    }
    move_values(t, label);
    emit(t, OP_br);
    link_branch(t, t->last, label);
    t->barrier = here(t);
}

void translate_br(struct translator *t, struct label *label) {
    if (t->dead) return;
    if (label->arity == 1 && !label->is_return) {
        struct operand *x = label_values(t, label);
        if (made_by_last(t, x)) { /* let its producer write it to the label's slot */
            x->slot = (uint16_t)(t->temporary + label->height);
            redirect(t, x, x->slot);
        }
    }
    emit_br(t, label);
}

void translate_br_if(struct translator *t, struct operand condition, struct label *label) {
    if (t->dead) return;
    struct condition taken = take_condition(t, condition);
    if (!label->is_return && values_in_place(t, label)) {
        operands_home(t, label->arity);
        link_branch(t, emit_branch(t, taken, true), label);
        return;
    }
    if (label->arity > 1) operands_home(t, label->arity); /* on both paths */
    struct label over = label_init(0, 0);
    link_branch(t, emit_branch(t, taken, false), &over);
    uint32_t mirror[ACCUMULATORS];
    for (int k = 0; k < ACCUMULATORS; k++) mirror[k] = t->mirror[k];
    emit_br(t, label);
    label_bind(t, &over);
    /* Both ways to this point have the accumulators as they were before the branch. */
    for (int k = 0; k < ACCUMULATORS; k++) t->mirror[k] = mirror[k];
}

void translate_br_table(struct translator *t, struct operand index, uint32_t count) {
    need_slot(t, &index);
    index.type = VM_I32;
    struct cell *cell = emit(t, in_accumulator(t, &index) ? OP_br_table_r : OP_br_table_s);
    cell->a = index.slot;
    cell->tail.imm = (int32_t)count;
}

/* Targets whose values must be moved, or that return, are reached through a stub. */
static bool needs_stub(const struct translator *t, const struct label *label) {
    return label->is_return || !values_in_place(t, label);
}

void translate_br_table_target(struct translator *t, struct label *label) {
    emit_data(t);
    if (!t->dead && !needs_stub(t, label)) link_branch(t, here(t) - 1, label);
}

void translate_br_table_stub(struct translator *t, uint32_t target_cell, struct label *label) {
    if (t->dead || !needs_stub(t, label)) return;
    forget_mirrors(t);
    t->module->cells[target_cell].tail.imm = (int32_t)(here(t) - target_cell);
    emit_br(t, label);
}
