/* Loading fast: straight code whose types are plain to see, all of it in one
 * go.
 *
 * When a module is loaded nothing is emitted: all that an instruction does is
 * to change the types on the operand stack. Four of five instructions need
 * no more than a look at their row, and have short immediates:
 *
 *     20 00       local.get 0         i32
 *     41 E4 00    i32.const 100       i32 i32
 *     6A          i32.add             i32
 *     28 02 10    i32.load offset=16  i32
 *     04 40       if                  begins a block: not here
 *
 * This walks over such as long as it is sure, and keeps in registers what the
 * validator has in memory. It never finds fault: what it does not know (any
 * other instruction, a long immediate, a type that is not as wanted, an operand
 * stack with too little room) it leaves where it stands, for
 * validate_instruction to take from the same state, which knows everything.
 * So an error in here could only be to accept what is wrong: each case checks
 * all that the spec asks of its instruction.
 *
 * Large modules load in two thirds of the time that they take without (10 MB of
 * SpiderMonkey: 75 ms instead of 114).
 *
 * The ring joins the core by one function, which validate_body calls. */
#include "vm/rings.h"
#include "vm/validator.h"

#include <string.h>

/* What is read at once, opcode and immediates, has at most so many bytes, and
 * so many must be there in the module: they are looked at without asking. */
enum { LONGEST = 16 };

/* Time is looked at now and then. */
enum { PIECE = 4096 };

struct skim {
    const struct validator *v;
    const uint8_t *at; /* the next byte */
    uint8_t *top;      /* of the types: the next free place */
    uint8_t *floor;    /* of the block */
    uint8_t *highest;  /* the top has been so far */
    uint8_t *limit;    /* no place from here on */
};

/* ---- immediates ---- */

/* Pass a LEB128 of at most so many bytes, where any value that these can hold
 * is allowed. */
static inline bool pass(struct skim *s, unsigned bytes) {
    while (bytes-- > 0) {
        if (*s->at++ < 0x80)
            return true;
    }
    return false;
}

/* One of a byte is read. */
static inline bool read_short(struct skim *s, uint32_t *value) {
    *value = *s->at++;
    return *value < 0x80;
}

/* One of two bytes or one. */
static inline bool read_index(struct skim *s, uint32_t *value) {
    if (read_short(s, value))
        return true;
    uint32_t high = *s->at++;
    *value = (*value & 0x7F) | high << 7;
    return high < 0x80;
}

enum {
    BYTES_32 = 4, /* hold 28 bits: no value is too large */
    BYTES_64 = 9,
};

/* An access to the near memory: an alignment that is none too large, without a
 * memory's index behind, and an offset. */
static inline bool pass_memarg(struct skim *s, const struct instruction *row) {
    uint8_t exponent = *s->at++;
    bool natural = exponent <= 4 && 1u << exponent <= row->bytes;
    return natural && s->v->module->has_near_memory && pass(s, BYTES_32);
}

/* ---- operands ---- */

static inline bool pop_type(struct skim *s, uint8_t type) {
    return s->top > s->floor && *--s->top == type;
}

static inline bool push_type(struct skim *s, uint8_t type) {
    if (s->top == s->limit || type == VM_V128)
        return false;
    *s->top++ = type;
    if (s->top > s->highest)
        s->highest = s->top;
    return true;
}

/* ---- instructions ---- */

/* Those that are found at once: locals.c. */
static inline uint8_t type_of_local(const struct validator *v, uint32_t index) {
    if (index < v->type->param_count)
        return v->type->types[index];

    uint32_t number = index - v->type->param_count;
    return number < v->mapped ? v->runs[v->run_of[number]].type : TYPE_ANY;
}

static inline bool pass_local(struct skim *s, uint32_t opcode) {
    uint32_t index;
    if (!read_short(s, &index))
        return false;
    uint8_t type = type_of_local(s->v, index);
    if (type == TYPE_ANY)
        return false;
    if (opcode == WASM_local_get)
        return push_type(s, type);

    bool set = type != VM_V128 && pop_type(s, type);
    return set && (opcode == WASM_local_set || push_type(s, type));
}

/* A branch to a block that takes no values. */
static inline bool pass_br_if(struct skim *s) {
    const struct validator *v = s->v;
    uint32_t depth;
    if (!read_short(s, &depth) || depth >= v->control_count)
        return false;
    const struct control *block = &v->controls[v->control_count - 1 - depth];
    return block->label.arity == 0 && pop_type(s, VM_I32);
}

