/* Instructions, operands and cells side by side.
 *
 *     offset bytes         instruction       operands behind it       cells
 *         23 20 00         local.get 0       local0:i32               in 1
 *         25 20 01         local.get 1       local0:i32 local1:i32    in 1
 *         27 6a            i32.add           t0=r0:i32                1: i32_add_ss t0 r0 = local0, local1
 *
 * The function is translated once more, under observation (observer.h). While
 * that goes on, the operand stack behind each instruction is kept as text, and
 * how far the code had grown; what the cells are at last is read when all of it
 * is there, since later instructions may change cells or take them back. An
 * instruction whose cells are gone, or that never had any, says in which others
 * it has its part, "in 1". How that is known:
 *
 *  - It pushed what only waits, in a local or as a constant: it has its part in
 *    the cells of the instruction that takes that from the stack.
 *  - Its cell is gone, or there is another one in its place: so it has in those
 *    of the instruction that took it back.
 *  - It changed a cell, as local.set does with the slot that is written: so it
 *    has in that one.
 *
 * Of that one link is kept, and links are followed to an instruction that has
 * cells. */
#include "vm/listing/columns.h"

#include "vm/store.h"
#include "vm/translate.h"

#include <string.h>

enum {
    LOOK_DOWN = 40,     /* operands that may be settled at once, and more */
    OPERANDS_SHOWN = 4, /* the topmost */
    LINKS_FOLLOWED = 8,
};

/* ---- the operand stack as text ---- */

static const char *const accumulators[ACCUMULATORS] = {"r0", "s0", "f0"};

/* One that is in a slot may be in an accumulator, too. */
static void operand_show(const struct columns *c,
                         const struct translator *t,
                         const struct operand *x,
                         FILE *out) {
    char name[SLOT_NAME_SIZE];
    enum vm_type type = (enum vm_type)x->type;
    if (x->place == IS_CONSTANT) {
        uint64_t bits[2] = {x->from.constant, 0};
        value_show(value_kind(x->type), bits, out);
    } else {
        fputs(slot_name(&c->names, x->slot, name), out);
    }
    for (int k = 0; k < ACCUMULATORS; k++) {
        bool mirrored =
            x->place != IS_CONSTANT && t->mirrors.last[k] == x->slot;
        if (mirrored)
            fprintf(out, "=%s", accumulators[k]);
    }
    fprintf(out, ":%s", x->type == TYPE_ANY ? "any" : vm_type_name(type));
}

/* The topmost come last. Of most only the type is known, and that they are at
 * home; what more is known of some stands in t->operands. */
static void
stack_show(const struct columns *c, const struct translator *t, FILE *out) {
    struct operand shown[OPERANDS_SHOWN];
    uint32_t count = 0, home = t->home, known = t->known;
    while (count < OPERANDS_SHOWN && count < t->count) {
        uint8_t type = t->types[t->count - 1 - count];
        home -= type_slots(type);
        shown[count] = (struct operand){.slot = (uint16_t)home, .type = type};
        bool more = known > 0 && t->operands[known - 1].home == home;
        if (more)
            shown[count] = t->operands[--known];
        count++;
    }
    if (count < t->count)
        fputs("... ", out);
    for (uint32_t i = count; i-- > 0;) {
        operand_show(c, t, &shown[i], out);
        fputs(i > 0 ? " " : "", out);
    }
}

/* In dead code there are types, and no places. */
static void dead_show(const struct translator *t, FILE *out) {
    fputs("unreachable", out);
    uint32_t first = t->count > OPERANDS_SHOWN ? t->count - OPERANDS_SHOWN : 0;
    for (uint32_t i = first; i < t->count; i++) {
        uint8_t type = t->types[i];
        fputc(' ', out);
        fputs(type == TYPE_ANY ? "any" : vm_type_name((enum vm_type)type), out);
    }
}

/* ---- which instruction has its part in which cells ---- */

static void link_lines(struct columns *c, uint32_t from, uint32_t to) {
    struct column_line *line = &c->lines[from];
    if (from != to && line->into == NO_LINE)
        line->into = to;
}

static bool same_operand(const struct operand *x, const struct operand *y) {
    return x->place == y->place && x->slot == y->slot && x->home == y->home &&
           x->type == y->type && x->from.constant == y->from.constant;
}

