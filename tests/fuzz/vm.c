/* Fuzzing the VM: whatever the bytes are, plain and fused code must do the
 * same.
 *
 * Bytes that begin like a module are one. All others are choices from which
 * make.c makes a valid one. Every exported function is called twice; a
 * transcript of results, globals, memory, and traps with their backtraces is
 * compared between plain and fused code: with a little fuel at first and, if
 * that was enough, without a limit, for which other code is made. Traced cell
 * by cell it must do the same, too; a recorded run may be ended before, and is
 * only made and shown. */
#include "tests/fuzz/make.h"

#include "vm/translate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 65536,
    FUEL = 300,
    CALLED = 50,
    TEXT_MAX = 1 << 24,
    SHOWN = 3000
};

/* More than a generated module can hold, so that its end does not depend on how
 * much code was made of it. */
enum { MEMORY_MAX = 1 << 24 };

static void note_value(struct buffer *out, const struct vm_value *value) {
    bool nan = (value->type == VM_F32 && isnan(value->of.f32)) ||
               (value->type == VM_F64 && isnan(value->of.f64));
    bool vector = value->type == VM_V128,
         wide = value->type != VM_I32 && value->type != VM_F32;
    uint64_t low = wide ? value->of.v128[0] : value->of.i32;
    bool reference = value->type == VM_FUNCREF; /* an address */
    buffer_printf(out,
                  " %s:%" PRIx64 ":%" PRIx64,
                  vm_type_name(value->type),
                  nan         ? 0
                  : reference ? low != 0
                              : low,
                  vector ? value->of.v128[1] : 0);
}

/* Returns whether limits had no part in it. */
static bool
note_end(struct buffer *out, struct vm *vm, const struct error *error) {
    struct vm_frame frames[8];
    size_t count = error->kind == ERROR_TRAP ? vm_backtrace(vm, frames, 8) : 0;
    buffer_printf(out, " %d %s", (int)error->kind, error->text);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(out,
                      " #%" PRIu32 " at 0x%" PRIx32,
                      frames[i].function,
                      frames[i].offset);
    }
    buffer_append_text(out, "\n");
    return error->kind != ERROR_EXHAUSTION;
}

/* Call function or note global number `index` of the exports. */
static bool use(struct buffer *out,
                struct instance *instance,
                struct vm_export export,
                int round) {
    struct vm_value values[1000], results[1000];
    buffer_printf(
        out, "%.*s:", (int)export.name.size, (const char *)export.name.data);
    const struct global *global = vm_find_global(instance, export.name);
    if (global) {
        struct vm_value value = vm_global_get(global);
        note_value(out, &value);
    }
    struct function *function = vm_find_function(instance, export.name);
    if (!function)
        return true;
    const struct func_type *type = vm_function_type(function);
    for (uint32_t i = 0; i < type->param_count; i++) {
        values[i] = (struct vm_value){.type = type->types[i]};
        if (round == 0 || values[i].type <= VM_FUNCREF)
            continue;
        values[i].of.v128[0] = values[i].of.v128[1] =
            UINT64_C(0x4010000040800007) + i;
    }
    struct error error = ERROR_INIT;
    if (vm_call(function, values, type->param_count, results, &error)) {
        for (uint32_t i = 0; i < type->result_count; i++)
            note_value(out, &results[i]);
    }
    return note_end(out, vm_of(instance), &error);
}

/* ---- who watches ---- */

enum watcher { NOBODY, TRACER, RECORDER };

/* Whatever is printed is right if it does no harm. */
static FILE *nowhere(void) {
    static FILE *file;
    if (!file)
        file = fopen("/dev/null", "w");
    return file;
}

/* Memory may be refused. */
static void watch(struct module *module, enum watcher watcher) {
    struct error error = ERROR_INIT;
    struct vm_tracing tracing = {.module = module, .out = nowhere()};
    if (watcher == TRACER)
        vm_trace(&tracing, &error);
    if (watcher == RECORDER)
        vm_keep_steps(module, NULL, &error);
}

static void show(struct module *module, enum watcher watcher) {
    struct error listed = ERROR_INIT, explained = ERROR_INIT;
    struct vm_explaining explaining = {
        .module = module, .name = "made", .ended = "", .out = nowhere()};
    struct vm_dumping dumping = {
        .module = module, .code = true, .lines = true, .out = nowhere()};
    if (watcher == TRACER)
        vm_dump(&dumping, &listed);
    if (watcher == RECORDER)
        vm_explain(&explaining, &explained);
}

