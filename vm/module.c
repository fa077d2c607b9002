/* Decoding a module (spec 5.5, "Modules"): the preamble, then sections in a
 * fixed order.
 *
 *     magic "\0asm", version 1
 *     section: id (1 byte), size (u32), content
 *
 * Here is a whole module, of one function that is exported as "add", with a
 * section a line:
 *
 *     00 61 73 6D  01 00 00 00
 *     01 07   01  60 02 7F 7F 01 7F             types: 1, (i32 i32) -> (i32)
 *     03 02   01  00                            functions: 1, of type 0
 *     07 07   01  03 61 64 64  00 00            exports: 1, "add", a function, number 0
 *     0A 09   01  07  00  20 00 20 01 6A 0B     bodies: 1, of 7 bytes: no locals,
 *                                               local.get 0, local.get 1, i32.add, end
 *
 * Custom sections (id 0) may stand anywhere and are skipped; only "name" is
 * remembered. What a section declares is validated at once (spec 3.4), against
 * the sections before it. The bodies in the code section are only delimited
 * here: validate.c reads them when all declarations are known. */
#include "vm/decode.h"

#include "vm/opcodes.h"
#include "vm/store.h"
#include "vm/unsupported.h"

enum section {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT,
    SECTION_TAG,
};

/* ---- imports: the first entries of every index space ---- */

/* 03 65 6E 76  01 66  00 00: from "env" the function "f", of type 0. Imports of
 * all kinds stand in one list; how many there are of each tells make_space
 * where the module's own begin. */
static void decode_import(struct module *module,
                          struct reader *reader,
                          struct vm_import *import) {
    import->module = reader_name(reader);
    import->name = reader_name(reader);
    struct extern_type *type = &import->type;
    uint8_t kind = reader_u8(reader);
    switch (kind) {
    case VM_FUNCTION:
        type->function = decode_type_index(module, reader);
        module->imported_functions++;
        break;
    case VM_TABLE:
        *type = decode_table_type(reader);
        module->imported_tables++;
        break;
    case VM_MEMORY:
        type->limits = decode_memory_type(reader);
        module->imported_memories++;
        break;
    case VM_GLOBAL:
        decode_global_type(reader, &type->type, &type->is_mutable);
        module->imported_globals++;
        break;
    case VM_TAG:
        type->function = decode_tag(module, reader);
        module->imported_tags++;
        break;
    default:
        reader_fail(
            reader, ERROR_MALFORMED, "malformed import kind 0x%02X", kind);
    }
    type->kind = (enum vm_kind)kind;
}

static void decode_imports(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_IMPORTS, "imports");
    module->imports =
        decode_alloc(module, reader, count, sizeof *module->imports);
    for (; decode_more(module, reader, module->import_count, count);
         module->import_count++) {
        decode_import(module, reader, &module->imports[module->import_count]);
    }
}

/* An index space: first the imports of its kind, then the module's own. */
struct space {
    uint32_t imported, limit;
    size_t size; /* of an entry */
    const char *what;
};

static void *space_alloc(struct module *module,
                         struct reader *reader,
                         uint32_t count,
                         struct space space) {
    /* Both are bounded: see reader_count. */
    uint32_t total = space.imported + count;
    if (total > space.limit) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "limit: %u %s, at most %u are accepted",
                    total,
                    space.what,
                    space.limit);
    }
    return reader_ok(reader) ? decode_alloc(module, reader, total, space.size)
                             : NULL;
}

static void add_import(struct module *module, const struct extern_type *type) {
    switch (type->kind) {
    case VM_FUNCTION:
        module->functions[module->function_count++].type = type->function;
        break;
    case VM_TABLE: module->tables[module->table_count++] = *type; break;
    case VM_MEMORY:
        module->memories[module->memory_count++] = type->limits;
        break;
    case VM_GLOBAL:
        module->globals[module->global_count++] = (struct global_declaration){
            .type = type->type, .mutable = type->is_mutable};
        break;
    case VM_TAG: module->tags[module->tag_count++] = type->function; break;
    }
}

/* Make the index space of a kind, with room for `count` entries behind the
 * imports. One without a section of its own is made by make_missing_spaces. */
