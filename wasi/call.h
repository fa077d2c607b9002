/* One call of a guest's, and the guest's memory.
 *
 * It arrives in dispatch.c, which checks what its row of calls.def says and
 * runs call_NAME, which finds descriptor, rights and result pointers checked.
 * The files that hold the calls are these, each needing only those before it:
 *
 *     arguments.c clocks.c process.c     no files: lists of texts, clocks, random bytes, the end
 *     transfer.c                         reading and writing
 *     stat.c readdir.c fd.c sizes.c      what a file is, a directory's entries, descriptors, sizes
 *     poll.c path_calls.c                waiting; all that takes a path, by way of path.c
 *
 * The documents meant throughout: WASI preview1, wasi_snapshot_preview1. */
#ifndef HOSTEL_WASI_CALL_H
#define HOSTEL_WASI_CALL_H

#include "vm/vm.h"
#include "wasi/guest.h"

struct call {
    struct wasi *wasi;
    struct instance *instance;
    const uint64_t *args;  /* as the guest passed them */
    struct descriptor *fd; /* of the argument of kind `d`, if there is one */
    struct error *error;
    bool over; /* set by a call that ends the guest: `error` says how */
};

#define X(name, rights, arguments)                                             \
    enum wasi_errno call_##name(struct call *call);
#include "wasi/calls.def"
#undef X

static inline uint32_t arg(const struct call *call, int i) {
    return (uint32_t)call->args[i];
}

/* Has the guest a limit of time? */
bool call_is_timed(const struct call *call);

/* End the guest: its time is up. Returns a value only so that calls can return
 * it. */
enum wasi_errno call_time_out(struct call *call);

/* ---- guest memory: little-endian, unaligned ---- */

uint32_t load32(const uint8_t *at);
uint64_t load64(const uint8_t *at);
void store16(uint8_t *at, uint16_t value);
void store32(uint8_t *at, uint32_t value);
void store64(uint8_t *at, uint64_t value);

/* The bytes at a guest address, or NULL, to write and to read; see vm_memory_at
 * and vm_memory_view. */
uint8_t *guest_at(const struct call *call, uint32_t address, uint64_t size);
const uint8_t *
guest_view(const struct call *call, uint32_t address, uint64_t size);

/* Store a result through the pointer in argument `i`, which the row has
 * declared as such. */
void put32(const struct call *call, int i, uint32_t value);
void put64(const struct call *call, int i, uint64_t value);

#endif
