/* Traps: the instance stays usable, effects stay, the backtrace tells where. */
#include "tests/unit/vm_guest.h"

enum {
    OP_UNREACHABLE = 0x00,
    OP_CALL = 0x10,
    OP_CALL_INDIRECT = 0x11,
    OP_I32_LOAD8_U = 0x2D
};

/* The host function "again": calls "recurse" if `context` says so, else "run"
 * with 0. */
static bool again(void *context,
                  struct instance *caller,
                  uint64_t *slots,
                  struct error *error) {
    const char *name = context;
    struct vm_value arg = i32((uint32_t)slots[0]), result;
    size_t count = !strcmp(name, "run");
    return vm_call(
        vm_find_function(caller, slice_of(name)), &arg, count, &result, error);
}

static struct guest open_calling(char *name) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    assert_true(
        vm_define(guest.vm, "env", "again", "i:i", again, name, &error));
    guest_load(&guest, "traps");
    guest_start(&guest);
    return guest;
}

static bool begins_with(const char *text, const char *start) {
    return !strncmp(text, start, strlen(start));
}

static void frame_is(const struct guest *guest,
                     const struct vm_frame *frame,
                     const char *name,
                     uint32_t index,
                     int opcode) {
    assert_true(slice_is(frame->name, name));
    assert_int_equal(frame->function, index);
    assert_true(frame->offset < guest->bytes.size);
    assert_int_equal(guest->bytes.data[frame->offset], opcode);
}

static void a_trap_has_a_backtrace(void **state) {
    (void)state;
    struct guest guest = open_calling("run");
    struct error error = guest_fails(&guest, "run", ERROR_TRAP);
    assert_true(begins_with(error.text, "unreachable"));
    struct vm_frame frames[8];
    assert_int_equal(vm_backtrace(guest.vm, frames, 8), 3);
    frame_is(&guest, &frames[0], "innermost", 1, OP_UNREACHABLE);
    frame_is(&guest, &frames[1], "middle", 2, OP_CALL_INDIRECT);
    frame_is(&guest, &frames[2], "outermost", 3, OP_CALL);
    assert_int_equal(vm_backtrace(guest.vm, frames, 1), 1);
    guest_close(&guest);
}

static void a_trap_leaves_the_instance_callable(void **state) {
    (void)state;
    struct guest guest = open_calling("run");
    for (uint32_t i = 1; i <= 100; i++) {
        guest_fails(&guest, "run", ERROR_TRAP);
        /* What went before it stays. */
        assert_int_equal(guest_call(&guest, "fine", 0, 0), i);
    }
    assert_int_equal(*vm_memory_at(guest.instance, 100, 1), 65);
    guest_close(&guest);
}

static void an_index_out_of_the_table_traps(void **state) {
    (void)state;
    struct guest guest = open_calling("run");
    static const struct {
        uint32_t index;
        const char *text;
    } cases[] = {{1, "uninitialized element"},
                 {2, "undefined element"},
                 {UINT32_MAX, "undefined element"}};
    for (size_t i = 0; i < 3; i++) {
        struct vm_value arg = i32(cases[i].index), result;
        struct error error = ERROR_INIT;
        assert_false(
            vm_call(guest_function(&guest, "run"), &arg, 1, &result, &error));
        assert_int_equal(error.kind, ERROR_TRAP);
        assert_true(begins_with(error.text, cases[i].text));
    }
    guest_close(&guest);
}

static void division_traps_on_what_has_no_quotient(void **state) {
    (void)state;
    struct guest guest = open_calling("run");
    struct error error = guest_fails(&guest, "divide", ERROR_TRAP);
    assert_true(begins_with(error.text, "integer divide by zero"));
    uint32_t args[2] = {UINT32_C(0x80000000), UINT32_MAX};
    assert_int_equal(guest_try(&guest, "divide", args, NULL), ERROR_TRAP);
    assert_int_equal(guest_call(&guest, "divide", (uint32_t)-7, 2),
                     (uint32_t)-3);
    guest_close(&guest);
}

