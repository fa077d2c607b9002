/* Exceptions: who catches one, what the clause sees, and what becomes of those
 * nobody catches. With try and catch, as compilers emit them; try_table is in
 * test_vm_try_table.c. */
#include "tests/unit/vm_guest.h"

static void the_clause_of_the_tag_is_chosen(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    assert_int_equal(guest_call(&guest, "choose", 0, 0), 5);
    assert_int_equal(guest_call(&guest, "choose", 1, 0), 101);
    assert_int_equal(guest_call(&guest, "choose", 2, 0), 207);
    assert_int_equal(guest_call(&guest, "choose", 3, 0), 300);
    guest_close(&guest);
}

static void locals_and_operands_are_as_at_the_throw(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    assert_int_equal(guest_call(&guest, "locals", 3, 0), 10 + 23 * 23);
    guest_close(&guest);
}

static void the_innermost_try_catches(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    assert_int_equal(guest_call(&guest, "nested", 0, 0), 1);
    assert_int_equal(guest_call(&guest, "nested", 1, 0), 100);
    assert_int_equal(guest_call(&guest, "nested", 2, 0), 2);
    assert_int_equal(guest_call(&guest, "nested", 3, 0), 1);
    assert_int_equal(guest_call(&guest, "deep", 10000, 0), 77);
    guest_close(&guest);
}

static void exceptions_are_thrown_again(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    assert_int_equal(guest_call(&guest, "rethrow", 1, 0), 101);
    assert_int_equal(guest_call(&guest, "rethrow", 2, 0), 9);
    assert_int_equal(guest_call(&guest, "delegate", 1, 0), 102);
    assert_int_equal(guest_call(&guest, "delegate", 0, 0), 0);
    guest_close(&guest);
}

static void branches_leave_a_try(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    assert_int_equal(guest_call(&guest, "leave", 0, 0), 1);
    assert_int_equal(guest_call(&guest, "leave", 1, 0), 100);
    assert_int_equal(guest_call(&guest, "leave", 2, 0), 1004);
    assert_int_equal(guest_call(&guest, "leave", 9, 0), 1002);
    guest_close(&guest);
}

static void uncaught_ones_trap_with_a_backtrace(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    struct error error = guest_fails(&guest, "uncaught", ERROR_TRAP);
    assert_string_equal(error.text, "uncaught exception");
    struct vm_frame frames[4];
    assert_int_equal(vm_backtrace(guest.vm, frames, 4), 2);
    guest_fails(&guest, "uncaught_deep", ERROR_TRAP);
    assert_int_equal(guest_try(&guest, "trap", NULL, NULL), ERROR_TRAP);
    /* And the guest goes on. */
    assert_int_equal(guest_call(&guest, "choose", 1, 0), 101);
    guest_close(&guest);
}

static void caught_ones_are_freed(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    /* Three million exceptions would exceed what may be alive at once. */
    assert_int_equal(guest_call(&guest, "many", 3000000, 0),
                     (uint32_t)(3000000ull * 3000001 / 2));
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clause_of_the_tag_is_chosen),
        cmocka_unit_test(locals_and_operands_are_as_at_the_throw),
        cmocka_unit_test(the_innermost_try_catches),
        cmocka_unit_test(exceptions_are_thrown_again),
        cmocka_unit_test(branches_leave_a_try),
        cmocka_unit_test(uncaught_ones_trap_with_a_backtrace),
        cmocka_unit_test(caught_ones_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
