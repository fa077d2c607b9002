/* What a host may ask of vm/meter; a part of vm.h. */
#ifndef HOSTEL_VM_METER_API_H
#define HOSTEL_VM_METER_API_H

#include "vm/vm.h"

/* ---- time and fuel ---- */

/* Time left before the limit, at least 0, or INT64_MAX without one. A host
 * function that blocks must not wait longer; when it is 0 it returns false
 * after vm_time_out(). */
int64_t vm_time_left_ms(const struct vm *vm);

/* How long a host function that waits may do so before it asks again: the time
 * left, or some milliseconds in a vm that can be interrupted. */
int64_t vm_wait_ms(const struct vm *vm);

/* Pay for work that a host function does in proportion to what a guest asks
 * for: in steps of some ten nanoseconds, or for bytes that are moved. Called in
 * the loop that does it; false when the time is up. Whatever a host function
 * takes, the guest is ended at its return if it is too late. */
bool vm_work(struct vm *vm, uint64_t steps);
#define VM_STEPS_OF(bytes) ((bytes) / 64)

/* Sets the error of an exceeded time limit, or of an interrupt if that is what
 * ended the time of `vm`; false. */
bool vm_time_out(const struct vm *vm, struct error *error);

/* End what the vm does, as if its time were up, with ERROR_EXHAUSTION; and let
 * it work again. The one function that other threads may call while the vm is
 * used, and until it is closed. Until it is taken back, all that is called ends
 * so. Code ends within a millisecond if the vm is `interruptible`, what WASI
 * waits for within a few more. A request on the network is not cut short: it
 * ends by its own timeout. */
void vm_interrupt(struct vm *vm, bool interrupted);

/* Units of fuel that are left, VM_UNLIMITED without a limit; and how many there
 * shall be from now on, which a host function may say too. ERROR_USAGE without
 * a limit, for code is made to count fuel, or not, when it is loaded. */
int64_t vm_fuel_left(const struct vm *vm);
bool vm_refuel(struct vm *vm, int64_t fuel, struct error *error);

#endif