static void a_trap_passes_through_the_host(void **state) {
    (void)state;
    struct guest guest = open_calling("run");
    struct error error = guest_fails(&guest, "through_host", ERROR_TRAP);
    assert_true(begins_with(error.text, "unreachable"));
    assert_int_equal(guest_call(&guest, "fine", 0, 0), 1);
    guest_close(&guest);

    guest = open_calling("recurse");
    guest_fails(&guest, "through_host", ERROR_EXHAUSTION);
    assert_int_equal(guest_call(&guest, "fine", 0, 0), 0);
    guest_close(&guest);
}

static void exhaustion_has_a_backtrace_too(void **state) {
    (void)state;
    struct guest guest = open_calling("run");
    struct error error = guest_fails(&guest, "recurse", ERROR_EXHAUSTION);
    assert_true(begins_with(error.text, "call stack exhausted"));
    struct vm_frame frames[50];
    assert_int_equal(vm_backtrace(guest.vm, frames, 50), 50);
    for (int i = 1; i < 50; i++)
        frame_is(&guest, &frames[i], "recurse", 5, OP_CALL);
    guest_close(&guest);
}

static void recursion_between_instances_is_bounded(void **state) {
    (void)state;
    struct guest ping = guest_run("ping", NULL);
    struct error error = ERROR_INIT;
    assert_true(vm_register(ping.vm, slice_of("ping"), ping.instance, &error));
    struct guest pong = {.vm = ping.vm};
    guest_load(&pong, "pong");
    guest_start(&pong);
    assert_int_equal(guest_call(&ping, "ping", 1000, 0), 1000);
    assert_int_equal(
        guest_try(&ping, "ping", (uint32_t[]){UINT32_MAX, 0}, NULL),
        ERROR_EXHAUSTION);
    assert_int_equal(guest_call(&ping, "ping", 7, 0), 7);
    buffer_free(&ping.bytes);
    guest_close(&pong);
}

static void a_start_function_that_traps_keeps_its_effects(void **state) {
    (void)state;
    struct guest other = guest_run("values", NULL);
    struct error error = ERROR_INIT;
    assert_true(
        vm_register(other.vm, slice_of("other"), other.instance, &error));
    struct guest guest = {.vm = other.vm};
    guest_load(&guest, "start_trap");
    assert_null(vm_instantiate(guest.vm, guest.module, &error));
    assert_int_equal(error.kind, ERROR_TRAP);
    assert_true(begins_with(error.text, "out of bounds memory access"));
    struct vm_frame frame;
    assert_int_equal(vm_backtrace(guest.vm, &frame, 1), 1);
    frame_is(&guest, &frame, "begin", 0, OP_I32_LOAD8_U);
    assert_int_equal(guest_call(&other, "load", 5, 0), 99);
    buffer_free(&other.bytes);
    guest_close(&guest);
}

/* Its head is repeated where the branches to it were; the trap is that of the
 * one load there is. */
static void a_switch_loop_is_one_loop(void **state) {
    (void)state;
    struct guest guest = guest_run("switch", NULL);
    struct vm_frame frame;
    assert_int_equal(guest_call(&guest, "run", 0, 0), 11);
    assert_int_equal(guest_try(&guest, "run", (uint32_t[]){65534, 7}, NULL),
                     ERROR_TRAP);
    assert_int_equal(vm_backtrace(guest.vm, &frame, 1), 1);
    frame_is(&guest, &frame, "run", 0, OP_I32_LOAD8_U);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trap_has_a_backtrace),
        cmocka_unit_test(a_switch_loop_is_one_loop),
        cmocka_unit_test(a_trap_leaves_the_instance_callable),
        cmocka_unit_test(an_index_out_of_the_table_traps),
        cmocka_unit_test(division_traps_on_what_has_no_quotient),
        cmocka_unit_test(a_trap_passes_through_the_host),
        cmocka_unit_test(exhaustion_has_a_backtrace_too),
        cmocka_unit_test(recursion_between_instances_is_bounded),
        cmocka_unit_test(a_start_function_that_traps_keeps_its_effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
