/* Validation of control instructions: blocks, branches and calls (spec 3.3.8
 * and the appendix).
 *
 * A control frame for each block that has begun says what it takes and yields,
 * how high the operand stack was, and whether its rest can be reached; the
 * label in it is where the translator lets branches go. The outermost frame is
 * the function itself.
 *
 * Control is structured: a branch names a block around it, 0 the innermost, and
 * goes to its end, or to its beginning if it is a loop. Whoever arrives there
 * has the same types on the stack, on top of what was below the block:
 *
 *     block (result i32)     label at its end, which takes an i32
 *       loop                 label here, which takes the parameters of the loop: none
 *         br_if 0            to the loop's beginning
 *         br 1               to the block's end
 *       end
 *     end                    all branches to it are linked to what comes next: label_bind
 *
 * At run time there are neither blocks nor a stack: what arrives at a label, on
 * whichever way, is in the slots of the heights it has there. */
#include "vm/validator.h"

#include "vm/rings.h"

#include <string.h>

/* Its results, but to a loop its parameters. */
struct types label_types(const struct control *block) {
    if (block->opener == WASM_loop)
        return params_of(block->type);
    return results_of(block->type);
}

/* Called when what the block takes has been popped: its floor and its label are
 * below that. */
struct control *push_control(struct validator *v,
                             uint32_t opener,
                             const struct func_type *type) {
    struct translator *t = &v->t;
    struct control *controls = array_reserve(v->module->vm->memory,
                                             v->controls,
                                             v->control_count,
                                             &v->control_capacity,
                                             sizeof *controls);
    if (!controls) {
        module_no_memory(v->module, &v->reader, "blocks within blocks");
        return NULL;
    }
    v->controls = controls;
    struct control *block = &v->controls[v->control_count++];
    *block = (struct control){.type = type,
                              .opener = (uint8_t)opener,
                              .height = (uint16_t)t->count,
                              .otherwise = NO_CELL,
                              .dead_before = t->dead};
    block->label = label_init(t, label_types(block));
    block->label.is_return = opener == WASM_call;
    return block;
}

/* An empty block type, a single result, or the index of a function type (spec
 * 5.4.1): 40, 7F for an i32, 05 for type 5. As one signed integer (s33) these
 * are -64, -1 and 5. */
static const struct func_type *block_type(struct validator *v, int64_t code) {
    struct module *module = v->module;
    if (code == EMPTY_BLOCK)
        return v->empty;
    if (code >= 0) {
        if (code < module->type_count)
            return module->types[code];
        invalid(v, "unknown type");
        return NULL;
    }
    uint8_t type = (uint8_t)(code & 0x7F);
    const struct func_type *single =
        type_intern(&module->vm->types, &type, 0, 1);
    if (!single)
        module_no_memory(module, &v->reader, "types");
    return single;
}

/* The parameters are brought home, popped, and pushed again as operands that
 * are at home and made by nobody: what the translator knew of them holds on the
 * way that falls in, but not after a branch to a loop. */
void begin_block(struct validator *v, int64_t code) {
    struct translator *t = &v->t;
    uint32_t opener = v->row->opcode;
    struct operand condition = {0};
    if (opener == WASM_if)
        condition = pop(v, VM_I32);

    const struct func_type *type = block_type(v, code);
    if (!type)
        return;
    struct types params = params_of(type);
    if (!check_top(v, params))
        return;

    uint32_t otherwise = NO_CELL;
    if (opener == WASM_if) {
        translate_if(t, condition, &otherwise, type->param_slots);
    } else {
        translate_block(t, type->param_slots);
    }
    replace_top(v, params, (struct types){0});

    struct control *block = push_control(v, opener, type);
    if (!block)
        return;
    block->otherwise = otherwise;
    push_types(v, params);
    if (opener == WASM_loop) {
        pins_begin(v);
        translate_loop(t, &block->label);
    }
}

/* The results, and nothing else, are on the stack. */
bool check_block_end(struct validator *v) {
    const struct control *block = innermost(v);
    const struct func_type *type = block->type;
    if (!check_top(v, results_of(type)))
        return false;

    uint32_t values = v->t.count - block->height;
    if (values > type->result_count) {
        return reader_fail(
            &v->reader,
            ERROR_INVALID,
            "type mismatch in %s: %u values left over at the end of the block",
            v->row->mnemonic,
            values - type->result_count);
    }
    return true;
}

/* The first arm of the if ends here, by a jump over the second, which begins
 * with the same parameters in the same slots. */
void do_else(struct validator *v) {
    struct translator *t = &v->t;
    struct control *block = innermost(v);
    if (block->opener != WASM_if) {
        invalid(v, "else without if");
        return;
    }
    if (!check_block_end(v))
        return;
    translate_br(t, &block->label);
    t->dead = block->dead_before;
    block->opener = WASM_else;
    block->unreachable = false;
    truncate_to(v, block);
    push_types(v, params_of(block->type));
    patches_bind(t, &block->otherwise);
    count_block(t, false);
}

/* What comes behind the block begins at its label, with its results. */
void leave_block(struct validator *v, struct control *block) {
    label_bind(&v->t, &block->label);
    count_block(&v->t, false);
    operands_truncate(&v->t, block->height, block->label.home);
    push_types(v, results_of(block->type));
}

/* What falls through and what branches here meet: results go home, labels are
 * bound, and the code behind is reachable if the block was, whether or not
 * somebody has seen a way to its end. */
