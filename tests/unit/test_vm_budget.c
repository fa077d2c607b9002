/* One limit for all that a guest makes the host hold: what is refused says so,
 * changes nothing, and can be had once there is room. What each thing counts is
 * for others to test: here it is that it counts. */
#include "tests/unit/vm_module.h"

#include "vm/store.h"

enum { KIB = 1 << 10, MIB = 1 << 20, PAGE = 1 << 16 };

static struct guest guest_within(const char *name, uint64_t limit) {
    struct vm_limits limits = vm_limits_default();
    limits.memory_bytes = limit;
    return guest_run(name, &limits);
}

static void assert_names(const struct error *error, const char *who) {
    char wanted[100];
    snprintf(wanted, sizeof wanted, "memory limit: %s: ", who);
    if (strncmp(error->text, wanted, strlen(wanted)) != 0)
        fail_msg("%s", error->text);
    if (!strstr(error->text, "raise --max-memory"))
        fail_msg("%s", error->text);
}

/* Call a function that holds memory for so much of something; returns its
 * result. The budget holds more afterwards if it gave what a success gives. */
static uint32_t grow(const struct guest *guest, const char *name, uint32_t by) {
    uint64_t before = vm_budget(guest->vm)->held;
    uint32_t result = guest_call(guest, name, by, 0);
    uint64_t after = vm_budget(guest->vm)->held;
    if (result == UINT32_MAX) {
        assert_int_equal(after, before);
    } else {
        assert_true(after > before);
    }
    return result;
}

static void memories_and_tables_draw_from_one_budget(void **state) {
    (void)state;
    struct guest guest = guest_within("holding", MIB);
    grow(&guest, "grow_a", 1); /* the functions have code now */
    grow(&guest, "grow_b", 1);
    grow(&guest, "grow_table", 1);
    assert_int_equal(grow(&guest, "grow_a", 8), 2);
    assert_int_equal(grow(&guest, "grow_b", 8), UINT32_MAX);
    assert_int_equal(grow(&guest, "grow_b", 1), 2);
    assert_int_equal(grow(&guest, "grow_table", MIB / 8), UINT32_MAX);
    assert_int_equal(grow(&guest, "grow_table", PAGE / 8), 2);
    assert_int_equal(grow(&guest, "grow_a", 1), 10);
    /* There is less than a page. */
    assert_int_equal(grow(&guest, "grow_a", 1), UINT32_MAX);

    vm_budget(guest.vm)->limit += PAGE;
    assert_int_equal(grow(&guest, "grow_a", 1), 11);
    guest_close(&guest);
}

/* Two vms can share a budget, which has all of it back in the end. */
static void what_is_taken_is_given_back(void **state) {
    (void)state;
    struct budget shared = {.limit = MIB};
    struct vm_limits limits = vm_limits_default();
    limits.memory = &shared;
    struct guest one = guest_run("holding", &limits),
                 other = guest_run("holding", &limits);
    grow(&one, "grow_a", 2);
    grow(&other, "grow_a", 2);
    assert_int_equal(grow(&one, "grow_a", 8), UINT32_MAX);
    grow(&other, "grow_table", 1000);
    guest_call(&other, "hold", 1000, 0);
    guest_close(&other);
    assert_int_equal(grow(&one, "grow_a", 8), 3);
    guest_close(&one);
    assert_int_equal(shared.held, 0);
}

/* The host's own functions draw from it too. */
static void what_the_host_takes_is_not_there_for_the_guest(void **state) {
    (void)state;
    struct guest guest = guest_within("holding", MIB);
    guest_call(&guest, "grow_a", 0, 0);
    struct budget *budget = vm_budget(guest.vm);
    uint64_t left = budget_left(budget);
    assert_false(budget_take(budget, left + 1));
    assert_true(budget_take(budget, left));
    assert_int_equal(guest_call(&guest, "grow_a", 1, 0), UINT32_MAX);
    budget_give(budget, left);
    assert_int_equal(guest_call(&guest, "grow_a", 1, 0), 1);
    guest_close(&guest);
}

/* As many as have room can be referred to at once; any number can be made. Who
 * is refused one may go on. */
