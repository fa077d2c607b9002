/* Host functions: what they get, what they give back, how they fail, calling
 * back. */
#include "tests/unit/vm_guest.h"

struct host {
    struct instance *caller; /* of the last call */
    unsigned calls;
    enum error_kind failure;
    int64_t seen;   /* fuel that was left at the last call, if there is a vm */
    int64_t refuel; /* is given then, but for 0 */
    struct vm *vm;
};

/* Turns its six arguments round. */
static bool reverse(void *context,
                    struct instance *caller,
                    uint64_t *slots,
                    struct error *error) {
    (void)error;
    struct host *host = context;
    host->caller = caller;
    host->calls++;
    for (int i = 0; i < 3; i++) {
        uint64_t swapped = slots[i];
        slots[i] = slots[5 - i];
        slots[5 - i] = swapped;
    }
    return true;
}

static void look_at_fuel(struct host *host) {
    struct error error = ERROR_INIT;
    if (!host->vm)
        return;
    host->seen = vm_fuel_left(host->vm);
    if (host->refuel)
        assert_true(vm_refuel(host->vm, host->refuel, &error));
}

/* Calls the guest's function "sum" with its argument. */
static bool again(void *context,
                  struct instance *caller,
                  uint64_t *slots,
                  struct error *error) {
    struct host *host = context;
    host->calls++;
    look_at_fuel(host);
    struct vm_value arg = i32((uint32_t)slots[0]), result;
    assert_int_equal(slots[0] >> 32, 0);
    if (!vm_call(
            vm_find_function(caller, slice_of("sum")), &arg, 1, &result, error))
        return false;
    slots[0] = result.of.i32;
    return true;
}

static bool fails(void *context,
                  struct instance *caller,
                  uint64_t *slots,
                  struct error *error) {
    (void)caller;
    struct host *host = context;
    host->calls++;
    error_set(error, host->failure, "the host says no");
    error->code = (int)slots[0];
    return false;
}

static struct guest open_with(struct host *host,
                              const struct vm_limits *limits) {
    struct guest guest = guest_open(limits);
    struct error error = ERROR_INIT;
    assert_true(vm_define(
        guest.vm, "env", "reverse", "iIfFce:ecFfIi", reverse, host, &error));
    assert_true(
        vm_define(guest.vm, "env", "again", "i:i", again, host, &error));
    assert_true(vm_define(guest.vm, "env", "fail", "i:", fails, host, &error));
    guest_load(&guest, "host");
    guest_start(&guest);
    return guest;
}

static void a_host_function_gets_and_gives_all_types(void **state) {
    (void)state;
    struct host host = {0};
    struct guest guest = open_with(&host, NULL);
    struct vm_value args[] = {{VM_I32, {.i32 = UINT32_MAX}},
                              {VM_I64, {.i64 = 1ULL << 40}},
                              {VM_F32, {.f32 = 0.5F}},
                              {VM_F64, {.f64 = -0.0}},
                              {VM_FUNCREF, {.ref = 0}},
                              {VM_EXTERNREF, {.ref = 123}}};
    struct vm_value out[6];
    struct error error = ERROR_INIT;
    assert_true(
        vm_call(guest_function(&guest, "reverse"), args, 6, out, &error));
    assert_ptr_equal(host.caller, guest.instance);
    assert_int_equal(host.calls, 1);
    assert_int_equal(out[0].of.ref, 123);
    assert_int_equal(out[1].of.ref, 0);
    assert_int_equal(out[2].of.i64, 1ULL << 63);
    assert_true(out[3].of.f32 == 0.5F);
    assert_int_equal(out[4].of.i64, 1ULL << 40);
    assert_int_equal(out[5].of.i32, UINT32_MAX);
    guest_close(&guest);
}

static void the_host_calls_back_into_the_guest(void **state) {
    (void)state;
    struct host host = {0};
    struct guest guest = open_with(&host, NULL);
    assert_int_equal(guest_call(&guest, "sum", 20, 0), 210);
    assert_int_equal(host.calls, 20);
    guest_close(&guest);
}

