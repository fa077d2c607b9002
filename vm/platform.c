/* Address space by mmap. A mapping without any rights (PROT_NONE) takes up
 * addresses and no memory; one that may be written gets its pages from the
 * system as they are touched, zeroed. So memories, code and the value stack can
 * be given room for the most they may need, and need not move.
 *
 * Linux has a clock that is read without a look at the processor's.
 *
 * Anonymous mappings are older than their standard: the feature macros are what
 * glibc and the BSDs want to see before they show MAP_ANON. */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include "vm/platform.h"

#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

enum { SMALLEST = 1 << 16 };

#if !defined(MAP_NORESERVE)
#define MAP_NORESERVE 0
#endif

#if !defined(CLOCK_MONOTONIC_COARSE)
#define CLOCK_MONOTONIC_COARSE CLOCK_MONOTONIC
#endif

/* mmap refuses a size of 0. */
static size_t mapped(uint64_t size) {
    return size < SMALLEST ? SMALLEST : (size_t)size;
}

uint8_t *platform_reserve(uint64_t size) {
    if (size > SIZE_MAX)
        return NULL;
    void *base = mmap(NULL,
                      mapped(size),
                      PROT_NONE,
                      MAP_PRIVATE | MAP_ANON | MAP_NORESERVE,
                      -1,
                      0);
    return base == MAP_FAILED ? NULL : base;
}

bool platform_commit(uint8_t *base, uint64_t size) {
    return size == 0 ||
           mprotect(base, (size_t)size, PROT_READ | PROT_WRITE) == 0;
}

void platform_release(uint8_t *base, uint64_t size) {
    munmap(base, mapped(size));
}

int64_t platform_rough_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
