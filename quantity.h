/* Numbers as people write them: counts, sizes and times. */
#ifndef HOSTEL_QUANTITY_H
#define HOSTEL_QUANTITY_H

#include "base/base.h"

enum quantity { QUANTITY_COUNT, QUANTITY_SIZE, QUANTITY_TIME };

/* Read the whole of `text`, as a count, bytes or milliseconds, at most
 * PTRDIFF_MAX of them: it fits size_t and int64_t, wherever it goes. Else an
 * ERROR_USAGE that begins with --`option`. */
bool quantity_read(enum quantity kind,
                   const char *option,
                   const char *text,
                   uint64_t *number,
                   struct error *error);

#endif
