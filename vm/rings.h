/* Where the rings join the core: what it calls of them.
 *
 * A ring is a folder, and the core can do without it. It joins in six places at
 * most, each in one file:
 *
 *     rows       instructions, by its rows.def, at the end of opcodes.def
 *     ops        operations that come from no row, by its ops.def, at the end of ops.def
 *     handlers   what these do, by its handlers.def, at the end of handlers.def
 *     state      what it keeps of a translator, by its state.def, in struct translator
 *     shape      functions below, that the core asks to validate or translate
 *     free       functions below, that give back what the ring has
 *
 * In a build without the ring its .def files are empty, and vm/without/RING.c
 * has these functions. The rows of RING.def there tell what a module needs it
 * for. What a host may ask of a ring is not listed here, but in its api.h, which
 * vm.h includes. */
#ifndef HOSTEL_VM_RINGS_H
#define HOSTEL_VM_RINGS_H

#include "vm/cell.h"
#include "vm/unsupported.h"

struct code;
struct condition;
struct control;
struct error;
struct function;
struct host_call;
struct immediate;
struct instance;
struct instruction;
struct label;
struct memory;
struct meter;
struct module;
struct operand;
struct position;
struct translator;
struct validator;
struct varying;
struct vm;
struct vm_import;

/* ---- simd ---- */

/* Validate and translate an instruction of a row of class VECTOR. */
void vector(struct validator *v, const struct immediate *immediate);

/* The operation that does with vectors what `op` does with other values: a
 * move, select_s, global_get or global_set. */
enum op vector_op(enum op op);

/* ---- bulk ---- */

/* Check that what the immediates name is there, and say which types depend on
 * it; false fails. */
bool bulk_named(struct validator *v,
                const struct immediate *immediate,
                struct varying *types);

/* Translate the instruction, whose operands have been checked and are popped, or
 * not: false if it is none on the near memory. */
bool bulk_near(struct validator *v, const struct immediate *immediate);

/* ---- far ---- */

/* Validate and translate a load or store whose memory is not the near one; it
 * may have addresses of 64 bits. */
void far_access(struct validator *v, const struct immediate *memarg);

/* Only translate one; a load's `value` is zero. */
void translate_far(struct translator *t,
                   const struct instruction *row,
                   struct operand address,
                   struct operand value,
                   const struct immediate *memarg);

/* ---- skim ---- */

/* Validate what comes next as far as that is quick, while nothing is
 * emitted. */
void skim(struct validator *v);

/* ---- fusions ---- */

/* What the ring is told of the code: the last cell is an operation; it is of
 * this row and form; a loop begins here; all of the function is there; the cell,
 * a first call, has become a call; the last cell is a br_table that moves no
 * values, and whose index is in r0 or not; or it branches if the condition is
 * `sense`. */
void fusions_operation(struct translator *t);
void fusions_binary(struct translator *t,
                    const struct instruction *row,
                    enum form form);
void fusions_loop(struct translator *t);
void fusions_function(struct translator *t);
void fusions_linked(struct module *module, uint32_t cell);

void fusions_table(struct translator *t, bool in_r0);
void fusions_branch(struct translator *t,
                    const struct condition *condition,
                    bool sense);

/* And of pins (pins.c): a loop is about to begin; a local has been written; the
 * last cell branches back to that one, where its loop begins. */
void pins_begin(struct validator *v);
void pins_written(struct translator *t, uint32_t slot);
void pins_back(struct translator *t, uint32_t target);

/* What it is asked before a cell is emitted. Each answers true if that is not
 * needed, since the last cell, changed, does it too. */

/* Write the operand's value to a slot, from its producer. */
bool fuse_result(struct translator *t, const struct operand *x, uint32_t slot);

/* Move the value of one slot to another. */
bool fuse_move(struct translator *t, uint32_t to, uint16_t from);

/* Add up the address of a load in the load itself: the operation that does, for
 * which the operands are in `load` now; or OP_COUNT. */
enum op fuse_sum(struct translator *t,
                 const struct instruction *row,
                 const struct operand *address,
                 uint32_t offset,
                 struct cell *load);

/* The same of a store, or OP_COUNT; if it is not that, the value is in a slot, or
 * where a constant is. */
enum op fuse_sum_of_store(struct translator *t,
                          const struct instruction *row,
                          const struct operand *address,
                          struct operand *value,
                          uint32_t offset,
                          struct cell *store);

