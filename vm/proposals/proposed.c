/* What hostel does not have: features of WebAssembly, some of 3.0 and some
 * still proposals.
 *
 * No more is known of these features than by which codes they are met first.
 *
 *     60 .. 5F        a type of the form 5F is a structure        garbage collection
 *     5  01 0B        flags of limits, bit 3                      custom page sizes
 *     FC 12           an opcode, in this table 0xFC012            memory control */
#include "vm/rings.h"
#include "vm/unsupported.h"

static const struct row {
    enum place place;
    uint32_t first, last;
    enum vm_feature feature;
} rows[] = {
    /* Layer 1, some version. */
    {PLACE_LAYER, 0x10001, 0x1FFFF, VM_COMPONENTS},
    /* descriptors, rec, sub final, sub. */
    {PLACE_FORM, 0x4C, 0x50, VM_GC},
    {PLACE_FORM, 0x5D, 0x5D, VM_STACK_SWITCHING}, /* cont */
    {PLACE_FORM, 0x5E, 0x5F, VM_GC},              /* array, struct */
    /* ref null, ref, and a heap type. */
    {PLACE_TYPE, 0x63, 0x64, VM_FUNCTION_REFERENCES},
    {PLACE_TYPE, 0x65, 0x65, VM_THREADS}, /* shared */
    {PLACE_TYPE, 0x67, 0x67, VM_STRING_REFERENCES},
    {PLACE_TYPE, 0x68, 0x68, VM_STACK_SWITCHING}, /* contref */
    /* array, struct, i31, eq, any. */
    {PLACE_TYPE, 0x6A, 0x6E, VM_GC},
    /* none, noextern, nofunc, noexn. */
    {PLACE_TYPE, 0x71, 0x74, VM_GC},
    {PLACE_TYPE, 0x75, 0x75, VM_STACK_SWITCHING},     /* nocont */
    {PLACE_HEAP, 0x00, 0x3F, VM_FUNCTION_REFERENCES}, /* an index */
    /* The same in more bytes. */
    {PLACE_HEAP, 0x80, 0xFF, VM_FUNCTION_REFERENCES},
    /* A first value for its elements. */
    {PLACE_TABLE, 0x40, 0x40, VM_FUNCTION_REFERENCES},
    {PLACE_MEMORY, 0x02, 0x03, VM_THREADS},
    {PLACE_MEMORY, 0x06, 0x07, VM_THREADS},
    {PLACE_MEMORY, 0x08, 0x0F, VM_CUSTOM_PAGE_SIZES},
    /* call_ref, return_call_ref. */
    {PLACE_OPCODE, 0x14, 0x15, VM_FUNCTION_REFERENCES},
    {PLACE_OPCODE, 0xD3, 0xD3, VM_GC}, /* ref.eq */
    /* ref.as_non_null, br_on_null, ... */
    {PLACE_OPCODE, 0xD4, 0xD6, VM_FUNCTION_REFERENCES},
    /* cont.new ... switch. */
    {PLACE_OPCODE, 0xE0, 0xE6, VM_STACK_SWITCHING},
    {PLACE_OPCODE, 0xFB, 0xFB, VM_GC},                   /* a prefix */
    {PLACE_OPCODE, 0xFE, 0xFE, VM_THREADS},              /* a prefix */
    {PLACE_OPCODE, 0xFC012, 0xFC012, VM_MEMORY_CONTROL}, /* memory.discard */
    /* f32.load_f16, f32.store_f16. */
    {PLACE_OPCODE, 0xFC030, 0xFC031, VM_HALF_PRECISION},
    {PLACE_OPCODE, 0xFD120, 0xFD15F, VM_HALF_PRECISION}, /* f16x8 */
};

/* In words. */
static const char *const features[VM_FEATURE_COUNT] = {
    [VM_GC] = "garbage collection",
    [VM_FUNCTION_REFERENCES] = "typed function references",
    [VM_THREADS] = "threads",
    [VM_CUSTOM_PAGE_SIZES] = "custom page sizes",
    [VM_STACK_SWITCHING] = "stack switching",
    [VM_HALF_PRECISION] = "half-precision numbers",
    [VM_MEMORY_CONTROL] = "memory control",
    [VM_STRING_REFERENCES] = "string references",
    [VM_COMPONENTS] =
        "components: build a core module, as wasm32-wasip1 makes it",
};

static const struct row *find(enum place place, uint32_t code) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].place == place && code >= rows[i].first &&
            code <= rows[i].last) {
            return &rows[i];
        }
    }
    return NULL;
}

bool proposed(struct reader *reader,
              enum place place,
              uint32_t code,
              size_t at) {
    const struct row *row = find(place, code);
    if (!row)
        return false;
    /* A reference is followed by what it refers to, which may say more: (ref
     * any). */
    bool reference =
        place == PLACE_TYPE && row->feature == VM_FUNCTION_REFERENCES;
    if (reference && !reader_at_end(reader)) {
        const struct row *target =
            find(PLACE_TYPE, reader->bytes[reader->position]);
        if (target)
            row = target;
    }
    reader->position = at;
    reader_fail(reader, ERROR_UNSUPPORTED, "%s", features[row->feature]);
    reader->error->code = (int)row->feature;
    return true;
}
