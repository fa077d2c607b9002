/* Operations on whole memories and tables (the bulk-memory proposal, spec 4.4.6
 * and 4.4.7), and what their immediates name.
 *
 * They check everything before they write anything, and an empty range may begin
 * at the end, not behind it. What copies segments, memory_init and table_init, is
 * in the core (memory.c), which needs it to make an instance. */
#include "vm/bulk/bulk.h"

#include "vm/emit.h"
#include "vm/validator.h"

#include <string.h>

/* ---- memories and tables ---- */

/* Bytes that are moved without a look at the clock, however often: units pay
 * for them, which run out after thirty times as many. */
enum { BRIEF_BYTES = 1 << 14 };

/* More than all there is is out of bounds. */
static enum trap charge(const struct memory *memory, uint64_t size) {
    uint64_t units = least(size, memory->size) >> 8;
    return meter_charge_size(&memory->vm->meter, (int64_t)units);
}

/* In pieces, so that a long one ends with the time limit. It is then half done,
 * which no guest can see: its time is up. */
static enum trap
fill_pieces(struct memory *memory, uint64_t at, uint8_t value, uint64_t size) {
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

enum trap
memory_fill(struct memory *memory, uint64_t at, uint8_t value, uint64_t size) {
    enum trap trap = charge(memory, size);
    if (trap)
        return trap;
    if (!is_within(at, size, memory->size))
        return TRAP_MEMORY_BOUNDS;
    if (size > BRIEF_BYTES)
        return fill_pieces(memory, at, value, size);
    memset(memory->data + at, value, size);
    return TRAP_NONE;
}

static enum trap copy_pieces(struct vm *vm,
                             uint8_t *target,
                             const uint8_t *source,
                             uint64_t size,
                             bool backwards) {
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

/* Backwards, where pieces would overwrite what is still to be copied. */
enum trap memory_copy(struct memory *to_memory,
                      const struct memory *from_memory,
                      uint64_t to,
                      uint64_t from,
                      uint64_t size) {
    enum trap trap = charge(to_memory, size);
    if (trap)
        return trap;
    if (!is_within(to, size, to_memory->size) ||
        !is_within(from, size, from_memory->size)) {
        return TRAP_MEMORY_BOUNDS;
    }
    uint8_t *target = to_memory->data + to;
    const uint8_t *source = from_memory->data + from;
    if (size > BRIEF_BYTES)
        return copy_pieces(to_memory->vm, target, source, size, to > from);
    memmove(target, source, size);
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

/* ---- translation ---- */

/* Where a size or a byte is: in 16 bits of the cell, or in a slot. */
static bool fits_cell(const struct operand *x) {
    return x->place == IS_CONSTANT && x->from.constant <= UINT16_MAX;
}

static uint16_t field_of(struct translator *t, struct operand *x) {
    if (fits_cell(x))
        return (uint16_t)x->from.constant;
    need_slot(t, x);
    return x->slot;
}

static void translate_fill(struct translator *t,
                           struct operand to,
                           struct operand value,
                           struct operand size) {
    static const uint16_t ops[2][2] = {{OP_memory_fill_ss, OP_memory_fill_si},
                                       {OP_memory_fill_is, OP_memory_fill_ii}};
    unsigned op = ops[fits_cell(&value)][fits_cell(&size)];
    need_slot(t, &to);
    uint16_t a = field_of(t, &value), b = field_of(t, &size);
    struct cell *cell = emit(t, op);
    cell->d = to.slot;
    cell->a = a;
    cell->tail.slots.b = b;
}

static void translate_copy(struct translator *t,
                           struct operand to,
                           struct operand from,
                           struct operand size) {
    unsigned op = fits_cell(&size) ? OP_memory_copy_i : OP_memory_copy_s;
    need_slot(t, &to);
    need_slot(t, &from);
    uint16_t b = field_of(t, &size);
    struct cell *cell = emit(t, op);
    cell->d = to.slot;
    cell->a = from.slot;
    cell->tail.slots.b = b;
}

bool bulk_near(struct validator *v, const struct immediate *immediate) {
    bool fills = v->row->opcode == WASM_memory_fill;
    bool copies = v->row->opcode == WASM_memory_copy;
    bool other = immediate->first > 0 || immediate->second > 0;
    if (!(fills || copies) || other || !v->module->has_near_memory)
        return false;
    struct operand size = pop(v, VM_I32);
    struct operand from = pop(v, VM_I32);
    struct operand to = pop(v, VM_I32);
    if (v->t.dead)
        return true;
    if (fills) {
        translate_fill(&v->t, to, from, size);
    } else {
        translate_copy(&v->t, to, from, size);
    }
    count_charged(&v->t);
    return true;
}