static void make_space(struct module *m,
                       struct reader *reader,
                       enum vm_kind kind,
                       uint32_t count) {
#define ALLOC(entries, limit)                                                  \
    m->entries = space_alloc(                                                  \
        m,                                                                     \
        reader,                                                                \
        count,                                                                 \
        (struct space){                                                        \
            m->imported_##entries, limit, sizeof *m->entries, #entries})
    switch (kind) {
    case VM_FUNCTION:
        ALLOC(functions, LIMIT_FUNCTIONS);
        /* Bits. */
        m->referenced =
            decode_alloc(m, reader, (m->imported_functions + count) / 8 + 1, 1);
        break;
    case VM_TABLE: ALLOC(tables, LIMIT_TABLES); break;
    case VM_MEMORY: ALLOC(memories, LIMIT_MEMORIES); break;
    case VM_GLOBAL: ALLOC(globals, LIMIT_GLOBALS); break;
    case VM_TAG: ALLOC(tags, LIMIT_TAGS); break;
    }
#undef ALLOC
    for (uint32_t i = 0; decode_more(m, reader, i, m->import_count); i++) {
        if (m->imports[i].type.kind == kind)
            add_import(m, &m->imports[i].type);
    }
}

/* ---- functions, tables, memories, globals, tags ---- */

/* The types only; the bodies come in a section of their own, in the same order
 * (decode_code). So a call can be validated before its callee is read. */
static void decode_functions(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_FUNCTIONS, "functions");
    make_space(module, reader, VM_FUNCTION, count);
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        module->functions[module->function_count++].type =
            decode_type_index(module, reader);
    }
}

static void decode_tables(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_TABLES, "tables");
    make_space(module, reader, VM_TABLE, count);
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        module->tables[module->table_count++] = decode_table_type(reader);
    }
}

static void decode_memories(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_MEMORIES, "memories");
    make_space(module, reader, VM_MEMORY, count);
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        module->memories[module->memory_count++] = decode_memory_type(reader);
    }
}

/* An initialiser sees the globals before its own only, and so its value is
 * known when they are made in order: the count grows behind it. 7F 01  41 80 08
 * 0B is an i32, mutable, from 1024 on. */
static void decode_globals(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_GLOBALS, "globals");
    make_space(module, reader, VM_GLOBAL, count);
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        struct global_declaration global;
        decode_global_type(reader, &global.type, &global.mutable);
        global.init = constant_read(module, reader, global.type);
        module->globals[module->global_count++] = global;
    }
}

static void decode_tags(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_TAGS, "tags");
    make_space(module, reader, VM_TAG, count);
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        module->tags[module->tag_count++] = decode_tag(module, reader);
    }
}

/* ---- exports and start ---- */

/* 01 6D  02 00: "m", a memory, number 0. */
static void decode_exports(struct module *module, struct reader *reader) {
    static const char *const kinds[] = {
        "function", "table", "memory", "global", "tag"};
    const uint32_t counts[] = {module->function_count,
                               module->table_count,
                               module->memory_count,
                               module->global_count,
                               module->tag_count};
    uint32_t count = reader_count(reader, LIMIT_EXPORTS, "exports");
    module->exports =
        decode_alloc(module, reader, count, sizeof *module->exports);
    for (; decode_more(module, reader, module->export_count, count);
         module->export_count++) {
        struct vm_export *export = &module->exports[module->export_count];
        export->name = reader_name(reader);
        uint8_t kind = reader_u8(reader);
        if (kind > VM_TAG) {
            reader_fail(
                reader, ERROR_MALFORMED, "malformed export kind 0x%02X", kind);
            return;
        }
        export->kind = (enum vm_kind)kind;
        export->index = reader_u32(reader);
        if (reader_ok(reader) && export->index >= counts[kind]) {
            reader_fail(reader,
                        ERROR_INVALID,
                        "unknown %s %u",
                        kinds[kind],
                        export->index);
        }
        /* Who exports a function may refer to it by ref.func too (spec 3.4.10,
         * C.refs). */
        if (reader_ok(reader) && kind == VM_FUNCTION)
            module_reference(module, export->index);
    }
    if (reader_ok(reader))
        module_index_exports(module, reader);
}

