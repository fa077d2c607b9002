/* A build that looks at no clock and counts no fuel: whoever wants a limit of them
 * gets no vm. What the host interrupts ends at the next call. */
#include "vm/meter.h"
#include "vm/store.h"

bool meter_init(struct meter *meter,
                const struct vm_limits *limits,
                struct error *error) {
    bool fueled = limits->fuel != VM_UNLIMITED;
    bool timed = limits->timeout_ms != VM_UNLIMITED;
    *meter = (struct meter){0};
    if (!fueled && !timed && !limits->interruptible)
        return true;
    return error_set(error,
                     ERROR_UNSUPPORTED,
                     "a limit of time or fuel needs vm/meter, which this build "
                     "lacks");
}

bool meter_is_over(const struct meter *meter) {
    (void)meter;
    return false;
}

enum trap meter_refill(struct meter *meter) {
    meter->budget = meter->granted = INT64_C(1) << 52;
    return TRAP_NONE;
}

bool meter_look(struct meter *meter) {
    meter->steps = 0;
    return !meter_interrupted(meter);
}

int64_t vm_time_left_ms(const struct vm *vm) {
    (void)vm;
    return INT64_MAX;
}

int64_t vm_wait_ms(const struct vm *vm) {
    (void)vm;
    return INT64_MAX;
}

bool vm_work(struct vm *vm, uint64_t steps) {
    return meter_step(&vm->meter, steps);
}

bool vm_time_out(const struct vm *vm, struct error *error) {
    return error_set_trap(error, vm ? meter_reason(&vm->meter) : TRAP_TIME);
}

void vm_interrupt(struct vm *vm, bool interrupted) {
    atomic_store_explicit(
        &vm->meter.interrupted, interrupted, memory_order_relaxed);
}

int64_t vm_fuel_left(const struct vm *vm) {
    (void)vm;
    return VM_UNLIMITED;
}

bool vm_refuel(struct vm *vm, int64_t fuel, struct error *error) {
    (void)vm, (void)fuel;
    return error_set(
        error, ERROR_USAGE, "fuel: the vm was opened without a limit of it");
}
