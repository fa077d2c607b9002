/* flags: -O0 -g */
/* Traps at a line that the test looks for, below functions that are inlined
 * even without -O. */
static int table[4];

__attribute__((always_inline)) static inline int checked(int number) {
    if (number > 3)
        __builtin_trap(); /* line: checked */
    return table[number];
}

__attribute__((always_inline)) static inline int twice(int number) {
    return 2 * checked(number); /* line: twice */
}

__attribute__((noinline)) static int write_name(int number) {
    for (int i = 0; i < number; i++)
        table[i] = i;
    return twice(number); /* line: write_name */
}

int main(int argc, char **argv) {
    (void)argv;
    return write_name(argc + 3); /* line: main */
}
