/* One instruction as text, read from a module's bytes.
 *
 * The same reader of immediates is used as by the validator; only how they are
 * printed is said here, once a kind of immediate. The module has been
 * validated, so that nothing that is read needs to be checked. */
#include "vm/listing/listing.h"

#include "vm/listing/names.h"
#include "vm/store.h"

/* A byte of a module makes at most so many characters. Names and types are
 * printed in full once, in the line that declares them, and are cut where they
 * are used. */
enum {
    NAME_SHOWN = 32,
    TYPE_SHOWN = 64,
    DEEPEST = 16, /* blocks that are indented */
};

/* Cut to what fits into a line; print_types has all of it. */
void func_type_show(const struct func_type *type, FILE *out) {
    char text[TYPE_SHOWN];
    func_type_format(type, text, sizeof text);
    fputs(text, out);
}

enum { LINE_STEPS = 32 }; /* the work of printing a line, or a label of many */

/* So a listing ends with the time limit, however long it would be. */
bool listing_line(const struct module *module) {
    return meter_step(&module->vm->meter, LINE_STEPS);
}

/* ---- immediates ---- */

static void
print_block_type(const struct module *module, int64_t code, FILE *out) {
    if (code >= 0) {
        fputc(' ', out);
        func_type_show(module->types[code], out);
    } else if (code != EMPTY_BLOCK) {
        fprintf(out, " %s", vm_type_name((enum vm_type)(code & 0x7F)));
    }
}

/* A clause of try_table: its code, the tag unless it catches all, the label. */
static void print_clause(struct reader *reader, FILE *out) {
    static const char *const names[] = {
        "catch", "catch_ref", "catch_all", "catch_all_ref"};
    uint8_t code = reader_u8(reader);
    fprintf(out, " (%s", names[code]);
    if (code < 2)
        fprintf(out, " %u", reader_u32(reader));
    fprintf(out, " %u)", reader_u32(reader));
}

/* Memory 0 goes without saying, as in the text format. */
void memory_show(uint32_t memory, FILE *out) {
    if (memory)
        fprintf(out, " memory %u", memory);
}

/* The alignment in bytes, as in the text format: the binary has its exponent. */
static void print_memarg(const struct immediate *immediate, FILE *out) {
    memory_show(immediate->second, out);
    fprintf(out,
            " offset=%llu align=%u",
            (unsigned long long)immediate->bits,
            1u << immediate->first);
}

/* Numbers, and the lanes of a shuffle. */
static void print_constant(enum immediates kind,
                           const struct immediate *immediate,
                           FILE *out) {
    char number[FLOAT_TEXT_SIZE];
    switch (kind) {
    case IMMEDIATE_SHUFFLE:
        for (int i = 0; i < 16; i++)
            fprintf(out, " %u", immediate->bytes[i]);
        break;
    case IMMEDIATE_V128:
        fputs(" 0x", out); /* as one number */
        for (int i = 16; i-- > 0;)
            fprintf(out, "%02x", immediate->bytes[i]);
        break;
    case IMMEDIATE_I32:
        fprintf(out, " %d", (int32_t)(uint32_t)immediate->bits);
        break;
    case IMMEDIATE_I64:
        fprintf(out, " %lld", (long long)immediate->bits);
        break;
    case IMMEDIATE_F32:
        f32_format((uint32_t)immediate->bits, number);
        fprintf(out, " %s", number);
        break;
    case IMMEDIATE_F64:
        f64_format(immediate->bits, number);
        fprintf(out, " %s", number);
        break;
    default: break;
    }
}

/* Labels and clauses are read here, since immediate_read leaves them to its
 * caller. */
