/* Traps of all kinds, in functions of all kinds: tests/cli/frames.py looks at
 * their backtraces. run(n) does the trap of number n. */
#include "traps.h"

typedef void (*step)(int);

static int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
static volatile int zero;
static double far = 1e300;

/* ---- what traps ---- */

static inline int divide(int a, int b) {
    return a / b;
}

static inline int rest(int a, int b) {
    int whole = divide(a, b + 1);
    return whole % b;
}

static int overflow(int a) {
    return (-2147483647 - 1 + a) / (zero - 1);
}

static inline int load(int at) {
    int *place = (int *)(0x7FFFFFF0u + at);
    return *place;
}

static inline void store(int at, int value) {
    *(volatile int *)(0x7FFFFFF0u + at) = value;
}

static inline int convert(double x) {
    return __builtin_wasm_trunc_s_i32_f64(x);
}

static inline void give_up(int code) {
    if (code > 0)
        __builtin_trap();
    table[code & 7]++;
}

/* ---- ways to it ---- */

APART static void deep(int n) {
    if (n == 0)
        give_up(table[0]);
    else
        deep(n - 1);
    table[1]++;
}

APART static int endless(int n) {
    volatile int kept[64];
    kept[n & 63] = n;
    return endless(n + 1) + kept[n & 63];
}

APART static void by_pointer(int n) {
    table[n & 7] = divide(n, zero);
}

APART static int wrong_type(int a, int b) {
    return a + b;
}

static step steps[] = {by_pointer, (step)(void *)wrong_type, 0};

APART static void call(int n) {
    steps[n](n);
    table[2]++;
}

APART static int in_loop(int n) {
    int sum = 0;
    for (int i = 0; i < 10; i++) {
        sum += table[i & 7];
        if (sum > n)
            sum += rest(sum, zero);
    }
    return sum;
}

static inline int twice(int n) {
    return divide(n, zero) + divide(n + 1, zero);
}

APART static int chosen(int n) {
    switch (n) {
    case 1: return load(n);
    case 2: store(n, n); return 2;
    case 3: return convert(far);
    default: return twice(n);
    }
}

APART static int many(int a, int b, int c, int d) {
    int x = a > 0 ? load(a) : b;
    int y = c && d ? divide(c, zero) : d;
    return x + y;
}

/* ---- all ---- */

int run(int n) {
    switch (n) {
    case 0: give_up(table[1]); break;
    case 1: return divide(n, zero);
    case 2: return rest(n, zero);
    case 3: return overflow(0);
    case 4: return load(n);
    case 5: store(n, n); break;
    case 6: return convert(far);
    case 7: deep(5); break;
    case 8: return endless(n);
    case 9: call(0); break;
    case 10: call(1); break;
    case 11: call(2); break;
    case 12: return in_loop(8);
    case 13: return chosen(1);
    case 14: return chosen(2);
    case 15: return chosen(3);
    case 16: return chosen(4);
    case 17: return many(1, 2, 3, 4);
    case 18: return many(0, 2, 3, 4);
    case 19: return of_header(zero);
    case 20: through_header(call, 0); break;
    case 21: through_header(deep, 2); break;
    }
    return table[n & 7];
}
