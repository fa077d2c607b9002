/* Making a valid module: four functions, whose instructions the bytes choose.
 *
 * An instruction takes its operands from the stack as far as their types fit;
 * what lacks is put there first: a local, a global or a constant. So every
 * choice is a valid one, neighbours work on each other's results, and a changed
 * byte changes little. What would end most runs early is rare: traps, addresses
 * out of bounds, recursion; loops go round by a counter. At its end a function
 * writes its locals to memory, to be looked at. There are three memories, the
 * last one of 64 bits, and exceptions, but no references. */
#include "tests/fuzz/make.h"
#include "tests/module.h"

#include "vm/opcodes.h"

#include <string.h>

enum {
    FUNCTION_COUNT = 4,
    TYPE_COUNT = 5,
    LOCALS = 3 * TYPE_COUNT,
    LABELS = 8,
    STACK = 64
};
enum { COUNTER = LOCALS, COUNTDOWN }; /* further locals, of the loops */

struct type_list {
    uint8_t count, of[SIGNATURE_TYPES];
};

/* Of all functions' parameters, of the globals, and of the locals over and over
 * again. */
static const struct type_list usual = {
    TYPE_COUNT, {VM_I32, VM_I64, VM_F32, VM_F64, VM_V128}};
static const struct type_list results[FUNCTION_COUNT] = {
    {1, {VM_I32}}, {2, {VM_F64, VM_I64}}, {0, {0}}, {1, {VM_V128}}};
static const struct type_list none = {0, {0}}, i32 = {1, {VM_I32}};
/* Of the memories. */
static const uint8_t addresses[] = {VM_I32, VM_I32, VM_I64};

struct maker {
    struct slice choices; /* that are left */
    struct buffer *out;
    uint32_t function;
    uint8_t stack[STACK];
    size_t height;
    struct label {
        size_t floor; /* the stack's height at its beginning */
        struct type_list results;
        uint32_t code; /* block, loop, if, or else when that has begun */
    } labels[LABELS];
    uint32_t depth;
};

static uint32_t choose(struct maker *m, uint32_t count) {
    if (m->choices.size == 0)
        return 0;
    m->choices.size--;
    return *m->choices.data++ % count;
}

/* ---- bytes ---- */

static void put_byte(struct buffer *out, uint64_t byte) {
    buffer_append(out, &(uint8_t){(uint8_t)byte}, 1);
}

static void put_signed(struct maker *m, int64_t number) {
    for (; number < -64 || number > 63; number >>= 7)
        put_byte(m->out, (number & 0x7F) | 0x80);
    put_byte(m->out, number & 0x7F);
}

/* An instruction, with an index behind it if it is not NONE. */
enum { NONE = UINT8_MAX };

static void put(struct maker *m, uint32_t code, uint32_t index) {
    /* What a prefix is multiplied with. */
    const uint32_t unit = WASM_memory_init / 0xFC;
    put_byte(m->out, code > 0xFF ? code / unit : code);
    if (code > 0xFF)
        number_put(m->out, code % unit);
    if (index != NONE)
        put_byte(m->out, index);
}

static void put_i32(struct maker *m, uint32_t number) {
    put(m, WASM_i32_const, NONE);
    put_signed(m, (int32_t)number);
}

/* ---- operands ---- */

static void push(struct maker *m, const struct type_list *types) {
    memcpy(m->stack + m->height, types->of, types->count);
    m->height += types->count;
}

static uint32_t number_of(uint8_t type) {
    return (uint32_t)((const uint8_t *)memchr(usual.of, type, TYPE_COUNT) -
                      usual.of);
}

static uint32_t choose_local(struct maker *m, uint8_t type) {
    return number_of(type) + TYPE_COUNT * choose(m, LOCALS / TYPE_COUNT);
}

