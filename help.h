/* What is told of the command line: --help, and the scripts that complete it in
 * shells. */
#ifndef HOSTEL_HELP_H
#define HOSTEL_HELP_H

#include "base/base.h"

void help_print(FILE *out);

/* The script for `shell`: bash, zsh or fish. An ERROR_USAGE for any other. */
bool help_completions(const char *shell, FILE *out, struct error *error);

#endif
