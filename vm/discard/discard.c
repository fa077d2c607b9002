/* Giving back instances and modules while their vm lives.
 *
 * Whoever refers to an instance does so by addresses that nobody counts. So
 * those that are to go are flagged, and all that stays is looked through for an
 * address of one of them:
 *
 *     instances            what they import; the functions in their globals
 *     tables               the functions in them
 *     globals of the host  the same
 *     exceptions           their tags, and the functions among their values
 *
 * Whatever is found stays too, and what it refers to: so it is done again until
 * nothing more is found. If one stays that the host wants to be rid of, nothing
 * is freed. Values on the stack have no types, so nothing goes while a guest
 * runs.
 *
 * An instance that failed to start goes as soon as nothing refers to it: nobody
 * else can give it back. A module goes when it has no instance. */
#include "vm/observer.h"
#include "vm/rings.h"
#include "vm/store.h"

struct discarding {
    struct vm *vm;
    /* Whose failed instances have to go; or NULL: all others that are
     * flagged. */
    const struct module *unloaded;
    bool changed, refused;
    struct meter *meter; /* who pays for it */
    struct error *error;
};

/* Bytes of a name in a message, of an instance so named, and of a reason, which
 * has three names. */
enum { QUOTED = 60, NAMED = sizeof(struct shown) + 16, WHY = 3 * NAMED };

/* ---- what is said ---- */

/* By the name under which it is registered. */
static void name_instance(const struct vm *vm,
                          const struct instance *instance,
                          const char *otherwise,
                          char out[NAMED]) {
    snprintf(out, NAMED, "%s", otherwise);
    for (size_t i = 0; i < vm->registration_count; i++) {
        const struct registration *known = &vm->registrations[i];
        if (known->instance != instance)
            continue;
        snprintf(out, NAMED, "instance %s", quoted(known->name, QUOTED).text);
    }
}

static void name_holder(const struct vm *vm,
                        const struct instance *holder,
                        char out[NAMED]) {
    name_instance(vm, holder, holder ? "another instance" : "the host", out);
}

static void
refuse(struct discarding *d, const struct instance *kept, const char *why) {
    char name[NAMED];
    d->refused = true;
    if (d->unloaded) {
        error_set(d->error,
                  ERROR_USAGE,
                  "the module cannot be unloaded: an instance of it that "
                  "failed to start is still needed: %s",
                  why);
        return;
    }
    name_instance(d->vm, kept, "the instance", name);
    error_set(d->error, ERROR_USAGE, "%s cannot be discarded: %s", name, why);
}

/* ---- who stays ---- */

/* A look at what may be in no cache. When the time is up, all stay. */
static bool pay(struct discarding *d) {
    enum { LOOK_STEPS = 8 };
    d->refused = d->refused || !meter_step(d->meter, LOOK_STEPS);
    return !d->refused;
}

/* Something that stays, as the text says, refers to the instance. */
static void keep(struct discarding *d, struct instance *kept, const char *why) {
    bool wanted = d->unloaded ? kept->module == d->unloaded : !kept->failed;
    kept->going = false;
    d->changed = true;
    if (wanted)
        refuse(d, kept, why);
}

/* Whose it is, or NULL: the host's. */
static struct instance *owner_of(const struct external *external) {
    switch (external->kind) {
    case VM_FUNCTION: return external->function->instance;
    case VM_TABLE: return external->table->owner;
    case VM_MEMORY: return external->memory->owner;
    case VM_GLOBAL: return external->global->owner;
    case VM_TAG: return external->tag->owner;
    }
    return NULL;
}

static void keep_imported(struct discarding *d, const struct instance *holder) {
    const struct module *module = holder->module;
    uint32_t next[VM_TAG + 1] = {0}; /* of each index space */
    for (uint32_t i = 0; i < module->import_count && pay(d); i++) {
        const struct vm_import *import = &module->imports[i];
        enum vm_kind kind = import->type.kind;
        struct external external = external_at(holder, kind, next[kind]++);
        struct instance *owner = owner_of(&external);
        if (!owner || !owner->going)
            continue;
        char name[NAMED], why[WHY];
        name_holder(d->vm, holder, name);
        snprintf(why,
                 sizeof why,
                 "%s imports %s %s of it",
                 name,
                 quoted(import->module, QUOTED).text,
                 quoted(import->name, QUOTED).text);
        keep(d, owner, why);
    }
}

/* The instance whose function the reference is, if it goes. */
static struct instance *goes(uint64_t reference) {
    const struct function *function = (const void *)(uintptr_t)reference;
    return function && function->instance->going ? function->instance : NULL;
}

static void keep_by_global(struct discarding *d, const struct global *global) {
    struct instance *kept =
        global->type == VM_FUNCREF ? goes(global->value[0]) : NULL;
    if (!kept)
        return;
    char name[NAMED], why[WHY];
    name_holder(d->vm, global->owner, name);
    snprintf(why, sizeof why, "a global of %s has a function of it", name);
    keep(d, kept, why);
}

static void keep_by_table(struct discarding *d, const struct table *table) {
    for (uint64_t i = 0; i < table->size && pay(d); i++) {
        struct instance *kept = goes(table->elements[i]);
        if (!kept)
            continue;
        char name[NAMED], why[WHY];
        name_holder(d->vm, table->owner, name);
        snprintf(why,
                 sizeof why,
                 "element %llu of a table of %s is a function of it",
                 (unsigned long long)i,
                 name);
        keep(d, kept, why);
    }
}

