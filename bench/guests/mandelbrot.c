/* The Mandelbrot set: a tight loop of doubles in locals. sizes: 1000 100 */
#include "bench/guests/guest.h"

static uint32_t escape_time(double cx, double cy) {
    double x = 0, y = 0;
    for (uint32_t i = 0; i < 200; i++) {
        double xx = x * x, yy = y * y;
        if (xx + yy > 4)
            return i;
        y = 2 * x * y + cy;
        x = xx - yy + cx;
    }
    return 200;
}

int main(int argc, char **argv) {
    uint32_t size = size_argument(argc, argv), sum = 0;
    for (uint32_t row = 0; row < size; row++) {
        for (uint32_t column = 0; column < size; column++) {
            sum = mix(sum,
                      escape_time(3.0 * column / size - 2.25,
                                  2.5 * row / size - 1.25));
        }
    }
    return print_sum(sum);
}
