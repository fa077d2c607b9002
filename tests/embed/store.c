/* A program that shares memories, tables and globals with a guest, lists what
 * it wants and offers, and gives it back: `store GUESTS`. */
#include "clash.h"

#include <hostel/vm.h>

#include <inttypes.h>
#include <string.h>

enum { PAGE = 65536, ROUNDS = 50 };

static int failures;

static void check(const char *name, bool ok, const struct hostel_error *error) {
    if (!ok)
        failures++;
    printf(ok ? "ok embed/%s\n" : "not ok embed/%s - %s\n", name, error->text);
}

/* What a module wants, one line each. */
static void
list_imports(const struct hostel_module *module, char *out, size_t size) {
    out[0] = '\0';
    for (size_t i = 0; i < hostel_vm_import_count(module); i++) {
        struct hostel_vm_import import = hostel_vm_import_at(module, i);
        char name[40];
        hostel_shown_write(import.name, name, sizeof name);
        size_t length = strlen(out);
        snprintf(out + length,
                 size - length,
                 "%s kind %d %" PRIu64 " to %" PRIu64 "\n",
                 name,
                 (int)import.type.kind,
                 import.type.limits.min,
                 import.type.limits.max);
    }
}

/* The types of two of its exports. */
static bool exports_are_right(const struct hostel_module *module) {
    bool global = false, table = false;
    for (size_t i = 0; i < hostel_vm_export_count(module); i++) {
        struct hostel_vm_export export = hostel_vm_export_at(module, i);
        struct hostel_extern_type type = hostel_vm_export_type(module, i);
        if (hostel_slice_is(export.name, "count")) {
            global = type.kind == HOSTEL_VM_GLOBAL &&
                     type.type == HOSTEL_VM_I32 && type.is_mutable;
        }
        if (hostel_slice_is(export.name, "functions")) {
            table = type.kind == HOSTEL_VM_TABLE &&
                    type.type == HOSTEL_VM_FUNCREF && type.limits.max == 8;
        }
    }
    return global && table;
}

static bool call(struct hostel_instance *guest,
                 const char *name,
                 const struct hostel_vm_value *args,
                 size_t count,
                 struct hostel_vm_value *result,
                 struct hostel_error *error) {
    struct hostel_function *function =
        hostel_vm_find_function(guest, hostel_slice_of(name));
    return function && hostel_vm_call(function, args, count, result, error);
}

/* What the guest exports. */
static void use_exports(struct hostel_instance *guest) {
    struct hostel_error error = HOSTEL_ERROR_INIT, refused = HOSTEL_ERROR_INIT;
    struct hostel_global *count =
        hostel_vm_find_global(guest, hostel_slice_of("count"));
    struct hostel_vm_value twenty = {HOSTEL_VM_I32, {20}}, result;
    bool ok = count && hostel_vm_global_set(count, &twenty, &error) &&
              call(guest, "fill", NULL, 0, NULL, &error) &&
              hostel_vm_global_get(count).of.i32 == 21;
    check("global", ok, &error);

    struct hostel_table *table =
        hostel_vm_find_table(guest, hostel_slice_of("functions"));
    struct hostel_vm_value seven = hostel_vm_funcref_of(
        hostel_vm_find_function(guest, hostel_slice_of("seven")));
    struct hostel_vm_value index = {HOSTEL_VM_I32, {2}}, element;
    ok = table && hostel_vm_table_grow(table, 1, &seven, &error) &&
         hostel_vm_table_size(table) == 3 &&
         call(guest, "call", &index, 1, &result, &error) &&
         result.of.i32 == 7 && hostel_vm_table_get(table, 2, &element) &&
         hostel_vm_function_of(&element) == hostel_vm_function_of(&seven);
    check("table", ok, &error);
    ok = !hostel_vm_table_set(table, 2, &twenty, &refused) &&
         refused.kind == HOSTEL_ERROR_USAGE;
    check("table-type", ok, &refused);

    struct hostel_memory *own =
        hostel_vm_find_memory(guest, hostel_slice_of("own"));
    ok = own && hostel_vm_memory_grow(own, 1, &error) &&
         hostel_vm_memory_size(own) == 2 * PAGE &&
         hostel_vm_memory_range(own, 2 * PAGE - 1, 1) &&
         !hostel_vm_memory_range(own, 2 * PAGE - 1, 2) &&
         hostel_vm_memory_type(own).limits.min == 2;
    check("exported-memory", ok, &error);
}

/* Guest after guest in one vm: what it holds does not grow. */
static void come_and_go(struct hostel_vm *vm, struct hostel_slice bytes) {
    struct hostel_error error = HOSTEL_ERROR_INIT;
    uint64_t held = hostel_vm_budget(vm)->held;
    bool ok = true;
    for (int i = 0; i < ROUNDS && ok; i++) {
        struct hostel_module *module = hostel_vm_load(vm, bytes, &error);
        struct hostel_instance *guest =
            module ? hostel_vm_instantiate(vm, module, &error) : NULL;
        ok = guest && call(guest, "fill", NULL, 0, NULL, &error) &&
             hostel_vm_discard(&guest, 1, &error) &&
             hostel_vm_unload(module, &error) &&
             hostel_vm_budget(vm)->held == held;
    }
    check("come-and-go", ok, &error);
}

static void share(struct hostel_vm *vm, struct hostel_slice bytes) {
    struct hostel_error error = HOSTEL_ERROR_INIT, kept = HOSTEL_ERROR_INIT;
    struct hostel_module *module = hostel_vm_load(vm, bytes, &error);
    char list[200] = "";
    if (module)
        list_imports(module, list, sizeof list);
    check("imports", strcmp(list, "memory kind 2 1 to 3\n") == 0, &error);
    check("exports", module && exports_are_right(module), &error);
    if (!module)
        return;

    struct hostel_extern_type type = hostel_vm_import_at(module, 0).type;
    struct hostel_memory *memory =
        hostel_vm_define_memory(vm, "env", "memory", &type, &error);
    struct hostel_instance *guest =
        memory ? hostel_vm_instantiate(vm, module, &error) : NULL;
    bool ok = guest && hostel_vm_memory_grow(memory, 2, &error) &&
              call(guest, "fill", NULL, 0, NULL, &error) &&
              *hostel_vm_memory_range(memory, 0, 1) == 3;
    check("memory", ok, &error);
    if (!guest)
        return;
    use_exports(guest);

    ok = !hostel_vm_unload(module, &kept) && kept.kind == HOSTEL_ERROR_USAGE;
    check("unload-refused", ok, &kept);
    ok = hostel_vm_discard(&guest, 1, &error) &&
         hostel_vm_unload(module, &error);
    check("unload", ok, &error);
    come_and_go(vm, bytes);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    char path[1000];
    struct hostel_error error = HOSTEL_ERROR_INIT;
    struct hostel_vm_limits limits = hostel_vm_limits_default();
    struct hostel_buffer bytes;
    limits.memory_bytes = 1 << 20;
    snprintf(path, sizeof path, "%s/store.wasm", argv[1]);
    hostel_buffer_init(&bytes, HOSTEL_VM_MODULE_BYTES);
    struct hostel_vm *vm = hostel_vm_open(&limits, &error);
    bool ok = vm && hostel_file_read(path, &bytes, &error);
    check("names", our_sum() == OUR_SUM, &error);
    check("opened", ok, &error);
    if (ok)
        share(vm, hostel_buffer_slice(&bytes));
    hostel_vm_close(vm);
    hostel_buffer_free(&bytes);
    return failures > 0;
}
