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

/* The `[host]` line of a request, whose arguments these are; nothing, if it is
 * none. Before it, the line that the guest has begun is ended. */
void imports_narrate(struct wasi *wasi,
                     const struct instance *caller,
                     const uint64_t *args,
                     FILE *out);

/* Provide the functions to guests of `vm`, which must be closed before
 * `imports`. */
bool imports_define(struct imports *imports,
                    struct vm *vm,
                    struct error *error);

void imports_close(struct imports *imports);

#endif
