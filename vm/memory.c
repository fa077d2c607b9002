/* Linear memories and tables (spec 4.2.7, 4.2.8): growth, and the copying of
 * segments.
 *
 * A memory reserves the address space it may ever need and makes it usable page
 * by page as it grows, so its base rarely moves and untouched pages cost
 * nothing. When the system will not reserve that much, the memory moves to a
 * larger mapping as it grows.
 *
 *            data                 data + size                       data + reserved
 *     [ size | usable, from zeros | reserved: may not be touched     ]
 *
 *     memory_new      reserves for the maximum, declared or of --max-memory, whichever is less
 *     memory_grow     makes more usable; moves only if `reserved` is too small
 *     memories_free   with the instance whose it is, when no other imports it, or with the vm
 *
 * Nothing depends on a fault when the reserved part is touched: every access
 * compares with the size, which also stands in front of the data, where the
 * interpreter has it at hand (memory_bytes in store.h). A table is an array on
 * the heap, since few are large.
 *
 * Copying a segment checks everything before it writes anything, and an empty
 * range may begin at the end, not behind it (spec 4.4.7). */
#include "vm/platform.h"
#include "vm/store.h"

#include <stdlib.h>
#include <string.h>

/* ---- memories ---- */

static uint64_t page_bytes(uint64_t pages) {
    return pages << PAGE_SIZE_BITS;
}

/* Copy between places that do not overlap, in pieces; false when the time is
 * up. */
static bool
copy(struct vm *vm, uint8_t *to, const uint8_t *from, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
        uint64_t piece = piece_of(size - done);
        if (!bytes_pay(vm, piece))
            return false;
        memcpy(to + done, from + done, piece);
        done += piece;
    }
    return true;
}

/* What lies in front of the data of a mapping: its size, in the last eight of
 * these bytes. A cache line, so that data which the guest has aligned is. */
enum { HEADER = 64 };

/* Room for `size` bytes of data, of which none may be touched yet, or NULL. */
static uint8_t *mapping_reserve(uint64_t size) {
    uint8_t *base = platform_reserve(HEADER + size);
    return base ? base + HEADER : NULL;
}

/* Make the first `size` bytes of the data usable, and say so in front. */
static bool mapping_commit(uint8_t *data, uint64_t size) {
    if (!platform_commit(data - HEADER, HEADER + size))
        return false;
    memcpy(data - sizeof size, &size, sizeof size);
    return true;
}

static void mapping_release(uint8_t *data, uint64_t size) {
    platform_release(data - HEADER, HEADER + size);
}

/* Move the memory to a mapping of `size` bytes. While there are two, both are
 * held. */
static bool move(struct memory *memory, uint64_t size) {
    struct budget *budget = memory->vm->memory;
    if (!budget_take(budget, memory->size))
        return false;
    uint8_t *data = mapping_reserve(size);
    bool moved = data && mapping_commit(data, memory->size) &&
                 copy(memory->vm, data, memory->data, memory->size);
    if (moved) {
        mapping_release(memory->data, memory->reserved);
        memory->data = data;
        memory->reserved = size;
    } else if (data) {
        mapping_release(data, size);
    }
    budget_give(budget, memory->size);
    return moved;
}

/* Make `size` bytes usable, which are not more than the memory may have. */
static bool resize(struct memory *memory, uint64_t size) {
    if (size > memory->reserved) {
        /* Twice as much, so that growing by pages stays linear. */
        uint64_t limit = page_bytes(memory->max);
        uint64_t twice = memory->size * 2;
        if (twice > limit)
            twice = limit;
        bool moved = twice > size && move(memory, twice);
        if (!moved && !move(memory, size))
            return false;
    }
    if (!mapping_commit(memory->data, size))
        return false;
    memory->size = size;
    return true;
}

/* Who made the module, or the program that embeds us, asks for too much. */
static const char *wanting(const struct instance *owner) {
    return owner ? "the module" : "the host";
}

/* What is asked for, in the words of a refusal. */
struct wanted {
    char text[64];
};

static struct wanted
wanted(const char *what, uint64_t count, const char *units) {
    struct wanted wanted;
    snprintf(wanted.text,
             sizeof wanted.text,
             "%s of %llu %s",
             what,
             (unsigned long long)count,
             units);
    return wanted;
}

