/* Reading the command line.
 *
 *     hostel [options] [run] [options] MODULE [ARGS...]
 *     hostel check [options] MODULE...
 *     hostel dump [options] MODULE [FUNCTION]
 *     hostel completions SHELL
 *     hostel help, hostel version
 *
 * Options end at the first word that is none: a subcommand, behind which they
 * may go on, or the module's name, behind which everything belongs to the
 * guest. Where there is no guest they may stand anywhere. Behind `--` all words
 * are what they would be otherwise, but no options or subcommands.
 *
 * options.def says which options there are. Numbers are read according to their
 * kind; one switch then puts every value where it belongs. What an origin or a
 * host:port:address is, net/ knows: net_open judges those texts. */
#include "options.h"

#include "belongs.h"
#include "nearest.h"
#include "quantity.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What is made of the table: what getopt wants, the kinds of values, names. */
#define COMMAND(id, name, form, help)
#define GROUP(title)

/* What getopt_long returns for an option begins beyond all characters. */
enum { FIRST_OPTION = 256 };

static const struct option table[] = {
#define OPTION(id, letter, name, value, form, help)                            \
    {name,                                                                     \
     VALUE_##value == VALUE_NONE ? no_argument : required_argument,            \
     NULL,                                                                     \
     FIRST_OPTION + OPTION_##id},
#include "options.def"
#undef OPTION
    {0},
};

static const struct row {
    char letter;
    enum option_value value;
} option_rows[] = {
#define OPTION(id, letter, name, value, form, help) {letter, VALUE_##value},
#include "options.def"
#undef OPTION
};

static const char *const option_names[] = {
#define OPTION(id, letter, name, value, form, help) name,
#include "options.def"
#undef OPTION
#undef COMMAND
};

static const char *const command_names[] = {
#define COMMAND(id, name, form, help) name,
#define OPTION(id, letter, name, value, form, help)
#include "options.def"
#undef OPTION
#undef COMMAND
};

enum {
    OPTION_COUNT = sizeof option_rows / sizeof *option_rows,
    COMMAND_COUNT = sizeof command_names / sizeof *command_names,
};

_Static_assert(OPTION_COUNT <= 64, "`given` has a bit for each option");

/* ---- texts ---- */

static bool set_text(const char **where,
                     enum option_id id,
                     const char *text,
                     struct error *error) {
    if (*where)
        return error_set(
            error, ERROR_USAGE, "--%s: can be given once only", table[id].name);
    if (!*text)
        return error_set(
            error, ERROR_USAGE, "--%s: must not be empty", table[id].name);
    *where = text;
    return true;
}

/* Cut `text` off at its first comma; returns what follows, or NULL. */
static char *cut(char *text) {
    char *comma = strchr(text, ',');
    if (comma)
        *comma++ = '\0';
    return comma;
}

/* The lists have room for every item of the command line: see options_parse. */
static bool add_items(struct text_list *list, char *text) {
    for (char *next; text; text = next) {
        next = cut(text);
        list->items[list->count++] = text;
    }
    return true;
}

/* A name that was given before gets another value: of options given twice the
 * last counts. */
static void set_variable(struct text_list *list, const char *text) {
    size_t i = 0, name_size = strcspn(text, "=") + 1;
    while (i < list->count && strncmp(list->items[i], text, name_size) != 0)
        i++;
    list->count += i == list->count;
    list->items[i] = text;
}

/* NAME=VALUE, or NAME for the value that it has here, if it has one. */
static bool
add_env(struct options *options, const char *text, struct error *error) {
    size_t name_size = strcspn(text, "=");
    if (name_size == 0) {
        return error_set(error,
                         ERROR_USAGE,
                         "--env: '%s' is neither NAME=VALUE nor NAME",
                         shown_text(text, 160).text);
    }
    if (text[name_size] == '=') {
        set_variable(&options->env, text);
        return true;
    }

    const char *value = getenv(text);
    if (!value)
        return true;
    char *variable =
        arena_alloc(&options->arena, name_size + strlen(value) + 2, 1);
    if (!variable)
        return error_set(error, ERROR_IO, "out of memory");
    strcat(strcat(strcpy(variable, text), "="), value);
    set_variable(&options->env, variable);
    return true;
}

/* One colon where two are meant, as others write it: there is no directory of
 * such a name. */
static bool one_colon(const char *text, struct error *error) {
    struct stat status;
    const char *colon = strchr(text, ':');
    if (!colon || stat(text, &status) == 0)
        return false;

    struct slice before = {(const uint8_t *)text, (size_t)(colon - text)};
    struct shown host = shown(before, 80);
    error_set(error,
              ERROR_USAGE,
              "--dir: there is no directory '%s'; the guest's name for one "
              "stands behind two "
              "colons: --dir %s::%s",
              shown_text(text, 80).text,
              host.text,
              shown_text(colon + 1, 80).text);
    return true;
}

/* HOST[::GUEST][:ro]. Without GUEST the guest sees the host's name. */
static bool
add_directory(struct options *options, char *text, struct error *error) {
    struct wasi_directory *directory =
        &options->directories[options->directory_count++];
    size_t size = strlen(text);
    directory->read_only = size >= 3 && strcmp(text + size - 3, ":ro") == 0;
    if (directory->read_only)
        text[size - 3] = '\0';
    directory->host = directory->guest = text;
    char *border = strstr(text, "::");
    if (border) {
        *border = '\0';
        directory->guest = border + 2;
    }
    if (!*directory->host || !*directory->guest)
        return error_set(
            error, ERROR_USAGE, "--dir: a directory's name is empty");
    return border || !one_colon(text, error);
}

/* NAME=MODULE. Under one name there is one module. */
static bool
add_preload(struct options *options, char *text, struct error *error) {
    char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1]) {
        return error_set(error,
                         ERROR_USAGE,
                         "--preload: '%s' is not NAME=MODULE",
                         shown_text(text, 160).text);
    }
    *equals = '\0';
    for (size_t i = 0; i < options->preload_count; i++) {
        if (strcmp(options->preloads[i].name, text) != 0)
            continue;
        return error_set(error,
                         ERROR_USAGE,
                         "--preload: '%s' is %s already",
                         shown_text(text, 100).text,
                         shown_text(options->preloads[i].path, 100).text);
    }
    options->preloads[options->preload_count++] =
        (struct preload){text, equals + 1};
    return true;
}