static void constant(struct maker *m, uint8_t type) {
    static const double numbers[] = {
        -1.0 / 0.0, -2147483649.0, -0.0, 0.0, 1e-310, 4294967296.0};
    uint64_t bits = (uint64_t)(int8_t)choose(m, 256)
                    << (choose(m, 8) ? 0 : choose(m, 64));
    double number = choose(m, 2) ? (double)(int64_t)bits : numbers[bits % 6];
    float single = (float)number;
    switch (type) {
    case VM_I32: put_i32(m, (uint32_t)bits); break;
    case VM_I64:
        put(m, WASM_i64_const, NONE), put_signed(m, (int64_t)bits);
        break;
    case VM_F32:
        put(m, WASM_f32_const, NONE), buffer_append(m->out, &single, 4);
        break;
    case VM_F64:
        put(m, WASM_f64_const, NONE), buffer_append(m->out, &number, 8);
        break;
    case VM_V128:
        put(m, WASM_v128_const, NONE),
            buffer_append(m->out, numbers + bits % 5, 16);
        break;
    }
}

static void value(struct maker *m, uint8_t type) {
    uint32_t choice = choose(m, 8);
    if (choice < 4)
        put(m, WASM_local_get, choose_local(m, type));
    else if (choice < 5)
        put(m, WASM_global_get, number_of(type));
    else
        constant(m, type);
    m->stack[m->height++] = type;
}

static struct label *top(struct maker *m) {
    return &m->labels[m->depth - 1];
}

/* See to it that these values are on the stack, and take them off it. */
static void take(struct maker *m, const struct type_list *wanted) {
    size_t fit = wanted->count, here = m->height - top(m)->floor;
    while (fit > here ||
           memcmp(m->stack + m->height - fit, wanted->of, fit) != 0)
        fit--;
    for (size_t i = fit; i < wanted->count; i++)
        value(m, wanted->of[i]);
    m->height -= wanted->count;
}

static struct type_list with(struct type_list types, uint8_t last) {
    types.of[types.count++] = last;
    return types;
}

/* ---- instructions that the table describes ---- */

/* The memories that an instruction may name; of tables there is one. */
struct places {
    uint32_t first, second;
};

static uint32_t choose_memory(struct maker *m) {
    static const uint8_t memories[] = {0, 0, 0, 0, 1, 1, 2, 2};
    return memories[choose(m, sizeof memories)];
}

static struct places choose_places(struct maker *m,
                                   const struct instruction *row) {
    bool two = row->immediates == IMMEDIATE_MEMORY_MEMORY;
    bool one = row->immediates == IMMEDIATE_MEMORY ||
               row->immediates == IMMEDIATE_DATA_MEMORY;
    struct places at = {0, 0};
    if (one || two || accesses_memory(row))
        at.first = choose_memory(m);
    if (two)
        at.second = choose_memory(m);
    return at;
}

static struct signature signature(const struct instruction *row,
                                  struct places at) {
    uint8_t x = row->operand, y = row->result, address = addresses[at.first];
    switch (row->shape) {
    case SHAPE_UNARY: return (struct signature){{x, y}, 1, 1};
    case SHAPE_LOAD: return (struct signature){{address, y}, 1, 1};
    case SHAPE_BINARY:
    case SHAPE_COMPARE: return (struct signature){{x, x, y}, 2, 1};
    case SHAPE_STORE: return (struct signature){{address, x}, 2, 0};
    default:
        return signature_of(
            row,
            (struct varying){.first = address, .second = addresses[at.second]});
    }
}

static bool may_trap(uint32_t code) {
    return (code >= WASM_i32_div_s && code <= WASM_i32_rem_u) ||
           (code >= WASM_i64_div_s && code <= WASM_i64_rem_u) ||
           (code >= WASM_i32_trunc_f32_s && code <= WASM_i64_trunc_f64_u) ||
           (code >= WASM_memory_init && code <= WASM_table_copy);
}

static void memarg(struct maker *m, uint32_t memory) {
    put_byte(m->out, memory ? 0x40 : 0);
    if (memory)
        put_byte(m->out, memory);
    number_put(m->out, choose(m, 256));
}

