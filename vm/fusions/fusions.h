/* Fusions: doing two things in one cell, by changing the last one or taking it
 * back.
 *
 * The translator (translate.h) emits a cell an instruction. Here it is asked,
 * before one is emitted, whether the last cell can do that as well (rings.h has
 * the questions):
 *
 *     i32.add, local.set 1              i32_add_ss     d=t0 a=local0 b=local2
 *                                       move           d=local1 a=t0
 *     fused (last.c)                    i32_add_ss     d=local1 a=local0 b=local2
 *
 *     i32.lt_s, br_if                   i32_lt_s_ss    d=t0 a=local0 b=local1
 *                                       br_if_r        imm=...
 *     fused (comparison.c)              br_i32_lt_s_ss a=local0 d=local1 imm=...
 *
 *     i32.const 4, i32.add, i32.load    i32_add_si     d=t0 a=local0 imm=4
 *                                       i32_load_r     d=t0 a=t0 imm=8
 *     fused (sum.c)                     i32_load_si    d=t0 a=local0 b=4 c=8
 *
 * left.c has constants on the left; head.c repeats the head of a loop where a
 * branch leads back to it; pins.c keeps locals of innermost loops in registers,
 * and where these begin; carried.c lets a round read what the one before it left
 * in r0; pairs.c lets two cells go with one dispatch, when all else is done.
 *
 * These things make this correct, beside those of translate.h:
 *  - A cell may be changed or taken back only while it is the last one and no
 *    label stands behind it (last_is_open), and only through the operand it
 *    produced. `barrier` says where the last label, jump, call or data cell is.
 *  - What r0 mirrored before an operation is known, so that it does so again
 *    when the operation is taken back.
 *  - The cells from a loop's beginning to a br_table or a branch may be repeated
 *    elsewhere only if they are straight code: nothing has moved `barrier` past the
 *    loop's beginning.
 *
 * What each of them is worth, and the accumulators: the time that 22 guests of
 * bench/ take without it, the others left on (geometric mean of the least of
 * three interleaved runs, gcc 12 -O2, an EPYC of 2026; good to about 0.03):
 *
 *     a comparison and its branch in one cell        1.60
 *     results written straight to locals             1.56
 *     accumulators                                   1.25
 *     two moves in one cell                          1.08
 *     a loop's step, comparison and branch in one    1.07
 *     a load that adds up its address                1.05
 *     the head of a switch loop, repeated            1.00 (bytecode 1.13)
 *
 * And of those that came later, the cells that are executed without it: 20 cases
 * of the suite wasmi-benchmarks, and our own guests.
 *
 *     a comparison and its i32.eqz in one cell       1.018   1.002
 *     the head of any loop repeated, not of those
 *     with a br_table alone                          1.034   1.001
 *     a store that adds up its address               1.025   1.019
 *     steps of i64, and steps by a slot              1.040   1.008
 *     sums with a constant of over 16 bits           1.000   1.019
 *     addresses that are constants (json 1.063)              1.006
 *
 * Pins (pins.c), by time: 20 cases take 1.23 times as long without them, our own
 * guests 1.04 (a loop that is entered often and goes round once or twice pays
 * for its registers: lisp 0.94). Their forms are 469 of 2,486 handlers. With
 * pins in all forms of all rows, 2,010 forms, it was the same: 300 of these are
 * ever executed (make bench-forms). What r0 carries to the next round
 * (carried.c): CoreMark takes 1.03 times as long without it, and its walk
 * through a list 1.3 times; the 20 cases as long as with it.
 *
 * Constants, by the time without them of the cases of that suite that have such:
 * on the left, prime-sieve 1.05, word-count 1.04, json-parse 1.03,
 * reverse-complement 1.05, spectralnorm 1.05; of floats, which the core has as
 * immediates, mandelbrot 1.12, nbody 1.10.
 *
 * The result before the last, of two that are operands (fuse_previous), is in
 * q0 or g0, and need not come from its slot, which takes as long as five
 * additions: 0.06 of the cells of 62 programs. By time without it, on a loaded
 * Xeon: crc32 1.35, word-count 1.3, int64 1.1, tiny-keccak 1.09, argon2 1.06,
 * mandelbrot and spectralnorm 1.05, nbody 1.03. That the loop register went
 * among the floats for it costs the shortest loop: counter-local 0.93.
 *
 * Pairs (pairs.c), 541 handlers of two to four operations, leave 0.53 of the
 * dispatches of 60 programs: our own guests, that suite, and what libsodium,
 * PolyBench, Lua and SQLite do; 414 of two and three left 0.61. By
 * time the 20 cases take 1.11 times as long without them, spectralnorm 1.7, those
 * that wait for memory, as sort, as long as with them. Told to inline the second
 * handler always, gcc made 9 KB more and nothing faster. 61 begin with a tick: in
 * code that is metered 0.90 of the ticks of these programs are in one.
 *
 * Tried and thrown out: a mask and its branch in one (1.01); a global with a
 * constant that is added (1.00), or set from r0 (1.00); a call's result straight
 * to a local (1.00); two additions in place in one cell (0.98, but bignum 1.12);
 * on a Sapphire Rapids, each by the one case that has most of it: the values of
 * own globals at an offset from the instance, one load instead of three
 * (counter-global 1.14: what was stored there is forwarded later), or set from r0
 * there (1.10); a build guided by profiles (0.97 of the time to load; instrumented
 * code has no tail calls, so the engine itself cannot be trained); a select that
 * computes instead of looking up which slot it reads (CoreMark 0.97,
 * pb-floyd-warshall 1.05); pins for locals that a round reads before it writes
 * them, before others (prime-sieve 1.1, nbody 1.3).
 *
 * The ring joins the core by state.def, in struct translator, by functions, and
 * by ops.def and handlers.def, which give rows more forms. With `plain_code` in
 * struct vm_limits nothing is fused either. */
