/* Making a valid module of what vm/fusions looks for.
 *
 * Another make.c, with less variety and more of what is translated in ways of
 * its own: loops of all shapes with heads and steps, many of them such as have
 * pins, comparisons that are negated, sums as addresses with values computed
 * behind them, and constants on both sides, those at the limits of a cell's
 * fields among them. Expressions and statements nest, so that an operand may
 * wait while a loop runs.
 *
 * The functions take and return all locals, so that every one is looked at. No
 * NaN reaches memory, and nothing else depends on its bits: what is made must
 * do the same on other engines, too (v8.mjs). Loops mostly end by their steps;
 * who runs this has to see to it that all do. */
#include "tests/fuzz/idioms.h"
#include "tests/module.h"

enum { FUNCTION_COUNT = 3, EMPTY = 0x40 };

static const uint8_t types[TYPE_COUNT] = {VM_I32, VM_I64, VM_F32, VM_F64};

uint32_t choose(struct maker *m, uint32_t count) {
    if (m->choices.size == 0)
        return 0;
    m->choices.size--;
    return *m->choices.data++ % count;
}

/* ---- bytes ---- */

void put(struct maker *m, uint32_t byte) {
    buffer_append(m->out, &(uint8_t){(uint8_t)byte}, 1);
}

void put_with(struct maker *m, uint32_t code, uint32_t index) {
    put(m, code);
    number_put(m->out, index);
}

static void put_signed(struct maker *m, int64_t number) {
    for (; number < -64 || number > 63; number >>= 7)
        put(m, (uint32_t)(number & 0x7F) | 0x80);
    put(m, (uint32_t)(number & 0x7F));
}

static void put_i32(struct maker *m, int64_t number) {
    put(m, WASM_i32_const);
    put_signed(m, (int32_t)(uint32_t)(uint64_t)number);
}

/* An integer of the type. */
void put_integer(struct maker *m, uint32_t type, int64_t number) {
    if (type == 0) {
        put_i32(m, number);
    } else {
        put(m, WASM_i64_const);
        put_signed(m, number);
    }
}

static void put_float(struct maker *m, uint32_t type, double number) {
    float single = (float)number;
    if (type == 2) {
        put(m, WASM_f32_const);
        buffer_append(m->out, &single, sizeof single);
    } else {
        put(m, WASM_f64_const);
        buffer_append(m->out, &number, sizeof number);
    }
}

/* ---- operands; a type is its number in `types` ---- */

static int64_t number(struct maker *m) {
    static const int64_t edges[] = {0x7FFF,
                                    0x8000,
                                    -0x8000,
                                    -0x8001,
                                    0xFFFF,
                                    0x10000,
                                    INT32_MAX,
                                    INT32_MIN,
                                    UINT32_MAX,
                                    INT64_C(0x100000000),
                                    INT64_C(0x123456789ABCDEF),
                                    INT64_MIN};
    uint32_t how = choose(m, 3);
    if (how == 0)
        return (int64_t)choose(m, 12) - 3;
    return how == 1 ? edges[choose(m, 12)] : (int64_t)choose(m, 256) << 3;
}

static void constant(struct maker *m, uint32_t type) {
    static const double odd[] = {0.5, -0.0, 1.0 / 0.0, 1e300, 1e-310, -2.25};
    if (type < 2) {
        put_integer(m, type, number(m));
    } else if (choose(m, 2)) {
        put_float(m, type, odd[choose(m, 6)]);
    } else {
        put_float(m, type, (double)number(m));
    }
}

static uint32_t local(struct maker *m, uint32_t type) {
    return type * EACH + choose(m, EACH);
}

void get(struct maker *m, uint32_t type) {
    put_with(m, WASM_local_get, local(m, type));
}

void leaf(struct maker *m, uint32_t type) {
    if (choose(m, 3) == 2) {
        constant(m, type);
    } else {
        get(m, type);
    }
}

static void expression(struct maker *m, uint32_t type);
static void statement(struct maker *m);

/* Division traps, and so is rare; a copied sign may be a NaN's. */
static uint32_t binary_of(struct maker *m, uint32_t type) {
    static const uint8_t first[] = {
        WASM_i32_add, WASM_i64_add, WASM_f32_add, WASM_f64_add};
    if (type >= 2)
        return first[type] + choose(m, 6);
    uint32_t how = choose(m, 16);
    bool divides = how >= 3 && how <= 6;
    if (how == 15 || (divides && choose(m, 4)))
        how = 0;
    return first[type] + how;
}

