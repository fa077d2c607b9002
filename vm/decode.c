/* What all sections are decoded with: paying for what is read, memory for what
 * is kept, and the types of what is declared (spec 5.3). */
#include "vm/decode.h"

#include "vm/opcodes.h"
#include "vm/store.h"
#include "vm/unsupported.h"

bool decode_pay(const struct module *module, struct reader *reader) {
    uint64_t bytes = reader->position - reader->paid;
    reader->paid = reader->position;
    if (meter_step(&module->vm->meter, 1 + VM_STEPS_OF(bytes)))
        return true;
    reader_time_out(module, reader);
    return false;
}

bool decode_more(const struct module *module,
                 struct reader *reader,
                 uint32_t i,
                 uint32_t count) {
    return i < count && reader_ok(reader) && decode_pay(module, reader);
}

void *decode_alloc(struct module *module,
                   struct reader *reader,
                   size_t count,
                   size_t size) {
    void *memory = arena_alloc(&module->arena, count, size);
    if (!memory)
        module_no_memory(module, reader, "declarations");
    return memory;
}

/* ---- types ---- */

static uint32_t types_read(struct reader *reader,
                           uint32_t limit,
                           const char *what,
                           uint8_t *types) {
    uint32_t count = reader_count(reader, limit, what);
    for (uint32_t i = 0; i < count && reader_ok(reader); i++)
        types[i] = value_type_read(reader);
    return count;
}

/* A form, which is 0x60 for a function, the parameters and the results. */
void decode_types(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_TYPES, "types");
    module->types = decode_alloc(module, reader, count, sizeof *module->types);
    uint8_t types[LIMIT_PARAMETERS + LIMIT_RESULTS];
    for (; decode_more(module, reader, module->type_count, count);
         module->type_count++) {
        uint8_t form = reader_u8(reader);
        unsupported(reader, PLACE_FORM, form, reader->position - 1);
        if (form & 0x80)
            reader_fail(
                reader, ERROR_MALFORMED, "integer representation too long");
        if (form != 0x60)
            reader_fail(reader, ERROR_MALFORMED, "malformed function type");
        /* A count that is beyond its limit reads as 0: there is room for all
         * that is read. */
        uint32_t params =
            types_read(reader, LIMIT_PARAMETERS, "parameters", types);
        uint32_t results =
            types_read(reader, LIMIT_RESULTS, "results", types + params);
        if (!reader_ok(reader))
            return;
        const struct func_type *type =
            type_intern(&module->vm->types, types, params, results);
        if (!type)
            module_no_memory(module, reader, "types");
        module->types[module->type_count] = type;
    }
}

const struct func_type *decode_type_index(struct module *module,
                                          struct reader *reader) {
    uint32_t index = reader_u32(reader);
    if (!reader_ok(reader))
        return NULL;
    if (index >= module->type_count) {
        reader_fail(reader, ERROR_INVALID, "unknown type %u", index);
        return NULL;
    }
    return module->types[index];
}

/* What a kind may have at most; beyond it the text of the spec suite is
 * `what`. */
struct size_bound {
    uint64_t max;
    const char *what;
};

/* Flags (spec 5.3.7, with memory64): bit 0, there is a maximum; bit 2,
 * addresses have 64 bits, and the second of the bounds holds. 01 01 10 is at
 * least 1 and at most 16. Without a maximum `max` still is a bound. */
static struct limits decode_limits(struct reader *reader,
                                   const struct size_bound bounds[2]) {
    enum { HAS_MAX = 1, WIDE = 4 };
    uint8_t flags = reader_u8(reader);
    if (flags & ~(HAS_MAX | WIDE)) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "%s: limits flag 0x%02X",
                    flags < 0x80 ? "integer too large"
                                 : "integer representation too long",
                    flags);
    }
    const struct size_bound *bound = &bounds[flags & WIDE ? 1 : 0];
    struct limits type = {.min = reader_u64(reader),
                          .max = bound->max,
                          .has_max = flags & HAS_MAX,
                          .address = flags & WIDE ? VM_I64 : VM_I32};
    if (type.has_max)
        type.max = reader_u64(reader);
    if (!reader_ok(reader))
        return type;
    if (type.min > bound->max || type.max > bound->max) {
        reader_fail(reader, ERROR_INVALID, "%s", bound->what);
    }
    if (type.min > type.max) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "size minimum must not be greater than maximum");
    }
    return type;
}

struct limits decode_memory_type(struct reader *reader) {
    static const struct size_bound bounds[] = {
        {LIMIT_MEMORY_PAGES, "memory size must be at most 65536 pages (4GiB)"},
        {LIMIT_MEMORY_PAGES_64, "memory size must be at most 2^48 pages"}};
    if (!reader_at_end(reader)) {
        unsupported(reader,
                    PLACE_MEMORY,
                    reader->bytes[reader->position],
                    reader->position);
    }
    return decode_limits(reader, bounds);
}

/* 70 01 02 0A: of funcref, with 2 to 10 elements. */
struct extern_type decode_table_type(struct reader *reader) {
    static const struct size_bound bounds[] = {
        {UINT32_MAX, "table size must be at most 2^32-1"}, {UINT64_MAX, ""}};
    if (!reader_at_end(reader)) {
        unsupported(reader,
                    PLACE_TABLE,
                    reader->bytes[reader->position],
                    reader->position);
    }
    struct extern_type type = {.kind = VM_TABLE,
                               .type = reference_type_read(reader)};
    type.limits = decode_limits(reader, bounds);
    return type;
}

void decode_global_type(struct reader *reader, uint8_t *type, bool *mutable) {
    *type = value_type_read(reader);
    uint8_t flag = reader_u8(reader);
    if (flag > 1)
        reader_fail(
            reader, ERROR_MALFORMED, "malformed mutability 0x%02X", flag);
    *mutable = flag == 1;
}

/* An attribute, which is 0 for exceptions, and a function type without
 * results. */
const struct func_type *decode_tag(struct module *module,
                                   struct reader *reader) {
    if (reader_u8(reader) != 0)
        reader_fail(reader, ERROR_MALFORMED, "malformed tag attribute");
    const struct func_type *type = decode_type_index(module, reader);
    if (type && type->result_count) {
        reader_fail(reader, ERROR_INVALID, "non-empty tag result type");
    }
    return type;
}