/* The operation that does what the row does with a constant on the left, and the
 * right operand in a slot; the next one has it in the accumulator. Or
 * OP_COUNT. */
enum op fuse_left(const struct translator *t, const struct instruction *row);

/* The last cell has x in a slot and its other operand in the accumulator: let it
 * read x where that accumulator's result before is, if it is that. */
void fuse_previous(struct translator *t, const struct operand *x);

/* Compare the other way round: the operand, whose comparison with 0 is wanted,
 * was itself the result of a comparison. What that one yields now is pushed. */
bool fuse_opposite(struct translator *t, const struct operand *x);

/* Compare where the branch is: the operand's value is no longer computed, but
 * the condition looks at what it was computed from. Until the branch nothing
 * but moves may be emitted: they leave the accumulators alone. */
bool fuse_comparison(struct translator *t,
                     const struct operand *x,
                     struct condition *condition);

/* Branch to a loop if the condition holds. */
bool fuse_step(struct translator *t,
               const struct condition *condition,
               const struct label *loop);

/* Branch to a loop, whatever holds. */
bool fuse_head(struct translator *t, const struct label *loop);

/* ---- exceptions ---- */

/* That has been popped: a try of either generation. */
void end_try(struct validator *v, struct control *block);

/* What is known of tries that have begun. */
void attempts_free(struct validator *v);

/* The code has become shorter: the tries in what was behind it are gone. */
void tries_cut(struct code *code);
void tries_free(struct code *code);

void exceptions_free(struct vm *vm);

/* For when instances go (vm/discard), while no guest runs: mark the exceptions
 * that those refer to which stay, false without memory or time; find an
 * instance that goes and that one of the marked refers to, or NULL, false
 * without time; free those that are not marked. */
bool exceptions_mark(struct vm *vm, struct meter *meter);
bool exceptions_refer(const struct vm *vm,
                      struct meter *meter,
                      struct instance **found);
void exceptions_sweep(struct vm *vm);

/* ---- debug ---- */

/* In a module of which is counted what is executed (vm/debug/counts.h). A
 * function begins: how many slots before the locals are the ring's; and its first
 * cells. A block begins with the current instruction, or behind it. */
uint32_t count_slots(const struct module *module);
void count_function(struct translator *t, uint32_t function);
void count_block(struct translator *t, bool behind);

/* So many units are to be charged where the current block begins; false if that
 * is left to a cell of their own. */
bool count_pay(struct translator *t, uint32_t units);

/* What is called next may be the host's; what was done may have been charged by
 * its size. */
void count_site(struct translator *t);
void count_charged(struct translator *t);

/* What was thrown at a position is caught in an outer frame, or the same. */
void count_caught(struct position thrown, const struct position *caught);

/* A function of the host's is imported; false without memory. */
bool count_imported(const struct vm_import *import, struct function *function);

/* How many times the cells of other modules such a module may have. */
uint32_t count_room(const struct module *module);

/* ---- discard ---- */

/* Free those instances that could not be started and that nothing else refers
 * to. */
void instances_free_failed(struct vm *vm);

/* ---- record ---- */

/* An import has got this function, which is the host's: it may do something
 * else from now on. Asked if there is a recorder or a player. */
bool tape_link(struct vm *vm,
               const struct vm_import *import,
               struct function *function,
               struct error *error);

/* A host function whose call is recorded may write to these bytes from now on,
 * until guest code runs again. */
uint8_t *
tape_hand_out(const struct memory *memory, uint64_t address, uint64_t size);

/* It calls this function, with the values of its parameters. */
bool tape_enter(struct host_call *call,
                const struct function *function,
                const uint64_t *slots,
                struct error *error);

void tape_free(struct vm *vm);

/* ---- listing ---- */

void names_free(struct module *module);

/* An instruction begins, before which the run may have to stop; asked if there
 * is a `stop`. The cell for that has been reached. */
void stop_before(struct translator *t);
void stop_here(struct position at);

/* The run has stopped: keep what the locals are. */
void stop_keep(const struct vm *vm, struct position at);
void stop_free(struct vm *vm);

/* ---- proposals ---- */

/* The same as unsupported (unsupported.h), for what hostel does not have. */
bool proposed(struct reader *reader,
              enum place place,
              uint32_t code,
              size_t at);

#endif
