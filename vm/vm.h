/* The WebAssembly virtual machine: load a module, link it, call it.
 *
 *     struct vm *vm = vm_open(&limits, &error);              the store of the spec, and its limits
 *     vm_define(vm, "env", "add", "ii:i", add, NULL, &error)  host functions guests may import
 *     struct module *m = vm_load(vm, bytes, &error);          decode, validate
 *     struct instance *i = vm_instantiate(vm, m, &error);     link, initialise, run start
 *     vm_call(vm_find_function(i, name), args, n, results, &error)
 *     vm_close(vm);                                           frees everything above
 *
 * Everything belongs to its vm and lives until vm_close, but for instances and
 * modules that are given back before. Two vms share nothing; one vm, with all
 * that belongs to it, is used by one thread at a time. The spec meant throughout
 * is WebAssembly 2.0, core; what came after it is named by its proposal. */
#ifndef HOSTEL_VM_VM_H
#define HOSTEL_VM_VM_H

#include "base/base.h"

/* The store: modules, instances, host functions, the value stack. */
struct vm;
struct module;   /* a decoded and validated module */
struct instance; /* a module with its memories, tables and globals */
struct function; /* a function instance: a guest's or a host's */

/* What instances share with each other and with the host. Each belongs to the
 * instance that declares it, or to the vm if the host made it, and lives as
 * long. */
struct memory;
struct table;
struct global;

/* ---- values (spec 2.3, "Types") ---- */

enum vm_type {
    VM_I32 = 0x7F, /* the binary format's codes */
    VM_I64 = 0x7E,
    VM_F32 = 0x7D,
    VM_F64 = 0x7C,
    VM_V128 = 0x7B,
    VM_FUNCREF = 0x70,
    VM_EXTERNREF = 0x6F,
    /* A caught exception; the host may ask whether it is null, not keep it. */
    VM_EXNREF = 0x69,
};

const char *vm_type_name(enum vm_type type);

/* A reference is opaque; 0 is null. A funcref is what vm_funcref_of or a guest
 * gave, an externref any other number the host likes. */
struct vm_value {
    enum vm_type type;
    union {
        uint32_t i32; /* also the bits of f32 */
        uint64_t i64; /* also the bits of f64 */
        float f32;
        double f64;
        uint64_t ref;
        uint64_t v128[2]; /* the low half first */
    } of;
};

/* The reference to a function, or null; and the function that a value refers
 * to, NULL if it is null or of another type. */
struct vm_value vm_funcref_of(struct function *function);
struct function *vm_function_of(const struct vm_value *value);

struct func_type {
    uint32_t param_count, result_count;
    /* What they take on the value stack: a v128 two. */
    uint32_t param_slots, result_slots;
    /* Parameters, then results, as enum vm_type. */
    const uint8_t *types;
    /* Of each parameter, where some take two; NULL: 0, 1, 2 and so on. */
    const uint16_t *slots;
};

/* ---- what is imported and exported (spec 2.3, "External Types") ---- */

/* The format's codes. */
enum vm_kind { VM_FUNCTION, VM_TABLE, VM_MEMORY, VM_GLOBAL, VM_TAG };

/* The size that a table (in elements) or a memory (in pages of 64 KiB) has at
 * least, and may grow to. Where there is no maximum, `max` is what the format
 * has room for; who hands in limits need not set it then. */
struct limits {
    uint64_t min, max;
    bool has_max;
    /* The type of addresses and sizes: VM_I64, or VM_I32, which 0 means too. */
    uint8_t address;
};

/* The type of anything that can be imported or exported; `kind` says which
 * members count. */
struct extern_type {
    enum vm_kind kind;
    /* Or of a tag. Equal types of one vm are one pointer, valid as long as
     * it. */
    const struct func_type *function;
    uint8_t type;    /* enum vm_type: of a table's elements or of a global */
    bool is_mutable; /* of a global */
    struct limits limits; /* of a table or a memory */
};

/* ---- the store ---- */

struct vm_limits {
    /* All that guests make the host hold: see vm_budget. */
    uint64_t memory_bytes;
    /* To be drawn from instead, outliving the vm; or NULL. */
    struct budget *memory;
    /* The value stack, which also bounds call depth; apart from that. */
    uint64_t stack_bytes;
    uint64_t table_elements; /* of all tables together */
    int64_t fuel;            /* units until vm_refuel, or VM_UNLIMITED */
    /* From vm_open on, for loading too, or VM_UNLIMITED. */
    int64_t timeout_ms;
    /* vm_interrupt shall end code that runs, which costs what a limit does. */
    bool interruptible;
    /* Link functions nobody provides; they trap when called. */
    bool trap_unknown_imports;
    /* Translate without fusing anything: to compare, in tests. */
    bool plain_code;
};