static void
immediates(struct maker *m, const struct instruction *row, struct places at) {
    if (accesses_memory(row))
        memarg(m, at.first);
    switch (row->immediates) {
    case IMMEDIATE_TABLE_TABLE:
    case IMMEDIATE_MEMORY_MEMORY:
        put_byte(m->out, at.first), put_byte(m->out, at.second);
        break;
    case IMMEDIATE_DATA_MEMORY:
    case IMMEDIATE_ELEMENT_TABLE: put_byte(m->out, 0); /* fall through */
    case IMMEDIATE_TABLE:
    case IMMEDIATE_MEMORY:
    case IMMEDIATE_DATA:
    case IMMEDIATE_ELEMENT: put_byte(m->out, at.first); break;
    case IMMEDIATE_LANE:
    case IMMEDIATE_MEMARG_LANE:
        put_byte(m->out, choose(m, 16 / row->bytes));
        break;
    case IMMEDIATE_SHUFFLE:
    case IMMEDIATE_V128:
        for (int i = 0; i < 16; i++)
            put_byte(m->out, choose(m, 32));
    }
}

/* An address within the memory. */
static void address(struct maker *m, uint8_t type) {
    const struct type_list one = {1, {type}};
    bool wide = type == VM_I64;
    take(m, &one);
    put(m, wide ? WASM_i64_const : WASM_i32_const, NONE), put_signed(m, 0x3FFF);
    put(m, wide ? WASM_i64_and : WASM_i32_and, NONE);
    push(m, &one);
}

static void plain(struct maker *m, uint32_t code) {
    const struct instruction *row = instruction_at(code);
    if (row->shape < SHAPE_UNARY || row->shape > SHAPE_VECTOR)
        return;
    if (strchr(row->signature, 't') || (may_trap(code) && choose(m, 8)))
        return;
    struct places at = choose_places(m, row);
    struct signature types = signature(row, at);
    struct type_list in = none, out = none;
    for (uint32_t i = 0; i < types.params; i++)
        in = with(in, types.types[i]);
    for (uint32_t i = 0; i < types.results; i++)
        out = with(out, types.types[types.params + i]);
    if (accesses_memory(row) && choose(m, 8)) {
        address(m, in.of[0]);
        for (uint32_t i = 1; i < in.count; i++)
            value(m, in.of[i]);
    }
    take(m, &in);
    put(m, code, NONE);
    immediates(m, row, at);
    push(m, &out);
}

/* ---- the others ---- */

/* What C does to its stack pointer, here the global 0, and variations of it. */
static void stack_pointer(struct maker *m) {
    uint32_t how = choose(m, 8);
    if (how & 1)
        put(m, WASM_global_get, 0);
    else
        put(m, WASM_local_get, choose_local(m, VM_I32));
    put_i32(m, choose(m, 256) << 4 * choose(m, 4));
    put(m, how & 2 ? WASM_i32_add : WASM_i32_sub, NONE);
    if (choose(m, 2))
        put(m, WASM_local_tee, choose_local(m, VM_I32));
    if (how & 4)
        put(m, WASM_global_set, 0);
    else
        push(m, &i32);
}

static void variable(struct maker *m) {
    static const uint32_t codes[] = {WASM_local_set,
                                     WASM_local_tee,
                                     WASM_global_set,
                                     WASM_select,
                                     WASM_drop,
                                     WASM_i32_eqz,
                                     WASM_i64_eqz,
                                     WASM_local_get};
    uint32_t code = codes[choose(m, 8)];
    bool some = m->height > top(m)->floor;
    uint8_t type =
        some ? m->stack[m->height - 1] : usual.of[choose(m, TYPE_COUNT)];
    if (code == WASM_i32_eqz || code == WASM_i64_eqz)
        type = code == WASM_i32_eqz ? VM_I32 : VM_I64;
    const struct type_list one = {1, {type}}, three = {3, {type, type, VM_I32}};
    if (code == WASM_local_get) {
        value(m, type);
        return;
    }
    take(m, code == WASM_select ? &three : &one);
    bool local = code == WASM_local_set || code == WASM_local_tee;
    put(m,
        code,
        local                     ? choose_local(m, type)
        : code == WASM_global_set ? number_of(type)
                                  : NONE);
    if (code == WASM_local_tee || code == WASM_select)
        push(m, &one);
    if (code == WASM_i32_eqz || code == WASM_i64_eqz)
        push(m, &i32);
}

