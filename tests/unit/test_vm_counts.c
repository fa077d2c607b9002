/* What is counted of the code that is executed, beside what a trace shows of
 * it, and what is charged for it. */
#include "tests/unit/vm_guest.h"

#include "vm/debug/counts.h"

#include <stdio.h>

/* ---- counts beside a trace ---- */

struct call {
    const char *guest, *function;
    uint32_t args[2];
};

/* Nothing is fused: what is repeated to be faster would be counted. */
static struct vm_limits plain(void) {
    struct vm_limits limits = vm_limits_default();
    limits.trap_unknown_imports = true;
    limits.plain_code = true;
    limits.stack_bytes = 1 << 12;
    limits.fuel = 2000;
    return limits;
}

static void perform(const struct guest *guest, const struct call *call) {
    guest_try(guest, call->function, call->args, NULL);
}

/* The cells that are traced: all lines but headings, and charges. */
static uint64_t traced(const struct call *call) {
    char line[2048];
    uint64_t cells = 0;
    struct vm_limits limits = plain();
    struct error error = ERROR_INIT;
    struct guest guest = guest_open(&limits);
    guest_load(&guest, call->guest);
    FILE *out = tmpfile();
    assert_non_null(out);
    struct vm_tracing tracing = {.module = guest.module, .out = out};
    assert_true(vm_trace(&tracing, &error));
    guest_start(&guest);
    perform(&guest, call);
    rewind(out);
    while (fgets(line, sizeof line, out)) {
        const char *text = line + strspn(line, " ");
        bool heading = strncmp(text, "function ", strlen("function ")) == 0;
        cells += !heading && !strstr(text, ": tick ");
    }
    fclose(out);
    guest_close(&guest);
    return cells;
}

static struct guest counted(const char *name, const struct vm_limits *limits) {
    struct error error = ERROR_INIT;
    struct guest guest = guest_open(limits);
    assert_true(vm_count(guest.vm, true, &error));
    guest_load(&guest, name);
    guest_start(&guest);
    return guest;
}

static uint64_t cells_of(const struct guest *guest, uint32_t function) {
    uint64_t sum = 0;
    struct function_counts counts;
    assert_true(function_counts_read(&counts, guest->module, function));
    for (size_t k = 0; k < counts.cell_count; k++)
        sum += counts.cells[k].count;
    function_counts_free(&counts);
    return sum;
}

/* In its stacks there is what was executed of the function. */
static uint64_t cells_of_function(const struct guest *guest,
                                  uint32_t function) {
    uint64_t sum = cells_of(guest, function), in_stacks = 0;
    const struct counts *counts = guest->vm->counts;
    for (const struct call_node *n = &counts->root; n; n = n->next) {
        const struct counted_function *of = function_of(counts, n);
        if (of->module == guest->module && of->function == function)
            in_stacks += n->own;
    }
    assert_int_equal(in_stacks, sum);
    return sum;
}

static uint64_t cells_of_functions(const struct guest *guest) {
    const struct module *module = guest->module;
    uint64_t sum = 0;
    for (uint32_t i = module->imported_functions; i < module->function_count;
         i++)
        sum += cells_of_function(guest, i);
    return sum;
}

static uint64_t cells_of_stacks(const struct guest *guest) {
    const struct counts *counts = guest->vm->counts;
    uint64_t sum = counts->rest.own;
    for (const struct call_node *n = &counts->root; n; n = n->next)
        sum += n->own;
    return sum;
}

static int64_t fuel_of_stacks(const struct guest *guest) {
    const struct counts *counts = guest->vm->counts;
    int64_t sum = counts->rest.fuel;
    for (const struct call_node *n = &counts->root; n; n = n->next)
        sum += n->fuel;
    return sum;
}

static int64_t fuel_without(const struct call *call) {
    struct vm_limits limits = plain();
    struct guest guest = guest_run(call->guest, &limits);
    perform(&guest, call);
    int64_t used = limits.fuel - vm_fuel_left(guest.vm);
    guest_close(&guest);
    return used;
}

