/* Where a module's internal code is kept: an area of address space that is
 * reserved when the first function is translated, large enough for all of them,
 * and made usable bit by bit. Code never moves, because guest frames hold the
 * addresses of cells. Functions stand in the order of their first calls:
 *
 *     cells           [ entry, code of function 3 | entry, code of function 0 | ...   reserved ]
 *     offsets         of each cell: where in the module its instruction stands, for backtraces
 *     translations    {3, 0} {0, 17} ...: function and entry cell, ascending by cell
 *
 * From a cell, as a frame's link gives it, code_find goes back to the
 * function. */
#include "vm/module.h"

#include "vm/platform.h"
#include "vm/store.h"
#include "vm/translate.h"

/* What translation can make at most of a byte of a body: a conditional branch
 * that has two values to move has three cells for its two bytes
 * (tests/unit/test_vm_ratio.c). Every function has a few of its own. */
enum { CELLS_A_BYTE = 2, CELLS_A_FUNCTION = 8 + LOOP_HEAD };

/* The code grows by a quarter, but by whole pages, and not by more than what a
 * limit on memory would notice. */
enum { FEWEST_CELLS = 1 << 10, GROW_LEAST = 1 << 8, GROW_MOST = 1 << 14 };

static uint64_t cell_bytes(uint64_t cells) {
    return cells * sizeof(struct cell);
}

static uint64_t offset_bytes(uint64_t cells) {
    return cells * sizeof(uint32_t);
}

/* Both or none. */
static bool reserve(struct module *module, uint64_t cells) {
    uint8_t *at = platform_reserve(cell_bytes(cells));
    uint8_t *offsets = at ? platform_reserve(offset_bytes(cells)) : NULL;
    if (at && !offsets)
        platform_release(at, cell_bytes(cells));
    if (!offsets)
        return false;
    module->cells = (struct cell *)(void *)at;
    module->offsets = (uint32_t *)(void *)offsets;
    module->cell_limit = (uint32_t)cells;
    return true;
}

/* Reserve address space for the code of all functions. */
static bool reserve_all(struct module *module) {
    uint64_t cells = FEWEST_CELLS;
    for (uint32_t i = module->imported_functions; i < module->function_count;
         i++) {
        cells += CELLS_A_FUNCTION +
                 CELLS_A_BYTE * (uint64_t)module->functions[i].body.size;
    }
    /* A displacement has 32 bits. */
    if (cells > INT32_MAX / 2)
        cells = INT32_MAX / 2;
    /* Where address space is scarce less must do: nearly all modules need a
     * tenth. */
    while (!reserve(module, cells)) {
        cells /= 2;
        if (cells < FEWEST_CELLS)
            return false;
    }
    return true;
}

/* How many cells more are made usable. */
static uint32_t growth(const struct module *module) {
    uint32_t left = module->cell_limit - module->cell_capacity;
    uint32_t more = module->cell_capacity / 4 / GROW_LEAST * GROW_LEAST;
    if (more < GROW_LEAST)
        more = GROW_LEAST;
    if (more > GROW_MOST)
        more = GROW_MOST;
    return more < left ? more : left;
}

/* False when the reserve is used up or the system refuses; what there was stays
 * as it was. */
bool code_grow(struct module *module) {
    struct budget *memory = module->vm->memory;
    memory->refused = 0; /* it is to say whether the limit is the reason */
    if (!module->cells && !reserve_all(module))
        return false;
    uint32_t more = growth(module), capacity = module->cell_capacity + more;
    uint64_t bytes = cell_bytes(more) + offset_bytes(more);
    if (more == 0 || !budget_take(memory, bytes))
        return false;
    bool ok =
        platform_commit((uint8_t *)module->cells, cell_bytes(capacity)) &&
        platform_commit((uint8_t *)module->offsets, offset_bytes(capacity));
    if (ok) {
        module->cell_capacity = capacity;
    } else {
        budget_give(memory, bytes);
    }
    return ok;
}

/* Room for the record is made first, so that nothing can fail once the function
 * has its code; it is counted last. */
bool code_begin(struct module *m, uint32_t function) {
    struct translation *translations =
        array_reserve(m->vm->memory, m->translations, m->translation_count,
                      &m->translation_capacity, sizeof *translations);
    if (!translations)
        return false;
    m->translations = translations;
    translations[m->translation_count] =
        (struct translation){.function = function,
                             .entry = m->cell_count,
                             .tries = m->try_count,
                             .clauses = m->clause_count};
    return true;
}

void code_commit(struct module *module) {
    module->translation_count++;
}

void code_abandon(struct module *module) {
    const struct translation *abandoned =
        &module->translations[module->translation_count];
    module->cell_count = abandoned->entry;
    module->try_count = abandoned->tries;
    module->clause_count = abandoned->clauses;
}

/* The last that begins at the cell or before it; the cell must be one of a
 * function's. */
const struct translation *code_find(const struct module *module,
                                    uint32_t cell) {
    size_t low = 0, high = module->translation_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (module->translations[middle].entry <= cell) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &module->translations[low];
}

void code_free(struct module *m) {
    struct budget *memory = m->vm->memory;
    if (m->cells) {
        platform_release((uint8_t *)m->cells, cell_bytes(m->cell_limit));
        platform_release((uint8_t *)m->offsets, offset_bytes(m->cell_limit));
        budget_give(memory, cell_bytes(m->cell_capacity) +
                                offset_bytes(m->cell_capacity));
    }
    array_free(memory, m->translations, m->translation_capacity,
               sizeof *m->translations);
    array_free(memory, m->tries, m->try_capacity, sizeof *m->tries);
    array_free(memory, m->clauses, m->clause_capacity, sizeof *m->clauses);
}