static void decode_start(struct module *module, struct reader *reader) {
    module->start = reader_u32(reader);
    module->has_start = true;
    if (!reader_ok(reader))
        return;
    if (module->start >= module->function_count) {
        reader_fail(
            reader, ERROR_INVALID, "unknown function %u", module->start);
        return;
    }
    const struct func_type *type = module->functions[module->start].type;
    if (type->param_count || type->result_count) {
        reader_fail(
            reader, ERROR_INVALID, "start function must have type () -> ()");
    }
}

/* ---- segments ---- */

/* The items are validated and left as they are: table_init reads them again. */
static void element_items(struct module *module,
                          struct reader *reader,
                          struct element_segment *segment) {
    segment->count = reader_count(reader, LIMIT_ELEMENT_SEGMENTS, "elements");
    size_t start = reader->position;
    for (uint32_t i = 0; decode_more(module, reader, i, segment->count); i++) {
        if (segment->expressions) {
            constant_read(module, reader, segment->type);
            continue;
        }
        uint32_t function = reader_u32(reader);
        if (reader_ok(reader) && function >= module->function_count) {
            reader_fail(reader, ERROR_INVALID, "unknown function %u", function);
        } else if (reader_ok(reader)) {
            module_reference(module, function);
        }
    }
    segment->items =
        (struct slice){reader->bytes + start, reader->position - start};
}

/* Of the two low bits, both of them make it declarative. */
static enum segment_mode element_mode(uint32_t flags) {
    switch (flags & 3) {
    case 1: return SEGMENT_PASSIVE;
    case 3: return SEGMENT_DECLARATIVE;
    default: return SEGMENT_ACTIVE;
    }
}

/* The flags of an element segment (spec 5.5.12): bit 0 passive or declarative;
 * bit 1 explicit table index, or declarative; bit 2 items are expressions.
 *
 *     00  41 04 0B  02 00 01    active: in table 0 from i32.const 4 on, 2 functions, 0 and 1
 *     03  00  01 01             declarative: functions, 1 of them, number 1 */
static void decode_element(struct module *module,
                           struct reader *reader,
                           struct element_segment *segment) {
    uint32_t flags = reader_u32(reader);
    if (flags > 7) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "malformed elements segment kind %u",
                    flags);
        return;
    }
    segment->mode = element_mode(flags);
    segment->expressions = flags & 4;
    segment->type = VM_FUNCREF;
    if (segment->mode == SEGMENT_ACTIVE) {
        segment->table = flags & 2 ? reader_u32(reader) : 0;
        if (reader_ok(reader) && segment->table >= module->table_count) {
            reader_fail(
                reader, ERROR_INVALID, "unknown table %u", segment->table);
        }
        if (!reader_ok(reader))
            return;
        segment->offset = constant_read(
            module, reader, module->tables[segment->table].limits.address);
    }
    if (flags & 3) { /* an element kind or type is given */
        if (segment->expressions) {
            segment->type = reference_type_read(reader);
        } else if (reader_u8(reader) != 0) {
            reader_fail(reader, ERROR_MALFORMED, "malformed element kind");
        }
    }
    if (!reader_ok(reader))
        return;
    if (segment->mode == SEGMENT_ACTIVE &&
        module->tables[segment->table].type != segment->type) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "type mismatch: %s segment for a table of %s",
                    vm_type_name(segment->type),
                    vm_type_name(module->tables[segment->table].type));
    }
    element_items(module, reader, segment);
}

static void decode_elements(struct module *module, struct reader *reader) {
    uint32_t count =
        reader_count(reader, LIMIT_ELEMENT_SEGMENTS, "element segments");
    module->elements =
        decode_alloc(module, reader, count, sizeof *module->elements);
    for (; decode_more(module, reader, module->element_count, count);
         module->element_count++) {
        decode_element(
            module, reader, &module->elements[module->element_count]);
    }
}

/* 00  41 08 0B  02 68 69: active, in memory 0 from i32.const 8 on, 2 bytes.
 * Flags (spec 5.5.14): 0 active, 1 passive, 2 active with the index of a
 * memory. */