/* Leave exactly the block's results above its floor. */
static void settle(struct maker *m) {
    const struct type_list *wanted = &top(m)->results;
    uint8_t *floor = m->stack + top(m)->floor;
    bool fits = m->stack + m->height == floor + wanted->count &&
                memcmp(floor, wanted->of, wanted->count) == 0;
    while (!fits && m->stack + m->height > floor) {
        put(m, WASM_local_set, choose_local(m, m->stack[--m->height]));
    }
    take(m, wanted);
}

static void do_else(struct maker *m) {
    settle(m);
    put(m, WASM_else, NONE);
    top(m)->code = WASM_else;
}

static void do_end(struct maker *m) {
    if (top(m)->code == WASM_if && top(m)->results.count)
        do_else(m);
    settle(m);
    put(m, WASM_end, NONE);
    push(m, &m->labels[--m->depth].results);
}

static struct label *label_at(struct maker *m, uint32_t up) {
    return &m->labels[m->depth - 1 - up];
}

/* Catch all exceptions, or those with an i32, if the label that is chosen takes
 * that. */
static void clauses(struct maker *m) {
    uint32_t up = choose(m, m->depth);
    const struct label *label = label_at(m, up);
    bool nothing = label->results.count == 0;
    bool number = label->results.count == 1 && label->results.of[0] == VM_I32;
    bool fits = (nothing || number) && label->code != WASM_loop;
    put_byte(m->out, fits);
    if (fits)
        put_byte(m->out, nothing ? 2 : 0); /* catch_all or catch */
    if (fits && number)
        put_byte(m->out, 0); /* the tag */
    if (fits)
        put_byte(m->out, up);
}

/* A block whose result has the type number `type`; TYPE_COUNT: none. */
static void begin(struct maker *m, uint32_t code, uint32_t type) {
    if (code == WASM_if)
        take(m, &i32);
    if (code == WASM_loop)
        put_i32(m, 1 + choose(m, 5)), put(m, WASM_local_set, COUNTDOWN);
    put(m, code, type < TYPE_COUNT ? usual.of[type] : 0x40);
    if (code == WASM_try_table)
        clauses(m);
    m->labels[m->depth++] = (struct label){
        m->height,
        type < TYPE_COUNT ? (struct type_list){1, {usual.of[type]}} : none,
        code};
}

/* The loop of an interpreter: a table at once, of which one case comes
 * first. */
static void switch_loop(struct maker *m) {
    if (m->depth + 3 > LABELS)
        return;
    begin(m, WASM_loop, TYPE_COUNT);
    begin(m, WASM_block, TYPE_COUNT);
    begin(m, WASM_block, TYPE_COUNT);
    for (uint32_t i = choose(m, 3); i > 0; i--)
        plain(m, WASM_i32_load8_u + choose(m, 100));
    value(m, VM_I32), m->height = top(m)->floor;
    if (choose(m, 2))
        put_i32(m, 3), put(m, WASM_i32_and, NONE);
    put(m, WASM_br_table, 2), put_byte(m->out, 0), put_byte(m->out, 1),
        put_byte(m->out, 0);
    do_end(m);
}

/* Conditions come in the ways that are translated in ways of their own. */
static void br_if(struct maker *m) {
    uint32_t up = choose(m, m->depth), how = choose(m, 4);
    bool loop = label_at(m, up)->code == WASM_loop;
    struct type_list kept = loop ? none : label_at(m, up)->results,
                     wanted = with(kept, VM_I32);
    if (loop && how == 0) {
        put(m, WASM_local_get, COUNTDOWN);
        put_i32(m, UINT32_MAX);
        put(m, WASM_i32_add, NONE);
        put(m, WASM_local_tee, COUNTDOWN);
        if (choose(m, 2)) { /* a branch without condition */
            put(m, WASM_if, 0x40), put(m, WASM_br, up + 1),
                put(m, WASM_end, NONE);
            return;
        }
    } else if (loop) {
        put(m, WASM_local_get, COUNTER);
        put_i32(m, 1 + (choose(m, 4) << (choose(m, 8) ? 0 : 15)));
        put(m, WASM_i32_add, NONE);
        put(m, WASM_local_tee, COUNTER);
        put_i32(m, choose(m, 30));
        put(m, WASM_i32_lt_s + choose(m, 2), NONE);
    } else {
        take(m, &wanted);
        if (how < 2)
            put_i32(m, choose(m, 256) << 8 * choose(m, 3)),
                put(m, WASM_i32_and, NONE);
        if (choose(m, 4) == 0)
            put(m, WASM_local_tee, choose_local(m, VM_I32));
        if (how == 0)
            put(m, WASM_i32_eqz, NONE);
    }
    put(m, WASM_br_if, up);
    push(m, &kept);
}

