/* The functions of our own that a guest may import: module `host`, for HTTP. */
#ifndef HOSTEL_IMPORTS_H
#define HOSTEL_IMPORTS_H

#include "base/base.h"
#include "net/net.h"
#include "vm/vm.h"
#include "wasi/wasi.h"

struct imports;

struct imports_config {
    struct net *net;   /* borrowed until imports_close */
    struct wasi *wasi; /* the same guest's, borrowed; or NULL */
    /* One `[host]` line for every request received, or NULL. */
    FILE *narrate;
};

struct imports *imports_open(const struct imports_config *config,
                             struct error *error);

/* Provide the functions to guests of `vm`, which must be closed before
 * `imports`. */
bool imports_define(struct imports *imports,
                    struct vm *vm,
                    struct error *error);

void imports_close(struct imports *imports);

#endif
