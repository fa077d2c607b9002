/* What a program that embeds the vm does with what a module imports and
 * exports: it lists it, offers it, and uses it. */
#include "tests/unit/vm_module.h"

/* A guest of its own in a vm that is there already. */
static struct guest join(struct vm *vm, const char *name) {
    struct guest guest = {.vm = vm};
    guest_load(&guest, name);
    return guest;
}

/* ---- lists ---- */

static size_t find_export(const struct module *module, const char *name) {
    for (size_t i = 0; i < vm_export_count(module); i++) {
        if (slice_is(vm_export_at(module, i).name, name))
            return i;
    }
    fail_msg("no export %s", name);
    return 0;
}

static struct extern_type type_of(const struct guest *guest, const char *name) {
    return vm_export_type(guest->module, find_export(guest->module, name));
}

static void exports_are_listed_with_their_types(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    guest_load(&guest, "lender");
    struct extern_type type = type_of(&guest, "twice");
    assert_int_equal(type.kind, VM_FUNCTION);
    assert_int_equal(type.function->param_count, 1);
    assert_int_equal(type.function->types[1], VM_I32);

    type = type_of(&guest, "functions");
    assert_int_equal(type.kind, VM_TABLE);
    assert_int_equal(type.type, VM_FUNCREF);
    assert_int_equal(type.limits.min, 2);
    assert_true(type.limits.has_max);
    assert_int_equal(type.limits.max, 8);
    assert_int_equal(type.limits.address, VM_I32);
    type = type_of(&guest, "names");
    assert_int_equal(type.type, VM_EXTERNREF);
    assert_false(type.limits.has_max);

    type = type_of(&guest, "memory");
    assert_int_equal(type.kind, VM_MEMORY);
    assert_int_equal(type.limits.min, 1);
    assert_int_equal(type.limits.max, 3);

    type = type_of(&guest, "count");
    assert_int_equal(type.kind, VM_GLOBAL);
    assert_int_equal(type.type, VM_I32);
    assert_true(type.is_mutable);
    type = type_of(&guest, "answer");
    assert_int_equal(type.type, VM_I64);
    assert_false(type.is_mutable);

    type = type_of(&guest, "thrown");
    assert_int_equal(type.kind, VM_TAG);
    assert_int_equal(type.function->param_count, 1);
    assert_int_equal(type.function->result_count, 0);
    guest_close(&guest);
}

/* Each import has the type of the export that it is made for, but for what
 * borrower.wat asks for less exactly. */
static void imports_are_listed_with_their_types(void **state) {
    (void)state;
    struct guest lender = guest_open(NULL);
    guest_load(&lender, "lender");
    struct guest borrower = join(lender.vm, "borrower");
    static const char names[][10] = {
        "twice", "functions", "memory", "count", "answer", "thrown"};
    size_t count = sizeof names / sizeof *names;
    assert_int_equal(vm_import_count(borrower.module), count);
    for (size_t i = 0; i < count; i++) {
        struct vm_import import = vm_import_at(borrower.module, i);
        assert_true(slice_is(import.module, "lender"));
        assert_true(slice_is(import.name, names[i]));
        struct extern_type exported = type_of(&lender, names[i]);
        assert_int_equal(import.type.kind, exported.kind);
        assert_ptr_equal(import.type.function, exported.function);
        assert_int_equal(import.type.type, exported.type);
        assert_int_equal(import.type.is_mutable, exported.is_mutable);
    }
    struct limits table = vm_import_at(borrower.module, 1).type.limits;
    assert_int_equal(table.min, 1);
    assert_int_equal(table.max, 10);
    assert_false(vm_import_at(borrower.module, 2).type.limits.has_max);
    buffer_free(&borrower.bytes);
    guest_close(&lender);
}

/* ---- what the host offers ---- */

enum { PAGE = 65536 };

static const struct extern_type memory_type = {
    .kind = VM_MEMORY, .limits = {.min = 1, .max = 3, .has_max = true}};