static void print_immediate(struct module *module,
                            enum immediates kind,
                            const struct immediate *immediate,
                            struct reader *reader,
                            FILE *out) {
    switch (kind) {
    case IMMEDIATE_NONE: break;
    case IMMEDIATE_MEMORY: memory_show(immediate->first, out); break;
    case IMMEDIATE_BLOCK:
        print_block_type(module, immediate->block, out);
        break;
    case IMMEDIATE_LABELS:
        for (uint32_t i = 0; i <= immediate->first && listing_line(module); i++)
            fprintf(out, " %u", reader_u32(reader));
        break;
    case IMMEDIATE_FUNCTION: {
        struct slice name = module_function_name(module, immediate->first);
        fprintf(out, " %u", immediate->first);
        if (name.size)
            fputs(" ; ", out), quoted_print(name, NAME_SHOWN, out);
        break;
    }
    case IMMEDIATE_CATCHES:
        print_block_type(module, immediate->block, out);
        for (uint32_t i = 0; i < immediate->first && listing_line(module); i++)
            print_clause(reader, out);
        break;
    case IMMEDIATE_TAG:
    case IMMEDIATE_LABEL:
    case IMMEDIATE_LOCAL:
    case IMMEDIATE_GLOBAL:
    case IMMEDIATE_TABLE:
    case IMMEDIATE_ELEMENT:
    case IMMEDIATE_DATA: fprintf(out, " %u", immediate->first); break;
    case IMMEDIATE_DATA_MEMORY:
        fprintf(out, " %u", immediate->first);
        memory_show(immediate->second, out);
        break;
    case IMMEDIATE_TYPE_TABLE:
        fputc(' ', out);
        func_type_show(module->types[immediate->first], out);
        fprintf(out, " table %u", immediate->second);
        break;
    case IMMEDIATE_MEMORY_MEMORY:
        if (immediate->first == 0 && immediate->second == 0)
            break;
        /* fall through */
    case IMMEDIATE_TABLE_TABLE:
    case IMMEDIATE_ELEMENT_TABLE:
        fprintf(out, " %u %u", immediate->first, immediate->second);
        break;
    case IMMEDIATE_MEMARG: print_memarg(immediate, out); break;
    case IMMEDIATE_MEMARG_LANE:
        print_memarg(immediate, out);
        fprintf(out, " lane %u", immediate->lane);
        break;
    case IMMEDIATE_LANE: fprintf(out, " %u", immediate->lane); break;
    case IMMEDIATE_SHUFFLE:
    case IMMEDIATE_V128:
    case IMMEDIATE_I32:
    case IMMEDIATE_I64:
    case IMMEDIATE_F32:
    case IMMEDIATE_F64: print_constant(kind, immediate, out); break;
    case IMMEDIATE_REFERENCE:
    case IMMEDIATE_TYPES:
        fprintf(out, " %s", vm_type_name((enum vm_type)immediate->type));
        break;
    }
}

/* ---- bodies ---- */

struct disassembly
disassembly_of(struct module *module, uint32_t function, struct error *unused) {
    struct slice body = module->functions[function].body;
    struct disassembly d = {.module = module,
                            .reader = reader_init(module->bytes, unused),
                            .depth = 1}; /* the function is a block as well */
    d.reader.position = (size_t)(body.data - module->bytes.data);
    d.reader.end = d.reader.position + body.size;
    return d;
}

/* In runs, as the format has them: fifty thousand locals are one line. */
void disassembly_locals(struct disassembly *d, FILE *out) {
    uint32_t count = reader_u32(&d->reader);
    for (uint32_t i = 0; i < count && listing_line(d->module); i++) {
        uint32_t locals = reader_u32(&d->reader);
        enum vm_type type = (enum vm_type)value_type_read(&d->reader);
        if (out)
            fprintf(
                out, "          locals %u x %s\n", locals, vm_type_name(type));
    }
}

/* What ends one part of a block and begins the next: it is indented as the block
 * itself. */
static bool is_middle(const struct instruction *row) {
    return row->opcode == WASM_else || row->opcode == WASM_catch ||
           row->opcode == WASM_catch_all;
}

static bool begins_block(const struct instruction *row) {
    return row->immediates == IMMEDIATE_BLOCK ||
           row->immediates == IMMEDIATE_CATCHES || is_middle(row);
}

static bool ends_block(const struct instruction *row) {
    return row->opcode == WASM_end || row->opcode == WASM_delegate ||
           is_middle(row);
}

/* The body ends where its bytes do; a last `end` has been read then. */
bool disassembly_more(const struct disassembly *d) {
    return reader_ok(&d->reader) && !reader_at_end(&d->reader) &&
           listing_line(d->module);
}

/* Blocks are indented, up to a depth that still leaves room on a line. */
const struct instruction *disassembly_next(struct disassembly *d, FILE *out) {
    const struct instruction *row = instruction_read(&d->reader);
    if (!row)
        return NULL;
    enum immediates kind = (enum immediates)row->immediates;
    struct immediate immediate = immediate_read(&d->reader, kind);
    d->depth -= ends_block(row);
    int indent = 2 * (d->depth < DEEPEST ? d->depth : DEEPEST);
    fprintf(out, "%*s%s", indent, "", row->mnemonic);
    print_immediate(d->module, kind, &immediate, &d->reader, out);
    d->depth += begins_block(row);
    return row;
}
