/* Reading the command line.
 *
 *     hostel [options] MODULE.wasm [ARGS...]
 *     hostel dump MODULE.wasm
 *     hostel check [--features] MODULE.wasm
 *
 * Options end at the first word that is none: a subcommand, behind which they may go on, or the
 * module's name, behind which everything belongs to the guest. There are long options only (and
 * -h), one row of the table OPTIONS each: name and kind of value. Numbers are read according to
 * that kind; one switch then puts every value where it belongs.
 *
 * What an origin or a host:port:address is, net/ knows: net_open judges those texts.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const char options_help[] =
    "usage: hostel [options] MODULE.wasm [ARGS...] run a WebAssembly module\n"
    "       hostel dump|check MODULE.wasm          print its content | validate only\n"
    "  --dir HOST[::GUEST][:ro]  let the guest use directory HOST, by the name GUEST\n"
    "  --tmpdir GUEST            give it a fresh directory, removed at the end\n"
    "  --no-landlock             go without the kernel as a second guard of these\n"
    "  --env NAME=VALUE          set an environment variable (none is inherited)\n"
    "  --invoke NAME             call the export NAME, with ARGS as its values\n"
    "  --allow-net ORIGIN,...    allow HTTP: [SCHEME://]HOST[:PORT], *.HOST, CIDR, *\n"
    "  --deny-net ORIGIN,...     forbid what --allow-net allows\n"
    "  --allow-private-net       allow private and loopback addresses too\n"
    "  --resolve HOST:PORT:ADDR[:PORT]  connect there instead of asking the DNS\n"
    "  --cacert FILE             trust these certificates instead of the system's\n"
    "  --http-timeout TIME       of one request      --max-redirects N  followed\n"
    "  --max-response-body SIZE  of one response     --no-cookies       keep none\n"
    "  --max-request-body SIZE   of one request      --max-fds N        open files\n"
    "  --http-limit NAME=SIZE,...  caps on head, fields, line, extension, url\n"
    "  --max-memory SIZE         all that it holds   --max-stack SIZE   bounds calls\n"
    "  --fuel N                  work to be done     --timeout TIME     of the run\n"
    "  --trace wasi,http[-secrets]  show system calls, HTTP messages on stderr\n"
    "  --features                with check: print what it uses beyond the MVP\n"
    "  --help, --version\n"
    "SIZE is a number of bytes or like 64K, 8M, 1G; TIME of seconds or like 500ms.\n"
    "Exit status: the guest's own; 134 a trap, 2 wrong usage, 1 other failures.\n";

enum value { NONE, TEXT, COUNT, SIZE, TIME };

#define OPTIONS(X)                               \
    X(DIR,               "dir",               TEXT)  \
    X(TMPDIR,            "tmpdir",            TEXT)  \
    X(NO_LANDLOCK,       "no-landlock",       NONE)  \
    X(MAX_FDS,           "max-fds",           COUNT) \
    X(ENV,               "env",               TEXT)  \
    X(INVOKE,            "invoke",            TEXT)  \
    X(ALLOW_NET,         "allow-net",         TEXT)  \
    X(DENY_NET,          "deny-net",          TEXT)  \
    X(ALLOW_PRIVATE_NET, "allow-private-net", NONE)  \
    X(RESOLVE,           "resolve",           TEXT)  \
    X(CACERT,            "cacert",            TEXT)  \
    X(HTTP_TIMEOUT,      "http-timeout",      TIME)  \
    X(NO_COOKIES,        "no-cookies",        NONE)  \
    X(MAX_REDIRECTS,     "max-redirects",     COUNT) \
    X(MAX_RESPONSE_BODY, "max-response-body", SIZE)  \
    X(MAX_REQUEST_BODY,  "max-request-body",  SIZE)  \
    X(HTTP_LIMIT,        "http-limit",        TEXT)  \
    X(MAX_MEMORY,        "max-memory",        SIZE)  \
    X(MAX_STACK,         "max-stack",         SIZE)  \
    X(FUEL,              "fuel",              COUNT) \
    X(TIMEOUT,           "timeout",           TIME)  \
    X(TRACE,             "trace",             TEXT)  \
    X(FEATURES,          "features",          NONE)  \
    X(HELP,              "help",              NONE)  \
    X(VERSION,           "version",           NONE)
/* clang-format on */

