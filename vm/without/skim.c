/* A build in which every instruction is validated by the rules for all. */
#include "vm/rings.h"

void skim(struct validator *v) {
    (void)v;
}
