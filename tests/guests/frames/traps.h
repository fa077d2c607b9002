/* What of traps.c is in another file. */
#define APART __attribute__((noinline))

APART static int of_header(int n) {
    return 1000 / n;
}

static inline void through_header(void (*what)(int), int n) {
    if (n >= 0)
        what(n);
}
