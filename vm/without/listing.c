/* A build that prints no modules. */
#include "vm/vm.h"

static bool lacking(struct error *error) {
    return error_set(error, ERROR_UNSUPPORTED,
                     "it needs vm/listing, which this build lacks");
}

bool vm_dump(struct module *module, FILE *out, struct error *error) {
    (void)module, (void)out;
    return lacking(error);
}

bool vm_dump_code(struct module *module, const char *function, FILE *out,
                  struct error *error) {
    (void)module, (void)function, (void)out;
    return lacking(error);
}

bool vm_trace(const struct vm_tracing *tracing, struct error *error) {
    (void)tracing;
    return lacking(error);
}
