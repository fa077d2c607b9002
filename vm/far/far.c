/* Accesses to memories that are not near: all but the first, and the first if its
 * addresses have 64 bits (the memory64 and multi-memory proposals).
 *
 * The interpreter has the base of the near memory at hand. For any other there is
 * one form of each access, which fetches base and size first: the address is in
 * slot a, imm is the index of the memory, and the offset, of up to 64 bits, is in
 * the data cell. Memories of that kind are declared, grown and copied by the core
 * and vm/bulk as all are. */
#include "vm/emit.h"
#include "vm/validator.h"

/* The operation of a row that accesses memory. */
static enum op far_of(const struct instruction *row) {
    switch (row->opcode) {
#define CASE(code, name)                                                       \
    case code:                                                                 \
        return OP_##name##_far;
#define CASE_LANE(code, name)
#define CASE_SHUFFLE(code, name)
#define CASE_V128(code, name)
#define CASE_MEMARG      CASE
#define CASE_MEMARG_LANE CASE
#define ROW(...)
#define LOAD(code, name, ...)  CASE(code, name)
#define STORE(code, name, ...) CASE(code, name)
#define VECTOR_IMMEDIATE(code, name, mnemonic, feature, immediates, ...)       \
    CASE_##immediates(code, name)
#include "vm/opcodes.def"
    default: return OP_COUNT; /* no other row */
    }
}

void translate_far(struct translator *t,
                   const struct instruction *row,
                   struct operand address,
                   struct operand value,
                   const struct immediate *memarg) {
    need_slot(t, &address);
    need_slot(t, &value);
    struct cell *cell = emit(t, far_of(row));
    cell->a = address.slot;
    cell->d = value.slot;
    cell->tail.imm = (int32_t)memarg->second;
    uint8_t result = result_of(row);
    if (result)
        push_result(t, cell, result, accumulator(result));
    struct cell *data = emit_data(t);
    data->head.wide = memarg->bits;
    data->a = value.slot;
    data->d = memarg->lane;
}

/* A load or store whose memory is not the near one; it may have addresses of 64
 * bits. */
void far_access(struct validator *v, const struct immediate *memarg) {
    const struct instruction *row = v->row;
    uint8_t type = VM_I32;
    bool named = memory_named(v, memarg->second, &type);
    if (!named || !check_access(v, memarg, type))
        return;

    struct operand value = {0};
    if (row->shape == SHAPE_STORE)
        value = pop(v, row->operand);
    struct operand address = pop(v, type);
    translate_far(&v->t, row, address, value, memarg);
}
