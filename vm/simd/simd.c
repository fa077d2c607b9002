/* Vector instructions: validation, and translation to one operation each, whose
 * cell handlers.def describes.
 *
 * They have no forms and no part in fusions, since a vector has no accumulator.
 * Operands that an instruction does not have are in slot 0, which its handler
 * does not read. */
#include "vm/emit.h"
#include "vm/rings.h"
#include "vm/validator.h"

#include <string.h>

enum op vector_op(enum op op) {
    switch (op) {
    case OP_move: return OP_move_v128;
    case OP_select_s: return OP_select_v128;
    case OP_global_get: return OP_global_get_v128;
    default: return OP_global_set_v128;
    }
}

/* ---- translation ---- */

static void translate_vector(struct translator *t,
                             const struct instruction *row,
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

/* ---- validation ---- */

/* The lane that an instruction names is there. */
static bool check_lane(struct validator *v, uint8_t lane) {
    return lane < 16u / v->row->bytes || invalid(v, "invalid lane index");
}

/* A shuffle chooses from two vectors. */
static bool check_shuffle(struct validator *v, const uint8_t *lanes) {
    bool valid = true;
    for (int i = 0; i < 16; i++)
        valid = valid && lanes[i] < 32;
    return valid || invalid(v, "invalid lane index");
}

/* The immediates of the rows. */
enum described_here {
#define VECTOR(code, name, ...) IS_##name = IMMEDIATE_NONE,
#define VECTOR_IMMEDIATE(code, name, mnemonic, feature, immediates, ...)       \
    IS_##name = IMMEDIATE_##immediates,
#define VECTOR_LIKE VECTOR
#include "vm/simd/rows.def"
#undef VECTOR
#undef VECTOR_IMMEDIATE
#undef VECTOR_LIKE
};

/* What the immediates name is there; of a memory, `types` has the addresses. */
static bool check_immediate(struct validator *v,
                            const struct immediate *immediate,
                            struct varying *types) {
    bool accesses = accesses_memory(v->row);
    if (accesses && (!memory_named(v, immediate->second, &types->first) ||
                     !check_access(v, immediate, types->first))) {
        return false;
    }
    switch ((enum described_here)v->row->immediates) {
    case IMMEDIATE_NONE:
    case IMMEDIATE_V128:
    case IMMEDIATE_MEMARG: return true;
    case IMMEDIATE_MEMARG_LANE:
    case IMMEDIATE_LANE: return check_lane(v, immediate->lane);
    case IMMEDIATE_SHUFFLE: return check_shuffle(v, immediate->bytes);
    }
    return true;
}

/* A memory access among them may be far, as those of SHAPE_LOAD and
 * SHAPE_STORE. */
void vector(struct validator *v, const struct immediate *immediate) {
    const struct instruction *row = v->row;
    struct varying types = {0};
    if (!check_immediate(v, immediate, &types))
        return;
    struct signature s = signature_of(row, types);
    struct operand operands[VECTOR_OPERANDS] = {0};
    for (uint32_t i = s.params; i-- > 0;)
        operands[i] = pop(v, s.types[i]);
    if (accesses_memory(row) && is_far(v, immediate)) {
        translate_far(&v->t, row, operands[0], operands[1], immediate);
    } else {
        translate_vector(&v->t, row, operands, immediate);
    }
}
