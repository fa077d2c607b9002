/* Fuel, time, stack, memory and tables: each limit ends the guest or refuses
 * it, and nothing else. No test asks how long something took. */
#include "tests/unit/vm_module.h"

enum { PAGE = 65536 };

static uint32_t rounds(const struct guest *guest) {
    uint32_t count;
    memcpy(&count, vm_memory_at(guest->instance, 0, 4), 4);
    return count;
}

static void fuel_ends_a_loop_always_at_the_same_point(void **state) {
    (void)state;
    uint32_t first = 0;
    for (int i = 0; i < 3; i++) {
        struct vm_limits limits = vm_limits_default();
        limits.fuel = i < 2 ? 10000 : 20000;
        struct guest guest = guest_run("limits", &limits);
        guest_fails(&guest, "spin", ERROR_EXHAUSTION);
        uint32_t count = rounds(&guest);
        assert_true(count > 100);
        if (i == 0)
            first = count;
        if (i == 1)
            assert_int_equal(count, first);
        if (i == 2)
            assert_true(count > first && count <= 2 * first + 1);
        /* It is for the life of the vm. */
        guest_fails(&guest, "fine", ERROR_EXHAUSTION);
        guest_close(&guest);
    }
}

static void fuel_ends_recursion(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 1000;
    struct guest guest = guest_run("limits", &limits);
    uint32_t args[2] = {100000, 0};
    assert_int_equal(guest_try(&guest, "deep", args, NULL), ERROR_EXHAUSTION);
    guest_close(&guest);
}

static void the_time_limit_ends_a_loop(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.timeout_ms = 50;
    struct guest guest = guest_run("limits", &limits);
    assert_true(vm_time_left_ms(guest.vm) <= 50);
    guest_fails(&guest, "spin", ERROR_EXHAUSTION);
    assert_true(rounds(&guest) > 0);
    assert_int_equal(vm_time_left_ms(guest.vm), 0);
    guest_fails(&guest, "spin", ERROR_EXHAUSTION);
    guest_close(&guest);
}

