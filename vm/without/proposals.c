/* A build that knows nothing of later versions of WebAssembly. */
#include "vm/rings.h"

bool proposed(struct reader *reader,
              enum place place,
              uint32_t code,
              size_t at) {
    (void)reader, (void)place, (void)code, (void)at;
    return false;
}

uint32_t vm_features(const struct module *module) {
    (void)module;
    return 0;
}
