/* Validation of function bodies (spec 7.3, "Validation Algorithm"), which
 * drives translation.
 *
 * Two stacks: operands (in the translator) and control frames. An instruction
 * pops operands of the types it wants and pushes those it yields; `end` checks
 * that exactly the block's results are left. After an unconditional branch the
 * rest of a block is unreachable: its operand stack is polymorphic, which means
 * that popping at the block's own floor yields TYPE_ANY. Most instructions are
 * validated by their row alone; those that are not stand below by groups, and
 * in control.c.
 *
 *                            operands     control frames: code, height
 *                                         function 0
 *     local.get 0            i32
 *     if (result i32)                     function 0, if 0
 *       i32.const 5          i32
 *       br 1                              and the rest of the if is unreachable
 *       i32.add              i32          its operands are any: below the floor there is everything
 *     else                                function 0, else 0
 *       i32.const 6          i32
 *     end                    i32          function 0
 *     end                                 none: the body must end here
 *
 * Loading a module walks all bodies and emits nothing. The first call of a
 * function walks its body again and translates it; that it is validated a
 * second time makes it safe to keep nothing of the first but the bytes. */
#include "vm/validator.h"

#include "vm/observer.h"
#include "vm/rings.h"

#include <string.h>

/* Nothing here unwinds: a failure is noted in the reader, which then gives
 * zeros and stands at its end, so that validate_body stops at the next
 * instruction. */
bool invalid(struct validator *v, const char *what) {
    return reader_fail(&v->reader,
                       ERROR_INVALID,
                       "%s in %s",
                       what,
                       v->row ? v->row->mnemonic : "function");
}

/* ---- the operand stack ---- */

bool mismatch(struct validator *v, uint8_t wanted, uint8_t found) {
    return reader_fail(&v->reader,
                       ERROR_INVALID,
                       "type mismatch in %s: %s expected, %s found",
                       v->row->mnemonic,
                       type_name_of(wanted),
                       type_name_of(found));
}

static bool underflow(struct validator *v, uint8_t wanted) {
    return reader_fail(&v->reader,
                       ERROR_INVALID,
                       "type mismatch in %s: %s expected, nothing found",
                       v->row->mnemonic,
                       type_name_of(wanted));
}

/* The rest of pop (validator.h). TYPE_ANY as what is wanted or found matches
 * all. */
struct operand pop_other(struct validator *v, uint8_t wanted) {
    struct operand nothing = {.type = TYPE_ANY, .from.producer = NO_CELL};
    if (v->t.count == innermost(v)->height) {
        if (!innermost(v)->unreachable)
            underflow(v, wanted);
        return nothing;
    }
    struct operand x = operand_pop(&v->t);
    if (wanted != TYPE_ANY && x.type != TYPE_ANY && x.type != wanted)
        mismatch(v, wanted, x.type);
    return x;
}

/* The topmost types, one by one. */
static bool
check_each(struct validator *v, const uint8_t *wanted, uint32_t count) {
    const uint8_t *found = v->t.types + v->t.count - count;
    for (uint32_t i = count; i-- > 0;) {
        if (found[i] != wanted[i] && found[i] != TYPE_ANY)
            return mismatch(v, wanted[i], found[i]);
    }
    return true;
}

/* Check the topmost operands without popping them: calls, windows and branches
 * want them to stay where they are until they have been brought home. Two bytes
 * can ask for a thousand, so all are compared at once, but for the lowest of
 * the block: no other can be any, which comes from below the floor. */
bool check_top(struct validator *v, struct types types) {
    struct translator *t = &v->t;
    /* The stack is not what it was taken for. */
    if (!reader_ok(&v->reader))
        return false;
    if (types.count == 0)
        return true;
    if (!spend(v, types.count / TYPES_A_STEP))
        return false;
    const struct control *block = innermost(v);
    uint32_t available = t->count - block->height;
    uint32_t there = types.count < available ? types.count : available;
    const uint8_t *wanted = types.list + (types.count - there);
    if (there > 0) {
        const uint8_t *found = t->types + t->count - there;
        bool lowest = found[0] == wanted[0] || found[0] == TYPE_ANY;
        bool same = lowest && memcmp(found + 1, wanted + 1, there - 1) == 0;
        if (!same && !check_each(v, wanted, there))
            return false;
    }
    return there == types.count || block->unreachable ||
           underflow(v, wanted[-1]);
}

