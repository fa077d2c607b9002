/* One call of a guest's, and the guest's memory. See call.h. */
#include "wasi/call.h"

/* Whether what waits must wake up by itself: there is a time limit, or the host
 * may interrupt. */
bool call_is_timed(const struct call *call) {
    return vm_wait_ms(vm_of(call->instance)) != INT64_MAX;
}

/* The guest never sees what this returns: it is ended when the call is over. */
enum wasi_errno call_time_out(struct call *call) {
    vm_time_out(vm_of(call->instance), call->error);
    call->over = true;
    return WASI_SUCCESS;
}

/* ---- guest memory ---- */

/* Byte by byte: a guest's pointer need not be aligned, and where the machine is
 * little-endian as well compilers make one load or store of it. */
uint32_t load32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

uint64_t load64(const uint8_t *at) {
    return load32(at) | (uint64_t)load32(at + 4) << 32;
}

void store16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void store32(uint8_t *at, uint32_t value) {
    store16(at, (uint16_t)value);
    store16(at + 2, (uint16_t)(value >> 16));
}

void store64(uint8_t *at, uint64_t value) {
    store32(at, (uint32_t)value);
    store32(at + 4, (uint32_t)(value >> 32));
}

/* NULL if not all of it is the guest's. Where the dispatcher has checked a pointer
 * already, as those of results, it is not. */
uint8_t *guest_at(const struct call *call, uint32_t address, uint64_t size) {
    return vm_memory_at(call->instance, address, size);
}

const uint8_t *
guest_view(const struct call *call, uint32_t address, uint64_t size) {
    return vm_memory_view(call->instance, address, size);
}

void put32(const struct call *call, int i, uint32_t value) {
    store32(guest_at(call, arg(call, i), sizeof value), value);
}

void put64(const struct call *call, int i, uint64_t value) {
    store64(guest_at(call, arg(call, i), sizeof value), value);
}