static bool
add_traces(struct options *options, char *text, struct error *error) {
    for (char *next; text; text = next) {
        next = cut(text);
        bool wasi = strcmp(text, "wasi") == 0,
             secrets = strcmp(text, "http-secrets") == 0;
        bool http = secrets || strcmp(text, "http") == 0;
        bool code = strncmp(text, "code", 4) == 0 && strchr("=", text[4]);
        options->trace_wasi |= wasi;
        options->trace_http |= http;
        options->trace_code |= code;
        if (code && text[4] == '=')
            options->traced = text + 5;
        options->net.trace_secrets |= secrets;
        if (wasi || http || code)
            continue;
        return error_set(error,
                         ERROR_USAGE,
                         "--trace: '%s' is not wasi, http, http-secrets or "
                         "code[=FUNCTION]",
                         shown_text(text, 120).text);
    }
    return true;
}

static bool begins_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* NAME=SIZE,... with the names of net's limits. */
static bool
set_http_limits(struct net_limits *limits, char *text, struct error *error) {
    const struct {
        const char *name;
        size_t *value;
    } rows[] = {
#define X(name, value) {#name "=", &limits->name},
        NET_LIMITS(X)
#undef X
    };
    for (char *next; text; text = next) {
        size_t i = 0, count = sizeof rows / sizeof *rows;
        uint64_t number;
        next = cut(text);
        while (i < count && !begins_with(text, rows[i].name))
            i++;
        if (i == count) {
            return error_set(error,
                             ERROR_USAGE,
                             "--http-limit: '%s' is not NAME=SIZE, the names "
                             "being head, fields, line, extension and url",
                             shown_text(text, 80).text);
        }
        const char *size = text + strlen(rows[i].name);
        if (!quantity_read(QUANTITY_SIZE, "http-limit", size, &number, error))
            return false;
        *rows[i].value = (size_t)number;
    }
    return true;
}

