/* The command `replay`: running a recording again. */
#ifndef HOSTEL_REPLAY_H
#define HOSTEL_REPLAY_H

#include "run.h"

struct replay;

/* Open the recording that the first word names, and make the options what they
 * were; the module is read into a vm, and its calls will be answered. */
bool replay_load(struct run *run, struct error *error);

/* Whether the file at `path` is a recording, as far as its beginning tells. */
bool replay_is_recording(const char *path);

/* Print the recording. */
bool replay_list(struct run *run, FILE *out, struct error *error);

/* The run is over, as `end` says: whether it was the recorded one. What is
 * different is said in `end`. */
void replay_end(struct run *run, struct error *end);

/* See wasi_lacked_directory. */
bool replay_lacked_directory(const struct replay *replay);

void replay_close(struct replay *replay); /* or NULL */

#endif
