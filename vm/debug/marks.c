/* Marks that were made one by one, from bodies, copies of inlined functions and
 * files, brought together: see coverage.h.
 *
 * All are sorted; then those of one place are neighbours, and add up. A
 * function is known by its name: what says how often it was called may not say
 * where it begins. */
#include "vm/debug/coverage.h"

#include <stdlib.h>
#include <string.h>

bool section_add(struct vm_coverage *coverage, struct section section) {
    size_t count = coverage->section_count;
    struct section *sections = array_reserve(coverage->memory,
                                             coverage->sections,
                                             count,
                                             &coverage->section_capacity,
                                             sizeof *sections);
    if (!sections || count >= UINT32_MAX)
        return false;
    coverage->sections = sections;
    sections[coverage->section_count++] = section;
    return true;
}

bool mark_add(struct vm_coverage *coverage, const struct mark *mark) {
    struct mark *marks = array_reserve(coverage->memory,
                                       coverage->marks,
                                       coverage->mark_count,
                                       &coverage->mark_capacity,
                                       sizeof *marks);
    if (!marks)
        return false;
    coverage->marks = marks;
    marks[coverage->mark_count++] = *mark;
    return true;
}

/* ---- orders ---- */

static int compare_texts(struct slice a, struct slice b) {
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.data, b.data, size) : 0;
    return order ? order : numbers_compare(a.size, b.size);
}

/* A section, and its number. */
struct numbered {
    struct section section;
    uint32_t number;
};

static int by_file(const void *a, const void *b) {
    const struct section *x = a, *y = b;
    int order = compare_texts(x->path, y->path);
    return order ? order : compare_texts(x->test, y->test);
}

static int by_number(const void *a, const void *b) {
    const struct numbered *x = a, *y = b;
    int order = by_file(&x->section, &y->section);
    return order ? order : numbers_compare(x->number, y->number);
}

/* Marks of one place are equal. */
static int by_place(const struct mark *x, const struct mark *y) {
    int order = numbers_compare(x->section, y->section);
    if (order == 0)
        order = numbers_compare(x->kind, y->kind);
    if (order == 0 && x->kind == MARK_FUNCTION)
        return compare_texts(x->name, y->name);
    if (order == 0)
        order = numbers_compare(x->line, y->line);
    if (order == 0)
        order = numbers_compare(x->block, y->block);
    return order ? order : numbers_compare(x->branch, y->branch);
}

static int by_all(const void *a, const void *b) {
    const struct mark *x = a, *y = b;
    int order = by_place(x, y);
    return order ? order : numbers_compare(x->line, y->line);
}

/* ---- bringing together ---- */

/* Number the marks by the sections' order, in which no file is twice. */
static void renumber(struct vm_coverage *coverage,
                     const struct numbered *sorted,
                     uint32_t *numbers) {
    struct section *sections = coverage->sections;
    size_t count = coverage->section_count, kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct section *section = &sorted[i].section;
        bool same = kept > 0 && by_file(section, &sections[kept - 1]) == 0;
        if (!same)
            sections[kept++] = *section;
        numbers[sorted[i].number] = (uint32_t)kept - 1;
    }
    coverage->section_count = kept;
    for (size_t i = 0; i < coverage->mark_count; i++) {
        struct mark *mark = &coverage->marks[i];
        mark->section = numbers[mark->section];
    }
}

static bool merge_sections(struct vm_coverage *coverage) {
    struct budget *memory = coverage->memory;
    size_t count = coverage->section_count;
    struct numbered *sorted = budget_alloc(memory, count + 1, sizeof *sorted);
    uint32_t *numbers = budget_alloc(memory, count + 1, sizeof *numbers);
    bool fine = sorted && numbers;
    for (size_t i = 0; fine && i < count; i++)
        sorted[i] = (struct numbered){coverage->sections[i], (uint32_t)i};
    if (fine) {
        qsort(sorted, count, sizeof *sorted, by_number);
        renumber(coverage, sorted, numbers);
    }
    budget_free(memory, sorted, (count + 1) * sizeof *sorted);
    budget_free(memory, numbers, (count + 1) * sizeof *numbers);
    return fine;
}

/* Where a function begins is the first line that is known. */
static void add_to(struct mark *sum, const struct mark *mark) {
    sum->count = sum_of(sum->count, mark->count);
    sum->reached |= mark->reached;
    if (sum->line == 0)
        sum->line = mark->line;
}

bool marks_merge(struct vm_coverage *coverage) {
    struct mark *marks = coverage->marks;
    size_t count = coverage->mark_count, kept = 0;
    if (!merge_sections(coverage))
        return false;
    if (count > 0)
        qsort(marks, count, sizeof *marks, by_all);
    for (size_t i = 0; i < count; i++) {
        bool same = kept > 0 && by_place(&marks[i], &marks[kept - 1]) == 0;
        if (same)
            add_to(&marks[kept - 1], &marks[i]);
        else
            marks[kept++] = marks[i];
    }
    coverage->mark_count = kept;
    return true;
}
