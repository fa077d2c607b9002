/* Which code an entry describes (DWARF 5, section 2.17): one piece, from low_pc
 * up to high_pc, or a list of pieces.
 *
 * Up to DWARF 4 the list is pairs of addresses in .debug_ranges (DWARF 4,
 * section 2.17.3), which count from a base, at first the unit's:
 *
 *     05000000 09000000  FFFFFFFF 20000000  00000000 04000000  00000000 00000000
 *     from 5 up to 9;    the base is 0x20;  from 0x20 to 0x24; the end
 *
 * Since DWARF 5 each piece in .debug_rnglists is preceded by a byte that says
 * how it is written (7.25). */
#include "vm/debug/dwarf.h"

static struct ranges one_piece(const struct debug *debug,
                               const struct unit *unit,
                               const struct entry *entry) {
    struct ranges ranges = {.kind = RANGES_ONE};
    struct value high = entry->values[ATTRIBUTE_HIGH_PC];
    bool known = value_address(
        debug, unit, entry->values[ATTRIBUTE_LOW_PC], &ranges.low);
    if (known && !value_address(debug, unit, high, &ranges.high)) {
        /* Then it is a size. */
        known = value_number(high, &ranges.high);
        ranges.high += ranges.low;
    }
    if (!known)
        ranges.kind = RANGES_NONE;
    return ranges;
}

struct ranges ranges_of(const struct debug *debug,
                        const struct unit *unit,
                        const struct entry *entry) {
    struct value list = entry->values[ATTRIBUTE_RANGES];
    struct ranges ranges = {.kind = RANGES_NONE, .base = unit->low_pc};
    uint64_t offset;
    if (list.form == 0)
        return one_piece(debug, unit, entry);
    if (!value_range_list(debug, unit, list, &offset))
        return ranges;
    bool pairs = unit->version < 5;
    ranges.kind = pairs ? RANGES_PAIRS : RANGES_LIST;
    ranges.at = cursor_at(
        debug->sections[pairs ? SECTION_RANGES : SECTION_RNGLISTS], offset);
    return ranges;
}

/* False at the end; a pair that only sets the base is empty. */
static bool next_pair(const struct unit *unit,
                      struct ranges *ranges,
                      uint64_t *low,
                      uint64_t *high) {
    uint64_t set_base = unit->address_size == 4 ? UINT32_MAX : UINT64_MAX;
    *low = cursor_fixed(&ranges->at, unit->address_size);
    *high = cursor_fixed(&ranges->at, unit->address_size);
    if (*low == 0 && *high == 0)
        return false;
    if (*low == set_base) {
        ranges->base = *high;
        *low = *high = 0;
    }
    *low += ranges->base;
    *high += ranges->base;
    return true;
}

/* The same for a list of DWARF 5. */
static bool next_in_list(const struct debug *debug,
                         const struct unit *unit,
                         struct ranges *ranges,
                         uint64_t *low,
                         uint64_t *high) {
    enum {
        END,
        BASE_ADDRESSX,
        STARTX_ENDX,
        STARTX_LENGTH,
        OFFSET_PAIR,
        BASE_ADDRESS,
        START_END,
        START_LENGTH
    };
    struct cursor *at = &ranges->at;
    *low = *high = 0;
    switch (cursor_u8(at)) {
    case BASE_ADDRESSX:
        return address_at(debug, unit, cursor_uleb(at), &ranges->base);
    case BASE_ADDRESS:
        ranges->base = cursor_fixed(at, unit->address_size);
        return true;
    case STARTX_ENDX:
        return address_at(debug, unit, cursor_uleb(at), low) &&
               address_at(debug, unit, cursor_uleb(at), high);
    case STARTX_LENGTH:
        if (!address_at(debug, unit, cursor_uleb(at), low))
            return false;
        *high = *low + cursor_uleb(at);
        return true;
    case OFFSET_PAIR:
        *low = ranges->base + cursor_uleb(at);
        *high = ranges->base + cursor_uleb(at);
        return true;
    case START_END:
        *low = cursor_fixed(at, unit->address_size);
        *high = cursor_fixed(at, unit->address_size);
        return true;
    case START_LENGTH:
        *low = cursor_fixed(at, unit->address_size);
        *high = *low + cursor_uleb(at);
        return true;
    default: return false; /* the end, or damaged */
    }
}

bool ranges_next(struct debug *debug,
                 const struct unit *unit,
                 struct ranges *ranges,
                 uint64_t *low,
                 uint64_t *high) {
    *low = ranges->low;
    *high = ranges->high;
    bool one = ranges->kind == RANGES_ONE, more = one;
    if (ranges->kind == RANGES_PAIRS)
        more = next_pair(unit, ranges, low, high);
    if (ranges->kind == RANGES_LIST)
        more = next_in_list(debug, unit, ranges, low, high);
    if (one || !more || ranges->at.failed || !work(debug, 1))
        ranges->kind = RANGES_NONE;
    return more && (one || ranges->kind != RANGES_NONE);
}
