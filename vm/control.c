/* Validation of control instructions: blocks, branches and calls (spec 3.3.8 and the appendix).
 *
 * A control frame for each block that has begun says what it takes and yields, how high the operand
 * stack was, and whether its rest can be reached; the label in it is where the translator lets
 * branches go. The outermost frame is the function itself.
 *
 * Control is structured: a branch names a block around it, 0 the innermost, and goes to its end, or
 * to its beginning if it is a loop. Whoever arrives there has the same types on the stack, on top
 * of what was below the block:
 *
 *     block (result i32)     label at its end, which takes an i32
 *       loop                 label here, which takes the parameters of the loop: none
 *         br_if 0            to the loop's beginning
 *         br 1               to the block's end
 *       end
 *     end                    all branches to it are linked to what comes next: label_bind
 *
 * At run time there are neither blocks nor a stack: what arrives at a label, on whichever way, is
 * in the slots of the heights it has there.
 */
#include "vm/validator.h"

#include <string.h>

const uint8_t *results_of(const struct func_type *type) {
    return type->types + type->param_count;
}

/* What a branch to the block carries: its results, but to a loop its parameters. */
const uint8_t *label_types(const struct control *block) {
    return block->code == WASM_loop ? block->type->types : results_of(block->type);
}

/* Called when what the block takes has been popped: its floor and its label are below that. */
struct control *push_control(struct validator *v, uint32_t code, const struct func_type *type) {
    struct control *controls = array_reserve(v->module->vm->memory, v->controls, v->control_count,
                                             &v->control_capacity, sizeof *controls);
    if (!controls) {
        module_no_memory(v->module, &v->reader, "blocks within blocks");
        return NULL;
    }
    v->controls = controls;
    struct control *block = &v->controls[v->control_count++];
    *block = (struct control){
        .type = type, .code = code, .height = v->t.count, .dead_before = v->t.dead};
    uint32_t arity = code == WASM_loop ? type->param_count : type->result_count;
    block->label = label_init(&v->t, label_types(block), arity);
    block->label.is_return = code == WASM_call;
    return block;
}

/* An empty block type, a single result, or the index of a function type (spec 5.4.1): 40, 7F for
 * an i32, 05 for type 5. As one signed integer (s33) these are -64, -1 and 5. */
static const struct func_type *block_type(struct validator *v, int64_t code) {
    if (code == EMPTY_BLOCK) return v->empty;
    if (code >= 0) {
        v->module->features |= 1u << VM_MULTI_VALUE;
        if (code < v->module->type_count) return v->module->types[code];
        invalid(v, "unknown type");
        return NULL;
    }
    uint8_t type = (uint8_t)(code & 0x7F);
    v->module->features |= type_features(type);
    const struct func_type *single = type_intern(&v->module->vm->types, &type, 0, 1);
    if (!single) module_no_memory(v->module, &v->reader, "types");
    return single;
}

/* The parameters are brought home, popped, and pushed again as operands that are at home and made
 * by nobody: what the translator knew of them holds on the way that falls in, but not after a
 * branch to a loop. */
void begin_block(struct validator *v, int64_t code) {
    struct operand condition = {0};
    if (v->row->code == WASM_if) condition = pop(v, VM_I32);
    const struct func_type *type = block_type(v, code);
    if (!type || !check_top(v, type->types, type->param_count)) return;
    struct label otherwise = label_init(&v->t, NULL, 0);
    if (v->row->code == WASM_if) {
        translate_if(&v->t, condition, &otherwise, type->param_count);
    } else {
        translate_block(&v->t, type->param_count);
    }
    replace_top(v, type->param_count, NULL, 0);
    struct control *block = push_control(v, v->row->code, type);
    if (!block) return;
    block->otherwise = otherwise;
    push_types(v, type->types, type->param_count);
    if (v->row->code == WASM_loop) translate_loop(&v->t, &block->label);
    if (v->row->code == WASM_try || v->row->code == WASM_try_table) begin_attempt(v);
}

/* The results, and nothing else, are on the stack. */
bool check_block_end(struct validator *v) {
    const struct control *block = innermost(v);
    if (!check_top(v, results_of(block->type), block->type->result_count)) return false;
    if (v->t.count - block->height > block->type->result_count) {
        return reader_fail(&v->reader, ERROR_INVALID,
                           "type mismatch in %s: %u values left over at the end of the block",
                           v->row->mnemonic,
                           v->t.count - block->height - block->type->result_count);
    }
    return true;
}

/* The first arm of the if ends here, by a jump over the second, which begins with the same
 * parameters in the same slots. */
void do_else(struct validator *v) {
    struct control *block = innermost(v);
    if (block->code != WASM_if) {
        invalid(v, "else without if");
        return;
    }
    if (!check_block_end(v)) return;
    translate_br(&v->t, &block->label);
    v->t.dead = block->dead_before;
    block->code = WASM_else;
    block->unreachable = false;
    operands_truncate(&v->t, block->height);
    push_types(v, block->type->types, block->type->param_count);
    label_bind(&v->t, &block->otherwise);
}

/* What falls through and what branches here meet: results go home, labels are bound, and the code
 * behind is reachable if the block was, whether or not somebody has seen a way to its end. */
