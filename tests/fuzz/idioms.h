/* What idioms.c makes a body with, and loops.c the loops in it. */
#ifndef HOSTEL_TESTS_FUZZ_IDIOMS_H
#define HOSTEL_TESTS_FUZZ_IDIOMS_H

#include "tests/fuzz/make.h"

#include "vm/opcodes.h"

/* There are so many locals of each of four types: i32, i64, f32, f64, which are
 * named by their numbers. */
enum { TYPE_COUNT = 4, EACH = 3, LOCALS = TYPE_COUNT * EACH };
enum { LABELS = 10, NESTED = 3 };

struct maker {
    struct slice choices; /* that are left */
    struct buffer *out;
    uint32_t function;
    uint32_t depth;           /* of labels */
    bool carries[LABELS + 2]; /* which of them take a value */
    uint32_t nested;          /* expressions and statements */
    bool innermost;           /* the loop has no loop in it, nor a call */
};

/* Below the count; 0 when there are no more choices. */
uint32_t choose(struct maker *m, uint32_t count);

void put(struct maker *m, uint32_t byte);
void put_with(struct maker *m, uint32_t code, uint32_t index);
void put_integer(struct maker *m, uint32_t type, int64_t number);

void block_open(struct maker *m, uint32_t code);
void block_close(struct maker *m);

/* Operands: a local; a local or a constant; and the immediates of a load. */
void get(struct maker *m, uint32_t type);
void leaf(struct maker *m, uint32_t type);
void memarg(struct maker *m);

/* An i32, mostly of a comparison. */
void condition(struct maker *m);

/* So many statements at most. */
void statements(struct maker *m, uint32_t count);

void loop(struct maker *m);

#endif
