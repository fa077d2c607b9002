/* Exceptions: who catches one, what the clause sees, and what becomes of those nobody catches. */
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
    assert_int_equal(guest_call(&guest, "choose", 1, 0), 101); /* and the guest goes on */
    guest_close(&guest);
}

static void caught_ones_are_freed(void **state) {
    (void)state;
    struct guest guest = guest_run("exceptions", NULL);
    /* Three million exceptions would exceed what may be alive at once. */
    assert_int_equal(guest_call(&guest, "many", 3000000, 0), (uint32_t)(3000000ull * 3000001 / 2));
    guest_close(&guest);
}

/* ---- try_table, as bytes: assemblers of these days do not know it ---- */

enum { I32 = 0x7F, EXNREF = 0x69, END = 0x0B };

/* Load a module whose only function, "f" of type (i32) -> (i32), has this body, and whose tag 0 has
 * one i32. Further types: 2 is () -> (i32 exnref). */
static struct guest guest_of_body(const uint8_t *body, size_t size) {
    static uint8_t bytes[256]; /* borrowed by the vm */
    const uint8_t head[] = {
        0,    'a', 's', 'm',  1,      0,   0, 0,                       /* preamble */
        1,    15,  3,   0x60, 1,      I32, 1, I32, 0x60, 1,   I32, 0,  /* types */
        0x60, 0,   2,   I32,  EXNREF, 3,   2, 1,   0,                  /* function */
        13,   3,   1,   0,    1,      7,   5, 1,   1,    'f', 0,   0}; /* tag, export */
    uint8_t code[] = {10, (uint8_t)(size + 3), 1, (uint8_t)(size + 1), 0};
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, code, sizeof code);
    memcpy(bytes + sizeof head + sizeof code, body, size);
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    struct slice all = {bytes, sizeof head + sizeof code + size};
    guest.module = vm_load(guest.vm, all, &error);
    if (!guest.module) fail_msg("%s at %u", error.text, (unsigned)error.offset);
    guest_start(&guest);
    return guest;
}

#define BODY(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void try_table_branches_with_the_values(void **state) {
    (void)state;
    /* block (result i32)
     *   try_table (result i32) (catch 0 0)
     *     if local 0 is 5: 50; else throw local 0
     *   end
     * end
     * + 1000 */
    struct guest guest = guest_of_body(BODY(0x02, I32, 0x1F, I32, 1, 0, 0, 0, 0x20, 0, 0x41, 5,
                                            0x46, 0x04, I32, 0x41, 50, 0x05, 0x20, 0, 0x08, 0, END,
                                            END, END, 0x41, 0xE8, 0x07, 0x6A, END));
    assert_int_equal(guest_call(&guest, "f", 5, 0), 1050);
    assert_int_equal(guest_call(&guest, "f", 7, 0), 1007);
    guest_close(&guest);
}

static void exception_references_are_thrown(void **state) {
    (void)state;
    /* block $a (result i32)
     *   try_table (result i32) (catch 0 $a)
     *     block $b (type 2)
     *       try_table (catch_ref 0 $b): throw local 0 end
     *       unreachable
     *     end
     *     throw_ref
     *   end
     * end */
    struct guest guest =
        guest_of_body(BODY(0x02, I32, 0x1F, I32, 1, 0, 0, 0, 0x02, 2, 0x1F, 0x40, 1, 1, 0, 0, 0x20,
                           0, 0x08, 0, END, 0x00, END, 0x0A, END, END, END));
    assert_int_equal(guest_call(&guest, "f", 33, 0), 33);
    guest_close(&guest);
}

static void null_references_trap(void **state) {
    (void)state;
    struct guest guest = guest_of_body(BODY(0xD0, EXNREF, 0x0A, END));
    struct vm_value arg = i32(0), out;
    struct error error = ERROR_INIT;
    assert_false(vm_call(guest_function(&guest, "f"), &arg, 1, &out, &error));
    assert_string_equal(error.text, "null exception reference");
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
        cmocka_unit_test(try_table_branches_with_the_values),
        cmocka_unit_test(exception_references_are_thrown),
        cmocka_unit_test(null_references_trap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