void push_types(struct validator *v, struct types types) {
    bool paid = types.count > 0 && spend(v, types.count / TYPES_A_STEP);
    if (paid)
        operands_push(&v->t, types);
}

/* The floor is above what the block hides. */
void truncate_to(struct validator *v, const struct control *block) {
    operands_truncate(
        &v->t, block->height, (uint32_t)block->label.home + block->hides);
}

/* If the block has more than is taken, that is just what has been checked, of
 * known sizes. */
void replace_top(struct validator *v, struct types taken, struct types given) {
    struct translator *t = &v->t;
    if (taken.count < t->count - innermost(v)->height) {
        operands_truncate(t, t->count - taken.count, t->home - taken.slots);
    } else {
        truncate_to(v, innermost(v));
    }
    push_types(v, given);
}

/* Who ends the block, or begins its else, sets `dead` to what it was before
 * it. */
void set_unreachable(struct validator *v) {
    innermost(v)->unreachable = true;
    v->t.dead = true;
    truncate_to(v, innermost(v));
}

/* ---- variables ---- */

/* The run of a local that is no parameter. Runs are ascending and none is
 * empty: the first that ends behind the index has it. */
static const struct local_run *find_run(const struct validator *v,
                                        uint32_t index) {
    uint32_t number = index - v->type->param_count;
    if (number < v->mapped)
        return &v->runs[v->run_of[number]];

    uint32_t low = 0;
    uint32_t high = v->run_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index < v->runs[middle].end) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return &v->runs[low];
}

struct local local_at(const struct validator *v, uint32_t index) {
    const struct func_type *function = v->type;
    if (index < function->param_count) {
        uint32_t before = function->slots ? function->slots[index] : index;
        uint32_t first = first_slot(function->param_slots);
        return (struct local){first + before, function->types[index]};
    }
    const struct local_run *run = find_run(v, index);
    uint32_t before = (index - run->start) * type_slots(run->type);
    return (struct local){run->slot + before, run->type};
}

static void local(struct validator *v, uint32_t index) {
    uint32_t opcode = v->row->opcode;
    if (index >= v->local_count) {
        reader_fail(&v->reader,
                    ERROR_INVALID,
                    "unknown local %u in %s",
                    index,
                    v->row->mnemonic);
        return;
    }

    struct local x = local_at(v, index);
    if (opcode == WASM_local_get) {
        translate_local_get(&v->t, x.type, x.slot);
        return;
    }
    struct operand value = pop(v, x.type);
    value.type = x.type; /* it may be TYPE_ANY */
    bool tee = opcode == WASM_local_tee;
    translate_local_set(&v->t, x.slot, value, tee);
}

static void global(struct validator *v, uint32_t index) {
    if (index >= v->module->global_count) {
        reader_fail(&v->reader,
                    ERROR_INVALID,
                    "unknown global %u in %s",
                    index,
                    v->row->mnemonic);
        return;
    }

    const struct global_declaration *global = &v->module->globals[index];
    if (v->row->opcode == WASM_global_get) {
        translate_global_get(&v->t, global->type, index);
    } else if (!global->mutable) {
        reader_fail(
            &v->reader, ERROR_INVALID, "global is immutable: global %u", index);
    } else {
        struct operand value = pop(v, global->type);
        translate_global_set(&v->t, value, index);
    }
}

/* ---- select, references ---- */

/* Without a type the operands must be numbers or vectors of the same type (spec
 * 3.3.4), which is that of either if the other is any. */
static void select(struct validator *v, uint8_t type) {
    struct operand condition = pop(v, VM_I32);
    struct operand y = pop(v, type);
    struct operand x = pop(v, type);
    if (type == TYPE_ANY) {
        type = x.type != TYPE_ANY ? x.type : y.type;
        if (y.type != TYPE_ANY && y.type != type) {
            mismatch(v, type, y.type);
        } else if (is_reference_type(x.type) || is_reference_type(y.type)) {
            invalid(v, "type mismatch: references need a select with a type");
        }
    }
    translate_select(&v->t, type, x, y, condition);
}

