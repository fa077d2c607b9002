/* flags: -mexec-model=reactor */
/* A malloc whose memory lies above 2 GiB, up to the last byte of 4 GiB:
 * addresses are unsigned.
 *
 * run: --max-memory 5G --invoke above_2g
 * out: {"error":{"kind":"invalid_request","message":"url: not a string"}}
 * out: 0x90000000
 * status: 0
 *
 * run: --max-memory 5G --invoke end_of_4g
 * out: {"error":{"kind":"invalid_request","message":"url: not a string"}}
 * out: ends at 0x100000000
 * status: 0
 *
 * run: --max-memory 5G --invoke beyond_4g
 * err: outside memory
 * status: 134
 *
 * run: --max-memory 2G --invoke above_2g
 * out: memory does not grow
 * status: 0 */
#include "abi.h"

/* Where malloc's memory begins, or how far before the end. */
static uint32_t next, from_end;

__attribute__((export_name("malloc"))) uint32_t high_malloc(uint32_t size) {
    return next ? next : (uint32_t)(0x100000000 - size + from_end);
}

static int grow_to(uint32_t pages) {
    uint32_t now = (uint32_t)__builtin_wasm_memory_size(0);
    if (__builtin_wasm_memory_grow(0, pages - now) != (size_t)-1)
        return 1;
    puts("memory does not grow");
    fflush(stdout);
    return 0;
}

/* Send a request that lies high too. */
static uint64_t talk_high(void) {
    char *request = (char *)(uintptr_t)0x8FFFFFF0; /* across a page's border */
    strcpy(request, "{\"method\":\"GET\"}     ");
    return talk(request);
}

__attribute__((export_name("above_2g"))) void above_2g(void) {
    if (!grow_to(0x9001))
        return;
    next = 0x90000000;
    printf("0x%lx\n", (unsigned long)(talk_high() >> 32));
    fflush(stdout);
}

__attribute__((export_name("end_of_4g"))) void end_of_4g(void) {
    if (!grow_to(0x10000))
        return;
    uint64_t reply = talk_high();
    printf("ends at 0x%llx\n",
           (unsigned long long)((reply >> 32) + reply_size(reply)));
    fflush(stdout);
}

__attribute__((export_name("beyond_4g"))) void beyond_4g(void) {
    if (!grow_to(0x10000))
        return;
    from_end = 1;
    talk_high();
}