/* One way so far; not to link is the other. */
static bool set_unknown_imports(struct options *options,
                                const char *text,
                                struct error *error) {
    options->limits.trap_unknown_imports = true;
    return strcmp(text, "trap") == 0 ||
           error_set(error,
                     ERROR_USAGE,
                     "--unknown-imports: '%s' is not trap",
                     shown_text(text, 120).text);
}

/* ---- the command line ---- */

/* Put one option's value where it belongs; `number` is the value of a numeric
 * one. */
static bool apply(struct options *options,
                  enum option_id id,
                  char *text,
                  uint64_t number,
                  struct error *error) {
    switch (id) {
    case OPTION_DIR: return add_directory(options, text, error);
    case OPTION_TMPDIR: return set_text(&options->tmpdir, id, text, error);
    case OPTION_ENV: return add_env(options, text, error);
    case OPTION_PRELOAD: return add_preload(options, text, error);
    case OPTION_INVOKE: return set_text(&options->invoke, id, text, error);
    case OPTION_ALLOW_NET: return add_items(&options->allow, text);
    case OPTION_DENY_NET: return add_items(&options->deny, text);
    case OPTION_RESOLVE: return add_items(&options->resolve, text);
    case OPTION_CACERT: return set_text(&options->net.ca_file, id, text, error);
    case OPTION_HTTP_LIMIT:
        return set_http_limits(&options->net.limits, text, error);
    case OPTION_TRACE: return add_traces(options, text, error);
    case OPTION_ALLOW_PRIVATE_NET: options->net.allow_private = true; break;
    case OPTION_MAX_FDS:
        options->max_descriptors =
            number < WASI_DESCRIPTORS ? (uint32_t)number : WASI_DESCRIPTORS;
        break;
    case OPTION_NO_LANDLOCK: options->no_landlock = true; break;
    case OPTION_NO_COOKIES: options->net.cookies = false; break;
    case OPTION_HTTP_TIMEOUT: options->net.timeout_ms = (int64_t)number; break;
    case OPTION_MAX_REDIRECTS:
        options->net.max_redirects =
            number < UINT32_MAX ? (unsigned)number : UINT32_MAX;
        break;
    case OPTION_MAX_RESPONSE_BODY:
        options->net.max_response_body = (size_t)number;
        break;
    case OPTION_MAX_REQUEST_BODY:
        options->net.max_request_body = (size_t)number;
        break;
    case OPTION_MAX_MEMORY: options->limits.memory_bytes = number; break;
    case OPTION_MAX_STACK: options->limits.stack_bytes = number; break;
    case OPTION_FUEL: options->limits.fuel = (int64_t)number; break;
    case OPTION_TIMEOUT: options->limits.timeout_ms = (int64_t)number; break;
    case OPTION_UNKNOWN_IMPORTS:
        return set_unknown_imports(options, text, error);
    case OPTION_RECORD: return set_text(&options->record, id, text, error);
    case OPTION_RECORD_MODULE: options->record_module = true; break;
    case OPTION_RECORD_HIDE: return add_items(&options->hidden, text);
    case OPTION_RECORD_SECRETS: options->record_secrets = true; break;
    case OPTION_LIST: options->list = true; break;
    case OPTION_UNTIL: return set_text(&options->until, id, text, error);
    case OPTION_PROFILE: return set_text(&options->profile, id, text, error);
    case OPTION_COVERAGE: return set_text(&options->coverage, id, text, error);
    case OPTION_COVERAGE_APPEND: options->coverage_append = true; break;
    case OPTION_CODE: options->code = true; break;
    case OPTION_LINES: options->lines = true; break;
    case OPTION_OUTPUT: return set_text(&options->output, id, text, error);
    case OPTION_FEATURES: options->features = true; break;
    case OPTION_QUIET: options->quiet = true; break;
    case OPTION_HELP: options->command = COMMAND_HELP; break;
    case OPTION_VERSION: options->command = COMMAND_VERSION; break;
    }
    return true;
}