/* Arguments that are just what is wanted, and at most one result. */
static inline bool pass_call(struct skim *s) {
    const struct module *module = s->v->module;
    uint32_t function;
    if (!read_index(s, &function) || function >= module->function_count)
        return false;

    const struct func_type *type = module->functions[function].type;
    uint32_t count = type->param_count;
    bool plain = type->param_slots == count && type->result_count <= 1;
    if (!plain || s->top - s->floor < (ptrdiff_t)count)
        return false;

    s->top -= count;
    if (memcmp(s->top, type->types, count) != 0)
        return false;
    return type->result_count == 0 || push_type(s, type->types[count]);
}

/* What is dropped is of one slot. */
static inline bool pass_drop(struct skim *s) {
    return s->top > s->floor && *--s->top != VM_V128;
}

static inline bool pass_global_get(struct skim *s) {
    const struct module *module = s->v->module;
    uint32_t index;
    if (!read_short(s, &index) || index >= module->global_count)
        return false;
    return push_type(s, module->globals[index].type);
}

static inline bool pass_other(struct skim *s, uint32_t opcode) {
    switch (opcode) {
    case WASM_br_if: return pass_br_if(s);
    case WASM_call: return pass_call(s);
    case WASM_drop: return pass_drop(s);
    case WASM_global_get: return pass_global_get(s);
    case WASM_i32_eqz: return pop_type(s, VM_I32) && push_type(s, VM_I32);
    default: return false;
    }
}

static inline bool pass_instruction(struct skim *s) {
    const struct instruction *row = &instructions[*s->at++];
    switch ((enum shape)row->shape) {
    case SHAPE_UNARY:
        return pop_type(s, row->operand) && push_type(s, row->result);
    case SHAPE_BINARY:
    case SHAPE_COMPARE:
        return pop_type(s, row->operand) && pop_type(s, row->operand) &&
               push_type(s, row->result);
    case SHAPE_LOAD:
        return pass_memarg(s, row) && pop_type(s, VM_I32) &&
               push_type(s, row->result);
    case SHAPE_STORE:
        return pass_memarg(s, row) && pop_type(s, row->operand) &&
               pop_type(s, VM_I32);
    case SHAPE_LOCAL: return pass_local(s, row->opcode);
    case SHAPE_CONST_I32: return pass(s, BYTES_32) && push_type(s, VM_I32);
    case SHAPE_CONST_I64: return pass(s, BYTES_64) && push_type(s, VM_I64);
    case SHAPE_CONST_F32: s->at += 4; return push_type(s, VM_F32);
    case SHAPE_CONST_F64: s->at += 8; return push_type(s, VM_F64);
    case SHAPE_OTHER: return pass_other(s, row->opcode);
    default: return false;
    }
}

/* ---- between here and the validator ---- */

static struct skim begin(struct validator *v) {
    struct translator *t = &v->t;
    uint32_t room = (uint32_t)t->type_capacity - t->count;
    uint32_t slots = SLOT_END - t->home;
    struct skim s = {.v = v, .at = v->reader.bytes + v->reader.position};
    s.top = s.highest = t->types + t->count;
    s.floor = t->types + innermost(v)->height;
    s.limit = s.top + (room < slots ? room : slots);
    return s;
}

static void end(struct validator *v, const struct skim *s, uint32_t steps) {
    struct translator *t = &v->t;
    uint32_t count = (uint32_t)(s->top - t->types);
    uint32_t highest = (uint32_t)(s->highest - t->types);
    frame_reserve(t, t->home + highest - t->count);
    t->home += count - t->count;
    t->count = count;
    v->reader.position = (size_t)(s->at - v->reader.bytes);
    spend(v, steps);
}

/* Where to stop: at the end of the body, of the piece, or of what may be looked
 * at. */
static const uint8_t *stop_of(const struct validator *v) {
    const struct reader *reader = &v->reader;
    size_t safe = v->module->bytes.size - LONGEST;
    size_t stop = reader->position + PIECE;
    if (stop > reader->end)
        stop = reader->end;
    return reader->bytes + (stop < safe ? stop : safe);
}

/* The first operand of all finds no place for its type yet. An instruction that
 * reaches over the end of the body is left alone, too. */
void skim(struct validator *v) {
    bool room = v->t.types && v->module->bytes.size >= LONGEST;
    if (!room)
        return;

    const uint8_t *body_end = v->reader.bytes + v->reader.end;
    const uint8_t *stop = stop_of(v);
    struct skim s = begin(v);
    uint32_t steps = 0;
    for (struct skim next = s; next.at < stop; steps++) {
        if (!pass_instruction(&next) || next.at > body_end)
            break;
        s = next;
    }
    end(v, &s, steps);
}
