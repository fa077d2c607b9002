/* The instruction table and the one reader of immediates (spec 5.4).
 *
 * opcodes.def is included with macros that make of each of its rows an entry of
 * the array `instructions`. What it says of i32.add becomes
 *
 *     [0x6A] = {.code = 0x6A, .mnemonic = "i32.add", .feature = VM_MVP,
 *               .shape = SHAPE_BINARY, .op = OP_i32_add_ss, .operand = VM_I32,
 *               .result = VM_I32, .swapped = WASM_i32_add},
 *
 * and whoever reads code finds the entry by the opcode, then reads the
 * immediates it asks for:
 *
 *     6A                 i32.add
 *     28 02 08           i32.load align=4 offset=8     MEMARG: 2 (for 1 << 2), 8
 *     28 42 01 08        the same of memory 1          2 + 0x40: a memory's index follows
 *     FC 0A 00 00        memory.copy                   row 0xFC00A; MEMORY_MEMORY: 0, 0
 *     FD 8E 01           i16x8.add                     row 0xFD08E, for 8E 01 is 0x8E in LEB128
 *
 * Codes without a row are zeroes in the array, which is SHAPE_ILLEGAL. */
#include "vm/opcodes.h"

#include "vm/cell.h"
#include "vm/types.h"
#include "vm/unsupported.h"

enum { PREFIX_FC = 0xFC, PREFIX_FD = 0xFD };

#define PREFIX(code) ((code) >> 12)
#define NUMBER(code) ((code)&0xFFF)
#define INDEX(code)                                                            \
    (NUMBER(code) + START_FC * (PREFIX(code) == PREFIX_FC) +                   \
     START_FD * (PREFIX(code) == PREFIX_FD))

#define IS_PREFIX(byte) ((byte) == PREFIX_FC || (byte) == PREFIX_FD)
#define IS_AMONG(code, prefix, start, end)                                     \
    (PREFIX(code) == (prefix) && NUMBER(code) < (end) - (start))
#define HAS_PLACE(code)                                                        \
    ((IS_AMONG(code, 0, 0, START_FC) && !IS_PREFIX(code)) ||                   \
     IS_AMONG(code, PREFIX_FC, START_FC, START_FD) ||                          \
     IS_AMONG(code, PREFIX_FD, START_FD, INSTRUCTION_ROWS))

