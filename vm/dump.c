/* Printing a module: what it declares, and every function disassembled from its
 * bytes.
 *
 * It reads the instructions with the same reader of immediates as the
 * validator; only how they are printed is said here, once a kind of immediate.
 * The module has been validated, so that nothing that is read needs to be
 * checked. Numbers before the instructions are offsets in the file:
 *
 *     function 0 (i32 i32) -> (i32)
 *           23:   local.get 0
 *           25:   local.get 1
 *           27:   i32.add
 *           28: end
 *
 * Internal code is not shown: it is made when functions are called. */
#include "vm/module.h"
#include "vm/opcodes.h"
#include "vm/store.h"
#include "vm/types.h"

/* A byte of a module makes at most so many characters. Names and types are
 * printed in full once, in the line that declares them, and are cut where they
 * are used. */
enum {
    NAME_SHOWN = 32,
    TYPE_SHOWN = 64,
    DEEPEST = 16, /* blocks that are indented */
};

static void print_func_type(const struct func_type *type, FILE *out) {
    char text[TYPE_SHOWN];
    func_type_format(type, text, sizeof text);
    fputs(text, out);
}

static void print_limits(const struct limits *limits, FILE *out) {
    fprintf(out, "%s%llu", limits->address == VM_I64 ? "i64 " : "",
            (unsigned long long)limits->min);
    if (limits->has_max)
        fprintf(out, " to %llu", (unsigned long long)limits->max);
}

static void print_extern_type(const struct extern_type *type, FILE *out) {
    const char *name = vm_type_name((enum vm_type)type->type);
    switch (type->kind) {
    case VM_FUNCTION:
        fputs("function ", out);
        print_func_type(type->function, out);
        break;
    case VM_TABLE:
        fprintf(out, "table %s ", name);
        print_limits(&type->limits, out);
        break;
    case VM_MEMORY:
        fputs("memory ", out);
        print_limits(&type->limits, out);
        fputs(" pages", out);
        break;
    case VM_TAG:
        fputs("tag ", out);
        print_func_type(type->function, out);
        break;
    case VM_GLOBAL:
        fprintf(out, "global %s%s", type->is_mutable ? "mutable " : "", name);
        break;
    }
}

enum { LINE_STEPS = 32 }; /* the work of printing a line, or a label of many */

/* Whether there is time for another line. All loops over lines ask; the first
 * that hears that there is none ends, and so do those behind it. */
static bool line(const struct module *module) {
    return meter_step(&module->vm->meter, LINE_STEPS);
}

/* ---- instructions ---- */

static void print_block_type(const struct module *module, int64_t code,
                             FILE *out) {
    if (code >= 0) {
        fputc(' ', out);
        print_func_type(module->types[code], out);
    } else if (code != EMPTY_BLOCK) {
        fprintf(out, " %s", vm_type_name((enum vm_type)(code & 0x7F)));
    }
}

/* A clause of try_table: its code, the tag unless it catches all, the label. */
static void print_clause(struct reader *reader, FILE *out) {
    static const char *const names[] = {"catch", "catch_ref", "catch_all",
                                        "catch_all_ref"};
    uint8_t code = reader_u8(reader);
    fprintf(out, " (%s", names[code]);
    if (code < 2)
        fprintf(out, " %u", reader_u32(reader));
    fprintf(out, " %u)", reader_u32(reader));
}

/* Memory 0 goes without saying, as in the text format. */
static void print_memory(uint32_t memory, FILE *out) {
    if (memory)
        fprintf(out, " memory %u", memory);
}

static void print_memarg(const struct immediate *immediate, FILE *out) {
    print_memory(immediate->second, out);
    fprintf(out, " offset=%llu align=%u", (unsigned long long)immediate->bits,
            1u << immediate->first);
}

/* Labels and clauses are read here, since immediate_read leaves them to its
 * caller. */
static void print_immediate(struct module *module, enum immediates kind,
                            const struct immediate *immediate,
                            struct reader *reader, FILE *out) {
    char number[FLOAT_TEXT_SIZE];
    switch (kind) {
    case IMMEDIATE_NONE: break;
    case IMMEDIATE_MEMORY: print_memory(immediate->first, out); break;
    case IMMEDIATE_BLOCK:
        print_block_type(module, immediate->block, out);
        break;
    case IMMEDIATE_LABELS:
        for (uint32_t i = 0; i <= immediate->first && line(module); i++)
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
        for (uint32_t i = 0; i < immediate->first && line(module); i++)
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
        print_memory(immediate->second, out);
        break;
    case IMMEDIATE_TYPE_TABLE:
        fputc(' ', out);
        print_func_type(module->types[immediate->first], out);
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
    case IMMEDIATE_REFERENCE:
    case IMMEDIATE_TYPES:
        fprintf(out, " %s", vm_type_name((enum vm_type)immediate->type));
        break;
    }
}

/* In runs, as the format has them: fifty thousand locals are one line. */
static void print_locals(const struct module *module, struct reader *reader,
                         FILE *out) {
    uint32_t count = reader_u32(reader);
    for (uint32_t i = 0; i < count && line(module); i++) {
        uint32_t locals = reader_u32(reader);
        fprintf(out, "          locals %u x %s\n", locals,
                vm_type_name((enum vm_type)value_type_read(reader)));
    }
}

