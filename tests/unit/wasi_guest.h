/* Running tests/guests/wasi/call.c in a unit test. */
#ifndef HOSTEL_TESTS_UNIT_WASI_GUEST_H
#define HOSTEL_TESTS_UNIT_WASI_GUEST_H

#include "wasi/wasi.h"

#include <stdio.h>
#include <stdlib.h>

/* `words` are its arguments; it is granted `directory` as /. What goes wrong is
 * in `error`. */
static inline void wasi_guest_run(const char *const *words,
                                  size_t count,
                                  int64_t timeout_ms,
                                  const char *directory,
                                  struct error *error) {
    const char *build = getenv("BUILD");
    char guest[1024];
    snprintf(guest,
             sizeof guest,
             "%s/guests/wasi/call.wasm",
             build ? build : "build");
    struct buffer bytes;
    buffer_init(&bytes, 1 << 20);
    struct vm_limits limits = vm_limits_default();
    limits.timeout_ms = timeout_ms;
    struct vm *vm = vm_open(&limits, error);
    struct wasi_directory granted = {.host = directory, .guest = "/"};
    struct wasi_config config = {.max_descriptors = WASI_DESCRIPTORS,
                                 .args = words,
                                 .arg_count = count,
                                 .directories = &granted,
                                 .directory_count = 1};
    struct wasi *wasi = wasi_open(&config, error);
    if (vm && wasi && file_read(guest, &bytes, error) &&
        wasi_define(wasi, vm, error)) {
        struct module *module = vm_load(vm, buffer_slice(&bytes), error);
        struct instance *instance =
            module ? vm_instantiate(vm, module, error) : NULL;
        if (instance)
            vm_call(vm_find_function(instance, slice_of("_start")),
                    NULL,
                    0,
                    NULL,
                    error);
    }
    vm_close(vm);
    wasi_close(wasi);
    buffer_free(&bytes);
}

#endif
