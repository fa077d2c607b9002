/* A B-tree of numbers: searches in short arrays, moves of memory, recursion.
 * sizes: 300000 3000 */
#include "bench/guests/guest.h"

enum { HALF = 8, MOST = 2 * HALF - 1 };

/* A leaf has no children. All nodes but the root hold HALF - 1 keys at
 * least. */
struct node {
    uint32_t count;
    uint32_t keys[MOST], values[MOST];
    struct node *children[MOST + 1];
};

static struct node *root;

/* The first key not below `key`. */
static uint32_t place(const struct node *node, uint32_t key) {
    uint32_t low = 0, high = node->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (node->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Make room for a key, and a child to its right, at `at`. */
static void open_gap(struct node *node, uint32_t at) {
    uint32_t behind = node->count - at;
    memmove(node->keys + at + 1, node->keys + at, behind * sizeof *node->keys);
    memmove(node->values + at + 1,
            node->values + at,
            behind * sizeof *node->values);
    memmove(node->children + at + 2,
            node->children + at + 1,
            behind * sizeof *node->children);
    node->count++;
}

/* Child `at` of `node` is full: its upper half becomes a node, its middle key
 * moves up. */
static void split(struct node *node, uint32_t at) {
    struct node *left = node->children[at], *right = calloc(1, sizeof *right);
    right->count = left->count = HALF - 1;
    memcpy(right->keys, left->keys + HALF, (HALF - 1) * sizeof *left->keys);
    memcpy(
        right->values, left->values + HALF, (HALF - 1) * sizeof *left->values);
    memcpy(
        right->children, left->children + HALF, HALF * sizeof *left->children);
    open_gap(node, at);
    node->keys[at] = left->keys[HALF - 1];
    node->values[at] = left->values[HALF - 1];
    node->children[at + 1] = right;
}

static void insert(uint32_t key, uint32_t value) {
    if (root->count == MOST) {
        struct node *top = calloc(1, sizeof *top);
        top->children[0] = root;
        root = top;
        split(root, 0);
    }
    for (struct node *node = root;;) {
        uint32_t at = place(node, key);
        if (at < node->count && node->keys[at] == key) {
            node->values[at] += value;
            return;
        }
        if (!node->children[0]) {
            open_gap(node, at);
            node->keys[at] = key;
            node->values[at] = value;
            return;
        }
        if (node->children[at]->count == MOST)
            split(node, at);
        else
            /* After a split, look again at the new key. */
            node = node->children[at];
    }
}

static uint32_t find(uint32_t key) {
    for (const struct node *node = root; node;) {
        uint32_t at = place(node, key);
        if (at < node->count && node->keys[at] == key)
            return node->values[at];
        node = node->children[at];
    }
    return 0;
}

static uint32_t walk(const struct node *node, uint32_t sum) {
    for (uint32_t i = 0; i <= node->count; i++) {
        if (node->children[i])
            sum = walk(node->children[i], sum);
        if (i < node->count)
            sum = mix(sum, node->keys[i]);
    }
    return sum;
}

int main(int argc, char **argv) {
    uint32_t count = size_argument(argc, argv), sum = 0, random = 17;
    root = calloc(1, sizeof *root);
    for (uint32_t i = 0; i < count; i++)
        insert(next_random(&random) % (count * 2), i);
    for (uint32_t i = 0; i < count * 2; i++)
        sum = mix(sum, find(i * 7919 % (count * 2)));
    return print_sum(walk(root, sum));
}
