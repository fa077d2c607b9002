/* Paths of the guest, resolved beneath a directory it was given. See path.c. */
#ifndef HOSTEL_WASI_PATH_H
#define HOSTEL_WASI_PATH_H

#include "base/base.h"
#include "wasi/errno.h"

#include <sys/stat.h>
#include <time.h>

struct resolver {
    /* Step by step, not by the kernel: no openat2 here, or a test wants it. */
    bool walk;
};

/* Open a directory the user grants, by the host's own path. */
enum wasi_errno path_grant(const char *host, int *fd);

/* Find a file or directory of the host's, to tell the kernel which one is
 * meant. */
enum wasi_errno path_mention(const char *host, int *fd);

/* Find out whether this kernel resolves beneath a directory for us. */
void resolver_init(struct resolver *resolver);

struct path {
    const struct resolver *resolver;
    int base; /* directory that must not be left */
    struct slice text;
};

/* Open with the host's O_ flags. Here and below the last component is followed
 * if it is a link and `follow`; the components before it always are. */
enum wasi_errno
path_open(const struct path *path, bool follow, int flags, int *fd);

/* A second, independent descriptor of a directory. */
enum wasi_errno path_reopen_directory(int directory, int *fd);

/* A slash at the end of a path asks for a directory: NOTDIR if there is
 * something else. */
enum wasi_errno
path_stat(const struct path *path, bool follow, struct stat *out);
enum wasi_errno path_set_times(const struct path *path,
                               bool follow,
                               const struct timespec times[2]);
enum wasi_errno path_create_directory(const struct path *path);
enum wasi_errno path_remove_directory(const struct path *path);
enum wasi_errno path_unlink(const struct path *path);
enum wasi_errno path_rename(const struct path *from, const struct path *to);
enum wasi_errno path_link(const struct path *from, const struct path *to);

/* Make a link. The target is text, but absolute it may not be. */
enum wasi_errno path_symlink(struct slice target, const struct path *path);

/* As much of the link's text as fits. */
enum wasi_errno
path_readlink(const struct path *path, uint8_t *out, size_t size, size_t *used);

#endif