/* What a row says must fit where it is kept. */
#define PLACED(code, name)                                                     \
    _Static_assert(HAS_PLACE(code), #name ": INSTRUCTION_ROWS has no such");
#define SWAPPED(name, other)                                                   \
    _Static_assert(WASM_##other <= UINT8_MAX, #name ": `swapped` is a byte");
#define SIGNED(name, types)                                                    \
    _Static_assert(sizeof types - sizeof ":" <= SIGNATURE_TYPES,               \
                   #name ": more than SIGNATURE_TYPES");
#define NAMED(code, name, mnemonic)                                            \
    PLACED(code, name)                                                         \
    _Static_assert(sizeof mnemonic <= MNEMONIC_SIZE, #name ": too long");
#define ROW(code, name, mnemonic, ...) NAMED(code, name, mnemonic)
#define BINARY(code, name, mnemonic, feature, type, other, ...)                \
    NAMED(code, name, mnemonic) SWAPPED(name, other)
#define COMPARE BINARY
#define WINDOW(code, name, mnemonic, feature, immediate, types)                \
    NAMED(code, name, mnemonic) SIGNED(name, types)
#define VECTOR(code, name, mnemonic, feature, types, ...)                      \
    NAMED(code, name, mnemonic) SIGNED(name, types)
#define VECTOR_IMMEDIATE(                                                      \
    code, name, mnemonic, feature, immediate, size, types, ...)                \
    NAMED(code, name, mnemonic) SIGNED(name, types)
#define VECTOR_LIKE VECTOR
#include "vm/opcodes.def"

_Static_assert(OP_COUNT <= UINT16_MAX, "struct instruction has 16 bits for it");

/* clang-format off: it folds the rows into one another */
const struct instruction instructions[INSTRUCTION_ROWS] = {
/* `op` is the form of two slots (or one); the translator adds the form it has
 * chosen (cell.h). */
#define ENTRY(code_, mnemonic_, feature_, shape_, ...)                         \
    [INDEX(code_)] = {.opcode = code_,                                         \
                      .mnemonic = mnemonic_,                                   \
                      .shape = SHAPE_##shape_,                                 \
                      .feature = VM_##feature_,                                \
                      __VA_ARGS__},
#define UNARY(code, name, mnemonic, feature, from, to, trap, expression)       \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          UNARY,                                                               \
          .op = OP_##name##_s,                                                 \
          .operand = VM_##from,                                                \
          .result = VM_##to)
#define BINARY(code, name, mnemonic, feature, type, other, trap, expression)   \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          BINARY,                                                              \
          .op = OP_##name##_ss,                                                \
          .operand = VM_##type,                                                \
          .result = VM_##type,                                                 \
          .swapped = WASM_##other)
#define COMPARE(                                                               \
    code, name, mnemonic, feature, type, other, opposite, expression)          \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          COMPARE,                                                             \
          .op = OP_##name##_ss,                                                \
          .operand = VM_##type,                                                \
          .result = VM_I32,                                                    \
          .swapped = WASM_##other,                                             \
          .negated = WASM_##opposite)
#define LOAD(code, name, mnemonic, feature, type, memory, expression)          \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          LOAD,                                                                \
          .op = OP_##name##_s,                                                 \
          .immediates = IMMEDIATE_MEMARG,                                      \
          .operand = VM_I32,                                                   \
          .result = VM_##type,                                                 \
          .bytes = sizeof(memory))
#define STORE(code, name, mnemonic, feature, type, memory, expression)         \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          STORE,                                                               \
          .op = OP_##name##_ss,                                                \
          .immediates = IMMEDIATE_MEMARG,                                      \
          .operand = VM_##type,                                                \
          .bytes = sizeof(memory))
#define WINDOW(code, name, mnemonic, feature, immediate, types)                \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          WINDOW,                                                              \
          .op = OP_##name,                                                     \
          .immediates = IMMEDIATE_##immediate,                                 \
          .signature = types)
#define LOCAL(code, name, mnemonic, feature)                                   \
    ENTRY(code, mnemonic, feature, LOCAL, .immediates = IMMEDIATE_LOCAL)