void do_end(struct validator *v) {
    struct translator *t = &v->t;
    if (!check_block_end(v))
        return;
    struct control block = *innermost(v);
    const struct func_type *type = block.type;
    /* Without an else a false condition leaves the parameters as the
     * results. */
    struct types params = params_of(type);
    struct types results = results_of(type);
    bool same = params.count == results.count &&
                memcmp(params.list, results.list, params.count) == 0;
    if (block.opener == WASM_if && !same) {
        invalid(v, "type mismatch: if without else must leave what it found");
        return;
    }
    v->control_count--;
    if (block.opener == WASM_call) {
        translate_br(t, &block.label);
        return;
    }
    if (block.is_try) {
        end_try(v, &block);
        return;
    }
    bool reached_by_branch =
        block.label.patches != NO_CELL || block.otherwise != NO_CELL;
    /* The results may stay where they are. */
    if (!t->dead && !reached_by_branch)
        return;
    operands_home(t, type->result_slots);
    t->dead = block.dead_before;
    patches_bind(t, &block.otherwise);
    leave_block(v, &block);
}

/* ---- branches ---- */

struct control *target(struct validator *v, uint32_t depth) {
    if (depth < v->control_count)
        return &v->controls[v->control_count - 1 - depth];
    reader_fail(&v->reader,
                ERROR_INVALID,
                "unknown label %u in %s",
                depth,
                v->row->mnemonic);
    return NULL;
}

void branch(struct validator *v, uint32_t depth) {
    struct translator *t = &v->t;
    struct operand condition = {0};
    bool conditional = v->row->opcode == WASM_br_if;
    if (conditional)
        condition = pop(v, VM_I32);

    struct control *block = target(v, depth);
    if (!block)
        return;
    struct types types = label_types(block);
    if (!check_top(v, types))
        return;

    if (!conditional) {
        translate_br(t, &block->label);
        set_unreachable(v);
        return;
    }
    translate_br_if(t, condition, &block->label);
    /* The spec pops the label's types and pushes them again, which makes a
     * difference only where they were any; and in code that is emitted they had
     * better stay what they are. */
    if (t->dead)
        replace_top(v, types, types);
}

/* All targets take as many values, of types that fit what is on the stack.
 * Where they take the same types as the target before, as they nearly always
 * do, that has been checked. */
static bool check_br_table(struct validator *v,
                           struct reader labels,
                           struct br_table *table) {
    struct types types = {0};
    for (uint32_t i = 0; i <= table->count; i++) {
        const struct control *block = target(v, reader_u32(&labels));
        if (!reader_ok(&labels) || !block)
            return false;
        if (!spend(v, 1 + types.count / TYPES_A_STEP))
            return false;

        bool first = i == 0;
        struct types wanted = label_types(block);
        if (!first && wanted.count != types.count)
            return invalid(v, "type mismatch: labels of different arity");
        table->moves = table->moves || label_needs_move(&v->t, &block->label);
        if (!first && memcmp(types.list, wanted.list, types.count) == 0)
            continue;
        if (!check_top(v, wanted))
            return false;
        types = wanted;
    }
    table->slots = types.slots;
    operands_home(&v->t, types.slots);
    return true;
}

/* The labels, one more than `count`, are read twice: to check them, and for the
 * cells of the table. */
void br_table(struct validator *v, uint32_t count) {
    struct translator *t = &v->t;
    struct reader *reader = &v->reader;
    struct operand index = pop(v, VM_I32);
    struct br_table table = {.count = count, .returns = NO_CELL};
    if (!check_br_table(v, *reader, &table)) {
        reader->failed = true; /* it may have been the copy that failed */
        return;
    }
    translate_br_table(t, index, &table);
    for (uint32_t i = 0; i <= count; i++) {
        struct control *block = target(v, reader_u32(reader));
        translate_br_table_target(t, &table, &block->label);
    }
    translate_br_table_end(t, &table, &v->controls[0].label);
    set_unreachable(v);
}

/* ---- calls ---- */

/* The arguments have become the results. */
static void end_call(struct validator *v, const struct func_type *type) {
    replace_top(v, params_of(type), results_of(type));
    translate_call_result(&v->t, type);
}

void call(struct validator *v, uint32_t function) {
    if (!check_index(v, "function", function, v->module->function_count))
        return;
    const struct func_type *type = v->module->functions[function].type;
    if (!check_top(v, params_of(type)))
        return;
    translate_call(&v->t, function);
    end_call(v, type);
}

const struct func_type *
check_indirect(struct validator *v, uint32_t type_index, uint32_t table) {
    const struct module *m = v->module;
    if (table >= m->table_count)
        return invalid(v, "unknown table"), NULL;
    if (type_index >= m->type_count)
        return invalid(v, "unknown type"), NULL;
    uint8_t element = m->tables[table].type;
    if (element != VM_FUNCREF)
        return mismatch(v, VM_FUNCREF, element), NULL;
    return m->types[type_index];
}

void call_indirect(struct validator *v, uint32_t type_index, uint32_t table) {
    const struct func_type *type = check_indirect(v, type_index, table);
    if (!type)
        return;
    struct operand index = pop(v, v->module->tables[table].limits.address);
    if (!check_top(v, params_of(type)))
        return;
    translate_call_indirect(&v->t, type, table, index);
    end_call(v, type);
}
