/* Blocks that are counted: where the translator lets them begin, and what is
 * known of the cells when the guest has ended. See counts.h.
 *
 * For every block there is a run, which says where in the module its first
 * instruction is; for all of code of which no more is reached, one without a
 * block. A deficit is kept for a cell behind which a block was left: it is
 * taken from what the counter says of all cells that follow in the block. */
#include "vm/debug/counts.h"

#include "vm/emit.h"
#include "vm/frames.h"
#include "vm/rings.h"

#include <stdlib.h>
#include <string.h>

/* ---- modules ---- */

struct module_counts *module_counts_of(const struct counts *counts,
                                       const struct module *module) {
    struct module_counts *found = counts->modules;
    while (found && found->module != module)
        found = found->next;
    return found;
}

static struct module_counts *of_translator(const struct translator *t) {
    struct counts *counts = t->module->vm->counts;
    struct module_counts *found = module_counts_of(counts, t->module);
    if (found)
        return found;
    struct module_counts *made = budget_alloc(counts->memory, 1, sizeof *made);
    if (!made)
        return NULL;
    made->module = t->module;
    made->next = counts->modules;
    counts->modules = made;
    return made;
}

/* ---- translation ---- */

/* Nobody pays for what the ring emits. */
static void emit_unpaid(struct translator *t, enum op op) {
    uint32_t unpaid = t->unpaid;
    emit(t, op);
    t->barrier = here(t);
    t->unpaid = unpaid;
}

static bool
add_run(struct translator *t, uint32_t offset, uint32_t cell, uint32_t at) {
    struct module_counts *of = of_translator(t);
    struct counted_run *runs = of ? array_reserve(t->module->vm->memory,
                                                  of->runs,
                                                  of->run_count,
                                                  &of->run_capacity,
                                                  sizeof *runs)
                                  : NULL;
    if (!runs) {
        t->dead = true;
        return module_no_memory(t->module, t->reader, "counts");
    }
    of->runs = runs;
    of->dead = cell == NO_CELL;
    runs[of->run_count++] = (struct counted_run){offset, cell, at};
    return true;
}

uint32_t count_slots(const struct module *module) {
    return module->counted && module->vm->counts->calls;
}

uint32_t count_room(const struct module *module) {
    enum { ROOM = 4 };
    return module->counted ? ROOM : 1;
}

/* The counter comes last, so that it is a barrier for what may be fused. */
static struct cell *emit_counter(struct translator *t, enum op op) {
    emit_unpaid(t, op);
    uint32_t unpaid = t->unpaid;
    struct cell *data = emit_data(t);
    t->unpaid = unpaid;
    return data;
}

void count_block(struct translator *t, bool behind) {
    if (!t->module->counted || t->dead)
        return;
    bool calls = t->module->vm->counts->calls;
    uint32_t offset = behind ? (uint32_t)t->reader->position : t->offset;
    if (!add_run(t, offset, here(t), here(t)))
        return;
    emit_counter(t, calls ? OP_count_own : OP_count);
}

/* The cell that counts pays too. */
bool count_pay(struct translator *t, uint32_t units) {
    struct module_counts *of = count_slots(t->module) ? of_translator(t) : NULL;
    if (!of)
        return false;
    struct code *code = &t->module->code;
    uint32_t counter = of->runs[of->run_count - 1].cell;
    code->cells[counter].d = (uint16_t)units;
    if (code_op(code, counter) == OP_count_own)
        code_set_op(code, counter, OP_count_paid);
    return true;
}

/* What a translation left that was given up is cut off. */
static void cut_runs(struct module_counts *of, uint32_t entry) {
    while (of && of->run_count > 0 && of->runs[of->run_count - 1].at > entry)
        of->run_count--;
}

void count_function(struct translator *t, uint32_t function) {
    if (!t->module->counted || t->dead)
        return;
    cut_runs(of_translator(t), t->entry);
    if (!t->module->vm->counts->calls) {
        count_block(t, false);
        return;
    }
    struct counted_function number = {t->module, function, NULL};
    if (!add_run(t, t->offset, here(t), here(t)))
        return;
    struct cell *data = emit_counter(t, OP_count_call);
    data->tail.imm = (int32_t)counts_number(t->module->vm->counts, number);
}

static void emit_for_calls(struct translator *t, enum op op) {
    if (count_slots(t->module) && !t->dead)
        emit_unpaid(t, op);
}

void count_site(struct translator *t) {
    emit_for_calls(t, OP_count_site);
}

void count_charged(struct translator *t) {
    emit_for_calls(t, OP_count_charged);
}

