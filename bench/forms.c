/* Which operations a program executes one after the other, and how often:
 * bench/forms.py, which says what this is for.
 *
 * Linked with hostel, or with the suite's driver, in front of vm_open: the vm
 * gets an observer that watches all cells. Counted is each cell with the two
 * before it that led to it without a jump, or "-". At the end a line for each
 * such three goes to the file that FORMS names: the number, and the names of
 * their operations; and, with a 0, one for each form for pins. */
#include "vm/listing/listing.h"
#include "vm/listing/watch.h"
#include "vm/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Programs that go on for longer do nothing new: they are ended. Before it sorts,
 * the suite's `sort` executes some 60 million. */
enum { CELLS_MAX = 100000000 };

struct vm *__real_vm_open(const struct vm_limits *limits, struct error *error);
struct vm *__wrap_vm_open(const struct vm_limits *limits, struct error *error);

/* Three operations in their order; OP_COUNT is none. */
struct run {
    uint16_t ops[3];
    uint64_t count; /* or 0: the place is free */
};

/* Of the one vm that these programs open. */
enum { PLACES = 1 << 20 };
static struct run runs[PLACES];
static uint64_t executed;
static FILE *out;

static struct {
    const struct cell *pc;
    const uint64_t *frame;
    uint16_t ops[2];
} last = {.ops = {OP_COUNT, OP_COUNT}};

static const char *const names[OP_COUNT + 1] = {
#define OP(name, ...) [OP_##name] = #name,
#include "vm/ops.def"
    [OP_COUNT] = "-",
};

static const uint16_t pinned[] = {
#define PINNED(name) OP_##name,
#define PINNED_BINARY(X, Y, TO, field, of, name, ...)                          \
    PINNED(name##_##X##Y##_##TO)
#define PINNED_BRANCH                             PINNED_BINARY
#define PINNED_STORE(X, Y, field, of, name, ...)  PINNED(name##_##X##Y)
#define PINNED_LOAD(AT, TO, field, of, name, ...) PINNED(name##_##AT##_##TO)
#define PINNED_STEP                               PINNED_LOAD
#define PINNED_STRIDE                             PINNED_LOAD
#define PINNED_STORE_SUM                          PINNED_LOAD
#include "vm/fusions/pins.def"
};

/* A program has some thousands. */
static void count_run(const uint16_t ops[3]) {
    uint64_t key = ops[0] * UINT64_C(4294967296) + ops[1] * 65536u + ops[2];
    size_t i = key * UINT64_C(0x9E3779B97F4A7C15) >> 44;
    while (runs[i].count > 0 && memcmp(runs[i].ops, ops, sizeof runs->ops) != 0)
        i = (i + 1) % PLACES;
    memcpy(runs[i].ops, ops, sizeof runs->ops);
    runs[i].count++;
}

static void write_counts(void) {
    for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++)
        fprintf(out, "0\t-\t-\t%s\n", names[pinned[i]]);
    for (size_t i = 0; i < PLACES; i++) {
        const struct run *run = &runs[i];
        if (run->count > 0) {
            fprintf(out,
                    "%" PRIu64 "\t%s\t%s\t%s\n",
                    run->count,
                    names[run->ops[0]],
                    names[run->ops[1]],
                    names[run->ops[2]]);
        }
    }
    fclose(out);
}

/* Whether it comes next to the last one, perhaps over data. */
static bool follows(const struct machine *machine) {
    const struct code *code = &machine->instance->module->code;
    if (!last.pc || last.frame != machine->frame || machine->pc <= last.pc)
        return false;
    uint32_t at = code_index(code, last.pc);
    return code_next(code, at, code->cell_count) ==
           code_index(code, machine->pc);
}

static void translated(struct observer *observer,
                       struct module *module,
                       uint32_t function) {
    (void)observer;
    watch_function(module, function);
}

static enum op cell(struct observer *observer, const struct machine *machine) {
    (void)observer;
    enum op op = watched_op(machine);
    if (!follows(machine))
        last.ops[0] = last.ops[1] = OP_COUNT;
    const uint16_t ops[3] = {last.ops[0], last.ops[1], (uint16_t)op};
    count_run(ops);
    last.pc = machine->pc;
    last.frame = machine->frame;
    last.ops[0] = ops[1];
    last.ops[1] = ops[2];
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