/* A reference is null if its slot is 0: i64.eqz on the slot. */
static void ref_is_null(struct validator *v) {
    struct operand x = pop(v, TYPE_ANY);
    struct operand zero = {.place = IS_CONSTANT, .type = VM_I64};
    if (x.type != TYPE_ANY && !is_reference_type(x.type)) {
        reader_fail(
            &v->reader,
            ERROR_INVALID,
            "type mismatch in ref.is_null: a reference expected, %s found",
            type_name_of(x.type));
    }
    translate_binary(&v->t, instruction_at(WASM_i64_eq), x, zero);
}

/* A function may be named if something outside of the bodies names it too (spec
 * 3.4.10, C.refs). */
static void ref_func(struct validator *v, uint32_t function) {
    if (function >= v->module->function_count) {
        invalid(v, "unknown function");
    } else if (!module_is_referenced(v->module, function)) {
        invalid(v, "undeclared function reference");
    } else {
        translate_ref_func(&v->t, function);
    }
}

/* ---- instructions whose row says it all ---- */

/* i32.eqz is i32.eq with the constant 0: a branch can then take it over like
 * any comparison. */
static void equals_zero(struct validator *v, uint8_t type, uint32_t code) {
    struct operand x = pop(v, type);
    struct operand zero = {.place = IS_CONSTANT, .type = type};
    if (!fuse_opposite(&v->t, &x))
        translate_binary(&v->t, instruction_at(code), x, zero);
}

bool unknown_index(struct validator *v, const char *what, uint32_t index) {
    return reader_fail(&v->reader,
                       ERROR_INVALID,
                       "unknown %s %u in %s",
                       what,
                       index,
                       v->row->mnemonic);
}

/* ---- instructions on memories and tables ---- */

bool memory_named(struct validator *v, uint32_t index, uint8_t *address) {
    const struct module *module = v->module;
    if (!check_index(v, "memory", index, module->memory_count))
        return false;
    *address = module->memories[index].address;
    return true;
}

/* Read the memarg of a load or store. True if it is a valid access to the near
 * memory, still to be translated; all others end here. */
static inline bool near_access(struct validator *v, struct immediate *memarg) {
    *memarg = memarg_read(&v->reader);
    if (!is_far(v, memarg))
        return check_access(v, memarg, VM_I32);
    far_access(v, memarg);
    return false;
}

/* What the immediates name is there, and `types` are those that depend on it. */
static bool check_named(struct validator *v,
                        const struct immediate *immediate,
                        struct varying *types) {
    switch (v->row->immediates) {
    case IMMEDIATE_NONE: return true;
    case IMMEDIATE_MEMORY:
        return memory_named(v, immediate->first, &types->first);
    default: return bulk_named(v, immediate, types);
    }
}

/* The operands stay on the stack while it is translated, and are then replaced
 * by the results. */
static void windowed(struct validator *v, const struct immediate *immediate) {
    struct varying types = {0};
    if (!check_named(v, immediate, &types))
        return;

    struct signature s = signature_of(v->row, types);
    const uint8_t *results = s.types + s.params;
    struct types taken = types_of(s.types, s.params);
    struct types given = types_of(results, s.results);
    if (!check_top(v, taken) || bulk_near(v, immediate))
        return;
    translate_window(&v->t, v->row, taken.slots, given.slots, immediate);
    replace_top(v, taken, given);
}

/* The instructions that no row describes, one by one. */
static void by_hand(struct validator *v, const struct immediate *immediate) {
    switch ((enum by_hand)v->row->opcode) {
    case OTHER_unreachable:
        translate_unreachable(&v->t);
        set_unreachable(v);
        break;
    case OTHER_nop: break;
    case OTHER_block:
    case OTHER_loop:
    case OTHER_if: begin_block(v, immediate->block); break;
    case OTHER_else: do_else(v); break;
    case OTHER_end: do_end(v); break;
    case OTHER_br:
    case OTHER_br_if: branch(v, immediate->first); break;
    case OTHER_br_table: br_table(v, immediate->first); break;
    /* To the outermost label. */
    case OTHER_return: branch(v, v->control_count - 1); break;
    case OTHER_call: call(v, immediate->first); break;
    case OTHER_call_indirect:
        call_indirect(v, immediate->first, immediate->second);
        break;
    case OTHER_drop: pop(v, TYPE_ANY); break;
    case OTHER_select: select(v, TYPE_ANY); break;
    /* The format has a vector of types, for some day to come. */
    case OTHER_select_t:
        if (immediate->first != 1) {
            invalid(v, "invalid result arity");
        } else {
            select(v, immediate->type);
        }
        break;
    case OTHER_global_get:
    case OTHER_global_set: global(v, immediate->first); break;
    /* Null is 0. */
    case OTHER_ref_null: translate_constant(&v->t, immediate->type, 0); break;
    case OTHER_ref_is_null: ref_is_null(v); break;
    case OTHER_ref_func: ref_func(v, immediate->first); break;
    case OTHER_i32_eqz: equals_zero(v, VM_I32, WASM_i32_eq); break;
    case OTHER_i64_eqz: equals_zero(v, VM_I64, WASM_i64_eq); break;
    }
}

