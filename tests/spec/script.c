/* One file of the spec suite: a list of commands, carried out in order in one
 * vm.
 *
 * A script loads modules and instantiates them; the last one is the current
 * instance, and those with a name can be addressed later. `register` makes an
 * instance's exports importable. Actions call an exported function or read an
 * exported global, and assertions compare what they gave. Every handler below
 * returns true if the command went as it should, else prints why not.
 *
 * Errors must be of the kind that the suite says and begin with its text,
 * unless a list says that there is one for another reason. */
#include "tests/spec/spec.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_FAILURES = 10, FILE_SIZE_MAX = 64 << 20, VALUES_MAX = 1024 };

struct named_instance {
    struct slice name;
    struct instance *instance;
    struct named_instance *next;
};

/* Whether the command at work is on a list. */
static bool is_on(const struct listed *list, const struct script *script) {
    for (; list; list = list->next)
        if (list->line == script->tally.line &&
            !strcmp(list->file, script->name))
            return true;
    return false;
}

/* Print why the command at work failed, unless that is known; false. */
PRINTF_LIKE(2, 3)
static bool fail(struct script *script, const char *format, ...) {
    unsigned line = script->tally.line;
    if (is_on(script->expected_failures, script))
        return false;
    if (script->tally.failed >= SHOWN_FAILURES && !script->verbose)
        return false;
    printf("  %s.wast:%u: ", script->name, line);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    return false;
}

/* ---- modules ---- */

/* The bytes of a file beside the script's own, for the life of the script. */
static bool read_file(struct script *script,
                      struct slice name,
                      struct slice *bytes,
                      struct error *error) {
    struct buffer path, content;
    buffer_init(&path, 4096);
    buffer_init(&content, FILE_SIZE_MAX);
    const char *slash = strrchr(script->name, '/');
    int folder_size = slash ? (int)(slash + 1 - script->name) : 0;
    buffer_printf(&path,
                  "%s/%.*s%.*s",
                  script->folder,
                  folder_size,
                  script->name,
                  (int)name.size,
                  (const char *)name.data);
    buffer_append(&path, "", 1);
    bool read =
        !path.failed && file_read((const char *)path.data, &content, error);
    char *copy =
        read ? arena_text(&script->arena, buffer_slice(&content)) : NULL;
    *bytes = (struct slice){.data = (uint8_t *)copy, .size = content.size};
    buffer_free(&path);
    buffer_free(&content);
    return copy != NULL;
}

/* The bytes, and a custom section that says nothing: vm/skim keeps away from
 * the last bytes of a module, which are all that many of the suite's have. */
static struct slice with_section(struct script *script, struct slice bytes) {
    static const char section[] = "\0\x20\0-------------------------------";
    struct buffer longer;
    buffer_init(&longer, FILE_SIZE_MAX);
    buffer_append(&longer, bytes.data, bytes.size);
    buffer_append(&longer, section, sizeof section - 1);
    const char *copy = arena_text(&script->arena, buffer_slice(&longer));
    struct slice result = {(const uint8_t *)copy, longer.size};
    buffer_free(&longer);
    return copy ? result : bytes;
}

/* The plain run has what the suite has; in the other all but malformed modules
 * are longer. */
static struct module *
load(struct script *script, const struct json *command, struct error *error) {
    struct slice bytes;
    if (!read_file(script, json_string(command, "filename"), &bytes, error))
        return NULL;
    bool malformed = slice_is(json_string(command, "type"), "assert_malformed");
    if (!script->plain_code && !malformed)
        bytes = with_section(script, bytes);
    return vm_load(script->vm, bytes, error);
}

static struct instance *find_instance(struct script *script,
                                      struct slice name) {
    if (!name.data)
        return script->current;
    for (struct named_instance *n = script->named; n; n = n->next)
        if (slice_equal(n->name, name))
            return n->instance;
    return NULL;
}

static bool do_module(struct script *script, const struct json *command) {
    struct error error = ERROR_INIT;
    struct module *module = load(script, command, &error);
    script->current =
        module ? vm_instantiate(script->vm, module, &error) : NULL;
    if (!script->current)
        return fail(
            script, "module: %s: %s", error_kind_name(error.kind), error.text);
    struct slice name = json_string(command, "name");
    if (!name.data)
        return true;
    struct named_instance *named =
        arena_alloc(&script->arena, 1, sizeof *named);
    if (!named)
        return fail(script, "out of memory");
    *named = (struct named_instance){name, script->current, script->named};
    script->named = named;
    return true;
}

static bool do_register(struct script *script, const struct json *command) {
    struct error error = ERROR_INIT;
    struct instance *instance =
        find_instance(script, json_string(command, "name"));
    if (!instance)
        return fail(script, "register: no such instance");
    if (vm_register(script->vm, json_string(command, "as"), instance, &error))
        return true;
    return fail(script, "register: %s", error.text);
}

