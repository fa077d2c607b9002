/* The suite's engine wasm3, which comes as wasm3.h and libm3.a. It compiles
 * all functions before anything is called. */
#include "bench/suite/engine.h"

#include <wasm3.h>

enum { STACK_BYTES = 8 << 20 };

static IM3Runtime runtime;

const char *engine_version(void) {
    return "wasm3 " M3_VERSION;
}

static void demand(M3Result result, const char *what) {
    if (result)
        fail(what, result);
}

static const void *clock_call(IM3Runtime caller,
                              IM3ImportContext context,
                              uint64_t *slots,
                              void *memory) {
    (void)caller, (void)context, (void)memory;
    slots[0] = cpu_ms();
    return NULL;
}

void engine_open(const uint8_t *bytes, size_t size) {
    IM3Environment environment = m3_NewEnvironment();
    IM3Module module = NULL;
    runtime = m3_NewRuntime(environment, STACK_BYTES, NULL);
    demand(m3_ParseModule(environment, &module, bytes, (uint32_t)size),
           "parse");
    demand(m3_LoadModule(runtime, module), "load");

    M3Result linked =
        m3_LinkRawFunction(module, "env", "clock_ms", "i()", clock_call);
    if (linked != m3Err_functionLookupFailed)
        demand(linked, "link");
    demand(m3_CompileModule(module), "compile");
}

struct callee *engine_find(const char *name) {
    IM3Function found = NULL;
    demand(m3_FindFunction(&found, runtime, name), name);
    return (struct callee *)found;
}

void engine_call(struct callee *callee,
                 const struct value *argument,
                 struct value *result) {
    IM3Function function = (IM3Function)callee;
    const void *in[] = {&argument->of}, *out[] = {&result->of};
    uint32_t count = argument->type != NOTHING;
    demand(m3_Call(function, count, in), "call");
    if (result->type != NOTHING)
        demand(m3_GetResults(function, 1, out), "results");
}

uint8_t *engine_memory(uint32_t address, uint32_t size) {
    uint32_t all = 0;
    uint8_t *memory = m3_GetMemory(runtime, &all, 0);
    if (!memory || address > all || size > all - address)
        fail("memory", "too small");
    return memory + address;
}