static const struct extern_type table_type = {
    .kind = VM_TABLE,
    .type = VM_FUNCREF,
    .limits = {.min = 2, .max = 8, .has_max = true}};
static const struct vm_value fixed = {.type = VM_I64, .of.i64 = 40};

/* A guest that imports all of these. */
struct hosted {
    struct guest guest;
    struct memory *memory;
    struct table *table;
    struct global *fixed, *count;
};

/* Grows the memory that the guest is using, and sets a global of its. */
static bool change(void *context,
                   struct instance *caller,
                   uint64_t *slots,
                   struct error *error) {
    (void)caller, (void)slots;
    struct hosted *hosted = context;
    struct vm_value count = i32(9);
    return vm_memory_grow(hosted->memory, 1, error) &&
           vm_global_set(hosted->count, &count, error);
}

static void open_hosted(struct hosted *hosted, struct budget *budget) {
    struct vm_limits limits = vm_limits_default();
    limits.memory = budget;
    hosted->guest = guest_open(&limits);
    struct vm *vm = hosted->guest.vm;
    struct error error = ERROR_INIT;
    struct vm_value seven = i32(7);
    hosted->memory =
        vm_define_memory(vm, "env", "memory", &memory_type, &error);
    hosted->table = vm_define_table(vm, "env", "table", &table_type, &error);
    hosted->fixed = vm_define_global(vm, "env", "fixed", false, &fixed, &error);
    hosted->count = vm_define_global(vm, "env", "count", true, &seven, &error);
    assert_true(vm_define(vm, "env", "change", ":", change, hosted, &error));
    assert_int_equal(error.kind, ERROR_NONE);
    guest_load(&hosted->guest, "hosted");
    guest_start(&hosted->guest);
}

static void the_hosts_memory_is_shared(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct hosted hosted;
    open_hosted(&hosted, &budget);
    const struct guest *guest = &hosted.guest;
    struct memory *memory = hosted.memory;
    assert_ptr_equal(vm_find_memory(guest->instance, slice_of("memory")),
                     memory);
    assert_true(budget.held >= PAGE);

    *vm_memory_range(memory, 5, 1) = 77;
    assert_int_equal(guest_call(guest, "load", 5, 0), 77);
    guest_call(guest, "store", 6, 78);
    assert_int_equal(*vm_memory_range(memory, 6, 1), 78);
    assert_ptr_equal(vm_memory_at(guest->instance, 6, 1),
                     vm_memory_range(memory, 6, 1));
    assert_int_equal(vm_memory_size(memory), PAGE);
    assert_non_null(vm_memory_range(memory, PAGE - 1, 1));
    assert_null(vm_memory_range(memory, PAGE - 1, 2));
    assert_null(vm_memory_range(memory, UINT64_MAX, 2));

    struct error error = ERROR_INIT;
    uint64_t held = budget.held;
    assert_true(vm_memory_grow(memory, 1, &error));
    assert_int_equal(budget.held, held + PAGE);
    guest_call(guest, "store", 2 * PAGE - 1, 1);
    assert_int_equal(guest_call(guest, "grow", 1, 0), 2);
    assert_int_equal(vm_memory_size(memory), 3 * PAGE);
    assert_int_equal(vm_memory_type(memory).limits.min, 3);
    assert_false(vm_memory_grow(memory, 1, &error));
    assert_int_equal(error.kind, ERROR_EXHAUSTION);
    assert_non_null(strstr(error.text, "memory of 3 to 3 pages"));
    assert_int_equal(vm_memory_size(memory), 3 * PAGE);
    guest_close(&hosted.guest);
    assert_int_equal(budget.held, 0);
}

