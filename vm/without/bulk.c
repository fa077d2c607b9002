/* A build in which no instruction names tables, segments or two memories. */
#include "vm/rings.h"

bool bulk_named(struct validator *v,
                const struct immediate *immediate,
                struct varying *types) {
    (void)v, (void)immediate, (void)types;
    return false;
}

bool bulk_near(struct validator *v, const struct immediate *immediate) {
    (void)v, (void)immediate;
    return false;
}
