/* Single-precision numbers: a Fourier transform there and back, and a filter.
 * sizes: 120 2 */
#include "bench/guests/guest.h"

enum { LOG_POINTS = 13, POINTS = 1 << LOG_POINTS };

static float real[POINTS], imaginary[POINTS], cosine[POINTS / 2],
    sine[POINTS / 2];

/* Rotate (1, 0) in small steps; doubles keep the error below a float's. */
static void make_tables(void) {
    double angle = 2 * 3.14159265358979323846 / POINTS, x = 1, y = 0;
    double s = angle - angle * angle * angle / 6, c = __builtin_sqrt(1 - s * s);
    for (int i = 0; i < POINTS / 2; i++) {
        cosine[i] = (float)x, sine[i] = (float)y;
        double turned = x * c - y * s;
        y = x * s + y * c;
        x = turned;
    }
}

static void swap_by_reversed_bits(void) {
    for (uint32_t i = 0, k = 0; i < POINTS; i++) {
        if (i < k) {
            float r = real[i], m = imaginary[i];
            real[i] = real[k], imaginary[i] = imaginary[k];
            real[k] = r, imaginary[k] = m;
        }
        uint32_t bit = POINTS >> 1;
        while (k & bit)
            k ^= bit, bit >>= 1;
        k |= bit;
    }
}

static void transform(float direction) {
    swap_by_reversed_bits();
    for (uint32_t half = 1, step = POINTS / 2; half < POINTS;
         half *= 2, step /= 2) {
        for (uint32_t start = 0; start < POINTS; start += 2 * half) {
            for (uint32_t i = 0; i < half; i++) {
                uint32_t a = start + i, b = a + half;
                float c = cosine[i * step], s = direction * sine[i * step];
                float r = real[b] * c - imaginary[b] * s,
                      m = real[b] * s + imaginary[b] * c;
                real[b] = real[a] - r, imaginary[b] = imaginary[a] - m;
                real[a] += r, imaginary[a] += m;
            }
        }
    }
}

/* A low-pass of second order, as it stands in every cookbook. */
static void filter(float *p) {
    float x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (int i = 0; i < POINTS; i++) {
        float y =
            0.0675f * (p[i] + x2) + 0.1349f * x1 + 1.143f * y1 - 0.4128f * y2;
        x2 = x1, x1 = p[i];
        y2 = y1, y1 = p[i] = y;
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 1;
    make_tables();
    for (int i = 0; i < POINTS; i++)
        real[i] = (float)(next_random(&random) >> 8) / 16777216.0f;
    while (rounds-- > 0) {
        transform(1);
        for (int i = POINTS / 4; i < POINTS / 2; i++)
            real[i] *= 0.5f, imaginary[i] *= 0.5f;
        transform(-1);
        for (int i = 0; i < POINTS; i++)
            real[i] /= POINTS, imaginary[i] = 0;
        for (int i = 0; i < 4; i++)
            filter(real);
    }
    for (int i = 0; i < POINTS; i++)
        sum = mix_double(sum, real[i]);
    return print_sum(sum);
}
