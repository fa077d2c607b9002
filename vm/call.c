/* Calls from the host.
 *
 * A call from the host puts the arguments where `top` is, which is where the
 * function has its parameters, and finds the results there. While guest code runs,
 * `top` stays; it is moved up, behind the arguments, for the time of a call to
 * the host, so that the guest can be called from there:
 *
 *     stack                                            top                            stack_end
 *     [ frames of guest functions | window of a host's | frame of the next call ...  ] spare
 *
 * These calls nest in C too, so their number is limited (LIMIT_HOST_NESTING). A
 * trap ends the innermost of them, which the host function sees as its vm_call
 * giving false. */
#include "vm/rings.h"
#include "vm/store.h"

#include <string.h>

const struct func_type *vm_function_type(const struct function *function) {
    return function->type;
}

static bool check_args(const struct vm *vm,
                       const struct func_type *type,
                       const struct vm_value *args,
                       size_t count,
                       struct error *error) {
    if (count != type->param_count) {
        return error_set(error,
                         ERROR_USAGE,
                         "the function takes %u arguments, %zu were given",
                         type->param_count,
                         count);
    }
    for (size_t i = 0; i < count; i++) {
        enum vm_type wanted = (enum vm_type)type->types[i];
        if (value_fits(vm, &args[i], wanted))
            continue;
        char what[40];
        snprintf(what, sizeof what, "argument %zu", i + 1);
        return error_set_value(error, what, &args[i], wanted);
    }
    return true;
}

/* A call through a table that fails names the element: its number is still in
 * the slot that the call_indirect cell reads. */
static bool report(const struct vm *vm, enum trap trap, struct error *error) {
    if (trap == TRAP_REPORTED)
        return false;
    error_set_trap(error, trap);
    if (trap != TRAP_UNDEFINED_ELEMENT && trap != TRAP_UNINITIALIZED_ELEMENT)
        return false;
    size_t length = strlen(error->text);
    snprintf(error->text + length,
             sizeof error->text - length,
             " %llu",
             (unsigned long long)vm->trapped.frame[vm->trapped.pc->d]);
    return false;
}

bool vm_call(struct function *function,
             const struct vm_value *args,
             size_t arg_count,
             struct vm_value *results,
             struct error *error) {
    struct vm *vm = function->instance->vm;
    const struct func_type *type = function->type;
    if (!check_args(vm, type, args, arg_count, error))
        return false;
    if (meter_interrupted(&vm->meter))
        return vm_time_out(vm, error);
    /* Else it is added to: inner frames come first. */
    if (vm->nesting == 0)
        vm->trace_count = 0;
    uint64_t *top = vm->top;
    /* Arguments and results; whether the whole frame fits is for execute to
     * say. */
    size_t taken = (size_t)type->param_slots + type->result_slots;
    if (vm->nesting == LIMIT_HOST_NESTING ||
        (size_t)(vm->stack_end - top) < taken) {
        return error_set_trap(error, TRAP_STACK);
    }
    uint64_t *slots = top;
    for (size_t i = 0; i < arg_count; i++)
        slots = value_put(slots, &args[i]);
    if (vm->recorded && !tape_enter(vm->recorded, function, top, error))
        return false;
    /* Host functions report to the call that is innermost in C. */
    struct error *outer = vm->host_error;
    vm->host_error = error;
    vm->nesting++;
    enum trap trap = execute(vm, function);
    vm->nesting--;
    vm->host_error = outer;
    vm->top = top;
    if (trap)
        return report(vm, trap, error);
    const uint64_t *from = top;
    for (size_t i = 0; i < type->result_count; i++) {
        results[i].type = (enum vm_type)type->types[type->param_count + i];
        from = value_get(from, &results[i]);
    }
    return true;
}
