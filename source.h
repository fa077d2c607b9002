/* The bytes of a module, wherever they come from. */
#ifndef HOSTEL_SOURCE_H
#define HOSTEL_SOURCE_H

#include "base/base.h"

/* Read what `path` names, - being standard input, into `out`, which is empty
 * and whose cap holds. An ERROR_IO names it. */
bool source_read(const char *path, struct buffer *out, struct error *error);

/* Make it binary format: what is text format is translated, by wat2wasm, which
 * may take `timeout_ms` (below 0: any time); what we do not know is left as it
 * is. ERROR_MALFORMED for what is something else that we know. */
bool source_decode(struct buffer *source,
                   int64_t timeout_ms,
                   struct error *error);

/* What to call it in messages. */
const char *source_name(const char *path);

#endif
