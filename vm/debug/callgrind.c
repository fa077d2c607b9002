/* A profile in the format of callgrind, version 1, for callgrind_annotate and
 * KCachegrind (https://valgrind.org/docs/manual/cl-format.html):
 *
 *     events: Cells Fuel Host       what the numbers at the end of lines are
 *     fl=(1) demo.c                 a file, and its number, which stands for it from now on
 *     fn=(4) main                   a function in it
 *     12 30 1 0                     line 12 costs 30 cells, a unit of fuel, no call of the host
 *     fi=(2) list.h                 lines of a file that were inlined
 *     7 400 0 0
 *     fi=(1)
 *     cfi=(2)                       the function that is called is in that file
 *     cfn=(5) list_sort
 *     calls=2 31                    twice; it begins in line 31
 *     14 9000 80 0                  line 14 calls it, and what it did cost so much
 *
 * A function that is on the stack more than once would count for itself again
 * and again. So what was executed counts but once for each function below: for
 * the outermost that is on the stack, and not for one that executes it itself.
 * Then a function's own cost and that of its calls are, together, what was
 * executed while it was on the stack. Calls of a function from one line that
 * cannot be told apart any more (of one that is on the stack already, counts.h)
 * stand at the first line of the caller.
 *
 * What bulk operations and exceptions were charged at run time stands at a
 * function's first line too. So the sum of Fuel is what --fuel charges the same
 * run, to the unit, which the tests compare; Host is apart, and costs no fuel. */
#include "vm/debug/profile.h"

#include "vm/listing/names.h"

#include <inttypes.h>
#include <stdlib.h>

enum { UNKNOWN_FILE, HOST_FILE, FIRST_FILE };

/* A module's files have numbers from `files` on. */
struct module_lines {
    const struct module *module;
    struct debug_lines lines;
    uint32_t files;
};

struct place {
    uint32_t file, line;
};

/* Of a function's own lines, or of calls from a line. */
struct line_cost {
    struct place at;
    uint32_t caller, callee; /* of calls: functions */
    uint64_t calls;
    struct cost cost;
};

struct line_costs {
    struct line_cost *of; /* owned */
    size_t count, capacity;
};

struct writer {
    struct profile *profile;
    FILE *out;
    struct budget *memory;
    struct module_lines *modules; /* owned */
    size_t module_count;
    uint32_t file_count;
    bool *file_named, *function_named; /* owned: has its name been written? */
    struct place *begins;              /* owned: of each function */
    struct cost *costs;                /* owned: of each function's stacks */
    struct line_costs calls;
    struct cost written;
    uint32_t file; /* the current one */
};

/* ---- places ---- */

static bool open_modules(struct writer *w) {
    const struct counts *counts = w->profile->counts;
    size_t count = 0;
    for (struct module_counts *of = counts->modules; of; of = of->next)
        count++;
    w->modules = budget_alloc(w->memory, count + 1, sizeof *w->modules);
    if (!w->modules)
        return false;
    w->file_count = FIRST_FILE;
    for (struct module_counts *of = counts->modules; of; of = of->next) {
        struct debug_lines lines = module_lines(of->module);
        w->modules[w->module_count++] =
            (struct module_lines){of->module, lines, w->file_count};
        w->file_count += (uint32_t)lines.file_count;
    }
    return true;
}

static const struct module_lines *lines_of(const struct writer *w,
                                           const struct module *module) {
    size_t i = 0;
    while (i + 1 < w->module_count && w->modules[i].module != module)
        i++;
    return &w->modules[i];
}

static struct place place_at(const struct module_lines *of, uint32_t offset) {
    const struct debug_lines *all = &of->lines;
    size_t i = debug_line_find(all, offset);
    if (i == all->line_count)
        return (struct place){UNKNOWN_FILE, 0};
    return (struct place){of->files + all->lines[i].file, all->lines[i].line};
}

static struct slice file_name(const struct writer *w, uint32_t file) {
    if (file == UNKNOWN_FILE)
        return slice_of("???");
    if (file == HOST_FILE)
        return slice_of("the host");
    size_t i = w->module_count - 1;
    while (w->modules[i].files > file)
        i--;
    return w->modules[i].lines.files[file - w->modules[i].files].path;
}

