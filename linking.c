/* Modules find each other, and what hostel provides.
 *
 * The preloads are instantiated in the order of the command line, the main
 * module last. Each finds those before it under their names. All user's
 * mistakes (an import's name, the entry's name and values) are found before the
 * first of them runs an instruction; only what a preload exports is not known
 * so early. */
#include "linking.h"

#include "source.h"
#include "toolchains.h"

/* Whether one of the first `count` preloads has that name. */
static bool
is_preloaded(const struct run *run, struct slice name, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, run->options->preloads[i].name))
            return true;
    }
    return false;
}

/* Whether all that a module wants from outside is there, or to be looked for in
 * one of the first `preloads` when that has been instantiated. */
static bool can_link(struct run *run,
                     const struct loaded *loaded,
                     size_t preloads,
                     struct error *error) {
    const struct module *module = loaded->module;
    run->about = source_name(loaded->path);
    for (size_t i = 0; i < vm_import_count(module); i++) {
        struct slice from = vm_import_at(module, i).module;
        bool later = is_preloaded(run, from, preloads);
        if (later || vm_can_import(run->vm, module, i, error))
            continue;

        run->advice = toolchain_advice(module, buffer_slice(&loaded->bytes));
        return false;
    }
    return true;
}

static bool choose_entry(struct run *run, struct error *error) {
    struct options *options = run->options;
    const struct loaded *main = &run->main;
    run->entry = (struct entry){.name = options->invoke,
                                .arguments = options->words + 1,
                                .argument_count = options->word_count - 1};
    if (entry_choose(&run->entry, main->module, &options->arena, error))
        return true;

    bool missing = !run->entry.type;
    if (missing)
        run->advice =
            toolchain_advice(main->module, buffer_slice(&main->bytes));
    return false;
}

bool linking_check(struct run *run, struct error *error) {
    size_t preloads = run->options->preload_count;
    for (size_t i = 0; i < preloads; i++) {
        if (!can_link(run, &run->preloads[i], i, error))
            return false;
    }
    return can_link(run, &run->main, preloads, error) &&
           choose_entry(run, error);
}

/* NULL on failure; `about` is the module then. */
static struct instance *
instantiate(struct run *run, const struct loaded *loaded, struct error *error) {
    run->about = source_name(loaded->path);
    return vm_instantiate(run->vm, loaded->module, error);
}

struct instance *linking_instantiate(struct run *run, struct error *error) {
    for (size_t i = 0; i < run->options->preload_count; i++) {
        struct slice name = slice_of(run->options->preloads[i].name);
        struct instance *instance = instantiate(run, &run->preloads[i], error);
        bool linked = instance && vm_register(run->vm, name, instance, error);
        /* It may be a reactor, which need not know of that. */
        if (!linked || !entry_initialize(instance, error))
            return NULL;
    }
    return instantiate(run, &run->main, error);
}
