/* Wide arithmetic: right results at the edges and in between, wherever the
 * operands come from and the two results go to, in all kinds of code. */
#include "tests/unit/vm_module.h"

struct wide {
    uint64_t low, high;
};

/* ---- what is right, bit by bit ---- */

static struct wide sum_of(struct wide x, struct wide y, uint32_t carry) {
    struct wide sum = {0, 0};
    for (uint32_t i = 0; i < 128; i++) {
        uint64_t *half = i < 64 ? &sum.low : &sum.high;
        uint32_t bits = (uint32_t)((i < 64 ? x.low : x.high) >> i % 64 & 1) +
                        (uint32_t)((i < 64 ? y.low : y.high) >> i % 64 & 1) +
                        carry;
        *half |= (uint64_t)(bits & 1) << i % 64;
        carry = bits >> 1;
    }
    return sum;
}

static struct wide add(const uint64_t v[4]) {
    return sum_of((struct wide){v[0], v[1]}, (struct wide){v[2], v[3]}, 0);
}

static struct wide subtract(const uint64_t v[4]) {
    return sum_of((struct wide){v[0], v[1]}, (struct wide){~v[2], ~v[3]}, 1);
}

/* Modulo 2^128, so that the signs of factors are their high halves. */
static struct wide product_of(struct wide x, struct wide y) {
    struct wide product = {0, 0};
    for (uint32_t i = 0; i < 128; i++) {
        if ((i < 64 ? y.low : y.high) >> i % 64 & 1)
            product = sum_of(product, x, 0);
        x = sum_of(x, x, 0);
    }
    return product;
}

static uint64_t sign_of(uint64_t x) {
    return x >> 63 ? UINT64_MAX : 0;
}

static struct wide multiply_s(const uint64_t v[4]) {
    return product_of((struct wide){v[0], sign_of(v[0])},
                      (struct wide){v[1], sign_of(v[1])});
}

static struct wide multiply_u(const uint64_t v[4]) {
    return product_of((struct wide){v[0], 0}, (struct wide){v[1], 0});
}

static const struct operation {
    char code;
    int operands;
    struct wide (*right)(const uint64_t v[4]);
} operations[] = {{0x13, 4, add},
                  {0x14, 4, subtract},
                  {0x15, 2, multiply_s},
                  {0x16, 2, multiply_u}};

/* ---- functions ---- */

#define BYTES(text)                                                            \
    { text, sizeof text - 1 }

struct piece {
    const char *bytes;
    size_t size;
};

/* Before the operation, in place of its last operand's local.get: computed by
 * the cell before it, it is in an accumulator. */
static const struct piece befores[] = {
    BYTES(""),
    BYTES("\x42\0\x7C"),         /* i64.const 0, i64.add */
    BYTES("\x22\3\x42\0\x21\3"), /* tee local 3, set it to something else */
};

/* A body is a block's whole; type 1 is () -> (i64 i64). */
#define OPERATION "?"
static const struct piece places[] = {
    BYTES(OPERATION),
    BYTES(OPERATION "\x0F"),                          /* return */
    BYTES(OPERATION "\x0C\0"),                        /* br to the function */
    BYTES("\x02\1" OPERATION "\x0C\0\x0B"),           /* br to a block */
    BYTES("\x02\1" OPERATION "\x41\1\x0D\0\x0B"),     /* br_if, taken */
    BYTES("\x02\1" OPERATION "\x41\0\x0D\0\x0B"),     /* and not taken */
    BYTES("\x02\1" OPERATION "\x41\1\x0E\1\0\0\x0B"), /* br_table */
    BYTES("\x42\7\x02\1" OPERATION "\x41\1\x0E\1\0\1\x0B" /* it moves them */
          "\x21\1\x21\0\x1A\x20\0\x20\1"),
    BYTES("\x41\1\x04\1" OPERATION "\x05\x42\0\x42\0\x0B"), /* if, else */
    BYTES(OPERATION "\x03\2\x0B"), /* parameters of a loop */
    BYTES(OPERATION "\x10\0"),     /* arguments of a call */
    BYTES(OPERATION "\x42\0\x7C"), /* i64.const 0, i64.add */
    BYTES(OPERATION "\x42\0\x7C\x21\1\x42\0\x7C\x20\1"), /* to both */
    BYTES(OPERATION "\x21\1\x21\0\x20\0\x20\1"),         /* locals */
    BYTES("\x42\5" OPERATION
          "\x21\1\x21\0\x1A\x20\0\x20\1"), /* above another */
};

enum { PLACES = sizeof places / sizeof *places };

