/* One cell as text: the operation, and its fields by what they mean.
 *
 *     i32_add_si t0 r0 = local0, 7
 *     br_i32_lt_s_ss local0, local1 to 9
 *
 * Slots have the names that they have in the function: local0 is parameter or
 * local 0, t0 the temporary of the operand stack's bottom. Cells are counted from
 * the function's entry cell, which is 0. */
#include "vm/listing/listing.h"

#include "vm/store.h"
#include "vm/translate.h"

#include <inttypes.h>
#include <string.h>

/* ---- slots ---- */

/* Locals in a row that have one type. */
struct slot_run {
    uint32_t local, slot; /* the first, and where it is */
    uint8_t type;
};

/* Locals of one type come next; false without memory. */
static bool add_locals(struct frame_names *names, struct slot_run next) {
    bool is_first = next.slot == names->first || next.slot == names->locals;
    bool same =
        !is_first && names->runs[names->run_count - 1].type == next.type;
    if (same)
        return true;
    struct slot_run *runs = array_reserve(names->module->vm->memory,
                                          names->runs,
                                          names->run_count,
                                          &names->run_capacity,
                                          sizeof *runs);
    if (!runs)
        return false;
    names->runs = runs;
    runs[names->run_count++] = next;
    return true;
}

/* Parameters are the first locals; the others are declared in the body. */
bool frame_names_init(struct frame_names *names,
                      struct module *module,
                      uint32_t function) {
    const struct func_type *type = module->functions[function].type;
    struct error unused = ERROR_INIT;
    struct disassembly d = disassembly_of(module, function, &unused);
    *names = (struct frame_names){.module = module,
                                  .function = function,
                                  .first = first_slot(type->param_slots),
                                  .locals = locals_begin(module)};
    struct slot_run next = {.slot = names->first};
    bool ok = true;
    for (; ok && next.local < type->param_count; next.local++) {
        next.type = type->types[next.local];
        ok = add_locals(names, next);
        next.slot += type_slots(next.type);
    }

    next.slot = names->locals;
    uint32_t declarations = reader_u32(&d.reader);
    for (uint32_t i = 0; ok && i < declarations && listing_line(module); i++) {
        uint32_t count = reader_u32(&d.reader);
        next.type = value_type_read(&d.reader);
        ok = count == 0 || add_locals(names, next);
        next.local += count;
        next.slot += count * type_slots(next.type);
    }
    names->temporaries = next.slot;
    return ok;
}

/* What was drawn from the vm's budget goes back to it. */
void frame_names_free(struct frame_names *names) {
    array_free(names->module->vm->memory,
               names->runs,
               names->run_capacity,
               sizeof *names->runs);
}

/* The last run that begins at the slot or before it. */
static const struct slot_run *run_of(const struct frame_names *names,
                                     uint32_t slot) {
    size_t low = 0, high = names->run_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (names->runs[middle].slot <= slot) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &names->runs[low];
}

/* The order of a frame (cell.h): parameters, the link, the caller, locals,
 * temporaries. Results may be returned to any of them. A v128 has two slots, of
 * which the second is "local3+1". */
const char *slot_name(const struct frame_names *names,
                      uint32_t slot,
                      char text[SLOT_NAME_SIZE]) {
    if (slot >= names->temporaries) {
        snprintf(text, SLOT_NAME_SIZE, "t%u", slot - names->temporaries);
    } else if (!slot_is_local(names, slot)) {
        const char *name = slot == SLOT_LINK ? "link" : "caller";
        snprintf(text, SLOT_NAME_SIZE, "%s", name);
    } else {
        const struct slot_run *run = run_of(names, slot);
        uint32_t distance = slot - run->slot, width = type_slots(run->type);
        const char *half = distance % width ? "+1" : "";
        uint32_t local = run->local + distance / width;
        snprintf(text, SLOT_NAME_SIZE, "local%u%s", local, half);
    }
    return text;
}

