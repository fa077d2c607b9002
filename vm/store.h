/* The store (spec 4.2.3): everything that exists while guests run.
 *
 *     vm ── modules, instances, tables, memories, what the host offers, types: lists the vm owns
 *      └── the value stack on which all guest frames live
 *     instance ── addresses of its functions, tables, memories, globals: own ones and imported
 *
 * A reference value is the address of a struct function (funcref) or a number
 * of the host's (externref); 0 is null. An instance lives until vm_close, or as
 * long as another may refer to it, even if its instantiation failed
 * (vm/discard). */
#ifndef HOSTEL_VM_STORE_H
#define HOSTEL_VM_STORE_H

#include "vm/code.h"
#include "vm/meter.h"
#include "vm/module.h"
#include "vm/trap.h"
#include "vm/types.h"

#include <string.h>

struct function {
    const struct func_type *type;
    /* A host function's: the one that imported it. NULL in a definition, of
     * which each that imports it gets a copy. */
    struct instance *instance;
    /* The entry cell, NULL before the first call and for the host's. */
    const struct cell *entry;
    vm_host_function host; /* NULL for a guest function */
    void *host_context;
};

struct table {
    uint64_t *elements; /* owned; references */
    uint64_t size;
    uint64_t max; /* what it may grow to */
    struct vm *vm;
    struct instance *owner;  /* or NULL: the host made it */
    struct extern_type type; /* as declared */
    struct table *next;      /* of the vm's */
};

/* A page of linear memory has 65,536 bytes (spec 4.2.8). */
enum { PAGE_SIZE_BITS = 16 };

struct memory {
    /* Owned; a mapping of `reserved` bytes of which `size` are usable. In front
     * of them stands the size: see memory_bytes. */
    uint8_t *data;
    uint64_t size;     /* bytes, whole pages */
    uint64_t reserved; /* bytes */
    uint64_t max;      /* pages it may grow to */
    struct vm *vm;
    struct instance *owner; /* or NULL: the host made it */
    struct limits declared;
    struct memory *next; /* of the vm's */
};

/* How many bytes a memory has that begins there. The interpreter carries its
 * base alone. */
static inline uint64_t memory_bytes(const uint8_t *data) {
    uint64_t size;
    memcpy(&size, data - sizeof size, sizeof size);
    return size;
}

struct global {
    /* First: what an instance has in its index space is the address of this. */
    uint64_t value[2]; /* the second word is of a v128 */
    uint8_t type;
    bool is_mutable;
    struct vm *vm;
    struct instance *owner; /* or NULL: the host made it */
};

static inline struct global *global_of(uint64_t *value) {
    return (struct global *)(void *)value;
}

/* A tag is what it is by its address (spec with exceptions, 4.2): two equal
 * ones differ. */
struct tag {
    const struct func_type *type;
    struct instance *owner;
};

struct instance {
    struct vm *vm;
    struct module *module;
    struct function **functions; /* index spaces: addresses, own or imported */
    struct table **tables;
    struct memory **memories;
    uint64_t **globals; /* their values; see global_of */
    const struct tag **tags;
    struct memory *memory; /* memories[0], or an empty one */
    uint64_t nothing;      /* 0: the size of that, in front of its data */
    struct memory *shared; /* what vm_memory_at shows to the host */
    uint64_t *stack_end;   /* the vm's */
    struct function *own_functions;
    struct global *own_globals;
    struct tag *own_tags;
    bool *dropped_elements;
    bool *dropped_data;
    struct arena arena;
    bool failed; /* to start: the host does not have it */
    bool going;  /* is about to be freed */
    struct instance *next;
};

/* What an export is, or an import gets. */
struct external {
    enum vm_kind kind;
    union {
        struct function *function;
        struct table *table;
        struct memory *memory;
        struct global *global;
        const struct tag *tag;
    };
};

/* What the host offers. */
struct definition {
    const char *module;
    const char *name;
    struct external external;
};

struct registration {
    struct slice name;
    struct instance *instance;
};

enum { TRACE_FRAMES = 64 };

/* Where execution is: enough to walk the guest's frames outward (frames.c). */
struct position {
    const struct cell *pc;
    uint64_t *frame;
    struct instance *instance;
};

/* A frame of the last backtrace. */
struct traced {
    struct module *module;
    uint32_t function;
    uint32_t offset;
};

struct vm {
    struct vm_limits options;
    /* What all that guests make us hold is drawn from. */
    struct budget *memory;
    struct budget own_memory; /* that is it, unless vm_limits name another */
    struct type_table types;
    /* Functions and globals of the host's, and what else stays. */
    struct arena arena;
    struct module *modules;
    struct instance *instances;
    struct table *tables;    /* owned */
    uint64_t table_elements; /* of all of them */
    struct memory *memories; /* owned */
    /* Owned, both; a later one of the same name wins. */
    struct definition *definitions;
    size_t definition_count;
    size_t definition_capacity;
    struct registration *registrations;
    size_t registration_count;
    size_t registration_capacity;

    uint64_t *stack; /* owned */
    uint64_t *stack_end;
    uint64_t *top; /* where the frame of a call from the host begins */
    unsigned nesting;
    /* Where the outermost frame returns to, and one that was called from
     * another instance: a link whose window is where `caller` points to, and the
     * operation behind it. */
    struct cell halt[2], foreign[2];

