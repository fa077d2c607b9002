/* Where the rings join the core: what it calls of them.
 *
 * A ring is a folder, and the core can do without it. It joins in five places at
 * most, each in one file:
 *
 *     rows       instructions, by its rows.def, at the end of opcodes.def
 *     ops        operations that come from no row, by its ops.def, at the end of ops.def
 *     handlers   what these do, by its handlers.def, at the end of handlers.def
 *     shape      functions below, that the core asks to validate or translate
 *     free       functions below, that give back what the ring has
 *
 * In a build without the ring its .def files are empty, and vm/without/RING.c
 * has these functions. The rows of RING.def there tell what a module needs it
 * for. The public functions of a ring (vm.h) are not listed here. */
#ifndef HOSTEL_VM_RINGS_H
#define HOSTEL_VM_RINGS_H

#include "vm/cell.h"
#include "vm/unsupported.h"

struct code;
struct control;
struct immediate;
struct instance;
struct meter;
struct module;
struct validator;
struct vm;

/* ---- simd ---- */

/* Validate and translate an instruction of a row of class VECTOR. */
void vector(struct validator *v, const struct immediate *immediate);

/* The operation that does with vectors what `op` does with other values: a
 * move, select_s, global_get or global_set. */
enum op vector_op(enum op op);

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
 * instance that goes and that one of the marked refers to, or NULL; free those
 * that are not marked. */
bool exceptions_mark(struct vm *vm, struct meter *meter);
struct instance *exceptions_refer(const struct vm *vm);
void exceptions_sweep(struct vm *vm);

/* ---- discard ---- */

/* Free those instances that could not be started and that nothing else refers
 * to. */
void instances_free_failed(struct vm *vm);

/* ---- listing ---- */

void names_free(struct module *module);

/* ---- proposals ---- */

/* The same as unsupported (unsupported.h), for what hostel does not have. */
bool proposed(struct reader *reader,
              enum place place,
              uint32_t code,
              size_t at);

#endif