/* Functions call those behind them; directly, by way of the table, or
 * themselves as a tail call. */
static void call(struct maker *m) {
    uint32_t function = m->function + 1 + choose(m, 2), how = choose(m, 8);
    if (how == 7)
        function = m->function;
    if (function >= FUNCTION_COUNT)
        return;
    take(m, &usual);
    if (how < 4)
        put_i32(m, how == 0 ? choose(m, 8) : function);
    put(m,
        how < 4   ? WASM_call_indirect
        : how < 7 ? WASM_call
                  : WASM_return_call,
        function);
    if (how < 4)
        put_byte(m->out, 0);
    if (how < 7)
        push(m, &results[function]);
    else
        m->height = top(m)->floor;
}

/* throw, br or br_table, then mostly the end of the block, since nothing of it
 * is reached any more. */
static void leave(struct maker *m) {
    uint32_t up = choose(m, m->depth), count = choose(m, 4);
    struct type_list wanted = label_at(m, up)->results,
                     indexed = with(wanted, VM_I32);
    if (m->depth == 1 || label_at(m, up)->code == WASM_loop)
        return;
    bool throw = choose(m, 4) == 0;
    take(m, throw ? &i32 : count ? &indexed : &wanted);
    put(m,
        throw   ? WASM_throw
        : count ? WASM_br_table
                : WASM_br,
        throw   ? 0
        : count ? count
                : up);
    for (uint32_t i = 0; i <= count && count && !throw; i++) {
        uint32_t other = choose(m, m->depth);
        const struct label *label = label_at(m, other);
        bool same = memcmp(&label->results, &wanted, sizeof wanted) == 0;
        put_byte(m->out,
                 i < count && same && label->code != WASM_loop ? other : up);
    }
    m->height = top(m)->floor;
    if (choose(m, 4))
        do_end(m);
}

static void instruction(struct maker *m) {
    static const uint32_t codes[] = {
        WASM_block, WASM_loop, WASM_if, WASM_try_table};
    const uint32_t FC = WASM_i32_trunc_sat_f32_s, FD = WASM_v128_load,
                   kind = choose(m, 32);
    if (m->height > STACK - 12) {
        put(m, WASM_drop, NONE), m->height--;
    } else if (kind < 4 && m->depth < LABELS) {
        begin(m, codes[kind], choose(m, TYPE_COUNT + 1));
    } else if (kind < 7) {
        if (m->depth > 1)
            do_end(m);
    } else if (kind < 8) {
        if (top(m)->code == WASM_if)
            do_else(m);
    } else if (kind < 15) {
        (kind < 12 ? br_if : kind < 13 ? leave : call)(m);
    } else if (kind < 21) {
        (kind < 16 ? stack_pointer : variable)(m);
    } else if (kind < 28) {
        plain(m,
              WASM_i32_load +
                  choose(m, WASM_i64_extend32_s - WASM_i32_load + 1));
    } else if (kind < 29 && choose(m, 2)) {
        switch_loop(m);
    } else if (kind < 29) {
        plain(m, FC + choose(m, START_FD - START_FC));
    } else {
        plain(m, FD + 2 * choose(m, 138) + choose(m, 2));
    }
}

/* ---- the module ---- */