#define VM_UNLIMITED (-1)

struct vm_limits vm_limits_default(void);

/* NULL when memory for the stack is refused. */
struct vm *vm_open(const struct vm_limits *limits, struct error *error);
void vm_close(struct vm *vm);

/* What `memory_bytes` limits: linear memories (all they have grown to, touched
 * or not), tables, what is decoded of modules and translated of their code, and
 * exceptions. Whoever else holds memory on behalf of guests may draw it from
 * here too, while the vm lives, or share a budget with it. */
struct budget *vm_budget(struct vm *vm);

/* ---- what the host offers for import ---- */

/* A function the host provides. `slots` holds the arguments in order, one
 * 64-bit slot each (i32 and f32 in the low half, zero-extended; a v128 two);
 * the results are written over them from slots[0] on. `caller` is the instance
 * that imported the function. Returning false ends the guest with `error`: a
 * trap, or ERROR_EXIT with the status in error->code. */
typedef bool (*vm_host_function)(void *context,
                                 struct instance *caller,
                                 uint64_t *slots,
                                 struct error *error);

/* Provide `module`.`name` to guests instantiated later. The signature has one
 * letter a value, parameters before the colon: i = i32, I = i64, f = f32, F =
 * f64, v = v128, c = funcref, e = externref. `module` and `name` are borrowed
 * for the life of the vm. */
bool vm_define(struct vm *vm,
               const char *module,
               const char *name,
               const char *signature,
               vm_host_function function,
               void *context,
               struct error *error);

/* ---- modules (spec 5, "Binary Format"; spec 3, "Validation") ---- */

/* The largest module that is accepted. */
#define VM_MODULE_BYTES (UINT64_C(1) << 30)

/* `bytes` are borrowed until vm_unload or vm_close. Errors, with the byte's
 * offset: malformed, invalid, and unsupported if it uses a feature of those
 * below that are missing. */
struct module *vm_load(struct vm *vm, struct slice bytes, struct error *error);

struct vm_export {
    struct slice name; /* UTF-8 */
    enum vm_kind kind;
    uint32_t index; /* in the index space of its kind */
};

struct vm_import {
    struct slice module, name; /* UTF-8 */
    struct extern_type type;
};

/* What must be there to instantiate the module, in its order. */
size_t vm_import_count(const struct module *module);
struct vm_import vm_import_at(const struct module *module, size_t i);

/* Whether import `i` could be linked now; if not, an ERROR_UNLINKABLE says
 * why. */
bool vm_can_import(struct vm *vm,
                   const struct module *module,
                   size_t i,
                   struct error *error);

/* Whether to instantiate the module runs a function of it. */
bool vm_has_start(const struct module *module);

size_t vm_export_count(const struct module *module);
struct vm_export vm_export_at(const struct module *module, size_t i);

/* The type that export `i` is declared with; a table or memory may have grown
 * since: vm_table_type, vm_memory_type. */
struct extern_type vm_export_type(const struct module *module, size_t i);

/* WebAssembly's first version, the MVP, and what came after it, by the usual
 * names. Not all are there: a module that needs another one is refused, with
 * ERROR_UNSUPPORTED and the feature's number as `code`. */