static void exceptions_draw_from_it(void **state) {
    (void)state;
    struct guest guest = guest_within("holding", MIB);
    uint32_t few[2] = {1000, 0}, many[2] = {50000, 0}, result = 0;
    guest_call(&guest, "grow_a", 10, 0);
    guest_call(&guest, "drop", 1, 0); /* to have its code */
    assert_int_equal(guest_call(&guest, "hold", few[0], 0), few[0]);

    struct vm_value arg = i32(many[0]), out;
    struct error error = ERROR_INIT;
    assert_false(
        vm_call(guest_function(&guest, "hold"), &arg, 1, &out, &error));
    assert_int_equal(error.kind, ERROR_EXHAUSTION);
    assert_names(&error, "exceptions");

    assert_int_equal(guest_try(&guest, "drop", many, &result), ERROR_NONE);
    assert_int_equal(result, many[0]);
    assert_int_equal(guest_call(&guest, "hold", few[0], 0), few[0]);
    guest_close(&guest);
}

/* One function, exported as "f", that adds 1 to a global so many times. */
static struct buffer long_function(uint32_t additions) {
    struct buffer body = empty();
    put_byte(&body, 0);
    REPEAT(&body, "\x23\0\x41\1\x6A\x24\0", additions);
    put_byte(&body, 0x0B);
    struct buffer module = MODULE(TYPES(ENTRY("\x60\0\0")),
                                  FUNCTIONS(ENTRY("\0")),
                                  GLOBALS(ENTRY("\x7F\1\x41\0\x0B")),
                                  EXPORTS(NAMED("f", "\0\0")),
                                  CODE(BODY_OF(&body)));
    buffer_free(&body);
    return module;
}

static void translated_code_draws_from_it(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.memory_bytes = 100 * KIB;
    struct guest guest = guest_open(&limits);
    guest_accept(&guest, long_function(10000));
    guest_start(&guest);
    for (int i = 0; i < 2; i++) {
        struct error error = guest_fails(&guest, "f", ERROR_EXHAUSTION);
        assert_names(&error, "translated code");
    }
    vm_budget(guest.vm)->limit = MIB;
    guest_call(&guest, "f", 0, 0);
    guest_close(&guest);
}

/* A module that is refused gives back what it took; what it declared is named
 * before it runs. */
static void declarations_draw_from_it(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.memory_bytes = 100 * KIB;
    struct guest guest = guest_open(&limits);
    struct error error = ERROR_INIT;
    struct buffer module = MODULE(TYPES(ENTRY("\x60\0\0")),
                                  IMPORTS(ENTRIES(100, "\0\0\0\0")),
                                  GLOBALS(ENTRIES(10000, "\x7F\0\x41\0\x0B")));
    uint64_t before = vm_budget(guest.vm)->held;
    assert_null(guest_take(&guest, module, &error));
    assert_int_equal(error.kind, ERROR_IO);
    assert_names(&error, "declarations");
    /* Types are kept. */
    assert_true(vm_budget(guest.vm)->held >= before);
    assert_true(vm_budget(guest.vm)->held <= before + 6 * KIB);

    vm_budget(guest.vm)->limit = MIB;
    error = (struct error)ERROR_INIT;
    guest.module = vm_load(guest.vm, buffer_slice(&guest.bytes), &error);
    assert_non_null(guest.module);
    guest_close(&guest);
}

/* Whatever the limit: all goes well, or the limit is named and was kept. */
static bool runs_within(uint64_t limit) {
    struct vm_limits limits = vm_limits_default();
    limits.memory_bytes = limit;
    struct guest guest = guest_open(&limits);
    struct error error = ERROR_INIT;
    struct vm_value arg = i32(100), out;
    guest_read(&guest.bytes, "holding");
    guest.module = vm_load(guest.vm, buffer_slice(&guest.bytes), &error);
    if (guest.module)
        guest.instance = vm_instantiate(guest.vm, guest.module, &error);
    bool ok = guest.instance &&
              vm_call(guest_function(&guest, "hold"), &arg, 1, &out, &error);
    if (!ok && !strstr(error.text, "--max-memory"))
        fail_msg("%llu: %s", limit, error.text);
    assert_true(vm_budget(guest.vm)->held <= limit);
    guest_close(&guest);
    return ok;
}

static void a_limit_of_any_size_is_kept_and_named(void **state) {
    (void)state;
    uint64_t limit = 0;
    while (!runs_within(limit))
        limit += 500;
    /* The memories, and a little more. */
    assert_true(limit >= 2 * PAGE && limit <= 3 * PAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memories_and_tables_draw_from_one_budget),
        cmocka_unit_test(what_is_taken_is_given_back),
        cmocka_unit_test(what_the_host_takes_is_not_there_for_the_guest),
        cmocka_unit_test(exceptions_draw_from_it),
        cmocka_unit_test(translated_code_draws_from_it),
        cmocka_unit_test(declarations_draw_from_it),
        cmocka_unit_test(a_limit_of_any_size_is_kept_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
