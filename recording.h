/* --record: what a recording says of the command line, and what it hides. */
#ifndef HOSTEL_RECORDING_H
#define HOSTEL_RECORDING_H

#include "run.h"

/* Begin the recording that the options name, if they do. */
bool recording_begin(struct run *run, struct error *error);

#endif
