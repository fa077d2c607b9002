/* Memory that is refused: at whichever request, what was asked for fails with
 * an error, and when it is asked for again it succeeds, as if nothing had been.
 * The Makefile has the vm make its requests here. */
#include "tests/unit/debug_module.h"

#include "vm/exceptions/tries.h"
#include "vm/listing/names.h"
#include "vm/module.h"
#include "vm/platform.h"

/* ---- refusing ---- */

/* So many requests are granted; the next is refused, and, if `lasting`, all
 * after it. */
static struct {
    bool armed, lasting, refused;
    size_t granted;
} requests;

static bool refuse(void) {
    if (!requests.armed)
        return false;
    if (requests.granted > 0) {
        requests.granted--;
        return false;
    }
    requests.refused = true;
    requests.armed = requests.lasting;
    return true;
}

/* Define the function that is called in place of `name`. */
#define REFUSE(type, nothing, name, parameters, ...)                           \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters {                                            \
        return refuse() ? nothing : __real_##name(__VA_ARGS__);                \
    }

REFUSE(void *, NULL, malloc, (size_t size), size)
REFUSE(void *, NULL, calloc, (size_t count, size_t size), count, size)
REFUSE(void *, NULL, realloc, (void *old, size_t size), old, size)
REFUSE(uint8_t *, NULL, platform_reserve, (uint64_t size), size)
REFUSE(
    bool, false, platform_commit, (uint8_t * base, uint64_t size), base, size)
REFUSE(bool,
       false,
       budget_take,
       (struct budget * budget, uint64_t bytes),
       budget,
       bytes)

/* ---- what is asked for ---- */

/* A module, and calls of its functions from one i32 to one i32. */
struct scenario {
    struct slice module;
    struct {
        const char *name;
        uint32_t arg, result;
    } calls[8];
};

/* How far it is. */
struct run {
    const struct scenario *scenario;
    struct vm *vm;
    bool defined;
    struct module *module;
    struct instance *instance;
    size_t called;
    struct error error;
};

static bool twice(void *context,
                  struct instance *caller,
                  uint64_t *slots,
                  struct error *error) {
    (void)context, (void)caller, (void)error;
    slots[0] = (uint32_t)(2 * slots[0]);
    return true;
}

static struct tries tries_of(const struct code *code) {
    return code->tries ? *code->tries : (struct tries){0};
}

/* A function whose translation failed leaves nothing behind. */
static void check_code(const struct code *now,
                       const struct code *before,
                       const struct tries *tries) {
    if (now->translation_count != before->translation_count)
        return;
    assert_int_equal(now->cell_count, before->cell_count);
    struct tries left = tries_of(now);
    assert_int_equal(left.range_count, tries->range_count);
    assert_int_equal(left.clause_count, tries->clause_count);
}

static bool call(struct run *run) {
    const char *name = run->scenario->calls[run->called].name;
    struct function *function = vm_find_function(run->instance, slice_of(name));
    struct vm_value arg = i32(run->scenario->calls[run->called].arg), result;
    const struct code *code = &run->module->code, before = *code;
    struct tries tries = tries_of(code);
    if (!vm_call(function, &arg, 1, &result, &run->error)) {
        check_code(code, &before, &tries);
        return false;
    }
    if (result.of.i32 != run->scenario->calls[run->called].result) {
        requests.armed = false;
        fail_msg("%s(%u): %u", name, arg.of.i32, result.of.i32);
    }
    run->called++;
    return true;
}

/* Take the next step; false if it fails, or if there is none. */
static bool step(struct run *run) {
    const struct scenario *scenario = run->scenario;
    struct vm_limits limits = vm_limits_default();
    if (!run->vm)
        return (run->vm = vm_open(&limits, &run->error));
    if (!run->defined) {
        run->defined = vm_define(
            run->vm, "host", "double", "i:i", twice, NULL, &run->error);
        return run->defined;
    }
    if (!run->module)
        return (run->module = vm_load(run->vm, scenario->module, &run->error));
    if (!run->instance) {
        return (run->instance =
                    vm_instantiate(run->vm, run->module, &run->error));
    }
    return scenario->calls[run->called].name && call(run);
}

/* Refuse memory at one request. The step that makes it fails, or can do
 * without; then it and all others succeed. False if there are fewer
 * requests. */
static bool
refused_at(const struct scenario *scenario, size_t granted, bool lasting) {
    struct run run = {.scenario = scenario, .error = ERROR_INIT};
    requests.granted = granted;
    requests.lasting = lasting;
    requests.refused = false;
    requests.armed = true;
    while (step(&run)) {
    }
    requests.armed = false;
    if (run.error.kind) {
        assert_true(requests.refused);
        if (!strstr(run.error.text, "memory"))
            fail_msg("request %zu: %s", granted, run.error.text);
    }
    run.error = (struct error)ERROR_INIT;
    while (step(&run)) {
    }
    if (run.error.kind)
        fail_msg("request %zu: afterwards: %s", granted, run.error.text);
    vm_close(run.vm);
    return requests.refused;
}

