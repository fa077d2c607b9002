/* Translating vector instructions: one operation each, whose cell handlers.def
 * describes.
 *
 * They have no forms and no part in fusions, since a vector has no accumulator.
 * Operands that an instruction does not have are in slot 0, which its handler
 * does not read. */
#include "vm/emit.h"

#include <string.h>

void translate_vector(struct translator *t, const struct instruction *row,
                      struct operand operands[VECTOR_OPERANDS],
                      const struct immediate *immediate) {
    for (int i = 0; i < VECTOR_OPERANDS; i++)
        need_slot(t, &operands[i]);
    uint16_t lane = immediate->lane;
    struct cell *cell = emit(t, row->op);
    cell->a = operands[0].slot;
    if (accesses_memory(row)) {
        cell->d = operands[1].slot;
        cell->tail.imm = (int32_t)(uint32_t)immediate->bits;
    } else {
        cell->tail.slots.b = operands[1].slot;
        cell->tail.slots.c =
            row->immediates == IMMEDIATE_LANE ? lane : operands[2].slot;
    }
    uint8_t result = result_of(row);
    if (result)
        push_result(t, cell, result, accumulator(result));
    if (immediate->bytes) { /* sixteen, as a cell has */
        memcpy(emit_data(t), immediate->bytes, sizeof *cell);
    } else if (row->immediates == IMMEDIATE_MEMARG_LANE) {
        struct cell *data = emit_data(t);
        data->a = operands[1].slot;
        data->d = lane;
    }
}