static void keep_by_instances(struct discarding *d) {
    for (const struct instance *i = d->vm->instances; i; i = i->next) {
        const struct module *module = i->module;
        if (i->going || !pay(d))
            continue;
        keep_imported(d, i);
        uint32_t own = module->global_count - module->imported_globals;
        for (uint32_t k = 0; k < own && pay(d); k++)
            keep_by_global(d, &i->own_globals[k]);
    }
}

static void keep_by_tables(struct discarding *d) {
    for (const struct table *table = d->vm->tables; table;
         table = table->next) {
        bool stays = !table->owner || !table->owner->going;
        if (stays && pay(d) && table->type.type == VM_FUNCREF)
            keep_by_table(d, table);
    }
}

static void keep_by_host(struct discarding *d) {
    for (size_t i = 0; i < d->vm->definition_count; i++) {
        const struct external *external = &d->vm->definitions[i].external;
        if (external->kind == VM_GLOBAL && pay(d))
            keep_by_global(d, external->global);
    }
}

static void keep_by_exceptions(struct discarding *d) {
    if (!exceptions_mark(d->vm, d->meter)) {
        error_set(d->error, ERROR_IO, "out of memory: looking at exceptions");
        d->refused = true;
    }
    while (!d->refused) {
        struct instance *kept;
        d->refused = !exceptions_refer(d->vm, d->meter, &kept);
        if (!kept)
            return;
        keep(d, kept, "an exception that is kept refers to it");
    }
}

/* ---- what goes ---- */

static void forget_names(struct vm *vm) {
    size_t kept = 0;
    for (size_t i = 0; i < vm->registration_count; i++) {
        if (!vm->registrations[i].instance->going)
            vm->registrations[kept++] = vm->registrations[i];
    }
    vm->registration_count = kept;
}

static void free_all_that_go(struct vm *vm) {
    exceptions_sweep(vm);
    forget_names(vm);
    memories_free(vm, false);
    for (struct instance **link = &vm->instances; *link;) {
        struct instance *instance = *link;
        if (instance->going) {
            *link = instance->next;
            instance_free(instance);
        } else {
            link = &instance->next;
        }
    }
}

/* Free all that are flagged, and those that failed, unless one has to stay that
 * should go. */
static bool discard(struct discarding *d) {
    struct vm *vm = d->vm;
    for (struct instance *i = vm->instances; i; i = i->next)
        i->going = i->going || i->failed;
    do {
        d->changed = false;
        keep_by_instances(d);
        keep_by_tables(d);
        keep_by_host(d);
        keep_by_exceptions(d);
    } while (d->changed && !d->refused);
    if (!d->refused) {
        free_all_that_go(vm);
        return true;
    }
    for (struct instance *i = vm->instances; i; i = i->next)
        i->going = false;
    return false;
}

static bool
nothing_runs(const struct vm *vm, const char *verb, struct error *error) {
    return vm->nesting == 0 ||
           error_set(error,
                     ERROR_USAGE,
                     "nothing can be %s while a guest of the vm runs",
                     verb);
}

/* This is done for the guest: it may take long to look through all tables. */
void instances_free_failed(struct vm *vm) {
    struct error ignored = ERROR_INIT;
    struct discarding d = {.vm = vm, .meter = &vm->meter, .error = &ignored};
    if (vm->nesting == 0)
        discard(&d);
}

/* And this for the host, which has no limit. */
static bool discard_for_host(struct vm *vm,
                             const struct module *unloaded,
                             struct error *error) {
    struct meter unlimited = {0};
    struct discarding d = {
        .vm = vm, .unloaded = unloaded, .meter = &unlimited, .error = error};
    return discard(&d);
}

bool vm_discard(struct instance *const *instances,
                size_t count,
                struct error *error) {
    if (count == 0)
        return true;
    struct vm *vm = instances[0]->vm;
    if (!nothing_runs(vm, "discarded", error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (instances[i]->vm != vm)
            return error_set(error, ERROR_USAGE, "instances of two vms");
    }
    for (size_t i = 0; i < count; i++)
        instances[i]->going = true;
    return discard_for_host(vm, NULL, error);
}

/* ---- modules ---- */

static bool has_no_instance(const struct module *module, struct error *error) {
    const struct vm *vm = module->vm;
    char name[NAMED];
    for (const struct instance *i = vm->instances; i; i = i->next) {
        if (i->module != module || i->failed)
            continue;
        name_instance(vm, i, "an instance of it", name);
        return error_set(error,
                         ERROR_USAGE,
                         "the module cannot be unloaded: %s has not been "
                         "discarded",
                         name);
    }
    return true;
}

bool vm_unload(struct module *module, struct error *error) {
    struct vm *vm = module->vm;
    bool unused = nothing_runs(vm, "unloaded", error) &&
                  has_no_instance(module, error) &&
                  discard_for_host(vm, module, error);
    if (!unused)
        return false;
    if (vm->observer && vm->observer->unloaded)
        vm->observer->unloaded(vm->observer, module);
    struct module **link = &vm->modules;
    while (*link != module)
        link = &(*link)->next;
    *link = module->next;
    vm->trace_count = 0;
    module_free(module);
    return true;
}
