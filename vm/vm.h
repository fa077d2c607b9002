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

/* Time left before the limit, at least 0, or INT64_MAX without one. A host
 * function that blocks must not wait longer; when it is 0 it returns false
 * after vm_time_out(). */
int64_t vm_time_left_ms(const struct vm *vm);

/* How long a host function that waits may do so before it asks again: the time
 * left, or some milliseconds in a vm that can be interrupted. */
int64_t vm_wait_ms(const struct vm *vm);

/* Pay for work that a host function does in proportion to what a guest asks
 * for: in steps of some ten nanoseconds, or for bytes that are moved. Called in
 * the loop that does it; false when the time is up. Whatever a host function
 * takes, the guest is ended at its return if it is too late. */
bool vm_work(struct vm *vm, uint64_t steps);
#define VM_STEPS_OF(bytes) ((bytes) / 64)

/* Sets the error of an exceeded time limit, or of an interrupt if that is what
 * ended the time of `vm`; false. */
bool vm_time_out(const struct vm *vm, struct error *error);

/* End what the vm does, as if its time were up, with ERROR_EXHAUSTION; and let
 * it work again. The one function that other threads may call while the vm is
 * used, and until it is closed. Until it is taken back, all that is called ends
 * so. Code ends within a millisecond if the vm is `interruptible`, what WASI
 * waits for within a few more. A request on the network is not cut short: it
 * ends by its own timeout. */
void vm_interrupt(struct vm *vm, bool interrupted);

/* Units of fuel that are left, VM_UNLIMITED without a limit; and how many there
 * shall be from now on, which a host function may say too. ERROR_USAGE without
 * a limit, for code is made to count fuel, or not, when it is loaded. */
int64_t vm_fuel_left(const struct vm *vm);
bool vm_refuel(struct vm *vm, int64_t fuel, struct error *error);

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

/* Provide a memory, all zeros; a table of funcref or externref, all null; or a
 * global. A later definition of the same name wins, of whatever kind, for
 * instances that are still to come; `module` and `name` are borrowed as above.
 * Each draws from the vm's budget and table_elements until vm_close.
 *
 * It is linked to an import that wants the same, or less: a smaller minimum, or
 * no maximum, or a larger one. Else vm_instantiate is ERROR_UNLINKABLE, for the
 * sizes as they are then. The `type` of an import that was listed, as
 * vm_import_at gives it, makes what fits it.
 *
 * NULL and ERROR_USAGE if the type is of another kind, its limits are none, or
 * the value none of the host's; ERROR_IO if memory is refused. */
struct memory *vm_define_memory(struct vm *vm,
                                const char *module,
                                const char *name,
                                const struct extern_type *type,
                                struct error *error);
struct table *vm_define_table(struct vm *vm,
                              const char *module,
                              const char *name,
                              const struct extern_type *type,
                              struct error *error);