static void decode_data_segment(struct module *module,
                                struct reader *reader,
                                struct data_segment *segment) {
    uint32_t flags = reader_u32(reader);
    if (flags > 2) {
        reader_fail(
            reader, ERROR_MALFORMED, "malformed data segment kind %u", flags);
        return;
    }
    segment->mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
    if (segment->mode == SEGMENT_ACTIVE) {
        segment->memory = flags == 2 ? reader_u32(reader) : 0;
        if (reader_ok(reader) && segment->memory >= module->memory_count) {
            reader_fail(
                reader, ERROR_INVALID, "unknown memory %u", segment->memory);
        }
        if (!reader_ok(reader))
            return;
        segment->offset = constant_read(
            module, reader, module->memories[segment->memory].address);
    }
    segment->bytes = reader_bytes(reader, reader_u32(reader));
}

static void decode_data(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_DATA_SEGMENTS, "data segments");
    if (reader_ok(reader) && module->has_data_count &&
        count != module->data_count) {
        reader_fail(
            reader,
            ERROR_MALFORMED,
            "data count and data section have inconsistent lengths: %u and %u",
            module->data_count,
            count);
    }
    module->data = decode_alloc(module, reader, count, sizeof *module->data);
    module->data_count = count;
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        decode_data_segment(module, reader, &module->data[i]);
    }
}

/* How many segments will come behind the code: who reads in one pass can then
 * validate memory.init and data.drop, which name them. */
static void decode_data_count(struct module *module, struct reader *reader) {
    module->data_count = reader_u32(reader);
    module->has_data_count = true;
}

/* ---- code ---- */

/* Each body is preceded by its size, and so nothing in it is looked at before
 * all the declarations that it may refer to are known. */
static void decode_code(struct module *module, struct reader *reader) {
    uint32_t count = reader_count(reader, LIMIT_FUNCTIONS, "bodies");
    uint32_t declared = module->function_count - module->imported_functions;
    if (reader_ok(reader) && count > declared) { /* fewer: see check_missing */
        reader_fail(
            reader,
            ERROR_MALFORMED,
            "function and code section have inconsistent lengths: %u and %u",
            declared,
            count);
    }
    for (uint32_t i = 0; decode_more(module, reader, i, count); i++) {
        uint32_t size = reader_u32(reader);
        if (reader_ok(reader) && size > LIMIT_FUNCTION_BODY &&
            size <= reader->end - reader->position) {
            reader_fail(
                reader,
                ERROR_INVALID,
                "limit: a function body of %u bytes, at most %d are accepted",
                size,
                LIMIT_FUNCTION_BODY);
        }
        module->functions[module->imported_functions + i].body =
            reader_bytes(reader, size);
    }
}

/* ---- the whole ---- */

/* The order in which sections must come: their ids, except that data count
 * precedes code and tags come behind memories. Ids are doubled to make room for
 * these between others. */
static int section_order(uint8_t id) {
    switch (id) {
    case SECTION_DATA_COUNT: return 2 * SECTION_CODE - 1;
    case SECTION_TAG: return 2 * SECTION_MEMORY + 1;
    default: return 2 * id;
    }
}

/* A name, and bytes of which only a "name" section's are of use: for
 * backtraces. */
static void decode_custom(struct module *module, struct reader *reader) {
    struct slice name = reader_name(reader);
    if (reader_ok(reader) && slice_is(name, "name")) {
        module->names = reader_bytes(reader, reader->end - reader->position);
    }
    reader->position = reader->end;
}

/* A section must be as long as its content. */
static void
decode_section(struct module *module, uint8_t id, struct reader *reader) {
    switch (id) {
    case SECTION_CUSTOM: decode_custom(module, reader); break;
    case SECTION_TYPE: decode_types(module, reader); break;
    case SECTION_IMPORT: decode_imports(module, reader); break;
    case SECTION_FUNCTION: decode_functions(module, reader); break;
    case SECTION_TABLE: decode_tables(module, reader); break;
    case SECTION_MEMORY: decode_memories(module, reader); break;
    case SECTION_GLOBAL: decode_globals(module, reader); break;
    case SECTION_EXPORT: decode_exports(module, reader); break;
    case SECTION_START: decode_start(module, reader); break;
    case SECTION_ELEMENT: decode_elements(module, reader); break;
    case SECTION_CODE: decode_code(module, reader); break;
    case SECTION_DATA: decode_data(module, reader); break;
    case SECTION_DATA_COUNT: decode_data_count(module, reader); break;
    case SECTION_TAG: decode_tags(module, reader); break;
    default: break; /* refused by the caller */
    }
    if (reader_ok(reader) && !reader_at_end(reader)) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "section size mismatch: %zu bytes too many",
                    reader->end - reader->position);
    }
}