static bool make_room(struct columns *c, uint32_t known) {
    if (known <= c->pushed_capacity)
        return true;
    struct pushed *pushed = array_reserve(c->module->vm->memory,
                                          c->pushed,
                                          known - 1,
                                          &c->pushed_capacity,
                                          sizeof *pushed);
    if (!pushed)
        return false;
    c->pushed = pushed;
    return true;
}

/* What the instruction of `line` has taken of what others pushed, and what it
 * pushed itself: whatever of the stack's top is not as it was. */
static void
follow_operands(struct columns *c, const struct translator *t, uint32_t line) {
    if (!make_room(c, t->known)) {
        c->failed = true;
        return;
    }
    uint32_t first = t->known < c->pushed_count ? t->known : c->pushed_count;
    uint32_t least = first > LOOK_DOWN ? first - LOOK_DOWN : 0;
    for (uint32_t i = least; i < c->pushed_count; i++) {
        const struct operand *before = &c->pushed[i].operand;
        bool same = i < t->known && same_operand(before, &t->operands[i]);
        if (same)
            continue;
        if (before->place != IN_SLOT)
            link_lines(c, c->pushed[i].line, line);
        if (i < t->known)
            c->pushed[i] = (struct pushed){t->operands[i], line};
    }
    for (uint32_t i = first; i < t->known; i++)
        c->pushed[i] = (struct pushed){t->operands[i], line};
    c->pushed_count = t->known;
}

/* The instruction whose cells the one at that index is among. */
static uint32_t line_of(const struct columns *c, uint32_t cell) {
    for (uint32_t i = 0; i < c->last_count; i++) {
        if (c->last[i].cell == cell)
            return c->last[i].line;
    }
    uint32_t line = c->line_count - 1;
    while (line > 0 && c->lines[line].first > cell)
        line--;
    return line;
}

/* The cells of a line begin at `first`; those of lines before it, of which it
 * took cells back, end there. */
static void set_first(struct columns *c, uint32_t line, uint32_t first) {
    c->lines[line].first = first;
    while (line > 0 && c->lines[line - 1].first > first)
        c->lines[--line].first = first;
}

/* What the instruction of `line` has done to the last cells that there were. */
static void
follow_cells(struct columns *c, const struct translator *t, uint32_t line) {
    const struct module *m = c->module;
    uint32_t first = c->cells_end;
    for (uint32_t i = 0; i < c->last_count; i++) {
        const struct last_cell *last = &c->last[i];
        bool gone = last->cell >= m->code.cell_count;
        const struct cell *now = &m->code.cells[gone ? 0 : last->cell];
        bool another = !gone && m->code.offsets[last->cell] == t->offset;
        bool changed = !gone && (now->d != last->copy.d ||
                                 now->head.wide != last->copy.head.wide);
        if (gone || another) {
            link_lines(c, last->line, line);
            first = last->cell < first ? last->cell : first;
        } else if (changed) {
            link_lines(c, line, last->line);
        }
    }
    set_first(c, line, first < m->code.cell_count ? first : m->code.cell_count);
}

static void remember_cells(struct columns *c, uint32_t line) {
    const struct module *m = c->module;
    struct last_cell now[LAST_CELLS];
    uint32_t end = m->code.cell_count, count = 0;
    uint32_t cell = end > c->entry + LAST_CELLS ? end - LAST_CELLS : c->entry;
    for (; cell < end; cell++) {
        bool ours = cell >= c->lines[line].first;
        now[count++] =
            (struct last_cell){.cell = cell,
                               .line = ours ? line : line_of(c, cell),
                               .copy = m->code.cells[cell]};
    }
    memcpy(c->last, now, count * sizeof *now);
    c->last_count = count;
    c->cells_end = end;
}

/* ---- while it is translated ---- */

/* The line of an instruction, or, first, of what comes before them all. */
static bool add_line(struct columns *c, uint32_t first) {
    struct column_line *lines = array_reserve(c->module->vm->memory,
                                              c->lines,
                                              c->line_count,
                                              &c->line_capacity,
                                              sizeof *lines);
    if (!lines)
        return false;
    c->lines = lines;
    lines[c->line_count++] = (struct column_line){
        .first = first, .into = NO_LINE, .stack = c->text.size};
    return true;
}

