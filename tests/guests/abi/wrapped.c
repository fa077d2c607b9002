/* flags: -Wl,--export=malloc -Wl,--export=free -Wl,--export=ask */
/* A command whose exports are called one by one: wasm-ld wraps every one of them, malloc too, in
 * constructors and destructors, so these run while the guest waits for its reply.
 *
 * run: --invoke ask
 * out: constructed 1
 * out: {"error":{"kind":"invalid_request","message":"url: not a string"}}
 * out: constructed 2
 * status: 0
 *
 * run:
 * out: constructed 1
 * out: main
 * out: {"error":{"kind":"invalid_request","message":"url: not a string"}}
 * status: 0
 */
#include "abi.h"

static volatile int constructed;

__attribute__((constructor)) static void construct(void) {
    constructed++;
}

void ask(void) {
    printf("constructed %d\n", constructed);
    uint64_t reply = talk("{\"method\":\"GET\"}");
    free((void *)reply_text(reply));
    printf("constructed %d\n", constructed);
}

int main(void) {
    printf("constructed %d\nmain\n", constructed);
    talk("{\"method\":\"GET\"}");
    return 0;
}
