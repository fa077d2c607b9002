/* The names of functions and the places of code, for backtraces and dumps: from
 * the name section, or else from debugging information, which also has the names
 * that people know for those that are made for linkers. */
#include "vm/listing/names.h"

#include "vm/rings.h"
#include "vm/store.h"

/* The name section (spec 7.4.1) is a hint: whatever is wrong in it only means
 * that there is no name. It has subsections, each an id, a size and its
 * content. That of functions, whose id is 1, maps indices to names: 01 06  01
 * 00 03 61 64 64 is one of 6 bytes, for 1 function, 0: "add". */
static void read_function_names(struct module *module) {
    enum { FUNCTION_NAMES = 1 };
    struct error ignored = ERROR_INIT;
    struct reader names = reader_init(module->names, &ignored);
    while (reader_ok(&names) && !reader_at_end(&names)) {
        uint8_t id = reader_u8(&names);
        struct reader content =
            reader_part(&names, reader_u32(&names), "names");
        if (id != FUNCTION_NAMES)
            continue;
        uint32_t count = reader_u32(&content);
        for (uint32_t i = 0; i < count && reader_ok(&content); i++) {
            uint32_t index = reader_u32(&content);
            struct slice name = reader_name(&content);
            bool known = reader_ok(&content) && index < module->function_count;
            if (known)
                module->function_names[index] = name;
        }
    }
}

/* Both sources are read when the first name is asked for that they may have; a
 * run without a backtrace needs none. */
static struct slice name_in_section(struct module *module, uint32_t function) {
    if (!module->function_names) {
        module->function_names = arena_alloc(
            &module->arena, module->function_count, sizeof(struct slice));
        if (!module->function_names)
            return (struct slice){NULL, 0};
        read_function_names(module);
    }
    return module->function_names[function];
}

/* NULL without memory. */
static struct debug *open_debug(struct module *module) {
    if (!module->debug)
        module->debug = debug_open(module->bytes, module->vm->memory);
    return module->debug;
}

static struct slice name_in_debug(struct module *module, uint32_t function) {
    bool has_body = function >= module->imported_functions;
    if (!has_body || !open_debug(module))
        return (struct slice){NULL, 0};
    return debug_function_name(module->debug,
                               function - module->imported_functions);
}

/* The name section was written for those who look at the module, and so comes
 * first, unless it says what only linkers read. */
struct slice module_function_name(struct module *module, uint32_t function) {
    struct slice name = name_in_section(module, function);
    if (name.size > 0 && !name_is_mangled(name))
        return name;
    struct slice other = name_in_debug(module, function);
    return other.size > 0 ? other : name;
}

bool module_function_is(struct module *module,
                        uint32_t function,
                        struct slice name) {
    return slice_equal(module_function_name(module, function), name) ||
           slice_equal(name_in_section(module, function), name);
}

/* There is always one place at least: one of which nothing is known. */
size_t module_places(struct module *module,
                     uint32_t offset,
                     struct arena *texts,
                     struct debug_place *places,
                     size_t capacity) {
    size_t count = 0;
    if (open_debug(module))
        count = debug_places(module->debug, offset, texts, places, capacity);
    if (count > 0)
        return count;
    places[0] = (struct debug_place){.line = 0};
    return 1;
}

struct debug_lines module_lines(struct module *module) {
    if (open_debug(module))
        return debug_lines(module->debug);
    return (struct debug_lines){.line_count = 0};
}

void names_free(struct module *module) {
    debug_free(module->debug);
}

/* ---- backtraces ---- */

/* A frame, and before it those of functions that were inlined there; at least
 * one. */
static size_t describe(struct vm *vm,
                       const struct traced *at,
                       struct vm_frame *frames,
                       size_t capacity) {
    struct debug_place places[TRACE_FRAMES];
    struct slice name = module_function_name(at->module, at->function);
    size_t most = capacity < TRACE_FRAMES ? capacity : TRACE_FRAMES;
    size_t count =
        module_places(at->module, at->offset, &vm->trace_texts, places, most);
    for (size_t i = 0; i < count; i++) {
        frames[i] =
            (struct vm_frame){.function = at->function,
                              .name = places[i].inlined ? places[i].name : name,
                              .offset = at->offset,
                              .file = places[i].file,
                              .line = places[i].line,
                              .inlined = places[i].inlined};
    }
    return count;
}

/* Names and lines are looked up for those who ask. */
size_t vm_backtrace(struct vm *vm, struct vm_frame *frames, size_t capacity) {
    size_t count = 0;
    arena_free(&vm->trace_texts);
    for (size_t i = 0; i < vm->trace_count && count < capacity; i++) {
        count += describe(vm, &vm->trace[i], frames + count, capacity - count);
    }
    return count;
}
