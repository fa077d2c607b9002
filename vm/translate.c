/* Translating instructions; translate.h has the idea and the rules.
 *
 * A function of one parameter, and a call in it. The heights of the operand
 * stack have the slots t0, t1 and so on:
 *
 *     instruction    operand stack behind it                cells
 *     local.get 0    local 0
 *     i32.const 5    local 0, constant 5
 *     i32.const 6    local 0, constant 5, constant 6
 *     call 0         local 0, t1 (and r0)                   const_u32   d=t1 imm=5
 *                                                           const_u32   d=t2 imm=6
 *                                                           first_call  a=t1 d=t3 imm=0
 *     i32.mul        t0 (and r0)                            i32_mul_sr  d=t0 a=local0
 *     end                                                   return_i    b=local0
 *
 * The call wants its arguments in a window of neighbouring slots, which begins
 * at t1: there the constants go home. Behind them, in t3, the callee has its
 * link. The product finds one operand in the local and the other in r0.
 *
 * Reading a local late is wrong if it has been written in between, so whoever
 * writes it first has the pending operands copied home:
 *
 *     local.get 0    local 0
 *     i32.const 5    local 0, constant 5
 *     local.set 0    t0                                     move        d=t0 a=local0
 *                                                           const_u32   d=local0 imm=5
 *     local.get 0    t0, local 0
 *     i32.add        t0 (and r0)                            i32_add_ss  d=t0 a=t0 b=local0 */
#include "vm/emit.h"
#include "vm/store.h"

#include "vm/types.h"

void translator_init(struct translator *t, struct module *module, bool idle) {
    *t = (struct translator){.module = module,
                             .plain = module->vm->options.plain_code,
                             .idle = idle};
}

void translator_free(struct translator *t) {
    struct budget *memory = t->module->vm->memory;
    array_free(memory, t->types, t->type_capacity, sizeof *t->types);
    array_free(memory, t->operands, t->capacity, sizeof *t->operands);
}

/* ---- functions ---- */

uint32_t locals_begin(const struct module *module) {
    return SLOT_LOCALS + count_slots(module);
}

/* The entry cell comes first; how large the frame is will be known at the
 * end. */
void translate_begin(struct translator *t,
                     uint32_t function,
                     uint32_t local_slots,
                     struct reader *reader) {
    const struct func_type *type = t->module->functions[function].type;
    t->reader = reader;
    t->count = t->known = t->pending_count = 0;
    t->dead = t->idle;
    t->begin = t->offset;
    uint32_t zeroed = local_slots - type->param_slots;
    t->first = first_slot(type->param_slots);
    t->temporary = t->home = locals_begin(t->module) + zeroed;
    t->frame_end = 0;
    frame_reserve(t, t->temporary);
    t->entry = here(t);
    struct cell *entry = emit_data(t);
    entry->head.wide = type->param_slots;
    entry->d = (uint16_t)locals_begin(t->module);
    entry->a = (uint16_t)t->temporary;
    forget_mirrors(t);
    count_function(t, function);
    t->unpaid = zeroed / SLOTS_A_CELL;
    translate_tick(t);
}

/* A unit for every TICK_CELLS cells that were begun: the shortest loop costs
 * one too. */
void translate_tick(struct translator *t) {
    if (t->dead)
        return;
    uint32_t units = 1 + t->unpaid / TICK_CELLS;
    if (t->module->metered && !count_pay(t, units))
        emit(t, OP_tick)->tail.imm = (int32_t)units;
    t->unpaid = 0;
}

/* `entry` says that the function has code, so it is set when all of it is
 * there. */
void translate_end(struct translator *t, uint32_t function) {
    if (t->idle || !reader_ok(t->reader))
        return;
    fusions_function(t);
    t->module->code.cells[t->entry].tail.imm = (int32_t)t->frame_end;
    t->module->functions[function].entry = t->entry;
}

/* ---- variables and constants ---- */

void translate_local_get(struct translator *t, uint8_t type, uint32_t slot) {
    if (t->dead) {
        operand_push(t, type);
        return;
    }
    if (t->pending_count == PENDING_MAX) {
        /* Or local_set would search without bound. */
        bring_home(t, &t->operands[t->pending[0]]);
        t->pending_count--;
        for (uint32_t i = 0; i < t->pending_count; i++)
            t->pending[i] = t->pending[i + 1];
    }
    struct operand *x = operand_push(t, type);
    if (t->dead)
        return; /* memory was refused */
    x->place = IN_LOCAL;
    x->slot = (uint16_t)slot;
    if (t->plain) {
        bring_home(t, x);
    } else {
        t->pending[t->pending_count++] = t->known - 1;
    }
}