static struct wanted memory_wanted(struct limits limits) {
    return wanted("a memory", limits.min, "pages of 64 KiB");
}

static struct wanted table_wanted(const struct extern_type *type) {
    return wanted("a table", type->limits.min, "elements");
}

/* Reserve what the memory may need, or else what it needs now, which is taken
 * from the budget. */
static bool map(struct memory *memory, uint64_t size) {
    struct budget *budget = memory->vm->memory;
    if (!budget_take(budget, size))
        return false;
    memory->reserved = page_bytes(memory->max);
    memory->data = mapping_reserve(memory->reserved);
    if (!memory->data) {
        memory->reserved = size;
        memory->data = mapping_reserve(size);
    }
    if (memory->data && resize(memory, size))
        return true;
    budget_give(budget, size);
    return false;
}

static void memory_free(struct memory *memory) {
    struct budget *budget = memory->vm->memory;
    if (memory->data)
        mapping_release(memory->data, memory->reserved);
    budget_give(budget, memory->size);
    budget_free(budget, memory, sizeof *memory);
}

/* A memory holds what it has grown to, whether or not its pages have been
 * touched.
 *
 * NULL if the limit or the system refuses. */
struct memory *memory_new(struct vm *vm,
                          struct limits limits,
                          struct instance *owner,
                          struct error *error) {
    uint64_t most = vm->memory->limit >> PAGE_SIZE_BITS;
    if (limits.min > most) {
        error_set(error,
                  ERROR_IO,
                  "limit: %s wants %s, --max-memory allows %llu",
                  wanting(owner),
                  memory_wanted(limits).text,
                  (unsigned long long)most);
        return NULL;
    }
    struct memory *memory = budget_alloc(vm->memory, 1, sizeof *memory);
    if (!memory)
        return error_set_memory(vm, error, memory_wanted(limits).text), NULL;
    memory->vm = vm;
    memory->owner = owner;
    memory->declared = limits;
    memory->max = limits.max < most ? limits.max : most;
    /* No overflow: the limit is in bytes. */
    if (!map(memory, page_bytes(limits.min))) {
        memory_free(memory);
        return error_set_memory(vm, error, memory_wanted(limits).text), NULL;
    }
    memory->next = vm->memories;
    vm->memories = memory;
    return memory;
}

/* What the system takes to change a mapping. */
enum { SYSTEM_CALL_STEPS = 200 };

/* Refusing is an answer, not a trap (spec 4.4.7): the guest gets -1, also when
 * the time is up, of which it hears with its next unit of work. Whoever keeps
 * `data` or `size`, as the interpreter does, fetches both again. */
uint64_t memory_grow(struct memory *memory, uint64_t pages) {
    uint64_t old = memory->size >> PAGE_SIZE_BITS;
    if (pages > memory->max - old)
        return refused(memory->declared);
    if (pages == 0)
        return old;
    if (!meter_step(&memory->vm->meter, SYSTEM_CALL_STEPS))
        return refused(memory->declared);
    struct budget *budget = memory->vm->memory;
    if (!budget_take(budget, page_bytes(pages)))
        return refused(memory->declared);
    if (resize(memory, page_bytes(old + pages)))
        return old;
    budget_give(budget, page_bytes(pages));
    return refused(memory->declared);
}

/* A dropped segment is an empty one (spec 4.4.7). */
enum trap memory_init(struct instance *instance,
                      struct memory *memory,
                      uint32_t segment,
                      uint64_t to,
                      uint64_t from,
                      uint64_t size) {
    struct slice bytes = instance->module->data[segment].bytes;
    if (instance->dropped_data[segment])
        bytes.size = 0;
    if (!is_within(to, size, memory->size) ||
        !is_within(from, size, bytes.size)) {
        return TRAP_MEMORY_BOUNDS;
    }
    bool copied = size == 0 ||
                  copy(memory->vm, memory->data + to, bytes.data + from, size);
    return copied ? TRAP_NONE : meter_reason(&memory->vm->meter);
}

/* ---- tables ---- */

static void table_free(struct table *table) {
    struct vm *vm = table->vm;
    vm->table_elements -= table->size;
    budget_free(
        vm->memory, table->elements, table->size * sizeof *table->elements);
    budget_free(vm->memory, table, sizeof *table);
}

/* Elements are bounded for all tables together: a module could declare any
 * number of tables. */
