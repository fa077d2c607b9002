/* flags: -Wl,--export=malloc -Wl,--export=free -Wl,--export=ask */
/* A command whose exports are called one by one: wasm-ld of LLVM 14 wraps every
 * one of them, malloc too, in constructors and destructors, so these run while
 * the guest waits for its reply. Later ones wrap none, so that they do not run
 * at all.
 *
 * run: --invoke ask
 * out: {"error":{"kind":"invalid_request","message":"url: not a string"}}
 * out: malloc is wrapped as ask is
 * status: 0
 *
 * run:
 * out: constructed 1
 * out: main
 * out: {"error":{"kind":"invalid_request","message":"url: not a string"}}
 * status: 0 */
#include "abi.h"

static volatile int constructed;

__attribute__((constructor)) static void construct(void) {
    constructed++;
}

void ask(void) {
    int by_ask = constructed;
    uint64_t reply = talk("{\"method\":\"GET\"}");
    int by_malloc = constructed - by_ask;
    free((void *)reply_text(reply));
    printf("malloc is wrapped %s\n",
           by_malloc == by_ask ? "as ask is" : "otherwise");
    fflush(stdout); /* where nothing is wrapped nobody else does */
}

int main(void) {
    printf("constructed %d\nmain\n", constructed);
    talk("{\"method\":\"GET\"}");
    return 0;
}
