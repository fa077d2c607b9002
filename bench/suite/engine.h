/* What the suite's driver (main.c) asks of an engine. There is one file of
 * these functions an engine: hostel.c, wasm3.c, and wasm_c.c for all that have
 * the common C API. A program holds one engine and runs one module.
 *
 * Nothing here returns an error: an engine that cannot go on says why with
 * fail(), which ends the program. */
#ifndef HOSTEL_BENCH_SUITE_ENGINE_H
#define HOSTEL_BENCH_SUITE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

/* Types by their letters, as in vm_define: i, I, f, F; or no value. */
enum type {
    NOTHING = 0,
    I32 = 'i',
    I64 = 'I',
    F32 = 'f',
    F64 = 'F',
};

struct value {
    enum type type;
    union {
        uint32_t i32;
        uint64_t i64;
        float f32;
        double f64;
    } of;
};

/* An exported function of the module. */
struct callee;

/* What the engine calls itself, with its version; or "". */
const char *engine_version(void);

/* Load and instantiate the module, whose one import, if it has any, is
 * clock_ms. The bytes stay. */
void engine_open(const uint8_t *bytes, size_t size);

struct callee *engine_find(const char *name);

/* `argument` has the type that the function takes, or NOTHING; `result` has
 * the type that is expected, or NOTHING. */
void engine_call(struct callee *callee,
                 const struct value *argument,
                 struct value *result);

/* `size` bytes of the memory "memory". */
uint8_t *engine_memory(uint32_t address, uint32_t size);

/* ---- provided by main.c ---- */

/* CPU time of this process: others use the machine too. */
uint32_t cpu_ms(void);

_Noreturn void fail(const char *what, const char *why);

#endif
