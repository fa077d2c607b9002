/* Stopping a guest from another thread, and fuel that is counted and
 * refilled. */
#include "tests/unit/vm_module.h"

#include "wasi/wasi.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define FILLED INT64_C(0x40000000) /* bytes, by tests/guests/vm/bulk.wat */

static void *interrupt_soon(void *vm) {
    struct timespec soon = {.tv_nsec = 30 * 1000 * 1000};
    nanosleep(&soon, NULL);
    vm_interrupt(vm, true);
    return NULL;
}

/* The function runs without end, and is interrupted. */
static void is_interrupted(const struct guest *guest, const char *name) {
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, interrupt_soon, guest->vm),
                     0);
    struct error error = guest_fails(guest, name, ERROR_EXHAUSTION);
    assert_string_equal(error.text, "interrupted by the host");
    assert_int_equal(pthread_join(other, NULL), 0);
}

static struct vm_limits interruptible(void) {
    struct vm_limits limits = vm_limits_default();
    limits.interruptible = true;
    return limits;
}

static void a_loop_is_interrupted(void **state) {
    (void)state;
    struct vm_limits limits = interruptible();
    struct guest guest = guest_run("limits", &limits);
    is_interrupted(&guest, "spin");
    guest_fails(&guest, "fine", ERROR_EXHAUSTION); /* until it is taken back */
    assert_int_equal(vm_time_left_ms(guest.vm), 0);

    vm_interrupt(guest.vm, false);
    assert_int_equal(guest_try(&guest, "fine", NULL, NULL), ERROR_NONE);
    assert_int_equal(vm_time_left_ms(guest.vm), INT64_MAX);
    is_interrupted(&guest, "spin");
    guest_close(&guest);
}

static void one_instruction_is_interrupted(void **state) {
    (void)state;
    struct vm_limits limits = interruptible();
    struct guest guest = guest_run("bulk", &limits);
    is_interrupted(&guest, "fill");
    assert_int_equal(*vm_memory_at(guest.instance, FILLED - 1, 1), 0);
    guest_close(&guest);
}

static void loading_is_interrupted(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    struct buffer body = empty();
    put_byte(&body, 0);
    REPEAT(&body, "\1", 1 << 20); /* nop */
    put_byte(&body, 0x0B);

    struct error error = ERROR_INIT;
    vm_interrupt(guest.vm, true);
    assert_null(guest_take(&guest, function_module(&body), &error));
    assert_int_equal(error.kind, ERROR_EXHAUSTION);
    assert_string_equal(error.text, "interrupted by the host");
    buffer_free(&body);
    guest_close(&guest);
}

/* Instantiate tests/guests/wasi/sleep.wat. */
static void guest_with_wasi(struct guest *guest, struct wasi *wasi) {
    struct error error = ERROR_INIT;
    assert_true(wasi_define(wasi, guest->vm, &error));
    guest_load(guest, "../wasi/sleep");
    guest_start(guest);
}

static void what_waits_is_interrupted(void **state) {
    (void)state;
    static const char *const names[] = {"sleep", "read"};
    int ends[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct vm_limits limits = interruptible();
        struct guest guest = guest_open(&limits);
        struct error error = ERROR_INIT;
        struct wasi *wasi = wasi_open(&(struct wasi_config){0}, &error);
        assert_non_null(wasi);
        guest_with_wasi(&guest, wasi);
        is_interrupted(&guest, names[i]);
        guest_close(&guest);
        wasi_close(wasi);
    }
    if (saved >= 0)
        dup2(saved, STDIN_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

static void code_without_limits_counts_nothing(void **state) {
    (void)state;
    struct vm_limits limits = interruptible();
    struct guest plain = guest_run("limits", NULL),
                 counting = guest_run("limits", &limits);
    assert_int_equal(guest_try(&plain, "fine", NULL, NULL), ERROR_NONE);
    assert_int_equal(guest_try(&counting, "fine", NULL, NULL), ERROR_NONE);
    assert_true(plain.module->code.cell_count <
                counting.module->code.cell_count);
    guest_close(&plain);
    guest_close(&counting);
}

static void fuel_is_counted_and_refilled(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 10000;
    struct guest guest = guest_run("limits", &limits);
    assert_int_equal(vm_fuel_left(guest.vm), 10000);
    assert_int_equal(guest_try(&guest, "fine", NULL, NULL), ERROR_NONE);
    int64_t cost = 10000 - vm_fuel_left(guest.vm);
    assert_true(cost >= 1 && cost <= 100);

    guest_fails(&guest, "spin", ERROR_EXHAUSTION);
    assert_int_equal(vm_fuel_left(guest.vm), 0);
    struct error error = ERROR_INIT;
    assert_true(vm_refuel(guest.vm, 3 * cost, &error));
    for (int i = 0; i < 3; i++)
        assert_int_equal(guest_try(&guest, "fine", NULL, NULL), ERROR_NONE);
    guest_fails(&guest, "fine", ERROR_EXHAUSTION);
    guest_close(&guest);
}

static void the_end_of_the_time_uses_up_no_fuel(void **state) {
    (void)state;
    struct vm_limits limits = interruptible();
    limits.fuel = 2 * FILLED;
    struct guest guest = guest_run("bulk", &limits);
    is_interrupted(&guest, "fill");
    int64_t used = limits.fuel - vm_fuel_left(guest.vm);
    /* A unit for 256 bytes. */
    assert_true(used >= FILLED >> 8);
    assert_true(used <= (FILLED >> 8) + 100);
    guest_close(&guest);
}

static void without_a_limit_there_is_no_fuel(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    assert_int_equal(vm_fuel_left(guest.vm), VM_UNLIMITED);
    assert_false(vm_refuel(guest.vm, 100, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_is_interrupted),
        cmocka_unit_test(one_instruction_is_interrupted),
        cmocka_unit_test(loading_is_interrupted),
        cmocka_unit_test(what_waits_is_interrupted),
        cmocka_unit_test(code_without_limits_counts_nothing),
        cmocka_unit_test(fuel_is_counted_and_refilled),
        cmocka_unit_test(the_end_of_the_time_uses_up_no_fuel),
        cmocka_unit_test(without_a_limit_there_is_no_fuel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
