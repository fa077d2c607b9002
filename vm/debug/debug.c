/* Opening a module's debugging information: find the sections, read their
 * units, name the functions. Each step is bounded by a number of steps that
 * grows with the sections (see entry.c). */
#include "vm/debug/debug.h"

#include "vm/debug/dwarf.h"

/* A sound module takes less than one step a byte to be read; and a question, of
 * which a backtrace has dozens, reads but little of it again. */
enum { STEPS_A_BYTE = 8, STEPS_A_BYTE_ASKED = 1, FEWEST_STEPS = 10000 };

static void allow(struct debug *debug, uint64_t steps_a_byte) {
    debug->work = FEWEST_STEPS + steps_a_byte * sections_size(debug);
}

void debug_refill(struct debug *debug) {
    allow(debug, STEPS_A_BYTE_ASKED);
}

void debug_refill_for_all(struct debug *debug) {
    allow(debug, STEPS_A_BYTE);
}

static bool read_all(struct debug *debug, struct slice module) {
    if (!sections_find(debug, module))
        return false;
    size_t abbreviations = debug->sections[SECTION_ABBREV].size;
    if (debug->body_count == 0 || debug->sections[SECTION_INFO].size == 0)
        return true;
    debug->abbreviations = budget_alloc(
        debug->memory, abbreviations + 1, sizeof *debug->abbreviations);
    if (!debug->abbreviations)
        return false;
    debug->abbreviation_count = abbreviations + 1;
    debug_refill_for_all(debug);
    return units_read(debug) && names_read(debug);
}

struct debug *debug_open(struct slice module, struct budget *memory) {
    struct debug *debug = budget_alloc(memory, 1, sizeof *debug);
    if (!debug)
        return NULL;
    debug->memory = memory;
    debug->table_offset = UINT64_MAX;
    arena_init(&debug->names);
    debug->names.budget = memory;
    if (read_all(debug, module))
        return debug;
    debug_free(debug);
    return NULL;
}

void debug_free(struct debug *debug) {
    if (!debug)
        return;
    struct budget *memory = debug->memory;
    array_free(
        memory, debug->bodies, debug->body_capacity, sizeof *debug->bodies);
    array_free(
        memory, debug->units, debug->unit_capacity, sizeof *debug->units);
    array_free(
        memory, debug->scopes, debug->scope_capacity, sizeof *debug->scopes);
    array_free(memory,
               debug->abbreviations,
               debug->abbreviation_count,
               sizeof *debug->abbreviations);
    table_free(debug);
    arena_free(&debug->names);
    budget_free(memory, debug, sizeof *debug);
}

struct slice debug_function_name(const struct debug *debug, uint32_t body) {
    if (body >= debug->body_count)
        return (struct slice){NULL, 0};
    return debug->bodies[body].name;
}
