/* Time and fuel: the clock is looked at here.
 *
 * What looks at no clock while it lasts, the longest first, and why it is short
 * (measured where memory moves at 5 GB/s and a page fault takes half a
 * microsecond):
 *
 *     a budget of units          2,000 of 256 cells: 150 ms if every cell is a load that misses all
 *                                caches, half a millisecond otherwise
 *     a request that is JSON     128 MiB at most (imports.c): read at 1 GB/s
 *     giving back memory         the system takes 100 ms for a GiB that was touched
 *     growing a full table       10 million references are moved by the system at most: 40 ms
 *     a piece of a bulk copy     PIECE_BYTES (store.h): 10 ms if no page was touched before
 *     a look's worth of steps    16,384 of them: 1 ms
 *     a system call on a file    a slice of a transfer (wasi/transfer.c), one entry of a listing; what
 *                                one call of the system takes by itself, such as to remove a large
 *                                file, is not ours to divide */
#include "vm/meter.h"

#include "vm/store.h"

/* Units between two looks at the clock: few enough for the slowest of cells,
 * and enough for a look to cost nothing beside the fastest. */
enum { SLICE = 2000 };

#define NANOSECONDS_A_MS INT64_C(1000000)

bool meter_init(struct meter *meter,
                const struct vm_limits *limits,
                struct error *error) {
    int64_t timeout_ms = limits->timeout_ms;
    (void)error; /* they are all kept */
    *meter = (struct meter){.fuel = limits->fuel,
                            .fueled = limits->fuel != VM_UNLIMITED,
                            .timed = timeout_ms != VM_UNLIMITED};
    if (!meter->timed)
        return true;

    int64_t now = clock_ns();
    /* Centuries would overflow. */
    bool far = timeout_ms > (INT64_MAX - now) / NANOSECONDS_A_MS;
    meter->deadline_ns = far ? INT64_MAX : now + timeout_ms * NANOSECONDS_A_MS;
    return true;
}

bool meter_is_over(const struct meter *meter) {
    return clock_ns() >= meter->deadline_ns;
}

/* A budget below zero is work done and not paid, which the next slice pays.
 * When the fuel is used up, no call gets past its first unit. */
enum trap meter_refill(struct meter *meter) {
    if (meter_late(meter))
        return meter_reason(meter);

    if (!meter->fueled) {
        meter->granted += SLICE - meter->budget;
        meter->budget = SLICE;
        return TRAP_NONE;
    }

    meter->fuel += meter->budget; /* what was overdrawn */
    meter->granted -= meter->budget;
    meter->budget = 0;
    if (meter->fuel < 0) {
        meter->fuel = 0;
        meter->granted--;
        meter->budget = -1;
        return TRAP_FUEL;
    }

    meter->budget = meter->fuel < SLICE ? meter->fuel : SLICE;
    meter->fuel -= meter->budget;
    meter->granted += meter->budget;
    return TRAP_NONE;
}

/* When it is too late every step looks again, and so none succeeds. What was
 * left of the budget is not lost. */
bool meter_look(struct meter *meter) {
    if (meter_late(meter)) {
        meter->fuel += meter->budget + 1;
        meter->granted -= meter->budget + 1;
        meter->budget = -1;
        return false;
    }
    meter->steps = 0;
    return true;
}

/* ---- what host functions see of it (vm.h) ---- */

/* Less than a millisecond is nothing left: nobody can wait for that long. */
int64_t vm_time_left_ms(const struct vm *vm) {
    const struct meter *meter = &vm->meter;
    if (meter_interrupted(meter))
        return 0;
    if (!meter->timed)
        return INT64_MAX;
    int64_t left = meter->deadline_ns - clock_ns();
    return left > 0 ? left / NANOSECONDS_A_MS : 0;
}

bool vm_work(struct vm *vm, uint64_t steps) {
    return meter_step(&vm->meter, steps);
}

bool vm_time_out(const struct vm *vm, struct error *error) {
    return error_set_trap(error, vm ? meter_reason(&vm->meter) : TRAP_TIME);
}

/* An interrupted guest is seen to be so within one such wait. */
enum { WAIT_MS = 20 };

int64_t vm_wait_ms(const struct vm *vm) {
    int64_t left = vm_time_left_ms(vm);
    return vm->options.interruptible && left > WAIT_MS ? WAIT_MS : left;
}

void vm_interrupt(struct vm *vm, bool interrupted) {
    atomic_store_explicit(
        &vm->meter.interrupted, interrupted, memory_order_relaxed);
}

int64_t vm_fuel_left(const struct vm *vm) {
    const struct meter *meter = &vm->meter;
    int64_t left = meter->fuel + meter->budget;
    if (!meter->fueled)
        return VM_UNLIMITED;
    return left > 0 ? left : 0;
}

bool vm_refuel(struct vm *vm, int64_t fuel, struct error *error) {
    struct meter *meter = &vm->meter;
    if (!meter->fueled || fuel < 0) {
        return error_set(error,
                         ERROR_USAGE,
                         "fuel: %s",
                         fuel < 0 ? "less than none"
                                  : "the vm was opened without a limit of it");
    }
    meter->fuel = fuel;
    meter->granted -= meter->budget;
    meter->budget = 0;
    return true;
}
