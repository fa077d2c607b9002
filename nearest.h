/* Which word was meant by one that is none. */
#ifndef HOSTEL_NEAREST_H
#define HOSTEL_NEAREST_H

#include "base/base.h"

/* The word among `words` that differs least from `typed`, or NULL if none is
 * near enough to have been meant: one mistake in three letters, more or
 * less. */
const char *nearest(struct slice typed, const char *const *words, size_t count);

#endif
