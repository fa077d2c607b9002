/* Names in a module: those of its exports, to find them by, and those that the name section gives
 * to functions, for backtraces and dumps.
 *
 * A module may have a million exports, and others may import all of them: they are sorted once and
 * then searched by halves. Names are compared as bytes; their order means nothing.
 */
#include "vm/module.h"

#include <string.h>

/* ---- exports ---- */

static int compare_names(struct slice a, struct slice b) {
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Move the root of a heap that may be too small down to its place. */
static void sift(const struct vm_export **heap, size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        bool right = child + 1 < count;
        if (right && compare_names(heap[child]->name, heap[child + 1]->name) < 0) child++;
        if (compare_names(heap[root]->name, heap[child]->name) >= 0) return;
        const struct vm_export *swap = heap[root];
        heap[root] = heap[child];
        heap[child] = swap;
    }
}

/* Heap sort, since no hostile order of names makes it quadratic. */
static void sort_by_name(const struct vm_export **exports, size_t count) {
    for (size_t i = count / 2; i-- > 0;) sift(exports, i, count);
    for (size_t i = count; i-- > 1;) {
        const struct vm_export *swap = exports[0];
        exports[0] = exports[i];
        exports[i] = swap;
        sift(exports, 0, i);
    }
}

/* For searches; and equal names, which are refused (spec 3.4.10), are neighbours then. */
void module_sort_exports(struct module *module, struct reader *reader) {
    const struct vm_export **sorted =
        arena_alloc(&module->arena, module->export_count, sizeof *sorted);
    if (!sorted) {
        reader_fail(reader, ERROR_IO, "out of memory: exports");
        return;
    }
    module->exports_by_name = sorted;
    for (uint32_t i = 0; i < module->export_count; i++) sorted[i] = &module->exports[i];
    sort_by_name(sorted, module->export_count);
    for (uint32_t i = 1; i < module->export_count; i++) {
        if (slice_equal(sorted[i - 1]->name, sorted[i]->name)) {
            reader_fail(reader, ERROR_INVALID, "duplicate export name \"%.*s\"",
                        (int)(sorted[i]->name.size < 100 ? sorted[i]->name.size : 100),
                        (const char *)sorted[i]->name.data);
            return;
        }
    }
}

const struct vm_export *module_find_export(const struct module *module, struct slice name) {
    uint32_t low = 0, high = module->export_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct vm_export *export = module->exports_by_name[middle];
        int order = compare_names(name, export->name);
        if (order == 0) return export;
        if (order < 0) high = middle;
        if (order > 0) low = middle + 1;
    }
    return NULL;
}

/* ---- functions ---- */

/* The name section (spec 7.4.1) is a hint: whatever is wrong in it only means that there is no
 * name. It has subsections, each an id, a size and its content. That of functions, whose id is 1,
 * maps indices to names: 01 06  01  00 03 61 64 64 is one of 6 bytes, for 1 function, 0: "add". */
static void read_function_names(struct module *module) {
    enum { FUNCTION_NAMES = 1 };
    struct error ignored = ERROR_INIT;
    struct reader names = reader_init(module->names, &ignored);
    while (reader_ok(&names) && !reader_at_end(&names)) {
        uint8_t id = reader_u8(&names);
        struct reader content = reader_part(&names, reader_u32(&names), "names");
        if (id != FUNCTION_NAMES) continue;
        uint32_t count = reader_u32(&content);
        for (uint32_t i = 0; i < count && reader_ok(&content); i++) {
            uint32_t index = reader_u32(&content);
            struct slice name = reader_name(&content);
            bool known = reader_ok(&content) && index < module->function_count;
            if (known) module->function_names[index] = name;
        }
    }
}

/* The section is read when the first name is asked for; a run without a backtrace needs none. */
struct slice module_function_name(struct module *module, uint32_t function) {
    if (!module->function_names) {
        module->function_names =
            arena_alloc(&module->arena, module->function_count, sizeof(struct slice));
        if (!module->function_names) return (struct slice){NULL, 0};
        read_function_names(module);
    }
    return module->function_names[function];
}
