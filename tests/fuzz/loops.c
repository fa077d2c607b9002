/* Loops of all shapes, for idioms.c: with heads that are repeated where a branch
 * leads back, and with steps that become one cell with what compares them. */
#include "tests/fuzz/idioms.h"

/* How a loop counts: x goes from a number to a limit by steps of a constant or
 * of a local. */
struct count {
    uint32_t type, x, limit, step; /* locals but the first */
    int64_t begin, by, end;
    bool by_local, to_local;
    bool from_another; /* a step begins at another local, which is one ahead */
};

static struct count count_begin(struct maker *m) {
    static const int64_t steps[] = {
        1, 1, 1, -1, 2, 4, 0x7FFF, 0x8000, -0x8000, -0x8001, 0xFFFF, 3};
    static const int64_t begins[] = {
        0, 0, 0, 5, -3, 0x7FFA, INT32_MAX - 2, INT64_C(0xFFFFFFFC)};
    struct count c = {.type = choose(m, 2)};
    c.x = c.type * EACH;
    c.limit = c.x + 1;
    c.step = c.x + 2;
    c.begin = begins[choose(m, 8)];
    c.by = steps[choose(m, 12)];
    c.end = c.begin + c.by * (int64_t)choose(m, 7);
    c.by_local = choose(m, 3) == 2;
    c.to_local = choose(m, 2);
    c.from_another = !c.by_local && choose(m, 4) == 3;

    put_integer(m, c.type, c.begin);
    put_with(m, WASM_local_set, c.x);
    if (c.to_local) {
        put_integer(m, c.type, c.end);
        put_with(m, WASM_local_set, c.limit);
    }
    if (c.by_local) {
        put_integer(m, c.type, c.by);
        put_with(m, WASM_local_set, c.step);
    }
    return c;
}

/* from + by, or what the step's local has. */
static void
count_add(struct maker *m, const struct count *c, uint32_t from, int64_t by) {
    put_with(m, WASM_local_get, from);
    if (c->by_local) {
        put_with(m, WASM_local_get, c->step);
    } else {
        put_integer(m, c->type, by);
    }
    put(m, c->type ? WASM_i64_add : WASM_i32_add);
}

static void count_step(struct maker *m, const struct count *c, uint32_t code) {
    if (c->from_another) {
        count_add(m, c, c->x, 1);
        put_with(m, WASM_local_set, c->step);
        count_add(m, c, c->step, c->by - 1);
    } else {
        count_add(m, c, c->x, c->by);
    }
    put_with(m, code, c->x);
}

static void count_limit(struct maker *m, const struct count *c) {
    if (c->to_local) {
        put_with(m, WASM_local_get, c->limit);
    } else {
        put_integer(m, c->type, c->end);
    }
}

/* Whether it is at its end; x may be on the stack already, and else on either
 * side. */
static void count_ended(struct maker *m, const struct count *c, bool there) {
    bool up = c->by > 0, left = !there && choose(m, 3) == 2;
    bool by_order = choose(m, 2);
    uint32_t first = c->type ? WASM_i64_eq : WASM_i32_eq;
    uint32_t at_least = WASM_i32_ge_s - WASM_i32_eq + choose(m, 2);
    uint32_t at_most = WASM_i32_le_s - WASM_i32_eq + choose(m, 2);
    if (left)
        count_limit(m, c);
    if (!there)
        put_with(m, WASM_local_get, c->x);
    if (!left)
        count_limit(m, c);
    put(m, first + (by_order ? (up != left ? at_least : at_most) : 0));
}

static void eqz(struct maker *m) {
    put(m, WASM_i32_eqz);
}

/* loop { ...; x += k; if (...) continue; } */
static void do_while(struct maker *m, const struct count *c) {
    bool tee = choose(m, 2);
    block_open(m, WASM_loop);
    statements(m, 2);
    count_step(m, c, tee ? WASM_local_tee : WASM_local_set);
    count_ended(m, c, tee);
    eqz(m);
    put_with(m, WASM_br_if, 0);
    block_close(m);
}

/* What comes before the branch that leaves. */
static void head(struct maker *m) {
    if (choose(m, 3) == 2)
        statements(m, 1);
}

/* loop { if (...) break; ...; x += k; } */
static void while_break(struct maker *m, const struct count *c) {
    block_open(m, WASM_block);
    block_open(m, WASM_loop);
    head(m);
    count_ended(m, c, false);
    put_with(m, WASM_br_if, 1);
    statements(m, 2);
    count_step(m, c, WASM_local_set);
    put_with(m, WASM_br, 0);
    block_close(m);
    block_close(m);
}

/* loop { if (...) { ...; x += k; continue; } } */
static void while_if(struct maker *m, const struct count *c) {
    block_open(m, WASM_loop);
    head(m);
    count_ended(m, c, false);
    eqz(m);
    if (choose(m, 4) == 3) {
        eqz(m);
        eqz(m);
    }
    block_open(m, WASM_if);
    statements(m, 2);
    count_step(m, c, WASM_local_set);
    put_with(m, WASM_br, 1);
    block_close(m);
    block_close(m);
}