/* Its text is kept with a NUL behind it. */
static void add_stack(struct columns *c, const struct translator *t) {
    FILE *out = draft_begin(&c->draft);
    if (t->dead) {
        dead_show(t, out);
    } else {
        stack_show(c, t, out);
    }
    const char *text = draft_end(&c->draft);
    buffer_append(&c->text, text, strlen(text) + 1);
}

/* Before the first instruction there are the entry cell and perhaps a tick:
 * they count as those of the place where the body begins. */
static void begin(struct columns *c, const struct translator *t) {
    const struct module *m = c->module;
    c->entry = c->cells_end = t->entry;
    while (c->cells_end < m->code.cell_count &&
           m->code.offsets[c->cells_end] == t->begin)
        c->cells_end++;
    c->failed = !add_line(c, c->entry);
    buffer_append(&c->text, "", 1);
}

static void observe_instruction(struct observer *observer,
                                const struct translator *t) {
    struct columns *c = (struct columns *)(void *)observer;
    if (c->line_count == 0)
        begin(c, t);
    if (c->failed || !add_line(c, c->cells_end)) {
        c->failed = true;
        return;
    }
    uint32_t line = c->line_count - 1;
    follow_cells(c, t, line);
    follow_operands(c, t, line);
    remember_cells(c, line);
    add_stack(c, t);
}

/* What is left on the stack is returned, by the last instruction. */
static void observe_translated(struct observer *observer,
                               struct module *module,
                               uint32_t function) {
    struct columns *c = (struct columns *)(void *)observer;
    (void)module;
    (void)function;
    for (uint32_t i = 0; i < c->pushed_count; i++)
        link_lines(c, c->pushed[i].line, c->line_count - 1);
    c->failed = c->failed || c->text.failed;
    if (!c->failed)
        c->show(c, c->context);
}

/* ---- when all of it is there ---- */

const char *columns_stack(const struct columns *c, uint32_t line) {
    return (const char *)c->text.data + c->lines[line].stack;
}

uint32_t columns_cells_end(const struct columns *c, uint32_t line) {
    bool last = line + 1 == c->line_count;
    return last ? c->module->code.cell_count : c->lines[line + 1].first;
}

uint32_t columns_carrier(const struct columns *c, uint32_t line) {
    for (int i = 0; i < LINKS_FOLLOWED; i++) {
        bool carries = columns_cells_end(c, line) > c->lines[line].first;
        if (carries)
            return line;
        if (c->lines[line].into == NO_LINE)
            return NO_LINE;
        line = c->lines[line].into;
    }
    return NO_LINE;
}

/* ---- all of it ---- */

static bool
columns_init(struct columns *c, struct module *module, uint32_t function) {
    c->observer = (struct observer){.instruction = observe_instruction,
                                    .translated = observe_translated};
    c->module = module;
    buffer_init(&c->text, SIZE_MAX);
    c->text.budget = module->vm->memory;
    bool named = frame_names_init(&c->names, module, function);
    return draft_open(&c->draft) && meanings_read(module->vm) && named;
}

static void columns_free(struct columns *c) {
    struct budget *memory = c->module->vm->memory;
    frame_names_free(&c->names);
    draft_close(&c->draft);
    array_free(memory, c->lines, c->line_capacity, sizeof *c->lines);
    array_free(memory, c->pushed, c->pushed_capacity, sizeof *c->pushed);
    buffer_free(&c->text);
}

/* Translate the function for the vm's observer alone: no code is left. */
static bool
observe(struct module *module, uint32_t function, struct error *error) {
    struct function_declaration *declared = &module->functions[function];
    uint32_t entry = declared->entry;
    declared->entry = NO_CELL;
    bool ok = module_translate(module, function, error);
    if (ok) {
        module->code.translation_count--;
        code_abandon(&module->code);
    }
    declared->entry = entry;
    return ok;
}

bool columns_show(struct columns *c,
                  struct module *module,
                  uint32_t function,
                  struct error *error) {
    struct vm *vm = module->vm;
    struct observer *before = vm->observer;
    bool ok = columns_init(c, module, function);
    if (ok) {
        vm->observer = &c->observer;
        ok = observe(module, function, error);
        vm->observer = before;
    }
    if (!ok || c->failed)
        ok = error_set_memory(vm, error, "a listing");
    columns_free(c);
    return ok;
}
