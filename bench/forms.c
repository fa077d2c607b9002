/* Which forms for pins a program executes, and how often: bench/forms.py, which
 * says what this is for.
 *
 * Linked with hostel, or with the suite's driver, in front of vm_open: the vm
 * gets an observer that watches all cells and counts each by its operation. At
 * the end a line for each of the forms goes to the file that FORMS names, and
 * one for all operations: the number of cells, and the name. */
#include "vm/listing/listing.h"
#include "vm/listing/watch.h"
#include "vm/store.h"

#include <inttypes.h>
#include <stdlib.h>

/* Programs that go on for longer do nothing new: they are ended. */
enum { CELLS_MAX = 40000000 };

struct vm *__real_vm_open(const struct vm_limits *limits, struct error *error);
struct vm *__wrap_vm_open(const struct vm_limits *limits, struct error *error);

/* Of the one vm that these programs open. */
static uint64_t executed, counts[OP_COUNT];
static FILE *out;

/* Of the forms alone. */
static const char *const names[OP_COUNT] = {
#define NAMED(name) [OP_##name] = #name,
#define PINNED_BINARY(X, Y, TO, field, of, name, ...)                          \
    NAMED(name##_##X##Y##_##TO)
#define PINNED_BRANCH                             PINNED_BINARY
#define PINNED_STORE(X, Y, field, of, name, ...)  NAMED(name##_##X##Y)
#define PINNED_LOAD(AT, TO, field, of, name, ...) NAMED(name##_##AT##_##TO)
#define PINNED_STEP                               PINNED_LOAD
#define PINNED_STRIDE                             PINNED_LOAD
#define PINNED_STORE_SUM                          PINNED_LOAD
#include "vm/fusions/pins.def"
};

static void write_counts(void) {
    fprintf(out, "%" PRIu64 "\tall\n", executed);
    for (int op = 0; op < OP_COUNT; op++) {
        if (names[op])
            fprintf(out, "%" PRIu64 "\t%s\n", counts[op], names[op]);
    }
    fclose(out);
}

static bool translated(struct observer *observer,
                       struct module *module,
                       uint32_t function,
                       struct error *error) {
    (void)observer, (void)error;
    watch_function(module, function);
    return true;
}

static enum op cell(struct observer *observer, const struct machine *machine) {
    (void)observer;
    enum op op = watched_op(machine);
    counts[op]++;
    if (++executed == CELLS_MAX)
        exit(0);
    return op;
}

struct vm *__wrap_vm_open(const struct vm_limits *limits, struct error *error) {
    static struct observer observer = {.translated = translated, .cell = cell};
    struct vm *vm = __real_vm_open(limits, error);
    if (!vm || vm->observer)
        return vm;
    vm->observer = &observer;
    /* Now: later the program's own walls forbid it. */
    const char *path = getenv("FORMS");
    out = path ? fopen(path, "a") : NULL;
    if (!out)
        exit(1);
    atexit(write_counts);
    return vm;
}