#ifndef HOSTEL_VM_FUSIONS_FUSIONS_H
#define HOSTEL_VM_FUSIONS_FUSIONS_H

#include "vm/emit.h"

/* The forms that the ring adds to a row, in the order of its ops.def. Of a
 * comparison the first ones are branches in the forms of enum form, and of
 * floats then those for the opposite; behind an integer's are loops' ends. */
enum {
    FUSED_NOT = FORM_RI + 1,
    FUSED_STEP_S = FORM_RI + 1,
    FUSED_STEP_I,
    FUSED_STRIDE_S
};

/* Of a load: what is added up, or a constant. */
enum sum { SUM_SI, SUM_RI, SUM_SS, SUM_RS, SUM_SW, SUM_RW, SUM_W, SUM_NONE };

/* The first of them. The row has one. */
unsigned fused_of(const struct instruction *row);

/* The last operation. */
static inline const struct emitted *last_of(const struct translator *t) {
    return &t->fusions.recent[t->fusions.last];
}

/* The one before it; they are neighbours if its cell is. */
static inline const struct emitted *before_last(const struct translator *t) {
    return &t->fusions.recent[t->fusions.last ^ 1];
}

/* Its cell, which may be changed if last_is_open. */
static inline struct cell *last_cell(const struct translator *t) {
    return &t->module->code.cells[last_of(t)->cell];
}

/* What it does. */
static inline enum op last_op(const struct translator *t) {
    return code_op(&t->module->code, last_of(t)->cell);
}

/* Whether there is a last operation that may still be changed. */
bool last_is_open(const struct translator *t);

/* The last cell is to do that instead. */
void last_becomes(struct translator *t, enum op op);

/* True if the operand's value was computed by the last cell, which may still be
 * changed. */
bool made_by_last(const struct translator *t, const struct operand *x);

/* The last cell is done: let it read pins (pins.c). */
void pins_read(struct translator *t);

/* Whether a step by that operation may write the slot and branch to there. */
bool pins_can_step(const struct translator *t,
                   unsigned op,
                   uint32_t slot,
                   uint32_t target);

/* What r0 carries to the loop's next round (carried.c): a loop has begun; the
 * last cell branches back to that one; no branch back is to count; all of the
 * loop is there, or none was. */
void carried_begin(struct translator *t);
void carried_back(struct translator *t, uint32_t target);
void carried_none(struct translator *t);
void carried_end(struct translator *t);

/* Take back the last cell, whose result nobody needs any more. */
void take_back(struct translator *t);

/* Let the condition be the opposite. */
void condition_negate(struct condition *condition);

/* fuse_step (rings.h), to a cell that is there. */
bool fuse_step_to(struct translator *t,
                  const struct condition *condition,
                  uint32_t target);

/* The same for the cell before the last one, which is as the last one then. */
bool made_before(const struct translator *t, const struct operand *x);

/* Take that one back. */
void take_back_before(struct translator *t);

/* Whether 16 bits of a cell can hold it. */
static inline bool is_short(int32_t constant) {
    return constant == (int16_t)constant;
}

#endif