/* Code that is not reached has no block. */
static void after_instruction(struct observer *observer,
                              const struct translator *t) {
    struct counts *counts = (struct counts *)(void *)observer;
    struct module_counts *of = module_counts_of(counts, t->module);
    if (!t->dead || !of || of->dead)
        return;
    struct counted_run *runs = array_reserve(counts->memory,
                                             of->runs,
                                             of->run_count,
                                             &of->run_capacity,
                                             sizeof *runs);
    of->dead = true;
    if (!runs)
        return; /* the code before is said to go on */
    of->runs = runs;
    uint32_t offset = (uint32_t)t->reader->position;
    runs[of->run_count++] = (struct counted_run){offset, NO_CELL, here(t)};
}

/* ---- cells ---- */

/* Whether a block begins there. */
static bool is_counter(enum op op) {
    return op == OP_count || op == OP_count_own || op == OP_count_paid ||
           op == OP_count_call;
}

/* Whether it is one of the guest's. */
static bool is_counted(enum op op) {
    return !is_counter(op) && op != OP_tick && op != OP_count_charged &&
           op != OP_count_site && op != OP_stop;
}

/* What is charged where the cell is executed, in units of fuel. */
static uint64_t units_of(const struct code *code, uint32_t at) {
    const struct cell *cell = &code->cells[at];
    enum op op = code_op(code, at);
    if (op == OP_tick)
        return (uint64_t)cell->tail.imm;
    bool pays = op == OP_count_paid || op == OP_count_call;
    return pays ? cell->d : 0;
}

/* The size of each block is written into its cell. */
static void after_function(struct observer *observer,
                           struct module *module,
                           uint32_t function) {
    struct counts *counts = (struct counts *)(void *)observer;
    struct module_counts *of = module_counts_of(counts, module);
    struct code *code = &module->code;
    struct cell *counter = NULL;
    if (!of)
        return;
    of->dead = false;
    uint32_t end = code->cell_count;
    uint32_t at = module->functions[function].entry + 1;
    for (; at < end; at = code_next(code, at, end)) {
        enum op op = code_op(code, at);
        if (is_counter(op))
            counter = &code->cells[at];
        else if (counter && is_counted(op))
            counter->tail.imm++;
    }
}

/* ---- deficits ---- */

