/* Giving back instances and modules: what is given back, and when it cannot be,
 * since something refers to it. */
#include "tests/unit/vm_module.h"
#include "vm/meter.h"
#include "vm/rings.h"

enum { PAGE = 65536, ROUNDS = 200 };

/* An instance of a guest in a vm that is there already. Who calls frees the
 * bytes. */
static struct guest join(struct vm *vm, const char *name) {
    struct guest guest = {.vm = vm};
    guest_load(&guest, name);
    guest_start(&guest);
    return guest;
}

static void name(const struct guest *guest, const char *name) {
    struct error error = ERROR_INIT;
    assert_true(
        vm_register(guest->vm, slice_of(name), guest->instance, &error));
}

static void discard(const struct guest *guest) {
    struct error error = ERROR_INIT;
    if (!vm_discard(&guest->instance, 1, &error))
        fail_msg("%s", error.text);
}

static void unload(struct guest *guest) {
    struct error error = ERROR_INIT;
    if (!vm_unload(guest->module, &error))
        fail_msg("%s", error.text);
    buffer_free(&guest->bytes);
}

static void is_refused(const struct guest *guest, const char *text) {
    struct error error = ERROR_INIT;
    assert_false(vm_discard(&guest->instance, 1, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.text, text);
}

static struct guest open_with(struct budget *budget, uint64_t table_elements) {
    struct vm_limits limits = vm_limits_default();
    limits.memory = budget;
    limits.table_elements = table_elements;
    return guest_open(&limits);
}

static struct table *define_table(struct vm *vm) {
    struct extern_type type = {
        .kind = VM_TABLE, .type = VM_FUNCREF, .limits = {.min = 2}};
    struct error error = ERROR_INIT;
    struct table *table = vm_define_table(vm, "env", "table", &type, &error);
    assert_non_null(table);
    return table;
}

static void set(struct table *table, uint64_t i, struct function *function) {
    struct error error = ERROR_INIT;
    struct vm_value value = vm_funcref_of(function);
    assert_true(vm_table_set(table, i, &value, &error));
}

/* ---- what is given back ---- */

/* The tables' elements, too: one more lender would not fit otherwise. */
static void all_that_an_instance_holds_is_given_back(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest guest = open_with(&budget, 5);
    guest_load(&guest, "lender");
    guest_start(&guest);
    guest_call(&guest, "twice", 0, 0);
    discard(&guest);
    uint64_t held = budget.held;
    for (int i = 0; i < ROUNDS; i++) {
        guest_start(&guest);
        assert_true(budget.held >= held + PAGE);
        assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
        discard(&guest);
        assert_int_equal(budget.held, held);
    }
    guest_close(&guest);
    assert_int_equal(budget.held, 0);
}

/* The module's code and names, and the bytes are not read any more. */
static void all_that_a_module_holds_is_given_back(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest first = open_with(&budget, 100);
    guest_load(&first, "lender");
    guest_start(&first);
    discard(&first);
    unload(&first);
    uint64_t held = budget.held;
    for (int i = 0; i < ROUNDS; i++) {
        struct guest guest = join(first.vm, "lender");
        assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
        discard(&guest);
        unload(&guest);
        assert_int_equal(budget.held, held);
    }
    vm_close(first.vm);
    assert_int_equal(budget.held, 0);
}

static void a_module_stays_with_its_instances(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL), second = guest;
    guest_start(&second);
    struct error error = ERROR_INIT, named = ERROR_INIT;
    name(&guest, "first");
    discard(&second);
    assert_false(vm_unload(guest.module, &named));
    assert_int_equal(named.kind, ERROR_USAGE);
    assert_string_equal(named.text,
                        "the module cannot be unloaded: instance \"first\" has "
                        "not been discarded");
    assert_int_equal(guest_call(&guest, "twice", 21, 0), 42);
    guest_start(&second);
    discard(&guest);
    assert_false(vm_unload(guest.module, &error));
    assert_string_equal(error.text,
                        "the module cannot be unloaded: an instance of it has "
                        "not been discarded");
    discard(&second);
    unload(&second);
    vm_close(guest.vm);
}