/* Emits nothing: most constants end as an immediate of the cell that takes
 * them. */
void translate_constant(struct translator *t, uint8_t type, uint64_t bits) {
    struct operand *x = operand_push(t, type);
    x->place = IS_CONSTANT;
    x->from.constant = bits;
}

/* The value's producer writes to the local instead of its home, if it still
 * can. It cannot if copies of the old value had to be made: they stand behind
 * it, and would copy the new one. */
void translate_local_set(struct translator *t,
                         uint32_t slot,
                         struct operand value,
                         bool tee) {
    bool same = value.place == IN_LOCAL && value.slot == slot;
    if (!t->dead && !same) {
        bool settled = settle(t, slot);
        bool fused = !settled && fuse_result(t, &value, slot);
        if (!fused) {
            bool mirrored = in_accumulator(t, &value);
            emit_move(t, slot, &value);
            if (mirrored)
                mirror_set(t, accumulator(value.type), slot);
        }
        pins_written(t, slot);
    }
    if (!tee)
        return;
    /* What stays on the stack is read from where it is: the local, or the
     * instruction. */
    if (value.place == IS_CONSTANT) {
        translate_constant(t, value.type, value.from.constant);
    } else {
        translate_local_get(t, value.type, slot);
    }
}

/* Whether a constant can be an immediate of its type: i32 and f32 always, i64 if
 * sign extension of 32 bits gives it, f64 if the low half is 0. */
static bool is_immediate(const struct operand *x) {
    uint64_t bits = x->from.constant;
    if (x->place != IS_CONSTANT)
        return false;
    switch (x->type) {
    case VM_I32:
    case VM_F32: return true;
    case VM_I64: return (int64_t)bits == (int32_t)(uint32_t)bits;
    case VM_F64: return (uint32_t)bits == 0;
    default: return false;
    }
}

static int32_t immediate_of(const struct operand *x) {
    uint64_t bits = x->from.constant;
    return (int32_t)(uint32_t)(x->type == VM_F64 ? bits >> 32 : bits);
}

/* r0 holds the bits of any value of one slot that is copied. */
static unsigned accumulator_of_bits(uint8_t type) {
    return type_slots(type) == 1 ? 0 : ACCUMULATORS;
}

void translate_global_get(struct translator *t, uint8_t type, uint32_t global) {
    struct cell *cell = emit(t, op_for(type, OP_global_get));
    cell->tail.imm = (int32_t)global;
    push_result(t, cell, type, accumulator_of_bits(type));
}

void translate_global_set(struct translator *t,
                          struct operand value,
                          uint32_t global) {
    need_slot(t, &value);
    struct cell *cell = emit(t, op_for(value.type, OP_global_set));
    cell->a = value.slot;
    cell->tail.imm = (int32_t)global;
}

void translate_ref_func(struct translator *t, uint32_t function) {
    struct cell *cell = emit(t, OP_ref_func);
    cell->tail.imm = (int32_t)function;
    push_result(t, cell, VM_FUNCREF, 0);
}

/* ---- numeric instructions ---- */

/* In dead code all that matters of an instruction is the type of its result. */
static bool push_dead(struct translator *t, const struct instruction *row) {
    if (t->dead)
        operand_push(t, row->result);
    return t->dead;
}

void translate_unary(struct translator *t,
                     const struct instruction *row,
                     struct operand x) {
    if (push_dead(t, row))
        return;
    need_slot(t, &x);
    x.type = row->operand;
    unsigned form = in_accumulator(t, &x) ? FORM_R : FORM_S;
    struct cell *cell = emit(t, row->op + form);
    cell->a = x.slot;
    push_result(t, cell, row->result, accumulator(row->result));
}

/* Choose the form for two operands and bring into slots what must be there.
 * Constants that are moved to slots leave the accumulators alone, so an operand
 * that was in one still is. */
static enum form
choose_form(struct translator *t, struct operand *x, struct operand *y) {
    need_slot(t, x);
    if (is_immediate(y))
        return in_accumulator(t, x) ? FORM_RI : FORM_SI;
    need_slot(t, y);
    if (in_accumulator(t, x))
        return FORM_RS;
    return in_accumulator(t, y) ? FORM_SR : FORM_SS;
}

/* Subtracting a constant is adding its opposite, if that can be an immediate as
 * well: additions are what loads and branches can take over. */