static void put_operation(struct buffer *body,
                          const struct operation *o,
                          const struct piece *before) {
    for (int i = 0; i < o->operands; i++) {
        put_byte(body, 0x20);
        put_byte(body, i);
    }
    put(body, before->bytes, before->size);
    put_byte(body, 0xFC);
    put_byte(body, o->code);
}

static void put_body(struct buffer *code,
                     const struct operation *o,
                     const struct piece *before,
                     const struct piece *place) {
    struct buffer body = empty();
    put_byte(&body, 0);
    for (size_t i = 0; i < place->size; i++) {
        if (place->bytes[i] == *OPERATION)
            put_operation(&body, o, before);
        else
            put_byte(&body, place->bytes[i]);
    }
    put_byte(&body, 0x0B);
    put_number(code, body.size);
    buffer_append_slice(code, buffer_slice(&body));
    buffer_free(&body);
}

/* Function 0 gives what it takes, two i64. The others, one a place, take four
 * and are exported under the letters from A on. */
static struct buffer module_with(const struct operation *o,
                                 const struct piece *before) {
    struct buffer code = empty(), exports = empty();
    for (int i = 0; i < PLACES; i++) {
        const char name[] = {(char)('A' + i), 0};
        put_body(&code, o, before, &places[i]);
        name_put(&exports, name);
        put_byte(&exports, 0);
        put_byte(&exports, i + 1);
    }
    struct buffer module =
        MODULE(TYPES(ENTRY("\x60\4\x7E\x7E\x7E\x7E\2\x7E\x7E"),
                     ENTRY("\x60\0\2\x7E\x7E"),
                     ENTRY("\x60\2\x7E\x7E\2\x7E\x7E")),
               FUNCTIONS(ENTRY("\2"), ENTRIES(PLACES, "\0")),
               EXPORTS(ENTRIES_OF(PLACES, &exports)),
               CODE(BODY("\0\x20\0\x20\1\x0B"), ENTRIES_OF(PLACES, &code)));
    buffer_free(&code);
    buffer_free(&exports);
    return module;
}

static struct guest guest_of(const struct operation *o,
                             const struct piece *before,
                             const struct vm_limits *limits) {
    struct guest guest = guest_open(limits);
    guest_accept(&guest, module_with(o, before));
    guest_start(&guest);
    return guest;
}

/* ---- calls ---- */

static void check(const struct guest *guest,
                  const struct operation *o,
                  int place,
                  const uint64_t v[4]) {
    char name[2] = {(char)('A' + place), 0};
    struct vm_value args[4], results[2];
    struct error error = ERROR_INIT;
    for (int i = 0; i < 4; i++)
        args[i] = (struct vm_value){.type = VM_I64, .of.i64 = v[i]};
    struct function *function = guest_function(guest, name);
    if (!vm_call(function, args, 4, results, &error))
        fail_msg("%02x %s: %s", o->code, name, error.text);

    struct wide right = o->right(v);
    bool same =
        results[0].of.i64 == right.low && results[1].of.i64 == right.high;
    if (!same) {
        fail_msg("%02x %s of %llx %llx %llx %llx: %llx %llx, not %llx %llx",
                 o->code,
                 name,
                 (long long)v[0],
                 (long long)v[1],
                 (long long)v[2],
                 (long long)v[3],
                 (long long)results[0].of.i64,
                 (long long)results[1].of.i64,
                 (long long)right.low,
                 (long long)right.high);
    }
}

static const uint64_t edges[] = {0,
                                 1,
                                 UINT32_MAX,
                                 UINT64_C(1) << 32,
                                 INT64_MAX,
                                 UINT64_C(1) << 63,
                                 UINT64_MAX};

enum { EDGES = sizeof edges / sizeof *edges };

static uint64_t random_bits(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state ^ *state >> 32;
}

/* Of some of the operands few bits are set, or few are not. */
static uint64_t random_operand(uint64_t *state) {
    uint64_t bits = random_bits(state), how = random_bits(state) >> 20;
    uint64_t shifted = how & 1 ? bits >> (how >> 8 & 63) : bits;
    return how & 2 ? ~shifted : shifted;
}

static void in_all_places(const struct operation *o,
                          const struct vm_limits *limits) {
    uint64_t state = 1;
    for (size_t b = 0; b < sizeof befores / sizeof *befores; b++) {
        struct guest guest = guest_of(o, &befores[b], limits);
        for (int i = 0; i < PLACES * 40; i++) {
            uint64_t v[4];
            for (int k = 0; k < 4; k++)
                v[k] = random_operand(&state);
            check(&guest, o, i % PLACES, v);
        }
        guest_close(&guest);
    }
}

static void fused(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++)
        in_all_places(&operations[i], NULL);
}