/* loop { if (...) { ... } x += k; if (...) break; }: the first branch stays
 * inside, and any statement may be what it looks at. */
static void loop_skip(struct maker *m, const struct count *c) {
    block_open(m, WASM_block);
    block_open(m, WASM_loop);
    block_open(m, WASM_block);
    head(m);
    condition(m);
    put_with(m, WASM_br_if, 0);
    statements(m, 2);
    block_close(m);
    count_step(m, c, WASM_local_set);
    count_ended(m, c, false);
    put_with(m, WASM_br_if, 1);
    if (choose(m, 2))
        count_step(m, c, WASM_local_set);
    put_with(m, WASM_br, 0);
    block_close(m);
    block_close(m);
}

/* loop { switch (...) { ... } } */
static void loop_switch(struct maker *m, const struct count *c) {
    block_open(m, WASM_block);
    block_open(m, WASM_loop);
    block_open(m, WASM_block);
    head(m);
    count_ended(m, c, false);
    put_with(m, WASM_br_table, 1);
    put(m, choose(m, 8) == 7);
    put(m, 2);
    block_close(m);
    statements(m, 2);
    count_step(m, c, WASM_local_set);
    put_with(m, WASM_br, 0);
    block_close(m);
    block_close(m);
}

static void sum_of_two(struct maker *m) {
    get(m, 0);
    leaf(m, 0);
    put(m, WASM_i32_add);
}

/* loop { if (x == end) break; to[x] = from[x]; x += k; } */
static void copy(struct maker *m, const struct count *c) {
    bool bytes = choose(m, 2);
    block_open(m, WASM_loop);
    count_ended(m, c, false);
    eqz(m);
    block_open(m, WASM_if);
    sum_of_two(m);
    sum_of_two(m);
    put(m, bytes ? WASM_i32_load8_u : WASM_i32_load);
    memarg(m);
    put(m, bytes ? WASM_i32_store8 : WASM_i32_store);
    memarg(m);
    count_step(m, c, WASM_local_set);
    put_with(m, WASM_br, 1);
    block_close(m);
    block_close(m);
}

/* What a round begins with, and reads x before it computes anything else. */
static void read_first(struct maker *m, const struct count *c) {
    static const int64_t constants[] = {0, 5, -5, 0x7FFF, -0x8000};
    switch (choose(m, 5)) {
    case 0:
        put_with(m, WASM_local_get, c->x);
        put_integer(m, c->type, constants[choose(m, 5)]);
        put(m, c->type ? WASM_i64_eq : WASM_i32_eq);
        put_with(m, WASM_br_if, 1);
        break;
    case 1:
        put_integer(m, 0, 8);
        put_with(m, WASM_local_get, c->x);
        put(m, c->type ? WASM_i64_store : WASM_i32_store);
        memarg(m);
        break;
    case 2:
        put_with(m, WASM_local_get, c->x);
        put_with(m, WASM_local_set, c->to_local ? c->x : c->limit);
        break;
    case 3:
        count_add(m, c, c->x, 3);
        put_with(m, WASM_local_set, (c->type ? EACH : 0) + choose(m, EACH));
        break;
    default: statements(m, 1);
    }
}

/* Many uses of a local: that will be the one which is pinned. */
static void use_often(struct maker *m, uint32_t type, uint32_t local) {
    for (int i = 0; i < 2; i++) {
        put_with(m, WASM_local_get, local);
        put_with(m, WASM_local_get, local);
        put(m, type ? WASM_i64_mul : WASM_i32_mul);
        put_with(m, WASM_local_get, local);
        put(m, type ? WASM_i64_xor : WASM_i32_xor);
        put_with(m, WASM_local_set, local);
    }
}

/* loop { ... x ...; x += k; if (...) continue; x += k; if (...) continue; } */
static void carry(struct maker *m, const struct count *c) {
    uint32_t type = !c->type;
    block_open(m, WASM_block);
    block_open(m, WASM_loop);
    read_first(m, c);
    use_often(m, type, type * EACH);
    if (choose(m, 2)) {
        count_step(m, c, WASM_local_set);
        condition(m);
        put_with(m, WASM_br_if, 0);
    }
    count_step(m, c, WASM_local_set);
    count_ended(m, c, false);
    eqz(m);
    put_with(m, WASM_br_if, 0);
    block_close(m);
    block_close(m);
}

void loop(struct maker *m) {
    static void (*const shapes[])(struct maker *, const struct count *) = {
        do_while, while_break, while_if, loop_skip, loop_switch, copy, carry};
    if (m->depth + 4 > LABELS)
        return;
    struct count c = count_begin(m);
    m->innermost = choose(m, 3) > 0;
    shapes[choose(m, sizeof shapes / sizeof *shapes)](m, &c);
    m->innermost = false;
}