bool slot_is_local(const struct frame_names *names, uint32_t slot) {
    bool is_parameter = slot >= names->first && slot < SLOT_LINK;
    bool is_other = slot >= names->locals && slot < names->temporaries;
    return names->run_count > 0 && (is_parameter || is_other);
}

enum kind slot_kind(const struct frame_names *names, uint32_t slot) {
    return value_kind(run_of(names, slot)->type);
}

/* What follows the name of a local where its type is to be seen; temporaries
 * have none of their own, but that of whatever is in them. */
const char *slot_type(const struct frame_names *names, uint32_t slot) {
    static const char *const texts[] = {[KIND_I32] = ":i32",
                                        [KIND_I64] = ":i64",
                                        [KIND_F32] = ":f32",
                                        [KIND_F64] = ":f64",
                                        [KIND_V128] = "",
                                        [KIND_WORD] = ""};
    if (!slot_is_local(names, slot))
        return "";
    return texts[value_kind(run_of(names, slot)->type)];
}

/* ---- frames ---- */

uint32_t frame_first(const struct cell *entry) {
    return first_slot((uint32_t)entry->head.wide);
}

uint32_t frame_size(const struct cell *entry) {
    return (uint32_t)entry->tail.imm - frame_first(entry);
}

const uint64_t *frame_begin(const struct cell_place *place) {
    const struct module *module = place->names->module;
    const struct cell *entry = &module->code.cells[place->entry];
    return place->machine->frame + frame_first(entry);
}

/* ---- values ---- */

/* Bits of which nobody knows the type: a small number is likely to be one, others
 * are told better by their digits. */
static void word_show(uint64_t bits, FILE *out) {
    bool small = bits <= UINT16_MAX;
    fprintf(out, small ? "%" PRIu64 : "0x%" PRIx64, bits);
}

/* References are shown as the bits that they are. */
enum kind value_kind(uint8_t type) {
    switch (type) {
    case VM_I32: return KIND_I32;
    case VM_I64: return KIND_I64;
    case VM_F32: return KIND_F32;
    case VM_F64: return KIND_F64;
    case VM_V128: return KIND_V128;
    default: return KIND_WORD;
    }
}

/* Integers are signed, as in the text format's constants; floats are as
 * f32_format and f64_format write them, so that reading them back gives the same
 * number. A v128 is one number. */
void value_show(enum kind kind, const uint64_t bits[2], FILE *out) {
    char number[FLOAT_TEXT_SIZE];
    switch (kind) {
    case KIND_I32: fprintf(out, "%" PRId32, (int32_t)(uint32_t)*bits); break;
    case KIND_I64: fprintf(out, "%" PRId64, (int64_t)*bits); break;
    case KIND_F32:
        f32_format((uint32_t)*bits, number);
        fputs(number, out);
        break;
    case KIND_F64:
        f64_format(*bits, number);
        fputs(number, out);
        break;
    case KIND_V128:
        fprintf(out, "0x%016" PRIx64 "%016" PRIx64, bits[1], bits[0]);
        break;
    case KIND_WORD: word_show(*bits, out); break;
    default: fprintf(out, "%" PRIu64, *bits); break;
    }
}

/* ---- fields ---- */

/* Of each kind: the accumulator, the pin, what the accumulator was before. */
static const char *register_name(const struct field *field) {
    static const char *const integers[] = {"r0", "l0", "q0"};
    static const char *const floats[] = {"s0", "s1"};
    static const char *const doubles[] = {"f0", "f1", "g0"};
    unsigned which = (unsigned)field->part - PART_r;
    switch (field->kind) {
    case KIND_F32: return floats[which];
    case KIND_F64: return doubles[which];
    default: return integers[which];
    }
}

/* The word for an index space. */
static const char *space_name(enum kind kind) {
    switch (kind) {
    case KIND_GLOBAL: return "global ";
    case KIND_FUNCTION: return "function ";
    case KIND_TABLE: return "table ";
    case KIND_MEMORY: return "memory ";
    case KIND_TAG: return "tag ";
    case KIND_ELEMENT: return "element segment ";
    case KIND_DATA: return "data segment ";
    default: return "";
    }
}

