/* Calls through pointers of several types, as methods have them: call_indirect.
 * sizes: 500 5 */
#include "bench/guests/guest.h"

enum { SHAPES = 1000 };

struct shape;

struct kind {
    uint32_t (*area)(const struct shape *);
    void (*scale)(struct shape *, uint32_t);
    int (*compare)(const struct shape *, const struct shape *);
};

struct shape {
    const struct kind *kind;
    uint32_t a, b;
};

static uint32_t square_area(const struct shape *s) {
    return s->a * s->a;
}

static uint32_t rectangle_area(const struct shape *s) {
    return s->a * s->b;
}

static uint32_t triangle_area(const struct shape *s) {
    return s->a * s->b / 2;
}

static void scale_one(struct shape *s, uint32_t by) {
    s->a = s->a * by & 0xFFFF;
}

static void scale_both(struct shape *s, uint32_t by) {
    s->a = s->a * by & 0xFFFF;
    s->b = s->b + by & 0xFFFF;
}

static int by_area(const struct shape *s, const struct shape *t) {
    return s->kind->area(s) < t->kind->area(t);
}

static int by_side(const struct shape *s, const struct shape *t) {
    return s->a < t->a;
}

static const struct kind kinds[] = {
    {square_area, scale_one, by_area},
    {rectangle_area, scale_both, by_side},
    {triangle_area, scale_both, by_area},
};

static struct shape shapes[SHAPES];

static uint32_t visit(uint32_t by) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < SHAPES; i++) {
        struct shape *s = &shapes[i], *t = &shapes[(i * 7 + by) % SHAPES];
        s->kind->scale(s, by);
        sum = mix(sum, s->kind->area(s));
        if (s->kind->compare(s, t))
            sum += t->kind->area(t);
    }
    return sum;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv) * 10, sum = 0, random = 5;
    for (uint32_t i = 0; i < SHAPES; i++) {
        shapes[i].kind = &kinds[next_random(&random) % 3];
        shapes[i].a = next_random(&random) & 0xFFFF;
        shapes[i].b = next_random(&random) & 0xFFFF;
    }
    for (uint32_t i = 0; i < rounds; i++)
        sum = mix(sum, visit(i | 1));
    return print_sum(sum);
}