struct table *table_new(struct vm *vm,
                        const struct extern_type *type,
                        struct instance *owner,
                        struct error *error) {
    uint64_t cap = vm->options.table_elements - vm->table_elements;
    if (type->limits.min > cap) {
        error_set(error,
                  ERROR_IO,
                  "limit: %s wants %s, %llu are left for it",
                  wanting(owner),
                  table_wanted(type).text,
                  (unsigned long long)cap);
        return NULL;
    }
    struct table *table = budget_alloc(vm->memory, 1, sizeof *table);
    if (!table)
        return error_set_memory(vm, error, table_wanted(type).text), NULL;
    table->vm = vm;
    table->owner = owner;
    table->type = *type;
    table->max = type->limits.max;
    if (table_grow(table, type->limits.min, 0) == refused(type->limits)) {
        table_free(table);
        return error_set_memory(vm, error, table_wanted(type).text), NULL;
    }
    table->next = vm->tables;
    vm->tables = table;
    return table;
}

/* Memory for `count` elements; what there is moves, or stays as it is. */
static bool table_resize(struct table *table, uint64_t count) {
    struct budget *budget = table->vm->memory;
    uint64_t more = (count - table->size) * sizeof *table->elements;
    if (!budget_take(budget, more))
        return false;
    uint64_t *elements =
        table->elements
            ? realloc(table->elements, (size_t)count * sizeof *elements)
            : calloc((size_t)count, sizeof *elements);
    if (!elements) {
        budget_give(budget, more);
        return false;
    }
    table->elements = elements;
    table->size = count;
    return true;
}

/* Moving is no matter: nobody keeps the elements' address over an
 * instruction. */
uint64_t table_grow(struct table *table, uint64_t count, uint64_t reference) {
    struct vm *vm = table->vm;
    uint64_t old = table->size;
    uint64_t most = SIZE_MAX / sizeof *table->elements;
    uint64_t left = vm->options.table_elements - vm->table_elements;
    bool declared = count <= table->max - old;
    bool mapped = old <= most && count <= most - old;
    if (!declared || !mapped || count > left)
        return refused(table->type.limits);
    if (count == 0)
        return old;
    if (!bytes_pay(vm, (old + count) * sizeof(uint64_t)))
        return refused(table->type.limits);
    if (!table_resize(table, old + count))
        return refused(table->type.limits);
    vm->table_elements += count;
    /* Large tables then cost nothing until used. */
    bool zeroed = old == 0 && reference == 0;
    for (uint64_t i = old; i < table->size && !zeroed; i++)
        table->elements[i] = reference;
    return old;
}

/* Items have no fixed size, so the first one is found by decoding those before
 * it. */
enum trap table_init(struct instance *instance,
                     struct table *table,
                     uint32_t segment,
                     uint64_t to,
                     uint64_t from,
                     uint64_t count) {
    const struct element_segment *elements =
        &instance->module->elements[segment];
    bool dropped = instance->dropped_elements[segment];
    uint64_t available = dropped ? 0 : elements->count;
    if (!is_within(to, count, table->size) ||
        !is_within(from, count, available)) {
        return TRAP_TABLE_BOUNDS;
    }
    struct error unused = ERROR_INIT; /* the segment was validated */
    struct reader items = reader_init(elements->items, &unused);
    struct meter *meter = &instance->vm->meter;
    for (uint64_t i = 0; i < from + count; i++) {
        if (!meter_step(meter, 1))
            return meter_reason(meter);

        uint64_t reference;
        if (elements->expressions) {
            constant_next(instance, &items, &reference);
        } else {
            uint32_t function = reader_u32(&items);
            reference = (uintptr_t)instance->functions[function];
        }
        if (i >= from)
            table->elements[to + i - from] = reference;
    }
    return TRAP_NONE;
}

static bool goes(const struct instance *owner) {
    return owner && owner->going;
}

void memories_free(struct vm *vm, bool all) {
    for (struct memory **link = &vm->memories; *link;) {
        struct memory *memory = *link;
        if (all || goes(memory->owner)) {
            *link = memory->next;
            memory_free(memory);
        } else {
            link = &memory->next;
        }
    }
    for (struct table **link = &vm->tables; *link;) {
        struct table *table = *link;
        if (all || goes(table->owner)) {
            *link = table->next;
            table_free(table);
        } else {
            link = &table->next;
        }
    }
}
