/* Watching a vm: what a trace and a recording do when modules come and go. */
#include "tests/unit/vm_module.h"

#include <stdio.h>

/* The trace of a module's function, twice(21), which is then given back. */
static void
trace_and_unload(struct vm *vm, FILE *out, char *text, size_t size) {
    struct guest guest = {.vm = vm};
    struct error error = ERROR_INIT;
    guest_load(&guest, "lender");
    guest_start(&guest);
    rewind(out);
    assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
    fputc('\0', out);
    rewind(out);
    assert_true(fread(text, 1, size, out) > 0);
    assert_true(vm_discard(&guest.instance, 1, &error));
    assert_true(vm_unload(guest.module, &error));
    buffer_free(&guest.bytes);
}

static struct vm_tracing tracing_of(const struct guest *guest, FILE *out) {
    return (struct vm_tracing){.module = guest->module, .out = out};
}

static void unload(struct guest *guest) {
    struct error error = ERROR_INIT;
    assert_true(vm_unload(guest->module, &error));
    buffer_free(&guest->bytes);
}

/* A module that comes later may have the same address. */
static void a_trace_outlives_modules(void **state) {
    (void)state;
    enum { SIZE = 4096 };
    char first[SIZE], next[SIZE];
    struct budget budget = {.limit = 1 << 20};
    struct vm_limits limits = vm_limits_default();
    struct error error = ERROR_INIT;
    FILE *out = tmpfile();
    assert_non_null(out);
    limits.memory = &budget;
    struct guest guest = guest_open(&limits);
    guest_load(&guest, "lender");
    struct vm_tracing tracing = tracing_of(&guest, out);
    assert_true(vm_trace(&tracing, &error));
    unload(&guest);

    trace_and_unload(guest.vm, out, first, SIZE);
    assert_non_null(strstr(first, " 21\n"));
    for (int i = 0; i < 10; i++) {
        uint64_t held = budget.held;
        trace_and_unload(guest.vm, out, next, SIZE);
        assert_string_equal(next, first);
        assert_int_equal(budget.held, held);
    }
    vm_close(guest.vm);
    assert_int_equal(budget.held, 0);
    fclose(out);
}

/* The function of another module is not meant. */
static void a_trace_of_a_function_ends_with_its_module(void **state) {
    (void)state;
    char text[100];
    struct error error = ERROR_INIT;
    FILE *out = tmpfile();
    assert_non_null(out);
    struct guest guest = guest_open(NULL);
    guest_load(&guest, "lender");
    struct vm_tracing tracing = tracing_of(&guest, out);
    tracing.function = "twice";
    assert_true(vm_trace(&tracing, &error));
    unload(&guest);
    for (int i = 0; i < 10; i++) {
        trace_and_unload(guest.vm, out, text, sizeof text);
        assert_string_equal(text, "");
    }
    vm_close(guest.vm);
    fclose(out);
}

static void a_recording_outlives_its_module(void **state) {
    (void)state;
    struct error error = ERROR_INIT;
    struct guest guest = guest_run("lender", NULL);
    assert_true(vm_record(guest.module, NULL, &error));
    guest_call(&guest, "twice", 21, 0);
    assert_true(vm_discard(&guest.instance, 1, &error));
    unload(&guest);
    for (int i = 0; i < 10; i++) {
        guest_load(&guest, "lender");
        guest_start(&guest);
        assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
        assert_true(vm_discard(&guest.instance, 1, &error));
        unload(&guest);
    }
    vm_close(guest.vm);
}

static void a_vm_is_watched_by_one(void **state) {
    (void)state;
    struct error none = ERROR_INIT, traced = ERROR_INIT, recorded = ERROR_INIT;
    struct guest guest = guest_run("lender", NULL);
    struct vm_tracing tracing = tracing_of(&guest, stderr);
    tracing.function = "throw";
    assert_true(vm_trace(&tracing, &none));
    assert_false(vm_trace(&tracing, &traced));
    assert_int_equal(traced.kind, ERROR_USAGE);
    assert_string_equal(traced.text, "the vm is watched already");
    assert_false(vm_record(guest.module, NULL, &recorded));
    assert_int_equal(recorded.kind, ERROR_USAGE);
    assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_outlives_modules),
        cmocka_unit_test(a_trace_of_a_function_ends_with_its_module),
        cmocka_unit_test(a_recording_outlives_its_module),
        cmocka_unit_test(a_vm_is_watched_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
