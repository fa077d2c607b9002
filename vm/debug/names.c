/* The names of functions: a subprogram's own, or that of the entry it refers
 * to, behind the names of what it stands in.
 *
 *     namespace "shop"
 *       class "Basket"
 *         subprogram "add"                    a declaration
 *     subprogram from 2 on, 27 bytes long     its definition; says of which declaration:
 * shop::Basket::add
 *
 * The linker's name, which would have to be taken apart, is for those that have
 * no other. */
#include "vm/debug/dwarf.h"

#include <string.h>

/* Of references and of scopes: no program has more, and circles must end. */
enum { MOST_REFERENCES = 16, MOST_SCOPES = 64, LONGEST_NAME = 4096 };

/* The innermost scope around an offset: its number + 1, or 0. Those that begin
 * before it either end before it too, or are around it. */
static uint32_t scope_around(struct debug *debug, uint64_t offset) {
    size_t low = 0, high = debug->scope_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (debug->scopes[middle].start < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t scope = (uint32_t)low;
    while (scope && debug->scopes[scope - 1].end <= offset) {
        if (!work(debug, 1))
            return 0;
        scope = debug->scopes[scope - 1].parent;
    }
    return scope;
}

/* What is no text is no name. */
static struct slice
text_of(struct debug *debug, const struct unit *unit, struct value value) {
    struct slice text = value_string(debug, unit, value);
    return utf8_valid(text) ? text : (struct slice){NULL, 0};
}

static struct slice scope_name(struct debug *debug, uint32_t scope) {
    struct entry entry;
    const struct unit *unit =
        unit_entry(debug, debug->scopes[scope - 1].start, &entry);
    if (!unit)
        return (struct slice){NULL, 0};
    return text_of(debug, unit, entry.values[ATTRIBUTE_NAME]);
}

/* Put the names together, the last first. Where a name would become too long,
 * the outermost are left out. */
static struct slice join(struct debug *debug,
                         const struct slice *parts,
                         size_t count,
                         struct arena *texts) {
    static const char between[] = {':', ':'};
    size_t size = parts[0].size, used = 1;
    while (used < count &&
           size + sizeof between + parts[used].size <= LONGEST_NAME) {
        size += sizeof between + parts[used++].size;
    }
    if (used == 1 || !work(debug, size))
        return parts[0];
    uint8_t *name = arena_alloc(texts, size, 1);
    if (!name) {
        debug->out_of_memory = true;
        return parts[0];
    }
    uint8_t *end = name;
    for (size_t i = used; i-- > 0;) {
        memcpy(end, parts[i].data, parts[i].size);
        end += parts[i].size;
        if (i == 0)
            break;
        memcpy(end, between, sizeof between);
        end += sizeof between;
    }
    return (struct slice){name, size};
}

static struct slice qualify(struct debug *debug,
                            struct slice name,
                            uint64_t offset,
                            struct arena *texts) {
    struct slice parts[1 + MOST_SCOPES] = {name};
    size_t count = 1;
    uint32_t scope = scope_around(debug, offset);
    for (; scope && count <= MOST_SCOPES;
         scope = debug->scopes[scope - 1].parent) {
        parts[count] = scope_name(debug, scope);
        if (parts[count].size > 0)
            count++;
    }
    return join(debug, parts, count, texts);
}

/* From an entry to what it is a copy or the definition of; false if it is
 * neither. */
static bool
follow(const struct unit *unit, const struct entry *entry, uint64_t *offset) {
    const struct value *values = entry->values;
    return value_reference(unit, values[ATTRIBUTE_ABSTRACT_ORIGIN], offset) ||
           value_reference(unit, values[ATTRIBUTE_SPECIFICATION], offset);
}

/* Follow references from the entry to one that has a name. */
struct slice
name_of(struct debug *debug, uint64_t offset, struct arena *texts) {
    struct slice linkage_name = {NULL, 0};
    for (int i = 0; i < MOST_REFERENCES; i++) {
        struct entry entry;
        const struct unit *unit = unit_entry(debug, offset, &entry);
        if (!unit)
            break;
        struct slice name = text_of(debug, unit, entry.values[ATTRIBUTE_NAME]);
        if (name.size > 0)
            return qualify(debug, name, offset, texts);
        if (linkage_name.size == 0) {
            linkage_name =
                text_of(debug, unit, entry.values[ATTRIBUTE_LINKAGE_NAME]);
        }
        if (!follow(unit, &entry, &offset))
            break;
    }
    return linkage_name;
}

/* The line is that of the definition, if it says one. A name of the linker's that
 * is not mangled only hides what a function is called, as main. */
struct debug_function
function_of_entry(struct debug *debug, uint64_t offset, struct arena *texts) {
    struct debug_function function = {.line = 0};
    uint64_t at = offset, line;
    for (int i = 0; i < MOST_REFERENCES; i++) {
        struct entry entry;
        const struct unit *unit = unit_entry(debug, at, &entry);
        if (!unit)
            break;
        bool says = value_number(entry.values[ATTRIBUTE_DECL_LINE], &line);
        if (says && function.line == 0 && line <= UINT32_MAX)
            function.line = (uint32_t)line;
        struct slice name =
            text_of(debug, unit, entry.values[ATTRIBUTE_LINKAGE_NAME]);
        if (function.name.size == 0 && name_is_mangled(name))
            function.name = name;
        if (!follow(unit, &entry, &at))
            break;
    }
    if (function.name.size == 0)
        function.name = name_of(debug, offset, texts);
    return function;
}

bool names_read(struct debug *debug) {
    for (uint32_t i = 0; i < debug->body_count; i++) {
        struct body *body = &debug->bodies[i];
        if (body->entry)
            body->name = name_of(debug, body->entry, &debug->names);
        if (debug->out_of_memory)
            return false;
    }
    return true;
}
