/* Calls from guest to host: the size of the arguments, asked again and again.
 * sizes: 10000000 10000 */
#include "bench/guests/guest.h"

#ifdef __wasi__
#include <wasi/api.h>

static uint32_t ask(void) {
    __wasi_size_t count, size;
    return __wasi_args_sizes_get(&count, &size) ? 0 : (uint32_t)count;
}
#else
static uint32_t ask(void) {
    return 2;
}
#endif

int main(int argc, char **argv) {
    uint32_t calls = size_argument(argc, argv), sum = 0;
    while (calls-- > 0)
        sum += ask();
    return print_sum(sum);
}