/* To mark exceptions is charged by the size of the stack: frames are larger. */
static void the_counts_are_what_a_trace_shows(void **state) {
    static const struct call calls[] = {
        {"counted", "odd", {7, 0}},
        {"counted", "moves", {1, 0}},
        {"counted", "moves", {0, 0}},
        {"counted", "divide", {0, 0}},
        {"counted", "calls", {0, 0}},
        {"counted", "calls", {1, 0}},
        {"switch", "run", {0, 3}},
        {"traps", "run", {0, 0}},
        {"traps", "through_host", {0, 0}},
        {"exceptions", "choose", {2, 0}},
        {"exceptions", "locals", {1, 0}},
        {"exceptions", "nested", {1, 0}},
        {"exceptions", "rethrow", {1, 0}},
        {"exceptions", "delegate", {1, 0}},
        {"exceptions", "uncaught_deep", {0, 0}},
        {"exceptions", "many", {20, 0}},
        {"exceptions", "deep", {9, 0}},
        {"exceptions", "leave", {3, 0}},
        {"exceptions", "trap", {1, 0}},
        {"tail", "down", {50, 0}},
        {"tail", "few", {9, 0}},
        {"tail", "down_indirect", {6, 0}},
        {"tail", "results", {20, 0}},
        {"tail", "around", {3, 0}},
        {"tail", "to_host", {3, 0}},
        {"limits", "deep", {100, 0}},
        {"bulk", "fill", {0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const struct call *call = &calls[i];
        struct vm_limits limits = plain();
        struct guest guest = counted(call->guest, &limits);
        perform(&guest, call);
        uint64_t cells = cells_of_functions(&guest);
        int64_t used = limits.fuel - vm_fuel_left(guest.vm);
        uint64_t shown = traced(call);
        int64_t more = used - fuel_without(call);
        bool marks = strcmp(call->guest, "exceptions") == 0;
        if (cells != shown || cells_of_stacks(&guest) != shown || more < 0 ||
            more > marks)
            fail_msg("%s %s: %llu cells, %llu in stacks, %llu traced; "
                     "%lld units, %lld of them more",
                     call->guest,
                     call->function,
                     (unsigned long long)cells,
                     (unsigned long long)cells_of_stacks(&guest),
                     (unsigned long long)shown,
                     (long long)used,
                     (long long)more);
        if (used < limits.fuel)
            assert_int_equal(fuel_of_stacks(&guest), used);
        guest_close(&guest);
    }
}

/* Every frame is left in its midst. */
static void a_stack_that_is_used_up_is_counted_to_its_end(void **state) {
    (void)state;
    struct vm_limits limits = plain();
    struct guest guest = counted("traps", &limits);
    guest_fails(&guest, "recurse", ERROR_EXHAUSTION);
    assert_true(cells_of_functions(&guest) > 100);
    assert_int_equal(cells_of_functions(&guest), cells_of_stacks(&guest));
    guest_close(&guest);
}

/* A module that was loaded before has no nodes in its frames: what it calls
 * would be counted for whatever it has in its first local. */
static void what_is_counted_may_be_called_by_what_is_not(void **state) {
    (void)state;
    struct error error = ERROR_INIT;
    struct guest left = guest_open(NULL), right = {.vm = left.vm};
    guest_load(&right, "tail_right");
    assert_true(vm_count(left.vm, true, &error));
    guest_load(&left, "tail_left");
    guest_start(&left);
    assert_true(vm_register(left.vm, slice_of("left"), left.instance, &error));
    guest_start(&right);

    assert_int_equal(guest_call(&right, "digits", 4, 0), 101234);
    assert_int_equal(guest_call(&right, "caught_direct", 7, 0), 107);
    assert_int_equal(guest_call(&left, "left", 5, 0), 7);
    assert_true(cells_of_functions(&left) > 10);
    assert_int_equal(cells_of_functions(&left), cells_of_stacks(&left));
    guest_close(&right);
    buffer_free(&left.bytes);
}

/* ---- branches and pieces ---- */

static struct function_counts counts_of(const struct guest *guest,
                                        const char *name) {
    struct function_counts counts;
    const struct vm_export *export =
        module_find_export(guest->module, slice_of(name));
    assert_non_null(export);
    assert_true(function_counts_read(&counts, guest->module, export->index));
    return counts;
}

static void both_ways_of_a_branch_are_known(void **state) {
    (void)state;
    struct guest guest = counted("counted", NULL);
    assert_int_equal(guest_call(&guest, "odd", 7, 0), 4);
    guest_call(&guest, "moves", 1, 0);
    guest_call(&guest, "moves", 1, 0);
    guest_call(&guest, "moves", 0, 0);

    struct function_counts odd = counts_of(&guest, "odd");
    assert_int_equal(odd.branch_count, 2);
    assert_int_equal(odd.branches[0].held, 4);
    assert_int_equal(odd.branches[0].failed, 3);
    assert_int_equal(odd.branches[1].held, 6);
    assert_int_equal(odd.branches[1].failed, 1);
    function_counts_free(&odd);

    struct function_counts moves = counts_of(&guest, "moves");
    assert_int_equal(moves.branch_count, 1);
    assert_int_equal(moves.branches[0].held, 2);
    assert_int_equal(moves.branches[0].failed, 1);
    function_counts_free(&moves);
    guest_close(&guest);
}

/* The last instruction of each function, which ends its body. */
static uint64_t ends(const struct guest *guest, const char *name) {
    struct function_counts counts = counts_of(guest, name);
    const struct vm_export *export =
        module_find_export(guest->module, slice_of(name));
    struct slice body = guest->module->functions[export->index].body;
    size_t end = (size_t)(body.data - guest->module->bytes.data) + body.size;
    size_t behind = function_counts_behind(&counts, (uint32_t)end - 1);
    assert_true(behind > 0);
    uint64_t count = counts.pieces[behind - 1].count;
    function_counts_free(&counts);
    return count;
}

static void what_is_behind_a_trap_was_not_executed(void **state) {
    (void)state;
    struct guest guest = counted("counted", NULL);
    guest_call(&guest, "divide", 1, 0);
    assert_int_equal(ends(&guest, "divide"), 1);
    guest_fails(&guest, "divide", ERROR_TRAP);
    assert_int_equal(ends(&guest, "divide"), 1);
    guest_fails(&guest, "calls", ERROR_TRAP);
    assert_int_equal(ends(&guest, "divide"), 2);
    assert_int_equal(ends(&guest, "calls"), 0);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counts_are_what_a_trace_shows),
        cmocka_unit_test(a_stack_that_is_used_up_is_counted_to_its_end),
        cmocka_unit_test(what_is_counted_may_be_called_by_what_is_not),
        cmocka_unit_test(both_ways_of_a_branch_are_known),
        cmocka_unit_test(what_is_behind_a_trap_was_not_executed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