static void write_file(struct writer *w, const char *key, uint32_t file) {
    fprintf(w->out, "%s=(%" PRIu32 ")", key, file + 1);
    if (!w->file_named[file])
        fprintf(w->out, " %s", shown(file_name(w, file), SHOWN_MAX).text);
    w->file_named[file] = true;
    fputc('\n', w->out);
}

static void write_function(struct writer *w, const char *key, uint32_t id) {
    fprintf(w->out, "%s=(%" PRIu32 ")", key, id + 1);
    if (!w->function_named[id])
        fprintf(w->out, " %s", w->profile->names[id]);
    w->function_named[id] = true;
    fputc('\n', w->out);
}

static void write_cost(struct writer *w, uint32_t line, struct cost cost) {
    fprintf(w->out,
            "%" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
            line,
            cost.cells,
            cost.fuel,
            cost.calls);
}

/* ---- lines ---- */

static bool add_line(struct writer *w,
                     struct line_costs *costs,
                     const struct line_cost *line) {
    struct line_cost *of = array_reserve(
        w->memory, costs->of, costs->count, &costs->capacity, sizeof *of);
    if (!of)
        return false;
    costs->of = of;
    of[costs->count++] = *line;
    return true;
}

static int by_place(const void *a, const void *b) {
    const struct line_cost *x = a, *y = b;
    int order = numbers_compare(x->caller, y->caller);
    if (order == 0)
        order = numbers_compare(x->at.file, y->at.file);
    if (order == 0)
        order = numbers_compare(x->at.line, y->at.line);
    return order ? order : numbers_compare(x->callee, y->callee);
}

/* Those of one place become one. */
static void merge_lines(struct line_costs *costs) {
    size_t kept = 0;
    if (costs->count == 0)
        return;
    qsort(costs->of, costs->count, sizeof *costs->of, by_place);
    for (size_t i = 1; i < costs->count; i++) {
        struct line_cost *last = &costs->of[kept];
        if (by_place(last, &costs->of[i]) != 0) {
            costs->of[++kept] = costs->of[i];
            continue;
        }
        last->calls += costs->of[i].calls;
        cost_add(&last->cost, costs->of[i].cost);
    }
    costs->count = kept + 1;
}

static void free_lines(struct writer *w, struct line_costs *costs) {
    array_free(w->memory, costs->of, costs->capacity, sizeof *costs->of);
    *costs = (struct line_costs){0};
}

/* ---- calls ---- */

/* For each function below a node on the stack: the callee of the outermost
 * frame of it. The row is gone through twice: to find them, and to count. */
static void count_below(const struct profile *profile,
                        const struct call_node *top,
                        const struct call_node **outermost,
                        struct cost *costs) {
    const struct counts *counts = profile->counts;
    struct cost cost = cost_of_node(counts, top);
    const struct call_node *callee = top, *node;
    while ((node = node_parent(counts, callee))) {
        outermost[node->id] = callee;
        callee = node;
    }
    for (callee = top; (node = node_parent(counts, callee)); callee = node) {
        const struct call_node *counted = outermost[node->id];
        outermost[node->id] = NULL;
        if (counted && node->id != top->id)
            cost_add(&costs[counted->index], cost);
    }
}

static struct place site_of(const struct writer *w,
                            const struct call_node *node) {
    const struct counts *counts = w->profile->counts;
    const struct call_node *caller = node_parent(counts, node);
    const struct module *module = function_of(counts, caller)->module;
    const struct cell *site = (const struct cell *)(uintptr_t)node->site;
    const struct code *code = module ? &module->code : NULL;
    bool known = site && code && site >= code->cells &&
                 site < code->cells + code->cell_count;
    if (!known)
        return w->begins[caller->id];
    uint32_t cell = code_index(code, site);
    return place_at(lines_of(w, module), code->offsets[cell]);
}

