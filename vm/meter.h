/* Time and fuel: the one place where work is paid for.
 *
 * Work is done for a guest in two ways, and whoever does any that grows with
 * what a module or a guest controls pays for it here, in the loop that does it:
 *
 *     what its code does      meter_charge   in units of fuel, the same in every run
 *     what we do for it       meter_step     in steps of some ten nanoseconds: reading, checking,
 *                                            translating, growing, collecting, copying, printing
 *
 * Neither looks at the clock each time. Units are handed out in a budget, steps
 * are counted, and the clock is looked at when a budget is used up, when enough
 * steps have gathered, and after every call of a host function, which may have
 * taken any time: so a guest is stopped within some milliseconds of its limit.
 * That is done by the ring vm/meter, which says what takes longest between two
 * looks. Who pays and hears that the time is up stops where it is, and leaves what it
 * holds in order: the vm may be called again, and freed.
 *
 * The host may interrupt a guest, from another thread too: then the time is up.
 *
 * While code runs the interpreter has the budget, in a register (exec.c): the
 * meter has it whenever anything else does, and gets it back with a trap.
 *
 * A vm without limits pays next to nothing: no tick is translated (see
 * translate_tick), and a step is an addition. */
#ifndef HOSTEL_VM_METER_H
#define HOSTEL_VM_METER_H

#include "vm/trap.h"
#include "vm/vm.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct meter {
    int64_t budget; /* units until meter_refill must look at fuel and clock */
    int64_t fuel;   /* not in the budget yet */
    int64_t deadline_ns;
    int64_t granted;    /* units that were in the budget so far, together */
    int64_t by_size;    /* units that were charged by what was asked for */
    bool fueled, timed; /* which of the two limits there are */
    uint64_t steps;     /* since the last look at the clock */
    atomic_bool interrupted;
};

/* Begin with the limits of a vm, the time from now on. False if this build keeps
 * no such limits. All zeros is a meter without a limit. */
bool meter_init(struct meter *meter,
                const struct vm_limits *limits,
                struct error *error);

bool meter_is_over(const struct meter *meter); /* the time; there is a limit */

/* Whoever sees this only wants to stop: nothing else is handed over with it. */
static inline bool meter_interrupted(const struct meter *meter) {
    return atomic_load_explicit(&meter->interrupted, memory_order_relaxed);
}

/* Whether the host has interrupted the guest, or there is a time limit and it
 * has come. Looks at the clock, if there is. */
static inline bool meter_late(const struct meter *meter) {
    return meter_interrupted(meter) || (meter->timed && meter_is_over(meter));
}

/* Why, when it is late. */
static inline enum trap meter_reason(const struct meter *meter) {
    return meter_interrupted(meter) ? TRAP_INTERRUPT : TRAP_TIME;
}

/* Units that were charged since the beginning. */
static inline int64_t meter_spent(const struct meter *meter) {
    return meter->granted - meter->budget;
}

/* Give the interpreter another budget, or the reason why there is none left. */
enum trap meter_refill(struct meter *meter);

/* Take units from the budget. True if it had not so many: then meter_refill
 * says what comes. */
static inline bool meter_overdraws(struct meter *meter, int64_t units) {
    meter->budget -= units;
    return meter->budget < 0;
}

/* Pay for the guest's own work. */
static inline enum trap meter_charge(struct meter *meter, int64_t units) {
    return meter_overdraws(meter, units) ? meter_refill(meter) : TRAP_NONE;
}

/* For what one cell does that may be of any size: to be paid with what is
 * charged next, or now. */
static inline void meter_owe(struct meter *meter, int64_t units) {
    meter->by_size += units;
    meter->budget -= units;
}

static inline enum trap meter_charge_size(struct meter *meter, int64_t units) {
    meter_owe(meter, units);
    return meter_charge(meter, 0);
}

enum { STEPS_A_LOOK = 1 << 14 };

/* The rest of meter_step: looks at the clock. */
bool meter_look(struct meter *meter);

/* Pay for work that is done for the guest. False when the time is up: then the
 * guest's next unit ends it too, if who pays has no way to say so. */
static inline bool meter_step(struct meter *meter, uint64_t steps) {
    meter->steps += steps;
    return meter->steps < STEPS_A_LOOK || meter_look(meter);
}

#endif
