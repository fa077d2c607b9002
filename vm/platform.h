/* What the VM needs of the operating system: address space, and a quick look at
 * the time. */
#ifndef HOSTEL_VM_PLATFORM_H
#define HOSTEL_VM_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

/* Reserve address space that may not be touched yet, whole pages and never
 * nothing; NULL when it is refused. Costs no memory. */
uint8_t *platform_reserve(uint64_t size);

/* Make the first `size` bytes usable; fresh ones read as zero. */
bool platform_commit(uint8_t *base, uint64_t size);

void platform_release(uint8_t *base, uint64_t size);

/* Nanoseconds on a clock that is cheap to read and steps by some milliseconds,
 * where there is one. */
int64_t platform_rough_ns(void);

#endif