#define VM_FEATURES(X)                                                         \
    X(MVP, "mvp")                                                              \
    X(MUTABLE_GLOBALS, "mutable-globals")                                      \
    X(SIGN_EXTENSION, "sign-extension")                                        \
    X(SATURATING_CONVERSIONS, "saturating-float-to-int")                       \
    X(MULTI_VALUE, "multi-value")                                              \
    X(BULK_MEMORY, "bulk-memory")                                              \
    X(REFERENCE_TYPES, "reference-types")                                      \
    X(SIMD, "simd")                                                            \
    X(RELAXED_SIMD, "relaxed-simd")                                            \
    X(TAIL_CALLS, "tail-call")                                                 \
    X(EXTENDED_CONSTANTS, "extended-const")                                    \
    X(MULTI_MEMORY, "multi-memory")                                            \
    X(MEMORY64, "memory64")                                                    \
    X(EXCEPTIONS, "exceptions") /* tags, throw: common to the next two */      \
    X(LEGACY_EXCEPTIONS,                                                       \
      "exceptions-legacy") /* try, catch, rethrow, delegate */                 \
    X(EXCEPTION_REFERENCES,                                                    \
      "exceptions-try-table") /* try_table, throw_ref, exnref */               \
    X(WIDE_ARITHMETIC, "wide-arithmetic")                                      \
    X(GC, "gc")                                                                \
    X(FUNCTION_REFERENCES, "function-references")                              \
    X(THREADS, "threads")                                                      \
    X(CUSTOM_PAGE_SIZES, "custom-page-sizes")                                  \
    X(STACK_SWITCHING, "stack-switching")                                      \
    X(HALF_PRECISION, "half-precision")                                        \
    X(MEMORY_CONTROL, "memory-control")                                        \
    X(STRING_REFERENCES, "stringref")                                          \
    X(COMPONENTS, "component-model")

enum vm_feature {
#define X(feature, name) VM_##feature,
    VM_FEATURES(X)
#undef X
        VM_FEATURE_COUNT
};

const char *vm_feature_name(enum vm_feature feature);

/* Those a module uses, the MVP apart: bit 1 << feature. */
uint32_t vm_features(const struct module *module);

/* ---- instances (spec 4.5, "Modules") ---- */

/* Resolve the imports, allocate, run the active segments and the start
 * function. Errors: unlinkable (names the import and its type), trap,
 * exhaustion, exit. Effects before a trap stay, as the spec demands; what is
 * left of the instance is freed when nothing refers to it. */
struct instance *
vm_instantiate(struct vm *vm, struct module *module, struct error *error);

/* Make the exports of `instance` importable under the module name `name`
 * (borrowed). */
bool vm_register(struct vm *vm,
                 struct slice name,
                 struct instance *instance,
                 struct error *error);

struct vm *vm_of(const struct instance *instance);

/* An export of that kind and name, which may be what the instance imports; or
 * NULL. */
struct function *vm_find_function(const struct instance *instance,
                                  struct slice name);
struct global *vm_find_global(const struct instance *instance,
                              struct slice name);

struct vm_value vm_global_get(const struct global *global);

const struct func_type *vm_function_type(const struct function *function);

/* Call a function. `args` must match its parameters in number and type (else
 * ERROR_USAGE); `results` has room for its results. May be called from a host
 * function. After a failure the instance may be called again. */
bool vm_call(struct function *function,
             const struct vm_value *args,
             size_t arg_count,
             struct vm_value *results,
             struct error *error);

/* ---- memories ---- */

/* Both may be called from a host function, too. */

/* The `size` bytes at `address`, to read and write; NULL if any of them lies
 * outside. The pointer is valid until the memory grows: it must not be kept
 * over vm_memory_grow, nor over anything that runs a guest. */
uint8_t *
vm_memory_range(const struct memory *memory, uint64_t address, uint64_t size);

/* The same in the memory that the instance exports as "memory", or in its first
 * if it exports none so. */
uint8_t *
vm_memory_at(const struct instance *instance, uint64_t address, uint64_t size);

/* The same, to be read only: nothing of it needs to be recorded. */
const uint8_t *vm_memory_view(const struct instance *instance,
                              uint64_t address,
                              uint64_t size);

/* ---- after a trap ---- */

struct vm_frame {
    uint32_t function; /* index in the module's function index space */
    /* From the name section, else from DWARF; empty if neither has one. */
    struct slice name;
    /* Of the instruction, in bytes from the start of the module. */
    uint32_t offset;
    /* Of the source, from DWARF, as its compiler was told; may be empty. */
    struct slice file;
    uint32_t line; /* in it, or 0 */
    /* Into the next frame's code: function and offset are that one's. */
    bool inlined;
};

/* The frames of the last failed vm_call or vm_instantiate, innermost first;
 * returns how many were written. Valid until the next call of any of the
 * three. */
size_t vm_backtrace(struct vm *vm, struct vm_frame *frames, size_t capacity);

/* ---- and what the rings add (rings.h) ---- */

#include "vm/debug/api.h"
#include "vm/discard/api.h"
#include "vm/listing/api.h"
#include "vm/meter/api.h"
#include "vm/objects/api.h"
#include "vm/record/api.h"

#endif