/* ---- a run ---- */

struct way {
    bool plain;
    int64_t fuel;
    enum watcher watcher;
    int64_t *used; /* of the fuel; or NULL */
};

/* Load and run a module, and write down what can be seen of it. False if a
 * limit ended it. */
static bool transcribe(struct buffer *out, struct slice bytes, struct way way) {
    struct vm_limits limits = {.memory_bytes = MEMORY_MAX,
                               .stack_bytes = PAGE,
                               .table_elements = 1000,
                               .fuel = way.fuel,
                               .timeout_ms = VM_UNLIMITED,
                               .plain_code = way.plain};
    struct error error = ERROR_INIT;
    struct vm *vm = vm_open(&limits, &error);
    struct module *module = vm ? vm_load(vm, bytes, &error) : NULL;
    if (module)
        watch(module, way.watcher);
    struct instance *instance =
        module ? vm_instantiate(vm, module, &error) : NULL;
    bool free = note_end(out, vm, &error);
    size_t count = instance ? vm_export_count(module) : 0;
    for (size_t i = 0; i < 2 * count && i < CALLED && free; i++) {
        free = use(out, instance, vm_export_at(module, i % count), i >= count);
    }
    for (uint64_t at = 0; instance && vm_memory_at(instance, at, PAGE);
         at += PAGE) {
        buffer_append(out, vm_memory_at(instance, at, PAGE), PAGE);
    }
    if (module)
        show(module, way.watcher);
    if (way.used)
        *way.used = way.fuel - vm_fuel_left(vm);
    vm_close(vm);
    return free;
}

static int size_shown(const struct buffer *text) {
    return text->size < SHOWN ? (int)text->size : SHOWN;
}

static _Noreturn void fail(const char *what,
                           struct slice module,
                           const struct buffer *a,
                           const struct buffer *b) {
    FILE *file = fopen("wrong.wasm", "wb");
    size_t at = 0;
    while (at < a->size && at < b->size && a->data[at] == b->data[at])
        at++;
    if (file)
        fwrite(module.data, 1, module.size, file), fclose(file);
    fprintf(stderr,
            "%s, see wrong.wasm\n%.*s\n---\n%.*s\n",
            what,
            size_shown(a),
            (const char *)a->data,
            size_shown(b),
            (const char *)b->data);
    fprintf(
        stderr,
        "sizes %zu and %zu, the same up to byte %zu (the memory comes last)\n",
        a->size,
        b->size,
        at);
    abort();
}

/* Run it once more, another way. */
static void
compare(const struct buffer *expected, struct slice module, struct way way) {
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    transcribe(&text, module, way);
    if (!slice_equal(buffer_slice(&text), buffer_slice(expected)))
        fail("plain, fused or traced code differs", module, expected, &text);
    buffer_free(&text);
}

static void follow_and_show(struct slice module) {
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    transcribe(
        &text, module, (struct way){false, VM_UNLIMITED, RECORDER, NULL});
    buffer_free(&text);
}

/* A unit of fuel stands for so many cells at most, which plain code has more
 * of; where there are fewer than that, it stands for the same. */
static bool is_small(struct slice module) {
    return module.size < TICK_CELLS;
}

bool agree(struct buffer *text, struct slice module, bool made) {
    int64_t plain = 0, fused = 0;
    const struct way ways[] = {
        {false, 2 * FUEL, NOBODY, &fused}, /* other code */
        {true, VM_UNLIMITED, NOBODY, NULL},
        {false, VM_UNLIMITED, NOBODY, NULL},
        {false, VM_UNLIMITED, TRACER, NULL},
    };
    bool free =
        transcribe(text, module, (struct way){true, FUEL, NOBODY, &plain});
    if (made && memcmp(text->data, " 0 ", 3) != 0)
        fail("refused", module, text, text);
    if (!free)
        return false;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        compare(text, module, ways[i]);
    if (is_small(module) && plain != fused)
        fail("plain and fused code take other fuel", module, text, text);
    follow_and_show(module);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice module = {data, size};
    struct buffer made, text;
    buffer_init(&made, 1 << 20);
    buffer_init(&text, TEXT_MAX);
    bool given = size >= 4 && memcmp(data, "\0asm", 4) == 0;
    if (!given) {
        make_module(&made, module);
        module = buffer_slice(&made);
    }
    agree(&text, module, !given);
    buffer_free(&text);
    buffer_free(&made);
    return 0;
}
