/* Recordings: whatever parts of memory a host function asks for and writes to,
 * in whatever order, and wherever it calls the guest in turn, the memory is the
 * same in a replay after each call. */
#include "tests/unit/vm_module.h"

#include "vm/record/api.h"

#include <stdio.h>
#include <unistd.h>

enum { CALLS = 400, CALLS_MAX = 2 * CALLS, SEEN = 320 };

struct host {
    uint32_t random;
    size_t calls;
    uint8_t seen[CALLS_MAX][SEEN]; /* the memory after each of them */
    bool inner;                    /* the guest is called by a host function */
};

static uint32_t next(struct host *host, uint32_t below) {
    host->random = host->random * 1664525 + 1013904223;
    return (host->random >> 16) % below;
}

static uint8_t *ask(struct instance *caller, uint32_t address, uint32_t size) {
    uint8_t *bytes = vm_memory_at(caller, address, size);
    assert_non_null(bytes);
    return bytes;
}

/* Seldom, and not from within such a call: "again", which calls $f with what it
 * was called with. */
static void call_again(struct host *host,
                       struct instance *caller,
                       uint32_t argument,
                       struct error *error) {
    if (host->inner || next(host, 5) > 0)
        return;
    host->inner = true;
    struct function *again = vm_find_function(caller, slice_of("again"));
    const struct vm_value value = i32(argument);
    assert_true(vm_call(again, &value, 1, NULL, error));
    host->inner = false;
}

/* Up to twenty parts, which overlap; words most of them. Some are written to at
 * once, so that what is asked for later has changed already. */
static bool scatter(void *context,
                    struct instance *caller,
                    uint64_t *slots,
                    struct error *error) {
    static const uint32_t sizes[] = {1, 2, 4, 4, 4, 8, 8, 8, 12, 100};
    struct host *host = context;
    uint32_t parts = next(host, 21), middle = parts / 2;
    for (uint32_t i = 0; i < parts; i++) {
        if (i == middle)
            call_again(host, caller, (uint32_t)slots[0], error);
        uint32_t size = sizes[next(host, sizeof sizes / sizeof *sizes)];
        uint32_t address = next(host, SEEN - size);
        uint8_t *bytes = ask(caller, address, size);
        assert_ptr_equal(bytes, vm_memory_view(caller, address, size));
        if (next(host, 3) > 0)
            bytes[next(host, size)] = (uint8_t)next(host, 256);
    }
    assert_in_range(host->calls, 0, CALLS_MAX - 1);
    memcpy(host->seen[host->calls++], vm_memory_view(caller, 0, SEEN), SEEN);
    slots[0] = next(host, 3);
    return true;
}

/* (import "h" "f" (func $f (param i32) (result i32)))
 * (func (export "run") (local i32)
 *     400 times, $i from 0: i32.store (i & 252) i, call $f with i / 2
 * (func (export "again") (param i32) call $f with it */
static struct buffer caller(void) {
    return MODULE(TYPES(ENTRY("\x60\1\x7F\1\x7F"),
                        ENTRY("\x60\0\0"),
                        ENTRY("\x60\1\x7F\0")),
                  IMPORTS(IMPORT("h", "f", "\0\0")),
                  FUNCTIONS(ENTRY("\1"), ENTRY("\2")),
                  MEMORIES(ENTRY("\0\1")),
                  EXPORTS(NAMED("run", "\0\1"), NAMED("again", "\0\2")),
                  CODE(BODY("\1\1\x7F"
                            "\3\x40"
                            "\x20\0\x41\xFC\1\x71\x20\0\x36\2\0" /* the store */
                            "\x20\0\x41\1\x76\x10\0\x1A"         /* the call */
                            "\x20\0\x41\1\x6A\x22\0"
                            "\x41\x90\3\x49\x0D\0" /* below 400: again */
                            "\x0B\x0B"),
                       BODY("\0\x20\0\x10\0\x1A\x0B")));
}

static void run(struct guest *guest, struct error *error) {
    struct function *function =
        vm_find_function(guest->instance, slice_of("run"));
    assert_true(vm_call(function, NULL, 0, NULL, error));
}

static void record(struct host *host, const char *path) {
    struct error error = ERROR_INIT;
    struct guest guest = guest_open(NULL);
    const struct vm_recorded to = {.path = path};
    assert_true(vm_define(guest.vm, "h", "f", "i:i", scatter, host, &error));
    assert_true(vm_record_calls(guest.vm, &to, &error));
    guest_accept(&guest, caller());
    guest_start(&guest);
    run(&guest, &error);
    assert_true(vm_record_end(guest.vm, &error, &error));
    guest_close(&guest);
}

static bool
compare(void *context, const struct vm_replayed *call, struct error *error) {
    struct host *host = context;
    (void)error;
    const uint8_t *now = vm_memory_view(call->caller, 0, SEEN);
    assert_memory_equal(now, host->seen[host->calls++], SEEN);
    return true;
}

static void replay(struct host *host, const char *path) {
    struct error error = ERROR_INIT;
    struct guest guest = guest_open(NULL);
    struct vm_recording *recording =
        vm_recording_open(fopen(path, "rb"), &error);
    assert_non_null(recording);
    const struct vm_replaying to = {
        .recording = recording, .after = compare, .context = host};
    assert_true(vm_replay_calls(guest.vm, &to, &error));
    guest_accept(&guest, caller());
    guest_start(&guest);
    run(&guest, &error);
    assert_true(vm_replay_end(guest.vm, &error, &error));
    guest_close(&guest);
    vm_recording_close(recording);
}

static void memory_is_as_it_was(void **state) {
    (void)state;
    static struct host host;
    char path[] = "/tmp/hostel-record-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    for (uint32_t seed = 0; seed < 20; seed++) {
        host.random = seed;
        host.calls = 0;
        record(&host, path);
        size_t calls = host.calls;
        assert_true(calls > CALLS); /* some from within others */
        host.calls = 0;
        replay(&host, path);
        assert_int_equal(host.calls, calls);
    }
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
