/* What a cell is, by what it begins with.
 *
 * A listing asks for each of a million cells, and what counts them for each that
 * it walks over. So a vm puts the operations into the order of what their cells
 * begin with, once. Whether data cells are behind one says what it means
 * (ops.def): none, one, or one for each entry of a table and one more. */
#include "vm/walk.h"

#include "vm/store.h"

#include <stdlib.h>
#include <string.h>

enum cell_data { DATA_NONE, DATA_ONE, DATA_ENTRIES };

struct operations {
    uint8_t data[OP_COUNT + 1]; /* enum cell_data */
    struct index {
        uint64_t head;
        enum op op;
    } by_head[OP_COUNT];
};

static const char *const meanings[OP_COUNT] = {
#define FIELDS(name, meaning, ...) [OP_##name] = meaning,
#define OP(...)                    FIELDS(__VA_ARGS__, 0)
#include "vm/ops.def"
};

static enum cell_data data_of(const char *meaning) {
    if (strstr(meaning, ":ENTRIES"))
        return DATA_ENTRIES;
    bool one = strstr(meaning, "wide:") || strstr(meaning, "data:") ||
               strstr(meaning, "ea:") || strstr(meaning, "ed:");
    return one ? DATA_ONE : DATA_NONE;
}

static int compare_heads(const void *a, const void *b) {
    const struct index *x = a, *y = b;
    return numbers_compare(x->head, y->head);
}

bool operations_read(struct vm *vm) {
    if (vm->operations)
        return true;
    struct operations *all = arena_alloc(&vm->arena, 1, sizeof *all);
    if (!all)
        return false;
    for (int op = 0; op < OP_COUNT; op++) {
        all->data[op] = (uint8_t)data_of(meanings[op]);
        all->by_head[op] = (struct index){heads[op].wide, (enum op)op};
    }
    qsort(all->by_head, OP_COUNT, sizeof *all->by_head, compare_heads);
    vm->operations = all;
    return true;
}

/* No two heads are equal, in either form of dispatch. */
enum op cell_op(const struct vm *vm, const struct cell *cell) {
    const struct index key = {.head = cell->head.wide};
    const struct index *found = bsearch(
        &key, vm->operations->by_head, OP_COUNT, sizeof key, compare_heads);
    return found ? found->op : OP_COUNT;
}

uint32_t
operation_data_cells(const struct vm *vm, enum op op, const struct cell *cell) {
    if (vm->operations->data[op] == DATA_ENTRIES)
        return (uint32_t)cell->tail.imm + 1;
    return vm->operations->data[op];
}
