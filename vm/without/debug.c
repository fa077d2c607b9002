/* A build that reads no debugging information: nothing has a name or place, and
 * nothing is counted. */
#include "vm/debug/debug.h"
#include "vm/rings.h"
#include "vm/store.h"

struct debug *debug_open(struct slice module, struct budget *memory) {
    (void)module, (void)memory;
    return NULL;
}

void debug_free(struct debug *debug) {
    (void)debug;
}

struct slice debug_function_name(const struct debug *debug, uint32_t body) {
    (void)debug, (void)body;
    return (struct slice){NULL, 0};
}

size_t debug_places(struct debug *debug,
                    uint32_t offset,
                    struct arena *texts,
                    struct debug_place *places,
                    size_t capacity) {
    (void)debug, (void)offset, (void)texts, (void)places, (void)capacity;
    return 0;
}

uint32_t count_slots(const struct module *module) {
    (void)module;
    return 0;
}

void count_function(struct translator *t, uint32_t function) {
    (void)t, (void)function;
}

void count_block(struct translator *t, bool behind) {
    (void)t, (void)behind;
}

bool count_pay(struct translator *t, uint32_t units) {
    (void)t, (void)units;
    return false;
}

void count_site(struct translator *t) {
    (void)t;
}

void count_charged(struct translator *t) {
    (void)t;
}

void count_caught(struct position thrown, const struct position *caught) {
    (void)thrown, (void)caught;
}

bool count_imported(const struct vm_import *import, struct function *function) {
    (void)import, (void)function;
    return true;
}

uint32_t count_room(const struct module *module) {
    (void)module;
    return 1;
}

static bool lacking(struct error *error) {
    return error_set(
        error, ERROR_UNSUPPORTED, "it needs vm/debug, which this build lacks");
}

bool vm_count(struct vm *vm, bool calls, struct error *error) {
    (void)vm, (void)calls;
    return lacking(error);
}

bool vm_profile(const struct vm_profiling *profiling, struct error *error) {
    (void)profiling;
    return lacking(error);
}

size_t vm_host_times(const struct vm *vm,
                     struct vm_host_time *times,
                     size_t capacity) {
    (void)vm, (void)times, (void)capacity;
    return 0;
}

struct vm_coverage *vm_coverage_open(struct budget *memory) {
    (void)memory;
    return NULL;
}

void vm_coverage_close(struct vm_coverage *coverage) {
    (void)coverage;
}

bool vm_coverage_read(struct vm_coverage *coverage,
                      struct slice text,
                      struct error *error) {
    (void)coverage, (void)text;
    return lacking(error);
}

bool vm_coverage_add(struct vm_coverage *coverage,
                     struct vm_covering *covering,
                     struct error *error) {
    (void)coverage, (void)covering;
    return lacking(error);
}

bool vm_coverage_write(struct vm_coverage *coverage,
                       FILE *out,
                       struct error *error) {
    (void)coverage, (void)out;
    return lacking(error);
}

struct debug_lines debug_lines(struct debug *debug) {
    (void)debug;
    return (struct debug_lines){.line_count = 0};
}
