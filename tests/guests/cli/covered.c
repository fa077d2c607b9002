/* flags: -O0 -g */
/* What --coverage counts: at the end of each line that has code stands how often
 * it is executed, by one run without arguments. */
#include <stdlib.h>
#include <string.h>

__attribute__((always_inline)) static inline int twice(int number) {
    return number + number; /* 8 */
}

static int order(const void *a, const void *b) { /* 3 */
    const int *x = a, *y = b;                    /* 3 */
    return *x < *y ? -1 : *x > *y;               /* 3 */
}

static int depth(int number) { /* 5 */
    if (number == 0)           /* 5 */
        return 0;              /* 1 */
    return 1 +                 /* 4 */
           depth(number - 1);  /* 4 */
} /* 5 */

static int kind(int number) { /* 7 */
    switch (number) {         /* 7 */
    case 0:
    case 1: return 10;   /* 4 */
    case 2: number *= 2; /* 1 */
    case 3:
        number++;         /* 2 */
        break;            /* 2 */
    default: number = -1; /* 1 */
    }
    return number; /* 3 */
} /* 7 */

static int never(int number) { /* 0 */
    if (number > 3)            /* 0 */
        number++;              /* 0 */
    return number;             /* 0 */
}

static void nothing(void) { /* 1 */
} /* 1 */

static int loops(int most) { /* 1 */
    int sum = 0, i = 0;      /* 1 */
    do {
        sum += i;                      /* 3 */
    } while (++i < most);              /* 3 */
    while (i > 0)                      /* 4 */
        sum -= --i;                    /* 3 */
    for (int k = 0; k < most; k++) {   /* 4 */
        if (k == 1)                    /* 3 */
            continue;                  /* 1 */
        for (int m = 0; m < k; m++)    /* 4 */
            sum += twice(m) + kind(m); /* 2 */
    }
    return sum; /* 1 */
}

int main(int argc, char **argv) {             /* 1 */
    int numbers[] = {3, 1, 2}, sum = 0;       /* 1 */
    qsort(numbers, 3, sizeof(int), order);    /* 1 */
    for (int i = 0; i < 5; i++)               /* 6 */
        sum += twice(i) + kind(i);            /* 5 */
    nothing();                                /* 1 */
    sum += twice(depth(4)) + loops(3);        /* 1 */
    if (argc > 1 && !strcmp(argv[1], "exit")) /* 1 */
        exit(3);                              /* 0 */
    if (argc > 1)                             /* 1 */
        sum = never(sum) / (argc - 2);        /* 0 */
    return sum == 0 ? 9 : 0;                  /* 1 */
}
