/* Walking over cells: what each was set to do, and how many data cells are
 * behind it. The interpreter never asks; the rings that show cells and count
 * them do. */
#ifndef HOSTEL_VM_WALK_H
#define HOSTEL_VM_WALK_H

#include "vm/cell.h"

#include <stdbool.h>

struct vm;

/* Let the vm know all operations, if it does not: before any of the following
 * is asked for. False without memory. */
bool operations_read(struct vm *vm);

/* What the cell was set to do; OP_COUNT if it is no operation's. */
enum op cell_op(const struct vm *vm, const struct cell *cell);

/* How many data cells follow the cell of that operation. */
uint32_t
operation_data_cells(const struct vm *vm, enum op op, const struct cell *cell);

#endif