static void compare(struct maker *m) {
    static const uint8_t first[] = {
        WASM_i32_eq, WASM_i64_eq, WASM_f32_eq, WASM_f64_eq};
    uint32_t type = choose(m, TYPE_COUNT);
    expression(m, type);
    expression(m, type);
    put(m, first[type] + choose(m, type < 2 ? 10 : 6));
    for (uint32_t i = choose(m, 4); i > 1; i--)
        put(m, WASM_i32_eqz);
}

/* A part of an address: mostly small. */
static void part(struct maker *m) {
    uint32_t how = choose(m, 8);
    if (how == 0) {
        expression(m, 0);
    } else if (how < 3) {
        get(m, 0);
    } else if (how < 5) {
        put_i32(m, choose(m, 4) ? choose(m, 128) : number(m) & 0x1FFFF);
        return;
    } else {
        get(m, 0);
    }
    if (how > 1 || choose(m, 4)) {
        put_i32(m, 60);
        put(m, WASM_i32_and);
    }
}

static void address(struct maker *m) {
    part(m);
    for (uint32_t i = choose(m, 4); i > 1; i--) {
        part(m);
        put(m, choose(m, 8) ? WASM_i32_add : WASM_i32_sub);
    }
}

void memarg(struct maker *m) {
    static const uint32_t offsets[] = {0, 0, 0, 4, 100, 65535, 65536, 131068};
    put(m, 0);
    number_put(m->out, offsets[choose(m, 8)]);
}

static void load(struct maker *m, uint32_t type) {
    static const uint8_t codes[TYPE_COUNT][4] = {
        {WASM_i32_load, WASM_i32_load8_u, WASM_i32_load8_s, WASM_i32_load16_u},
        {WASM_i64_load, WASM_i64_load8_s, WASM_i64_load32_u, WASM_i64_load16_s},
        {WASM_f32_load, WASM_f32_load, WASM_f32_load, WASM_f32_load},
        {WASM_f64_load, WASM_f64_load, WASM_f64_load, WASM_f64_load}};
    address(m);
    put(m, codes[type][choose(m, 4)]);
    memarg(m);
}

/* An instruction of one operand, whose type comes first. */
static void unary(struct maker *m, uint32_t type) {
    static const struct {
        uint8_t from, code;
    } codes[TYPE_COUNT][6] = {{{1, WASM_i32_wrap_i64},
                               {1, WASM_i32_wrap_i64},
                               {0, WASM_i32_clz},
                               {0, WASM_i32_eqz},
                               {1, WASM_i64_eqz},
                               {3, WASM_i32_trunc_f64_s}},
                              {{0, WASM_i64_extend_i32_u},
                               {0, WASM_i64_extend_i32_u},
                               {0, WASM_i64_extend_i32_s},
                               {1, WASM_i64_ctz},
                               {1, WASM_i64_extend8_s},
                               {2, WASM_i64_trunc_f32_u}},
                              {{2, WASM_f32_neg},
                               {2, WASM_f32_sqrt},
                               {3, WASM_f32_demote_f64},
                               {0, WASM_f32_convert_i32_s},
                               {1, WASM_f32_convert_i64_u},
                               {2, WASM_f32_floor}},
                              {{3, WASM_f64_neg},
                               {3, WASM_f64_sqrt},
                               {2, WASM_f64_promote_f32},
                               {0, WASM_f64_convert_i32_u},
                               {1, WASM_f64_convert_i64_s},
                               {3, WASM_f64_abs}}};
    uint32_t how = choose(m, 6);
    expression(m, codes[type][how].from);
    put(m, codes[type][how].code);
}

/* Two operands and what is done with them; something may happen in between. */
static void binary(struct maker *m, uint32_t type) {
    expression(m, type);
    if (choose(m, 12) == 11)
        statement(m);
    expression(m, type);
    put(m, binary_of(m, type));
}

static void choice(struct maker *m, uint32_t type) {
    expression(m, type);
    expression(m, type);
    expression(m, 0);
    put(m, WASM_select);
}