/* What it would have written last is not there. */
static void the_time_limit_ends_one_instruction(void **state) {
    (void)state;
    enum { LAST = 0x3FFFFFFF };
    static const struct {
        const char *name;
        uint32_t address;
    } rows[] = {{"fill", LAST}, {"copy_down", LAST - 1}, {"copy_up", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vm_limits limits = vm_limits_default();
        limits.timeout_ms = 10;
        struct guest guest = guest_run("bulk", &limits);
        guest_fails(&guest, rows[i].name, ERROR_EXHAUSTION);
        assert_int_equal(*vm_memory_at(guest.instance, rows[i].address, 1), 0);
        guest_close(&guest);
    }
}

static void copies_in_pieces_may_overlap(void **state) {
    (void)state;
    struct guest guest = guest_run("bulk", NULL);
    assert_int_equal(guest_call(&guest, "move", 1001, 1000), 0);
    assert_int_equal(guest_call(&guest, "move", 1000, 1001), 0);
    guest_close(&guest);
}

/* A module whose one function has so many of `part` between `begin` and
 * `end`. */
static enum error_kind load_late(const char *begin,
                                 size_t begin_size,
                                 const char *part,
                                 size_t part_size,
                                 size_t count,
                                 const char *end) {
    struct vm_limits limits = vm_limits_default();
    limits.timeout_ms = 0;
    struct guest guest = guest_open(&limits);
    struct buffer body = empty();
    put(&body, begin, begin_size);
    put_number(&body, count);
    put_repeated(&body, part, part_size, count);
    put(&body, end, strlen(end));
    struct error error = ERROR_INIT;
    guest_take(&guest, function_module(&body), &error);
    guest_close(&guest);
    buffer_free(&body);
    return error.kind;
}

/* Even if the module is one instruction with all the labels or clauses there
 * can be. */
static void the_time_limit_ends_loading(void **state) {
    (void)state;
    /* Two blocks; br_table. */
    static const char table[] = "\0\2\x40\2\x40\x41\0\x0E";
    /* A block; try_table. */
    static const char tries[] = "\0\2\x40\x1F\x40";
    assert_int_equal(
        load_late(SIZED(table), SIZED("\1"), 100, "\1\x0B\x0B\x0B"),
        ERROR_NONE);
    assert_int_equal(
        load_late(SIZED(table), SIZED("\1"), 20000, "\1\x0B\x0B\x0B"),
        ERROR_EXHAUSTION);
    assert_int_equal(
        load_late(SIZED(tries), SIZED("\2\0"), 100, "\x0B\x0B\x0B"),
        ERROR_NONE);
    assert_int_equal(
        load_late(SIZED(tries), SIZED("\2\0"), 20000, "\x0B\x0B\x0B"),
        ERROR_EXHAUSTION);
}

static void without_limits_there_is_time(void **state) {
    (void)state;
    struct guest guest = guest_run("limits", NULL);
    assert_int_equal(vm_time_left_ms(guest.vm), INT64_MAX);
    struct error error = ERROR_INIT;
    assert_false(vm_time_out(guest.vm, &error));
    assert_int_equal(error.kind, ERROR_EXHAUSTION);
    guest_close(&guest);
}

/* The deepest recursion a guest gets to; every further one must fail, and leave
 * it callable. */
static uint32_t depth_within(uint64_t stack_bytes) {
    struct vm_limits limits = vm_limits_default();
    if (stack_bytes)
        limits.stack_bytes = stack_bytes;
    struct guest guest = guest_run("limits", &limits);
    uint32_t reached = 0, failed = 4000000;
    while (failed - reached > 1) {
        uint32_t args[2] = {reached + (failed - reached) / 2, 0}, result;
        enum error_kind kind = guest_try(&guest, "deep", args, &result);
        if (kind == ERROR_NONE) {
            assert_int_equal(result, args[0]);
            reached = args[0];
        } else {
            assert_int_equal(kind, ERROR_EXHAUSTION);
            failed = args[0];
        }
    }
    assert_int_equal(guest_call(&guest, "deep", reached, 0), reached);
    guest_close(&guest);
    return reached;
}

static void the_stack_bounds_recursion(void **state) {
    (void)state;
    assert_true(depth_within(0) >= 10000);
    uint32_t small = depth_within(PAGE), twice = depth_within(2 * PAGE);
    assert_true(small > 100);
    assert_true(twice >= 2 * small - 10 && twice <= 2 * small + 10);
}

static void memory_grows_up_to_the_limit(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    /* Ten pages, and some of one for all else. */
    limits.memory_bytes = 11 * PAGE - 5;
    struct guest guest = guest_run("limits", &limits);
    assert_int_equal(guest_call(&guest, "grow_memory", 10, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_memory", 9, 0), 1);
    assert_int_equal(guest_call(&guest, "grow_memory", 1, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_memory", UINT32_MAX, 0),
                     UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_memory", 0, 0), 10);
    assert_int_equal(guest_call(&guest, "memory_size", 0, 0), 10);
    *vm_memory_at(guest.instance, 10 * PAGE - 1, 1) = 1;
    assert_null(vm_memory_at(guest.instance, 10 * PAGE, 1));
    guest_close(&guest);
}

static void bulk_operations_are_paid_for_by_size(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 1000; /* a page is worth 256 */
    struct guest guest = guest_run("limits", &limits);
    guest_fails(&guest, "fill", ERROR_EXHAUSTION);
    /* The fourth was not begun. */
    assert_int_equal(*vm_memory_at(guest.instance, 0, 1), 3);
    guest_close(&guest);
}

/* What is out of bounds is that, even if there is not enough fuel for its
 * size. */
static void what_is_out_of_bounds_costs_less(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 10000000; /* a gibibyte costs 4,194,304 */
    struct guest guest = guest_run("bulk", &limits);
    guest_fails(&guest, "fill_beyond", ERROR_TRAP);
    /* The call is a unit, too. */
    assert_int_equal(vm_fuel_left(guest.vm), 10000000 - 4194304 - 1);
    guest_fails(&guest, "fill_beyond", ERROR_TRAP);
    guest_fails(&guest, "fill_beyond", ERROR_EXHAUSTION);
    guest_close(&guest);
}

static void code_without_loops_is_paid_for_too(void **state) {
    (void)state;
    enum { STATEMENTS = 100000 };
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 100;
    struct guest guest = guest_open(&limits);
    struct buffer body = empty();
    PUT(&body, "\0");
    /* global.set 0 (global.get 0) */
    REPEAT(&body, "\x23\0\x24\0", STATEMENTS);
    PUT(&body, "\x0B");
    guest_accept(&guest,
                 MODULE(TYPES(ENTRY("\x60\0\0")),
                        FUNCTIONS(ENTRY("\0")),
                        GLOBALS(ENTRY("\x7F\1\x41\0\x0B")),
                        EXPORTS(NAMED("f", "\0\0")),
                        CODE(BODY_OF(&body))));
    buffer_free(&body);
    guest_start(&guest);
    guest_fails(&guest, "f", ERROR_EXHAUSTION);
    guest_close(&guest);
}

static void a_minimum_beyond_the_limit_is_refused(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.memory_bytes = PAGE - 1;
    struct guest guest = guest_open(&limits);
    guest_load(&guest, "limits");
    struct error error = ERROR_INIT;
    assert_null(vm_instantiate(guest.vm, guest.module, &error));
    assert_true(error.kind != ERROR_NONE);
    assert_non_null(strstr(error.text, "memory"));
    guest_close(&guest);
}

static void tables_grow_up_to_the_limit(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.table_elements = 100;
    struct guest guest = guest_run("limits", &limits);
    assert_int_equal(guest_call(&guest, "grow_table", 100, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_table", 99, 0), 1);
    assert_int_equal(guest_call(&guest, "grow_table", 1, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_table", UINT32_MAX, 0),
                     UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_table", 0, 0), 100);
    guest_close(&guest);
}

static bool instantiates(struct guest *guest, const char *expected) {
    struct error error = ERROR_INIT;
    guest->instance = vm_instantiate(guest->vm, guest->module, &error);
    if (!guest->instance)
        assert_non_null(strstr(error.text, expected));
    return guest->instance;
}

static void tables_share_the_limit(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.table_elements = 100; /* 90 of which an instance wants */
    struct guest guest = guest_run("tables", &limits), second = guest;
    assert_int_equal(guest_call(&guest, "grow_a", 11, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_a", 4, 0), 60);
    assert_int_equal(guest_call(&guest, "grow_b", 7, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_b", 6, 0), 30);
    assert_int_equal(guest_call(&guest, "grow_a", 1, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_b", 1, 0), UINT32_MAX);
    assert_int_equal(guest_call(&guest, "grow_b", 0, 0), 36);
    assert_false(instantiates(
        &second, "limit: the module wants a table of 60 elements, 0 are"));
    guest_close(&guest);
}

static void so_do_those_of_all_instances(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.table_elements = 89;
    struct guest guest = guest_open(&limits);
    guest_load(&guest, "tables");
    assert_false(instantiates(
        &guest, "limit: the module wants a table of 30 elements, 29 are"));
    guest_close(&guest);
    limits.table_elements = 180;
    guest = guest_run("tables", &limits);
    struct guest second = guest, third = guest;
    assert_true(instantiates(&second, ""));
    assert_int_equal(guest_call(&guest, "grow_a", 1, 0), UINT32_MAX);
    assert_int_equal(guest_call(&second, "grow_b", 1, 0), UINT32_MAX);
    assert_false(instantiates(&third, "0 are left"));
    guest_close(&guest);
}

/* ---- exceptions without end ---- */

static void limits_hold_in_a_storm_of_exceptions(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t arg;
    } storms[] = {{"storm", 0}, {"above", 50000}, {"passed_on", 0}};
    for (size_t i = 0; i < 2 * sizeof storms / sizeof *storms; i++) {
        struct vm_limits limits = vm_limits_default();
        bool timed = i & 1; /* the rounds are the machine's matter */
        if (timed) {
            limits.timeout_ms = 50;
        } else {
            limits.fuel = 1000000;
        }
        struct guest guest = guest_run("storm", &limits);
        const uint32_t args[2] = {storms[i / 2].arg, 0};
        assert_int_equal(guest_try(&guest, storms[i / 2].name, args, NULL),
                         ERROR_EXHAUSTION);
        assert_true(timed || rounds(&guest) > 10);
        guest_close(&guest);
    }
}

/* How many exceptions so much fuel is enough for. */
static uint32_t exceptions_for(int64_t fuel, const char *name, uint32_t arg) {
    struct vm_limits limits = vm_limits_default();
    limits.fuel = fuel;
    struct guest guest = guest_run("storm", &limits);
    const uint32_t args[2] = {arg, 0};
    assert_int_equal(guest_try(&guest, name, args, NULL), ERROR_EXHAUSTION);
    uint32_t count = rounds(&guest);
    guest_close(&guest);
    return count;
}

/* Looking for references on the stack is work. */
static void freeing_exceptions_is_paid_for(void **state) {
    (void)state;
    enum { FUEL = 1000000, FRAMES = 100000 };
    uint32_t low = exceptions_for(FUEL, "storm", 0);
    uint32_t high = exceptions_for(FUEL + 2 * FRAMES, "above", FRAMES);
    assert_true(high < low / 2);
}

/* So is looking for the clause, among those of all tries of the function. */
static void searching_a_clause_is_paid_for(void **state) {
    (void)state;
    enum { TRIES = 1000, FUEL = 1000000 };
    struct vm_limits limits = vm_limits_default();
    limits.fuel = FUEL;
    struct guest guest = guest_open(&limits);
    struct buffer body = empty();
    PUT(&body, "\0");
    /* try nop catch_all end. */
    REPEAT(&body, "\x06\x40\x01\x19\x0B", TRIES);
    /* loop: count. */
    PUT(&body, "\x03\x40\x41\0\x41\0\x28\2\0\x41\1\x6A\x36\2\0");
    /* try throw 0 catch_all end br 0. */
    PUT(&body, "\x06\x40\x08\0\x19\x0B\x0C\0\x0B\x0B");
    guest_accept(&guest,
                 MODULE(TYPES(ENTRY("\x60\0\0")),
                        FUNCTIONS(ENTRY("\0")),
                        MEMORIES(ENTRY("\0\1")),
                        TAGS(ENTRY("\0\0")),
                        EXPORTS(NAMED("f", "\0\0")),
                        CODE(BODY_OF(&body))));
    buffer_free(&body);
    guest_start(&guest);
    guest_fails(&guest, "f", ERROR_EXHAUSTION);
    assert_true(rounds(&guest) > 10 && rounds(&guest) <= FUEL / TRIES);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fuel_ends_a_loop_always_at_the_same_point),
        cmocka_unit_test(fuel_ends_recursion),
        cmocka_unit_test(the_time_limit_ends_a_loop),
        cmocka_unit_test(the_time_limit_ends_one_instruction),
        cmocka_unit_test(copies_in_pieces_may_overlap),
        cmocka_unit_test(the_time_limit_ends_loading),
        cmocka_unit_test(without_limits_there_is_time),
        cmocka_unit_test(the_stack_bounds_recursion),
        cmocka_unit_test(memory_grows_up_to_the_limit),
        cmocka_unit_test(bulk_operations_are_paid_for_by_size),
        cmocka_unit_test(what_is_out_of_bounds_costs_less),
        cmocka_unit_test(code_without_loops_is_paid_for_too),
        cmocka_unit_test(a_minimum_beyond_the_limit_is_refused),
        cmocka_unit_test(tables_grow_up_to_the_limit),
        cmocka_unit_test(tables_share_the_limit),
        cmocka_unit_test(so_do_those_of_all_instances),
        cmocka_unit_test(limits_hold_in_a_storm_of_exceptions),
        cmocka_unit_test(freeing_exceptions_is_paid_for),
        cmocka_unit_test(searching_a_clause_is_paid_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
