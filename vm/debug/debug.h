/* What a module's debugging information says about its code: DWARF, as
 * compilers leave it in custom sections
 * (https://yurydelendik.github.io/webassembly-dwarf/).
 *
 * It is the guest's word, and only a hint. Nothing here fails: what is damaged,
 * unknown or absent has no name, as if it were not there. Opening it reads all
 * entries once, and each question what it needs, with work and memory in step
 * with the sections' size; whoever does not ask pays nothing.
 *
 * What reads it needs nothing of the vm but the module's bytes; the rest of this
 * folder counts what is executed, by counts.h. */
#ifndef HOSTEL_VM_DEBUG_DEBUG_H
#define HOSTEL_VM_DEBUG_DEBUG_H

#include "base/base.h"

struct debug; /* what is known of one module */

/* Read what the module (borrowed, as long as this lives) says. NULL without
 * memory, which is drawn from the budget. */
struct debug *debug_open(struct slice module, struct budget *memory);
void debug_free(struct debug *debug); /* or NULL */

/* The name of the function whose body is number `body` in the code section: its
 * own behind those of the namespaces and classes it stands in, with "::"
 * between. A stranger's bytes; empty if unknown. */
struct slice debug_function_name(const struct debug *debug, uint32_t body);

/* Whether the name is one that a compiler made to tell functions of one name
 * apart, for linkers: of C++, as _ZN4shop3addEi, which is shop::add(int), or of
 * Rust, as _RNvC4shop3add. */
static inline bool name_is_mangled(struct slice name) {
    bool begins = name.size > 2 && name.data[0] == '_';
    return begins && (name.data[1] == 'Z' || name.data[1] == 'R');
}

/* Where a piece of code stands in the source. */
struct debug_place {
    struct slice name; /* of the function; as above */
    /* A path, from the directory the compiler ran in; or empty. */
    struct slice file;
    uint32_t line; /* from 1 on, or 0 */
    bool inlined;  /* into the code of the next place */
};

/* The places of the instruction at byte `offset` of the module: first,
 * innermost first, those in functions that were inlined, each of which the next
 * place calls; last, that in the function which has the body. At most
 * `capacity`; returns how many, which is 0 outside of all bodies. Texts that
 * have to be put together are in `texts`. */
size_t debug_places(struct debug *debug,
                    uint32_t offset,
                    struct arena *texts,
                    struct debug_place *places,
                    size_t capacity);

/* A file of the source: the path that a place has, and the directory the
 * compiler ran in, from which it leads on if it does not begin with "/". A
 * stranger's bytes. */
struct debug_file {
    struct slice directory, path;
};

/* Code from the byte `start` of the module up to `end` that one line makes. */
struct debug_line {
    uint32_t start, end;
    uint32_t file; /* by its number in the list */
    uint32_t line; /* from 1 on */
    uint32_t own;  /* the file's number in its unit */
};

/* What is known of all code: ascending, without overlaps. What no line makes is
 * left out. */
struct debug_lines {
    const struct debug_line *lines;
    size_t line_count;
    const struct debug_file *files;
    size_t file_count; /* one may be there twice */
};

/* Read at the first call, and kept; places are found quicker from then on.
 * Empty without memory. */
struct debug_lines debug_lines(struct debug *debug);

/* The number of the line that has the byte at `offset`, or line_count. */
size_t debug_line_find(const struct debug_lines *lines, uint64_t offset);

/* Functions that were inlined have copies in the bodies of others. Of each of
 * the lines: the number of the copy that it is in, or 0. */
void debug_copies(struct debug *debug, uint32_t *copies);

/* The function of a copy, or that which has the body: its mangled name, or as
 * above; and where it is declared, or 0. Work is counted from debug_copies
 * on: behind too much, nothing is known. */
struct debug_function {
    struct slice name;
    uint32_t line;
};

struct debug_function debug_function_of(struct debug *debug,
                                        uint32_t body,
                                        uint32_t copy,
                                        struct arena *texts);

#endif