/* ---- refusals ---- */

static bool begins_with(const char *text, struct slice start) {
    return strlen(text) >= start.size && !memcmp(text, start.data, start.size);
}

/* Something ended, or not, and must have ended with this kind of error and the
 * command's text. */
static bool ended(struct script *script,
                  const struct json *command,
                  enum error_kind kind,
                  const struct error *error) {
    struct slice wanted = json_string(command, "text");
    bool as_wanted = error->kind == kind && begins_with(error->text, wanted);
    bool other = error->kind == ERROR_MALFORMED ||
                 error->kind == ERROR_INVALID ||
                 error->kind == ERROR_UNSUPPORTED || error->kind == ERROR_TRAP;
    if (is_on(script->other_messages, script)) {
        script->tally.other_messages++;
        if (as_wanted)
            return fail(script,
                        "as the suite says, but is on the list of others");
        if (other)
            return true;
    }
    if (as_wanted)
        return true;
    bool failed = error->kind != ERROR_NONE;
    return fail(script,
                "%s%s%s, expected %s: %.*s",
                failed ? error_kind_name(error->kind) : "",
                failed ? ": " : "succeeded",
                error->text,
                error_kind_name(kind),
                (int)wanted.size,
                (const char *)wanted.data);
}

/* The module must be refused when it is loaded. */
static bool refused(struct script *script,
                    const struct json *command,
                    enum error_kind kind) {
    if (slice_is(json_string(command, "module_type"), "text")) {
        script->tally.not_applicable++;
        return true;
    }
    struct error error = ERROR_INIT;
    struct module *module = load(script, command, &error);
    if (is_on(script->valid_since, script)) {
        script->tally.accepted++;
        return module || fail(script, "has become valid, but: %s", error.text);
    }
    return ended(script, command, kind, &error);
}

static bool do_invalid(struct script *script, const struct json *command) {
    return refused(script, command, ERROR_INVALID);
}

static bool do_malformed(struct script *script, const struct json *command) {
    return refused(script, command, ERROR_MALFORMED);
}

/* The module loads, but must be refused, or trap, when it is instantiated. */
static bool instantiation_fails(struct script *script,
                                const struct json *command,
                                enum error_kind kind) {
    struct error error = ERROR_INIT;
    struct module *module = load(script, command, &error);
    if (!module)
        return fail(script, "%s: %s", error_kind_name(error.kind), error.text);
    vm_instantiate(script->vm, module, &error);
    return ended(script, command, kind, &error);
}

static bool do_unlinkable(struct script *script, const struct json *command) {
    return instantiation_fails(script, command, ERROR_UNLINKABLE);
}

static bool do_uninstantiable(struct script *script,
                              const struct json *command) {
    return instantiation_fails(script, command, ERROR_TRAP);
}

/* ---- actions ---- */

struct results {
    struct vm_value *values;
    size_t count;
    struct error error; /* of the call */
};

static bool invoke(struct script *script,
                   const struct json *action,
                   struct instance *instance,
                   struct results *results) {
    struct function *function =
        vm_find_function(instance, json_string(action, "field"));
    if (!function)
        return fail(script, "no such function");
    struct vm_value args[VALUES_MAX];
    size_t arg_count = 0;
    for (struct json_each each = json_each(json_find(action, "args"));
         json_next(&each);)
        if (arg_count == VALUES_MAX ||
            !value_read(each.value, &args[arg_count++]))
            return fail(script, "cannot read argument %zu", arg_count);
    results->count = vm_function_type(function)->result_count;
    results->values =
        arena_alloc(&script->arena, results->count, sizeof *results->values);
    if (!results->values)
        return fail(script, "out of memory");
    vm_call(function, args, arg_count, results->values, &results->error);
    return true;
}

/* False if the action could not be carried out at all; how a call ended is in
 * `results`. */
static bool act(struct script *script,
                const struct json *command,
                struct results *results) {
    const struct json *action = json_find(command, "action");
    *results = (struct results){.error = ERROR_INIT};
    struct instance *instance =
        find_instance(script, json_string(action, "module"));
    if (!instance)
        return fail(script, "no such instance");
    if (slice_is(json_string(action, "type"), "invoke"))
        return invoke(script, action, instance, results);
    results->count = 1;
    results->values = arena_alloc(&script->arena, 1, sizeof *results->values);
    if (!results->values)
        return fail(script, "out of memory");
    const struct global *global =
        vm_find_global(instance, json_string(action, "field"));
    if (!global)
        return fail(script, "no such global");
    results->values[0] = vm_global_get(global);
    return true;
}

static bool do_action(struct script *script, const struct json *command) {
    struct results results;
    if (!act(script, command, &results))
        return false;
    return results.error.kind == ERROR_NONE ||
           fail(script, "action: %s", results.error.text);
}

