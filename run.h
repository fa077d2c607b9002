/* One run of the program: what it has open, and how modules come in. main.c
 * puts it together; check.c, linking.c and report.c work on it. */
#ifndef HOSTEL_RUN_H
#define HOSTEL_RUN_H

#include "entry.h"
#include "imports.h"
#include "options.h"
#include "tmpdir.h"

/* A module, and the bytes it is made of, which it needs for as long as it
 * lives. */
struct loaded {
    struct buffer bytes;
    struct module *module;
    const char *path;
};

/* What was never opened is NULL. */
struct run {
    struct options *options;
    int64_t began_ms; /* the limit of time counts from here */

    /* What may be opened, in this order. */
    struct budget memory; /* what the guest may make us hold */
    struct vm *vm;
    struct loaded main;
    struct loaded *preloads; /* as many as there are options */
    struct net *net;
    struct tmpdir tmpdir;
    struct wasi *wasi;
    struct imports *imports;
    struct replay *replay; /* instead of net and a WASI that does anything */
    struct vm_recording *recording;
    bool replaces; /* a module is given for the one kept in the recording */
    struct entry entry;
    bool began;   /* the guest has */
    bool narrate; /* the host tells the demo's story on stdout */

    /* What stands around an error's text, each or NULL: the file that it is
     * about, what to do about it, and a subcommand that may be meant instead of
     * a file that is not there. */
    const char *about, *advice, *meant;
    int worst; /* exit status of a file that was checked */
};

/* ERROR_USAGE for a file that what the options ask for would overwrite. */
bool run_may_read(struct run *run, const char *path, struct error *error);

/* Read the module of that name into a vm that is opened for it. On failure,
 * here and below, `about` is the module, if its bytes are to blame. */
bool run_load(struct run *run, const char *path, struct error *error);

/* Read those that the options name into the same vm. */
bool run_load_preloads(struct run *run, struct error *error);

/* What a directory that is granted may be called. */
const char *run_directory_name(const struct run *run,
                               const struct wasi_directory *directory);

/* Close all that is open, but for the temporary directory, which can fail.
 * Another module may be loaded then. */
void run_close(struct run *run);

/* Before a line of ours: ends what the guest has begun. The context is a run;
 * see struct net_config. */
void run_begin_line(void *context, FILE *out);

#endif
