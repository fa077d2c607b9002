/* Recursion: calls and returns with next to nothing between them. sizes: 38
 * 23 */
#include "bench/guests/guest.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv) {
    return print_sum(fib(size_argument(argc, argv)));
}
