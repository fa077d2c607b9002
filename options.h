/* The command line of hostel as one struct. */
#ifndef HOSTEL_OPTIONS_H
#define HOSTEL_OPTIONS_H

#include "base/base.h"
#include "net/net.h"
#include "vm/vm.h"
#include "wasi/wasi.h"

enum command { COMMAND_RUN, COMMAND_DUMP, COMMAND_CHECK, COMMAND_HELP, COMMAND_VERSION };

struct text_list {
    const char **items;
    size_t count;
};

struct options {
    enum command command;
    const char *const *words;           /* the module's file name, then what follows it */
    size_t word_count;                  /* 0 for HELP and VERSION, else 1 or more */
    bool features;                      /* CHECK prints which ones the module uses */
    const char *invoke;                 /* the function to call, or NULL */
    const char *tmpdir;                 /* what the guest calls its temporary directory, or NULL */
    struct wasi_directory *directories; /* with room for one more */
    size_t directory_count;
    bool no_landlock;         /* do without the second wall around them */
    uint32_t max_descriptors; /* of the guest */
    struct text_list env, allow, deny, resolve;
    struct vm_limits limits;
    struct net_config net; /* complete: its lists are the ones above */
    bool trace_wasi, trace_http;
    struct arena arena; /* owns the lists */
};

/* The whole of --help. */
extern const char options_help[];

/* Fill `options` from the command line, which is borrowed (and cut at its commas). On failure an
 * ERROR_USAGE that names the flag, if it is about one. Either way options_free must follow. */
bool options_parse(struct options *options, int argc, char **argv, struct error *error);
void options_free(struct options *options);

#endif
