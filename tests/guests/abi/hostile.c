/* flags: -mexec-model=reactor */
/* A guest whose malloc is not what it should be. Each export chooses how, then
 * sends a request.
 *
 * run: --invoke returns_zero
 * out: 0 0
 * out: 0 0
 * status: 0
 *
 * run: --invoke outside
 * err: trap: host_http_request: malloc(69) returned 0xfffffff0, outside memory
 * status: 134
 *
 * run: --invoke fits_exactly
 * out: {"error":{"kind":"invalid_request","message":"method: not a string"}}
 * status: 0
 *
 * run: --invoke one_byte_beyond
 * err: outside memory
 * status: 134
 *
 * run: --invoke traps
 * err: trap: unreachable
 * status: 134
 *
 * run: --invoke asks_again
 * err: trap: host_http_request: called by the guest's malloc
 * status: 134
 *
 * run: --timeout 300ms --invoke loops
 * err: trap:
 * status: 134
 *
 * run: --fuel 100000 --invoke loops
 * err: trap:
 * status: 134
 *
 * run: --max-stack 64K --invoke recurses
 * err: trap: call stack exhausted
 * status: 134
 *
 * run: --invoke exits
 * status: 7
 *
 * run: --invoke writes_over_the_request
 * out: {"error":{"kind":"denied",
 * status: 0 */
#include "abi.h"

static enum {
    ZERO,
    OUTSIDE,
    FITS,
    BEYOND,
    TRAP,
    AGAIN,
    LOOP,
    RECURSE,
    EXIT,
    OVERWRITE
} mode;

static char request[] = "{}";
static char valid[] = "{\"method\":\"GET\",\"url\":\"http://127.0.0.1:1/\"}";
static char memory[1024];

static uint32_t memory_end(void) {
    return (uint32_t)__builtin_wasm_memory_size(0) << 16;
}

__attribute__((noinline)) static uint32_t recurse(volatile uint32_t *n) {
    volatile uint32_t here = *n + 1;
    return here == 0 ? 0 : recurse(&here) + here;
}

__attribute__((export_name("malloc"))) uint32_t hostile_malloc(uint32_t size) {
    volatile uint32_t spin = 0;
    switch (mode) {
    case ZERO: return 0;
    case OUTSIDE: return 0xFFFFFFF0;
    case FITS: return memory_end() - size;
    case BEYOND: return memory_end() - size + 1;
    case TRAP: __builtin_trap();
    case AGAIN: return (uint32_t)host_http_request(request, 2);
    case LOOP:
        for (;;)
            spin++;
    case RECURSE: return recurse(&spin);
    case EXIT: _Exit(7);
    case OVERWRITE: memset(valid, '!', sizeof valid); break;
    }
    return (uint32_t)(uintptr_t)memory;
}

#define EXPORT(name) __attribute__((export_name(#name))) void name(void)

EXPORT(returns_zero) {
    mode = ZERO;
    for (int i = 0; i < 2; i++) { /* and goes on */
        uint64_t reply = host_http_request(request, 2);
        printf("%lu %lu\n",
               (unsigned long)(reply >> 32),
               (unsigned long)reply_size(reply));
    }
    fflush(stdout);
}
EXPORT(outside) {
    mode = OUTSIDE;
    talk(request);
}
EXPORT(fits_exactly) {
    mode = FITS;
    talk(request);
}
EXPORT(one_byte_beyond) {
    mode = BEYOND;
    talk(request);
}
EXPORT(traps) {
    mode = TRAP;
    talk(request);
}
EXPORT(asks_again) {
    mode = AGAIN;
    talk(request);
}
EXPORT(loops) {
    mode = LOOP;
    talk(request);
}
EXPORT(recurses) {
    mode = RECURSE;
    talk(request);
}
EXPORT(exits) {
    mode = EXIT;
    talk(request);
}
EXPORT(writes_over_the_request) {
    mode = OVERWRITE;
    talk(valid);
}
