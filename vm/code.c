/* Where a module's internal code is kept: an area of address space that is
 * reserved when the first function is translated, large enough for all of them,
 * and made usable bit by bit. Code never moves, because guest frames hold the
 * addresses of cells. Functions stand in the order of their first calls:
 *
 *     cells           [ entry, code of function 3 | entry, code of function 0 | ...   reserved ]
 *     offsets         of each cell: where in the module its instruction stands, for backtraces
 *     ops             of each cell: the operation, which the interpreter does not ask for
 *     translations    {3, 0} {0, 17} ...: function and entry cell, ascending by cell
 *
 * From a cell, as a frame's link gives it, code_find goes back to the
 * function. Cells, offsets and operations are one area. */
#include "vm/code.h"

#include "vm/platform.h"
#include "vm/rings.h"

/* What translation can make at most of a byte of a body: a conditional branch
 * that has two values to move has three cells for its two bytes
 * (tests/unit/test_vm_ratio.c). Every function has a few of its own. */
enum { CELLS_A_BYTE = 2, CELLS_A_FUNCTION = 16 };

/* The code grows by a quarter, but by whole pages, and not by more than what a
 * limit on memory would notice. */
enum { FEWEST_CELLS = 1 << 10, GROW_LEAST = 1 << 10, GROW_MOST = 1 << 14 };

/* A displacement has 32 bits. */
enum { MOST_CELLS = INT32_MAX / 2 };

static uint64_t cell_bytes(uint64_t cells) {
    return cells * sizeof(struct cell);
}

static uint64_t offset_bytes(uint64_t cells) {
    return cells * sizeof(uint32_t);
}

static uint64_t op_bytes(uint64_t cells) {
    return cells * sizeof(uint16_t);
}

/* Of all that there is of a cell. */
static uint64_t all_bytes(uint64_t cells) {
    return cell_bytes(cells) + offset_bytes(cells) + op_bytes(cells);
}

void code_init(struct code *code, struct budget *memory) {
    *code = (struct code){.memory = memory, .expected = FEWEST_CELLS};
}

void code_expect(struct code *code, size_t body) {
    code->expected += CELLS_A_FUNCTION + CELLS_A_BYTE * (uint64_t)body;
}

/* The three parts of the area begin with a page, however large pages are, if it
 * is for a multiple of so many cells. */
enum { LARGEST_PAGE = 1 << 16, RESERVE_STEP = LARGEST_PAGE / sizeof(uint32_t) };

static bool reserve(struct code *code, uint64_t cells) {
    uint8_t *area = platform_reserve(all_bytes(cells));
    if (!area)
        return false;
    code->cells = (void *)area;
    code->offsets = (void *)(area + cell_bytes(cells));
    code->ops = (void *)(area + cell_bytes(cells) + offset_bytes(cells));
    code->cell_limit = (uint32_t)cells;
    return true;
}

/* Reserve address space for the code of all functions. Where it is scarce less
 * must do: nearly all modules need a tenth. */
static bool reserve_all(struct code *code) {
    uint64_t steps = code->expected / RESERVE_STEP + 1;
    if (steps > MOST_CELLS / RESERVE_STEP)
        steps = MOST_CELLS / RESERVE_STEP;
    while (steps > 0 && !reserve(code, steps * RESERVE_STEP))
        steps /= 2;
    return steps > 0;
}

/* How many cells more are made usable. */
static uint32_t growth(const struct code *code) {
    uint32_t left = code->cell_limit - code->cell_capacity;
    uint32_t more = code->cell_capacity / 4 / GROW_LEAST * GROW_LEAST;
    if (more < GROW_LEAST)
        more = GROW_LEAST;
    if (more > GROW_MOST)
        more = GROW_MOST;
    return more < left ? more : left;
}

/* False when the reserve is used up or the system refuses; what there was stays
 * as it was. */
bool code_grow(struct code *code) {
    /* It is to say whether the limit is the reason. */
    code->memory->refused = 0;
    if (!code->cells && !reserve_all(code))
        return false;
    uint32_t more = growth(code), capacity = code->cell_capacity + more;
    if (more == 0 || !budget_take(code->memory, all_bytes(more)))
        return false;
    bool ok =
        platform_commit((uint8_t *)code->cells, cell_bytes(capacity)) &&
        platform_commit((uint8_t *)code->offsets, offset_bytes(capacity)) &&
        platform_commit((uint8_t *)code->ops, op_bytes(capacity));
    if (ok) {
        code->cell_capacity = capacity;
    } else {
        budget_give(code->memory, all_bytes(more));
    }
    return ok;
}

/* Room for the record is made first, so that nothing can fail once the function
 * has its code; it is counted last. */
bool code_begin(struct code *code, uint32_t function) {
    struct translation *translations =
        array_reserve(code->memory,
                      code->translations,
                      code->translation_count,
                      &code->translation_capacity,
                      sizeof *translations);
    if (!translations)
        return false;
    code->translations = translations;
    translations[code->translation_count] =
        (struct translation){.function = function, .entry = code->cell_count};
    return true;
}

void code_commit(struct code *code) {
    code->translation_count++;
}

void code_abandon(struct code *code) {
    code->cell_count = code->translations[code->translation_count].entry;
    tries_cut(code);
}

/* The last that begins at the cell or before it; the cell must be one of a
 * function's. */
const struct translation *code_find(const struct code *code, uint32_t cell) {
    size_t low = 0;
    size_t high = code->translation_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (code->translations[middle].entry <= cell) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &code->translations[low];
}

uint32_t code_end(const struct code *code, const struct translation *of) {
    bool newest = of + 1 == code->translations + code->translation_count;
    return newest ? code->cell_count : of[1].entry;
}

void code_free(struct code *code) {
    if (code->cells)
        platform_release((uint8_t *)code->cells, all_bytes(code->cell_limit));
    budget_give(code->memory, all_bytes(code->cell_capacity));
    array_free(code->memory,
               code->translations,
               code->translation_capacity,
               sizeof *code->translations);
    tries_free(code);
}
