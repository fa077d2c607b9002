/* Calls from the host: values of every type, globals, memory, exports. */
#include "tests/unit/vm_guest.h"

static void values_of_every_type_go_in_and_out(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    struct vm_value args[] = {{VM_I32, {.i32 = 0x80000001}},
                              {VM_I64, {.i64 = UINT64_MAX - 1}},
                              {VM_F32, {.i32 = 0x7FA00001}},
                              {VM_F64, {.f64 = -1.5}},
                              {VM_FUNCREF, {.ref = 0}},
                              {VM_EXTERNREF, {.ref = UINT64_MAX}}};
    struct vm_value out[6];
    struct error error = ERROR_INIT;
    assert_true(
        vm_call(guest_function(&guest, "reverse"), args, 6, out, &error));
    for (int i = 0; i < 6; i++)
        assert_int_equal(out[i].type, args[5 - i].type);
    assert_int_equal(out[0].of.ref, UINT64_MAX);
    assert_int_equal(out[1].of.ref, 0);
    assert_true(out[2].of.f64 == -1.5);
    /* A signalling NaN stays one. */
    assert_int_equal(out[3].of.i32, 0x7FA00001);
    assert_int_equal(out[4].of.i64, UINT64_MAX - 1);
    assert_int_equal(out[5].of.i32, 0x80000001);
    assert_true(
        vm_call(guest_function(&guest, "nothing"), NULL, 0, NULL, &error));
    guest_close(&guest);
}

static void function_references_are_called(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    struct vm_value args[3] = {{0}, i32(40), i32(2)}, sum;
    struct error error = ERROR_INIT;
    assert_true(vm_call(
        guest_function(&guest, "add_reference"), NULL, 0, args, &error));
    assert_int_equal(args[0].type, VM_FUNCREF);
    assert_true(args[0].of.ref != 0);
    assert_true(vm_call(
        guest_function(&guest, "call_reference"), args, 3, &sum, &error));
    assert_int_equal(sum.of.i32, 42);
    args[0].of.ref = 0;
    assert_false(vm_call(
        guest_function(&guest, "call_reference"), args, 3, &sum, &error));
    assert_int_equal(error.kind, ERROR_TRAP);
    guest_close(&guest);
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    struct function *add = guest_function(&guest, "add");
    struct vm_value good[3] = {i32(1), i32(2), i32(3)}, out;
    for (size_t count = 0; count <= 3; count++) {
        struct error error = ERROR_INIT;
        assert_int_equal(vm_call(add, good, count, &out, &error), count == 2);
        assert_int_equal(error.kind, count == 2 ? ERROR_NONE : ERROR_USAGE);
    }
    struct vm_value bad[2] = {i32(1), {VM_I64, {.i64 = 2}}};
    struct error error = ERROR_INIT;
    assert_false(vm_call(add, bad, 2, &out, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    guest_close(&guest);
}

static void exports_are_found_by_name_and_kind(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    assert_null(vm_find_function(guest.instance, slice_of("absent")));
    assert_null(vm_find_function(guest.instance, slice_of("memory")));
    assert_null(vm_find_function(guest.instance, slice_of("ad")));
    const struct func_type *type =
        vm_function_type(guest_function(&guest, "add"));
    assert_int_equal(type->param_count, 2);
    assert_int_equal(type->result_count, 1);
    assert_int_equal(type->types[2], VM_I32);
    assert_ptr_equal(vm_of(guest.instance), guest.vm);

    unsigned kinds[4] = {0};
    for (size_t i = 0; i < vm_export_count(guest.module); i++) {
        struct vm_export export = vm_export_at(guest.module, i);
        kinds[export.kind]++;
        if (!slice_is(export.name, "call_reference"))
            continue;
        const struct func_type *declared =
            vm_export_type(guest.module, i).function;
        assert_int_equal(declared->param_count, 3);
        assert_int_equal(declared->types[0], VM_FUNCREF);
    }
    assert_int_equal(kinds[VM_FUNCTION], 9);
    assert_int_equal(kinds[VM_TABLE], 1);
    assert_int_equal(kinds[VM_MEMORY], 1);
    assert_int_equal(kinds[VM_GLOBAL], 2);
    guest_close(&guest);
}

static void globals_are_read(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    struct vm_value answer = guest_global(&guest, "answer");
    assert_int_equal(answer.type, VM_I64);
    assert_int_equal(answer.of.i64, (uint64_t)-42);
    guest_call(&guest, "bump", 0, 0);
    assert_int_equal(guest_global(&guest, "count").of.i32, 8);
    assert_null(vm_find_global(guest.instance, slice_of("add")));
    assert_null(vm_find_global(guest.instance, slice_of("absent")));
    guest_close(&guest);
}

static void memory_has_exact_bounds(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    const struct instance *i = guest.instance;
    const uint64_t page = 65536;
    assert_non_null(vm_memory_at(i, 0, page));
    assert_non_null(vm_memory_at(i, page - 1, 1));
    assert_null(vm_memory_at(i, page - 1, 2));
    assert_null(vm_memory_at(i, page, 1));
    assert_null(vm_memory_at(i, 1, page));
    assert_null(vm_memory_at(i, UINT64_MAX, 1));
    assert_null(vm_memory_at(i, 1, UINT64_MAX));
    assert_null(vm_memory_at(i, UINT64_MAX, UINT64_MAX));
    assert_null(vm_memory_at(i, page + 1, 0));

    *vm_memory_at(i, 77, 1) = 200;
    assert_int_equal(guest_call(&guest, "load", 77, 0), 200);
    guest_call(&guest, "store", page - 1, 9);
    assert_int_equal(*vm_memory_at(i, page - 1, 1), 9);

    assert_int_equal(guest_call(&guest, "grow", 2, 0), 1);
    assert_non_null(vm_memory_at(i, 3 * page - 1, 1));
    assert_null(vm_memory_at(i, 3 * page, 1));
    assert_int_equal(*vm_memory_at(i, page - 1, 1), 9);
    assert_int_equal(*vm_memory_at(i, page, 1), 0);
    /* Its maximum is 3. */
    assert_int_equal(guest_call(&guest, "grow", 1, 0), UINT32_MAX);
    guest_close(&guest);
}

static void vms_share_nothing(void **state) {
    (void)state;
    struct guest one = guest_run("values", NULL),
                 two = guest_run("values", NULL);
    assert_int_equal(guest_call(&one, "bump", 0, 0), 8);
    assert_int_equal(guest_call(&two, "bump", 0, 0), 8);
    guest_call(&one, "store", 0, 1);
    assert_int_equal(guest_call(&two, "load", 0, 0), 0);
    guest_call(&one, "grow", 2, 0);
    assert_null(vm_memory_at(two.instance, 65536, 1));
    guest_close(&one);
    assert_int_equal(guest_call(&two, "bump", 0, 0), 9);
    guest_close(&two);
}

static void instances_of_one_module_have_their_own_state(void **state) {
    (void)state;
    struct guest guest = guest_run("values", NULL);
    struct guest second = guest;
    guest_start(&second);
    assert_int_equal(guest_call(&guest, "bump", 0, 0), 8);
    assert_int_equal(guest_call(&guest, "bump", 0, 0), 9);
    assert_int_equal(guest_call(&second, "bump", 0, 0), 8);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type_go_in_and_out),
        cmocka_unit_test(function_references_are_called),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(exports_are_found_by_name_and_kind),
        cmocka_unit_test(globals_are_read),
        cmocka_unit_test(memory_has_exact_bounds),
        cmocka_unit_test(vms_share_nothing),
        cmocka_unit_test(instances_of_one_module_have_their_own_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
