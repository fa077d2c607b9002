/* Vectors take two slots wherever values go: what they compute is the spec
 * suite's business. */
#include "tests/unit/vm_module.h"

/* (v128 i32) -> (i32 v128), the vector's lanes turned round. */
static bool reverse(void *context,
                    struct instance *caller,
                    uint64_t *slots,
                    struct error *error) {
    (void)context, (void)caller, (void)error;
    uint64_t low = slots[0], high = slots[1], number = slots[2];
    slots[0] = number;
    slots[1] = high >> 32 | high << 32;
    slots[2] = low >> 32 | low << 32;
    return true;
}

static struct guest vector_guest(void) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    assert_true(
        vm_define(guest.vm, "host", "reverse", "vi:iv", reverse, NULL, &error));
    guest_load(&guest, "vector");
    guest_start(&guest);
    return guest;
}

static void the_host_hands_vectors_over(void **state) {
    (void)state;
    struct guest guest = vector_guest();
    struct vm_value vector = {
        .type = VM_V128,
        .of.v128 = {UINT64_C(2) << 32 | 1, UINT64_C(4000) << 32 | 300}};
    struct vm_value sum;
    struct error error = ERROR_INIT;
    assert_true(
        vm_call(guest_function(&guest, "sum"), &vector, 1, &sum, &error));
    assert_int_equal(sum.of.i32, 4303);
    assert_int_equal(guest_call(&guest, "to_host", 0, 0), 40000005);
    guest_close(&guest);
}

static void globals_take_two_words(void **state) {
    (void)state;
    struct guest guest = vector_guest();
    assert_int_equal(guest_call(&guest, "double_g", 0, 0), 20 + 77 + 78);
    assert_int_equal(guest_call(&guest, "double_g", 0, 0), 40 + 77 + 78);
    struct vm_value g = guest_global(&guest, "g");
    assert_int_equal(g.type, VM_V128);
    assert_true(g.of.v128[0] == (UINT64_C(8) << 32 | 4));
    assert_true(g.of.v128[1] == (UINT64_C(16) << 32 | 12));
    guest_close(&guest);
}

static void values_stay_apart_in_frames(void **state) {
    (void)state;
    struct guest guest = vector_guest();
    assert_int_equal(guest_call(&guest, "alias", 6, 0), 64);
    assert_int_equal(guest_call(&guest, "blocks", 3, 0), 68);
    assert_int_equal(guest_call(&guest, "blocks", 0, 0), 424);
    assert_int_equal(guest_call(&guest, "tail", 1000, 0), 10);
    assert_int_equal(guest_call(&guest, "tail", 1001, 0), 100);
    assert_int_equal(guest_call(&guest, "thrown", 0, 0), 1101);
    assert_int_equal(guest_call(&guest, "kept", 0, 0), 8642);
    assert_int_equal(guest_call(&guest, "kept", 1, 0), 4321);
    assert_int_equal(guest_call(&guest, "unreachable_code", 0, 0), 3);
    guest_close(&guest);
}

static void accesses_stay_inside(void **state) {
    (void)state;
    struct guest guest = vector_guest();
    static const struct {
        const char *name;
        uint32_t size;
    } accesses[] = {{"store", 16}, {"load", 16}, {"load_lane", 4}};
    for (size_t i = 0; i < sizeof accesses / sizeof *accesses; i++) {
        uint32_t last = 65536 - accesses[i].size;
        const uint32_t refused[][2] = {{last + 1, 0}, {UINT32_MAX, 0}};
        guest_call(&guest, accesses[i].name, last, 0);
        assert_int_equal(guest_try(&guest, accesses[i].name, refused[0], NULL),
                         ERROR_TRAP);
        assert_int_equal(guest_try(&guest, accesses[i].name, refused[1], NULL),
                         ERROR_TRAP);
    }
    assert_int_equal(guest_call(&guest, "load", 65520, 0), (uint32_t)-4);
    guest_close(&guest);
}

/* A function with `count` locals of type v128. */
static bool loads_with_locals(uint32_t count) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    struct buffer body = empty();
    put_byte(&body, 1); /* run of locals */
    put_number(&body, count);
    PUT(&body, "\x7B\x0B");
    bool loaded = guest_take(&guest, function_module(&body), &error) != NULL;
    if (!loaded)
        assert_int_equal(error.kind, ERROR_INVALID);
    buffer_free(&body);
    guest_close(&guest);
    return loaded;
}

static void locals_fill_a_frame_at_most(void **state) {
    (void)state;
    assert_true(loads_with_locals(31499)); /* and link and caller */
    assert_false(loads_with_locals(31500));
    assert_false(loads_with_locals(50000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_hands_vectors_over),
        cmocka_unit_test(globals_take_two_words),
        cmocka_unit_test(values_stay_apart_in_frames),
        cmocka_unit_test(accesses_stay_inside),
        cmocka_unit_test(locals_fill_a_frame_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
