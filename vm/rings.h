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
 * In a build without the ring the .def files are empty, and vm/without/ has
 * these functions in its place. There rows say what is missing: vm/missing.def. */
#ifndef HOSTEL_VM_RINGS_H
#define HOSTEL_VM_RINGS_H

#include <stdbool.h>

struct code;
struct control;
struct validator;
struct vm;

/* ---- exceptions ---- */

/* That has been popped: a try of either generation. */
void end_try(struct validator *v, struct control *block);

/* What is known of tries that have begun. */
void attempts_free(struct validator *v);

/* The code has become shorter: the tries in what was behind it are gone. */
void tries_cut(struct code *code);
void tries_free(struct code *code);

void exceptions_free(struct vm *vm);

#endif
