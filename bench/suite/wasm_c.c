/* The suite's engine, whichever it is, by the C API that several have in
 * common: wasm.h. */
#include "bench/suite/engine.h"

#include <string.h>
#include <wasm.h>

static wasm_exporttype_vec_t types;
static wasm_extern_vec_t externs;

/* The API knows no version. */
const char *engine_version(void) {
    return "";
}

static wasm_trap_t *clock_call(const wasm_val_vec_t *arguments,
                               wasm_val_vec_t *results) {
    (void)arguments;
    results->data[0].kind = WASM_I32;
    results->data[0].of.i32 = (int32_t)cpu_ms();
    return NULL;
}

/* The import clock_ms, if the module has one. */
static wasm_extern_t *import_of(wasm_store_t *store, wasm_module_t *module) {
    wasm_importtype_vec_t imports;
    wasm_module_imports(module, &imports);
    if (imports.size == 0)
        return NULL;

    wasm_functype_t *type = wasm_functype_new_0_1(wasm_valtype_new(WASM_I32));
    return wasm_func_as_extern(wasm_func_new(store, type, clock_call));
}

void engine_open(const uint8_t *bytes, size_t size) {
    wasm_store_t *store = wasm_store_new(wasm_engine_new());
    wasm_byte_vec_t binary;
    wasm_byte_vec_new(&binary, size, (const wasm_byte_t *)bytes);
    wasm_module_t *module = wasm_module_new(store, &binary);
    if (!module)
        fail("module", "refused");

    wasm_extern_t *import = import_of(store, module);
    wasm_extern_vec_t imports = WASM_EMPTY_VEC;
    if (import)
        wasm_extern_vec_new(&imports, 1, &import);
    wasm_instance_t *instance =
        wasm_instance_new(store, module, &imports, NULL);
    if (!instance)
        fail("instance", "refused");
    wasm_instance_exports(instance, &externs);
    wasm_module_exports(module, &types);
}

static wasm_extern_t *find(const char *name) {
    for (size_t i = 0; i < types.size; i++) {
        const wasm_name_t *other = wasm_exporttype_name(types.data[i]);
        size_t length = strnlen(other->data, other->size);
        bool same =
            length == strlen(name) && memcmp(other->data, name, length) == 0;
        if (same)
            return externs.data[i];
    }
    fail(name, "not exported");
}

struct callee *engine_find(const char *name) {
    return (struct callee *)wasm_extern_as_func(find(name));
}

void engine_call(struct callee *callee,
                 const struct value *argument,
                 struct value *result) {
    wasm_val_t in = {.kind = WASM_I32}, out = {.kind = WASM_I32};
    if (argument->type == I64)
        in.kind = WASM_I64;
    memcpy(&in.of, &argument->of, sizeof argument->of);

    bool has_result = result->type != NOTHING;
    wasm_val_vec_t inputs = {.size = 0}, outputs = {.size = 0};
    inputs.data = &in;
    inputs.size = argument->type != NOTHING;
    outputs.data = &out;
    outputs.size = has_result;
    const wasm_trap_t *trap =
        wasm_func_call((wasm_func_t *)callee, &inputs, &outputs);
    if (trap)
        fail("call", "trap");
    if (has_result)
        memcpy(&result->of, &out.of, sizeof result->of);
}

uint8_t *engine_memory(uint32_t address, uint32_t size) {
    wasm_memory_t *memory = wasm_extern_as_memory(find("memory"));
    size_t all = wasm_memory_data_size(memory);
    if (address > all || size > all - address)
        fail("memory", "too small");
    return (uint8_t *)wasm_memory_data(memory) + address;
}
