/* A build that prints no modules, and in which functions have no names. */
#include "vm/rings.h"
#include "vm/store.h"

void names_free(struct module *module) {
    (void)module;
}

size_t vm_backtrace(struct vm *vm, struct vm_frame *frames, size_t capacity) {
    size_t count = vm->trace_count < capacity ? vm->trace_count : capacity;
    for (size_t i = 0; i < count; i++) {
        frames[i] = (struct vm_frame){.function = vm->trace[i].function,
                                      .offset = vm->trace[i].offset};
    }
    return count;
}

static bool lacking(struct error *error) {
    return error_set(error,
                     ERROR_UNSUPPORTED,
                     "it needs vm/listing, which this build lacks");
}

bool vm_dump(const struct vm_dumping *dumping, struct error *error) {
    (void)dumping;
    return lacking(error);
}

bool vm_trace(const struct vm_tracing *tracing, struct error *error) {
    (void)tracing;
    return lacking(error);
}

bool vm_keep_steps(struct module *module,
                   const char *function,
                   struct error *error) {
    (void)module, (void)function;
    return lacking(error);
}

void stop_before(struct translator *t) {
    (void)t;
}

void stop_here(struct position at) {
    (void)at;
}

void stop_keep(const struct vm *vm, struct position at) {
    (void)vm, (void)at;
}

void stop_free(struct vm *vm) {
    (void)vm;
}

bool vm_stop(const struct vm_stopping *at, struct error *error) {
    (void)at;
    return lacking(error);
}

bool vm_stopped(const struct vm *vm) {
    return vm->stopped;
}

bool vm_stop_is_known(const struct vm *vm) {
    (void)vm;
    return false;
}

struct slice vm_locals(const struct vm *vm, size_t frame) {
    (void)vm, (void)frame;
    return (struct slice){NULL, 0};
}

bool vm_explain(const struct vm_explaining *explaining, struct error *error) {
    (void)explaining;
    return lacking(error);
}