/* The first run that is behind so many cells. */
static size_t run_behind(const struct module_counts *of, uint32_t cell) {
    size_t low = 0, high = of->run_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (of->runs[middle].at <= cell)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The cell that counts the block of a cell; or NO_CELL. */
static uint32_t counter_of(const struct module_counts *of, uint32_t cell) {
    size_t run = run_behind(of, cell);
    while (run > 0 && of->runs[run - 1].cell == NO_CELL)
        run--;
    return run > 0 ? of->runs[run - 1].cell : NO_CELL;
}

/* How many operations of the block stand behind the cell. */
static uint32_t rest_behind(const struct module_counts *of, uint32_t cell) {
    const struct code *code = &of->module->code;
    uint32_t counter = counter_of(of, cell);
    uint32_t begun = 0;
    if (counter == NO_CELL || code_find(code, cell)->entry > counter)
        return 0;
    for (uint32_t at = counter; at <= cell; at = code_next(code, at, cell + 1))
        begun += is_counted(code_op(code, at));
    return (uint32_t)code->cells[counter].tail.imm - begun;
}

static struct deficit *
deficit_place(struct deficit *deficits, size_t capacity, uint32_t cell) {
    size_t i = cell * UINT64_C(0x9E3779B97F4A7C15) >> 32 & (capacity - 1);
    while (deficits[i].count > 0 && deficits[i].cell != cell)
        i = (i + 1) & (capacity - 1);
    return &deficits[i];
}

/* At most half full. */
static bool deficits_grow(struct counts *counts, struct module_counts *of) {
    size_t capacity = of->deficit_capacity ? 2 * of->deficit_capacity : 64;
    struct deficit *deficits =
        budget_alloc(counts->memory, capacity, sizeof *deficits);
    if (!deficits)
        return false;
    for (size_t i = 0; i < of->deficit_capacity; i++) {
        struct deficit *old = &of->deficits[i];
        if (old->count > 0)
            *deficit_place(deficits, capacity, old->cell) = *old;
    }
    budget_free(
        counts->memory, of->deficits, of->deficit_capacity * sizeof *deficits);
    of->deficits = deficits;
    of->deficit_capacity = capacity;
    return true;
}

static struct deficit *
deficit_of(struct counts *counts, struct module_counts *of, uint32_t cell) {
    bool full = of->deficit_count >= of->deficit_capacity / 2;
    if (full && !deficits_grow(counts, of))
        return NULL;
    struct deficit *deficit =
        deficit_place(of->deficits, of->deficit_capacity, cell);
    if (deficit->count > 0)
        return deficit;
    deficit->cell = cell;
    deficit->rest = rest_behind(of, cell);
    of->deficit_count++;
    return deficit;
}

/* The block that execution is in is left behind its current cell. */
static void interrupt(struct counts *counts, const struct position *at) {
    const struct module *module = at->instance->module;
    struct module_counts *of = module_counts_of(counts, module);
    if (!of)
        return;
    struct deficit *deficit =
        deficit_of(counts, of, code_index(&module->code, at->pc));
    if (!deficit) {
        counts->incomplete = true;
        return;
    }
    deficit->count++;
    if (counts->calls)
        node_at(at)->own -= deficit->rest;
}

/* What was charged there stays there. */
static void charge_at(struct counts *counts, const struct position *at) {
    if (counts->calls)
        counts_charge(counts, node_at(at));
}

void count_caught(struct position thrown, const struct position *caught) {
    struct counts *counts = thrown.instance->vm->counts;
    if (!counts)
        return;
    charge_at(counts, &thrown);
    interrupt(counts, &thrown);
    while (thrown.frame != caught->frame && position_outward(&thrown))
        interrupt(counts, &thrown);
}

static void
after_call(struct observer *observer, const uint64_t *frame, enum trap trap) {
    (void)frame;
    struct counts *counts = (struct counts *)(void *)observer;
    if (trap != TRAP_NONE) {
        struct position at = counts->vm->trapped;
        charge_at(counts, &at);
        do
            interrupt(counts, &at);
        while (position_outward(&at));
    }
    calls_return(counts);
}

/* ---- opening and closing ---- */

static void forget(struct observer *observer, const struct module *module) {
    struct counts *counts = (struct counts *)(void *)observer;
    struct module_counts **link = &counts->modules;
    while (*link && (*link)->module != module)
        link = &(*link)->next;
    struct module_counts *gone = *link;
    calls_forget(counts, module);
    if (!gone)
        return;
    *link = gone->next;
    array_free(
        counts->memory, gone->runs, gone->run_capacity, sizeof *gone->runs);
    budget_free(counts->memory,
                gone->deficits,
                gone->deficit_capacity * sizeof *gone->deficits);
    budget_free(counts->memory, gone, sizeof *gone);
}

static void close(struct observer *observer) {
    struct counts *counts = (struct counts *)(void *)observer;
    while (counts->modules)
        forget(observer, counts->modules->module);
    calls_free(counts);
    counts->vm->counts = NULL;
    free(counts);
}

bool vm_count(struct vm *vm, bool calls, struct error *error) {
    if (vm->observer)
        return error_set(error, ERROR_USAGE, "the vm is watched already");
    struct counts *counts = calloc(1, sizeof *counts);
    if (!counts)
        return error_set(error, ERROR_IO, "out of memory: counts");
    counts->observer = (struct observer){.instruction = after_instruction,
                                         .translated = after_function,
                                         .left = after_call,
                                         .unloaded = forget,
                                         .closed = close};
    counts->vm = vm;
    counts->memory = vm->memory;
    counts->calls = calls;
    calls_init(counts);
    vm->counts = counts;
    vm->observer = &counts->observer;
    return true;
}

/* ---- asking ---- */

/* What is known at a cell of a function, all of whose cells are read. */
struct asking {
    struct function_counts *counts;
    const struct module_counts *of;
    const struct module *module;
    uint32_t cell, end;
    size_t run;                /* the next one */
    uint64_t begun, left;      /* of the block; and left before this cell */
    bool behind;               /* the cell before is a guest's */
    struct counted_cell *last; /* it, or an older one */
};

static bool add_piece(struct asking *ask, uint32_t from, uint64_t count) {
    struct function_counts *counts = ask->counts;
    struct counted_piece *pieces = counts->pieces;
    size_t known = counts->piece_count;
    if (known > 0 && pieces[known - 1].from == from)
        counts->piece_count--;
    pieces = array_reserve(counts->memory,
                           pieces,
                           counts->piece_count,
                           &counts->piece_capacity,
                           sizeof *pieces);
    if (!pieces)
        return false;
    counts->pieces = pieces;
    pieces[counts->piece_count++] = (struct counted_piece){from, count};
    return true;
}

static uint64_t counter_at(const struct code *code, uint32_t cell) {
    return code->cells[cell + 1].head.wide;
}

/* All runs that begin up to the cell. */
static bool read_runs(struct asking *ask, uint32_t cell) {
    const struct module_counts *of = ask->of;
    const struct code *code = &ask->module->code;
    while (ask->run < of->run_count && of->runs[ask->run].at <= cell) {
        const struct counted_run *run = &of->runs[ask->run++];
        bool dead = run->cell == NO_CELL;
        uint64_t count = dead ? 0 : counter_at(code, run->cell);
        if (!add_piece(ask, run->offset, count))
            return false;
    }
    return true;
}

static uint8_t opcode_at(const struct asking *ask, uint32_t offset) {
    return ask->module->bytes.data[offset];
}

/* The branch has been left by falling through so often. If it is a br_if that
 * has values to move, that is the way to its label; which is seen at its end,
 * where a second block begins for the same instruction. */
static bool add_branch(struct asking *ask, uint64_t through) {
    struct function_counts *counts = ask->counts;
    uint32_t offset = ask->last->offset;
    uint8_t opcode = opcode_at(ask, offset);
    size_t known = counts->branch_count;
    if (opcode != WASM_if && opcode != WASM_br_if)
        return true;
    if (known > 0 && counts->branches[known - 1].offset == offset) {
        struct counted_branch *branch = &counts->branches[known - 1];
        uint64_t held = branch->failed;
        branch->failed = branch->held;
        branch->held = held;
        return true;
    }
    struct counted_branch *branches = array_reserve(counts->memory,
                                                    counts->branches,
                                                    known,
                                                    &counts->branch_capacity,
                                                    sizeof *branches);
    if (!branches)
        return false;
    counts->branches = branches;
    uint64_t taken = ask->last->count - through;
    bool is_if = opcode == WASM_if;
    branches[counts->branch_count++] = (struct counted_branch){
        offset, is_if ? through : taken, is_if ? taken : through};
    return true;
}

static bool add_cell(struct asking *ask, uint64_t units) {
    struct function_counts *counts = ask->counts;
    struct counted_cell *cells = array_reserve(counts->memory,
                                               counts->cells,
                                               counts->cell_count,
                                               &counts->cell_capacity,
                                               sizeof *cells);
    if (!cells)
        return false;
    counts->cells = cells;
    uint64_t count = ask->begun - ask->left;
    ask->last = &cells[counts->cell_count++];
    *ask->last =
        (struct counted_cell){.cell = ask->cell,
                              .offset = ask->module->code.offsets[ask->cell],
                              .count = units ? 0 : count,
                              .fuel = units * count};
    return true;
}

/* Behind a branch, the block is what it falls through to. */
static bool begin_block(struct asking *ask) {
    uint64_t count = counter_at(&ask->module->code, ask->cell);
    bool ok = !ask->behind || add_branch(ask, count);
    ask->begun = count;
    ask->left = 0;
    return ok;
}

/* What was left behind the cells from one on, up to another. The instruction
 * that a run was stopped before has not been begun. */
static bool read_deficits(struct asking *ask, uint32_t from, uint32_t end) {
    const struct module_counts *of = ask->of;
    for (uint32_t cell = from; of->deficits && cell < end; cell++) {
        const struct deficit *deficit =
            deficit_place(of->deficits, of->deficit_capacity, cell);
        if (deficit->count == 0)
            continue;
        ask->left += deficit->count;
        bool begun = code_op(&ask->module->code, cell) != OP_stop;
        uint32_t behind = ask->module->code.offsets[cell] + begun;
        if (!add_piece(ask, behind, ask->begun - ask->left))
            return false;
    }
    return true;
}

static bool read_cell(struct asking *ask) {
    const struct code *code = &ask->module->code;
    uint32_t at = ask->cell;
    enum op op = code_op(code, at);
    uint64_t units = units_of(code, at);
    bool counted = is_counted(op);
    bool ok = read_runs(ask, at);
    if (ok && is_counter(op))
        ok = begin_block(ask);
    if (ok && (units > 0 || counted))
        ok = add_cell(ask, units);
    ask->behind = counted;
    ask->cell = code_next(code, at, ask->end);
    return ok && read_deficits(ask, at, ask->cell);
}

bool function_counts_read(struct function_counts *counts,
                          const struct module *module,
                          uint32_t function) {
    struct vm *vm = module->vm;
    *counts = (struct function_counts){.memory = vm->memory};
    struct asking ask = {.counts = counts, .module = module};
    uint32_t entry = module->functions[function].entry;
    ask.of = vm->counts ? module_counts_of(vm->counts, module) : NULL;
    if (!ask.of || entry == NO_CELL)
        return true;

    const struct code *code = &module->code;
    ask.cell = entry + 1;
    ask.end = code_end(code, code_find(code, entry));
    ask.run = run_behind(ask.of, entry);
    while (ask.cell < ask.end) {
        if (!read_cell(&ask))
            return false;
    }
    return true;
}

void function_counts_free(struct function_counts *counts) {
    struct budget *memory = counts->memory;
    array_free(
        memory, counts->pieces, counts->piece_capacity, sizeof *counts->pieces);
    array_free(memory,
               counts->branches,
               counts->branch_capacity,
               sizeof *counts->branches);
    array_free(
        memory, counts->cells, counts->cell_capacity, sizeof *counts->cells);
}

size_t function_counts_behind(const struct function_counts *counts,
                              uint32_t offset) {
    size_t low = 0, high = counts->piece_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (counts->pieces[middle].from <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
