/* Reading .debug_info from one end to the other: its units, the scopes in them,
 * and which entry describes which function's body.
 *
 * A unit's header (DWARF 5, section 7.5.1; length counts what follows it):
 *
 *     DWARF 2 to 4    length, version (2 bytes), offset in .debug_abbrev, size of an address (1)
 *     DWARF 5         length, version, kind (1), size of an address (1), offset in .debug_abbrev;
 *                     for some kinds, more
 *
 * The tree below is read without recursion: a number tells the depth. */
#include "vm/debug/dwarf.h"

/* ---- headers ---- */

/* What DWARF 5 has between version and abbreviations, and behind them. */
static void read_kind(struct cursor *at, struct unit *unit) {
    enum { COMPILE = 1, TYPE, PARTIAL, SKELETON, SPLIT_COMPILE, SPLIT_TYPE };
    uint8_t kind = cursor_u8(at);
    unit->address_size = cursor_u8(at);
    unit->abbreviations = cursor_fixed(at, unit->offset_size);
    switch (kind) {
    case COMPILE:
    case PARTIAL: break;
    case SKELETON:
    case SPLIT_COMPILE: cursor_fixed(at, 8); break;
    case TYPE:
    case SPLIT_TYPE:
        cursor_fixed(at, 8);
        cursor_fixed(at, unit->offset_size);
        break;
    default: cursor_fail(at);
    }
}

/* Read the header at `at`, which moves behind the unit. False if there is no
 * telling where it ends. */
static bool read_header(struct cursor *at, struct unit *unit) {
    *unit = (struct unit){.section = SECTION_INFO,
                          .offset = (uint32_t)at->position};
    struct cursor part = cursor_sized_part(at, &unit->offset_size);
    if (part.failed)
        return false;
    unit->end = (uint32_t)part.end;
    unit->version = (uint16_t)cursor_fixed(&part, 2);
    if (unit->version >= 5) {
        read_kind(&part, unit);
    } else {
        unit->abbreviations = cursor_fixed(&part, unit->offset_size);
        unit->address_size = cursor_u8(&part);
    }
    bool known = unit->version >= 2 && unit->version <= 5;
    bool addresses = unit->address_size == 4 || unit->address_size == 8;
    unit->damaged = part.failed || !known || !addresses;
    unit->entries = (uint32_t)part.position;
    return true;
}

/* Without one, nothing is found: it leads out of the section. */
static uint64_t base(struct value value) {
    uint64_t number;
    return value_number(value, &number) ? number : UINT64_MAX;
}

static void
keep_bases(struct debug *debug, struct unit *unit, const struct entry *entry) {
    unit->str_offsets = base(entry->values[ATTRIBUTE_STR_OFFSETS_BASE]);
    unit->addresses = base(entry->values[ATTRIBUTE_ADDR_BASE]);
    unit->range_lists = base(entry->values[ATTRIBUTE_RNGLISTS_BASE]);
    unit->lines = base(entry->values[ATTRIBUTE_STMT_LIST]);
    value_address(debug, unit, entry->values[ATTRIBUTE_LOW_PC], &unit->low_pc);
    unit->directory =
        value_string(debug, unit, entry->values[ATTRIBUTE_COMP_DIR]);
}

/* ---- the tree ---- */

/* Where the reading of a tree is. */
struct walk {
    struct cursor at;
    uint32_t depth;
    uint32_t scope; /* the innermost open one's number + 1, or 0 */
};

static bool is_scope(const struct entry *entry) {
    switch (entry->tag) {
    case TAG_CLASS:
    case TAG_STRUCTURE:
    case TAG_UNION:
    case TAG_MODULE:
    case TAG_INTERFACE:
    case TAG_NAMESPACE:
        return entry->children && entry->values[ATTRIBUTE_NAME].form != 0;
    default: return false;
    }
}

static bool open_scope(struct debug *debug,
                       const struct unit *unit,
                       struct walk *walk,
                       const struct entry *entry) {
    struct scope *grown = array_reserve(debug->memory,
                                        debug->scopes,
                                        debug->scope_count,
                                        &debug->scope_capacity,
                                        sizeof *debug->scopes);
    if (!grown)
        return false;
    debug->scopes = grown;
    debug->scopes[debug->scope_count++] = (struct scope){.start = entry->offset,
                                                         .end = unit->end,
                                                         .parent = walk->scope,
                                                         .depth = walk->depth};
    walk->scope = (uint32_t)debug->scope_count;
    return true;
}

