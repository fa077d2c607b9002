/* Parsing JSON into a tree and printing the tree: recursion over text, small
 * objects, doubles. sizes: 150 2 */
#include "bench/guests/guest.h"

enum { MOST_TEXT = 1 << 18, MOST_NODES = 40000 };

/* A value. Those of an array or object hang from `first` in a chain by
 * `next`. */
struct node {
    char kind; /* { [ " 0 t f n */
    struct node *first, *next;
    const char *key, *string; /* into the text */
    uint32_t key_size, string_size;
    double number;
};

static char text[MOST_TEXT], printed[MOST_TEXT];
static struct node nodes[MOST_NODES];
static uint32_t node_count;
static const char *at; /* the parser's place */
static char *out;      /* the printer's */

static void skip_space(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
}

static const char *parse_string(uint32_t *size) {
    const char *start = ++at;
    for (; *at != '"'; at++)
        at += *at == '\\';
    *size = (uint32_t)(at++ - start);
    return start;
}

static double parse_number(void) {
    double sign = *at == '-' ? at++, -1 : 1, number = 0, unit = 1;
    for (; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++)
            number += (*at - '0') * (unit /= 10);
    }
    return sign * number;
}

static struct node *parse(void) {
    struct node *node = &nodes[node_count++], **last = &node->first;
    skip_space();
    *node = (struct node){.kind = *at};
    if (*at == '{' || *at == '[') {
        char end = *at++ == '{' ? '}' : ']';
        for (skip_space(); *at != end; skip_space()) {
            uint32_t key_size = 0;
            const char *key = NULL;
            if (*at == ',')
                at++, skip_space();
            if (end == '}') {
                key = parse_string(&key_size);
                skip_space();
                at++; /* the colon */
            }
            *last = parse();
            (*last)->key = key, (*last)->key_size = key_size;
            last = &(*last)->next;
        }
        at++;
    } else if (*at == '"') {
        node->string = parse_string(&node->string_size);
    } else if (*at == 't' || *at == 'f' || *at == 'n') {
        at += *at == 'f' ? 5 : 4;
    } else {
        node->kind = '0';
        node->number = parse_number();
    }
    return node;
}

static void put(const char *bytes, uint32_t size) {
    while (size-- > 0)
        *out++ = *bytes++;
}

static void put_quoted(const char *bytes, uint32_t size) {
    *out++ = '"';
    put(bytes, size);
    *out++ = '"';
}

static void put_number(double number) {
    char digits[24];
    uint32_t n = 0, whole;
    if (number < 0)
        *out++ = '-', number = -number;
    whole = (uint32_t)number;
    do
        digits[n++] = (char)('0' + whole % 10);
    while (whole /= 10);
    while (n > 0)
        *out++ = digits[--n];
    uint32_t hundredths = (uint32_t)((number - (uint32_t)number) * 100 + 0.5);
    if (hundredths)
        *out++ = '.', *out++ = (char)('0' + hundredths / 10 % 10);
    if (hundredths % 10)
        *out++ = (char)('0' + hundredths % 10);
}

static void print(const struct node *node) {
    if (node->key)
        put_quoted(node->key, node->key_size), *out++ = ':';
    switch (node->kind) {
    case '{':
    case '[':
        *out++ = node->kind;
        for (const struct node *n = node->first; n; n = n->next) {
            print(n);
            if (n->next)
                *out++ = ',';
        }
        *out++ = node->kind == '{' ? '}' : ']';
        break;
    case '"': put_quoted(node->string, node->string_size); break;
    case 't': put("true", 4); break;
    case 'f': put("false", 5); break;
    case 'n': put("null", 4); break;
    default: put_number(node->number); break;
    }
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0, random = 11;
    int n = sprintf(text, "[ ");
    for (int i = 0; i < 1000; i++) {
        uint32_t r = next_random(&random);
        n += sprintf(
            text + n,
            "%s{\"id\": %u, \"name\": \"guest \\\"%u\\\"\", \"room\": [%u, "
            "-%u.%u],\n  "
            "\"paid\": %s, \"notes\": {\"breakfast\": null, \"nights\": %u}}",
            i ? ", " : "",
            r % 100000,
            r % 777,
            r % 30,
            r % 1000,
            r % 9 + 1,
            r % 2 ? "true" : "false",
            r % 14);
    }
    memcpy(text + n, "]", 2);
    for (uint32_t i = 0; i < rounds; i++) {
        at = text, out = printed, node_count = 0;
        print(parse());
        sum = mix_bytes(
            sum + node_count, printed + i, (uint32_t)(out - printed) % 1000);
    }
    return print_sum(mix_bytes(sum, printed, (uint32_t)(out - printed)));
}