#define CONST(code, name, mnemonic, feature, type)                             \
    ENTRY(code, mnemonic, feature, CONST_##type, .immediates = IMMEDIATE_##type)
#define OTHER(code, name, mnemonic, feature, immediate)                        \
    ENTRY(code, mnemonic, feature, OTHER, .immediates = IMMEDIATE_##immediate)
#define ADDED(code, name, mnemonic, feature, immediate)                        \
    ENTRY(code, mnemonic, feature, ADDED, .immediates = IMMEDIATE_##immediate)
#define VECTOR(code, name, mnemonic, feature, types, computation)              \
    ENTRY(code, mnemonic, feature, VECTOR, .op = OP_##name, .signature = types)
#define VECTOR_IMMEDIATE(                                                      \
    code, name, mnemonic, feature, immediate, size, types, computation)        \
    ENTRY(code,                                                                \
          mnemonic,                                                            \
          feature,                                                             \
          VECTOR,                                                              \
          .op = OP_##name,                                                     \
          .signature = types,                                                  \
          .immediates = IMMEDIATE_##immediate,                                 \
          .bytes = size)
#define VECTOR_LIKE(code, name, mnemonic, feature, types, other)               \
    ENTRY(code, mnemonic, feature, VECTOR, .op = OP_##other, .signature = types)
#include "vm/opcodes.def"
};
/* clang-format on */

/* The row of the number behind a prefix; that of the prefix, which is illegal,
 * if there is none. The number is a guest's: it must be bounded before it is an
 * index. */
static const struct instruction *prefixed(uint32_t prefix, uint32_t number) {
    uint32_t start = prefix == PREFIX_FC ? START_FC : START_FD;
    uint32_t end = prefix == PREFIX_FC ? START_FD : INSTRUCTION_ROWS;
    bool there = number < end - start;
    return &instructions[there ? start + number : prefix];
}

const struct instruction *instruction_at(uint32_t opcode) {
    if (opcode < START_FC)
        return &instructions[opcode];
    return prefixed(PREFIX(opcode), NUMBER(opcode));
}

/* A code that has no row of its own: a prefix, or illegal. The error is where
 * the opcode begins. */
const struct instruction *instruction_read_rare(struct reader *reader,
                                                uint8_t code) {
    size_t start = reader->position - 1;
    const struct instruction *row = &instructions[code];
    uint32_t whole = code;
    if (IS_PREFIX(code)) {
        uint32_t number = reader_u32(reader);
        row = prefixed(code, number);
        if (number <= 0xFFF)
            whole = (uint32_t)code << 12 | number;
    }
    if (!reader_ok(reader))
        return NULL;
    if (row->shape == SHAPE_ILLEGAL) {
        if (unsupported(reader, PLACE_OPCODE, whole, start))
            return NULL;
        reader->position = start;
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "illegal opcode 0x%02X",
                    reader->bytes[start]);
        return NULL;
    }
    return row;
}

static uint8_t type_of(char letter, const struct varying *varying) {
    switch (letter) {
    case 't': return varying->element;
    case 'a': return varying->first;
    case 'b': return varying->second;
    case 'n':
        return varying->first == varying->second ? varying->first : VM_I32;
    default: return type_of_letter(letter);
    }
}

/* "abn:" of memory.copy is two addresses, a number and no result. */
struct signature signature_of(const struct instruction *row,
                              struct varying varying) {
    struct signature signature = {.params = 0};
    uint32_t *count = &signature.params;
    for (const char *c = row->signature; *c; c++) {
        if (*c == ':') {
            count = &signature.results;
            continue;
        }
        signature.types[signature.params + signature.results] =
            type_of(*c, &varying);
        *count += 1;
    }
    return signature;
}

/* Good for all that loads and computes: no result of theirs depends on a memory
 * or table. */
uint8_t result_of(const struct instruction *row) {
    if (row->signature[0] == '\0')
        return row->result;
    struct signature s = signature_of(row, (struct varying){0});
    return s.results ? s.types[s.params] : 0;
}

bool accesses_memory(const struct instruction *row) {
    return row->immediates == IMMEDIATE_MEMARG ||
           row->immediates == IMMEDIATE_MEMARG_LANE;
}

uint8_t value_type_read(struct reader *reader) {
    size_t start = reader->position;
    uint8_t type = reader_u8(reader);
    if (!reader_ok(reader) || is_value_type(type))
        return type;
    if (!unsupported(reader, PLACE_TYPE, type, start)) {
        reader_fail(
            reader, ERROR_MALFORMED, "malformed value type 0x%02X", type);
    }
    return type;
}

uint8_t reference_type_read(struct reader *reader) {
    size_t start = reader->position;
    uint8_t type = reader_u8(reader);
    if (!reader_ok(reader) || is_reference_type(type))
        return type;
    if (!unsupported(reader, PLACE_TYPE, type, start)) {
        reader_fail(
            reader, ERROR_MALFORMED, "malformed reference type 0x%02X", type);
    }
    return type;
}

/* Either 40 for no results, or the byte of a value type for one, or the index
 * of a function type as s33: a number below 0 has one byte, although an index
 * may have more than it needs. */
static int64_t block_type_read(struct reader *reader) {
    size_t start = reader->position;
    int64_t code = reader_s33(reader);
    if (code >= 0)
        return code;
    bool single = reader->position == start + 1;
    uint8_t type = reader->bytes[start];
    if (single && (code == EMPTY_BLOCK || is_value_type(type)))
        return code;
    if (!single || !unsupported(reader, PLACE_TYPE, type, start)) {
        reader_fail(reader, ERROR_MALFORMED, "malformed block type");
    }
    return code;
}

enum { HAS_INDEX = 1 << 6, MEMARG_FLAGS = 2 * HAS_INDEX };

/* The rest of a memarg whose flags are no alignment alone: a memory's index
 * follows. An alignment of 2^63 is well-formed, although no access has it. */
static struct immediate far_memarg_read(struct reader *reader, uint32_t flags) {
    struct immediate immediate = {.first = flags % HAS_INDEX};
    if (flags >= MEMARG_FLAGS)
        reader_fail(reader, ERROR_MALFORMED, "malformed memop flags");
    immediate.second = reader_u32(reader);
    immediate.bits = reader_u64(reader);
    return immediate;
}

static void skip_types(struct reader *reader, struct immediate *immediate) {
    immediate->first = reader_count(reader, UINT32_MAX, "types");
    for (uint32_t i = 0; i < immediate->first && reader_ok(reader); i++) {
        uint8_t type = value_type_read(reader);
        if (i == 0)
            immediate->type = type;
    }
}

struct immediate memarg_read(struct reader *reader) {
    uint32_t flags = reader_u32(reader);
    if (flags >= HAS_INDEX)
        return far_memarg_read(reader, flags);
    return (struct immediate){.first = flags, .bits = reader_u64(reader)};
}

/* Of what a count announces (labels, catch clauses) only the count is read: it
 * may be long, and is read by those who know what to do with each. If the
 * reader fails, nothing that is returned may be used: `bytes` would point to
 * fewer than sixteen. */
struct immediate immediate_read(struct reader *reader, enum immediates kind) {
    struct immediate immediate = {0};
    switch (kind) {
    case IMMEDIATE_NONE: break;
    case IMMEDIATE_BLOCK: immediate.block = block_type_read(reader); break;
    case IMMEDIATE_LABELS:
        immediate.first =
            reader_count(reader, LIMIT_BR_TABLE, "br_table targets");
        break;
    case IMMEDIATE_LABEL:
    case IMMEDIATE_FUNCTION:
    case IMMEDIATE_LOCAL:
    case IMMEDIATE_GLOBAL:
    case IMMEDIATE_TABLE:
    case IMMEDIATE_ELEMENT:
    case IMMEDIATE_TAG:
    case IMMEDIATE_MEMORY:
    case IMMEDIATE_DATA: immediate.first = reader_u32(reader); break;
    case IMMEDIATE_CATCHES:
        immediate.block = block_type_read(reader);
        immediate.first = reader_count(reader, UINT32_MAX, "catch clauses");
        break;
    case IMMEDIATE_TYPE_TABLE:
    case IMMEDIATE_TABLE_TABLE:
    case IMMEDIATE_ELEMENT_TABLE:
    case IMMEDIATE_MEMORY_MEMORY:
    case IMMEDIATE_DATA_MEMORY:
        immediate.first = reader_u32(reader);
        immediate.second = reader_u32(reader);
        break;
    case IMMEDIATE_MEMARG: return memarg_read(reader);
    case IMMEDIATE_MEMARG_LANE:
        immediate = memarg_read(reader);
        immediate.lane = reader_u8(reader);
        break;
    case IMMEDIATE_LANE: immediate.lane = reader_u8(reader); break;
    case IMMEDIATE_SHUFFLE:
    case IMMEDIATE_V128: immediate.bytes = reader_bytes(reader, 16).data; break;
    case IMMEDIATE_I32: immediate.bits = (uint32_t)reader_s32(reader); break;
    case IMMEDIATE_I64: immediate.bits = (uint64_t)reader_s64(reader); break;
    case IMMEDIATE_F32: immediate.bits = reader_fixed(reader, 4); break;
    case IMMEDIATE_F64: immediate.bits = reader_fixed(reader, 8); break;
    case IMMEDIATE_REFERENCE:
        if (!reader_at_end(reader)) {
            unsupported(reader,
                        PLACE_HEAP,
                        reader->bytes[reader->position],
                        reader->position);
        }
        immediate.type = reference_type_read(reader);
        break;
    case IMMEDIATE_TYPES: skip_types(reader, &immediate); break;
    }
    return immediate;
}