    struct exceptions *exceptions; /* owned; vm/exceptions; or NULL */
    struct counts *counts; /* vm/debug: the observer, if it counts; or NULL */
    struct recorder *recorder; /* owned; vm/record; or NULL */
    struct player *player;     /* likewise: only one of the two is there */
    struct taped *taped;       /* host functions that these know */
    struct stop *stop; /* owned: where the run is to; vm/listing; or NULL */
    bool stopped;      /* it has, there or where vm/record was to stop it */
    struct host_call
        *recorded; /* a call of one, under way; vm/record; or NULL */

    struct meter meter;
    struct observer *observer; /* who watches: observer.h; or NULL */
    struct meanings *meanings; /* in the arena; vm/listing; or NULL */

    struct position trapped;  /* where the interpreter was left */
    struct error *host_error; /* where host functions and translation report */

    struct traced trace[TRACE_FRAMES];
    size_t trace_count;
    struct arena trace_texts; /* of the frames handed out last */
};

/* ---- memory.c ---- */

/* Growing gives the old size in pages or elements, or refused() when it is. */
static inline uint64_t refused(struct limits declared) {
    return declared.address == VM_I64 ? UINT64_MAX : UINT32_MAX;
}

/* `owner` is NULL for the host's. */
struct memory *memory_new(struct vm *vm,
                          struct limits limits,
                          struct instance *owner,
                          struct error *error);
uint64_t memory_grow(struct memory *memory, uint64_t pages);
enum trap memory_init(struct instance *instance,
                      struct memory *memory,
                      uint32_t segment,
                      uint64_t to,
                      uint64_t from,
                      uint64_t size);

/* Written so that nothing wraps around, whatever the guest says. */
static inline bool is_within(uint64_t at, uint64_t size, uint64_t end) {
    return size <= end && at <= end - size;
}

/* Bytes that are filled or copied between two looks at the clock: some
 * milliseconds. */
enum { PIECE_BYTES = 1 << 24 };

static inline uint64_t piece_of(uint64_t size) {
    return size < PIECE_BYTES ? size : PIECE_BYTES;
}

/* Pay for bytes that are moved. A whole piece is a look at the clock. */
static inline bool bytes_pay(struct vm *vm, uint64_t bytes) {
    return meter_step(&vm->meter, VM_STEPS_OF(bytes));
}

/* The `size` bytes at address + offset, or NULL if any of them lies outside. */
static inline uint8_t *memory_at(const struct memory *memory,
                                 uint64_t address,
                                 uint64_t offset,
                                 uint64_t size) {
    const uint64_t end = memory->size;
    if (offset > end || address > end - offset || size > end - offset - address)
        return NULL;
    return memory->data + offset + address;
}

struct table *table_new(struct vm *vm,
                        const struct extern_type *type,
                        struct instance *owner,
                        struct error *error);
uint64_t table_grow(struct table *table, uint64_t count, uint64_t reference);
enum trap table_init(struct instance *instance,
                     struct table *table,
                     uint32_t segment,
                     uint64_t to,
                     uint64_t from,
                     uint64_t count);

/* Free the memories and tables of instances that go, or all of them. */
void memories_free(struct vm *vm, bool all);

/* ---- extern.c ---- */

/* What stands at `index` in an index space of the instance's. */
struct external
external_at(const struct instance *instance, enum vm_kind kind, uint32_t index);

/* An export; false if there is none of that name and kind. */
bool external_find(const struct instance *instance,
                   struct slice name,
                   enum vm_kind kind,
                   struct external *external);

/* The type as it is now (spec 4.5.1): the minimum is the present size, to which
 * it may have grown. */
struct extern_type table_type(const struct table *table);
struct extern_type memory_type(const struct memory *memory);
struct extern_type global_type(const struct global *global);
struct extern_type external_type(const struct external *external);

/* Whether one of the type `found` may be imported as `wanted` (spec 3.2.8). */
bool extern_type_matches(const struct extern_type *found,
                         const struct extern_type *wanted);

/* "function (i32) -> ()", "memory of 1 to 3 pages", for messages. */
enum { DESCRIBED = 120 };
void extern_type_format(const struct extern_type *type, char out[DESCRIBED]);

/* ---- instance.c ---- */

/* What is the instance's alone; it is on no list any more. */
void instance_free(struct instance *instance);

/* ---- access.c ---- */

/* Whether the host may put the value where one of `type` is wanted. No
 * exception but null, since its address must be one of an exception that lives;
 * no function of another vm. */
bool value_fits(const struct vm *vm,
                const struct vm_value *value,
                enum vm_type type);

/* Says why not, of `what`: "argument 1". Returns false. */
bool error_set_value(struct error *error,
                     const char *what,
                     const struct vm_value *value,
                     enum vm_type type);

/* Write a value to its slots, or read one, whose type is set; they return the
 * next slot. */
uint64_t *value_put(uint64_t *slots, const struct vm_value *value);
const uint64_t *value_get(const uint64_t *slots, struct vm_value *value);

/* ---- define.c ---- */

/* Make room for another definition, and add it then. */
bool definition_reserve(struct vm *vm, struct error *error);
void definition_add(struct vm *vm,
                    const char *module,
                    const char *name,
                    struct external external);
bool definition_no_memory(struct error *error); /* sets the error */

/* ---- exec.c ---- */

/* Call a function whose arguments stand at vm->top; its results replace them.
 * The frames of a trap are added to the backtrace. */
enum trap execute(struct vm *vm, struct function *function);

/* ---- vm.c ---- */

void module_free(struct module *module); /* it is on no list any more */

#endif