static void a_name_is_free_again(void **state) {
    (void)state;
    struct guest first = guest_run("lender", NULL), second = first;
    name(&first, "lender");
    guest_start(&second);
    name(&second, "lender");
    name(&second, "another");
    discard(&second);
    /* What it hid is there again. */
    struct guest borrower = join(first.vm, "borrower");
    guest_call(&borrower, "set_count", 12, 0);
    assert_int_equal(guest_global(&first, "count").of.i32, 12);
    discard(&borrower);
    discard(&first);
    struct error error = ERROR_INIT;
    assert_null(vm_instantiate(first.vm, borrower.module, &error));
    assert_int_equal(error.kind, ERROR_UNLINKABLE);
    buffer_free(&borrower.bytes);
    guest_close(&first);
}

static void a_backtrace_ends_with_the_module(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL);
    struct vm_frame frames[4];
    guest_fails(&guest, "throw", ERROR_TRAP);
    discard(&guest);
    assert_int_equal(vm_backtrace(guest.vm, frames, 4), 1);
    unload(&guest);
    assert_int_equal(vm_backtrace(guest.vm, frames, 4), 0);
    vm_close(guest.vm);
}

static void nothing_and_what_is_not_of_the_vm(void **state) {
    (void)state;
    struct guest one = guest_run("lender", NULL),
                 two = guest_run("lender", NULL);
    struct error none = ERROR_INIT, error = ERROR_INIT;
    assert_true(vm_discard(NULL, 0, &none));
    struct instance *both[] = {one.instance, two.instance};
    assert_false(vm_discard(both, 2, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.text, "instances of two vms");
    assert_int_equal(guest_call(&one, "twice", 2, 0), 4);
    struct instance *doubled[] = {one.instance, one.instance};
    assert_true(vm_discard(doubled, 2, &none));
    guest_close(&one);
    guest_close(&two);
}

/* ---- who refers to it ---- */

/* An instance with one import, from "lender". */
static struct guest importer(struct vm *vm, struct entry import) {
    struct guest guest = {.vm = vm};
    struct buffer module =
        MODULE(TYPES(ENTRY("\x60\1\x7F\1\x7F"), ENTRY("\x60\1\x7F\0")),
               IMPORTS(import));
    guest_accept(&guest, module);
    guest_start(&guest);
    return guest;
}

static void who_imports_of_it_keeps_it(void **state) {
    (void)state;
    struct guest lender = guest_run("lender", NULL);
    name(&lender, "lender");
    static const struct {
        const char *name;
        struct entry import;
    } rows[] = {
#define ROW(name, type) {name, IMPORT("lender", name, type)}
        ROW("twice", "\0\0"),
        ROW("functions", "\1\x70\0\0"),
        ROW("memory", "\2\0\0"),
        ROW("count", "\3\x7F\1"),
        ROW("thrown", "\4\0\1"),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct guest guest = importer(lender.vm, rows[i].import);
        char text[200];
        snprintf(text,
                 sizeof text,
                 "instance \"lender\" cannot be discarded: another instance "
                 "imports \"lender\" \"%s\" of it",
                 rows[i].name);
        is_refused(&lender, text);
        name(&guest, "guest");
        snprintf(text,
                 sizeof text,
                 "instance \"lender\" cannot be discarded: instance \"guest\" "
                 "imports \"lender\" \"%s\" of it",
                 rows[i].name);
        is_refused(&lender, text);
        assert_int_equal(guest_call(&lender, "twice", 4, 0), 8);
        discard(&guest);
        buffer_free(&guest.bytes);
    }
    discard(&lender);
    guest_close(&lender);
}

/* One that only passes on what it imports is not referred to. */
static void what_is_passed_on_is_the_first_ones(void **state) {
    (void)state;
    struct guest lender = guest_run("lender", NULL);
    name(&lender, "lender");
    struct guest middle = join(lender.vm, "passing");
    name(&middle, "lender");
    struct guest borrower = join(lender.vm, "borrower");
    discard(&middle);
    is_refused(&lender,
               "instance \"lender\" cannot be discarded: another "
               "instance imports \"lender\" \"twice\" of it");
    guest_call(&borrower, "set_count", 12, 0);
    assert_int_equal(guest_global(&lender, "count").of.i32, 12);
    discard(&borrower);
    discard(&lender);
    buffer_free(&middle.bytes);
    buffer_free(&borrower.bytes);
    guest_close(&lender);
}

static void a_table_with_its_function_keeps_it(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL), other = guest;
    guest_start(&other);
    struct table *hosts = define_table(guest.vm);
    struct table *others = vm_find_table(other.instance, slice_of("functions"));
    struct function *twice = guest_function(&guest, "twice");
    set(hosts, 1, twice);
    is_refused(&guest,
               "the instance cannot be discarded: element 1 of a table "
               "of the host is a function of it");
    set(hosts, 1, NULL);
    set(others, 0, twice);
    is_refused(&guest,
               "the instance cannot be discarded: element 0 of a table "
               "of another instance is a function of it");
    assert_int_equal(guest_call(&other, "call", 0, 5), 10);
    set(others, 0, NULL);
    /* Its own may. */
    set(vm_find_table(guest.instance, slice_of("functions")), 0, twice);
    discard(&guest);
    assert_int_equal(guest_call(&other, "twice", 5, 0), 10);
    guest_close(&other);
}

