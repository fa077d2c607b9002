/* What things cost in the VM as they grow: `growth MODULE [LOAD ALL]...`, the
 * module of growth.wat, and pairs of bench/generate's of growing size, of the
 * second of which all functions are called.
 *
 * Prints rows of tab-separated columns for bench/growth.py: what, the unit, how
 * many there were, nanoseconds and bytes for all. CPU time, and the memory that
 * the VM counts; the best of some attempts, each in a new VM. */
#include "vm/vm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { ATTEMPTS = 3, SIZES = 4, ROUNDS = 1000, MANY = 64 };

#define STACK_BYTES (UINT64_C(1) << 28)

struct cost {
    double ns, bytes;
};

/* A clock and the memory of one VM. */
struct meter {
    int64_t ns;
    uint64_t left;
};

static struct error error = ERROR_INIT;

static void demand(bool ok) {
    if (ok)
        return;
    fprintf(stderr, "growth: %s\n", error.text);
    exit(1);
}

/* ---- measuring ---- */

static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static struct meter begin(struct vm *vm) {
    struct meter meter = {0, budget_left(vm_budget(vm))};
    meter.ns = cpu_ns();
    return meter;
}

static struct cost end(struct meter from, struct vm *vm) {
    struct cost cost;
    cost.ns = (double)(cpu_ns() - from.ns);
    cost.bytes = (double)(from.left - budget_left(vm_budget(vm)));
    return cost;
}

/* The better of two attempts; one that took no time was none. */
static struct cost better(struct cost a, struct cost b) {
    bool first = a.ns == 0 || b.ns < a.ns;
    return first ? b : a;
}

static void
print_row(const char *what, const char *unit, uint64_t n, struct cost cost) {
    printf("%s\t%s\t%" PRIu64 "\t%.0f\t%.0f\n",
           what,
           unit,
           n,
           cost.ns,
           cost.bytes);
}

/* ---- what all measurements do ---- */

static bool fd_write(void *context,
                     struct instance *caller,
                     uint64_t *slots,
                     struct error *problem) {
    (void)context, (void)caller, (void)problem;
    slots[0] = 0;
    return true;
}

static struct vm *open_vm(void) {
    struct vm_limits limits = vm_limits_default();
    limits.stack_bytes = STACK_BYTES;
    struct vm *vm = vm_open(&limits, &error);
    demand(vm != NULL);
    demand(vm_define(vm,
                     "wasi_snapshot_preview1",
                     "fd_write",
                     "iiii:i",
                     fd_write,
                     NULL,
                     &error));
    return vm;
}

static struct module *load(struct vm *vm, const struct buffer *bytes) {
    struct slice slice = buffer_slice(bytes);
    struct module *module = vm_load(vm, slice, &error);
    demand(module != NULL);
    return module;
}

static struct instance *instantiate(struct vm *vm, struct module *module) {
    struct instance *instance = vm_instantiate(vm, module, &error);
    demand(instance != NULL);
    return instance;
}

static void call(struct instance *instance, const char *name, uint32_t n) {
    struct function *function = vm_find_function(instance, slice_of(name));
    struct vm_value argument = {.type = VM_I32, .of.i32 = n};
    struct vm_value result;
    demand(function && vm_call(function, &argument, 1, &result, &error));
}

/* The module of growth.wat, and one instance. */
static struct buffer guest;

static struct instance *open_guest(struct vm *vm) {
    return instantiate(vm, load(vm, &guest));
}

/* ---- one call that does `n` times the work ---- */

static struct cost time_call(const char *name, uint32_t n) {
    struct vm *vm = open_vm();
    struct instance *instance = open_guest(vm);
    call(instance, name, 1); /* translates it */

    struct meter meter = begin(vm);
    call(instance, name, n);
    struct cost cost = end(meter, vm);
    vm_close(vm);
    return cost;
}

static struct cost deep(uint32_t n) {
    return time_call("deep", n);
}

static struct cost table(uint32_t n) {
    return time_call("table", n - 1); /* one is there */
}

static struct cost pages(uint32_t n) {
    return time_call("pages", n);
}

static struct cost each(uint32_t n) {
    struct vm *vm = open_vm();
    struct instance *instance = open_guest(vm);
    call(instance, "table", n);
    call(instance, "each", 1);

    struct meter meter = begin(vm);
    call(instance, "each", n);
    struct cost cost = end(meter, vm);
    vm_close(vm);
    return cost;
}

/* ---- many instances ---- */

