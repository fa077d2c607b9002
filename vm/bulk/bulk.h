/* What the handlers of bulk operations do: vm/bulk/bulk.c. */
#ifndef HOSTEL_VM_BULK_BULK_H
#define HOSTEL_VM_BULK_BULK_H

#include "vm/store.h"

static inline uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* These two pay for what they do. */
enum trap
memory_fill(struct memory *memory, uint64_t at, uint8_t value, uint64_t size);
enum trap memory_copy(struct memory *to_memory,
                      const struct memory *from_memory,
                      uint64_t to,
                      uint64_t from,
                      uint64_t size);
enum trap table_fill(struct table *table,
                     uint64_t at,
                     uint64_t reference,
                     uint64_t count);
enum trap table_copy(struct table *to_table,
                     struct table *from_table,
                     uint64_t to,
                     uint64_t from,
                     uint64_t count);

#endif
