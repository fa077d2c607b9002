/* The rows of calls.def: what a call is named, may be called with, is done
 * by. */
#ifndef HOSTEL_WASI_ROW_H
#define HOSTEL_WASI_ROW_H

#include "base/base.h"
#include "wasi/errno.h"

struct call;

enum {
    CALL_COUNT = 0
#define X(name, rights, arguments) +1
#include "wasi/calls.def"
#undef X
};

struct row {
    const char *name;
    uint64_t rights;
    const char *arguments;
    enum wasi_errno (*function)(struct call *call);
};

struct argument {
    struct slice name;
    char kind;
};

/* Step through a row's arguments: `*rest` is its text at first. False behind
 * the last. */
bool argument_next(const char **rest, struct argument *argument);

/* How many parameters of the Wasm function an argument of this kind is: 2 for
 * text and iovecs. */
int argument_width(char kind);

#endif
