/* A ray tracer: structures of doubles by value, square roots, branches. sizes:
 * 450 40 */
#include "bench/guests/guest.h"

struct vector {
    double x, y, z;
};

struct sphere {
    struct vector centre;
    double radius, shine;
    struct vector colour;
};

enum { SPHERES = 9, BOUNCES = 4 };

static struct sphere spheres[SPHERES];

static struct vector add(struct vector a, struct vector b) {
    return (struct vector){a.x + b.x, a.y + b.y, a.z + b.z};
}

static struct vector scale(struct vector a, double by) {
    return (struct vector){a.x * by, a.y * by, a.z * by};
}

static struct vector sub(struct vector a, struct vector b) {
    return add(a, scale(b, -1));
}

static double dot(struct vector a, struct vector b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static struct vector unit(struct vector a) {
    return scale(a, 1 / __builtin_sqrt(dot(a, a)));
}

/* Where a ray meets a sphere, in lengths of `direction`; 0 if it does not. */
__attribute__((noinline)) static double
meet(const struct sphere *s, struct vector from, struct vector direction) {
    struct vector way = sub(s->centre, from);
    double along = dot(way, direction);
    double squared = along * along - dot(way, way) + s->radius * s->radius;
    if (squared < 0)
        return 0;
    double root = __builtin_sqrt(squared);
    if (along - root > 1e-6)
        return along - root;
    return along + root > 1e-6 ? along + root : 0;
}

static const struct sphere *
nearest(struct vector from, struct vector direction, double *distance) {
    const struct sphere *best = NULL;
    for (int i = 0; i < SPHERES; i++) {
        double d = meet(&spheres[i], from, direction);
        if (d > 0 && (!best || d < *distance))
            best = &spheres[i], *distance = d;
    }
    return best;
}

static struct vector
trace(struct vector from, struct vector direction, int bounces) {
    static const struct vector sun = {0.6, 0.7, -0.39};
    double distance = 0, unused;
    const struct sphere *s = nearest(from, direction, &distance);
    if (!s)
        return scale((struct vector){0.5, 0.7, 1}, 0.6 + 0.4 * direction.y);
    struct vector place = add(from, scale(direction, distance));
    struct vector normal = unit(sub(place, s->centre));
    double light = dot(normal, sun);
    if (light < 0 || nearest(place, sun, &unused))
        light = 0;
    struct vector colour = scale(s->colour, 0.2 + 0.8 * light);
    if (bounces == 0 || s->shine == 0)
        return colour;
    struct vector mirrored =
        sub(direction, scale(normal, 2 * dot(direction, normal)));
    struct vector seen = trace(place, unit(mirrored), bounces - 1);
    return add(scale(colour, 1 - s->shine), scale(seen, s->shine));
}

int main(int argc, char **argv) {
    uint32_t size = size_argument(argc, argv), sum = 0;
    for (int i = 0; i < SPHERES - 1; i++) {
        spheres[i].centre =
            (struct vector){i % 3 * 2 - 2, i / 3 - 0.5, 4 + i % 2 * 1.5};
        spheres[i].radius = 0.6 + i * 0.05;
        spheres[i].shine = i % 4 * 0.25;
        spheres[i].colour = (struct vector){1 - i * 0.1, i * 0.12, 0.5};
    }
    spheres[SPHERES - 1] =
        (struct sphere){{0, -1002, 0}, 1000, 0.2, {0.8, 0.8, 0.7}};
    for (uint32_t y = 0; y < size; y++) {
        for (uint32_t x = 0; x < size; x++) {
            struct vector way = {2.0 * x / size - 1, 1 - 2.0 * y / size, 1.5};
            struct vector c =
                trace((struct vector){0, 0.5, -2}, unit(way), BOUNCES);
            sum = mix(sum,
                      (uint32_t)(c.x * 255) << 16 | (uint32_t)(c.y * 255) << 8);
            sum = mix(sum, (uint32_t)(c.z * 255));
        }
    }
    return print_sum(sum);
}
