/* Arenas: memory with one lifetime. And arrays that grow.
 *
 * A list of blocks, the newest first. Small requests are cut from the newest
 * block, each block twice as large as the one before up to a bound, so the
 * number of blocks stays small and little is wasted; a large request gets a
 * block of its own behind the newest. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, FIRST_ENTRIES = 32 };

struct arena_block {
    struct arena_block *older;
    size_t size, used; /* of `bytes` */
    max_align_t bytes[];
};

void arena_init(struct arena *arena) {
    *arena = (struct arena){0};
}

static struct arena_block *block_new(struct budget *budget, size_t size) {
    if (size > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = budget_alloc(budget, 1, sizeof *block + size);
    if (block)
        block->size = size;
    return block;
}

static size_t next_size(const struct arena_block *newest) {
    if (!newest)
        return FIRST_BLOCK;
    if (newest->size < LARGEST_BLOCK)
        return newest->size * 2;
    return LARGEST_BLOCK;
}

/* Add a block with room for `want` bytes. */
static struct arena_block *grow(struct arena *arena, size_t want) {
    struct arena_block *newest = arena->newest;
    size_t size = next_size(newest);
    bool alone = want > size / 4;
    if (alone)
        size = want;
    struct arena_block *block = block_new(arena->budget, size);
    if (!block)
        return NULL;

    if (alone && newest) { /* keep cutting small pieces from the newest */
        block->older = newest->older;
        newest->older = block;
    } else {
        block->older = newest;
        arena->newest = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size) {
    const size_t align = sizeof(max_align_t);
    if (size != 0 && count > (SIZE_MAX - align) / size)
        return NULL;

    size_t want = (count * size + align - 1) / align * align;
    struct arena_block *block = arena->newest;
    if (!block || block->size - block->used < want)
        block = grow(arena, want);
    if (!block)
        return NULL;

    void *result = (uint8_t *)block->bytes + block->used;
    block->used += want;
    arena->allocated += want;
    return result;
}

char *arena_text(struct arena *arena, struct slice text) {
    char *copy = arena_alloc(arena, text.size + 1, 1);
    if (copy && text.size)
        memcpy(copy, text.data, text.size);
    return copy;
}

/* Growing by half wastes a third at most, and copies each entry twice on
 * average. */
void *array_reserve(struct budget *budget,
                    void *array,
                    size_t count,
                    size_t *capacity,
                    size_t size) {
    if (count < *capacity)
        return array;
    size_t missing = count - *capacity + 1;
    size_t more = *capacity ? *capacity / 2 : FIRST_ENTRIES;
    if (more < missing)
        more = missing;
    if (more > SIZE_MAX / size - *capacity)
        return NULL;
    if (!budget_take(budget, more * size))
        return NULL;
    void *grown = realloc(array, (*capacity + more) * size);
    if (!grown) {
        budget_give(budget, more * size);
        return NULL;
    }
    *capacity += more;
    return grown;
}

void array_free(struct budget *budget,
                void *array,
                size_t capacity,
                size_t size) {
    budget_free(budget, array, capacity * size);
}

void arena_free(struct arena *arena) {
    for (struct arena_block *block = arena->newest; block;) {
        struct arena_block *older = block->older;
        budget_free(arena->budget, block, sizeof *block + block->size);
        block = older;
    }
    *arena = (struct arena){.budget = arena->budget};
}
