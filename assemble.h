/* Modules in text format. */
#ifndef HOSTEL_ASSEMBLE_H
#define HOSTEL_ASSEMBLE_H

#include "base/base.h"

/* Replace a module's text by the binary format that wat2wasm makes of it, in
 * `timeout_ms` at most (below 0: any time). ERROR_MALFORMED tells the first of
 * wat2wasm's errors; ERROR_IO that it could not be started, or was ended. */
bool assemble(struct buffer *module, int64_t timeout_ms, struct error *error);

#endif