/* `either` lists alternatives for one result; `expected` lists all results. */
static bool results_match(const struct json *command,
                          const struct results *results) {
    const struct json *either = json_find(command, "either");
    for (struct json_each each = json_each(either); json_next(&each);)
        if (results->count == 1 && value_matches(each.value, results->values))
            return true;
    if (either)
        return false;
    size_t i = 0;
    for (struct json_each each = json_each(json_find(command, "expected"));
         json_next(&each);
         i++)
        if (i >= results->count ||
            !value_matches(each.value, &results->values[i]))
            return false;
    return i == results->count;
}

static bool do_return(struct script *script, const struct json *command) {
    struct results results;
    if (!act(script, command, &results))
        return false;
    if (results.error.kind != ERROR_NONE)
        return fail(script,
                    "%s: %s",
                    error_kind_name(results.error.kind),
                    results.error.text);
    if (results_match(command, &results))
        return true;
    struct slice wanted =
        json_find(command, json_find(command, "either") ? "either" : "expected")
            ->text;
    return fail(script,
                "%zu results, first %s, expected %.*s",
                results.count,
                results.count ? value_text(results.values) : "none",
                (int)wanted.size,
                (const char *)wanted.data);
}

static bool do_trap(struct script *script, const struct json *command) {
    struct results results;
    return act(script, command, &results) &&
           ended(script, command, ERROR_TRAP, &results.error);
}

static bool do_exhaustion(struct script *script, const struct json *command) {
    struct results results;
    return act(script, command, &results) &&
           ended(script, command, ERROR_EXHAUSTION, &results.error);
}

/* ---- the whole file ---- */

static const struct command {
    const char *type;
    bool (*run)(struct script *script, const struct json *command);
} commands[] = {
    {"module", do_module},
    {"register", do_register},
    {"action", do_action},
    {"assert_return", do_return},
    {"assert_trap", do_trap},
    {"assert_exhaustion", do_exhaustion},
    {"assert_invalid", do_invalid},
    {"assert_malformed", do_malformed},
    {"assert_unlinkable", do_unlinkable},
    {"assert_uninstantiable", do_uninstantiable},
};

static bool do_command(struct script *script, const struct json *command) {
    struct slice type = json_string(command, "type");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (slice_is(type, commands[i].type))
            return commands[i].run(script, command);
    return fail(script,
                "unknown command %.*s",
                (int)type.size,
                (const char *)type.data);
}

/* Carry out a command and count it. The tally is told before, so that a crash
 * has a line. */
static void count_command(struct script *script, const struct json *command) {
    struct tally *tally = &script->tally;
    int64_t line = 0;
    json_integer(json_find(command, "line"), &line);
    tally->line = (unsigned)line;
    struct slice type = json_string(command, "type");
    tally->assertions += type.size > 7 && !memcmp(type.data, "assert_", 7);
    if (write(script->progress, tally, sizeof *tally) < 0)
        exit(1);
    bool passed = do_command(script, command),
         expected = is_on(script->expected_failures, script);
    if (passed && expected) {
        printf(
            "  %s.wast:%u: passes, but is on the list of expected failures\n",
            script->name,
            tally->line);
        passed = false;
    } else if (!passed && expected) {
        tally->expected++;
        passed = true;
    }
    tally->failed += !passed;
}

/* Open a vm that knows the module "spectest". */
static bool script_open(struct script *script, struct error *error) {
    struct vm_limits limits = vm_limits_default();
    limits.plain_code = script->plain_code;
    script->vm = vm_open(&limits, error);
    if (!script->vm)
        return false;
    struct module *module = vm_load(script->vm, script->spectest, error);
    struct instance *instance =
        module ? vm_instantiate(script->vm, module, error) : NULL;
    return instance &&
           vm_register(script->vm, slice_of("spectest"), instance, error);
}

bool script_run(struct script *script) {
    struct error error = ERROR_INIT;
    const char *slash = strrchr(script->name, '/');
    char name[128];
    snprintf(name, sizeof name, "%s.json", slash ? slash + 1 : script->name);
    struct slice text;
    arena_init(&script->arena);
    const struct json *root = read_file(script, slice_of(name), &text, &error)
                                  ? json_parse(text, &script->arena, &error)
                                  : NULL;
    bool opened = root && script_open(script, &error);
    if (opened)
        for (struct json_each each = json_each(json_find(root, "commands"));
             json_next(&each);)
            count_command(script, each.value);
    else
        printf("  %s: %s: %s\n", name, error_kind_name(error.kind), error.text);
    bool told =
        write(script->progress, &script->tally, sizeof script->tally) > 0;
    vm_close(script->vm);
    arena_free(&script->arena);
    return opened && told;
}