/* Reading of one command line. */
struct reading {
    struct options *options;
    int argc;
    char **argv;
    bool ended; /* by --: no options or subcommands follow */
    /* The last option, if a word of its own was its value. */
    const char *takes_next;
};

/* What getopt_long took exception to; it says no more than that. */
static bool bad_option(const char *word, struct error *error) {
    const char *name = word + strspn(word, "-");
    size_t size = strcspn(name, "="), likely = 0;
    bool is_long = name == word + 2;
    for (const struct option *row = table; is_long && row->name; row++) {
        if (strncmp(row->name, name, size) == 0)
            likely++;
    }

    struct shown shown_word = shown_text(word, 160);
    if (optopt >= FIRST_OPTION)
        return error_set(error,
                         ERROR_USAGE,
                         "%s: takes no value; see hostel --help",
                         shown_word.text);
    if (likely > 1)
        return error_set(
            error,
            ERROR_USAGE,
            "%s: could be short for several options; see hostel --help",
            shown_word.text);

    struct slice typed = {(const uint8_t *)name, size};
    const char *meant = nearest(typed, option_names, OPTION_COUNT);
    if (!meant)
        return error_set(error,
                         ERROR_USAGE,
                         "%s: no such option; see hostel --help",
                         shown_word.text);
    return error_set(error,
                     ERROR_USAGE,
                     "%s: no such option; did you mean --%s; see hostel --help",
                     shown_word.text,
                     meant);
}

/* A value that was forgotten: what stands there begins as the next option
 * does. */
static bool
is_forgotten(enum option_id id, const char *value, struct error *error) {
    if (strncmp(value, "--", 2) != 0)
        return false;
    struct shown shown_value = shown_text(value, 80);
    error_set(error,
              ERROR_USAGE,
              "--%s: needs a value, and '%s' looks like an option; write "
              "--%s=%s if it is the value",
              option_names[id],
              shown_value.text,
              option_names[id],
              shown_value.text);
    return true;
}

static bool
read_option(struct reading *reading, enum option_id id, struct error *error) {
    bool apart = optarg && optarg == reading->argv[optind - 1];
    if (apart && is_forgotten(id, optarg, error))
        return false;
    reading->takes_next = apart ? option_names[id] : NULL;

    static const enum quantity quantities[] = {[VALUE_COUNT] = QUANTITY_COUNT,
                                               [VALUE_SIZE] = QUANTITY_SIZE,
                                               [VALUE_TIME] = QUANTITY_TIME};
    uint64_t number = 0;
    const char *name = option_names[id];
    enum option_value kind = option_rows[id].value;
    bool numeric = kind >= VALUE_COUNT;
    if (numeric &&
        !quantity_read(quantities[kind], name, optarg, &number, error))
        return false;
    reading->options->given |= UINT64_C(1) << id;
    return apply(reading->options, id, optarg, number, error);
}

/* The option that getopt_long found: by its letter, or itself. */
static enum option_id option_of(int found) {
    int id = found - FIRST_OPTION;
    for (int i = 0; i < OPTION_COUNT && found < FIRST_OPTION; i++) {
        if (option_rows[i].letter == found)
            id = i;
    }
    return (enum option_id)id;
}