static void plain(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.plain_code = true;
    for (int i = 0; i < 4; i++)
        in_all_places(&operations[i], &limits);
}

static void metered(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = 1000000;
    for (int i = 0; i < 4; i++)
        in_all_places(&operations[i], &limits);
}

static void at_the_edges(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct guest guest = guest_of(&operations[i], &befores[0], NULL);
        for (int e = 0; e < EDGES * EDGES * EDGES * EDGES; e++) {
            uint64_t v[4] = {edges[e % EDGES],
                             edges[e / EDGES % EDGES],
                             edges[e / EDGES / EDGES % EDGES],
                             edges[e / EDGES / EDGES / EDGES]};
            check(&guest, &operations[i], 0, v);
        }
        guest_close(&guest);
    }
}

/* What is right is itself right. */
static void known_results(void **state) {
    (void)state;
    const uint64_t top = UINT64_C(1) << 63, most = UINT64_MAX;
    const struct {
        struct wide (*compute)(const uint64_t v[4]);
        uint64_t operands[4];
        struct wide result;
    } rows[] = {
        {add, {most, 0, 1, 0}, {0, 1}},
        {add, {most, most, 1, 0}, {0, 0}},
        {add, {most, most, most, most}, {most - 1, most}},
        {subtract, {0, 0, 1, 0}, {most, most}},
        {subtract, {0, 1, 1, 0}, {most, 0}},
        {subtract, {5, 7, 5, 7}, {0, 0}},
        {multiply_u, {most, most, 0, 0}, {1, most - 1}},
        {multiply_u, {most, 2, 0, 0}, {most - 1, 1}},
        {multiply_s, {most, most, 0, 0}, {1, 0}},
        {multiply_s, {most, 2, 0, 0}, {most - 1, most}},
        {multiply_s, {top, top, 0, 0}, {0, top >> 1}},
        {multiply_s, {top, most, 0, 0}, {top, 0}},
        {multiply_s, {top, INT64_MAX, 0, 0}, {top, (top >> 1) + top}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wide found = rows[i].compute(rows[i].operands);
        assert_true(found.low == rows[i].result.low);
        assert_true(found.high == rows[i].result.high);
    }
}

/* ---- what is valid ---- */

static const struct {
    const char *text; /* of the error, or NULL */
    struct piece body;
} bodies[] = {
    {NULL, BYTES("\0\0\xFC\x13\x1A\x1A\x0B")}, /* unreachable, add128 */
    {NULL, BYTES("\0\0\xFC\x15\xFC\x16\xFC\x14\x1A\x1A\x0B")},
    {NULL, BYTES("\0\0\x42\0\xFC\x13\x1A\x1A\x0B")}, /* one operand */
    {NULL, BYTES("\0\x0F\x42\0\x42\0\xFC\x16\xFC\x13\x1A\x1A\x0B")},
    /* With a number that is longer than it need be. */
    {NULL, BYTES("\0\0\xFC\x93\0\x1A\x1A\x0B")},
    {"type mismatch", BYTES("\0\0\xFC\x13\x1A\x0B")}, /* one result */
    {"type mismatch", BYTES("\0\x42\0\x42\0\xFC\x15\x1A\x1A\x1A\x0B")},
    {"type mismatch", BYTES("\0\0\x41\0\xFC\x13\x1A\x1A\x0B")}, /* an i32 */
    {"type mismatch", BYTES("\0\0\xFC\x16\xA7\xA7\x1A\x1A\x0B")},
    {"type mismatch", BYTES("\0\x42\0\x42\0\x42\0\xFC\x14\x1A\x1A\x0B")},
    {"type mismatch", BYTES("\0\x42\0\xFC\x16\x1A\x1A\x0B")},
    {"type mismatch", BYTES("\0\xFC\x15\x1A\x1A\x0B")},
    {"illegal opcode", BYTES("\0\0\xFC\x17\x1A\x1A\x0B")},
};

static void types_are_checked(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct guest guest = guest_open(NULL);
        struct buffer body = empty();
        struct error error = ERROR_INIT;
        put(&body, bodies[i].body.bytes, bodies[i].body.size);
        guest_take(&guest, function_module(&body), &error);
        if (!guest.module != !!bodies[i].text)
            fail_msg("body %zu: %s", i, error.text);
        if (bodies[i].text && !strstr(error.text, bodies[i].text))
            fail_msg("body %zu: %s", i, error.text);
        buffer_free(&body);
        guest_close(&guest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_results),
        cmocka_unit_test(at_the_edges),
        cmocka_unit_test(fused),
        cmocka_unit_test(plain),
        cmocka_unit_test(metered),
        cmocka_unit_test(types_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