enum option_id {
#define X(id, name, value) OPTION_##id,
    OPTIONS(X)
#undef X
};

/* What getopt_long returns for an option begins beyond all characters. */
enum { FIRST_OPTION = 256 };

static const struct option table[] = {
#define X(id, name, value)                                                                         \
    {name, value == NONE ? no_argument : required_argument, NULL, FIRST_OPTION + OPTION_##id},
    OPTIONS(X)
#undef X
        {0},
};

static const enum value kinds[] = {
#define X(id, name, value) value,
    OPTIONS(X)
#undef X
};

/* ---- numbers ---- */

enum { UNIT_COUNT = 5 };

/* How the numbers of one kind are written: a whole number, then one of the suffixes. */
static const struct measure {
    const char *expected;
    struct unit {
        const char *suffix; /* NULL: no more */
        uint64_t factor;
    } units[UNIT_COUNT];
} measures[] = {
    [COUNT] = {"a whole number", {{"", 1}}},
    [SIZE] = {"a size such as 65536, 64K, 8M or 1G",
              {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}}},
    [TIME] = {"a time such as 500ms, 2s or 1m",
              {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}}},
};

static bool number_read(enum option_id id, enum value kind, const char *text, uint64_t *number,
                        struct error *error) {
    const struct measure *measure = &measures[kind];
    char *suffix = NULL;
    errno = 0;
    /* strtoull alone would also take blanks and a minus. */
    unsigned long long count = *text >= '0' && *text <= '9' ? strtoull(text, &suffix, 10) : 0;
    const struct unit *unit = measure->units, *end = unit + UNIT_COUNT;
    while (suffix && unit < end && unit->suffix && strcmp(unit->suffix, suffix) != 0) unit++;
    if (!suffix || unit == end || !unit->suffix) {
        return error_set(error, ERROR_USAGE, "--%s: '%s' is not %s", table[id].name,
                         shown_text(text, 120).text, measure->expected);
    }
    /* What fits PTRDIFF_MAX fits size_t and int64_t, wherever it goes. */
    if (errno == ERANGE || count > PTRDIFF_MAX / unit->factor) {
        return error_set(error, ERROR_USAGE, "--%s: %s is too large", table[id].name,
                         shown_text(text, 120).text);
    }
    *number = count * unit->factor;
    return true;
}

/* ---- texts ---- */

static bool set_text(const char **where, enum option_id id, const char *text, struct error *error) {
    if (*where)
        return error_set(error, ERROR_USAGE, "--%s: can be given once only", table[id].name);
    if (!*text) return error_set(error, ERROR_USAGE, "--%s: must not be empty", table[id].name);
    *where = text;
    return true;
}

/* Cut `text` off at its first comma; returns what follows, or NULL. */
static char *cut(char *text) {
    char *comma = strchr(text, ',');
    if (comma) *comma++ = '\0';
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

/* A name that was given before gets another value: of options given twice the last counts. */
static bool add_env(struct text_list *list, const char *text, struct error *error) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        return error_set(error, ERROR_USAGE, "--env: '%s' is not NAME=VALUE",
                         shown_text(text, 160).text);
    }
    size_t i = 0, name_size = (size_t)(equals + 1 - text);
    while (i < list->count && strncmp(list->items[i], text, name_size) != 0) i++;
    list->count += i == list->count;
    list->items[i] = text;
    return true;
}

/* HOST[::GUEST][:ro]. Without GUEST the guest sees the host's name. */
static bool add_directory(struct options *options, char *text, struct error *error) {
    struct wasi_directory *directory = &options->directories[options->directory_count++];
    size_t size = strlen(text);
    directory->read_only = size >= 3 && strcmp(text + size - 3, ":ro") == 0;
    if (directory->read_only) text[size - 3] = '\0';
    directory->host = directory->guest = text;
    char *border = strstr(text, "::");
    if (border) {
        *border = '\0';
        directory->guest = border + 2;
    }
    if (*directory->host && *directory->guest) return true;
    return error_set(error, ERROR_USAGE, "--dir: a directory's name is empty");
}

static bool add_traces(struct options *options, char *text, struct error *error) {
    for (char *next; text; text = next) {
        next = cut(text);
        bool wasi = strcmp(text, "wasi") == 0, secrets = strcmp(text, "http-secrets") == 0;
        bool http = secrets || strcmp(text, "http") == 0;
        options->trace_wasi |= wasi;
        options->trace_http |= http;
        options->net.trace_secrets |= secrets;
        if (wasi || http) continue;
        return error_set(error, ERROR_USAGE, "--trace: '%s' is not wasi, http or http-secrets",
                         shown_text(text, 120).text);
    }
    return true;
}