static bool read_calls(struct writer *w) {
    struct profile *profile = w->profile;
    size_t count = profile->node_count, functions = profile->function_count;
    const struct call_node **outermost =
        budget_alloc(w->memory, functions, sizeof *outermost);
    struct cost *costs = budget_alloc(w->memory, count, sizeof *costs);
    bool ok = outermost && costs;
    for (uint32_t i = 0; ok && i < count; i++)
        profile->nodes[i]->index = i;
    for (size_t i = 0; ok && i < count; i++)
        count_below(profile, profile->nodes[i], outermost, costs);
    for (size_t i = 0; ok && i < count; i++) {
        const struct call_node *node = profile->nodes[i];
        const struct call_node *caller = node_parent(profile->counts, node);
        if (node->calls == 0 || caller->id == ID_HOST)
            continue;
        struct line_cost line = {.at = site_of(w, node),
                                 .caller = caller->id,
                                 .callee = node->id,
                                 .calls = node->calls,
                                 .cost = costs[i]};
        ok = add_line(w, &w->calls, &line);
    }
    budget_free(w->memory, outermost, functions * sizeof *outermost);
    budget_free(w->memory, costs, count * sizeof *costs);
    merge_lines(&w->calls);
    return ok;
}

/* ---- functions ---- */

/* The first place that is known is where a function begins. */
static void find_beginning(struct writer *w, uint32_t id) {
    const struct counted_function *function =
        &w->profile->counts->functions[id - FIRST_ID];
    struct module *module = function->module;
    if (function->host)
        w->begins[id] = (struct place){HOST_FILE, 0};
    if (function->host || !module)
        return;
    const struct module_lines *lines = lines_of(w, module);
    uint32_t entry = module->functions[function->function].entry;
    if (entry == NO_CELL)
        return;
    const struct code *code = &module->code;
    uint32_t end = code_end(code, code_find(code, entry));
    for (uint32_t i = entry; i < end && w->begins[id].line == 0; i++)
        w->begins[id] = place_at(lines, code->offsets[i]);
}

/* What its cells cost; and what its stacks were charged at run time. */
static bool
read_lines(struct writer *w, uint32_t id, struct line_costs *lines) {
    const struct counted_function *function =
        &w->profile->counts->functions[id - FIRST_ID];
    struct function_counts counts = {0};
    struct cost cost = w->costs[id];
    uint64_t charged = 0;
    bool ok = true;
    if (function->module)
        ok =
            function_counts_read(&counts, function->module, function->function);
    for (size_t i = 0; ok && i < counts.cell_count; i++) {
        const struct counted_cell *cell = &counts.cells[i];
        struct line_cost line = {
            .at = place_at(lines_of(w, function->module), cell->offset),
            .cost = {.cells = cell->count, .fuel = cell->fuel}};
        charged += cell->fuel;
        ok = cost_is_none(line.cost) || add_line(w, lines, &line);
    }
    if (function->module)
        function_counts_free(&counts);
    struct line_cost rest = {.at = w->begins[id],
                             .cost = {.calls = cost.calls}};
    if (cost.fuel > charged)
        rest.cost.fuel = cost.fuel - charged;
    return ok && (cost_is_none(rest.cost) || add_line(w, lines, &rest));
}

/* Lines of another file are said to be inlined from there. */
static void go_to_file(struct writer *w, uint32_t file) {
    if (w->file != file)
        write_file(w, "fi", file);
    w->file = file;
}

static void write_call(struct writer *w, const struct line_cost *call) {
    struct place begins = w->begins[call->callee];
    go_to_file(w, call->at.file);
    write_file(w, "cfi", begins.file);
    write_function(w, "cfn", call->callee);
    fprintf(
        w->out, "calls=%" PRIu64 " %" PRIu32 "\n", call->calls, begins.line);
    write_cost(w, call->at.line, call->cost);
}

