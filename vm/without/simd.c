/* A build without vectors: no row has the class VECTOR, and no value two
 * slots. */
#include "vm/rings.h"

void vector(struct validator *v, const struct immediate *immediate) {
    (void)v, (void)immediate;
}

enum op vector_op(enum op op) {
    return op;
}
