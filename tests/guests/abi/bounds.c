/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* Requests that lie where there is no memory are refused, in a reply.
 *
 * run: --invoke run
 * out: {"error":{"kind":"invalid_request","message":"the request lies outside memory"}}
 * out: {"error":{"kind":"invalid_request","message":"the request lies outside memory"}}
 * out: {"error":{"kind":"invalid_request","message":"the request lies outside memory"}}
 * out: {"error":{"kind":"too_large","message":"the request is too large"}}
 * out: {"error":{"kind":"invalid_request","message":"the request is not JSON: a value was
 * status: 0 */
#include "abi.h"

static void ask(uint32_t address, uint32_t size) {
    uint64_t reply = host_http_request((const char *)(uintptr_t)address, size);
    printf("%.*s\n", (int)reply_size(reply), reply_text(reply));
    free((void *)reply_text(reply));
}

__attribute__((export_name("run"))) void run(void) {
    uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) << 16;
    ask(0xFFFFFFF0, 0x20); /* the sum is 16 in 32 bits */
    ask(end - 1, 2);
    ask(end, 1);
    ask(0, 0xFFFFFFFF);
    ask(end, 0);
    fflush(stdout);
}
