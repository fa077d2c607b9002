/* hostel check: validate modules, and say what is in them.
 *
 *     tool.wasm: valid; uses bulk memory, sign extension
 *     tool.wasm: unknown import ...
 *
 * The second line stands for each import that hostel does not provide. With
 * --features there is one line a feature instead, with the file's name if there
 * are several, and with --quiet nothing but the errors. */
#include "check.h"

#include "report.h"
#include "source.h"
#include "toolchains.h"

/* Features that the module uses, each behind `before`, but for the first, and
 * before `behind`. */
static void print_features(const struct module *module,
                           const char *first,
                           const char *before,
                           const char *behind) {
    uint32_t features = vm_features(module);
    for (int i = 0; i < VM_FEATURE_COUNT; i++) {
        bool used = features >> i & 1;
        if (!used)
            continue;

        printf("%s%s%s", first, vm_feature_name((enum vm_feature)i), behind);
        first = before;
    }
}

/* What hostel provides, to modules that are not going to call it. */
static bool provide(struct run *run, struct error *error) {
    struct wasi_config wasi = {.args = run->options->words,
                               .memory = &run->memory};
    struct imports_config imports = {0};
    run->wasi = wasi_open(&wasi, error);
    run->imports = imports_open(&imports, error);
    return run->wasi && run->imports &&
           wasi_define(run->wasi, run->vm, error) &&
           imports_define(run->imports, run->vm, error);
}

static bool
print_unknown_imports(struct run *run, const char *name, struct error *error) {
    const struct module *module = run->main.module;
    for (size_t i = 0; i < vm_import_count(module); i++) {
        struct error unknown = ERROR_INIT;
        if (vm_can_import(run->vm, module, i, &unknown))
            continue;

        if (unknown.kind != ERROR_UNLINKABLE) {
            *error = unknown;
            return false;
        }
        printf("%s: %s\n", name, unknown.text);
    }
    return true;
}

/* Say what was found in a valid module. */
static bool describe(struct run *run, struct error *error) {
    const struct loaded *loaded = &run->main;
    struct shown name = shown_text(run->about, SHOWN_MAX);
    if (!provide(run, error))
        return false;

    printf("%s: valid", name.text);
    print_features(loaded->module, "; uses ", ", ", "");
    if (toolchain_unlinked(loaded->module, buffer_slice(&loaded->bytes)))
        fputs("; it is an object file, not linked", stdout);
    putchar('\n');
    return print_unknown_imports(run, name.text, error);
}

/* What begins a line about that file, if it needs that. */
static void
name_line(const struct run *run, const char *path, char *name, size_t size) {
    if (run->options->word_count == 1)
        *name = '\0';
    else
        snprintf(
            name, size, "%s: ", shown_text(source_name(path), SHOWN_MAX).text);
}

static bool
check_module(struct run *run, const char *path, struct error *error) {
    bool quiet = run->options->quiet;
    bool only_features = run->options->features;
    char name[SHOWN_MAX + 8];
    name_line(run, path, name, sizeof name);

    bool valid = run_load(run, path, error);
    bool lacking = !valid && error->kind == ERROR_UNSUPPORTED;
    if (lacking && only_features && !quiet) {
        enum vm_feature missing = (enum vm_feature)error->code;
        printf("%s%s (not supported)\n", name, vm_feature_name(missing));
    }
    if (!valid || quiet)
        return valid;

    if (!only_features)
        return describe(run, error);
    print_features(run->main.module, name, name, "\n");
    return true;
}

bool check_modules(struct run *run, struct error *error) {
    const struct options *options = run->options;
    size_t last = options->word_count - 1;
    for (size_t i = 0; i < last; i++) {
        check_module(run, options->words[i], error);
        fflush(stdout); /* what is told of one file stays together */
        report_error(run, error);

        int status = report_status(error);
        if (status > run->worst)
            run->worst = status;
        *error = (struct error)ERROR_INIT;
        run_close(run);
    }
    return check_module(run, options->words[last], error);
}
