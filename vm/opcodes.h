/* The instruction table as data: what opcodes.def says of each instruction, and
 * its immediates. */
#ifndef HOSTEL_VM_OPCODES_H
#define HOSTEL_VM_OPCODES_H

#include "vm/reader.h"
#include "vm/types.h"

/* WASM_i32_add and so on: the codes of the binary format. */
enum wasm_opcode {
#define ROW(code, name, ...) WASM_##name = code,
#include "vm/opcodes.def"
    WASM_none = 0xFF,
};

/* OTHER_block and so on: the instructions that no row describes. A switch over
 * them must have a case for each, or it does not compile. */
enum by_hand {
#define ROW(...)
#define OTHER(code, name, ...) OTHER_##name = code,
#include "vm/opcodes.def"
};

enum shape {
    SHAPE_ILLEGAL, /* no such instruction */
    SHAPE_UNARY,
    SHAPE_BINARY,
    SHAPE_COMPARE,
    SHAPE_LOAD,
    SHAPE_STORE,
    SHAPE_WINDOW,
    SHAPE_VECTOR,
    SHAPE_LOCAL,
    SHAPE_CONST_I32,
    SHAPE_CONST_I64,
    SHAPE_CONST_F32,
    SHAPE_CONST_F64,
    SHAPE_OTHER,
    SHAPE_ADDED,
};

/* What follows the opcode in the binary format. */
enum immediates {
    IMMEDIATE_NONE,
    IMMEDIATE_BLOCK, /* a block type */
    IMMEDIATE_LABEL,
    /* The count only: the labels themselves are left to the caller. */
    IMMEDIATE_LABELS,
    IMMEDIATE_FUNCTION,
    IMMEDIATE_TYPE_TABLE,
    IMMEDIATE_LOCAL,
    IMMEDIATE_GLOBAL,
    IMMEDIATE_TABLE,
    IMMEDIATE_TABLE_TABLE,
    IMMEDIATE_ELEMENT,
    IMMEDIATE_ELEMENT_TABLE,
    IMMEDIATE_MEMARG, /* alignment as a power of two, memory, offset */
    IMMEDIATE_MEMORY,
    IMMEDIATE_MEMORY_MEMORY,
    IMMEDIATE_DATA,
    IMMEDIATE_DATA_MEMORY,
    IMMEDIATE_I32,
    IMMEDIATE_I64,
    IMMEDIATE_F32,
    IMMEDIATE_F64,
    IMMEDIATE_REFERENCE, /* a reference type */
    IMMEDIATE_TYPES,     /* a vector of value types */
    IMMEDIATE_TAG,
    /* A block type and a count: the clauses are left to the caller. */
    IMMEDIATE_CATCHES,
    IMMEDIATE_LANE,
    IMMEDIATE_MEMARG_LANE,
    IMMEDIATE_SHUFFLE, /* sixteen lanes */
    IMMEDIATE_V128,
};

/* The immediates of rows with a window: a switch over them must have a case for
 * each kind that a row has. */
enum described {
    DESCRIBED_nothing = IMMEDIATE_NONE,
#define ROW(...)
#define WINDOW(code, name, mnemonic, feature, immediates, ...)                 \
    DESCRIBED_##name = IMMEDIATE_##immediates,
#include "vm/opcodes.def"
};

/* The block type without parameters and results (0x40 as s33). */
enum { EMPTY_BLOCK = -64 };

struct immediate {
    uint32_t first;  /* an index, the first of two, a count, or an alignment */
    uint32_t second; /* the second index, or the memory of a memarg */
    uint64_t bits;   /* a constant (i32 and f32 zero-extended) or an offset */
    int64_t block;   /* a block type as s33: an index, or a negative code */
    uint8_t type;    /* a reference type, or the first of TYPES */
    uint8_t lane;
    const uint8_t *bytes; /* in the module: a v128, or the lanes of a shuffle */
};

/* What there is room for: in a row, in a signature, and of operands of a vector
 * instruction. */
enum { MNEMONIC_SIZE = 40, SIGNATURE_TYPES = 8, VECTOR_OPERANDS = 3 };

/* Its texts stand in it: pointers to them would all be set, and their pages
 * written to, whenever a program starts. */
struct instruction {
    uint32_t opcode; /* enum wasm_opcode, as the next two */
    /* Of BINARY and COMPARE, or WASM_none: one-byte codes all. */
    uint8_t swapped, negated;
    /* The first of its internal operations (enum op). */
    uint16_t op;
    uint8_t feature;         /* that brought it: enum vm_feature */
    uint8_t shape;           /* enum shape */
    uint8_t immediates;      /* enum immediates */
    uint8_t operand, result; /* enum vm_type; of a store: the value */
    uint8_t bytes;           /* in memory, or of the lane that is named */
    /* Of WINDOW and VECTOR; else empty. */
    char signature[SIGNATURE_TYPES + sizeof ":"];
    char mnemonic[MNEMONIC_SIZE];
};

/* One byte codes first, then those behind each of the two prefixes. */
enum {
    START_FC = 0x100,
    START_FD = START_FC + 0x20,
    INSTRUCTION_ROWS = START_FD + 0x114
};
extern const struct instruction instructions[INSTRUCTION_ROWS];

const struct instruction *instruction_read_rare(struct reader *reader,
                                                uint8_t code);

/* Read an opcode and find its row. An illegal opcode fails the reader and gives
 * NULL. */
static inline const struct instruction *
instruction_read(struct reader *reader) {
    uint8_t code = reader_u8(reader);
    const struct instruction *row = &instructions[code];
    return row->shape != SHAPE_ILLEGAL ? row
                                       : instruction_read_rare(reader, code);
}

/* The row of an opcode that is in the table. */
const struct instruction *instruction_at(uint32_t opcode);

/* The types that depend on the memories and tables an instruction names; of the
 * letters for them n is the type of a number that must fit both address
 * types. */
struct varying {
    uint8_t element; /* t: of a table's elements */
    /* a, b: of addresses in the first and in the second that is named. */
    uint8_t first;
    uint8_t second;
};

/* The types of a WINDOW or VECTOR instruction. */
struct signature {
    uint8_t types[SIGNATURE_TYPES]; /* parameters, then results */
    uint32_t params;
    uint32_t results;
};

struct signature signature_of(const struct instruction *row,
                              struct varying varying);

/* The type of the result of an instruction that has one; 0 if it has none. */
uint8_t result_of(const struct instruction *row);

/* Whether it has an address and a memarg. */
bool accesses_memory(const struct instruction *row);

struct immediate immediate_read(struct reader *reader, enum immediates kind);
struct immediate memarg_read(struct reader *reader); /* of IMMEDIATE_MEMARG */

/* A value type or a reference type; fails the reader on any other byte. */
uint8_t value_type_read(struct reader *reader);
uint8_t reference_type_read(struct reader *reader);

#endif
