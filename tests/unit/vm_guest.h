/* What the tests of the vm share: open a vm, load a guest of tests/guests/vm,
 * call it. Whatever cannot be set up fails the test. */
#ifndef HOSTEL_TESTS_UNIT_VM_GUEST_H
#define HOSTEL_TESTS_UNIT_VM_GUEST_H

#include "vm/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct guest {
    struct vm *vm;
    struct buffer bytes;
    struct module *module;
    struct instance *instance;
};

static inline struct guest guest_open(const struct vm_limits *limits) {
    struct guest guest = {0};
    struct vm_limits usual = vm_limits_default();
    struct error error = ERROR_INIT;
    guest.vm = vm_open(limits ? limits : &usual, &error);
    assert_non_null(guest.vm);
    return guest;
}

/* Read build/guests/vm/NAME.wasm. */
static inline void guest_read(struct buffer *bytes, const char *name) {
    const char *build = getenv("BUILD");
    char path[1024];
    snprintf(path,
             sizeof path,
             "%s/guests/vm/%s.wasm",
             build ? build : "build",
             name);
    struct error error = ERROR_INIT;
    buffer_init(bytes, 1 << 20);
    assert_true(file_read(path, bytes, &error));
}

/* The same, and load it. */
static inline void guest_load(struct guest *guest, const char *name) {
    struct error error = ERROR_INIT;
    guest_read(&guest->bytes, name);
    guest->module = vm_load(guest->vm, buffer_slice(&guest->bytes), &error);
    if (!guest->module)
        fail_msg("%s: %s", name, error.text);
}

static inline void guest_start(struct guest *guest) {
    struct error error = ERROR_INIT;
    guest->instance = vm_instantiate(guest->vm, guest->module, &error);
    if (!guest->instance)
        fail_msg("%s", error.text);
}

/* All of the above. */
static inline struct guest guest_run(const char *name,
                                     const struct vm_limits *limits) {
    struct guest guest = guest_open(limits);
    guest_load(&guest, name);
    guest_start(&guest);
    return guest;
}

static inline void guest_close(struct guest *guest) {
    vm_close(guest->vm);
    buffer_free(&guest->bytes);
}

static inline struct function *guest_function(const struct guest *guest,
                                              const char *name) {
    struct function *function =
        vm_find_function(guest->instance, slice_of(name));
    if (!function)
        fail_msg("no function %s", name);
    return function;
}

/* The value of an exported global. */
static inline struct vm_value guest_global(const struct guest *guest,
                                           const char *name) {
    struct global *global = vm_find_global(guest->instance, slice_of(name));
    if (!global)
        fail_msg("no global %s", name);
    return vm_global_get(global);
}

static inline struct vm_value i32(uint32_t number) {
    return (struct vm_value){.type = VM_I32, .of.i32 = number};
}

/* Call a function of at most two i32 parameters and at most one i32 result;
 * returns the kind of error. */
static inline enum error_kind guest_try(const struct guest *guest,
                                        const char *name,
                                        const uint32_t *args,
                                        uint32_t *result) {
    struct function *function = guest_function(guest, name);
    struct vm_value values[2] = {i32(args ? args[0] : 0),
                                 i32(args ? args[1] : 0)},
                    out = {0};
    struct error error = ERROR_INIT;
    vm_call(function,
            values,
            vm_function_type(function)->param_count,
            &out,
            &error);
    if (result)
        *result = out.of.i32;
    return error.kind;
}

/* Call a function which must succeed; returns its i32 result, if any. */
static inline uint32_t guest_call(const struct guest *guest,
                                  const char *name,
                                  uint32_t first,
                                  uint32_t second) {
    uint32_t result = 0;
    assert_int_equal(
        guest_try(guest, name, (uint32_t[]){first, second}, &result),
        ERROR_NONE);
    return result;
}

/* Call a function without results, which must fail so. */
static inline struct error
guest_fails(const struct guest *guest, const char *name, enum error_kind kind) {
    struct function *function = guest_function(guest, name);
    struct vm_value values[2] = {i32(0), i32(0)}, out[2];
    struct error error = ERROR_INIT;
    uint32_t count = vm_function_type(function)->param_count;
    assert_false(vm_call(function, values, count, out, &error));
    assert_int_equal(error.kind, kind);
    return error;
}

#endif