/* NAME=SIZE,... with the names of net's limits. */
static bool set_http_limits(struct net_limits *limits, char *text, struct error *error) {
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
        while (i < count && strncmp(text, rows[i].name, strlen(rows[i].name)) != 0) i++;
        if (i == count) {
            return error_set(error, ERROR_USAGE,
                             "--http-limit: '%s' is not NAME=SIZE, the names "
                             "being head, fields, line, extension and url",
                             shown_text(text, 80).text);
        }
        const char *size = text + strlen(rows[i].name);
        if (!number_read(OPTION_HTTP_LIMIT, SIZE, size, &number, error)) return false;
        *rows[i].value = (size_t)number;
    }
    return true;
}

/* ---- the command line ---- */

/* Put one option's value where it belongs; `number` is the value of a numeric one. */
static bool apply(struct options *options, enum option_id id, char *text, uint64_t number,
                  struct error *error) {
    switch (id) {
    case OPTION_DIR: return add_directory(options, text, error);
    case OPTION_TMPDIR: return set_text(&options->tmpdir, id, text, error);
    case OPTION_ENV: return add_env(&options->env, text, error);
    case OPTION_INVOKE: return set_text(&options->invoke, id, text, error);
    case OPTION_ALLOW_NET: return add_items(&options->allow, text);
    case OPTION_DENY_NET: return add_items(&options->deny, text);
    case OPTION_RESOLVE: return add_items(&options->resolve, text);
    case OPTION_CACERT: return set_text(&options->net.ca_file, id, text, error);
    case OPTION_HTTP_LIMIT: return set_http_limits(&options->net.limits, text, error);
    case OPTION_TRACE: return add_traces(options, text, error);
    case OPTION_ALLOW_PRIVATE_NET: options->net.allow_private = true; break;
    case OPTION_MAX_FDS:
        options->max_descriptors = number < WASI_DESCRIPTORS ? (uint32_t)number : WASI_DESCRIPTORS;
        break;
    case OPTION_NO_LANDLOCK: options->no_landlock = true; break;
    case OPTION_NO_COOKIES: options->net.cookies = false; break;
    case OPTION_HTTP_TIMEOUT: options->net.timeout_ms = (int64_t)number; break;
    case OPTION_MAX_REDIRECTS:
        options->net.max_redirects = number < UINT32_MAX ? (unsigned)number : UINT32_MAX;
        break;
    case OPTION_MAX_RESPONSE_BODY: options->net.max_response_body = (size_t)number; break;
    case OPTION_MAX_REQUEST_BODY: options->net.max_request_body = (size_t)number; break;
    case OPTION_MAX_MEMORY: options->limits.memory_bytes = number; break;
    case OPTION_MAX_STACK: options->limits.stack_bytes = number; break;
    case OPTION_FUEL: options->limits.fuel = (int64_t)number; break;
    case OPTION_TIMEOUT: options->limits.timeout_ms = (int64_t)number; break;
    case OPTION_FEATURES: options->features = true; break;
    case OPTION_HELP: options->command = COMMAND_HELP; break;
    case OPTION_VERSION: options->command = COMMAND_VERSION; break;
    }
    return true;
}

/* What getopt_long took exception to; it says no more than that. */
static bool bad_option(const char *word, struct error *error) {
    const char *name = word + (strncmp(word, "--", 2) == 0 ? 2 : 0);
    size_t size = strcspn(name, "="), likely = 0;
    for (const struct option *row = table; name > word && row->name; row++) {
        likely += strncmp(row->name, name, size) == 0;
    }
    return error_set(error, ERROR_USAGE, "%s: %s; see hostel --help", shown_text(word, 160).text,
                     optopt >= FIRST_OPTION ? "takes no value"
                     : likely > 1           ? "could be short for several options"
                                            : "no such option");
}