/* The function whose code begins at a cell. */
static uint32_t function_at(const struct cell_place *place, uint64_t distance) {
    const struct module *module = place->names->module;
    return code_find(&module->code, place->cell + (uint32_t)distance)->function;
}

/* What stands in the cell itself. A displacement is shown as the cell that it
 * leads to, counted from the entry as in the listing. */
static void constant_show(const struct cell_place *place,
                          const struct field *field,
                          FILE *out) {
    const struct cell *cell = &place->names->module->code.cells[place->cell];
    uint64_t bits[2] = {field_constant(field, cell), 0};
    switch (field->kind) {
    case KIND_CELL:
        fprintf(out, "%u", place->cell - place->entry + (uint32_t)*bits);
        break;
    case KIND_CODE:
        fprintf(out, "function %u", function_at(place, *bits));
        break;
    case KIND_TYPE:
        func_type_show((const struct func_type *)(uintptr_t)*bits, out);
        break;
    case KIND_V128:
        bits[0] = cell[1].head.wide;
        bits[1] = (uint64_t)cell[1].d | (uint64_t)cell[1].a << 16 |
                  (uint64_t)(uint32_t)cell[1].tail.imm << 32;
        value_show(field->kind, bits, out);
        break;
    default:
        fputs(space_name(field->kind), out);
        value_show(field->kind, bits, out);
    }
}

/* ---- values of a machine ---- */

/* Floats as bits, since a NaN must be told as it is. */
static void register_value(const struct field *field,
                           const struct machine *machine,
                           uint64_t *bits) {
    const uint64_t integers[] = {machine->r0, machine->l0, machine->q0};
    const float floats[] = {machine->s0, machine->s1};
    const double doubles[] = {machine->f0, machine->f1, machine->g0};
    unsigned which = (unsigned)field->part - PART_r;
    *bits = 0;
    switch (field->kind) {
    case KIND_F32: memcpy(bits, &floats[which], sizeof *floats); break;
    case KIND_F64: memcpy(bits, &doubles[which], sizeof *doubles); break;
    default: *bits = integers[which];
    }
}

static bool is_register(enum part part) {
    return part >= PART_r && part <= PART_q;
}

static bool is_value(enum kind kind) {
    return kind <= KIND_WORD;
}

/* False for what is no value: a number in the cell, an index, a slot that is only
 * meant. */
bool field_value(const struct field *field,
                 const struct machine *machine,
                 uint64_t bits[2]) {
    bits[0] = bits[1] = 0;
    if (part_is_slot(field->part) && is_value(field->kind)) {
        uint32_t slot = part_slot(field->part, machine->pc);
        size_t words = field->kind == KIND_V128 ? 2 : 1;
        memcpy(bits, machine->frame + slot, words * sizeof *bits);
        return true;
    }
    if (is_register(field->part) && is_value(field->kind)) {
        register_value(field, machine, bits);
        return true;
    }
    if (field->kind == KIND_GLOBAL) {
        uint64_t *value = machine->instance->globals[machine->pc->tail.imm];
        memcpy(bits, value, 2 * sizeof *bits);
        return true;
    }
    return false;
}

/* As field_value, and of what stands in the cell. */
static uint64_t summand(const struct field *field,
                        const struct machine *machine) {
    uint64_t bits[2];
    return field_value(field, machine, bits)
               ? *bits
               : field_constant(field, machine->pc);
}

/* The i32s are added first, and wrap around; offsets do not. */
bool cell_address(const struct machine *machine,
                  enum op op,
                  uint64_t *address) {
    struct meaning meaning = meaning_of(machine->instance->vm, op);
    struct field field;
    bool inside = false, found = false;
    *address = 0;
    while (meaning_next(&meaning, &field)) {
        inside = inside || memchr(field.text, '[', (size_t)field.size);
        if (inside && memchr(field.text, ']', (size_t)field.size))
            break;
        if (!inside)
            continue;
        *address += summand(&field, machine);
        if (field.kind == KIND_I32)
            *address &= UINT32_MAX;
        found = true;
    }
    return found;
}