struct global *vm_define_global(struct vm *vm,
                                const char *module,
                                const char *name,
                                bool is_mutable,
                                const struct vm_value *value,
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

/* A line of a source file that a module's debugging information names: its
 * path, which leads on from the directory if it does not begin with "/". All
 * of it is the module's word. */
struct vm_source_line {
    struct slice directory, path;
    uint32_t line; /* from 1 on */
};

/* Print a function, by name or index; or if it is NULL all of them, and
 * sections, imports, exports. With `code`, functions only: side by side their
 * instructions, the operands behind each and what is executed instead. With
 * `lines`, before instructions the line of the source that makes them, and its
 * text, if `text` is not NULL and gives it: valid until the next call, empty if
 * it has none. ERROR_USAGE if there is no such function. */
struct vm_dumping {
    struct module *module;
    const char *function; /* or NULL */
    bool code, lines;
    FILE *out;
    struct slice (*text)(void *context, const struct vm_source_line *line);
    void *context;
};

bool vm_dump(const struct vm_dumping *dumping, struct error *error);

/* Show the code of the module's vm as it is executed, cell by cell; called
 * before any of it is. Without a function, by name or index, all of it: of
 * other modules, too. Before a line on `out`, begin_line is called, if it is
 * not NULL. ERROR_USAGE if there is no such function, or the vm is traced or
 * recorded already; when `out` can take no more, the guest is ended by an
 * ERROR_IO. */
struct vm_tracing {
    struct module *module;
    const char *function; /* or NULL */
    FILE *out;
    void (*begin_line)(void *context, FILE *out);
    void *context;
};

bool vm_trace(const struct vm_tracing *tracing, struct error *error);

/* Record the code of the module as it is executed, of one function or of all;
 * called before any of it is. After some thousand cells the guest is ended by
 * an ERROR_EXIT. ERROR_USAGE as for vm_trace. */
bool vm_record(struct module *module,
               const char *function,
               struct error *error);

/* Stop the run before the module's instruction at that byte, or at a line of a
 * source file, whose path may be cut at its beginning; offset 0 and no file:
 * where something else stops it. It ends by an ERROR_EXIT. ERROR_USAGE as for
 * vm_trace. */
struct vm_stopping {
    struct module *module;
    uint32_t offset;
    const char *file; /* or NULL */
    uint32_t line;
};

bool vm_stop(const struct vm_stopping *at, struct error *error);
bool vm_stopped(const struct vm *vm);

/* When it has stopped: the locals of a frame of the backtrace, those that were
 * inlined not counted, as text. Empty if there are none. */
struct slice vm_locals(const struct vm *vm, size_t frame);

/* Write a page in HTML that shows a function, or all, side by side as
 * vm_dump does with `code`, and what has been recorded. */
struct vm_explaining {
    struct module *module;
    const char *function; /* or NULL */
    const char *name;     /* of the module, for the title */
    const char *ended;    /* how the run ended, or "" */
    FILE *out;
};

bool vm_explain(const struct vm_explaining *explaining, struct error *error);

/* Count what is executed of all modules that are loaded from now on, and with
 * `calls` who calls whom; until the vm is closed. ERROR_USAGE if the vm is
 * traced, recorded or counted already. */
bool vm_count(struct vm *vm, bool calls, struct error *error);

/* ---- recording what the host answers, and replaying it ---- */

/* What a guest does depends on its module, its limits and the answers of host
 * functions. A recording has the latter, in the order of the calls: arguments,
 * results, what was written to memory; vm/record/record.h has the format. What
 * the host does to globals and tables, or to memory while none of its functions
 * is called, is not in it, and functions that take or give references are left
 * out. */

/* What the program that records wants to find again: its arguments, say. */
struct vm_note {
    struct slice name, value;
};

/* All borrowed as long as the vm lives. */
struct vm_recorded {
    const char *path; /* to be created, readable for its owner only */
    const struct vm_note *notes;
    size_t note_count;
    const struct vm_note *modules; /* kept with it: name and bytes */
    size_t module_count;
    /* May overwrite what nobody shall read in bytes that a function has
     * written; asked for each import first, whether it wants to. Or NULL. */
    bool (*hides)(void *context, const struct vm_import *import);
    void (*hide)(void *context,
                 const struct vm_import *import,
                 uint8_t *bytes,
                 size_t size);
    void *context;
};

/* Record the calls of host functions by instances that are still to come. When
 * the recording can take no more, the guest is ended by an ERROR_IO. */
bool vm_record_calls(struct vm *vm,
                     const struct vm_recorded *to,
                     struct error *error);

/* The run is over, and this is how: the end of the recording. Nothing, without
 * one. */
bool vm_record_end(struct vm *vm, const struct error *end, struct error *error);

/* A recording that is read. */
struct vm_recording;

bool vm_recording_is(struct slice bytes); /* as far as its beginning tells */

/* Takes the file, which must be one that can be read twice. NULL on failure. */
struct vm_recording *vm_recording_open(FILE *file, struct error *error);
void vm_recording_close(struct vm_recording *recording);

/* What was noted, NULL behind the last; and a module of that name, or NULL. */
const struct vm_note *vm_recording_note(const struct vm_recording *recording,
                                        size_t i);
const struct vm_note *vm_recording_module(const struct vm_recording *recording,
                                          const char *name);

/* Print it, a line a record. ERROR_MALFORMED where it was cut off, or damaged;
 * not before all that is whole was printed. */
bool vm_recording_list(struct vm_recording *recording,
                       FILE *out,
                       struct error *error);

/* Where the recorded run was out of time or interrupted, the fuel that ends a
 * replay there; else VM_UNLIMITED. */
int64_t vm_recording_fuel(const struct vm_recording *recording);

/* A call that is replayed. */
struct vm_replayed {
    const struct vm_import *import;
    struct instance *caller;
    const uint64_t *args; /* as vm_host_function has them; some, if many */
    uint32_t arg_count;
    bool returned; /* below: only after it */
    const uint64_t *results;
};

/* The functions, which may be NULL, end the guest by returning false; all else is borrowed as long as the vm lives. */
struct vm_replaying {
    struct vm_recording *recording;
    uint64_t until; /* vm_stopped before that call, counted from 1; 0: not */
    bool (*before)(void *context,
                   const struct vm_replayed *call,
                   struct error *error);
    bool (*after)(void *context,
                  const struct vm_replayed *call,
                  struct error *error);
    void *context;
};

/* Answer the calls of host functions by instances that are still to come from
 * the recording; nothing needs to be defined. Where the guest calls something
 * else it is ended by an ERROR_IO. */
bool vm_replay_calls(struct vm *vm,
                     const struct vm_replaying *to,
                     struct error *error);

/* The run is over: whether it ended as the recorded one did. An end that was
 * made of fuel becomes what it stands for. */
bool vm_replay_end(struct vm *vm, struct error *end, struct error *error);

/* SHA-256 of the bytes, in hexadecimal digits. */
enum { VM_HASH_SIZE = 65 };
void vm_hash(struct slice bytes, char out[VM_HASH_SIZE]);

/* Write a profile of what has been counted, calls among it: the same for the
 * same run. Costs are the cells that were executed and the units of fuel that
 * were charged for them. ERROR_USAGE if calls were not counted. */
enum vm_profile_format {
    VM_PROFILE_CALLGRIND, /* for callgrind_annotate and KCachegrind */
    VM_PROFILE_FOLDED,    /* a line a stack: for flamegraph.pl and speedscope */
    VM_PROFILE_FLAME,     /* a flame graph, in SVG */
};

struct vm_profiling {
    struct vm *vm;
    enum vm_profile_format format;
    const char *name; /* of the program, for the title */
    FILE *out;
};

bool vm_profile(const struct vm_profiling *profiling, struct error *error);

/* What the host's functions took, which differs from run to run: those that
 * took longest, and longest first. Returns how many. */
struct vm_host_time {
    struct slice module, name;
    uint64_t calls;
    int64_t time_ns;
};

size_t
vm_host_times(const struct vm *vm, struct vm_host_time *times, size_t capacity);

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
struct memory *vm_find_memory(const struct instance *instance,
                              struct slice name);
struct table *vm_find_table(const struct instance *instance, struct slice name);
struct global *vm_find_global(const struct instance *instance,
                              struct slice name);

const struct func_type *vm_function_type(const struct function *function);

/* Call a function. `args` must match its parameters in number and type (else
 * ERROR_USAGE); `results` has room for its results. May be called from a host
 * function. After a failure the instance may be called again. */
bool vm_call(struct function *function,
             const struct vm_value *args,
             size_t arg_count,
             struct vm_value *results,
             struct error *error);

/* Give instances back, one or several that refer to each other, with their
 * memories, tables and globals and the memory that these hold. What the host
 * had of them is not valid any more; names under which they were registered are
 * free again.
 *
 * ERROR_USAGE if that cannot be, and they stay as they are: while a guest of
 * the vm runs; or if something refers to one of them, which the text names:
 * another instance that imports of it; a table, a global or an exception that
 * has a function of it. */
bool vm_discard(struct instance *const *instances,
                size_t count,
                struct error *error);

/* Give a module back, with its code; its bytes are not needed any more, and
 * frames of vm_backtrace not valid. ERROR_USAGE while a guest of the vm runs,
 * or an instance of the module is there. What stays with the vm are the types
 * of its functions, each once however many modules have it. */
bool vm_unload(struct module *module, struct error *error);

/* ---- memories, tables and globals ---- */

/* All of these may be called from a host function, too: the guest goes on with
 * what it finds. */

/* The type it was declared with, but for the minimum, which is its present
 * size. */
struct extern_type vm_memory_type(const struct memory *memory);
struct extern_type vm_table_type(const struct table *table);
struct extern_type vm_global_type(const struct global *global);

uint64_t vm_memory_size(const struct memory *memory); /* bytes */

/* The `size` bytes at `address`, to read and write; NULL if any of them lies
 * outside. The pointer is valid until the memory grows: it must not be kept
 * over vm_memory_grow, nor over anything that runs a guest. */
uint8_t *
vm_memory_range(const struct memory *memory, uint64_t address, uint64_t size);

/* The same in the memory that the instance exports as "memory", or in its first
 * if it exports none so. */
uint8_t *
vm_memory_at(const struct instance *instance, uint64_t address, uint64_t size);

/* Add so many pages of 64 KiB, zeros, or elements that are `value`. If its
 * maximum or the vm's limits forbid it, or memory is refused, ERROR_EXHAUSTION,
 * and it stays as it is. */
bool vm_memory_grow(struct memory *memory, uint64_t pages, struct error *error);
bool vm_table_grow(struct table *table,
                   uint64_t count,
                   const struct vm_value *value,
                   struct error *error);

uint64_t vm_table_size(const struct table *table); /* elements */

/* Element `i`; false if there are not so many. */
bool vm_table_get(const struct table *table,
                  uint64_t i,
                  struct vm_value *value);

/* ERROR_USAGE if there are not so many elements, the value is of another type,
 * a function of another vm, or an exception. */
bool vm_table_set(struct table *table,
                  uint64_t i,
                  const struct vm_value *value,
                  struct error *error);

/* The same for a global, which must be mutable to be set. */
struct vm_value vm_global_get(const struct global *global);
bool vm_global_set(struct global *global,
                   const struct vm_value *value,
                   struct error *error);

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

#endif
