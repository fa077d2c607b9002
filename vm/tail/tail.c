/* Tail calls: validation, translation and the frames of other instances (the
 * tail-call proposal).
 *
 * A tail call takes the place of its caller: the arguments move to where the
 * caller's own begin, and the callee returns to whoever called that. A return stands
 * behind the call all the same, for functions of the host: these are called and
 * returned from. */
#include "vm/tail/tail.h"

#include "vm/emit.h"
#include "vm/frames.h"
#include "vm/validator.h"

#include <string.h>

/* The callee returns for the function, and so must yield what that yields. */
static bool check_results(struct validator *v, const struct func_type *callee) {
    struct types results = results_of(callee);
    struct types wanted = results_of(v->controls[0].type);
    bool same = results.count == wanted.count &&
                memcmp(results.list, wanted.list, results.count) == 0;
    return same || invalid(v,
                           "type mismatch: the callee's results are not "
                           "those of the function");
}

static void end_tail_call(struct validator *v, const struct func_type *type) {
    replace_top(v, params_of(type), results_of(type));
    translate_call_result(&v->t, type);
    count_block(&v->t, true);
    translate_br(&v->t, &v->controls[0].label);
    set_unreachable(v);
}

void do_return_call(struct validator *v, const struct immediate *immediate) {
    const struct module *module = v->module;
    uint32_t function = immediate->first;
    if (!check_index(v, "function", function, module->function_count))
        return;
    const struct func_type *type = module->functions[function].type;
    if (!check_results(v, type) || !check_top(v, params_of(type)))
        return;
    bool imported = function < module->imported_functions;
    operands_home(&v->t, type->param_slots);
    if (imported)
        count_site(&v->t);
    struct cell *cell =
        emit_call(&v->t,
                  imported ? OP_return_call_import : OP_first_return_call,
                  type->param_slots);
    cell->tail.imm = (int32_t)function;
    cell->d = (uint16_t)v->t.first;
    end_tail_call(v, type);
}

void do_return_call_indirect(struct validator *v,
                             const struct immediate *immediate) {
    uint32_t table = immediate->second;
    const struct func_type *type = check_indirect(v, immediate->first, table);
    if (!type)
        return;
    struct operand index = pop(v, v->module->tables[table].limits.address);
    if (!check_results(v, type) || !check_top(v, params_of(type)))
        return;
    struct cell *link =
        emit_call_indirect(&v->t, OP_return_call_indirect, type, table, index);
    link->d = (uint16_t)v->t.first;
    end_tail_call(v, type);
}

uint64_t *foreign_tail_frame(const struct function *function,
                             const struct cell *link,
                             uint64_t *frame,
                             struct instance *instance) {
    struct position caller = frame_caller(frame, instance);
    return foreign_frame_for(function, caller, frame + link->a);
}
