/* Printing a module: what it declares, and every function disassembled from its
 * bytes.
 *
 * Numbers before the instructions are offsets in the file:
 *
 *     function 0 (i32 i32) -> (i32)
 *           23:   local.get 0
 *           25:   local.get 1
 *           27:   i32.add
 *           28: end
 *
 * What is executed instead is made when functions are called; columns.c shows
 * it. */
#include "vm/listing/listing.h"

#include "vm/listing/names.h"
#include "vm/store.h"

/* "1 to 16", "i64 1": the address type only if it is not the usual one. */
static void print_limits(const struct limits *limits, FILE *out) {
    fprintf(out,
            "%s%llu",
            limits->address == VM_I64 ? "i64 " : "",
            (unsigned long long)limits->min);
    if (limits->has_max)
        fprintf(out, " to %llu", (unsigned long long)limits->max);
}

/* As in the text format, but with types in full words and sizes as ranges. */
static void print_extern_type(const struct extern_type *type, FILE *out) {
    const char *name = vm_type_name((enum vm_type)type->type);
    switch (type->kind) {
    case VM_FUNCTION:
        fputs("function ", out);
        func_type_show(type->function, out);
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
        func_type_show(type->function, out);
        break;
    case VM_GLOBAL:
        fprintf(out, "global %s%s", type->is_mutable ? "mutable " : "", name);
        break;
    }
}

/* ---- declarations ---- */

/* In full here, and nowhere else: what uses a type says its index or cuts it. */
static void print_types(const struct module *module, FILE *out) {
    for (uint32_t i = 0; i < module->type_count; i++) {
        fprintf(out, "type %u: ", i);
        func_type_print(module->types[i], out);
        fputc('\n', out);
    }
}

/* Names are any bytes of UTF-8 that a module likes: quoted, and what a terminal
 * would act on escaped. */
static void print_imports(const struct module *module, FILE *out) {
    for (uint32_t i = 0; i < module->import_count && listing_line(module);
         i++) {
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
    static const char *const kinds[] = {
        "function", "table", "memory", "global", "tag"};
    for (uint32_t i = 0; i < module->export_count && listing_line(module);
         i++) {
        fputs("export ", out);
        quoted_print(module->exports[i].name, SHOWN_ALL, out);
        fprintf(out,
                " %s %u\n",
                kinds[module->exports[i].kind],
                module->exports[i].index);
    }
}

/* Not what is in them, but how much, and of data where in the file it is. */
static void print_segments(const struct module *module, FILE *out) {
    static const char *const modes[] = {"active", "passive", "declarative"};
    for (uint32_t i = 0; i < module->element_count && listing_line(module);
         i++) {
        const struct element_segment *segment = &module->elements[i];
        fprintf(out,
                "element segment %u: %s, %u x %s\n",
                i,
                modes[segment->mode],
                segment->count,
                vm_type_name((enum vm_type)segment->type));
    }
    for (uint32_t i = 0; i < module->data_count && listing_line(module); i++) {
        const struct data_segment *segment = &module->data[i];
        fprintf(out, "data segment %u: %s", i, modes[segment->mode]);
        memory_show(segment->memory, out);
        fprintf(out,
                ", %zu bytes at offset 0x%zx\n",
                segment->bytes.size,
                (size_t)(segment->bytes.data - module->bytes.data));
    }
}

/* Imports have been told with their types: here is what comes behind them in each
 * index space. */
static void print_own(const struct module *module, FILE *out) {
    for (uint32_t i = module->imported_tables;
         i < module->table_count && listing_line(module);
         i++) {
        fprintf(out, "table %u: ", i);
        print_extern_type(&module->tables[i], out);
        fputc('\n', out);
    }
    for (uint32_t i = module->imported_memories;
         i < module->memory_count && listing_line(module);
         i++) {
        fprintf(out, "memory %u: ", i);
        print_limits(&module->memories[i], out);
        fputs(" pages\n", out);
    }
    for (uint32_t i = module->imported_globals;
         i < module->global_count && listing_line(module);
         i++) {
        fprintf(out,
                "global %u: %s%s\n",
                i,
                module->globals[i].mutable ? "mutable " : "",
                vm_type_name((enum vm_type)module->globals[i].type));
    }
}

static void print_tags(const struct module *module, FILE *out) {
    for (uint32_t i = module->imported_tags;
         i < module->tag_count && listing_line(module);
         i++) {
        fprintf(out, "tag %u: ", i);
        func_type_show(module->tags[i], out);
        fputc('\n', out);
    }
}

/* Nearly in the order of the binary format, so that this can be read beside its
 * bytes. */
static void print_declarations(const struct module *module, FILE *out) {
    fprintf(
        out,
        "module of %zu bytes: %u types, %u functions, %u of them imported\n",
        module->bytes.size,
        module->type_count,
        module->function_count,
        module->imported_functions);
    print_types(module, out);
    print_imports(module, out);
    print_own(module, out);
    print_tags(module, out);
    print_exports(module, out);
    if (module->has_start)
        fprintf(out, "start function %u\n", module->start);
    print_segments(module, out);
}

/* ---- functions ---- */

/* The same before each way to show a function. */
void function_heading(struct module *module, uint32_t function, FILE *out) {
    struct slice name = module_function_name(module, function);
    fprintf(out, "\nfunction %u ", function);
    if (name.size)
        quoted_print(name, SHOWN_ALL, out), fputc(' ', out);
    func_type_show(module->functions[function].type, out);
    fputc('\n', out);
}

static void print_body(struct module *module,
                       uint32_t function,
                       struct line_shower *lines,
                       FILE *out) {
    struct error unused = ERROR_INIT; /* the body was validated */
    struct disassembly d = disassembly_of(module, function, &unused);
    function_heading(module, function, out);
    disassembly_locals(&d, out);
    while (disassembly_more(&d)) {
        lines_show(lines, d.reader.position);
        fprintf(out, "%8zx: ", d.reader.position);
        disassembly_next(&d, out);
        fputc('\n', out);
    }
}

/* Those with bodies, or the one that is asked for. */
static bool print_functions(const struct vm_dumping *dumping,
                            struct line_shower *lines,
                            struct error *error) {
    struct module *module = dumping->module;
    uint32_t i = module->imported_functions, end = module->function_count;
    if (dumping->function) {
        if (!function_named(module, dumping->function, &i, error))
            return false;
        end = i + 1;
    }

    for (; i < end && listing_line(module); i++) {
        if (!dumping->code)
            print_body(module, i, lines, dumping->out);
        else if (!sheet_show(module, i, lines, dumping->out, error))
            return false;
    }
    return listing_line(module) || vm_time_out(module->vm, error);
}

/* With a function, or with `code`, the declarations are left out: who asks for
 * those knows what to look for. */
bool vm_dump(const struct vm_dumping *dumping, struct error *error) {
    struct line_shower *lines = NULL;
    if (!lines_open(dumping, &lines))
        return error_set(error, ERROR_IO, "out of memory");

    if (!dumping->function && !dumping->code)
        print_declarations(dumping->module, dumping->out);
    bool done = print_functions(dumping, lines, error);
    lines_close(lines);
    return done;
}
