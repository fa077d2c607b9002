/* Valid modules out of any bytes. */
#ifndef HOSTEL_TESTS_FUZZ_MAKE_H
#define HOSTEL_TESTS_FUZZ_MAKE_H

#include "vm/vm.h"

/* Append a module; the more choices, the more instructions. */
void make_module(struct buffer *out, struct slice choices);

#endif
