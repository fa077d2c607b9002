/* Function types, interned: (i32 i32) -> (i32) is one object, however many
 * modules declare it.
 *
 * The key is the bytes that the binary format has for it, 7F 7F 7F, and where
 * among them the results begin, 2; without that it would be the same as (i32)
 * -> (i32 i32). The table is a hash table with open addressing: an entry is at
 * the slot its hash says, or at the first free one behind. It is at most half
 * full, so that these searches are short, and end. Entries are never
 * removed. */
#include "vm/types.h"

#include <string.h>

void type_table_init(struct type_table *table, struct budget *budget) {
    *table = (struct type_table){0};
    arena_init(&table->arena);
    table->arena.budget = budget;
    table->seed =
        ((uint64_t)clock_ns() ^ (uintptr_t)table) * 0x9E3779B97F4A7C15;
}

void type_table_free(struct type_table *table) {
    budget_free(table->arena.budget,
                table->slots,
                table->capacity * sizeof *table->slots);
    arena_free(&table->arena);
}

/* Over the types and where the results begin. */
static uint64_t hash(const struct type_table *table,
                     const uint8_t *types,
                     uint32_t param_count,
                     uint32_t result_count) {
    struct slice bytes = {types, param_count + result_count};
    return slice_hash(bytes, table->seed ^ param_count);
}

static bool is_type(const struct func_type *type,
                    const uint8_t *types,
                    uint32_t param_count,
                    uint32_t result_count) {
    return type->param_count == param_count &&
           type->result_count == result_count &&
           memcmp(type->types, types, param_count + result_count) == 0;
}

/* The slot that holds an equal type, or the empty one where it belongs. */
static struct type_slot *find(const struct type_table *table,
                              uint64_t hash,
                              const uint8_t *types,
                              uint32_t param_count,
                              uint32_t result_count) {
    size_t mask = table->capacity - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct type_slot *slot = &table->slots[i];
        if (!slot->type)
            return slot;
        if (slot->hash == hash &&
            is_type(slot->type, types, param_count, result_count)) {
            return slot;
        }
    }
}

/* Every entry moves, since its place depends on the capacity. Its hash is kept:
 * a type may be long. */
static bool grow(struct type_table *table) {
    struct type_table larger = *table;
    larger.capacity = table->capacity ? table->capacity * 2 : 64;
    larger.slots = budget_alloc(
        table->arena.budget, larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct type_slot *slot = &table->slots[i];
        const struct func_type *type = slot->type;
        if (!type)
            continue;
        struct type_slot *place = find(&larger,
                                       slot->hash,
                                       type->types,
                                       type->param_count,
                                       type->result_count);
        *place = *slot;
    }
    budget_free(table->arena.budget,
                table->slots,
                table->capacity * sizeof *table->slots);
    *table = larger;
    return true;
}

static void count_slots(struct func_type *type) {
    const uint8_t *params = type->types;
    for (uint32_t i = 0; i < type->param_count; i++) {
        type->param_slots += type_slots(params[i]);
    }
    const uint8_t *results = params + type->param_count;
    for (uint32_t i = 0; i < type->result_count; i++) {
        type->result_slots += type_slots(results[i]);
    }
}

/* Say where each parameter is. */
static bool place_params(struct type_table *table, struct func_type *type) {
    uint16_t *slots =
        arena_alloc(&table->arena, type->param_count, sizeof *slots);
    uint32_t slot = 0;
    if (!slots)
        return false;
    for (uint32_t i = 0; i < type->param_count; i++) {
        slots[i] = (uint16_t)slot;
        slot += type_slots(type->types[i]);
    }
    type->slots = slots;
    return true;
}

const struct func_type *type_intern(struct type_table *table,
                                    const uint8_t *types,
                                    uint32_t param_count,
                                    uint32_t result_count) {
    if (2 * table->count >= table->capacity && !grow(table))
        return NULL;
    uint64_t key = hash(table, types, param_count, result_count);
    struct type_slot *slot = find(table, key, types, param_count, result_count);
    if (slot->type)
        return slot->type;
    /* The slot is filled last: a refusal leaves the table as it was. */
    struct func_type *type = arena_alloc(&table->arena, 1, sizeof *type);
    uint8_t *copy = arena_alloc(&table->arena, param_count + result_count, 1);
    if (!type || !copy)
        return NULL;
    memcpy(copy, types, param_count + result_count);
    *type = (struct func_type){.param_count = param_count,
                               .result_count = result_count,
                               .types = copy};
    count_slots(type);
    if (type->param_slots != param_count && !place_params(table, type))
        return NULL;
    *slot = (struct type_slot){key, type};
    table->count++;
    return type;
}

enum { TYPE_CODES = 0x80, LETTERS = 0x80 };

/* Most codes are no types: their names are empty. */
static const struct {
    char name[15];
    bool is_reference;
} value_types[TYPE_CODES] = {
#define NUMBER(type, name, letter)    [VM_##type] = {name, false},
#define REFERENCE(type, name, letter) [VM_##type] = {name, true},
#include "vm/types.def"
};

bool is_value_type(uint8_t code) {
    return code < TYPE_CODES && value_types[code].name[0] != '\0';
}

bool is_reference_type(uint8_t code) {
    return code < TYPE_CODES && value_types[code].is_reference;
}

/* What has no letter is at 0. */
static const uint8_t lettered[LETTERS] = {
#define NUMBER(type, name, letter)    [letter] = VM_##type,
#define REFERENCE(type, name, letter) [letter] = VM_##type,
#include "vm/types.def"
};

uint8_t type_of_letter(char letter) {
    bool is_letter = letter > 0 && (unsigned char)letter < LETTERS;
    return is_letter ? lettered[(unsigned char)letter] : 0;
}

const char *vm_type_name(enum vm_type type) {
    return is_value_type((uint8_t)type) ? value_types[type].name : "any";
}

enum { STEP_SIZE = 32 };

/* What stands at type `i`, or behind the last: what comes before it, and its
 * name. */
static void
format_step(const struct func_type *type, uint32_t i, char out[STEP_SIZE]) {
    bool last = i == type->param_count + type->result_count;
    const char *name = last ? ")" : vm_type_name((enum vm_type)type->types[i]);
    const char *before = i == 0 || last ? "" : " ";
    if (i == type->param_count)
        before = ") -> (";
    snprintf(out, STEP_SIZE, "%s%s", before, name);
}

void func_type_format(const struct func_type *type, char *out, size_t size) {
    size_t length = (size_t)snprintf(out, size, "(");
    for (uint32_t i = 0; i <= type->param_count + type->result_count; i++) {
        char step[STEP_SIZE];
        format_step(type, i, step);
        bool fits = length + strlen(step) + sizeof " ..." <= size;
        length += (size_t)snprintf(
            out + length, size - length, "%s", fits ? step : " ...");
        if (!fits)
            return;
    }
}

void func_type_print(const struct func_type *type, FILE *out) {
    fputc('(', out);
    for (uint32_t i = 0; i <= type->param_count + type->result_count; i++) {
        char step[STEP_SIZE];
        format_step(type, i, step);
        fputs(step, out);
    }
}
