/* Operations on whole memories and tables (the bulk-memory proposal, spec 4.4.6
 * and 4.4.7), and what their immediates name.
 *
 * They check everything before they write anything, and an empty range may begin
 * at the end, not behind it. What copies segments, memory_init and table_init, is
 * in the core (memory.c), which needs it to make an instance. */
#include "vm/bulk/bulk.h"

#include "vm/rings.h"
#include "vm/validator.h"

#include <string.h>

/* ---- memories and tables ---- */

/* In pieces, so that a long one ends with the time limit. It is then half done,
 * which no guest can see: its time is up. */
enum trap
memory_fill(struct memory *memory, uint64_t at, uint8_t value, uint64_t size) {
    if (!is_within(at, size, memory->size))
        return TRAP_MEMORY_BOUNDS;
    while (size > 0) {
        uint64_t piece = piece_of(size);
        if (!bytes_pay(memory->vm, piece))
            return meter_reason(&memory->vm->meter);
        memset(memory->data + at, value, piece);
        at += piece;
        size -= piece;
    }
    return TRAP_NONE;
}

enum trap memory_copy(struct memory *to_memory,
                      const struct memory *from_memory,
                      uint64_t to,
                      uint64_t from,
                      uint64_t size) {
    if (!is_within(to, size, to_memory->size) ||
        !is_within(from, size, from_memory->size)) {
        return TRAP_MEMORY_BOUNDS;
    }
    struct vm *vm = to_memory->vm;
    uint8_t *target = to_memory->data + to;
    const uint8_t *source = from_memory->data + from;

    /* Or they might overwrite what is still to be copied. */
    bool backwards = to > from;
    for (uint64_t done = 0; done < size;) {
        uint64_t left = size - done;
        uint64_t piece = piece_of(left);
        uint64_t at = backwards ? left - piece : done;
        if (!bytes_pay(vm, piece))
            return meter_reason(&vm->meter);
        memmove(target + at, source + at, piece);
        done += piece;
    }
    return TRAP_NONE;
}

enum trap table_fill(struct table *table,
                     uint64_t at,
                     uint64_t reference,
                     uint64_t count) {
    if (!is_within(at, count, table->size))
        return TRAP_TABLE_BOUNDS;
    for (uint64_t i = 0; i < count; i++)
        table->elements[at + i] = reference;
    return TRAP_NONE;
}

/* Tables are not large enough to look at the clock in between: limits.h. */
enum trap table_copy(struct table *to_table,
                     struct table *from_table,
                     uint64_t to,
                     uint64_t from,
                     uint64_t count) {
    if (!is_within(to, count, to_table->size) ||
        !is_within(from, count, from_table->size)) {
        return TRAP_TABLE_BOUNDS;
    }
    if (count) {
        memmove(to_table->elements + to,
                from_table->elements + from,
                count * sizeof *to_table->elements);
    }
    return TRAP_NONE;
}

/* ---- validation ---- */

/* A table's elements and addresses. */
static bool table_named(struct validator *v,
                        uint32_t index,
                        uint8_t *element,
                        uint8_t *address) {
    const struct module *module = v->module;
    if (!check_index(v, "table", index, module->table_count))
        return false;
    *element = module->tables[index].type;
    *address = module->tables[index].limits.address;
    return true;
}

static bool data_named(struct validator *v, uint32_t index) {
    if (!v->module->has_data_count) { /* spec 5.5.16 */
        return reader_fail(
            &v->reader, ERROR_MALFORMED, "data count section required");
    }
    return check_index(v, "data segment", index, v->module->data_count);
}

/* What the immediates name is there, and `types` are those that depend on it.
 * Which segment is meant is the first index in the format, although the text
 * format writes it last. */
bool bulk_named(struct validator *v,
                const struct immediate *immediate,
                struct varying *types) {
    const struct module *m = v->module;
    uint32_t first = immediate->first;
    uint32_t second = immediate->second;
    uint8_t other;
    switch ((enum described)v->row->immediates) {
    case IMMEDIATE_NONE: break;
    case IMMEDIATE_TABLE:
        return table_named(v, first, &types->element, &types->first);
    case IMMEDIATE_TABLE_TABLE:
        return table_named(v, first, &types->element, &types->first) &&
               table_named(v, second, &other, &types->second) &&
               (types->element == other || mismatch(v, types->element, other));
    case IMMEDIATE_ELEMENT_TABLE:
        if (!table_named(v, second, &types->element, &types->first))
            return false;
        if (!check_index(v, "elem segment", first, m->element_count))
            return false;
        other = m->elements[first].type;
        return types->element == other || mismatch(v, types->element, other);
    case IMMEDIATE_ELEMENT:
        return check_index(v, "elem segment", first, m->element_count);
    case IMMEDIATE_DATA_MEMORY:
        return memory_named(v, second, &types->first) && data_named(v, first);
    case IMMEDIATE_DATA: return data_named(v, first);
    case IMMEDIATE_MEMORY: return memory_named(v, first, &types->first);
    case IMMEDIATE_MEMORY_MEMORY:
        return memory_named(v, second, &types->second) &&
               memory_named(v, first, &types->first);
    }
    return true;
}
