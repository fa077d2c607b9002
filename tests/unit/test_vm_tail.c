/* Tail calls: the frame of the caller is used again, whatever the two frames
 * look like. */
#include "tests/unit/vm_guest.h"

static bool twice(void *context,
                  struct instance *caller,
                  uint64_t *slots,
                  struct error *error) {
    (void)context, (void)caller, (void)error;
    slots[0] = (uint32_t)(2 * slots[0]);
    return true;
}

static struct guest tail_guest(const struct vm_limits *limits) {
    struct guest guest = guest_open(limits);
    struct error error = ERROR_INIT;
    assert_true(
        vm_define(guest.vm, "host", "double", "i:i", twice, NULL, &error));
    guest_load(&guest, "tail");
    guest_start(&guest);
    return guest;
}

static void tail_calls_need_no_stack(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.stack_bytes = 4096;
    struct guest guest = tail_guest(&limits);
    assert_int_equal(guest_call(&guest, "down", 1000000, 0), 0);
    assert_int_equal(guest_call(&guest, "few", 100000, 0), 1234);
    guest_close(&guest);
}

static void frames_of_any_shape_follow_each_other(void **state) {
    (void)state;
    struct guest guest = tail_guest(NULL);
    for (uint32_t n = 0; n < 5; n++) {
        assert_int_equal(guest_call(&guest, "few", n, 0), 1234);
        assert_int_equal(guest_call(&guest, "around", n, 0), 1734);
    }
    assert_int_equal(guest_call(&guest, "swap", 9, 4), 5);
    assert_int_equal(guest_call(&guest, "swap", 4, 9), 5);
    assert_int_equal(guest_call(&guest, "results", 20, 0), 123);
    guest_close(&guest);
}

static void any_function_is_called(void **state) {
    (void)state;
    struct guest guest = tail_guest(NULL);
    assert_int_equal(guest_call(&guest, "to_host", 21, 0), 42);
    assert_int_equal(guest_call(&guest, "to_host_indirect", 21, 0), 42);
    assert_int_equal(guest_call(&guest, "down_indirect", 6, 2), 5);
    assert_int_equal(guest_call(&guest, "down_indirect", 6, 0), 10);
    assert_int_equal(guest_try(&guest, "traps", NULL, NULL), ERROR_TRAP);
    guest_close(&guest);
}

/* ---- to functions of another instance ---- */

/* The right one calls the left one. */
struct pair {
    struct guest left, right;
};

static struct pair pair_open(uint64_t stack_bytes, bool plain_code) {
    struct vm_limits limits = vm_limits_default();
    limits.stack_bytes = stack_bytes;
    limits.plain_code = plain_code;
    struct guest left = guest_run("tail_left", &limits),
                 right = {.vm = left.vm};
    struct error error = ERROR_INIT;
    assert_true(vm_register(left.vm, slice_of("left"), left.instance, &error));
    guest_load(&right, "tail_right");
    guest_start(&right);
    return (struct pair){left, right};
}

static void pair_close(struct pair *pair) {
    guest_close(&pair->right);
    buffer_free(&pair->left.bytes);
}

static void frames_are_left_for_other_instances_too(void **state) {
    (void)state;
    struct pair pair = pair_open(4096, false);
    assert_int_equal(guest_call(&pair.right, "right", 1000000, 0), 7);
    assert_int_equal(guest_call(&pair.right, "digits", 4, 0), 101234);
    pair_close(&pair);
}

static void a_frame_that_was_left_catches_nothing(void **state) {
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        struct pair pair = pair_open(1 << 16, plain);
        const struct guest *guest = &pair.right;
        assert_int_equal(guest_call(guest, "caught_direct", 5, 0), 105);
        assert_int_equal(guest_call(guest, "caught_indirect", 5, 0), 205);
        assert_int_equal(guest_try(guest, "direct", (uint32_t[]){5, 0}, NULL),
                         ERROR_TRAP);
        struct vm_frame frames[4];
        assert_int_equal(vm_backtrace(guest->vm, frames, 4), 1);
        assert_int_equal(guest_try(guest, "indirect", (uint32_t[]){5, 0}, NULL),
                         ERROR_TRAP);
        assert_int_equal(vm_backtrace(guest->vm, frames, 4), 1);
        pair_close(&pair);
    }
}

static void endless_tail_calls_end_with_the_fuel(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 100000;
    struct guest guest = tail_guest(&limits);
    guest_fails(&guest, "forever", ERROR_EXHAUSTION);
    guest_close(&guest);
}

static void results_must_be_the_callers(void **state) {
    (void)state;
    const char *build = getenv("BUILD");
    char path[1024];
    snprintf(path,
             sizeof path,
             "%s/guests/vm/tail_mismatch.wasm",
             build ? build : "build");
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    buffer_init(&guest.bytes, 1 << 20);
    assert_true(file_read(path, &guest.bytes, &error));
    assert_null(vm_load(guest.vm, buffer_slice(&guest.bytes), &error));
    assert_int_equal(error.kind, ERROR_INVALID);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_calls_need_no_stack),
        cmocka_unit_test(frames_of_any_shape_follow_each_other),
        cmocka_unit_test(any_function_is_called),
        cmocka_unit_test(frames_are_left_for_other_instances_too),
        cmocka_unit_test(a_frame_that_was_left_catches_nothing),
        cmocka_unit_test(endless_tail_calls_end_with_the_fuel),
        cmocka_unit_test(results_must_be_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