static void
make_body(struct buffer *body, struct slice choices, uint32_t function) {
    static const uint32_t stores[] = {WASM_i32_store,
                                      WASM_i64_store,
                                      WASM_f32_store,
                                      WASM_f64_store,
                                      WASM_v128_store};
    struct maker m = {
        .choices = choices, .out = body, .function = function, .depth = 1};
    m.labels[0].results = results[function];
    put_byte(body, COUNTDOWN - TYPE_COUNT + 1);
    for (uint32_t i = TYPE_COUNT; i <= COUNTDOWN; i++)
        put_byte(body, 1),
            put_byte(body, i < LOCALS ? usual.of[i % TYPE_COUNT] : VM_I32);
    while (m.choices.size)
        instruction(&m);
    while (m.depth > 1)
        do_end(&m);
    settle(&m);
    for (uint32_t i = 0; i < LOCALS; i++) {
        put_i32(&m, (function * LOCALS + i) * 16);
        put(&m, WASM_local_get, i);
        put(&m, stores[i % TYPE_COUNT], 0), put_byte(body, 0);
    }
    put(&m, WASM_end, NONE);
}

/* The parameters of all functions, and a type with these results. */
#define USUAL             0x60, 5, VM_I32, VM_I64, VM_F32, VM_F64, VM_V128
#define GLOBAL(type, ...) ENTRY_BYTES(type, 1, __VA_ARGS__, 0x0B)

/* What is around the functions: everything is exported. */
static void put_all(struct buffer *out, const struct buffer *bodies) {
    PUT_MODULE(
        out,
        TYPES(/* see `results` */
              ENTRY_BYTES(USUAL, 1, VM_I32),
              ENTRY_BYTES(USUAL, 2, VM_F64, VM_I64),
              ENTRY_BYTES(USUAL, 0),
              ENTRY_BYTES(USUAL, 1, VM_V128),
              ENTRY_BYTES(0x60, 1, VM_I32, 0)),
        FUNCTIONS(ENTRY("\0"), ENTRY("\1"), ENTRY("\2"), ENTRY("\3")),
        TABLES(ENTRY("\x70\1\4\x08")) /* of 4 to 8 */,
        /* of 1 to 2 pages */
        MEMORIES(ENTRIES(2, "\1\1\2"), ENTRY("\5\1\2")),
        TAGS(ENTRY("\0\4")) /* with an i32 */,
        GLOBALS(GLOBAL(VM_I32, 0x41, 7),
                GLOBAL(VM_I64, 0x42, 7),
                GLOBAL(VM_F32, 0x43, 0, 0, 0xC0, 0x3F),
                GLOBAL(VM_F64, 0x44, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F),
                GLOBAL(VM_V128,
                       0xFD,
                       0x0C,
                       0,
                       1,
                       2,
                       3,
                       4,
                       5,
                       6,
                       7,
                       8,
                       9,
                       10,
                       11,
                       12,
                       13,
                       14,
                       15)),
        EXPORTS(NAMED("f", "\0\0"),
                NAMED("g", "\0\1"),
                NAMED("h", "\0\2"),
                NAMED("i", "\0\3"),
                NAMED("A", "\3\0"),
                NAMED("B", "\3\1"),
                NAMED("C", "\3\2"),
                NAMED("D", "\3\3"),
                NAMED("E", "\3\4")),
        /* passive, active */
        ELEMENTS(ENTRY("\1\0\4\3\2\1\0"), ENTRY("\0\x41\0\x0B\4\0\1\2\3")),
        DATA_COUNT(1),
        CODE(BODY_OF(&bodies[0]),
             BODY_OF(&bodies[1]),
             BODY_OF(&bodies[2]),
             BODY_OF(&bodies[3])),
        DATA(ENTRY("\1\x08\x09\x08\7\6\5\4\3\2")));
}

void make_module(struct buffer *out, struct slice choices) {
    struct buffer bodies[FUNCTION_COUNT];
    size_t share = choices.size / FUNCTION_COUNT;
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
        buffer_init(&bodies[i], out->cap);
        make_body(
            &bodies[i], (struct slice){choices.data + i * share, share}, i);
    }
    put_all(out, bodies);
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++)
        buffer_free(&bodies[i]);
}
