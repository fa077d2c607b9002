/* Coverage: how often lines of the source were executed, functions called and
 * conditional branches decided, each of which is a mark.
 *
 *     coverage.c     marks of what counts.h has counted, by the lines of DWARF
 *     marks.c        those of one place are brought together
 *     lcov.c         marks are read and written */
#ifndef HOSTEL_VM_DEBUG_COVERAGE_H
#define HOSTEL_VM_DEBUG_COVERAGE_H

#include "vm/vm.h"

/* In the order in which they are written. */
enum mark_kind { MARK_FUNCTION, MARK_BRANCH, MARK_LINE };

struct mark {
    uint32_t section; /* by its number */
    enum mark_kind kind;
    uint32_t line;
    uint32_t block, branch; /* of a branch: which one, and which way out */
    struct slice name;      /* of a function; printable */
    uint64_t count;
    bool reached; /* a branch: so that it was decided */
};

/* A file of the source, in one test. */
struct section {
    struct slice test, path; /* printable */
};

struct vm_coverage {
    struct budget *memory;
    struct arena texts;       /* those that are no one else's */
    struct section *sections; /* owned */
    size_t section_count, section_capacity;
    struct mark *marks; /* owned */
    size_t mark_count, mark_capacity;
};

/* ---- marks.c ---- */

/* A section more, perhaps of a file that there is one of already: its number
 * is section_count - 1. False without memory, as all of these. */
bool section_add(struct vm_coverage *coverage, struct section section);
bool mark_add(struct vm_coverage *coverage, const struct mark *mark);

/* Bring sections of one file and test together, in their order, and marks of
 * one place, whose counts add up, in the order of the sections. */
bool marks_merge(struct vm_coverage *coverage);

/* The sum, or the largest number. */
static inline uint64_t sum_of(uint64_t a, uint64_t b) {
    return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

#endif