static void check(const struct scenario *scenario) {
    for (int lasting = 0; lasting < 2; lasting++) {
        size_t granted = 0;
        while (refused_at(scenario, granted, lasting))
            granted++;
        assert_true(granted > 10);
    }
}

static void tail_calls(void **state) {
    (void)state;
    struct buffer bytes;
    guest_read(&bytes, "tail");
    check(&(struct scenario){
        buffer_slice(&bytes),
        {{"down", 1000, 0}, {"few", 3, 1234}, {"to_host_indirect", 21, 42}}});
    buffer_free(&bytes);
}

static void exceptions(void **state) {
    (void)state;
    struct buffer bytes;
    guest_read(&bytes, "exceptions");
    check(&(struct scenario){buffer_slice(&bytes),
                             {{"choose", 1, 101},
                              {"nested", 2, 2},
                              {"rethrow", 1, 101},
                              {"many", 20, 210}}});
    buffer_free(&bytes);
}

/* catch 0 branches with its value. */
static void a_clause_with_a_value(void **state) {
    (void)state;
    struct buffer module = MODULE(
        TYPES(ENTRY("\x60\1\x7F\1\x7F"), ENTRY("\x60\1\x7F\0")),
        FUNCTIONS(ENTRY("\0")),
        TAGS(ENTRY("\0\1")),
        EXPORTS(NAMED("f", "\0\0")),
        CODE(BODY("\0\2\x7F\x1F\x40\1\0\0\0\x20\0\x08\0\x0B\x41\x09\x0B\x0B")));
    check(
        &(struct scenario){buffer_slice(&module), {{"f", 5, 5}, {"f", 6, 6}}});
    buffer_free(&module);
}

/* "big" is translated to more code than is made usable at once, in the midst of
 * which memory is refused; "small" follows it in the code, or takes its
 * place. */
static void code_that_grows_within_a_function(void **state) {
    (void)state;
    enum { ADDITIONS = 20000, VALUES = 300, TRIES = 100 };
    struct buffer body = empty();
    put_byte(&body, 0);
    /* try throw 0 catch_all end. */
    REPEAT(&body, "\x06\x40\x08\0\x19\x0B", TRIES);
    /* local 0 += 1. */
    REPEAT(&body, "\x20\0\x41\1\x6A\x21\0", ADDITIONS);
    REPEAT(&body, "\x20\0", VALUES);
    REPEAT(&body, "\x1A", VALUES - 1);
    put_byte(&body, 0x0B);
    struct buffer module =
        MODULE(TYPES(ENTRY("\x60\1\x7F\1\x7F"), ENTRY("\x60\0\0")),
               FUNCTIONS(ENTRIES(2, "\0")),
               TAGS(ENTRY("\0\1")),
               EXPORTS(NAMED("big", "\0\0"), NAMED("small", "\0\1")),
               /* small: local 0 + 7 */
               CODE(BODY_OF(&body), BODY("\0\x20\0\x41\7\x6A\x0B")));
    check(&(struct scenario){
        buffer_slice(&module),
        {{"small", 1, 8}, {"big", 2, ADDITIONS + 2}, {"small", 3, 10}}});
    check(&(struct scenario){buffer_slice(&module),
                             {{"big", 2, ADDITIONS + 2}, {"small", 3, 10}}});
    buffer_free(&body);
    buffer_free(&module);
}

/* A name is found, or is not; when it is asked for again, it is. */
static void debugging_information(void **state) {
    (void)state;
    struct program program = program_new();
    uint32_t scope =
        abbreviate(&program, TAG_NAMESPACE, true, (int[]){NAME, STRING, 0});
    uint32_t code =
        abbreviate(&program,
                   TAG_SUBPROGRAM,
                   false,
                   (int[]){NAME, STRING, LOW_PC, ADDR, HIGH_PC, DATA4, 0});
    unit_begin(&program, 4, 4);
    entry(&program, scope), text(&program.info, "shop");
    entry(&program, code), text(&program.info, "run");
    u32(&program.info, CODE_OF(0)), u32(&program.info, 3);
    entry_end(&program);
    unit_end(&program);
    struct buffer bytes = program_module(&program);
    size_t refusals = 0;
    for (requests.refused = true; requests.refused; refusals++) {
        struct guest guest = guest_open(NULL);
        struct error error = ERROR_INIT;
        guest.module = vm_load(guest.vm, buffer_slice(&bytes), &error);
        requests.granted = refusals;
        requests.refused = false;
        requests.armed = true;
        struct slice name = module_function_name(guest.module, 0);
        requests.armed = false;
        assert_true(name.size == 0 ? requests.refused
                                   : slice_is(name, "shop::run"));
        assert_true(
            slice_is(module_function_name(guest.module, 0), "shop::run"));
        vm_close(guest.vm);
    }
    assert_true(refusals > 6);
    buffer_free(&bytes);
    program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_calls),
        cmocka_unit_test(exceptions),
        cmocka_unit_test(a_clause_with_a_value),
        cmocka_unit_test(code_that_grows_within_a_function),
        cmocka_unit_test(debugging_information),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