static void a_global_with_its_function_keeps_it(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL), other = guest;
    guest_start(&other);
    struct vm_value null = vm_funcref_of(NULL),
                    twice = vm_funcref_of(guest_function(&guest, "twice"));
    struct error error = ERROR_INIT;
    struct global *hosts =
        vm_define_global(guest.vm, "env", "chosen", true, &twice, &error);
    struct global *others = vm_find_global(other.instance, slice_of("chosen"));
    assert_non_null(hosts);
    is_refused(&guest,
               "the instance cannot be discarded: a global of the host "
               "has a function of it");
    assert_true(vm_global_set(hosts, &null, &error));
    assert_true(vm_global_set(others, &twice, &error));
    is_refused(&guest,
               "the instance cannot be discarded: a global of another "
               "instance has a function of it");
    assert_true(vm_global_set(others, &null, &error));
    /* Neither its own nor a number that looks like it. */
    struct global *own = vm_find_global(guest.instance, slice_of("chosen"));
    assert_true(vm_global_set(own, &twice, &error));
    struct vm_value number = {.type = VM_I64, .of.i64 = twice.of.ref};
    assert_non_null(
        vm_define_global(guest.vm, "env", "number", true, &number, &error));
    discard(&guest);
    guest_close(&other);
}

/* Catches what element 0 of a table of the host's throws, and keeps the
 * exception until it is told to forget it. */
static struct guest catcher(struct vm *vm) {
    struct guest guest = {.vm = vm};
    struct buffer module =
        MODULE(TYPES(ENTRY("\x60\0\0")),
               IMPORTS(IMPORT("env", "table", "\1\x70\0\1")),
               FUNCTIONS(ENTRIES(2, "\0")),
               GLOBALS(ENTRY("\x69\1\xD0\x69\x0B")),
               EXPORTS(NAMED("catch", "\0\0"), NAMED("forget", "\0\1")),
               CODE(BODY("\0\2\x69\x1F\x40\1\3\0\x41\0\x11\0\0\x0B"
                         "\0\x0B\x24\0\x0B"),
                    BODY("\0\xD0\x69\x24\0\x0B")));
    guest_accept(&guest, module);
    guest_start(&guest);
    return guest;
}

static void an_exception_of_its_tag_keeps_it(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL);
    struct table *table = define_table(guest.vm);
    struct guest other = catcher(guest.vm);
    set(table, 0, guest_function(&guest, "throw"));
    guest_call(&other, "catch", 0, 0);
    set(table, 0, NULL);
    is_refused(&guest,
               "the instance cannot be discarded: an exception that is "
               "kept refers to it");
    guest_call(&other, "forget", 0, 0);
    /* It is there still, but nobody can reach it. */
    discard(&guest);
    guest_call(&other, "forget", 0, 0);

    /* Those who keep it may go with it. */
    guest_start(&guest);
    set(table, 0, guest_function(&guest, "throw"));
    guest_call(&other, "catch", 0, 0);
    set(table, 0, NULL);
    struct instance *both[] = {guest.instance, other.instance};
    struct error error = ERROR_INIT;
    assert_true(vm_discard(both, 2, &error));
    buffer_free(&other.bytes);
    guest_close(&guest);
}

/* To look for it among exceptions is paid for, and ends when the time is up. */
static void looking_at_exceptions_takes_time(void **state) {
    (void)state;
    struct guest guest = guest_run("lender", NULL);
    struct table *table = define_table(guest.vm);
    struct guest other = catcher(guest.vm);
    set(table, 0, guest_function(&guest, "throw"));
    for (int i = 0; i < ROUNDS; i++)
        guest_call(&other, "catch", 0, 0);

    struct meter meter = {0};
    struct instance *found;
    assert_true(exceptions_refer(guest.vm, &meter, &found));
    assert_null(found); /* nothing is marked, nor does anything go */
    assert_true(meter.steps >= ROUNDS);
    meter.steps = STEPS_A_LOOK;
    meter.interrupted = true;
    assert_false(exceptions_refer(guest.vm, &meter, &found));
    buffer_free(&other.bytes);
    guest_close(&guest);
}