/* ---- cells ---- */

/* A slot by its name, an accumulator by its own, anything else by its number. */
static void field_show(const struct cell_place *place,
                       const struct field *field,
                       FILE *out) {
    char name[SLOT_NAME_SIZE];
    const struct cell *cell = &place->names->module->code.cells[place->cell];
    if (part_is_slot(field->part)) {
        uint32_t slot = part_slot(field->part, cell);
        fputs(slot_name(place->names, slot, name), out);
    } else if (is_register(field->part)) {
        fputs(register_name(field), out);
    } else {
        constant_show(place, field, out);
    }
}

/* A global's kind is by its declaration. */
static void field_value_show(const struct cell_place *place,
                             const struct field *field,
                             FILE *out) {
    uint64_t bits[2];
    enum kind kind = field->kind;
    if (!field_value(field, place->machine, bits))
        return;
    if (kind == KIND_GLOBAL) {
        uint32_t global = (uint32_t)place->machine->pc->tail.imm;
        kind = value_kind(place->names->module->globals[global].type);
    }
    fputc('=', out);
    value_show(kind, bits, out);
}

/* Whether the cell does more than its operation: the next cell, too. */
static bool is_pair(const struct cell_place *place, enum op op) {
    uint64_t head = place->names->module->code.cells[place->cell].head.wide;
    return head != heads[op].wide && head != heads[OP_watched].wide;
}

/* The text of the meaning, with each field said as it is in this cell. With a
 * machine there are values too, but not of what is still to be written. */
void cell_show(const struct cell_place *place, enum op op, FILE *out) {
    struct meaning meaning = meaning_of(place->names->module->vm, op);
    struct field field;
    fputs(operation_of(op).name, out);
    if (is_pair(place, op))
        fputc('+', out);
    if (meaning.text[0] && meaning.text[0] != ' ')
        fputc(' ', out);
    while (meaning_next(&meaning, &field)) {
        if (field.kind == KIND_NOTHING)
            continue;
        fwrite(field.text, 1, (size_t)field.size, out);
        field_show(place, &field, out);
        if (place->machine && !field.written)
            field_value_show(place, &field, out);
    }
    if (field.kind != KIND_NOTHING)
        fwrite(field.text, 1, (size_t)field.size, out);
    uint64_t address;
    if (place->machine && cell_address(place->machine, op, &address))
        fprintf(out, " at 0x%" PRIx64, address);
}

/* Behind a cell, what it has written; not accumulators, which have the same. */
void cell_results_show(const struct cell_place *place, enum op op, FILE *out) {
    struct meaning meaning = meaning_of(place->names->module->vm, op);
    struct field field;
    const char *border = " => ";
    while (meaning_next(&meaning, &field)) {
        bool known = field.written && !is_register(field.part) &&
                     field.kind <= KIND_WORD;
        if (!known)
            continue;
        fputs(border, out);
        field_show(place, &field, out);
        field_value_show(place, &field, out);
        border = " ";
    }
}

/* An entry of a br_table, or what belongs to the cell before it. */
void data_cell_show(const struct cell_place *place, enum op op, FILE *out) {
    const struct cell *cell = &place->names->module->code.cells[place->cell];
    uint32_t to = place->cell - place->entry + (uint32_t)cell->tail.imm;
    bool entry = op == OP_br_table_s || op == OP_br_table_r;
    char from[SLOT_NAME_SIZE], home[SLOT_NAME_SIZE];
    if (op == OP_br_table_move && cell->head.wide > 0) {
        fprintf(out,
                "  %" PRIu64 " from %s to %s,",
                cell->head.wide,
                slot_name(place->names, cell->a, from),
                slot_name(place->names, cell->d, home));
    }
    if (entry || op == OP_br_table_move) {
        fprintf(out, "  to %u", to);
    } else {
        fputs("  data", out);
    }
}
