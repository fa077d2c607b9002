/* memory.grow by a page a time to 64 MiB, a word written to each. repeat: 5
 * sizes: 1024 64 */
#include "bench/guests/guest.h"

enum { PAGE = 65536 };

#ifdef __wasm__
static unsigned char *grow(void) {
    return (unsigned char *)(__builtin_wasm_memory_grow(0, 1) * PAGE);
}
#else
static unsigned char *grow(void) {
    return malloc(PAGE);
}
#endif

int main(int argc, char **argv) {
    uint32_t pages = size_argument(argc, argv), sum = 0;
    unsigned char *before = NULL;
    for (uint32_t i = 0; i < pages; i++) {
        unsigned char *page = grow();
        memcpy(page + 4, &i, sizeof i);
        if (before)
            sum = mix_bytes(sum, before + 4, 4);
        before = page;
    }
    return print_sum(sum);
}
