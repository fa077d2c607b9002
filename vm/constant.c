/* Constant expressions (spec 3.3.10): initial values of globals, offsets and
 * items of segments.
 *
 * They are too short to be worth translating, so one loop over their bytes
 * serves both ends: at load it runs on types and validates (constant_read), at
 * instantiation it runs on values, which the first run has made safe
 * (constant_next). Besides constants, references and imported globals it knows
 * what came later: add, sub and mul of integers (the extended-const proposal),
 * as linkers emit them for position-independent code, and globals of the module
 * itself that stand before.
 *
 *     23 00    global.get 0    types i32         values 1024, say
 *     41 10    i32.const 16    types i32, i32    values 1024, 16
 *     6A       i32.add         types i32         values 1040
 *     0B       end */
#include "vm/module.h"
#include "vm/opcodes.h"
#include "vm/store.h"

#include <string.h>

/* The operand stack of either run: types[i] is known in the first, values[i] in
 * the second. */
struct operands {
    uint8_t types[LIMIT_CONSTANT_DEPTH];
    /* The second word is of a v128 only. */
    uint64_t values[LIMIT_CONSTANT_DEPTH][2];
    uint32_t count;
};

/* The depth is limited, so that the stack is an array on C's. */
static void push(struct operands *stack,
                 struct reader *reader,
                 uint8_t type,
                 uint64_t value) {
    if (stack->count == LIMIT_CONSTANT_DEPTH) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "limit: a constant expression deeper than %d",
                    LIMIT_CONSTANT_DEPTH);
        return;
    }
    stack->types[stack->count] = type;
    stack->values[stack->count++][0] = value;
}

/* Push two words, which the first run does not need to know. */
static void
push_v128(struct operands *stack, struct reader *reader, const void *bytes) {
    push(stack, reader, VM_V128, 0);
    if (reader_ok(reader) && bytes)
        memcpy(stack->values[stack->count - 1], bytes, 16);
}

/* In 64 bits; of an i32 the low half is right. */
static uint64_t computed(uint32_t opcode, uint64_t x, uint64_t y) {
    switch (opcode) {
    case WASM_i32_add:
    case WASM_i64_add: return x + y;
    case WASM_i32_sub:
    case WASM_i64_sub: return x - y;
    default: return x * y; /* the muls */
    }
}

/* Two operands of `type` become one. The values of the first run are zeros:
 * nothing comes of them. */
static void arithmetic(struct operands *stack,
                       struct reader *reader,
                       uint32_t opcode,
                       uint8_t type) {
    uint32_t n = stack->count;
    bool fits =
        n >= 2 && stack->types[n - 1] == type && stack->types[n - 2] == type;
    if (!fits) {
        reader_fail(
            reader, ERROR_INVALID, "type mismatch in a constant expression");
        return;
    }

    uint64_t x = stack->values[n - 2][0];
    uint64_t y = stack->values[n - 1][0];
    uint64_t value = computed(opcode, x, y);
    stack->values[n - 2][0] = type == VM_I32 ? (uint32_t)value : value;
    stack->count--;
}

/* The global has its value by now: it is imported, or stands before in the
 * module, which makes its globals in order. `global_count` is how many there
 * are before. */
static void global_get(struct module *module,
                       const struct instance *instance,
                       struct reader *reader,
                       struct operands *stack,
                       uint32_t index) {
    if (index >= module->global_count) {
        reader_fail(reader, ERROR_INVALID, "unknown global %u", index);
    } else if (module->globals[index].mutable) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "constant expression required: global %u is mutable",
                    index);
    } else if (module->globals[index].type == VM_V128) {
        push_v128(stack, reader, instance ? instance->globals[index] : NULL);
    } else {
        push(stack,
             reader,
             module->globals[index].type,
             instance ? *instance->globals[index] : 0);
    }
}

/* To name a function here is what allows ref.func in bodies (spec 3.4.10,
 * C.refs). */
static void ref_func(struct module *module,
                     const struct instance *instance,
                     struct reader *reader,
                     struct operands *stack,
                     uint32_t index) {
    if (index >= module->function_count) {
        reader_fail(reader, ERROR_INVALID, "unknown function %u", index);
        return;
    }
    module_reference(module, index);
    push(stack,
         reader,
         VM_FUNCREF,
         instance ? (uintptr_t)instance->functions[index] : 0);
}

/* One instruction; false at `end`. `instance` is NULL in the first run. */
static bool step(struct module *module,
                 const struct instance *instance,
                 struct reader *reader,
                 struct operands *stack) {
    if (!meter_step(&module->vm->meter, 1)) {
        reader_time_out(module, reader);
        return false;
    }
    const struct instruction *row = instruction_read(reader);
    if (!row)
        return false;
    struct immediate immediate =
        immediate_read(reader, (enum immediates)row->immediates);
    if (!reader_ok(reader))
        return false;
    if (row->immediates == IMMEDIATE_V128) {
        push_v128(stack, reader, immediate.bytes);
        return reader_ok(reader);
    }
    switch (row->opcode) {
    case WASM_end: return false;
    case WASM_i32_const: push(stack, reader, VM_I32, immediate.bits); break;
    case WASM_i64_const: push(stack, reader, VM_I64, immediate.bits); break;
    case WASM_f32_const: push(stack, reader, VM_F32, immediate.bits); break;
    case WASM_f64_const: push(stack, reader, VM_F64, immediate.bits); break;
    case WASM_ref_null: push(stack, reader, immediate.type, 0); break;
    case WASM_ref_func:
        ref_func(module, instance, reader, stack, immediate.first);
        break;
    case WASM_global_get:
        global_get(module, instance, reader, stack, immediate.first);
        break;
    case WASM_i32_add:
    case WASM_i32_sub:
    case WASM_i32_mul:
    case WASM_i64_add:
    case WASM_i64_sub:
    case WASM_i64_mul:
        arithmetic(stack, reader, row->opcode, row->operand);
        break;
    default:
        reader_fail(reader,
                    ERROR_INVALID,
                    "constant expression required: %s",
                    row->mnemonic);
    }
    return reader_ok(reader);
}

struct slice
constant_read(struct module *module, struct reader *reader, uint8_t type) {
    size_t start = reader->position;
    struct operands stack = {.count = 0};
    while (step(module, NULL, reader, &stack)) {
    }
    if (reader_ok(reader) && (stack.count != 1 || stack.types[0] != type)) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "type mismatch: a constant expression of type %s is wanted",
                    vm_type_name((enum vm_type)type));
    }
    return (struct slice){reader->bytes + start, reader->position - start};
}

/* The time may be up in the middle: the value is then 0, which every type
 * has. */
void constant_next(const struct instance *instance,
                   struct reader *reader,
                   uint64_t *value) {
    struct operands stack = {.count = 0};
    while (step(instance->module, instance, reader, &stack)) {
    }
    if (reader_ok(reader)) {
        memcpy(
            value, stack.values[0], type_slots(stack.types[0]) * sizeof *value);
    } else {
        *value = 0;
    }
}

void constant_evaluate(const struct instance *instance,
                       struct slice expression,
                       uint64_t *value) {
    struct error unused = ERROR_INIT; /* the expression was validated */
    struct reader reader = reader_init(expression, &unused);
    constant_next(instance, &reader, value);
}
