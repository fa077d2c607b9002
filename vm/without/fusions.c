/* A build that emits a cell an instruction, and changes none afterwards. */
#include "vm/rings.h"

void fusions_operation(struct translator *t) {
    (void)t;
}

void fusions_binary(struct translator *t,
                    const struct instruction *row,
                    enum form form) {
    (void)t, (void)row, (void)form;
}

void fusions_loop(struct translator *t) {
    (void)t;
}

void fusions_function(struct translator *t) {
    (void)t;
}

void fusions_linked(struct module *module, uint32_t cell) {
    (void)module, (void)cell;
}

void fusions_table(struct translator *t, bool in_r0) {
    (void)t, (void)in_r0;
}

void fusions_branch(struct translator *t,
                    const struct condition *condition,
                    bool sense) {
    (void)t, (void)condition, (void)sense;
}

void pins_begin(struct validator *v) {
    (void)v;
}

void pins_written(struct translator *t, uint32_t slot) {
    (void)t, (void)slot;
}

void pins_back(struct translator *t, uint32_t target) {
    (void)t, (void)target;
}

bool fuse_result(struct translator *t, const struct operand *x, uint32_t slot) {
    (void)t, (void)x, (void)slot;
    return false;
}

bool fuse_move(struct translator *t, uint32_t to, uint16_t from) {
    (void)t, (void)to, (void)from;
    return false;
}

enum op fuse_sum(struct translator *t,
                 const struct instruction *row,
                 const struct operand *address,
                 uint32_t offset,
                 struct cell *load) {
    (void)t, (void)row, (void)address, (void)offset, (void)load;
    return OP_COUNT;
}

enum op fuse_sum_of_store(struct translator *t,
                          const struct instruction *row,
                          const struct operand *address,
                          struct operand *value,
                          uint32_t offset,
                          struct cell *store) {
    (void)t, (void)row, (void)address, (void)value, (void)offset, (void)store;
    return OP_COUNT;
}

void fuse_previous(struct translator *t, const struct operand *x) {
    (void)t;
    (void)x;
}

enum op fuse_left(const struct translator *t, const struct instruction *row) {
    (void)t, (void)row;
    return OP_COUNT;
}

bool fuse_opposite(struct translator *t, const struct operand *x) {
    (void)t, (void)x;
    return false;
}

bool fuse_comparison(struct translator *t,
                     const struct operand *x,
                     struct condition *condition) {
    (void)t, (void)x, (void)condition;
    return false;
}

bool fuse_step(struct translator *t,
               const struct condition *condition,
               const struct label *loop) {
    (void)t, (void)condition, (void)loop;
    return false;
}

bool fuse_head(struct translator *t, const struct label *loop) {
    (void)t, (void)loop;
    return false;
}
