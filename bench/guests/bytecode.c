/* A virtual machine with a stack, whose loop is one switch: br_table. sizes:
 * 20000 300
 *
 * It runs a program in a small postfix language: a letter is the value of that
 * variable, `x!` stores into x, `[ condition while ... ]` is a loop, `condition
 * ? ... : ... ;` a choice. */
#include "bench/guests/guest.h"

/* The lengths of the Collatz sequences of all numbers below n, hashed. */
static const char source[] = "1 i! [ i n < while "
                             "  i x! 0 s! "
                             "  [ x 1 - while "
                             "    x 1 & ? x 3 * 1 + x! : x 1 > x! ; "
                             "    s 1 + s! "
                             "  ] "
                             "  h s ^ 16777619 * h! "
                             "  i 1 + i! "
                             "] .";

enum op {
    PUSH,
    LOAD,
    STORE,
    ADD,
    SUB,
    MUL,
    AND,
    XOR,
    SHIFT,
    LESS,
    JUMP,
    JUMP_UNLESS,
    HALT
};

static uint32_t code[256];

static void compile(const char *p) {
    static const char operators[] = "+-*&^><";
    uint32_t size = 0, open[16], depth = 0;
    while (*p) {
        const char *word = p;
        size_t length = strcspn(p, " ");
        p += length + strspn(p + length, " ");
        if (*word >= '0' && *word <= '9') {
            code[size++] = PUSH;
            code[size++] = (uint32_t)strtoul(word, NULL, 10);
        } else if (strchr(operators, *word)) {
            code[size++] =
                ADD + (uint32_t)(strchr(operators, *word) - operators);
        } else if (length <= 2 && *word >= 'a') {
            code[size++] = length == 2 ? STORE : LOAD;
            code[size++] = (uint32_t)(*word - 'a');
        } else if (*word == '[') {
            open[depth++] = size;
        } else if (*word == ']') { /* back to `[`, and past here from `while` */
            code[size++] = JUMP;
            code[size++] = open[depth - 2];
            code[open[depth - 1]] = size;
            depth -= 2;
        } else if (*word == 'w' || *word == '?') { /* while, ? */
            code[size++] = JUMP_UNLESS;
            open[depth++] = size++;
        } else if (*word == ':') {
            code[size++] = JUMP;
            code[open[depth - 1]] = size + 1;
            open[depth - 1] = size++;
        } else if (*word == ';') {
            code[open[--depth]] = size;
        } else {
            code[size++] = HALT;
        }
    }
}

static uint32_t run(uint32_t variables[26]) {
    uint32_t stack[64], *top = stack;
    for (const uint32_t *pc = code;;) {
        switch ((enum op) * pc++) {
        case PUSH: *top++ = *pc++; break;
        case LOAD: *top++ = variables[*pc++]; break;
        case STORE: variables[*pc++] = *--top; break;
        case ADD: top--, top[-1] += *top; break;
        case SUB: top--, top[-1] -= *top; break;
        case MUL: top--, top[-1] *= *top; break;
        case AND: top--, top[-1] &= *top; break;
        case XOR: top--, top[-1] ^= *top; break;
        case SHIFT: top--, top[-1] >>= *top & 31; break;
        case LESS: top--, top[-1] = top[-1] < *top; break;
        case JUMP: pc = code + *pc; break;
        case JUMP_UNLESS: pc = *--top ? pc + 1 : code + *pc; break;
        case HALT: return variables['h' - 'a'];
        }
    }
}

int main(int argc, char **argv) {
    uint32_t variables[26] = {['n' - 'a'] = size_argument(argc, argv)};
    compile(source);
    return print_sum(run(variables));
}