/* Read options up to the first word that is none. */
static bool read_options(struct reading *reading, struct error *error) {
    opterr = 0;
    while (!reading->ended && reading->options->command < COMMAND_HELP) {
        const char *word = reading->argv[optind];
        int found =
            getopt_long(reading->argc, reading->argv, "+:ho:qV", table, NULL);
        if (found == -1) {
            /* No option has -- for its value, unless with a = before it. */
            reading->ended = word && strcmp(word, "--") == 0;
            return true;
        }
        if (found == ':')
            return error_set(error,
                             ERROR_USAGE,
                             "%s: needs a value",
                             shown_text(word, 160).text);
        if (found == '?')
            return bad_option(word, error);
        if (!read_option(reading, option_of(found), error))
            return false;
    }
    return true;
}

/* A subcommand, if one is there; what could have been meant for one may be a
 * module's name all the same. */
static void read_command(struct reading *reading) {
    struct options *options = reading->options;
    if (reading->ended || optind >= reading->argc)
        return;

    const char *word = reading->argv[optind];
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, command_names[i]) != 0)
            continue;
        options->command = (enum command)i;
        optind++;
        return;
    }

    options->meant = nearest(slice_of(word), command_names, COMMAND_COUNT);
}

/* Every list gets room for as many items as the command line can hold, and one
 * more. */
static bool make_lists(struct options *options,
                       int argc,
                       char **argv,
                       struct error *error) {
    size_t room = 1;
    for (int i = 0; i < argc; i++) {
        room++;
        for (const char *c = argv[i]; *c; c++) {
            if (*c == ',')
                room++;
        }
    }

    struct text_list *lists[] = {&options->env,
                                 &options->allow,
                                 &options->deny,
                                 &options->resolve,
                                 &options->hidden};
    enum { LIST_COUNT = sizeof lists / sizeof *lists };
    const char **items =
        arena_alloc(&options->arena, room, LIST_COUNT * sizeof *items);
    for (size_t i = 0; items && i < LIST_COUNT; i++)
        lists[i]->items = items + i * room;
    options->directories =
        arena_alloc(&options->arena, room, sizeof *options->directories);
    options->preloads =
        arena_alloc(&options->arena, room, sizeof *options->preloads);
    if (items && options->directories && options->preloads)
        return true;
    return error_set(error, ERROR_IO, "out of memory");
}

/* A guest that asks for a name must know which directory that is. */
static bool check_guest_names(const struct options *options,
                              struct error *error) {
    const struct wasi_directory *all = options->directories;
    for (size_t i = 0; i <= options->directory_count; i++) {
        const bool last = i == options->directory_count;
        const char *name = last ? options->tmpdir : all[i].guest;
        for (size_t k = 0; name && k < i; k++) {
            if (!wasi_same_name(name, all[k].guest))
                continue;
            return error_set(error,
                             ERROR_USAGE,
                             "%s: the guest's %s is %s already, as %s; give "
                             "one of them another "
                             "name",
                             last ? "--tmpdir" : "--dir",
                             shown_text(name, 50).text,
                             shown_text(all[k].host, 50).text,
                             shown_text(all[k].guest, 50).text);
        }
    }
    return true;
}

/* MODULE [FUNCTION] [-- ARGS...]: behind the module only what it is run with
 * shall stay. `named` words stand before the --, if there is one. */
static bool take_function(struct options *options,
                          const char **words,
                          size_t named,
                          struct error *error) {
    bool explain = options->command == COMMAND_EXPLAIN;
    bool listing = options->code || options->lines;
    bool dump = options->command == COMMAND_DUMP && listing;
    if (!explain && !dump)
        return true;

    options->runs = explain && named != SIZE_MAX;
    size_t count = options->runs ? named : options->word_count;
    if (count > 2)
        return error_set(error,
                         ERROR_USAGE,
                         "%s: takes one function, what is '%s'?",
                         command_names[options->command],
                         shown_text(words[2], 120).text);
    if (count < 2)
        return true;
    options->function = words[1];
    options->word_count--;
    memmove(words + 1, words + 2, (options->word_count - 1) * sizeof *words);
    return true;
}

