/* The command line of hostel as one struct. */
#ifndef HOSTEL_OPTIONS_H
#define HOSTEL_OPTIONS_H

#include "base/base.h"
#include "net/net.h"
#include "vm/vm.h"
#include "wasi/wasi.h"

enum command {
#define COMMAND(id, name, form, help) COMMAND_##id,
#define GROUP(title)
#define OPTION(id, letter, name, value, form, help)
#include "options.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};

enum option_id {
#define COMMAND(id, name, form, help)
#define GROUP(title)
#define OPTION(id, letter, name, value, form, help) OPTION_##id,
#include "options.def"
#undef OPTION
#undef GROUP
#undef COMMAND
};

/* The kinds of values: how one is read, and what a shell completes it to. */
enum option_value {
    VALUE_NONE,
    VALUE_TEXT,
    VALUE_FILE,
    VALUE_FOLDER,
    /* One or more of those in the table, with commas between them. */
    VALUE_WORDS,
    VALUE_COUNT,
    VALUE_SIZE,
    VALUE_TIME,
};

struct text_list {
    const char **items;
    size_t count;
};

/* A module that others find under `name`. */
struct preload {
    const char *name, *path;
};

struct options {
    enum command command;
    const char *const *words; /* the module's file name, then what follows it */
    size_t word_count;        /* 0 for HELP and VERSION, else 1 or more */
    /* A subcommand the first word may be meant for, or NULL. */
    const char *meant;
    bool code;            /* DUMP shows what is executed, too */
    bool lines;           /* DUMP shows the source's lines, too */
    const char *output;   /* of EXPLAIN, or NULL */
    const char *profile;  /* of RUN, or NULL */
    const char *coverage; /* of RUN, or NULL */
    bool coverage_append;
    const char *function;     /* that DUMP and EXPLAIN show, or NULL: all */
    bool runs;                /* EXPLAIN does, with the words */
    bool features;            /* CHECK prints nothing but those that are used */
    bool quiet;               /* CHECK prints nothing; no hints */
    const char *invoke;       /* the function to call, or NULL */
    struct preload *preloads; /* in their order */
    size_t preload_count;
    /* What the guest calls its temporary directory, or NULL. */
    const char *tmpdir;
    struct wasi_directory *directories; /* with room for one more */
    size_t directory_count;
    bool no_landlock;         /* do without the second wall around them */
    uint32_t max_descriptors; /* of the guest */
    struct text_list env, allow, deny, resolve;
    struct vm_limits limits;
    struct net_config net; /* complete: its lists are the ones above */
    const char *record;    /* where to, or NULL */
    bool record_module, record_secrets;
    struct text_list hidden; /* names of variables */
    bool list;               /* REPLAY prints what is recorded */
    const char *until;       /* where REPLAY stops, or NULL */
    bool trace_wasi, trace_http, trace_code;
    const char *traced; /* the function, or NULL: all code */
    uint64_t given;     /* bit 1 << enum option_id: it was, at least once */
    struct arena arena; /* owns the lists */
};

/* Fill `options` from the command line, which is borrowed (and cut at its
 * commas). On failure, an ERROR_USAGE that names the flag, if it is about one.
 * Either way options_free must follow. */
bool options_parse(struct options *options,
                   int argc,
                   char **argv,
                   struct error *error);
void options_free(struct options *options);

/* The name of one that was given of those from `first` to `last`, or NULL. */
const char *options_given(const struct options *options,
                          enum option_id first,
                          enum option_id last);

#endif
