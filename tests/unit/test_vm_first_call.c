/* First calls: functions are translated then, and not before, whoever calls. */
#include "tests/unit/vm_module.h"

#include "vm/module.h"

static void only_what_is_called_is_translated(void **state) {
    (void)state;
    struct guest guest = guest_run("first", NULL);
    const struct module *module = guest.module;
    assert_int_equal(module->code.translation_count, 0);
    assert_int_equal(guest_call(&guest, "even", 0, 0), 1);
    assert_int_equal(module->code.translation_count, 1);
    assert_int_equal(guest_call(&guest, "even", 7, 0), 0);
    assert_int_equal(module->code.translation_count, 2);
    assert_int_equal(guest_call(&guest, "indirect", 30, 2), 10);
    assert_int_equal(module->code.translation_count, 4);
    uint32_t cells = module->code.cell_count;
    assert_int_equal(guest_call(&guest, "odd", 7, 0), 1);
    assert_int_equal(guest_call(&guest, "indirect", 7, 1), 1);
    assert_int_equal(module->code.translation_count, 4);
    assert_int_equal(module->code.cell_count, cells);
    guest_close(&guest);
}

static void instances_of_a_module_share_its_code(void **state) {
    (void)state;
    struct guest guest = guest_run("first", NULL), second = guest;
    guest_start(&second);
    assert_int_equal(guest_call(&guest, "indirect", 5, 1), 1);
    uint32_t cells = guest.module->code.cell_count;
    assert_int_equal(guest_call(&second, "indirect", 5, 1), 1);
    assert_int_equal(guest_call(&second, "even", 5, 0), 0);
    assert_int_equal(guest.module->code.cell_count, cells);
    guest_close(&guest);
}

/* Another instance's table is all it sees of the functions. */
static void another_instance_may_be_the_first_to_call(void **state) {
    (void)state;
    struct guest guest = guest_run("first", NULL), other = guest;
    struct error error = ERROR_INIT;
    assert_true(
        vm_register(guest.vm, slice_of("first"), guest.instance, &error));
    struct buffer caller =
        MODULE(TYPES(ENTRY("\x60\1\x7F\1\x7F"), ENTRY("\x60\2\x7F\x7F\1\x7F")),
               IMPORTS(IMPORT("first", "table", "\1\x70\0\3")) /* table of 3 */,
               FUNCTIONS(ENTRY("\1")),
               EXPORTS(NAMED("call", "\0\0")),
               CODE(BODY("\0\x20\0\x20\1\x11\0\0\x0B")));
    guest_accept(&other, caller);
    guest_start(&other);
    assert_int_equal(guest_call(&other, "call", 9, 1), 1);
    assert_int_equal(guest_call(&other, "call", 99, 2), 33);
    assert_int_equal(guest_call(&guest, "odd", 8, 0), 0);
    assert_int_equal(guest.module->code.translation_count, 3);
    guest_close(&guest);
    buffer_free(&caller);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_called_is_translated),
        cmocka_unit_test(instances_of_a_module_share_its_code),
        cmocka_unit_test(another_instance_may_be_the_first_to_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