/* Read options up to the first word that is none. */
static bool read_options(struct options *options, int argc, char **argv, struct error *error) {
    opterr = 0;
    while (options->command < COMMAND_HELP) {
        const char *word = argv[optind];
        int found = getopt_long(argc, argv, "+:h", table, NULL);
        if (found == -1) return true;
        if (found == ':')
            return error_set(error, ERROR_USAGE, "%s: needs a value", shown_text(word, 160).text);
        if (found == '?') return bad_option(word, error);
        enum option_id id = found == 'h' ? OPTION_HELP : (enum option_id)(found - FIRST_OPTION);
        uint64_t number = 0;
        if (kinds[id] >= COUNT && !number_read(id, kinds[id], optarg, &number, error)) return false;
        if (!apply(options, id, optarg, number, error)) return false;
    }
    return true;
}

/* Every list gets room for as many items as the command line can hold, and one more. */
static bool make_lists(struct options *options, int argc, char **argv, struct error *error) {
    size_t room = 1;
    for (int i = 0; i < argc; i++, room++) {
        for (const char *c = argv[i]; *c; c++) room += *c == ',';
    }
    struct text_list *lists[] = {&options->env, &options->allow, &options->deny, &options->resolve};
    enum { LIST_COUNT = sizeof lists / sizeof *lists };
    const char **items = arena_alloc(&options->arena, room, LIST_COUNT * sizeof *items);
    for (size_t i = 0; items && i < LIST_COUNT; i++) lists[i]->items = items + i * room;
    options->directories = arena_alloc(&options->arena, room, sizeof *options->directories);
    if (items && options->directories) return true;
    return error_set(error, ERROR_IO, "out of memory");
}

/* A guest that asks for a name must know which directory that is. */
static bool check_guest_names(const struct options *options, struct error *error) {
    const struct wasi_directory *all = options->directories;
    for (size_t i = 0; i <= options->directory_count; i++) {
        const bool last = i == options->directory_count;
        const char *name = last ? options->tmpdir : all[i].guest;
        for (size_t k = 0; name && k < i; k++) {
            if (!wasi_same_name(name, all[k].guest)) continue;
            return error_set(error, ERROR_USAGE,
                             "%s: the guest's %s is %s already, as %s; give one of them another "
                             "name",
                             last ? "--tmpdir" : "--dir", shown_text(name, 50).text,
                             shown_text(all[k].host, 50).text, shown_text(all[k].guest, 50).text);
        }
    }
    return true;
}

/* What is left are the module's name and the guest's arguments. */
static bool read_operands(struct options *options, int argc, char **argv, struct error *error) {
    if (optind >= argc || !*argv[optind]) {
        return error_set(error, ERROR_USAGE, "which module? see hostel --help");
    }
    options->words = (const char *const *)argv + optind;
    options->word_count = (size_t)(argc - optind);
    if (options->features && options->command != COMMAND_CHECK) {
        return error_set(error, ERROR_USAGE, "--features: belongs to check");
    }
    if (options->command == COMMAND_RUN || options->word_count == 1) return true;
    return error_set(error, ERROR_USAGE, "%s: takes one module, what is '%s'?",
                     options->command == COMMAND_DUMP ? "dump" : "check",
                     shown_text(options->words[1], 120).text);
}

static bool read_subcommand(struct options *options, const char *word) {
    if (strcmp(word, "dump") == 0) options->command = COMMAND_DUMP;
    if (strcmp(word, "check") == 0) options->command = COMMAND_CHECK;
    return options->command != COMMAND_RUN;
}

bool options_parse(struct options *options, int argc, char **argv, struct error *error) {
    *options = (struct options){.limits = vm_limits_default(),
                                .net = net_config_default(),
                                .max_descriptors = WASI_DESCRIPTORS};
    arena_init(&options->arena);
    if (!make_lists(options, argc, argv, error)) return false;
    if (!read_options(options, argc, argv, error)) return false;
    const char *word = optind < argc ? argv[optind] : "";
    if (options->command == COMMAND_RUN && read_subcommand(options, word)) {
        optind++;
        if (!read_options(options, argc, argv, error)) return false;
    }
    if (options->command >= COMMAND_HELP) return true;
    options->net.allow = options->allow.items;
    options->net.allow_count = options->allow.count;
    options->net.deny = options->deny.items;
    options->net.deny_count = options->deny.count;
    options->net.resolve = options->resolve.items;
    options->net.resolve_count = options->resolve.count;
    return check_guest_names(options, error) && read_operands(options, argc, argv, error);
}

void options_free(struct options *options) {
    arena_free(&options->arena);
}