/* The words that are no options. Behind a module that is run, none are. */
static bool read_words(struct reading *reading, struct error *error) {
    struct options *options = reading->options;
    if (options->command == COMMAND_RUN) {
        options->words = (const char *const *)reading->argv + optind;
        options->word_count = (size_t)(reading->argc - optind);
        return true;
    }

    const char **words = arena_alloc(
        &options->arena, (size_t)(reading->argc - optind), sizeof *words);
    if (!words)
        return error_set(error, ERROR_IO, "out of memory");

    options->words = words;
    size_t named = SIZE_MAX; /* before --, if it stands behind the module */
    while (optind < reading->argc && options->command < COMMAND_HELP) {
        bool ended = reading->ended;
        words[options->word_count++] = reading->argv[optind++];
        if (!read_options(reading, error))
            return false;
        if (reading->ended && !ended)
            named = options->word_count;
    }
    return take_function(options, words, named, error);
}

/* No more than the command takes. */
static bool check_count(const struct options *options, struct error *error) {
    const bool shell = options->command == COMMAND_COMPLETIONS;
    const bool replay = options->command == COMMAND_REPLAY;
    bool many = options->command == COMMAND_RUN ||
                options->command == COMMAND_CHECK || options->runs;
    size_t most = replay ? 2 : 1;
    if (many || options->word_count <= most)
        return true;
    return error_set(error,
                     ERROR_USAGE,
                     "%s: takes one %s, what is '%s'?",
                     command_names[options->command],
                     shell ? "shell" : "module",
                     shown_text(options->words[most], 120).text);
}

/* What the command wants first. */
static const char *first_word(const struct options *options) {
    switch (options->command) {
    case COMMAND_COMPLETIONS: return "shell";
    case COMMAND_REPLAY: return "recording";
    default: return "module";
    }
}

/* There must be as many as the command takes. */
static bool check_words(const struct reading *reading, struct error *error) {
    const struct options *options = reading->options;
    if (options->word_count == 0 && reading->takes_next) {
        return error_set(
            error,
            ERROR_USAGE,
            "which %s? '%s' is the value of --%s; see hostel --help",
            first_word(options),
            shown_text(reading->argv[reading->argc - 1], 120).text,
            reading->takes_next);
    }

    if (options->word_count == 0 || !*options->words[0]) {
        return error_set(error,
                         ERROR_USAGE,
                         "which %s? see hostel --help",
                         first_word(options));
    }
    return options_belong(options, error) && check_count(options, error);
}

bool options_parse(struct options *options,
                   int argc,
                   char **argv,
                   struct error *error) {
    struct reading reading = {.options = options, .argc = argc, .argv = argv};
    *options = (struct options){.limits = vm_limits_default(),
                                .net = net_config_default(),
                                .max_descriptors = WASI_DESCRIPTORS};
    arena_init(&options->arena);
    if (!make_lists(options, argc, argv, error))
        return false;
    if (!read_options(&reading, error))
        return false;
    if (options->command >= COMMAND_HELP)
        return true;
    read_command(&reading);
    if (!read_options(&reading, error) || !read_words(&reading, error))
        return false;
    if (options->command >= COMMAND_HELP)
        return true;

    options->net.allow = options->allow.items;
    options->net.allow_count = options->allow.count;
    options->net.deny = options->deny.items;
    options->net.deny_count = options->deny.count;
    options->net.resolve = options->resolve.items;
    options->net.resolve_count = options->resolve.count;
    return check_guest_names(options, error) && check_words(&reading, error);
}

void options_free(struct options *options) {
    arena_free(&options->arena);
}

const char *options_given(const struct options *options,
                          enum option_id first,
                          enum option_id last) {
    for (unsigned id = first; id <= last; id++) {
        if (options->given >> id & 1)
            return option_names[id];
    }
    return NULL;
}