/* The same for instructions of rings: each has a function of its own. */
static void added(struct validator *v, const struct immediate *immediate) {
    (void)immediate; /* there may be none */
    switch (v->row->opcode) {
#define ROW(...)
#define ADDED(code, name, ...)                                                 \
    case code:                                                                 \
        do_##name(v, immediate);                                               \
        break;
#include "vm/opcodes.def"
    }
}

/* What is too rare for a case of its own in validate_instruction. */
static void other(struct validator *v,
                  void (*validate)(struct validator *v,
                                   const struct immediate *immediate)) {
    struct immediate immediate = {0};
    enum immediates kind = (enum immediates)v->row->immediates;
    if (kind != IMMEDIATE_NONE)
        immediate = immediate_read(&v->reader, kind);
    if (reader_ok(&v->reader))
        validate(v, &immediate);
}

/* One instruction: read it, pop what it takes, let the translator push what it
 * yields. The last operand is on top, so it is popped first.
 *
 * What has been read is zero if reading it failed: nothing comes of validating
 * it all the same. */
static void validate_instruction(struct validator *v) {
    struct translator *t = &v->t;
    struct reader *reader = &v->reader;
    t->offset = (uint32_t)reader->position;
    const struct instruction *row = instruction_read(reader);
    if (!row)
        return;
    v->row = row;
    struct immediate immediate;
    struct operand x, y;
    switch ((enum shape)row->shape) {
    case SHAPE_UNARY:
        x = pop(v, row->operand);
        translate_unary(t, row, x);
        return;
    case SHAPE_BINARY:
    case SHAPE_COMPARE:
        y = pop(v, row->operand);
        x = pop(v, row->operand);
        translate_binary(t, row, x, y);
        return;
    case SHAPE_LOAD:
        if (!near_access(v, &immediate))
            return;
        x = pop(v, VM_I32);
        translate_load(t, row, x, (uint32_t)immediate.bits);
        return;
    case SHAPE_STORE:
        if (!near_access(v, &immediate))
            return;
        y = pop(v, row->operand);
        x = pop(v, VM_I32);
        translate_store(t, row, x, y, (uint32_t)immediate.bits);
        return;
    case SHAPE_LOCAL: local(v, reader_u32(reader)); return;
    case SHAPE_CONST_I32:
        translate_constant(t, VM_I32, (uint32_t)reader_s32(reader));
        return;
    case SHAPE_CONST_I64:
        translate_constant(t, VM_I64, (uint64_t)reader_s64(reader));
        return;
    case SHAPE_CONST_F32:
        translate_constant(t, VM_F32, reader_fixed(reader, 4));
        return;
    case SHAPE_CONST_F64:
        translate_constant(t, VM_F64, reader_fixed(reader, 8));
        return;
    case SHAPE_WINDOW: other(v, windowed); return;
    case SHAPE_VECTOR: other(v, vector); return;
    case SHAPE_OTHER: other(v, by_hand); return;
    case SHAPE_ADDED: other(v, added); return;
    case SHAPE_ILLEGAL: return; /* instruction_read refused it */
    }
}

/* ---- bodies ---- */

bool out_of_time(struct validator *v) {
    reader_time_out(v->module, &v->reader);
    return false;
}