void do_end(struct validator *v) {
    if (!check_block_end(v)) return;
    struct control block = *innermost(v);
    const struct func_type *type = block.type;
    /* Without an else a false condition leaves the parameters as the results. */
    bool same = type->param_count == type->result_count &&
                memcmp(type->types, results_of(type), type->param_count) == 0;
    if (block.code == WASM_if && !same) {
        invalid(v, "type mismatch: if without else must leave what it found");
        return;
    }
    v->control_count--;
    if (block.code == WASM_call) {
        translate_br(&v->t, &block.label);
        return;
    }
    if (block.code == WASM_try_table) {
        end_try_table(v, &block);
        return;
    }
    if (is_catch(&block)) { /* the results are one slot above the label's */
        translate_br(&v->t, &block.label);
        v->t.dead = true;
        block.height--;
    }
    bool reached_by_branch = block.label.patches != NO_CELL || block.otherwise.patches != NO_CELL;
    if (!v->t.dead && !reached_by_branch) return; /* the results may stay where they are */
    operands_home(&v->t, type->result_count);
    v->t.dead = block.dead_before;
    label_bind(&v->t, &block.otherwise);
    label_bind(&v->t, &block.label);
    operands_truncate(&v->t, block.height);
    push_types(v, results_of(type), type->result_count);
}

/* ---- branches ---- */

struct control *target(struct validator *v, uint32_t depth) {
    if (depth < v->control_count) return &v->controls[v->control_count - 1 - depth];
    reader_fail(&v->reader, ERROR_INVALID, "unknown label %u in %s", depth, v->row->mnemonic);
    return NULL;
}

void branch(struct validator *v, uint32_t depth) {
    struct operand condition = {0};
    bool conditional = v->row->code == WASM_br_if;
    if (conditional) condition = pop(v, VM_I32);
    struct control *block = target(v, depth);
    if (!block || !check_top(v, label_types(block), block->label.arity)) return;
    if (!conditional) {
        translate_br(&v->t, &block->label);
        set_unreachable(v);
        return;
    }
    translate_br_if(&v->t, condition, &block->label);
    /* The spec pops the label's types and pushes them again, which makes a difference only where
     * they were any; and in code that is emitted they had better stay what they are. */
    if (v->t.dead) replace_top(v, block->label.arity, label_types(block), block->label.arity);
}

/* All targets take as many values, of types that fit what is on the stack. Where they take the
 * same types as the target before, as they nearly always do, that has been checked. */
static bool check_br_table(struct validator *v, uint32_t count, struct reader labels) {
    const uint8_t *types = NULL;
    uint32_t arity = 0;
    for (uint32_t i = 0; i <= count; i++) {
        const struct control *block = target(v, reader_u32(&labels));
        if (!reader_ok(&labels) || !block || !spend(v, 1 + block->label.arity)) return false;
        if (i > 0 && block->label.arity != arity) {
            return invalid(v, "type mismatch: labels of different arity");
        }
        arity = block->label.arity;
        if (types && memcmp(types, label_types(block), arity) == 0) continue;
        types = label_types(block);
        if (!check_top(v, types, arity)) return false;
    }
    operands_home(&v->t, arity);
    return true;
}

/* The labels, one more than `count`, are read three times: to check them, for the cells of the
 * table, and for the stubs behind it. */
void br_table(struct validator *v, uint32_t count) {
    struct operand index = pop(v, VM_I32);
    struct reader labels = v->reader;
    if (!check_br_table(v, count, labels)) {
        v->reader.failed = true; /* it may have been the copy that failed */
        return;
    }
    translate_br_table(&v->t, index, count);
    uint32_t first = v->module->cell_count;
    for (uint32_t i = 0; i <= count; i++) {
        translate_br_table_target(&v->t, &target(v, reader_u32(&v->reader))->label);
    }
    for (uint32_t i = 0; i <= count && reader_ok(&v->reader); i++) {
        translate_br_table_stub(&v->t, first + i, &target(v, reader_u32(&labels))->label);
    }
    set_unreachable(v);
}

/* ---- calls ---- */

/* A tail call must yield what the function yields, since its callee returns for it. */
static bool check_tail(struct validator *v, const struct func_type *callee, bool tail) {
    const struct func_type *caller = v->controls[0].type;
    if (!tail || (callee->result_count == caller->result_count &&
                  memcmp(results_of(callee), results_of(caller), callee->result_count) == 0)) {
        return true;
    }
    return invalid(v, "type mismatch: the callee's results are not those of the function");
}

/* The arguments have become the results; those of a tail call are returned. */
static void end_call(struct validator *v, const struct func_type *type, bool tail) {
    replace_top(v, type->param_count, results_of(type), type->result_count);
    translate_call_result(&v->t, type);
    if (!tail) return;
    translate_br(&v->t, &v->controls[0].label);
    set_unreachable(v);
}

void call(struct validator *v, uint32_t function) {
    const struct func_type *type = v->module->functions[function].type;
    bool tail = v->row->code == WASM_return_call;
    if (!check_tail(v, type, tail) || !check_top(v, type->types, type->param_count)) return;
    translate_call(&v->t, function, tail);
    end_call(v, type, tail);
}

void call_indirect(struct validator *v, uint32_t type_index, uint32_t table) {
    if (table >= v->module->table_count) {
        invalid(v, "unknown table");
    } else if (type_index >= v->module->type_count) {
        invalid(v, "unknown type");
    } else if (v->module->tables[table].type != VM_FUNCREF) {
        mismatch(v, VM_FUNCREF, v->module->tables[table].type);
    } else {
        const struct func_type *type = v->module->types[type_index];
        bool tail = v->row->code == WASM_return_call_indirect;
        struct operand index = pop(v, v->module->tables[table].limits.address);
        if (!check_tail(v, type, tail) || !check_top(v, type->types, type->param_count)) return;
        translate_call_indirect(&v->t, type, table, index, tail);
        end_call(v, type, tail);
    }
}
