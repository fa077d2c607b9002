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
    assert_true(vm_keep_steps(guest.module, NULL, &error));
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

/* The page of what was recorded. */
static void explain(const struct guest *guest, char *text, size_t size) {
    struct error error = ERROR_INIT;
    FILE *out = tmpfile();
    assert_non_null(out);
    struct vm_explaining explaining = {
        .module = guest->module, .name = "", .ended = "", .out = out};
    assert_true(vm_explain(&explaining, &error));
    rewind(out);
    memset(text, 0, size);
    assert_true(fread(text, 1, size - 1, out) > 0);
    fclose(out);
}

static struct guest recorded(struct buffer module,
                             const struct vm_limits *limits) {
    struct error error = ERROR_INIT;
    struct guest guest = guest_open(limits);
    guest_accept(&guest, module);
    assert_true(vm_keep_steps(guest.module, NULL, &error));
    guest_start(&guest);
    return guest;
}

enum { PAGE_SIZE = 1 << 20 };

/* Sixteen bytes before the end of all 64-bit addresses there is none: a load,
 * and a bulk operation. */
static void what_lies_outside_is_not_recorded(void **state) {
    (void)state;
    char *page = malloc(PAGE_SIZE);
    struct guest guest =
        recorded(MODULE(TYPES(ENTRY("\x60\0\0")),
                        FUNCTIONS(ENTRIES(2, "\0")),
                        MEMORIES(ENTRY("\4\1")),
                        EXPORTS(NAMED("load", "\0\0"), NAMED("fill", "\0\1")),
                        CODE(BODY("\0\x42\x70\x29\3\0\x1A\x0B"),
                             BODY("\0\x42\x70\x41\1\x42\x08\xFC\x0B\0\x0B"))),
                 NULL);
    guest_fails(&guest, "load", ERROR_TRAP);
    guest_fails(&guest, "fill", ERROR_TRAP);
    explain(&guest, page, PAGE_SIZE);
    assert_non_null(strstr(page, "[],\"fffffffffffffff0\",8]"));
    assert_null(strstr(page, "[0,\"fffffffffffffff0\""));
    guest_close(&guest);
    free(page);
}

/* One instance has grown its memory, and another one not. */
static void instances_have_memories_of_their_own(void **state) {
    (void)state;
    struct guest guest =
        recorded(MODULE(TYPES(ENTRY("\x60\0\0"), ENTRY("\x60\1\x7F\1\x7F")),
                        FUNCTIONS(ENTRY("\0"), ENTRY("\1")),
                        MEMORIES(ENTRY("\0\1")),
                        EXPORTS(NAMED("grow", "\0\0"), NAMED("load", "\0\1")),
                        CODE(BODY("\0\x41\1\x40\0\x1A\x0B"),
                             BODY("\0\x20\0\x2D\0\0\x0B"))),
                 NULL);
    struct guest other = guest;
    guest_start(&other);
    guest_call(&guest, "grow", 0, 0);
    assert_int_equal(guest_call(&guest, "load", 70000, 0), 0);
    assert_int_equal(guest_call(&other, "load", 7, 0), 0);
    guest_close(&guest);
}

/* The cell of a comparison with a large constant has a half of it where others
 * have a slot. */
static void a_constant_is_no_window(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.stack_bytes = 4096;
    struct guest guest =
        recorded(MODULE(TYPES(ENTRY("\x60\1\x7F\1\x7F")),
                        FUNCTIONS(ENTRY("\0")),
                        EXPORTS(NAMED("compare", "\0\0")),
                        CODE(BODY("\0\2\x40\x20\0\x41\1\x6A"
                                  "\x41\x80\x80\x80\x80\x78\x49\x0D\0\x0B"
                                  "\x41\1\x0B"))),
                 &limits);
    assert_int_equal(guest_call(&guest, "compare", 3, 0), 1);
    guest_close(&guest);
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
    assert_false(vm_keep_steps(guest.module, NULL, &recorded));
    assert_int_equal(recorded.kind, ERROR_USAGE);
    assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_outlives_modules),
        cmocka_unit_test(a_trace_of_a_function_ends_with_its_module),
        cmocka_unit_test(a_recording_outlives_its_module),
        cmocka_unit_test(what_lies_outside_is_not_recorded),
        cmocka_unit_test(instances_have_memories_of_their_own),
        cmocka_unit_test(a_constant_is_no_window),
        cmocka_unit_test(a_vm_is_watched_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