/* One condition for both, since it is looked at behind every instruction. */
static void between_instructions(struct validator *v) {
    struct observer *observer = v->observer;
    bool told = observer && observer->instruction;
    if (told && reader_ok(&v->reader))
        observer->instruction(observer, &v->t);
    bool more = reader_ok(&v->reader) && v->control_count > 0;
    if (more && v->module->vm->stop)
        stop_before(&v->t);
    if (v->t.unpaid >= TICK_CELLS) {
        count_block(&v->t, true);
        translate_tick(&v->t);
    }
}

/* Validate the body of a function, and translate it unless the translator is
 * idle. The outermost control frame is the function's; the body is over when
 * its `end` has popped it. */
static bool validate_body(struct validator *v, uint32_t index) {
    struct translator *t = &v->t;
    struct reader *reader = &v->reader;
    struct module *module = v->module;
    struct function_declaration *function = &module->functions[index];
    reader->position = (size_t)(function->body.data - module->bytes.data);
    reader->end = reader->position + function->body.size;
    v->row = NULL;
    t->offset = (uint32_t)reader->position;
    locals_read(v, function->type);
    if (!reader_ok(reader))
        return false;
    v->control_count = v->attempt_count = 0;
    translate_begin(t, index, v->local_slots, reader);
    push_control(v, WASM_call, function->type);
    if (module->vm->stop)
        stop_before(t);
    while (reader_ok(reader) && v->control_count > 0) {
        if (t->idle)
            skim(v);
        if (reader_at_end(reader)) {
            /* What the spec suite expects to hear depends on whether the module
             * ends as well. */
            bool last = reader->end == module->bytes.size;
            return reader_fail(reader,
                               ERROR_MALFORMED,
                               "%sEND opcode expected",
                               last ? "unexpected end of section or function: "
                                    : "");
        }
        validate_instruction(v);
        if (t->unpaid >= v->pause)
            between_instructions(v);
        if (!spend(v, 1))
            return false;
    }
    if (reader_ok(reader) && !reader_at_end(reader)) {
        return reader_fail(reader,
                           ERROR_MALFORMED,
                           "section size mismatch: END opcode expected at the "
                           "end of the body");
    }
    translate_end(t, index);
    return reader_ok(reader);
}

/* To be freed even if it fails. */
static bool validator_init(struct validator *v,
                           struct module *module,
                           bool idle,
                           struct error *error) {
    *v = (struct validator){.module = module,
                            .meter = &module->vm->meter,
                            .observer = idle ? NULL : module->vm->observer,
                            .reader = reader_init(module->bytes, error)};
    translator_init(&v->t, module, idle);
    bool always = v->observer || (module->vm->stop && !idle);
    v->pause = always ? 0 : TICK_CELLS;
    v->empty = type_intern(&module->vm->types, (const uint8_t *)"", 0, 0);
    return v->empty || error_set_memory(module->vm, error, "types");
}

static void validator_free(struct validator *v) {
    struct budget *memory = v->module->vm->memory;
    translator_free(&v->t);
    array_free(memory, v->controls, v->control_capacity, sizeof *v->controls);
    attempts_free(v);
    array_free(memory, v->runs, v->run_capacity, sizeof *v->runs);
}

/* The imports have no bodies. That no function has code yet is said here,
 * too. */
bool module_validate(struct module *module, struct error *error) {
    struct validator v;
    bool ok = validator_init(&v, module, true, error);
    for (uint32_t i = module->imported_functions;
         ok && i < module->function_count;
         i++) {
        module->functions[i].entry = NO_CELL;
        code_expect(&module->code,
                    count_room(module) * module->functions[i].body.size);
        ok = validate_body(&v, i);
    }
    validator_free(&v);
    return ok;
}

/* Append the code of a function to the module's, or leave all as it was. */
static bool translate_body(struct validator *v, uint32_t function) {
    struct module *module = v->module;
    if (!code_begin(&module->code, function)) {
        return error_set_memory(module->vm, v->reader.error, "translated code");
    }
    bool ok = validate_body(v, function);
    if (ok) {
        code_commit(&module->code);
    } else {
        code_abandon(&module->code);
    }
    if (ok && v->observer)
        v->observer->translated(v->observer, module, function);
    return ok;
}

bool module_translate(struct module *module,
                      uint32_t function,
                      struct error *error) {
    if (module->functions[function].entry != NO_CELL)
        return true;
    struct validator v;
    bool ok = validator_init(&v, module, false, error) &&
              translate_body(&v, function);
    validator_free(&v);
    return ok;
}
