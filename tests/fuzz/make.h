/* Valid modules out of any bytes, and what becomes of them. */
#ifndef HOSTEL_TESTS_FUZZ_MAKE_H
#define HOSTEL_TESTS_FUZZ_MAKE_H

#include "vm/vm.h"

/* Append a module; the more choices, the more instructions. There are two who
 * make them, make.c of everything, and idioms.c. */
void make_module(struct buffer *out, struct slice choices);

/* Run a module in all ways (vm.c), which must do the same or the program
 * aborts; `made` says that it must be valid. Appends what can be seen of it.
 * False if limits ended it, which they may do at other times each way. */
bool agree(struct buffer *text, struct slice module, bool made);

#endif
