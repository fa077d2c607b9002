/* Arenas: memory with one lifetime. And arrays that double.
 *
 * A list of blocks, the newest first. Small requests are cut from the newest block, each block
 * twice as large as the one before up to a bound, so the number of blocks stays small and little
 * is wasted; a large request gets a block of its own behind the newest.
 */
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

static struct arena_block *block_new(size_t size) {
    if (size > SIZE_MAX - sizeof(struct arena_block)) return NULL;
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (block) block->size = size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size) {
    const size_t align = sizeof(max_align_t);
    if (size != 0 && count > (SIZE_MAX - align) / size) return NULL;
    size_t want = (count * size + align - 1) / align * align;
    struct arena_block *newest = arena->newest;
    if (!newest || newest->size - newest->used < want) {
        size_t next = !newest                        ? FIRST_BLOCK
                      : newest->size < LARGEST_BLOCK ? newest->size * 2
                                                     : LARGEST_BLOCK;
        bool alone = want > next / 4;
        struct arena_block *block = block_new(alone ? want : next);
        if (!block) return NULL;
        if (alone && newest) { /* keep cutting small pieces from the newest */
            block->older = newest->older;
            newest->older = block;
        } else {
            block->older = newest;
            arena->newest = block;
        }
        newest = block;
    }
    void *result = (uint8_t *)newest->bytes + newest->used;
    newest->used += want;
    arena->allocated += want;
    return result;
}

char *arena_text(struct arena *arena, struct slice text) {
    char *copy = arena_alloc(arena, text.size + 1, 1);
    if (copy && text.size) memcpy(copy, text.data, text.size);
    return copy;
}

void *array_reserve(void *array, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity) return array;
    size_t larger = *capacity ? *capacity * 2 : FIRST_ENTRIES;
    void *grown = larger > SIZE_MAX / size ? NULL : realloc(array, larger * size);
    if (grown) *capacity = larger;
    return grown;
}

void arena_free(struct arena *arena) {
    for (struct arena_block *block = arena->newest; block;) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
    arena_init(arena);
}
