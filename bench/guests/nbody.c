/* Five planets under gravity: arithmetic with doubles in structures. sizes:
 * 500000 5000 */
#include "bench/guests/guest.h"

enum { BODIES = 5 };

struct body {
    double x, y, z, vx, vy, vz, mass;
};

/* Astronomical units, units per year, masses in solar masses times 4 pi
 * squared. */
static struct body bodies[BODIES] = {
    {0, 0, 0, 0, 0, 0, 39.4784176},
    {4.8414314,
     -1.1603200,
     -0.1036220,
     0.6063263,
     2.8119868,
     -0.0252183,
     0.0376937},
    {8.3433667,
     4.1247986,
     -0.4035234,
     -1.0107743,
     1.8256623,
     0.0084158,
     0.0112863},
    {12.8943695,
     -15.1111514,
     -0.2233076,
     1.0827910,
     0.8687130,
     -0.0108326,
     0.0017237},
    {15.3796971,
     -25.9193146,
     0.1792588,
     0.9790907,
     0.5946990,
     -0.0347560,
     0.0020337},
};

static void attract(struct body *a, struct body *b, double step) {
    double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
    double squared = dx * dx + dy * dy + dz * dz;
    double force = step / (squared * __builtin_sqrt(squared));
    a->vx -= dx * b->mass * force;
    a->vy -= dy * b->mass * force;
    a->vz -= dz * b->mass * force;
    b->vx += dx * a->mass * force;
    b->vy += dy * a->mass * force;
    b->vz += dz * a->mass * force;
}

static void advance(double step) {
    for (int i = 0; i < BODIES; i++) {
        for (int k = i + 1; k < BODIES; k++)
            attract(&bodies[i], &bodies[k], step);
    }
    for (int i = 0; i < BODIES; i++) {
        bodies[i].x += step * bodies[i].vx;
        bodies[i].y += step * bodies[i].vy;
        bodies[i].z += step * bodies[i].vz;
    }
}

int main(int argc, char **argv) {
    uint32_t steps = size_argument(argc, argv), sum = 0;
    for (uint32_t i = 0; i < steps; i++)
        advance(0.01);
    for (int i = 0; i < BODIES; i++) {
        sum = mix_double(mix_double(sum, bodies[i].x), bodies[i].vy);
    }
    return print_sum(sum);
}
