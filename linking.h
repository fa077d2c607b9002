/* Modules find each other, and what hostel provides. */
#ifndef HOSTEL_LINKING_H
#define HOSTEL_LINKING_H

#include "run.h"

/* Find what would keep the modules from running, before any of them does: an
 * import that nobody provides, an entry that is not there. On failure `about`
 * and `advice` say of which module, and what to do. */
bool linking_check(struct run *run, struct error *error);

/* Instantiate the preloads, each for those behind it; then the main module,
 * which is returned. NULL on failure. */
struct instance *linking_instantiate(struct run *run, struct error *error);

#endif
