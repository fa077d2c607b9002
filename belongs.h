/* Options that only one command has. */
#ifndef HOSTEL_BELONGS_H
#define HOSTEL_BELONGS_H

#include "options.h"

/* ERROR_USAGE if one was given to another command, or lacks what it needs. */
bool options_belong(const struct options *options, struct error *error);

#endif
