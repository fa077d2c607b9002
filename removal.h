/* Removes a directory and all that is in it, by a descriptor of it. */
#ifndef HOSTEL_REMOVAL_H
#define HOSTEL_REMOVAL_H

#include "base/base.h"

#include <dirent.h>

/* Empty the directory `root` and remove it, wherever it is by now: first looked
 * for as `name`, what it was called when it was made. Nothing but this very
 * directory and what lies beneath it on the same file system is changed. On
 * failure an ERROR_IO says what stays behind, and why; `path` is how it calls
 * the directory. `root` stays open. */
bool removal_run(DIR *root,
                 const char *name,
                 const char *path,
                 struct error *error);

#endif