/* A value that a branch carries. */
static void carried(struct maker *m, uint32_t type) {
    put_with(m, WASM_block, types[type]);
    m->carries[m->depth++] = true;
    expression(m, type);
    compare(m);
    put_with(m, WASM_br_if, 0);
    put(m, WASM_drop);
    expression(m, type);
    m->depth--;
    put(m, WASM_end);
}

static void expression(struct maker *m, uint32_t type) {
    uint32_t how = choose(m, 16);
    if (how < 5 || m->nested >= NESTED) {
        leaf(m, type);
        return;
    }
    m->nested++;
    if (how < 9) {
        binary(m, type);
    } else if (how < 11 && type == 0) {
        compare(m);
    } else if (how < 11) {
        load(m, type);
    } else if (how < 13) {
        unary(m, type);
    } else if (how == 13) {
        choice(m, type);
    } else if (how == 14) {
        expression(m, type);
        put_with(m, WASM_local_tee, local(m, type));
    } else if (m->depth < LABELS) {
        carried(m, type);
    } else {
        leaf(m, type);
    }
    m->nested--;
}

/* One that is no NaN, or comes from memory. */
static void storable(struct maker *m, uint32_t type) {
    uint32_t x = local(m, type);
    if (type < 2) {
        expression(m, type);
        return;
    }
    switch (choose(m, 4)) {
    case 0: constant(m, type); break;
    case 1: load(m, type); break;
    case 2:
        expression(m, 0);
        put(m, type == 2 ? WASM_f32_convert_i32_s : WASM_f64_convert_i32_s);
        break;
    default:
        expression(m, type);
        put_with(m, WASM_local_tee, x);
        put_float(m, type, 1.5);
        put_with(m, WASM_local_get, x);
        put_with(m, WASM_local_get, x);
        put(m, type == 2 ? WASM_f32_eq : WASM_f64_eq);
        put(m, WASM_select);
    }
}

void condition(struct maker *m) {
    if (choose(m, 4)) {
        compare(m);
    } else {
        expression(m, 0);
    }
}

/* ---- statements ---- */

void statements(struct maker *m, uint32_t count) {
    for (uint32_t i = choose(m, count + 1); i > 0; i--)
        statement(m);
}

void block_open(struct maker *m, uint32_t code) {
    put_with(m, code, EMPTY);
    m->carries[m->depth++] = false;
}

void block_close(struct maker *m) {
    put(m, WASM_end);
    m->depth--;
}

static void set(struct maker *m) {
    uint32_t type = choose(m, TYPE_COUNT);
    expression(m, type);
    put_with(m, WASM_local_set, local(m, type));
}

/* x = x op y, with y on either side. */
static void in_place(struct maker *m) {
    uint32_t type = choose(m, TYPE_COUNT), x = local(m, type);
    bool left = choose(m, 2);
    if (left)
        leaf(m, type);
    put_with(m, WASM_local_get, x);
    if (!left)
        leaf(m, type);
    put(m, binary_of(m, type));
    put_with(m, WASM_local_set, x);
}

static void store(struct maker *m) {
    static const uint8_t codes[TYPE_COUNT][3] = {
        {WASM_i32_store, WASM_i32_store8, WASM_i32_store16},
        {WASM_i64_store, WASM_i64_store8, WASM_i64_store32},
        {WASM_f32_store, WASM_f32_store, WASM_f32_store},
        {WASM_f64_store, WASM_f64_store, WASM_f64_store}};
    uint32_t type = choose(m, TYPE_COUNT);
    address(m);
    storable(m, type);
    put(m, codes[type][choose(m, 3)]);
    memarg(m);
}

/* memory.copy, or memory.fill. */
static void bulk(struct maker *m) {
    bool copies = choose(m, 2);
    address(m);
    if (copies) {
        address(m);
    } else {
        expression(m, 0);
    }
    part(m);
    put_with(m, 0xFC, copies ? 10 : 11);
    for (uint32_t i = 0; i <= copies; i++)
        put(m, 0);
}

static void branch(struct maker *m) {
    if (m->depth == 0)
        return;
    uint32_t up = choose(m, m->depth);
    if (m->carries[m->depth - 1 - up])
        return;
    condition(m);
    if (choose(m, 2)) {
        put_with(m, WASM_br_if, up);
        return;
    }
    block_open(m, WASM_if);
    put_with(m, WASM_br, up + 1);
    block_close(m);
}