static size_t first_call(const struct line_costs *calls, uint32_t caller) {
    size_t low = 0, high = calls->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (calls->of[middle].caller < caller)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool write_lines(struct writer *w, uint32_t id) {
    struct line_costs lines = {0};
    bool ok = id < FIRST_ID || read_lines(w, id, &lines);
    size_t call = first_call(&w->calls, id);
    bool calls = call < w->calls.count && w->calls.of[call].caller == id;
    merge_lines(&lines);
    if (ok && (lines.count > 0 || calls)) {
        w->file = w->begins[id].file;
        fputc('\n', w->out);
        write_file(w, "fl", w->file);
        write_function(w, "fn", id);
        for (size_t i = 0; i < lines.count; i++) {
            go_to_file(w, lines.of[i].at.file);
            write_cost(w, lines.of[i].at.line, lines.of[i].cost);
            cost_add(&w->written, lines.of[i].cost);
        }
        for (; call < w->calls.count && w->calls.of[call].caller == id; call++)
            write_call(w, &w->calls.of[call]);
    }
    free_lines(w, &lines);
    return ok;
}

/* What no function is charged for. */
static void write_rest(struct writer *w) {
    const struct cost *all = &w->profile->stacks[0].all;
    struct cost rest = {.cells = all->cells - w->written.cells,
                        .fuel = all->fuel - w->written.fuel,
                        .calls = all->calls - w->written.calls};
    if (cost_is_none(rest))
        return;
    fputc('\n', w->out);
    write_file(w, "fl", UNKNOWN_FILE);
    write_function(w, "fn", ID_REST);
    write_cost(w, 0, rest);
}

/* ---- all ---- */

static void write_head(struct writer *w) {
    const struct cost *all = &w->profile->stacks[0].all;
    fprintf(w->out,
            "# callgrind format\n"
            "version: 1\n"
            "creator: hostel " HOSTEL_VERSION "\n"
            "cmd: %s\n",
            shown_text(w->profile->program, SHOWN_MAX).text);
    if (w->profile->cut)
        fputs("desc: Trigger: there were more stacks than are kept: the costs "
              "of calls leave some out\n",
              w->out);
    fprintf(w->out,
            "positions: line\n"
            "event: Cells : Cells executed\n"
            "event: Fuel : Units of fuel charged\n"
            "event: Host : Calls of the host\n"
            "events: Cells Fuel Host\n"
            "summary: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
            all->cells,
            all->fuel,
            all->calls);
}

static bool prepare(struct writer *w) {
    struct profile *profile = w->profile;
    size_t functions = profile->function_count;
    if (!open_modules(w))
        return false;
    w->file_named = budget_alloc(w->memory, w->file_count, 1);
    w->function_named = budget_alloc(w->memory, functions, 1);
    w->begins = budget_alloc(w->memory, functions, sizeof *w->begins);
    w->costs = budget_alloc(w->memory, functions, sizeof *w->costs);
    if (!w->file_named || !w->function_named || !w->begins || !w->costs)
        return false;
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct call_node *node = profile->nodes[i];
        cost_add(&w->costs[node->id], cost_of_node(profile->counts, node));
    }
    for (uint32_t i = FIRST_ID; i < functions; i++)
        find_beginning(w, i);
    return true;
}

static void end(struct writer *w) {
    size_t functions = w->profile->function_count;
    size_t modules = 1;
    for (struct module_counts *of = w->profile->counts->modules; of;
         of = of->next)
        modules++;
    budget_free(w->memory, w->modules, modules * sizeof *w->modules);
    budget_free(w->memory, w->file_named, w->file_count);
    budget_free(w->memory, w->function_named, functions);
    budget_free(w->memory, w->begins, functions * sizeof *w->begins);
    budget_free(w->memory, w->costs, functions * sizeof *w->costs);
    free_lines(w, &w->calls);
}

bool callgrind_write(struct profile *profile, FILE *out) {
    struct writer writer = {
        .profile = profile, .out = out, .memory = profile->memory};
    const struct cost *all = &profile->stacks[0].all;
    bool ok = prepare(&writer) && read_calls(&writer);
    if (ok)
        write_head(&writer);
    for (uint32_t i = FIRST_ID; ok && i < profile->function_count; i++)
        ok = write_lines(&writer, i);
    if (ok) {
        write_rest(&writer);
        fprintf(out,
                "\ntotals: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                all->cells,
                all->fuel,
                all->calls);
    }
    end(&writer);
    return ok;
}