static void the_hosts_globals_are_shared(void **state) {
    (void)state;
    struct hosted hosted;
    open_hosted(&hosted, NULL);
    const struct guest *guest = &hosted.guest;
    assert_int_equal(guest_call(guest, "get_fixed", 0, 0), 40);
    assert_int_equal(guest_call(guest, "bump", 0, 0), 8);
    assert_int_equal(vm_global_get(hosted.count).of.i32, 8);
    struct vm_value value = i32(20);
    struct error error = ERROR_INIT;
    assert_true(vm_global_set(hosted.count, &value, &error));
    assert_int_equal(guest_call(guest, "bump", 0, 0), 21);

    assert_false(vm_global_set(hosted.fixed, &fixed, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.text, "the global is immutable");
    struct error mismatch = ERROR_INIT;
    assert_false(vm_global_set(hosted.count, &fixed, &mismatch));
    assert_int_equal(mismatch.kind, ERROR_USAGE);
    assert_string_equal(mismatch.text,
                        "the global is of type i32, i64 was given");
    assert_int_equal(vm_global_get(hosted.count).of.i32, 21);
    struct extern_type type = vm_global_type(hosted.fixed);
    assert_int_equal(type.type, VM_I64);
    assert_false(type.is_mutable);
    guest_close(&hosted.guest);
}

static void the_hosts_table_is_shared(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct hosted hosted;
    open_hosted(&hosted, &budget);
    const struct guest *guest = &hosted.guest;
    struct table *table = hosted.table;
    struct vm_value null = vm_funcref_of(NULL), found,
                    twice = vm_funcref_of(guest_function(guest, "twice"));
    struct error error = ERROR_INIT;
    assert_true(vm_table_get(table, 1, &found));
    assert_int_equal(found.type, VM_FUNCREF);
    assert_null(vm_function_of(&found));
    assert_true(vm_table_set(table, 1, &twice, &error));
    assert_int_equal(guest_call(guest, "call", 1, 21), 42);
    assert_true(vm_table_get(table, 1, &found));
    assert_ptr_equal(vm_function_of(&found), guest_function(guest, "twice"));

    uint64_t held = budget.held;
    assert_true(vm_table_grow(table, 6, &twice, &error));
    assert_int_equal(budget.held, held + 6 * sizeof(uint64_t));
    assert_int_equal(vm_table_size(table), 8);
    assert_int_equal(guest_call(guest, "elements", 0, 0), 8);
    assert_int_equal(guest_call(guest, "call", 7, 4), 8);
    assert_int_equal(vm_table_type(table).limits.min, 8);
    assert_true(vm_table_set(table, 7, &null, &error));
    assert_int_equal(guest_try(guest, "call", (uint32_t[]){7, 4}, NULL),
                     ERROR_TRAP);

    assert_false(vm_table_get(table, 8, &found));
    assert_false(vm_table_set(table, 8, &twice, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.text, "element 8 of a table that has 8");
    struct error full = ERROR_INIT, mismatch = ERROR_INIT;
    assert_false(vm_table_grow(table, 1, &twice, &full));
    assert_int_equal(full.kind, ERROR_EXHAUSTION);
    assert_int_equal(vm_table_size(table), 8);
    assert_false(vm_table_set(table, 0, &fixed, &mismatch));
    assert_int_equal(mismatch.kind, ERROR_USAGE);
    struct error other = ERROR_INIT;
    assert_false(vm_table_grow(table, 0, &fixed, &other));
    assert_int_equal(other.kind, ERROR_USAGE);
    guest_close(&hosted.guest);
    assert_int_equal(budget.held, 0);
}

static void a_guest_sees_what_a_host_function_changes(void **state) {
    (void)state;
    struct hosted hosted;
    open_hosted(&hosted, NULL);
    assert_int_equal(
        guest_call(&hosted.guest, "store_after_change", PAGE + 10, 0), 9);
    assert_int_equal(*vm_memory_range(hosted.memory, PAGE + 10, 1), 9);
    guest_close(&hosted.guest);
}

/* A function of one vm has no place in another. */
static void functions_of_another_vm_are_refused(void **state) {
    (void)state;
    struct hosted hosted;
    open_hosted(&hosted, NULL);
    struct guest other = guest_run("values", NULL);
    struct vm_value add = vm_funcref_of(guest_function(&other, "add")),
                    null = vm_funcref_of(NULL), results[6];
    struct error error = ERROR_INIT;
    assert_false(vm_table_set(hosted.table, 0, &add, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.text, "an element: a function of another vm");
    struct error grown = ERROR_INIT, set = ERROR_INIT, called = ERROR_INIT;
    assert_false(vm_table_grow(hosted.table, 1, &add, &grown));
    assert_int_equal(grown.kind, ERROR_USAGE);

    struct global *global =
        vm_define_global(hosted.guest.vm, "env", "chosen", true, &null, &set);
    assert_non_null(global);
    assert_false(vm_global_set(global, &add, &set));
    assert_int_equal(set.kind, ERROR_USAGE);
    struct error defined = ERROR_INIT;
    assert_null(vm_define_global(
        hosted.guest.vm, "env", "chosen", true, &add, &defined));
    assert_int_equal(defined.kind, ERROR_USAGE);

    struct guest third = guest_run("values", NULL);
    struct vm_value args[] = {add, i32(1), i32(2)};
    assert_false(vm_call(
        guest_function(&third, "call_reference"), args, 3, results, &called));
    assert_int_equal(called.kind, ERROR_USAGE);
    guest_close(&third);
    guest_close(&other);
    guest_close(&hosted.guest);
}

/* ---- linking ---- */

/* Whether a module with this one import, from "env", can be linked; if not,
 * `text` says why. */
static bool links(struct vm *vm,
                  const char *name,
                  struct slice description,
                  struct error *error) {
    struct entry import = {
        {"env", name}, description.data, description.size, 1, 1, false};
    struct buffer module = MODULE(IMPORTS(import));
    struct module *loaded = vm_load(vm, buffer_slice(&module), error);
    if (!loaded)
        fail_msg("%s: %s", name, error->text);
    bool possible = vm_can_import(vm, loaded, 0, error);
    struct error same = ERROR_INIT;
    assert_int_equal(possible, vm_instantiate(vm, loaded, &same) != NULL);
    assert_string_equal(error->text, same.text);
    if (!possible)
        assert_int_equal(error->kind, ERROR_UNLINKABLE);
    buffer_free(&module);
    return possible;
}

/* Limits are matched as the spec says (3.2.8), all else is to be the same. */
static void definitions_are_linked_by_their_types(void **state) {
    (void)state;
    struct hosted hosted;
    open_hosted(&hosted, NULL);
    struct vm *vm = hosted.guest.vm;
#define BYTES(text)                                                            \
    { (const uint8_t *)(text), sizeof(text) - 1 }
    static const struct {
        const char *name;
        struct slice wanted;
        const char *refused; /* what the error tells; NULL: linked */
    } rows[] = {
        {"memory", BYTES("\2\0\0"), NULL},
        {"memory", BYTES("\2\0\1"), NULL},
        {"memory", BYTES("\2\1\1\3"), NULL},
        {"memory", BYTES("\2\1\1\4"), NULL},
        {"memory", BYTES("\2\0\2"), "memory of 1 to 3 pages"},
        {"memory", BYTES("\2\1\1\2"), "memory of 1 to 3 pages"},
        {"memory", BYTES("\2\4\1"), "64-bit memory"},
        {"memory", BYTES("\1\x70\0\1"), "memory of 1 to 3 pages"},
        {"table", BYTES("\1\x70\0\2"), NULL},
        {"table", BYTES("\1\x70\1\0\x08"), NULL},
        {"table", BYTES("\1\x70\0\3"), "table of 2 to 8 funcref"},
        {"table", BYTES("\1\x70\1\0\7"), "table of 2 to 8 funcref"},
        {"table", BYTES("\1\x6F\0\2"), "table of 2 to 8 funcref"},
        {"table", BYTES("\1\x70\4\2"), "table of 2 to 8 funcref"},
        {"fixed", BYTES("\3\x7E\0"), NULL},
        {"fixed", BYTES("\3\x7E\1"), "immutable global i64"},
        {"fixed", BYTES("\3\x7F\0"), "immutable global i64"},
        {"count", BYTES("\3\x7F\1"), NULL},
        {"count", BYTES("\3\x7F\0"), "mutable global i32"},
        {"absent", BYTES("\3\x7F\0"), "unknown import"},
        {"absent", BYTES("\2\0\0"), "unknown import"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = ERROR_INIT;
        bool linked = links(vm, rows[i].name, rows[i].wanted, &error);
        if (linked == (rows[i].refused != NULL))
            fail_msg("row %zu: %s", i, error.text);
        if (rows[i].refused && !strstr(error.text, rows[i].refused))
            fail_msg("row %zu: %s", i, error.text);
    }
    /* By the present size, not the first one. */
    struct error error = ERROR_INIT;
    assert_true(vm_memory_grow(hosted.memory, 1, &error));
    assert_true(links(vm, "memory", (struct slice)BYTES("\2\0\2"), &error));
    guest_close(&hosted.guest);
}

static void the_latest_definition_wins(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    struct vm_value seven = i32(7);
    static const struct slice memory = BYTES("\2\0\1"),
                              global = BYTES("\3\x7F\0");
    assert_non_null(
        vm_define_memory(guest.vm, "env", "it", &memory_type, &error));
    assert_true(links(guest.vm, "it", memory, &error));
    assert_non_null(
        vm_define_global(guest.vm, "env", "it", false, &seven, &error));
    assert_true(links(guest.vm, "it", global, &error));
    assert_false(links(guest.vm, "it", memory, &error));
    guest_close(&guest);
}

/* What an import asks for can be made of the list. */
static void a_listed_type_makes_what_fits(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    guest_load(&guest, "hosted");
    for (size_t i = 0; i < vm_import_count(guest.module); i++) {
        struct vm_import import = vm_import_at(guest.module, i);
        struct error error = ERROR_INIT;
        if (import.type.kind == VM_MEMORY) {
            vm_define_memory(guest.vm, "env", "memory", &import.type, &error);
            assert_true(vm_can_import(guest.vm, guest.module, i, &error));
        } else if (import.type.kind == VM_TABLE) {
            vm_define_table(guest.vm, "env", "table", &import.type, &error);
            assert_true(vm_can_import(guest.vm, guest.module, i, &error));
        }
        assert_int_equal(error.kind, ERROR_NONE);
    }
    guest_close(&guest);
}

static void wrong_definitions_are_refused(void **state) {
    (void)state;
    struct vm_limits small = vm_limits_default();
    small.memory_bytes = 3 * PAGE;
    small.table_elements = 100;
    struct guest guest = guest_open(&small);
    static const struct {
        struct extern_type type;
        enum error_kind kind;
        const char *text;
    } rows[] = {
        {{.kind = VM_MEMORY, .limits = {2, 1, true, VM_I32}},
         ERROR_USAGE,
         "env.it: a size of 2 to 1"},
        {{.kind = VM_MEMORY, .limits = {0, 65537, true, 0}},
         ERROR_USAGE,
         "at most 65536"},
        {{.kind = VM_MEMORY, .limits = {65537, 0, false, 0}},
         ERROR_USAGE,
         "at most 65536"},
        {{.kind = VM_MEMORY,
          .limits = {0, (UINT64_C(1) << 48) + 1, true, VM_I64}},
         ERROR_USAGE,
         "at most 281474976710656"},
        {{.kind = VM_MEMORY, .limits = {0, 1, true, VM_F32}},
         ERROR_USAGE,
         "addresses are of type i32 or i64"},
        {{.kind = VM_MEMORY, .limits = {4, 0, false, 0}},
         ERROR_IO,
         "the host wants a memory of 4 pages of 64 KiB, --max-memory allows 3"},
        {{.kind = VM_MEMORY, .limits = {3, 0, false, 0}},
         ERROR_IO,
         "memory limit: a memory of 3 pages of 64 KiB"},
        {{.kind = VM_TABLE, .type = VM_FUNCREF, .limits = {2, 1, true, 0}},
         ERROR_USAGE,
         "a size of 2 to 1"},
        {{.kind = VM_TABLE,
          .type = VM_FUNCREF,
          .limits = {0, UINT64_C(1) << 32, true, 0}},
         ERROR_USAGE,
         "at most 4294967295"},
        {{.kind = VM_TABLE, .type = VM_I32},
         ERROR_USAGE,
         "elements are of type funcref or externref"},
        {{.kind = VM_TABLE, .type = VM_EXNREF},
         ERROR_USAGE,
         "elements are of type funcref or externref"},
        {{.kind = VM_TABLE, .type = VM_FUNCREF, .limits = {.min = 101}},
         ERROR_IO,
         "the host wants a table of 101 elements, 100 are left for it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = ERROR_INIT;
        bool is_memory = rows[i].type.kind == VM_MEMORY;
        void *made = is_memory
                         ? (void *)vm_define_memory(
                               guest.vm, "env", "it", &rows[i].type, &error)
                         : (void *)vm_define_table(
                               guest.vm, "env", "it", &rows[i].type, &error);
        assert_null(made);
        assert_int_equal(error.kind, rows[i].kind);
        if (!strstr(error.text, rows[i].text))
            fail_msg("row %zu: %s", i, error.text);
    }
    struct error kind = ERROR_INIT, other = ERROR_INIT, value = ERROR_INIT;
    assert_null(vm_define_memory(guest.vm, "env", "it", &table_type, &kind));
    assert_int_equal(kind.kind, ERROR_USAGE);
    assert_null(vm_define_table(guest.vm, "env", "it", &memory_type, &other));
    assert_int_equal(other.kind, ERROR_USAGE);
    struct vm_value exception = {.type = VM_EXNREF}, none = {.of.i64 = 0};
    assert_null(
        vm_define_global(guest.vm, "env", "it", true, &exception, &value));
    assert_int_equal(value.kind, ERROR_USAGE);
    struct error untyped = ERROR_INIT;
    assert_null(vm_define_global(guest.vm, "env", "it", true, &none, &untyped));
    assert_int_equal(untyped.kind, ERROR_USAGE);
    /* None of them is there. */
    struct error error = ERROR_INIT;
    assert_false(links(guest.vm, "it", (struct slice)BYTES("\2\0\0"), &error));
    assert_non_null(strstr(error.text, "unknown import"));
    guest_close(&guest);
}

/* ---- exports ---- */

static void exports_of_a_guest_are_used(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL);
    const struct instance *instance = guest.instance;
    struct error error = ERROR_INIT;
    struct memory *memory = vm_find_memory(instance, slice_of("memory"));
    struct table *table = vm_find_table(instance, slice_of("functions"));
    struct table *names = vm_find_table(instance, slice_of("names"));
    struct global *vector = vm_find_global(instance, slice_of("vector"));
    struct global *chosen = vm_find_global(instance, slice_of("chosen"));
    assert_true(memory && table && names && vector && chosen);

    memcpy(vm_memory_range(memory, 100, 1), "x", 1);
    assert_int_equal(guest_call(&guest, "load", 100, 0), 'x');
    assert_true(vm_memory_grow(memory, 2, &error));
    assert_int_equal(guest_call(&guest, "pages", 0, 0), 3);

    struct vm_value twice = vm_funcref_of(guest_function(&guest, "twice"));
    assert_true(vm_table_set(table, 0, &twice, &error));
    assert_int_equal(guest_call(&guest, "call", 0, 4), 8);
    assert_true(vm_global_set(chosen, &twice, &error));
    struct vm_value value = vm_global_get(chosen);
    assert_ptr_equal(vm_function_of(&value), guest_function(&guest, "twice"));

    struct vm_value name = {.type = VM_EXTERNREF, .of.ref = 1234};
    assert_true(vm_table_grow(names, 2, &name, &error));
    assert_true(vm_table_get(names, 2, &value));
    assert_int_equal(value.type, VM_EXTERNREF);
    assert_int_equal(value.of.ref, 1234);

    value = vm_global_get(vector);
    assert_int_equal(value.type, VM_V128);
    assert_true(value.of.v128[1] == (UINT64_C(4) << 32 | 3));
    value.of.v128[1] = UINT64_C(9) << 32;
    assert_true(vm_global_set(vector, &value, &error));
    assert_int_equal(guest_call(&guest, "lane", 0, 0), 9);
    guest_close(&guest);
}

/* A narrow value has no high half, whatever the host left there. */
static void narrow_globals_are_set_clean(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL);
    struct global *count = vm_find_global(guest.instance, slice_of("count"));
    struct vm_value value = {.type = VM_I32, .of.i64 = UINT64_MAX};
    struct error error = ERROR_INIT;
    assert_true(vm_global_set(count, &value, &error));
    assert_true(vm_global_get(count).of.i64 == UINT32_MAX);
    assert_int_equal(guest_call(&guest, "get_count", 0, 0), UINT32_MAX);
    guest_close(&guest);
}

static void exports_are_found_by_kind(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL);
    static const char *const names[] = {
        "memory", "functions", "count", "twice", "thrown", "absent"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice name = slice_of(names[i]);
        const struct instance *instance = guest.instance;
        assert_int_equal(vm_find_memory(instance, name) != NULL, i == 0);
        assert_int_equal(vm_find_table(instance, name) != NULL, i == 1);
        assert_int_equal(vm_find_global(instance, name) != NULL, i == 2);
        assert_int_equal(vm_find_function(instance, name) != NULL, i == 3);
    }
    guest_close(&guest);
}

/* The importer and the exporter have one thing. */
static void imports_are_the_exporters(void **state) {
    (void)state;
    struct guest lender = guest_run("lender", NULL);
    struct guest borrower = join(lender.vm, "borrower");
    struct error error = ERROR_INIT;
    assert_true(
        vm_register(lender.vm, slice_of("lender"), lender.instance, &error));
    guest_start(&borrower);
    guest_call(&borrower, "set_count", 12, 0);
    assert_int_equal(guest_global(&lender, "count").of.i32, 12);
    guest_call(&borrower, "put_thrice", 1, 0);
    struct vm_value value;
    struct table *table = vm_find_table(lender.instance, slice_of("functions"));
    assert_true(vm_table_get(table, 1, &value));
    assert_ptr_equal(vm_function_of(&value),
                     guest_function(&borrower, "thrice"));
    assert_int_equal(guest_call(&lender, "call", 1, 5), 15);
    buffer_free(&borrower.bytes);
    guest_close(&lender);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_are_listed_with_their_types),
        cmocka_unit_test(imports_are_listed_with_their_types),
        cmocka_unit_test(the_hosts_memory_is_shared),
        cmocka_unit_test(the_hosts_globals_are_shared),
        cmocka_unit_test(the_hosts_table_is_shared),
        cmocka_unit_test(a_guest_sees_what_a_host_function_changes),
        cmocka_unit_test(functions_of_another_vm_are_refused),
        cmocka_unit_test(definitions_are_linked_by_their_types),
        cmocka_unit_test(the_latest_definition_wins),
        cmocka_unit_test(a_listed_type_makes_what_fits),
        cmocka_unit_test(wrong_definitions_are_refused),
        cmocka_unit_test(exports_of_a_guest_are_used),
        cmocka_unit_test(narrow_globals_are_set_clean),
        cmocka_unit_test(exports_are_found_by_kind),
        cmocka_unit_test(imports_are_the_exporters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