/* Blocks are indented, up to a depth that still leaves room on a line. */
static void print_body(struct module *module, struct slice body, FILE *out) {
    struct error unused = ERROR_INIT; /* the body was validated */
    struct reader reader = reader_init(module->bytes, &unused);
    reader.position = (size_t)(body.data - module->bytes.data);
    reader.end = reader.position + body.size;
    print_locals(module, &reader, out);
    int depth = 1; /* the function is a block as well */
    while (reader_ok(&reader) && !reader_at_end(&reader) && line(module)) {
        size_t offset = reader.position;
        const struct instruction *row = instruction_read(&reader);
        if (!row)
            return;
        struct immediate immediate =
            immediate_read(&reader, (enum immediates)row->immediates);
        bool middle = row->code == WASM_else || row->code == WASM_catch ||
                      row->code == WASM_catch_all;
        if (row->code == WASM_end || row->code == WASM_delegate || middle)
            depth--;
        int indent = 2 * (depth < DEEPEST ? depth : DEEPEST);
        fprintf(out, "%8zx: %*s%s", offset, indent, "", row->mnemonic);
        print_immediate(module, (enum immediates)row->immediates, &immediate,
                        &reader, out);
        fputc('\n', out);
        if (row->immediates == IMMEDIATE_BLOCK ||
            row->immediates == IMMEDIATE_CATCHES || middle) {
            depth++;
        }
    }
}

/* ---- declarations ---- */

static void print_types(const struct module *module, FILE *out) {
    for (uint32_t i = 0; i < module->type_count; i++) {
        fprintf(out, "type %u: ", i);
        func_type_print(module->types[i], out);
        fputc('\n', out);
    }
}

static void print_imports(const struct module *module, FILE *out) {
    for (uint32_t i = 0; i < module->import_count && line(module); i++) {
        fputs("import ", out);
        quoted_print(module->imports[i].module, SHOWN_ALL, out);
        fputc(' ', out);
        quoted_print(module->imports[i].name, SHOWN_ALL, out);
        fputc(' ', out);
        print_extern_type(&module->imports[i].type, out);
        fputc('\n', out);
    }
}

static void print_exports(const struct module *module, FILE *out) {
    static const char *const kinds[] = {"function", "table", "memory", "global",
                                        "tag"};
    for (uint32_t i = 0; i < module->export_count && line(module); i++) {
        fputs("export ", out);
        quoted_print(module->exports[i].name, SHOWN_ALL, out);
        fprintf(out, " %s %u\n", kinds[module->exports[i].kind],
                module->exports[i].index);
    }
}

static void print_segments(const struct module *module, FILE *out) {
    static const char *const modes[] = {"active", "passive", "declarative"};
    for (uint32_t i = 0; i < module->element_count && line(module); i++) {
        const struct element_segment *segment = &module->elements[i];
        fprintf(out, "element segment %u: %s, %u x %s\n", i,
                modes[segment->mode], segment->count,
                vm_type_name((enum vm_type)segment->type));
    }
    for (uint32_t i = 0; i < module->data_count && line(module); i++) {
        const struct data_segment *segment = &module->data[i];
        fprintf(out, "data segment %u: %s", i, modes[segment->mode]);
        print_memory(segment->memory, out);
        fprintf(out, ", %zu bytes at offset 0x%zx\n", segment->bytes.size,
                (size_t)(segment->bytes.data - module->bytes.data));
    }
}

static void print_own(const struct module *module, FILE *out) {
    for (uint32_t i = module->imported_tables;
         i < module->table_count && line(module); i++) {
        fprintf(out, "table %u: ", i);
        print_extern_type(&module->tables[i], out);
        fputc('\n', out);
    }
    for (uint32_t i = module->imported_memories;
         i < module->memory_count && line(module); i++) {
        fprintf(out, "memory %u: ", i);
        print_limits(&module->memories[i], out);
        fputs(" pages\n", out);
    }
    for (uint32_t i = module->imported_globals;
         i < module->global_count && line(module); i++) {
        fprintf(out, "global %u: %s%s\n", i,
                module->globals[i].mutable ? "mutable " : "",
                vm_type_name((enum vm_type)module->globals[i].type));
    }
}

static void print_tags(const struct module *module, FILE *out) {
    for (uint32_t i = module->imported_tags;
         i < module->tag_count && line(module); i++) {
        fprintf(out, "tag %u: ", i);
        print_func_type(module->tags[i], out);
        fputc('\n', out);
    }
}

bool vm_dump(struct module *module, FILE *out, struct error *error) {
    fprintf(
        out,
        "module of %zu bytes: %u types, %u functions, %u of them imported\n",
        module->bytes.size, module->type_count, module->function_count,
        module->imported_functions);
    print_types(module, out);
    print_imports(module, out);
    print_own(module, out);
    print_tags(module, out);
    print_exports(module, out);
    if (module->has_start)
        fprintf(out, "start function %u\n", module->start);
    print_segments(module, out);
    for (uint32_t i = module->imported_functions;
         i < module->function_count && line(module); i++) {
        struct slice name = module_function_name(module, i);
        fprintf(out, "\nfunction %u ", i);
        if (name.size)
            quoted_print(name, SHOWN_ALL, out), fputc(' ', out);
        print_func_type(module->functions[i].type, out);
        fputc('\n', out);
        print_body(module, module->functions[i].body, out);
    }
    return line(module) || vm_time_out(module->vm, error);
}