static const struct instruction *add_negative(const struct instruction *row,
                                              struct operand *y) {
    bool narrow = row->opcode == WASM_i32_sub;
    struct operand negative = *y;
    negative.from.constant =
        narrow ? (uint32_t)-y->from.constant : -y->from.constant;
    if (!is_immediate(&negative))
        return row;
    *y = negative;
    return instruction_at(narrow ? WASM_i32_add : WASM_i64_add);
}

/* The constant of what has an order, if there is an operation for that. */
static bool constant_on_left(struct translator *t,
                             const struct instruction *row,
                             const struct operand *x,
                             const struct operand *y) {
    if (!is_immediate(x) || y->place == IS_CONSTANT)
        return false;
    unsigned op = fuse_left(t, row);
    if (op == OP_COUNT)
        return false;
    struct cell *cell = emit(t, in_accumulator(t, y) ? op + 1 : op);
    cell->a = y->slot;
    cell->tail.imm = immediate_of(x);
    push_result(t, cell, row->result, accumulator(row->result));
    return true;
}

static void swap(struct operand *x, struct operand *y) {
    struct operand kept = *x;
    *x = *y;
    *y = kept;
}

/* Of the two last results, if they are, the one before goes to the left. NaNs
 * are told apart by their order. */
static bool wants_swap(const struct translator *t,
                       const struct instruction *row,
                       enum form form,
                       const struct operand *y) {
    bool is_integer = accumulator(row->operand) == 0;
    bool no_order = row->swapped == row->opcode;
    return form == FORM_RS && is_integer && no_order && in_previous(t, y);
}

/* A constant is brought to the right, where there are forms for it: 7 < x is x
 * > 7. */
void translate_binary(struct translator *t,
                      const struct instruction *row,
                      struct operand x,
                      struct operand y) {
    if (push_dead(t, row))
        return;
    if (x.place == IS_CONSTANT && y.place != IS_CONSTANT &&
        row->swapped != WASM_none) {
        swap(&x, &y);
        row = instruction_at(row->swapped);
    }
    x.type = y.type = row->operand; /* they may be TYPE_ANY */
    if (constant_on_left(t, row, &x, &y))
        return;
    if (row->opcode == WASM_i32_sub || row->opcode == WASM_i64_sub)
        row = add_negative(row, &y);
    enum form form = choose_form(t, &x, &y);
    if (wants_swap(t, row, form, &y)) {
        swap(&x, &y);
        form = FORM_SR;
    }
    struct cell *cell = emit(t, row->op + form);
    cell->a = x.slot;
    if (form == FORM_SI || form == FORM_RI) {
        cell->tail.imm = immediate_of(&y);
    } else {
        cell->tail.slots.b = y.slot;
    }
    if (form == FORM_SR)
        fuse_previous(t, &x);
    push_result(t, cell, row->result, accumulator(row->result));
    fusions_binary(t, row, form);
}

void translate_select(struct translator *t,
                      uint8_t type,
                      struct operand x,
                      struct operand y,
                      struct operand condition) {
    need_slot(t, &x);
    need_slot(t, &y);
    need_slot(t, &condition);
    condition.type = VM_I32;
    bool in_r0 = in_accumulator(t, &condition);
    enum op op = op_for(type, OP_select_s);
    if (in_r0 && op == OP_select_s)
        op = OP_select_r;
    struct cell *cell = emit(t, op);
    cell->a = x.slot;
    cell->tail.slots.b = y.slot;
    cell->tail.slots.c = condition.slot;
    push_result(t, cell, type, accumulator_of_bits(type));
}

/* ---- memory ---- */

void translate_load(struct translator *t,
                    const struct instruction *row,
                    struct operand address,
                    uint32_t offset) {
    if (push_dead(t, row))
        return;
    struct cell operands = {0};
    address.type = VM_I32;
    unsigned op = fuse_sum(t, row, &address, offset, &operands);
    if (op == OP_COUNT) {
        need_slot(t, &address);
        unsigned form = in_accumulator(t, &address) ? FORM_R : FORM_S;
        op = row->op + form;
        operands.a = address.slot;
        operands.tail.imm = (int32_t)offset;
    }
    struct cell *cell = emit(t, op);
    cell->a = operands.a;
    cell->tail = operands.tail;
    push_result(t, cell, row->result, accumulator(row->result));
}

/* A store has imm for its offset, so a constant value must be an integer that
 * fits in the 16 bits of d. */
