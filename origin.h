/* The text of the source that a module was made of: see origin.c. */
#ifndef HOSTEL_ORIGIN_H
#define HOSTEL_ORIGIN_H

#include "vm/vm.h"

struct origin; /* the files that were looked for */

/* For the module of that path. NULL without memory. */
struct origin *origin_open(const char *module);
void origin_close(struct origin *origin); /* or NULL */

/* The text of a line, without its end; empty if there is none, or it is not
 * shown. The context is a struct origin. See struct vm_dumping. */
struct slice origin_line(void *context, const struct vm_source_line *line);

/* A file that is there but was not shown, since it lies elsewhere; or NULL. */
const char *origin_refused(const struct origin *origin);

#endif