static void calling_back_without_end_is_exhaustion(void **state) {
    (void)state;
    struct host host = {0};
    struct guest guest = open_with(&host, NULL);
    uint32_t args[2] = {1000000, 0};
    assert_int_equal(guest_try(&guest, "sum", args, NULL), ERROR_EXHAUSTION);
    assert_int_equal(guest_call(&guest, "sum", 4, 0), 10);
    guest_close(&guest);
}

/* A call is a unit: of the host's function it is not. */
static void fuel_is_counted_through_the_host(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 10000;
    struct host host = {.failure = ERROR_TRAP};
    struct guest guest = open_with(&host, &limits);
    host.vm = guest.vm;
    assert_int_equal(guest_call(&guest, "sum", 20, 0), 210);
    assert_int_equal(host.seen, 10000 - 20);
    assert_int_equal(vm_fuel_left(guest.vm), 10000 - 21);
    uint32_t args[2] = {0};
    assert_int_equal(guest_try(&guest, "fail", args, NULL), ERROR_TRAP);
    assert_int_equal(vm_fuel_left(guest.vm), 10000 - 22);

    host.refuel = 50;
    assert_int_equal(guest_call(&guest, "sum", 1, 0), 1);
    assert_int_equal(host.seen, 10000 - 23);
    assert_int_equal(vm_fuel_left(guest.vm), 50 - 1);
    guest_close(&guest);
}

static void a_failing_host_function_ends_the_guest(void **state) {
    (void)state;
    struct host host = {.failure = ERROR_EXIT};
    struct guest guest = open_with(&host, NULL);
    struct function *function = guest_function(&guest, "fail");
    struct vm_value arg = i32(77);
    struct error error = ERROR_INIT;
    assert_false(vm_call(function, &arg, 1, NULL, &error));
    assert_int_equal(error.kind, ERROR_EXIT);
    assert_int_equal(error.code, 77);
    host.failure = ERROR_TRAP;
    struct error trap = ERROR_INIT;
    assert_false(vm_call(function, &arg, 1, NULL, &trap));
    assert_int_equal(trap.kind, ERROR_TRAP);
    assert_string_equal(trap.text, "the host says no");
    assert_int_equal(guest_global(&guest, "failures").of.i32, 2);
    assert_int_equal(guest_call(&guest, "grow", 0, 0), 1);
    guest_close(&guest);
}

static void an_import_nobody_provides_is_named(void **state) {
    (void)state;
    struct host host = {0};
    struct guest guest = guest_open(NULL);
    guest_load(&guest, "host");
    struct error error = ERROR_INIT;
    assert_null(vm_instantiate(guest.vm, guest.module, &error));
    assert_int_equal(error.kind, ERROR_UNLINKABLE);
    assert_non_null(strstr(error.text, "env"));
    assert_non_null(strstr(error.text, "reverse"));

    struct error other = ERROR_INIT;
    assert_true(vm_define(
        guest.vm, "env", "reverse", "iIfFce:ecFfIi", reverse, &host, &other));
    assert_true(
        vm_define(guest.vm, "env", "again", "i:I", again, &host, &other));
    assert_true(vm_define(guest.vm, "env", "fail", "i:", fails, &host, &other));
    assert_null(vm_instantiate(guest.vm, guest.module, &other));
    assert_int_equal(other.kind, ERROR_UNLINKABLE);
    assert_non_null(strstr(other.text, "again"));
    assert_int_equal(host.calls, 0);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_function_gets_and_gives_all_types),
        cmocka_unit_test(the_host_calls_back_into_the_guest),
        cmocka_unit_test(fuel_is_counted_through_the_host),
        cmocka_unit_test(calling_back_without_end_is_exhaustion),
        cmocka_unit_test(a_failing_host_function_ends_the_guest),
        cmocka_unit_test(an_import_nobody_provides_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