static void either(struct maker *m) {
    condition(m);
    block_open(m, WASM_if);
    statements(m, 2);
    if (choose(m, 2)) {
        put(m, WASM_else);
        statements(m, 2);
    }
    block_close(m);
}

static void get_all(struct maker *m) {
    for (uint32_t i = 0; i < LOCALS; i++)
        put_with(m, WASM_local_get, i);
}

/* The function behind this one, or the end of this one. */
static void call(struct maker *m) {
    bool calls = !m->innermost && m->function + 1 < FUNCTION_COUNT;
    if (calls && choose(m, 4)) {
        get_all(m);
        put_with(m, WASM_call, m->function + 1);
        for (uint32_t i = LOCALS; i > 0; i--)
            put_with(m, WASM_local_set, i - 1);
        return;
    }
    condition(m);
    block_open(m, WASM_if);
    if (choose(m, 4)) {
        get_all(m);
        put(m, WASM_return);
    } else {
        put(m, WASM_unreachable);
    }
    block_close(m);
}

static void global(struct maker *m) {
    uint32_t type = choose(m, TYPE_COUNT);
    if (choose(m, 2)) {
        expression(m, type);
        put_with(m, WASM_global_set, type);
    } else {
        put_with(m, WASM_global_get, type);
        put_with(m, WASM_local_set, local(m, type));
    }
}

static void statement(struct maker *m) {
    static void (*const kinds[])(struct maker *) = {set,
                                                    set,
                                                    set,
                                                    in_place,
                                                    in_place,
                                                    store,
                                                    store,
                                                    store,
                                                    bulk,
                                                    loop,
                                                    loop,
                                                    loop,
                                                    loop,
                                                    branch,
                                                    either,
                                                    global,
                                                    call};
    if (m->nested > NESTED || m->depth + 2 > LABELS)
        return;
    void (*kind)(struct maker *) = kinds[choose(m, 17)];
    bool within = m->innermost && kind == loop;
    m->nested++;
    if (within) {
        in_place(m);
    } else {
        kind(m);
    }
    m->nested--;
}

/* ---- the module ---- */

static void
make_body(struct buffer *body, struct slice choices, uint32_t function) {
    struct maker m = {.choices = choices, .out = body, .function = function};
    put(&m, 0); /* all locals are parameters */
    while (m.choices.size)
        statement(&m);
    get_all(&m);
    put(&m, WASM_end);
}

/* The locals' types. */
#define THREE(type) type, type, type
#define ALL         12, THREE(VM_I32), THREE(VM_I64), THREE(VM_F32), THREE(VM_F64)

/* What is around the functions: everything is exported. */
static void put_all(struct buffer *out, const struct buffer *bodies) {
    PUT_MODULE(
        out,
        TYPES(ENTRY_BYTES(0x60, ALL, ALL)),
        FUNCTIONS(ENTRIES(FUNCTION_COUNT, "\0")),
        MEMORIES(ENTRY("\1\2\2")),
        GLOBALS(
            ENTRY_BYTES(VM_I32, 1, 0x41, 7, 0x0B),
            ENTRY_BYTES(VM_I64, 1, 0x42, 7, 0x0B),
            ENTRY_BYTES(VM_F32, 1, 0x43, 0, 0, 0xC0, 0x3F, 0x0B),
            ENTRY_BYTES(VM_F64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x0B)),
        EXPORTS(NAMED("f", "\0\0"),
                NAMED("g", "\0\1"),
                NAMED("h", "\0\2"),
                NAMED("memory", "\2\0"),
                NAMED("A", "\3\0"),
                NAMED("B", "\3\1"),
                NAMED("C", "\3\2"),
                NAMED("D", "\3\3")),
        CODE(BODY_OF(&bodies[0]), BODY_OF(&bodies[1]), BODY_OF(&bodies[2])));
}

void make_module(struct buffer *out, struct slice choices) {
    struct buffer bodies[FUNCTION_COUNT];
    size_t share = choices.size / FUNCTION_COUNT;
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
        buffer_init(&bodies[i], out->cap);
        struct slice own = {choices.data + i * share, share};
        make_body(&bodies[i], own, i);
    }
    put_all(out, bodies);
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++)
        buffer_free(&bodies[i]);
}
