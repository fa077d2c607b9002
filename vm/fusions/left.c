/* Constants on the left of what has an order: 1 << x, or 1 / x.
 *
 *     i32.const 1                      const_u32    d=t0          imm=1
 *     local.get 0, i32.shl             i32_shl_ss   d=t0 a=t0     b=local0
 *
 *     with left.def                    i32_shl_is   d=t0 a=local0 imm=1 */
#include "vm/fusions/fusions.h"

enum op fuse_left(const struct translator *t, const struct instruction *row) {
    static const uint16_t ops[START_FC] = {
#define LEFT(name, ...) [WASM_##name] = OP_##name##_is,
#include "vm/fusions/left.def"
    };
    uint16_t op = ops[row->opcode];
    return op == 0 || t->plain ? OP_COUNT : (enum op)op;
}
