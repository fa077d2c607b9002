/* A build that reads no debugging information: nothing has a name or place. */
#include "vm/debug/debug.h"

struct debug *debug_open(struct slice module, struct budget *memory) {
    (void)module, (void)memory;
    return NULL;
}

void debug_free(struct debug *debug) {
    (void)debug;
}

struct slice debug_function_name(const struct debug *debug, uint32_t body) {
    (void)debug, (void)body;
    return (struct slice){NULL, 0};
}

size_t debug_places(struct debug *debug,
                    uint32_t offset,
                    struct arena *texts,
                    struct debug_place *places,
                    size_t capacity) {
    (void)debug, (void)offset, (void)texts, (void)places, (void)capacity;
    return 0;
}
