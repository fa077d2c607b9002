/* The exports of a module, to find them by their names.
 *
 * A module may have a million exports, and others may import all of them: they
 * are sorted once and then searched by halves. They are sorted by a hash of the
 * name, since names may be long and begin alike: comparing two then is work in
 * proportion to neither. Their order means nothing. */
#include "vm/module.h"
#include "vm/store.h"

struct export_key {
    uint64_t hash;
    const struct vm_export *export;
};

static uint64_t name_hash(const struct module *module, struct slice name) {
    return slice_hash(name, module->vm->types.seed);
}

/* The order: by hash, and equal ones as the module has them. */
static bool is_before(const struct export_key *a, const struct export_key *b) {
    return a->hash < b->hash || (a->hash == b->hash && a->export < b->export);
}

/* Move the root of a heap that may be too small down to its place. */
static void sift(struct export_key *heap, size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        bool right = child + 1 < count;
        if (right && is_before(&heap[child], &heap[child + 1]))
            child++;
        if (is_before(&heap[child], &heap[root]))
            return;

        struct export_key swap = heap[root];
        heap[root] = heap[child];
        heap[child] = swap;
    }
}

enum { SIFT_STEPS = 16 }; /* of work, in a heap that is in no cache */

/* Heap sort, since no order of hashes makes it quadratic. False when the time
 * is up. */
static bool
sort_by_hash(struct export_key *keys, size_t count, struct meter *meter) {
    for (size_t i = count / 2; i-- > 0;) {
        if (!meter_step(meter, SIFT_STEPS))
            return false;
        sift(keys, i, count);
    }
    for (size_t i = count; i-- > 1;) {
        if (!meter_step(meter, SIFT_STEPS))
            return false;
        struct export_key swap = keys[0];
        keys[0] = keys[i];
        keys[i] = swap;
        sift(keys, 0, i);
    }
    return true;
}

static bool have_one_name(const struct export_key *a,
                          const struct export_key *b) {
    return a->hash == b->hash && slice_equal(a->export->name, b->export->name);
}

/* Equal names are neighbours (spec 3.4.10 refuses them). Of several that are
 * doubled the first is told: the order of hashes is another one in every
 * run. */
static void check_doubles(struct module *module, struct reader *reader) {
    const struct export_key *keys = module->exports_by_name;
    const struct vm_export *doubled = NULL;
    for (uint32_t i = 1; i < module->export_count; i++) {
        const struct vm_export *export = keys[i].export;
        if (!have_one_name(&keys[i - 1], &keys[i]))
            continue;
        if (!doubled || export < doubled)
            doubled = export;
    }
    if (!doubled)
        return;
    reader_fail(reader,
                ERROR_INVALID,
                "duplicate export name %s",
                quoted(doubled->name, 100).text);
}

void module_sort_exports(struct module *module, struct reader *reader) {
    struct meter *meter = &module->vm->meter;
    struct export_key *keys =
        arena_alloc(&module->arena, module->export_count, sizeof *keys);
    if (!keys) {
        reader_fail(reader, ERROR_IO, "out of memory: exports");
        return;
    }
    module->exports_by_name = keys;

    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct vm_export *export = &module->exports[i];
        keys[i] = (struct export_key){name_hash(module, export->name), export};
    }
    if (sort_by_hash(keys, module->export_count, meter)) {
        check_doubles(module, reader);
    } else {
        reader_time_out(module, reader);
    }
}

/* The first whose hash is not smaller. */
static uint32_t find_hash(const struct module *module, uint64_t hash) {
    uint32_t low = 0;
    uint32_t high = module->export_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (module->exports_by_name[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct vm_export *module_find_export(const struct module *module,
                                           struct slice name) {
    uint64_t hash = name_hash(module, name);
    for (uint32_t i = find_hash(module, hash); i < module->export_count; i++) {
        const struct export_key *key = &module->exports_by_name[i];
        if (key->hash != hash)
            return NULL;
        if (slice_equal(key->export->name, name))
            return key->export;
    }
    return NULL;
}
