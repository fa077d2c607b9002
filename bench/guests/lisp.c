/* A small Lisp that sorts, queries and counts queens: cells, association lists,
 * recursion. sizes: 9 5
 *
 * A value is an index: below SYMBOLS a symbol (0 is nil), above CELLS a cell,
 * else a number. There is no collection of garbage; the cells of one round are
 * dropped together. */
#include "bench/guests/guest.h"

typedef uint32_t value;

enum {
    SYMBOLS = 256,
    CELLS = 0x40000000,
    MOST_CELLS = 4000000,
    ZERO = 0x20000000
};
enum {
    NIL,
    T,
    QUOTE,
    IF,
    LAMBDA,
    DEFINE,
    CONS,
    CAR,
    CDR,
    ATOM,
    ADD,
    SUB,
    MUL,
    LESS,
    EQUAL,
    BUILT_IN
};

static const char *const built_in[] = {"nil",
                                       "t",
                                       "quote",
                                       "if",
                                       "lambda",
                                       "define",
                                       "cons",
                                       "car",
                                       "cdr",
                                       "atom",
                                       "+",
                                       "-",
                                       "*",
                                       "<",
                                       "="};

static const char program[] =
    "(define append (lambda (a b) (if a (cons (car a) (append (cdr a) b)) b)))"
    "(define length (lambda (a) (if a (+ 1 (length (cdr a))) 0)))"
    "(define map (lambda (f a) (if a (cons (f (car a)) (map f (cdr a))) nil)))"
    "(define filter (lambda (f a) (if a (if (f (car a)) (cons (car a) (filter "
    "f (cdr a)))"
    "  (filter f (cdr a))) nil)))"
    "(define sort (lambda (a) (if a (append (sort (filter (lambda (x) (< x "
    "(car a))) (cdr a)))"
    "  (cons (car a) (sort (filter (lambda (x) (if (< x (car a)) nil t)) (cdr "
    "a))))) nil)))"
    "(define random (lambda (n x) (if (= n 0) nil (cons x (random (- n 1)"
    "  (- (* x 17) (* 4 (* x x))))))))"
    "(define sum (lambda (a) (if a (+ (car a) (sum (cdr a))) 0)))"
    "(define safe (lambda (q d qs) (if qs (if (= (car qs) q) nil (if (= (car "
    "qs) (+ q d)) nil"
    "  (if (= (car qs) (- q d)) nil (safe q (+ d 1) (cdr qs))))) t)))"
    "(define try (lambda (q n left qs) (if (= q n) 0 (+ (try (+ q 1) n left qs)"
    "  (if (safe q 1 qs) (queens n (- left 1) (cons q qs)) 0)))))"
    "(define queens (lambda (n left qs) (if (= left 0) 1 (try 0 n left qs))))";

static struct { value car, cdr; } cells[MOST_CELLS];
static uint32_t cell_count;

static char names[SYMBOLS][16];
static uint32_t symbol_count;
static value globals[SYMBOLS];
static const char *at; /* the reader's place */

static value cons(value car, value cdr) {
    if (cell_count == MOST_CELLS)
        exit(1);
    cells[cell_count].car = car;
    cells[cell_count].cdr = cdr;
    return CELLS + cell_count++;
}

static value car(value v) {
    return v >= CELLS ? cells[v - CELLS].car : NIL;
}

static value cdr(value v) {
    return v >= CELLS ? cells[v - CELLS].cdr : NIL;
}

static value symbol(const char *name, size_t length) {
    for (value s = 0; s < symbol_count; s++) {
        if (strlen(names[s]) == length && memcmp(names[s], name, length) == 0)
            return s;
    }
    memcpy(names[symbol_count], name, length);
    return symbol_count++;
}

static value read(void) {
    at += strspn(at, " ");
    if (*at == '(') {
        value first = NIL, last = NIL;
        for (at++; *at != ')'; at += strspn(at, " ")) {
            value cell = cons(read(), NIL);
            if (last)
                cells[last - CELLS].cdr = cell;
            else
                first = cell;
            last = cell;
        }
        at++;
        return first;
    }
    const char *word = at;
    at += strcspn(at, " ()");
    if (*word >= '0' && *word <= '9')
        return ZERO + (value)strtoul(word, NULL, 10);
    return symbol(word, (size_t)(at - word));
}

static value truth(int yes) {
    return yes ? T : NIL;
}

/* Numbers have 29 bits and wrap. */
static value number(uint32_t n) {
    return ZERO + (n & (ZERO - 1));
}

static value apply_built_in(value f, value a, value b) {
    switch (f) {
    case CONS: return cons(a, b);
    case CAR: return car(a);
    case CDR: return cdr(a);
    case ATOM: return truth(a < CELLS);
    case ADD: return number(a + b);
    case SUB: return number(a - b);
    case MUL: return number((a - ZERO) * (b - ZERO));
    case LESS: return truth(a < b);
    case EQUAL: return truth(a == b);
    default: return NIL;
    }
}

static value lookup(value name, value scope) {
    for (; scope; scope = cdr(scope)) {
        if (car(car(scope)) == name)
            return cdr(car(scope));
    }
    return globals[name];
}

static value eval(value e, value scope) {
    for (;;) {
        if (e < SYMBOLS)
            return lookup(e, scope);
        if (e < CELLS)
            return e;
        value head = car(e), rest = cdr(e);
        if (head == QUOTE)
            return car(rest);
        if (head == LAMBDA)
            return cons(rest, scope);
        if (head == IF) {
            e = car(eval(car(rest), scope) ? cdr(rest) : cdr(cdr(rest)));
            continue;
        }
        if (head == DEFINE)
            return globals[car(rest)] = eval(car(cdr(rest)), scope);
        value f = eval(head, scope), first = eval(car(rest), scope);
        if (f < BUILT_IN)
            return apply_built_in(f, first, eval(car(cdr(rest)), scope));
        value parameters = car(car(f)),
              inner = cons(cons(car(parameters), first), cdr(f));
        while ((rest = cdr(rest)) && (parameters = cdr(parameters))) {
            inner = cons(cons(car(parameters), eval(car(rest), scope)), inner);
        }
        e = car(cdr(car(f)));
        scope = inner;
    }
}

static value run(const char *text) {
    value result = NIL;
    for (at = text; *at;)
        result = eval(read(), NIL);
    return result;
}

int main(int argc, char **argv) {
    uint32_t size = size_argument(argc, argv), sum = 0;
    for (; symbol_count < BUILT_IN;
         globals[symbol_count] = symbol_count, symbol_count++) {
        strcpy(names[symbol_count], built_in[symbol_count]);
    }
    run(program);
    uint32_t kept = cell_count;
    for (uint32_t n = 1; n <= size; n++) {
        char text[64];
        sprintf(text, "(queens %u %u nil)", (unsigned)n, (unsigned)n);
        sum = mix(sum, run(text));
        cell_count = kept;
        sprintf(text, "(sum (sort (random %u 12345)))", (unsigned)n * 40);
        sum = mix(sum, run(text));
        cell_count = kept;
    }
    return print_sum(sum);
}
