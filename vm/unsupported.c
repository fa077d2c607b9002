/* What a module needs that is not there.
 *
 * A byte that is none of ours may be another's. Where the decoder meets a code
 * that it does not know it asks here, so that whoever runs the module hears
 * what it needs, and not that its bytes are wrong: a ring (rings.h) that this
 * build lacks, or a proposal that hostel does not have (vm/proposals). */
#include "vm/unsupported.h"

#include "vm/rings.h"

/* Of the rings that are left out: the Makefile fills missing.def with the rows
 * of vm/without. */
static const struct missing {
    enum place place;
    uint32_t first, last;
    enum vm_feature feature;
    const char *ring;
} missing[] = {
#define MISSING(place, first, last, feature, ring)                             \
    {PLACE_##place, first, last, VM_##feature, ring},
#include "vm/missing.def"
    {PLACE_LAYER, 0, 0, VM_MVP, NULL},
};

const char *vm_feature_name(enum vm_feature feature) {
    static const char *const names[] = {
#define X(feature, name) [VM_##feature] = name,
        VM_FEATURES(X)
#undef X
    };
    return names[feature];
}

static const struct missing *find(enum place place, uint32_t code) {
    for (const struct missing *row = missing; row->ring; row++) {
        bool here = row->place == place;
        if (here && code >= row->first && code <= row->last)
            return row;
    }
    return NULL;
}

bool unsupported(struct reader *reader,
                 enum place place,
                 uint32_t code,
                 size_t at) {
    if (!reader_ok(reader))
        return false;
    const struct missing *row = find(place, code);
    if (!row)
        return proposed(reader, place, code, at);
    reader->position = at;
    reader_fail(reader,
                ERROR_UNSUPPORTED,
                "it needs %s, which this build lacks",
                row->ring);
    reader->error->code = (int)row->feature;
    return true;
}
