/* Interned function types: equal types of all modules of a vm are one object,
 * so that comparing two types, as every call_indirect must, is comparing two
 * pointers. */
#ifndef HOSTEL_VM_TYPES_H
#define HOSTEL_VM_TYPES_H

#include "vm/vm.h"

struct type_slot {
    uint64_t hash;
    const struct func_type *type; /* NULL: free */
};

struct type_table {
    struct arena arena;      /* and its budget for the rest */
    struct type_slot *slots; /* owned; a hash table with open addressing */
    size_t count, capacity;  /* capacity is a power of two */
    /* Of the hash: no module can know which types will collide. */
    uint64_t seed;
};

void type_table_init(struct type_table *table, struct budget *budget);
void type_table_free(struct type_table *table);

/* The one object for these types (parameters, then results), or NULL when
 * memory is refused. */
const struct func_type *type_intern(struct type_table *table,
                                    const uint8_t *types,
                                    uint32_t param_count,
                                    uint32_t result_count);

/* How many 64-bit slots a value of the type takes. */
static inline uint32_t type_slots(uint8_t type) {
    return type == VM_V128 ? 2 : 1;
}

/* Some of a function type's types, in a row, and how many slots their values
 * take. */
struct types {
    const uint8_t *list;
    uint32_t count;
    uint32_t slots;
};

static inline struct types types_of(const uint8_t *list, uint32_t count) {
    struct types types = {list, count, 0};
    for (uint32_t i = 0; i < count; i++)
        types.slots += type_slots(list[i]);
    return types;
}

static inline struct types params_of(const struct func_type *type) {
    return (struct types){type->types, type->param_count, type->param_slots};
}

static inline struct types results_of(const struct func_type *type) {
    return (struct types){type->types + type->param_count,
                          type->result_count,
                          type->result_slots};
}

bool is_value_type(uint8_t code);
bool is_reference_type(uint8_t code);

/* The type a letter stands for in a signature (vm.h), 0 if none. */
uint8_t type_of_letter(char letter);

/* "(i32 i64) -> (f32)", for messages; what does not fit is left out: "(i32 i64
 * ...". */
void func_type_format(const struct func_type *type, char *out, size_t size);

/* All of it. */
void func_type_print(const struct func_type *type, FILE *out);

#endif
