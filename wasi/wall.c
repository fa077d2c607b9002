/* The second wall: should a path ever get past the resolver (path.c), or a
 * guest past the virtual machine, the kernel still opens nothing outside of the
 * granted directories.
 *
 * It stands around the whole process, so it comes up last, when everything the
 * host needs for itself is open; what it must open later (to look up names, to
 * trust certificates) is named by the caller, for reading. A name may be a link
 * that leads anywhere: the file it leads to is meant, and no other. Descriptors
 * that are open already are not affected.
 *
 * The network has walls of its own (net/policy.c). This one only adds what the
 * kernel can say of the process as a whole: no TCP for those that make no
 * requests, no server, no signals to others.
 *
 * Missing on purpose: it does not hide that a file exists, its size or its
 * times, which Landlock leaves alone. */
#include "wasi/fd.h"
#include "wasi/platform.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Let the directories stay reachable that the guest was granted. */
static bool allow_granted(const struct wasi *wasi, int wall) {
    for (size_t i = 0; i < wasi->config.directory_count; i++) {
        const struct descriptor *granted = &wasi->table[FIRST_PREOPEN + i];
        enum host_access access = granted->read_only ? HOST_READ : HOST_CHANGE;
        if (host_wall_allow(wall, granted->host, access) < 0)
            return false;
    }
    return true;
}

static bool allow_named(const char *name, int wall, enum host_access access) {
    int fd;
    if (path_mention(name, &fd))
        return false;
    bool allowed = host_wall_allow(wall, fd, access) == 0;
    close(fd);
    return allowed;
}

/* What is not there, or cannot be named in a rule (a pipe), stays closed; who
 * then needs it says so. */
static void allow_readable(const char *const *readable, int wall) {
    for (; *readable; readable++)
        allow_named(*readable, wall, HOST_READ);
}

/* Raise the wall, unless something failed before, with its errno. */
static bool finish(int wall, bool ready, struct error *error) {
    bool raised = ready && host_wall_raise(wall) == 0;
    if (!raised)
        error_set(
            error, ERROR_IO, "cannot set up Landlock: %s", strerror(errno));
    if (wall >= 0)
        close(wall);
    return raised;
}

bool wasi_wall(const struct wasi *wasi,
               const char *const *readable,
               struct error *error) {
    int wall = host_wall_open(readable != NULL);
    if (wall < 0 && errno == ENOSYS)
        return true;
    bool ready = wall >= 0 && allow_granted(wasi, wall);
    if (ready && readable)
        allow_readable(readable, wall);
    return finish(wall, ready, error);
}

bool wasi_wall_removal(int directory, const char *parent, struct error *error) {
    int wall = host_wall_open(false);
    if (wall < 0 && errno == ENOSYS)
        return true;
    bool ready = wall >= 0 &&
                 host_wall_allow(wall, directory, HOST_EMPTY) == 0 &&
                 allow_named(parent, wall, HOST_RMDIR);
    return finish(wall, ready, error);
}