/* A row of siblings has ended, and with it, perhaps, a scope. */
static void close_row(struct debug *debug, struct walk *walk) {
    walk->depth--;
    struct scope *scope = walk->scope ? &debug->scopes[walk->scope - 1] : NULL;
    if (!scope || scope->depth != walk->depth)
        return;
    scope->end = (uint32_t)walk->at.position;
    walk->scope = scope->parent;
}

/* Say of the bodies in a unit's ranges that it is theirs. One that holds no
 * inlined function may have no entry. */
static void claim_bodies(struct debug *debug,
                         const struct unit *unit,
                         const struct entry *entry) {
    struct ranges ranges = ranges_of(debug, unit, entry);
    uint64_t low, high;
    while (ranges_next(debug, unit, &ranges, &low, &high)) {
        struct body *body = low < high ? body_at(debug, low) : NULL;
        const struct body *end = debug->bodies + debug->body_count;
        for (; body && body < end && body->start < high && work(debug, 1);
             body++) {
            if (body->unit == 0)
                body->unit = unit->offset + 1;
        }
    }
}

/* Say of the bodies that the subprogram describes that it does. Linkers and
 * optimizers leave subprograms whose code is gone: at address 0, or at the
 * largest there is. */
static void keep_subprogram(struct debug *debug,
                            const struct unit *unit,
                            const struct entry *entry) {
    struct ranges ranges = ranges_of(debug, unit, entry);
    uint64_t low, high;
    while (ranges_next(debug, unit, &ranges, &low, &high)) {
        struct body *body = low < high ? body_at(debug, low) : NULL;
        if (!body || body->entry)
            continue;
        body->entry = entry->offset;
        body->unit = unit->offset + 1;
    }
}

/* The first entry is the unit's own; the tree ends with it. False without
 * memory. */
static bool read_tree(struct debug *debug, struct unit *unit) {
    struct walk walk = {
        .at = cursor_at(debug->sections[SECTION_INFO], unit->entries)};
    walk.at.end = unit->end;
    struct entry entry;
    bool first = true;
    while (cursor_more(&walk.at)) {
        if (!entry_read(debug, unit, &walk.at, &entry)) {
            unit->damaged = true;
            return true;
        }
        if (first) {
            keep_bases(debug, unit, &entry);
            claim_bodies(debug, unit, &entry);
            first = false;
        }
        if (entry.tag == TAG_NONE && walk.depth > 0)
            close_row(debug, &walk);
        if (entry.tag == TAG_SUBPROGRAM)
            keep_subprogram(debug, unit, &entry);
        if (is_scope(&entry) && !open_scope(debug, unit, &walk, &entry))
            return false;
        if (entry.children)
            walk.depth++;
        if (walk.depth == 0)
            return true;
    }
    return true;
}

/* ---- all of them ---- */

bool units_read(struct debug *debug) {
    struct cursor at = cursor_at(debug->sections[SECTION_INFO], 0);
    while (cursor_more(&at)) {
        struct unit *grown = array_reserve(debug->memory,
                                           debug->units,
                                           debug->unit_count,
                                           &debug->unit_capacity,
                                           sizeof *debug->units);
        if (!grown)
            return false;
        debug->units = grown;
        struct unit *unit = &debug->units[debug->unit_count];
        if (!read_header(&at, unit))
            return true;
        debug->unit_count++;
        if (!unit->damaged && !read_tree(debug, unit))
            return false;
    }
    return true;
}

const struct unit *unit_at(const struct debug *debug, uint64_t offset) {
    size_t low = 0, high = debug->unit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (offset < debug->units[middle].end) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == debug->unit_count)
        return NULL;
    const struct unit *unit = &debug->units[low];
    return offset >= unit->offset && !unit->damaged ? unit : NULL;
}

const struct unit *
unit_entry(struct debug *debug, uint64_t offset, struct entry *entry) {
    const struct unit *unit = unit_at(debug, offset);
    if (!unit || offset < unit->entries)
        return NULL;
    struct cursor at = cursor_at(debug->sections[SECTION_INFO], offset);
    at.end = unit->end;
    return entry_read(debug, unit, &at, entry) ? unit : NULL;
}
