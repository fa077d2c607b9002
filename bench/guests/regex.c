/* Regular expressions, matched by running all states of the automaton at once.
 * sizes: 100 4 */
#include "bench/guests/guest.h"

/* A program for the automaton, as Thompson made it: SPLIT goes on at both its
 * places. */
enum kind { CHAR, ANY, SET, SPLIT, JUMP, MATCH };

struct instruction {
    enum kind kind;
    uint32_t x, y;   /* the character, or where to go on */
    uint32_t set[8]; /* the characters of SET, one bit each */
};

enum { MOST = 128 };

static struct instruction program[MOST];
static uint32_t size;
static const char *pattern; /* the compiler's place in it */

static uint32_t emit(enum kind kind, uint32_t x, uint32_t y) {
    program[size] = (struct instruction){.kind = kind, .x = x, .y = y};
    return size++;
}

/* Make room for one instruction in front of a piece; its inner jumps move with
 * it. */
static void insert(uint32_t at) {
    memmove(&program[at + 1], &program[at], (size++ - at) * sizeof *program);
    for (uint32_t i = at + 1; i < size; i++) {
        if (program[i].kind == SPLIT || program[i].kind == JUMP)
            program[i].x++, program[i].y++;
    }
}

static void compile_set(void) {
    struct instruction *set = &program[emit(SET, 0, 0)];
    int negated = *pattern == '^';
    if (negated)
        pattern++;
    for (; *pattern != ']'; pattern++) {
        unsigned char first = (unsigned char)*pattern, last = first;
        if (pattern[1] == '-')
            pattern += 2, last = (unsigned char)*pattern;
        for (uint32_t c = first; c <= last; c++)
            set->set[c / 32] |= 1u << c % 32;
    }
    pattern++;
    for (int i = 0; i < 8 && negated; i++)
        set->set[i] = ~set->set[i];
}

static void compile_choice(void);

static void compile_piece(void) {
    uint32_t start = size;
    char c = *pattern++;
    if (c == '(')
        compile_choice(), pattern++;
    else if (c == '[')
        compile_set();
    else if (c == '.')
        emit(ANY, 0, 0);
    else
        emit(CHAR, (unsigned char)c, 0);
    for (; *pattern == '*' || *pattern == '+' || *pattern == '?'; pattern++) {
        if (*pattern == '+') {
            emit(SPLIT, start, size + 1);
            continue;
        }
        insert(start);
        if (*pattern == '*')
            emit(JUMP, start, start);
        program[start] =
            (struct instruction){.kind = SPLIT, .x = start + 1, .y = size};
    }
}

static void compile_choice(void) {
    uint32_t start = size, jumps[8], count = 0;
    while (*pattern && *pattern != ')') {
        if (*pattern != '|') {
            compile_piece();
            continue;
        }
        insert(start);
        jumps[count++] = emit(JUMP, 0, 0);
        for (uint32_t i = 0; i + 1 < count; i++)
            jumps[i]++;
        program[start] =
            (struct instruction){.kind = SPLIT, .x = start + 1, .y = size};
        pattern++;
    }
    for (uint32_t i = 0; i < count; i++)
        program[jumps[i]].x = program[jumps[i]].y = size;
}

struct list {
    uint32_t count, at[MOST];
};

static uint32_t seen[MOST], generation;

/* Add a place and those it goes on to without a character; true if the match is
 * among them. */
static int follow(struct list *list, uint32_t at) {
    if (seen[at] == generation)
        return 0;
    seen[at] = generation;
    const struct instruction *i = &program[at];
    if (i->kind == JUMP)
        return follow(list, i->x);
    if (i->kind == SPLIT)
        return follow(list, i->x) | follow(list, i->y);
    list->at[list->count++] = at;
    return i->kind == MATCH;
}

static int accepts(const struct instruction *i, unsigned char c) {
    if (i->kind == CHAR)
        return i->x == c;
    if (i->kind == SET)
        return i->set[c / 32] >> c % 32 & 1;
    return i->kind == ANY;
}

/* A hash of the places where a match ends; the search goes on behind it. */
static uint32_t search(const char *text) {
    struct list lists[2] = {{0}, {0}}, *now = &lists[0], *next = &lists[1];
    uint32_t sum = 0;
    for (const char *p = text; *p; p++) {
        int found = 0;
        generation++;
        for (uint32_t i = 0; i < now->count && !found; i++) {
            if (accepts(&program[now->at[i]], (unsigned char)*p)) {
                found = follow(next, now->at[i] + 1);
            }
        }
        if (found)
            sum = mix(sum, (uint32_t)(p - text)), next->count = 0, generation++;
        follow(next, 0);
        struct list *old = now;
        now = next, next = old;
        next->count = 0;
    }
    return sum;
}

int main(int argc, char **argv) {
    static const char *const patterns[] = {
        "[0-9]+-[0-9]+-[0-9]+",
        "(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
        "[a-z]+@[a-z]+([.][a-z]+)*",
        "x*(xy?)+z|a.*b",
    };
    static char text[20000];
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 21;
    static const char *const words[] = {"Monday",
                                        "Sunda",
                                        "2026-11-23",
                                        "1-",
                                        "x",
                                        "xyxz",
                                        "me@example.org",
                                        "abc ",
                                        " ",
                                        "b\n",
                                        "Thursday",
                                        "a"};
    for (size_t n = 0; n + 32 < sizeof text;) {
        n += (size_t)sprintf(text + n, "%s", words[next_random(&random) % 12]);
    }
    for (uint32_t i = 0; i < rounds; i++) {
        pattern = patterns[i % 4];
        size = 0;
        compile_choice();
        emit(MATCH, 0, 0);
        sum = mix(sum, search(text));
    }
    return print_sum(sum);
}
