/* The second wall: should a path ever get past the resolver (path.c), or a guest past the virtual
 * machine, the kernel still opens nothing outside of the granted directories.
 *
 * It stands around the whole process, so it comes up last, when everything the host needs for
 * itself is open; what it must open later (to look up names, to trust certificates) is named by the
 * caller, for reading. Descriptors that are open already are not affected.
 *
 * Missing on purpose: it does not hide that a file exists, its size or its times, which Landlock
 * leaves alone; nor does it concern the network, which has walls of its own.
 */
#include "wasi/internal.h"
#include "wasi/platform.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Let the directories stay reachable that the guest was granted. */
static bool allow_granted(const struct wasi *wasi, int wall) {
    for (size_t i = 0; i < wasi->config.directory_count; i++) {
        const struct descriptor *granted = &wasi->table[FIRST_PREOPEN + i];
        if (host_wall_allow(wall, granted->host, !granted->read_only) < 0) return false;
    }
    return true;
}

static bool allow_readable(const char *const *readable, int wall) {
    for (; *readable; readable++) {
        int fd;
        if (path_mention(*readable, &fd)) continue;
        int allowed = host_wall_allow(wall, fd, false);
        close(fd);
        if (allowed < 0) return false;
    }
    return true;
}

bool wasi_wall(const struct wasi *wasi, const char *const *readable, struct error *error) {
    int wall = host_wall_open();
    if (wall < 0 && errno == ENOSYS) return true;
    bool raised = wall >= 0 && allow_granted(wasi, wall) && allow_readable(readable, wall) &&
                  host_wall_raise(wall) == 0;
    if (!raised) error_set(error, ERROR_IO, "cannot set up Landlock: %s", strerror(errno));
    if (wall >= 0) close(wall);
    return raised;
}
