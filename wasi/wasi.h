/* WASI preview1 for guests of the VM: arguments, environment, clocks, random
 * bytes and files beneath the directories it is given, and nothing else.
 *
 *     struct wasi *wasi = wasi_open(&config, &error);
 *     wasi_define(wasi, vm, &error);                  before the guest is instantiated
 *     wasi_wall(wasi, NULL, &error);                  if the kernel shall guard as well
 *     ... vm_call(vm_find_function(instance, slice_of("_start")), ...)
 *     vm_close(vm);
 *     wasi_close(wasi);
 *
 * A guest sees the directories as descriptors 3, 4, ..., in their order, with
 * their names (fd_prestat_dir_name); every path it uses is relative to one of
 * them. */
#ifndef HOSTEL_WASI_WASI_H
#define HOSTEL_WASI_WASI_H

#include "base/base.h"
#include "vm/vm.h"

struct wasi; /* one guest's descriptor table, arguments and environment */

/* A directory the guest may enter: `host` seen as `guest`. Two of one name
 * would hide each other: see wasi_same_name. */
struct wasi_directory {
    const char *host, *guest;
    bool read_only;
    /* Above 0: a descriptor of it, the caller's; `host` is just what to call it
     * then. */
    int opened;
};

/* As many as a guest may have open, if not told otherwise. */
enum { WASI_DESCRIPTORS = 1024 };

struct wasi_config {
    /* From which open listings draw, outliving the guest; or NULL. */
    struct budget *memory;
    /* args[0] is the program's name; all borrowed until wasi_close. */
    const char *const *args;
    size_t arg_count;
    /* "NAME=value"; nothing is inherited from the host. */
    const char *const *env;
    size_t env_count;
    const struct wasi_directory *directories;
    size_t directory_count;
    /* That may be open at once; more than WASI_DESCRIPTORS means that. */
    uint32_t max_descriptors;
    FILE *trace; /* one line for every call, or NULL */
};

/* Would a guest take both for the name of one directory? C libraries read `a`,
 * `/a` and `./a/` as one, and `.` as `/`; others clean names first. */
bool wasi_same_name(const char *a, const char *b);

/* Open the directories. NULL on failure: an ERROR_IO that names the directory,
 * or an ERROR_USAGE if arguments, environment or directories are too many, or
 * two directories have the same name. */
struct wasi *wasi_open(const struct wasi_config *config, struct error *error);

/* Provide all functions of `wasi_snapshot_preview1` to guests of `vm`.
 * proc_exit ends the guest with ERROR_EXIT. `wasi` must outlive the vm. */
bool wasi_define(struct wasi *wasi, struct vm *vm, struct error *error);

/* Raise a second wall: from now on the kernel itself keeps this thread, and
 * those it starts, to the directories of `wasi` (read-only ones to reading) and
 * to reading what `readable` names, up to a NULL, or what that leads to if it
 * is a link; names of what is not there are passed over. With `readable` NULL
 * there is no TCP either. It cannot be taken down again. Does nothing where the
 * kernel offers no such thing, as Linux does since 5.19. */
bool wasi_wall(const struct wasi *wasi,
               const char *const *readable,
               struct error *error);

/* Before the host writes a line of its own to stdout or stderr: end the one
 * that the guest has begun there, if it has. */
void wasi_begin_line(struct wasi *wasi, FILE *out);

/* Whether a guest that failed may have done so because it was given no
 * directory: it looked for one, and wrote to standard error. What it does
 * without one, its libc never asks us for. */
bool wasi_lacked_directory(const struct wasi *wasi);

void wasi_close(struct wasi *wasi);

/* ==== for hostel itself: not installed ==== */

/* The host has written to standard output or error in the guest's stead, and
 * this was the last byte: see wasi_begin_line. */
void wasi_wrote(struct wasi *wasi, int file, uint8_t last);

/* wasi_wall for a process that does nothing but remove the open directory
 * `directory`: it can list, move and remove what is in it, and remove empty
 * directories beneath `parent`. */
bool wasi_wall_removal(int directory, const char *parent, struct error *error);

#endif
