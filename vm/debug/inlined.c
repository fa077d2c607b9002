/* Which lines of a body belong to copies of inlined functions (DWARF 5, section
 * 3.3.8), for all code at once; place.c says it of one instruction.
 *
 *     subprogram "run" from 2 on, 99 bytes long
 *       inlined subroutine "double" from 20 to 40      its lines are those of one copy,
 *         inlined subroutine "add" from 30 to 40       but for these, of another
 *       inlined subroutine "double" from 50 to 60      and these, of a third
 *
 * A copy goes by the offset of its entry. Where optimizers lost a start or an
 * end, the lines stay with what is around. */
#include "vm/debug/dwarf.h"

/* ---- copies ---- */

/* The lines of one body. */
struct painting {
    struct debug *debug;
    const struct unit *unit;
    const struct body *body;
    const struct debug_line *lines;
    uint32_t *copies;
    size_t count;
};

/* The first that begins at an address or behind it. */
static size_t line_from(const struct painting *painting, uint64_t address) {
    uint64_t offset = address + painting->debug->code_offset;
    size_t low = 0, high = painting->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (painting->lines[middle].start < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void paint(const struct painting *painting, const struct entry *entry) {
    struct debug *debug = painting->debug;
    const struct body *body = painting->body;
    struct ranges ranges = ranges_of(debug, painting->unit, entry);
    uint64_t low, high;
    while (ranges_next(debug, painting->unit, &ranges, &low, &high)) {
        if (low < body->start || low >= high || high > body->end)
            continue;
        size_t i = line_from(painting, low), end = line_from(painting, high);
        for (; i < end && work(debug, 1); i++)
            painting->copies[i] = entry->offset;
    }
}

/* Entries are within those that they were inlined into: the last one around a
 * line counts. False if one is damaged. */
static bool paint_all(const struct painting *painting) {
    struct debug *debug = painting->debug;
    struct cursor at =
        cursor_at(debug->sections[SECTION_INFO], painting->body->entry);
    struct entry entry;
    uint32_t depth = 0;
    at.end = painting->unit->end;
    do {
        if (!entry_read(debug, painting->unit, &at, &entry))
            return false;
        if (entry.tag == TAG_INLINED)
            paint(painting, &entry);
        if (entry.tag == TAG_NONE)
            depth--;
        if (entry.children)
            depth++;
    } while (depth > 0);
    return true;
}

static void paint_body(struct painting *painting) {
    const struct body *body = painting->body;
    painting->unit =
        body->entry ? unit_at(painting->debug, body->unit - 1) : NULL;
    if (!painting->unit || painting->count == 0 || paint_all(painting))
        return;
    for (size_t i = 0; i < painting->count; i++)
        painting->copies[i] = 0;
}

void debug_copies(struct debug *debug, uint32_t *copies) {
    struct debug_lines all = debug_lines(debug);
    struct painting painting = {.debug = debug};
    size_t line = 0;
    debug_refill_for_all(debug);
    if (all.line_count == 0)
        return;
    for (uint32_t i = 0; i < debug->body_count; i++) {
        painting.body = &debug->bodies[i];
        painting.lines = all.lines + line;
        painting.copies = copies + line;
        painting.count = all.line_count - line;
        painting.count = line_from(&painting, painting.body->end);
        line += painting.count;
        paint_body(&painting);
    }
}

/* ---- functions ---- */

struct debug_function debug_function_of(struct debug *debug,
                                        uint32_t body,
                                        uint32_t copy,
                                        struct arena *texts) {
    uint32_t entry = copy;
    if (copy == 0 && body < debug->body_count)
        entry = debug->bodies[body].entry;
    if (entry == 0)
        return (struct debug_function){.line = 0};
    return function_of_entry(debug, entry, texts);
}