bool is_small(const struct operand *x) {
    return accumulator(x->type) == 0 && is_immediate(x) &&
           immediate_of(x) == (int16_t)immediate_of(x);
}

/* Choose the form of a store whose address is in a slot, and bring the value
 * into one, or where a constant is. Only floats have a form for two
 * accumulators: there is one of integers. */
static unsigned store_form(struct translator *t,
                           const struct operand *address,
                           struct operand *value) {
    bool address_r = in_accumulator(t, address);
    if (is_small(value)) {
        value->slot = (uint16_t)value->from.constant;
        return address_r ? FORM_RI : FORM_SI;
    }
    need_slot(t, value);
    bool value_r = in_accumulator(t, value);
    bool is_float = accumulator(value->type) != 0;
    if (address_r && value_r && is_float)
        return FORM_RR;
    if (address_r)
        return FORM_RS;
    return value_r ? FORM_SR : FORM_SS;
}

/* The value is in d, since imm is the offset; nothing is written to a slot. */
void translate_store(struct translator *t,
                     const struct instruction *row,
                     struct operand address,
                     struct operand value,
                     uint32_t offset) {
    if (t->dead)
        return;
    struct cell operands = {0};
    address.type = VM_I32;
    value.type = row->operand;
    unsigned op =
        fuse_sum_of_store(t, row, &address, &value, offset, &operands);
    if (op == OP_COUNT) {
        need_slot(t, &address);
        op = row->op + store_form(t, &address, &value);
        operands.a = address.slot;
        operands.tail.imm = (int32_t)offset;
    }
    struct cell *cell = emit(t, op);
    cell->a = operands.a;
    cell->d = value.slot;
    cell->tail = operands.tail;
}

/* ---- windows and calls ---- */

void translate_window(struct translator *t,
                      const struct instruction *row,
                      uint32_t args,
                      uint32_t results,
                      const struct immediate *immediate) {
    operands_home(t, args);
    struct cell *cell = emit(t, row->op);
    cell->a = cell->d = window(t, args);
    cell->tail.imm = (int32_t)immediate->first;
    emit_data(t)->head.wide = immediate->second;
    slots_written(t, window(t, args), results);
    count_charged(t);
}

/* What all calls have: arguments in a window, behind which the callee has its
 * link, and nothing known of the accumulators behind. */
struct cell *emit_call(struct translator *t, enum op op, uint32_t args) {
    operands_home(t, args);
    struct cell *cell = emit(t, op);
    cell->d = (uint16_t)t->home;
    cell->a = window(t, args);
    forget_mirrors(t);
    t->barrier = here(t); /* its d is not a result */
    return cell;
}

/* A function of the module is called by the offset between two cells, which is
 * not known before it has code: the first time the call is made it is
 * translated, and the cell changed (exec.c). */
void translate_call(struct translator *t, uint32_t function) {
    struct module *module = t->module;
    uint32_t args = module->functions[function].type->param_slots;
    bool imported = function < module->imported_functions;
    operands_home(t, args);
    if (imported)
        count_site(t);
    struct cell *cell =
        emit_call(t, imported ? OP_call_import : OP_first_call, args);
    cell->tail.imm = (int32_t)function;
}

/* Types are interned, so comparing addresses at run time compares types (spec
 * 4.4.8). The data cell, which is returned, is the link to return to: so it has
 * the window as well. */
struct cell *emit_call_indirect(struct translator *t,
                                enum op op,
                                const struct func_type *type,
                                uint32_t table,
                                struct operand index) {
    operands_home(t, type->param_slots);
    need_slot(t, &index);
    count_site(t);
    struct cell *cell = emit_call(t, op, type->param_slots);
    cell->d = index.slot;
    cell->tail.imm = (int32_t)table;
    struct cell *data = emit_data(t);
    data->head.wide = (uintptr_t)type;
    data->a = window(t, type->param_slots);
    data->d = (uint16_t)t->home;
    return data;
}

void translate_call_indirect(struct translator *t,
                             const struct func_type *type,
                             uint32_t table,
                             struct operand index) {
    emit_call_indirect(t, OP_call_indirect, type, table, index);
}

void translate_call_result(struct translator *t, const struct func_type *type) {
    if (type->result_count != 1 || t->dead)
        return;
    mirror_set(t,
               accumulator(type->types[type->param_count]),
               window(t, type->result_slots));
}

void translate_unreachable(struct translator *t) {
    emit(t, OP_trap_unreachable);
}
