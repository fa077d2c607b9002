/* Where an instruction stands in the source. The unit's table has its file and
 * line. But where a function was inlined, its line is that of the inlined one,
 * and an entry below the subprogram's says which function that is, and from
 * where it was called (DWARF 5, section 3.3.8):
 *
 *     subprogram "run" from 2 on, 99 bytes long
 *       inlined subroutine "double" from 20 to 40, called in demo.c, line 7
 *         inlined subroutine "add" from 30 to 40, called in demo.c, line 3
 *
 *     an instruction at 35:  add, with the line that the table has; double, line 3; run, line 7 */
#include "vm/debug/dwarf.h"

enum { MOST_INLINED = 128 };

struct inlined {
    uint32_t entry, depth;
    struct line call;
};

/* Within each other, outermost first. */
struct chain {
    struct inlined of[MOST_INLINED];
    size_t count;
};

/* What is looked for among the pieces of inlined subroutines. */
struct search {
    uint64_t address;
    /* The last start or end of a piece at or before the address, so far. */
    uint64_t boundary;
    /* Of the body: a piece that reaches beyond has lost its own. */
    uint64_t start, end;
};

static void keep_boundary(struct search *search, uint64_t boundary) {
    if (boundary <= search->address && boundary > search->boundary)
        search->boundary = boundary;
}

/* Optimizers lose starts and ends. Without a start, nothing is known; without
 * an end, a piece goes up to where any other begins or ends. */
static bool is_around(struct debug *debug,
                      const struct unit *unit,
                      const struct entry *entry,
                      struct search *search) {
    struct ranges ranges = ranges_of(debug, unit, entry);
    uint64_t low, high;
    bool around = false;
    while (ranges_next(debug, unit, &ranges, &low, &high)) {
        if (low < search->start || low >= high)
            continue;
        bool ends = high <= search->end;
        bool before_end =
            ends ? search->address < high : search->boundary <= low;
        if (search->address >= low && before_end)
            around = true;
        keep_boundary(search, low);
        if (ends)
            keep_boundary(search, high);
    }
    return around;
}

static void
open_inlined(struct chain *open, const struct entry *entry, uint32_t depth) {
    if (open->count == MOST_INLINED)
        return;
    uint64_t file = 0, line = 0;
    value_number(entry->values[ATTRIBUTE_CALL_FILE], &file);
    value_number(entry->values[ATTRIBUTE_CALL_LINE], &line);
    struct line call = {.file = file,
                        .number = line <= UINT32_MAX ? (uint32_t)line : 0};
    open->of[open->count++] = (struct inlined){entry->offset, depth, call};
}

static void close_inlined(struct chain *open, uint32_t depth) {
    if (open->count > 0 && open->of[open->count - 1].depth >= depth)
        open->count--;
}

/* Read what is below a subprogram's entry. Optimizers let pieces overlap that
 * should not: the last entry around the address counts, and all that it is in.
 * Where an entry is damaged, nothing is known to be inlined. */
static void find_inlined(struct debug *debug,
                         const struct unit *unit,
                         const struct body *body,
                         uint64_t address,
                         struct chain *found) {
    struct cursor at = cursor_at(debug->sections[SECTION_INFO], body->entry);
    at.end = unit->end;
    struct search search = {
        .address = address, .start = body->start, .end = body->end};
    struct chain open = {.count = 0};
    struct entry entry;
    uint32_t depth = 0;
    do {
        bool fine = entry_read(debug, unit, &at, &entry);
        if (!fine)
            found->count = 0;
        if (!fine)
            return;
        if (entry.tag == TAG_NONE)
            close_inlined(&open, --depth);
        if (entry.tag == TAG_INLINED) {
            open_inlined(&open, &entry, depth);
            if (is_around(debug, unit, &entry, &search))
                *found = open;
            if (!entry.children)
                close_inlined(&open, depth);
        }
        if (entry.children)
            depth++;
    } while (depth > 0);
}

/* Line 0 is code of no line. */
static struct debug_place place(struct debug *debug,
                                const struct unit *unit,
                                struct slice name,
                                struct line line,
                                struct arena *texts) {
    struct debug_place place = {.name = name, .line = line.number};
    if (line.number > 0)
        place.file = line_file(debug, unit, line.file, texts);
    return place;
}

size_t debug_places(struct debug *debug,
                    uint32_t offset,
                    struct arena *texts,
                    struct debug_place *places,
                    size_t capacity) {
    uint64_t address = (uint64_t)offset - debug->code_offset;
    const struct body *body = body_at(debug, address);
    if (!body || capacity == 0)
        return 0;
    places[0] = (struct debug_place){.name = body->name};
    const struct unit *unit =
        body->unit ? unit_at(debug, body->unit - 1) : NULL;
    if (!unit)
        return 1;

    debug_refill(debug);
    struct chain chain = {.count = 0};
    if (body->entry)
        find_inlined(debug, unit, body, address, &chain);
    struct line line = {0, 0};
    line_find(debug, unit, address, &line);

    size_t count = 0;
    for (size_t i = chain.count; i-- > 0 && count < capacity;
         line = chain.of[i].call) {
        struct slice name = name_of(debug, chain.of[i].entry, texts);
        places[count] = place(debug, unit, name, line, texts);
        places[count++].inlined = true;
    }
    if (count < capacity)
        places[count++] = place(debug, unit, body->name, line, texts);
    return count;
}