static struct cost instances(uint32_t n) {
    struct vm *vm = open_vm();
    struct module *module = load(vm, &guest);

    struct meter meter = begin(vm);
    for (uint32_t i = 0; i < n; i++)
        instantiate(vm, module);
    struct cost cost = end(meter, vm);
    vm_close(vm);
    return cost;
}

static struct cost vms(uint32_t n) {
    struct vm *all[MANY];
    struct cost cost = {0, 0};
    int64_t from = cpu_ns();
    for (uint32_t i = 0; i < n; i++) {
        all[i] = open_vm();
        uint64_t left = budget_left(vm_budget(all[i]));
        call(open_guest(all[i]), "deep", 1);
        cost.bytes += (double)(left - budget_left(vm_budget(all[i])));
    }

    cost.ns = (double)(cpu_ns() - from);
    for (uint32_t i = 0; i < n; i++)
        vm_close(all[i]);
    return cost;
}

/* The time of one call to each of them, when called in turn. */
static struct cost turns(uint32_t n) {
    struct vm *vm = open_vm();
    struct instance *all[MANY];
    for (uint32_t i = 0; i < n; i++) {
        all[i] = open_guest(vm);
        call(all[i], "deep", 1);
    }

    struct meter meter = begin(vm);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++)
            call(all[i], "deep", 1);
    }
    struct cost cost = end(meter, vm);
    cost.ns /= ROUNDS;
    vm_close(vm);
    return cost;
}

/* ---- the rows ---- */

struct row {
    const char *what, *unit;
    struct cost (*measure)(uint32_t n);
    uint32_t sizes[SIZES];
};

static const struct row rows[] = {
    {"calls deep", "call", deep, {1000, 10000, 100000, 1000000}},
    {"a table grows", "element", table, {10000, 100000, 1000000, 10000000}},
    {"calls through it", "call", each, {10000, 100000, 1000000, 10000000}},
    {"memory grows, filled", "page", pages, {8, 80, 800, 8000}},
    {"instances in a vm", "instance", instances, {1, 4, 16, 64}},
    {"vms in a process", "vm", vms, {1, 4, 16, 64}},
    {"called in turn", "call", turns, {1, 4, 16, 64}},
};

static void measure_row(const struct row *row) {
    for (size_t i = 0; i < SIZES; i++) {
        uint32_t n = row->sizes[i];
        struct cost best = {0, 0};
        for (int attempt = 0; attempt < ATTEMPTS; attempt++)
            best = better(best, row->measure(n));
        print_row(row->what, row->unit, n, best);
    }
}

/* ---- large modules ---- */

static struct buffer read_module(const char *path) {
    struct buffer bytes;
    buffer_init(&bytes, VM_MODULE_BYTES);
    demand(file_read(path, &bytes, &error));
    return bytes;
}

static void measure_load(const char *path) {
    struct buffer bytes = read_module(path);
    struct cost best = {0, 0};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct vm *vm = open_vm();
        struct meter meter = begin(vm);
        instantiate(vm, load(vm, &bytes));
        best = better(best, end(meter, vm));
        vm_close(vm);
    }
    print_row("load", "byte", bytes.size, best);
    buffer_free(&bytes);
}

/* The functions of the module: `call` comes behind all of them and one that is
 * imported. */
static uint32_t function_count(const struct module *module) {
    for (size_t i = 0; i < vm_export_count(module); i++) {
        struct vm_export export = vm_export_at(module, i);
        if (slice_is(export.name, "call"))
            return export.index - 1;
    }
    return 1;
}

static void measure_translation(const char *path) {
    struct buffer bytes = read_module(path);
    struct cost best = {0, 0};
    uint32_t count = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct vm *vm = open_vm();
        struct module *module = load(vm, &bytes);
        struct instance *instance = instantiate(vm, module);
        count = function_count(module);

        struct function *start = vm_find_function(instance, slice_of("_start"));
        struct meter meter = begin(vm);
        demand(start && vm_call(start, NULL, 0, NULL, &error));
        best = better(best, end(meter, vm));
        vm_close(vm);
    }
    print_row("translate, call once", "function", count, best);
    buffer_free(&bytes);
}

int main(int argc, char **argv) {
    if (argc < 2 || argc % 2 != 0)
        return 2;
    for (int i = 2; i < argc; i += 2)
        measure_load(argv[i]);
    for (int i = 3; i < argc; i += 2)
        measure_translation(argv[i]);

    guest = read_module(argv[1]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        measure_row(&rows[i]);
    buffer_free(&guest);
    return 0;
}
