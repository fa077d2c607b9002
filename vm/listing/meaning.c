/* What the fields of a cell mean: the column of ops.def, read.
 *
 *     "d:I32 r:I32 = a:I32, imm:I32"        of i32_add_si
 *
 * is five fields, each with the text before it: d, written, an i32; r, written,
 * an i32; and so on. Whoever shows or follows cells loops over fields and needs
 * to know nothing of any operation.
 *
 * A listing asks for each of a million cells what it does and what that means.
 * So a vm reads the column once, before anything is asked for. */
#include "vm/listing/listing.h"

#include "vm/store.h"

#include <string.h>

/* All texts are one object, and found by where they are in it: thousands of
 * pointers would be set whenever a program starts, by most of them for
 * nothing. */
static const struct texts {
#define FIELDS(name, meaning, ...)                                             \
    char name_##name[sizeof #name];                                            \
    char meaning_##name[sizeof(meaning)];
#define OP(...) FIELDS(__VA_ARGS__, 0)
#include "vm/ops.def"
#undef FIELDS
} texts = {
#define FIELDS(name, meaning, ...) #name, meaning,
#define OP(...)                    FIELDS(__VA_ARGS__, 0)
#include "vm/ops.def"
#undef FIELDS
};

/* A row without bytes has 0 there. */
static const struct {
    uint32_t name, meaning, bytes;
} places[OP_COUNT] = {
#define FIELDS(name, meaning, bytes, ...)                                      \
    [OP_##name] = {offsetof(struct texts, name_##name),                        \
                   offsetof(struct texts, meaning_##name),                     \
                   bytes},
#define OP(...) FIELDS(__VA_ARGS__, 0, 0)
#include "vm/ops.def"
#undef FIELDS
};

/* Few rows have one; all others are 0, which is an empty one. */
static const char signatures[OP_COUNT][SIGNATURE_TYPES + sizeof ":"] = {
#define FIELDS(name, meaning, bytes, signature, ...) [OP_##name] = {signature},
#define OP(...)                                      FIELDS(__VA_ARGS__, 0, 0, 0)
#include "vm/ops.def"
#undef FIELDS
};

/* In the order of enum part. */
static const char *const part_names[PART_COUNT] = {
    "d",   "a",   "b",   "c",   "a1",  "a2",   "a3",   "r",    "l",  "q",
    "imm", "d16", "a16", "b16", "c16", "pair", "wide", "data", "ea", "ed"};

/* In the order of enum kind. */
static const char *const kind_names[KIND_COUNT] = {
    "I32",   "I64",    "F32",     "F64",     "V128", "WORD",    "NUMBER",
    "SLOT",  "CELL",   "ENTRIES", "CODE",    "TYPE", "GLOBAL",  "FUNCTION",
    "TABLE", "MEMORY", "TAG",     "ELEMENT", "DATA", "NOTHING", "R1",
    "R2",    "T1",     "T2",      "T3",      "T4"};

/* ---- one field ---- */

static bool is_part_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_kind_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int
find(const char *const *names, int count, const char *text, size_t size) {
    for (int i = 0; i < count; i++) {
        if (strlen(names[i]) == size && strncmp(names[i], text, size) == 0)
            return i;
    }
    return count;
}

/* The field at `text`, where a word begins; returns its size, 0 if the word is
 * no field. */
static size_t field_read(const char *text, struct field *field) {
    size_t part = 0, kind = 0;
    while (is_part_letter(text[part]))
        part++;
    if (part == 0 || text[part] != ':')
        return 0;

    const char *rest = text + part + 1;
    while (is_kind_letter(rest[kind]))
        kind++;
    field->part = (enum part)find(part_names, PART_COUNT, text, part);
    field->kind = (enum kind)find(kind_names, KIND_COUNT, rest, kind);
    bool known = field->part < PART_COUNT && field->kind < KIND_COUNT;
    return known ? part + 1 + kind : 0;
}

/* ---- a row's signature ---- */

/* Of what depends on a memory or table the bits are shown. */
static enum kind kind_of_letter(char letter) {
    switch (letter) {
    case 'i': return KIND_I32;
    case 'I': return KIND_I64;
    case 'f': return KIND_F32;
    case 'F': return KIND_F64;
    case 'v': return KIND_V128;
    default: return KIND_WORD;
    }
}

/* In "av:v" R1 is the v behind the colon, T1 the a. KIND_COUNT: there is no
 * such operand. */
static enum kind resolve(enum kind kind, const char *signature) {
    size_t params = strcspn(signature, ":");
    bool operand = kind >= KIND_T1;
    size_t first = operand ? 0 : params + 1;
    size_t end = operand ? params : strlen(signature);
    size_t i = first + (size_t)(kind - (operand ? KIND_T1 : KIND_R1));
    return i < end ? kind_of_letter(signature[i]) : KIND_COUNT;
}

/* A vector is in no accumulator. */
static bool is_absent(const struct field *field) {
    return field->kind == KIND_COUNT ||
           (field->kind == KIND_V128 && field->part == PART_r);
}

/* Append what stands at `at` up to a bar, with the signature's types; or
 * nothing if it names what the signature lacks, or says that nothing is written.
 * Returns where it ends. */
static const char *
add_part(char text[MEANING_SIZE], const char *at, const char *signature) {
    size_t begin = strlen(text);
    char *out = text + begin;
    bool absent = begin == 0 && strncmp(at, "= |", 3) == 0;
    while (*at && *at != '|') {
        struct field field;
        size_t size = field_read(at, &field);
        if (size > 0 && field.kind >= KIND_R1) {
            field.kind = resolve(field.kind, signature);
            absent = absent || is_absent(&field);
            const char *kind = absent ? "" : kind_names[field.kind];
            out += sprintf(out, "%s:%s", part_names[field.part], kind);
            at += size;
        } else {
            bool doubled = *at == ' ' && out > text && out[-1] == ' ';
            *out = *at++;
            out += !doubled;
        }
    }
    *out = '\0';
    if (absent)
        text[begin] = '\0';
    return at;
}

/* ---- all fields of an operation ---- */

/* What is known of an operation; its last field is the text that is left. */
struct known {
    char text[MEANING_SIZE]; /* with the signature's types in it */
    struct field fields[MEANING_FIELDS];
};

/* An equals sign follows before anything else is begun. */
static bool is_written(const char *behind) {
    size_t before = strcspn(behind, "=,[]");
    return behind[before] == '=';
}

/* The field that the text has next, and what is behind it. A field begins where
 * a word does. */
static const char *next_field(const char *text, struct field *field) {
    bool begins = true;
    *field = (struct field){.text = text, .part = PART_COUNT};
    for (const char *at = text; *at; at++) {
        struct field found = *field;
        size_t size = begins ? field_read(at, &found) : 0;
        begins = !is_part_letter(*at);
        if (size == 0)
            continue;
        *field = found;
        field->size = (int)(at - text);
        field->written = is_written(at + size);
        return at + size;
    }
    field->size = (int)strlen(text);
    return text + field->size;
}

/* First the text, in which the signature's types have taken the place of R1, T1
 * and so on, then the fields in it. */
static void know(struct known *known, enum op op) {
    const struct operation operation = operation_of(op);
    const char *at = operation.meaning;
    while (*at) {
        at = add_part(known->text, at, operation.signature);
        at += *at == '|';
    }
    const char *rest = known->text;
    struct field *field = known->fields;
    do
        rest = next_field(rest, field);
    while (field++->part != PART_COUNT);
}

/* ---- all operations ---- */

struct meanings {
    struct known known[OP_COUNT];
};

/* Once a vm, in memory that lives as long as it. */
bool meanings_read(struct vm *vm) {
    if (vm->meanings)
        return true;
    struct meanings *all = arena_alloc(&vm->arena, 1, sizeof *all);
    if (!all)
        return false;
    for (int op = 0; op < OP_COUNT; op++)
        know(&all->known[op], (enum op)op);
    vm->meanings = all;
    return true;
}

struct operation operation_of(enum op op) {
    const char *all = (const char *)&texts;
    return (struct operation){.name = all + places[op].name,
                              .meaning = all + places[op].meaning,
                              .bytes = places[op].bytes,
                              .signature = signatures[op]};
}

struct meaning meaning_of(const struct vm *vm, enum op op) {
    const struct known *known = &vm->meanings->known[op];
    return (struct meaning){.text = known->text, .next = known->fields};
}

/* The last field, which is none, has the text behind the others. */
bool meaning_next(struct meaning *meaning, struct field *field) {
    *field = *meaning->next;
    bool more = field->part != PART_COUNT;
    meaning->next += more;
    return more;
}

/* ---- what is in a cell ---- */

/* Whether the part names a slot, in which the value is. */
bool part_is_slot(enum part part) {
    return part <= PART_a3 || part == PART_ea;
}

/* a1, a2 and a3 are the slots behind a: the rest of a window. */
uint32_t part_slot(enum part part, const struct cell *cell) {
    switch (part) {
    case PART_d: return cell->d;
    case PART_b: return cell->tail.slots.b;
    case PART_c: return cell->tail.slots.c;
    case PART_a1: return cell->a + 1u;
    case PART_a2: return cell->a + 2u;
    case PART_a3: return cell->a + 3u;
    case PART_ea: return cell[1].a;
    default: return cell->a;
    }
}

/* A number of 16 bits or 32 that is signed, unless it says how many; or the
 * highest bits of a float. */
static uint64_t extend(uint64_t bits, int width, enum kind kind) {
    if (kind == KIND_F32)
        return bits << (32 - width);
    if (kind == KIND_F64)
        return bits << (64 - width);
    uint64_t sign = UINT64_C(1) << (width - 1);
    bool is_unsigned = kind == KIND_NUMBER || kind == KIND_WORD ||
                       kind == KIND_ENTRIES || kind >= KIND_GLOBAL;
    return is_unsigned ? bits : (bits ^ sign) - sign;
}

/* Of a part that is no slot: the number it has, or the bits of the data cell. */
uint64_t field_constant(const struct field *field, const struct cell *cell) {
    uint32_t imm = (uint32_t)cell->tail.imm;
    uint32_t pair = (uint32_t)cell->d | (uint32_t)cell->a << 16;
    switch (field->part) {
    case PART_d16: return extend(cell->d, 16, field->kind);
    case PART_a16: return extend(cell->a, 16, field->kind);
    case PART_b16: return extend(cell->tail.slots.b, 16, field->kind);
    case PART_c16: return extend(cell->tail.slots.c, 16, field->kind);
    case PART_imm: return extend(imm, 32, field->kind);
    case PART_pair: return extend(pair, 32, field->kind);
    case PART_ed: return cell[1].d;
    default: return cell[1].head.wide;
    }
}