/* Those that refer to each other go together. */
static void several_go_together(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest lender = open_with(&budget, 100);
    guest_load(&lender, "lender");
    guest_start(&lender);
    name(&lender, "lender");
    struct guest borrower = join(lender.vm, "borrower");
    guest_call(&borrower, "put_thrice", 1, 0);
    is_refused(&borrower,
               "the instance cannot be discarded: element 1 of a table of "
               "instance \"lender\" is a function of it");
    is_refused(&lender,
               "instance \"lender\" cannot be discarded: another "
               "instance imports \"lender\" \"twice\" of it");
    struct instance *both[] = {lender.instance, borrower.instance};
    struct error error = ERROR_INIT;
    uint64_t held = budget.held;
    assert_true(vm_discard(both, 2, &error));
    assert_true(budget.held <= held - PAGE);
    unload(&lender);
    unload(&borrower);
    vm_close(lender.vm);
}

/* If one cannot go, none does, nor later by itself. */
static void all_go_or_none(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest kept = open_with(&budget, 100);
    guest_load(&kept, "lender");
    struct guest other = kept, third = kept;
    uint64_t before = budget.held;
    guest_start(&kept);
    uint64_t each = budget.held - before;
    guest_start(&other);
    guest_start(&third);
    set(define_table(kept.vm), 0, guest_function(&kept, "twice"));
    struct instance *both[] = {other.instance, kept.instance};
    struct error error = ERROR_INIT;
    uint64_t held = budget.held;
    assert_false(vm_discard(both, 2, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_int_equal(budget.held, held);
    discard(&third);
    assert_int_equal(budget.held, held - each);
    assert_int_equal(guest_call(&other, "twice", 21, 0), 42);
    guest_close(&kept);
}

/* ---- while a guest runs ---- */

struct running {
    struct guest *other;
    struct error discarded, unloaded;
};

static bool try_both(void *context,
                     struct instance *caller,
                     uint64_t *slots,
                     struct error *error) {
    (void)caller, (void)slots, (void)error;
    struct running *running = context;
    const struct guest *other = running->other;
    return !vm_discard(&other->instance, 1, &running->discarded) &&
           !vm_unload(other->module, &running->unloaded);
}

static void nothing_goes_while_a_guest_runs(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    struct running running = {.discarded = ERROR_INIT, .unloaded = ERROR_INIT};
    struct error error = ERROR_INIT;
    assert_true(
        vm_define(guest.vm, "env", "do", ":", try_both, &running, &error));
    struct guest other = join(guest.vm, "lender");
    running.other = &other;
    /* Calls env.do when it starts. */
    guest_accept(&guest,
                 MODULE(TYPES(ENTRY("\x60\0\0")),
                        IMPORTS(IMPORT("env", "do", "\0\0")),
                        START(0)));
    guest_start(&guest);
    assert_int_equal(running.discarded.kind, ERROR_USAGE);
    assert_string_equal(running.discarded.text,
                        "nothing can be discarded while a guest of the vm "
                        "runs");
    assert_int_equal(running.unloaded.kind, ERROR_USAGE);
    assert_string_equal(running.unloaded.text,
                        "nothing can be unloaded while a guest of the vm runs");
    assert_int_equal(guest_call(&other, "twice", 3, 0), 6);
    discard(&other);
    unload(&other);
    guest_close(&guest);
}

/* ---- instances that failed ---- */

static void start_fails(const struct guest *guest, enum error_kind kind) {
    struct error error = ERROR_INIT;
    assert_null(vm_instantiate(guest->vm, guest->module, &error));
    assert_int_equal(error.kind, kind);
}

/* One that nothing refers to holds nothing, whatever it failed for. */
static void what_failed_is_freed(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest guest = open_with(&budget, 100);
    define_table(guest.vm);
    guest_load(&guest, "failing");
    start_fails(&guest, ERROR_TRAP);
    /* Its function is replaced by that of the next. */
    start_fails(&guest, ERROR_TRAP);
    uint64_t held = budget.held;
    for (int i = 0; i < ROUNDS; i++) {
        start_fails(&guest, ERROR_TRAP);
        assert_int_equal(budget.held, held);
    }
    guest_close(&guest);
}

static void what_could_not_be_linked_is_freed(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest guest = open_with(&budget, 100);
    guest_load(&guest, "failing");
    start_fails(&guest, ERROR_UNLINKABLE);
    uint64_t held = budget.held;
    start_fails(&guest, ERROR_UNLINKABLE);
    assert_int_equal(budget.held, held);
    unload(&guest);
    vm_close(guest.vm);
}

/* The first of its tables is there already when the second is refused. */
static void what_was_made_in_part_is_freed(void **state) {
    (void)state;
    struct budget budget = {.limit = 1 << 20};
    struct guest guest = open_with(&budget, 89);
    guest_load(&guest, "tables");
    uint64_t held = budget.held;
    for (int i = 0; i < ROUNDS; i++) {
        start_fails(&guest, ERROR_IO);
        assert_int_equal(budget.held, held);
    }
    unload(&guest);
    vm_close(guest.vm);
}

/* Its effects stay, and so does it. */
static void what_failed_stays_while_it_is_needed(void **state) {
    (void)state;
    struct guest guest = guest_open(NULL);
    struct table *table = define_table(guest.vm);
    guest_load(&guest, "failing");
    start_fails(&guest, ERROR_TRAP);
    struct vm_value value, arg = i32(0), result;
    struct error error = ERROR_INIT, called = ERROR_INIT;
    assert_true(vm_table_get(table, 1, &value));
    struct function *four = vm_function_of(&value);
    assert_non_null(four);
    assert_true(vm_call(four, &arg, 1, &result, &called));
    assert_int_equal(result.of.i32, 4);
    assert_false(vm_unload(guest.module, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(
        error.text,
        "the module cannot be unloaded: an instance of it that failed to start "
        "is still needed: element 1 of a table of the host is a function of "
        "it");
    assert_true(vm_call(four, &arg, 1, &result, &called));
    set(table, 1, NULL);
    unload(&guest);
    vm_close(guest.vm);
}

/* One that failed, and one in whose table its function is: neither is in the
 * other's way. But whoever else refers to the first keeps both. */
static void what_failed_goes_with_whose_table_it_is_in(void **state) {
    (void)state;
    struct guest owner = guest_run("one_table", NULL);
    struct guest failing = {.vm = owner.vm};
    struct table *table = vm_find_table(owner.instance, slice_of("table")),
                 *hosts = define_table(owner.vm);
    struct error error = ERROR_INIT;
    struct vm_value value;
    name(&owner, "env");
    guest_load(&failing, "failing");
    start_fails(&failing, ERROR_TRAP);
    assert_false(vm_unload(failing.module, &error));
    assert_true(vm_table_get(table, 1, &value));
    set(hosts, 0, vm_function_of(&value));
    is_refused(&owner,
               "instance \"env\" cannot be discarded: another instance "
               "imports \"env\" \"table\" of it");
    set(hosts, 0, NULL);
    discard(&owner);
    unload(&failing);
    guest_close(&owner);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_an_instance_holds_is_given_back),
        cmocka_unit_test(all_that_a_module_holds_is_given_back),
        cmocka_unit_test(a_module_stays_with_its_instances),
        cmocka_unit_test(a_name_is_free_again),
        cmocka_unit_test(a_backtrace_ends_with_the_module),
        cmocka_unit_test(nothing_and_what_is_not_of_the_vm),
        cmocka_unit_test(who_imports_of_it_keeps_it),
        cmocka_unit_test(what_is_passed_on_is_the_first_ones),
        cmocka_unit_test(a_table_with_its_function_keeps_it),
        cmocka_unit_test(a_global_with_its_function_keeps_it),
        cmocka_unit_test(an_exception_of_its_tag_keeps_it),
        cmocka_unit_test(looking_at_exceptions_takes_time),
        cmocka_unit_test(several_go_together),
        cmocka_unit_test(all_go_or_none),
        cmocka_unit_test(nothing_goes_while_a_guest_runs),
        cmocka_unit_test(what_failed_is_freed),
        cmocka_unit_test(what_could_not_be_linked_is_freed),
        cmocka_unit_test(what_was_made_in_part_is_freed),
        cmocka_unit_test(what_failed_stays_while_it_is_needed),
        cmocka_unit_test(what_failed_goes_with_whose_table_it_is_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
