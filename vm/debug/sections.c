/* Finding the sections of debugging information, and the functions they speak
 * of, in the bytes of a module (spec 5.5). The module has been decoded, so that
 * what is looked at once more here is well formed; but nothing is taken for
 * granted.
 *
 *     section: id (1 byte), size (u32), content       custom: id 0, the content begins with a name
 *     code section: count (u32), bodies: size (u32), locals and instructions
 *
 * The first byte behind a body's size is the address a compiler gives for its
 * function. */
#include "vm/debug/dwarf.h"

enum { PREAMBLE = 8, ID_CUSTOM = 0, ID_CODE = 10 };

static void keep_section(struct debug *debug, struct cursor content) {
    static const char *const names[] = {
#define X(section, name) name,
        SECTIONS(X)
#undef X
    };
    struct slice name = cursor_bytes(&content, cursor_uleb(&content));
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (!slice_is(name, names[i]))
            continue;
        debug->sections[i] =
            cursor_bytes(&content, content.end - content.position);
    }
}

/* A body has a byte at least, so that the count is bounded by those that are
 * left. */
static bool keep_bodies(struct debug *debug) {
    struct cursor at = cursor_at(debug->code, 0);
    uint64_t count = cursor_uleb(&at);
    if (count > at.end - at.position)
        return true;
    debug->first_body = (uint32_t)at.position;
    debug->bodies =
        budget_alloc(debug->memory, (size_t)count + 1, sizeof *debug->bodies);
    if (!debug->bodies)
        return false;
    debug->body_capacity = (size_t)count + 1;
    while (debug->body_count < count) {
        struct cursor body = cursor_part(&at, cursor_uleb(&at));
        if (body.failed)
            break;
        debug->bodies[debug->body_count++] = (struct body){
            .start = (uint32_t)body.position, .end = (uint32_t)body.end};
    }
    return true;
}

bool sections_find(struct debug *debug, struct slice module) {
    for (size_t i = 0; i < SECTION_COUNT; i++)
        debug->sections[i] = slice_of("");
    struct cursor at = cursor_at(module, PREAMBLE);
    bool found = false;
    while (cursor_more(&at)) {
        uint8_t id = cursor_u8(&at);
        struct cursor content = cursor_part(&at, cursor_uleb(&at));
        if (id == ID_CUSTOM)
            keep_section(debug, content);
        if (id != ID_CODE)
            continue;
        debug->code_offset = (uint32_t)content.position;
        debug->code = cursor_bytes(&content, content.end - content.position);
        found = true;
    }
    return !found || keep_bodies(debug);
}

size_t sections_size(const struct debug *debug) {
    size_t size = 0;
    for (size_t i = 0; i < SECTION_COUNT; i++)
        size += debug->sections[i].size;
    return size;
}

struct body *body_at(const struct debug *debug, uint64_t address) {
    if (address < debug->first_body)
        return NULL;
    uint32_t low = 0, high = debug->body_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (address < debug->bodies[middle].end) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < debug->body_count ? &debug->bodies[low] : NULL;
}
