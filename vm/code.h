/* A module's internal code: the cells of all functions translated so far. */
#ifndef HOSTEL_VM_CODE_H
#define HOSTEL_VM_CODE_H

#include "base/base.h"
#include "vm/cell.h"

/* A function that has been translated. Its code ends where the next one's
 * begins. */
struct translation {
    uint32_t function, entry; /* entry: a cell */
};

struct code {
    struct budget *memory; /* what all here is drawn from */
    /* Owned; of the functions translated so far, one after the other. */
    struct cell *cells;
    /* Owned; of each cell: where in the module its instruction stands. */
    uint32_t *offsets;
    /* Owned; of each cell: what it does, enum op; OP_COUNT: it is data. */
    uint16_t *ops;
    uint32_t cell_count, cell_capacity, cell_limit; /* used, usable, reserved */
    uint64_t expected; /* cells that all functions can make */
    /* Owned; in the order of their code. */
    struct translation *translations;
    size_t translation_count;
    size_t translation_capacity;
    struct tries *tries; /* owned; vm/exceptions; or NULL */
};

void code_init(struct code *code, struct budget *memory);
void code_free(struct code *code);

/* A function with a body of so many bytes may be translated some day. */
void code_expect(struct code *code, size_t body);

/* Make room for more cells. */
bool code_grow(struct code *code);

/* A function's code is appended between code_begin, false without memory, and
 * either code_commit or code_abandon, which leaves all as it was. */
bool code_begin(struct code *code, uint32_t function);
void code_commit(struct code *code);
void code_abandon(struct code *code);

/* The index of a cell that execution stands at; and to whose code it
 * belongs. */
static inline uint32_t code_index(const struct code *code,
                                  const struct cell *cell) {
    return (uint32_t)(cell - code->cells);
}

/* Let a cell do the operation. */
static inline void code_set_op(struct code *code, uint32_t cell, enum op op) {
    cell_set_op(&code->cells[cell], op);
    code->ops[cell] = (uint16_t)op;
}

static inline enum op code_op(const struct code *code, uint32_t cell) {
    return (enum op)code->ops[cell];
}

/* The next cell before `end` that is no data; or else the end. */
static inline uint32_t
code_next(const struct code *code, uint32_t cell, uint32_t end) {
    do
        cell++;
    while (cell < end && code->ops[cell] == OP_COUNT);
    return cell;
}

const struct translation *code_find(const struct code *code, uint32_t cell);

/* The first cell behind a function's code. */
uint32_t code_end(const struct code *code, const struct translation *of);

#endif
