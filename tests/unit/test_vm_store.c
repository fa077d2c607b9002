/* What a program that embeds the vm does with what a module imports and
 * exports: it lists it. */
#include "tests/unit/vm_guest.h"

/* A guest of its own in a vm that is there already. */
static struct guest join(struct vm *vm, const char *name) {
    struct guest guest = {.vm = vm};
    guest_load(&guest, name);
    return guest;
}

/* ---- lists ---- */

static size_t find_export(const struct module *module, const char *name) {
    for (size_t i = 0; i < vm_export_count(module); i++) {
        if (slice_is(vm_export_at(module, i).name, name))
            return i;
    }
    fail_msg("no export %s", name);
    return 0;
}

static struct extern_type type_of(const struct guest *guest, const char *name) {
    return vm_export_type(guest->module, find_export(guest->module, name));
}

static void exports_are_listed_with_their_types(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    guest_load(&guest, "lender");
    struct extern_type type = type_of(&guest, "twice");
    assert_int_equal(type.kind, VM_FUNCTION);
    assert_int_equal(type.function->param_count, 1);
    assert_int_equal(type.function->types[1], VM_I32);

    type = type_of(&guest, "functions");
    assert_int_equal(type.kind, VM_TABLE);
    assert_int_equal(type.type, VM_FUNCREF);
    assert_int_equal(type.limits.min, 2);
    assert_true(type.limits.has_max);
    assert_int_equal(type.limits.max, 8);
    assert_int_equal(type.limits.address, VM_I32);
    type = type_of(&guest, "names");
    assert_int_equal(type.type, VM_EXTERNREF);
    assert_false(type.limits.has_max);

    type = type_of(&guest, "memory");
    assert_int_equal(type.kind, VM_MEMORY);
    assert_int_equal(type.limits.min, 1);
    assert_int_equal(type.limits.max, 3);

    type = type_of(&guest, "count");
    assert_int_equal(type.kind, VM_GLOBAL);
    assert_int_equal(type.type, VM_I32);
    assert_true(type.is_mutable);
    type = type_of(&guest, "answer");
    assert_int_equal(type.type, VM_I64);
    assert_false(type.is_mutable);

    type = type_of(&guest, "thrown");
    assert_int_equal(type.kind, VM_TAG);
    assert_int_equal(type.function->param_count, 1);
    assert_int_equal(type.function->result_count, 0);
    guest_close(&guest);
}

/* Each import has the type of the export that it is made for, but for what
 * borrower.wat asks for less exactly. */
static void imports_are_listed_with_their_types(void **state) {
    (void)state;
    struct guest lender = guest_open(NULL);
    guest_load(&lender, "lender");
    struct guest borrower = join(lender.vm, "borrower");
    static const char names[][10] = {"twice", "functions", "memory",
                                     "count", "answer",    "thrown"};
    size_t count = sizeof names / sizeof *names;
    assert_int_equal(vm_import_count(borrower.module), count);
    for (size_t i = 0; i < count; i++) {
        struct vm_import import = vm_import_at(borrower.module, i);
        assert_true(slice_is(import.module, "lender"));
        assert_true(slice_is(import.name, names[i]));
        struct extern_type exported = type_of(&lender, names[i]);
        assert_int_equal(import.type.kind, exported.kind);
        assert_ptr_equal(import.type.function, exported.function);
        assert_int_equal(import.type.type, exported.type);
        assert_int_equal(import.type.is_mutable, exported.is_mutable);
    }
    struct limits table = vm_import_at(borrower.module, 1).type.limits;
    assert_int_equal(table.min, 1);
    assert_int_equal(table.max, 10);
    assert_false(vm_import_at(borrower.module, 2).type.limits.has_max);
    buffer_free(&borrower.bytes);
    guest_close(&lender);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_are_listed_with_their_types),
        cmocka_unit_test(imports_are_listed_with_their_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