/* Index spaces whose section is absent or still to come hold the imports alone.
 * Called before every section behind the one that would have made them. */
static void
make_missing_spaces(struct module *module, struct reader *reader, uint8_t id) {
    int order = section_order(id);
    if (order > section_order(SECTION_FUNCTION) && !module->functions)
        make_space(module, reader, VM_FUNCTION, 0);
    if (order > section_order(SECTION_TABLE) && !module->tables)
        make_space(module, reader, VM_TABLE, 0);
    if (order > section_order(SECTION_MEMORY) && !module->memories)
        make_space(module, reader, VM_MEMORY, 0);
    if (order > section_order(SECTION_TAG) && !module->tags)
        make_space(module, reader, VM_TAG, 0);
    if (order > section_order(SECTION_GLOBAL) && !module->globals)
        make_space(module, reader, VM_GLOBAL, 0);
}

static void decode_preamble(struct reader *reader) {
    if (reader_fixed(reader, 4) != 0x6D736100) {
        error_set_at(
            reader->error,
            ERROR_MALFORMED,
            0,
            "magic header not detected: this is not a WebAssembly module");
        reader_fail(reader, ERROR_MALFORMED, "magic header not detected");
    }
    /* And in the high half the layer: 0 of modules. */
    uint64_t version = reader_fixed(reader, 4);
    if (!reader_ok(reader) || version == 1)
        return;
    if (!unsupported(
            reader, PLACE_LAYER, (uint32_t)version, reader->position - 4)) {
        reader_fail(reader,
                    ERROR_MALFORMED,
                    "unknown binary version %u",
                    (unsigned)version);
    }
}

/* What can be judged at the end of the module only: did all come that was
 * announced, not more? */
static bool check_missing(const struct module *module, struct reader *reader) {
    uint32_t bodies = module->function_count - module->imported_functions;
    if (bodies && !module->functions[module->function_count - 1].body.data) {
        return reader_fail(reader,
                           ERROR_MALFORMED,
                           "function and code section have inconsistent "
                           "lengths: %u functions, "
                           "fewer bodies",
                           bodies);
    }
    if (module->has_data_count && module->data_count && !module->data) {
        return reader_fail(
            reader,
            ERROR_MALFORMED,
            "data count and data section have inconsistent lengths: %u and 0",
            module->data_count);
    }
    return true;
}

bool module_decode(struct module *module, struct error *error) {
    struct reader reader = reader_init(module->bytes, error);
    decode_preamble(&reader);
    int order = 0;
    while (reader_ok(&reader) && !reader_at_end(&reader) &&
           decode_pay(module, &reader)) {
        uint8_t id = reader_u8(&reader);
        if (id > SECTION_TAG) {
            return reader_fail(
                &reader, ERROR_MALFORMED, "malformed section id %u", id);
        }
        struct reader content =
            reader_part(&reader, reader_u32(&reader), "section");
        if (!reader_ok(&reader))
            return false;
        if (id != SECTION_CUSTOM) { /* each of the others once */
            if (section_order(id) <= order) {
                return reader_fail(&reader,
                                   ERROR_MALFORMED,
                                   "unexpected content after last section: "
                                   "section %u is out of "
                                   "order or doubled",
                                   id);
            }
            order = section_order(id);
            make_missing_spaces(module, &content, id);
        }
        decode_section(module, id, &content);
        if (!reader_ok(&content))
            return false;
    }
    make_missing_spaces(module, &reader, SECTION_DATA);
    if (!reader_ok(&reader) || !check_missing(module, &reader))
        return false;
    module->has_near_memory =
        module->memory_count && module->memories[0].address == VM_I32;
    return true;
}

/* ---- questions about a module ---- */

/* Read by ref.func in bodies, written by everything outside of them that names
 * a function. */
bool module_is_referenced(const struct module *module, uint32_t function) {
    return module->referenced[function / 8] >> (function % 8) & 1;
}

void module_reference(struct module *module, uint32_t function) {
    module->referenced[function / 8] |= (uint8_t)(1 << (function % 8));
}
