/* Calls on paths: what the guest may ask for, then path.c does it.
 *
 * The row of calls.def has checked the right on the directory; here come a
 * second directory's, those that depend on flags, and those a fresh descriptor
 * gets:
 *
 *   - rights that apply to nothing we open (sockets', unknown bits) are dropped;
 *   - FD_WRITE and FD_ALLOCATE are the wish to write, as are creating, truncating and appending:
 *     beneath a read-only directory ROFS, whatever is there;
 *   - other rights that change something are dropped there, since runtime libraries ask for them by
 *     habit; so is FD_FILESTAT_SET_SIZE everywhere without the wish to write;
 *   - what is left must be inheritable from the directory, else NOTCAPABLE;
 *   - what does not apply to the type of file that was found is dropped.
 *
 * Devices, pipes and sockets beneath a directory are refused: opened without
 * blocking and without becoming the controlling terminal, looked at, and
 * closed. What is a file is truncated then, if that is wanted: the system would
 * do it at once, however long that takes. */
#include "wasi/call.h"
#include "wasi/fd.h"
#include "wasi/path.h"
#include "wasi/sizes.h"
#include "wasi/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NEVER_BLOCK = O_NONBLOCK | O_NOCTTY };
enum { WISH_TO_WRITE = FD_WRITE | FD_ALLOCATE };

/* The guest's path in arguments `i` and `i + 1`, beneath `directory`. */
static enum wasi_errno path_arg(const struct call *call,
                                const struct descriptor *directory,
                                int i,
                                struct path *path) {
    uint32_t size = arg(call, i + 1);
    const uint8_t *text = guest_view(call, arg(call, i), size);
    path->resolver = &call->wasi->resolver;
    path->base = directory->host;
    path->text = (struct slice){text, size};
    return text ? WASI_SUCCESS : WASI_FAULT;
}

/* The lookup flags in argument `i`. */
static enum wasi_errno
follow_arg(const struct call *call, int i, bool *follow) {
    uint32_t flags = arg(call, i);
    *follow = flags & LOOKUP_FOLLOW;
    bool unknown = flags & ~(uint32_t)LOOKUP_FOLLOW;
    return unknown ? WASI_INVAL : WASI_SUCCESS;
}

/* ---- path_open ---- */

struct request {
    uint32_t oflags, fdflags;
    uint64_t rights, inheriting;
};

static bool wishes_to_write(const struct request *request) {
    return request->rights & WISH_TO_WRITE ||
           request->oflags & (OFLAG_CREAT | OFLAG_TRUNC) ||
           request->fdflags & FDFLAG_APPEND;
}

static bool makes_sense(const struct request *request) {
    bool unknown = request->oflags & ~(uint32_t)OFLAGS_ALL ||
                   request->fdflags & ~(uint32_t)FDFLAGS_ALL;
    bool creates = request->oflags & OFLAG_CREAT;
    bool directory = request->oflags & OFLAG_DIRECTORY;
    return !unknown && !(creates && directory);
}

/* Drop the rights that make no sense beneath the directory. */
static void drop_rights(const struct descriptor *directory,
                        struct request *request) {
    uint64_t keep = RIGHTS_FILE | RIGHTS_DIRECTORY;
    if (directory->read_only)
        keep &= ~(uint64_t)RIGHTS_CHANGE;
    request->rights &= keep;
    request->inheriting &= keep | RIGHTS_WRITE;
    if (!(request->rights & WISH_TO_WRITE))
        request->rights &= ~(uint64_t)FD_FILESTAT_SET_SIZE;
}

/* Does the directory give what the request needs of it, and hands on? */
static bool is_capable(const struct descriptor *directory,
                       const struct request *request) {
    uint64_t need = 0;
    if (request->oflags & OFLAG_CREAT)
        need |= PATH_CREATE_FILE;
    if (request->oflags & OFLAG_TRUNC)
        need |= PATH_FILESTAT_SET_SIZE;

    uint64_t inherited = request->rights | request->inheriting;
    if (request->fdflags & FDFLAG_APPEND)
        inherited |= FD_WRITE;

    uint64_t missing = need & ~directory->rights;
    missing |= inherited & ~directory->inheriting;
    return missing == 0;
}

/* What was asked for becomes what may be had. */
static enum wasi_errno check_request(const struct descriptor *directory,
                                     struct request *request) {
    if (!makes_sense(request))
        return WASI_INVAL;
    if (directory->read_only && wishes_to_write(request))
        return WASI_ROFS;
    drop_rights(directory, request);
    return is_capable(directory, request) ? WASI_SUCCESS : WASI_NOTCAPABLE;
}

/* The host's way to say it. */
static int host_flags(const struct request *request) {
    int flags = NEVER_BLOCK;
    if (request->oflags & OFLAG_CREAT)
        flags |= O_CREAT;
    if (request->oflags & OFLAG_DIRECTORY)
        flags |= O_DIRECTORY;
    if (request->oflags & OFLAG_EXCL)
        flags |= O_EXCL;
    if (request->fdflags & FDFLAG_APPEND)
        flags |= O_APPEND;
    if (request->fdflags & FDFLAG_DSYNC)
        flags |= O_DSYNC;
    if (request->fdflags & (FDFLAG_SYNC | FDFLAG_RSYNC))
        flags |= O_SYNC;

    bool reads = request->rights & (FD_READ | FD_READDIR);
    /* What was opened O_RDONLY cannot be truncated. */
    bool writes =
        request->rights & WISH_TO_WRITE || request->oflags & OFLAG_TRUNC;
    if (!writes)
        return flags | O_RDONLY;
    return flags | (reads ? O_RDWR : O_WRONLY);
}

/* Look at what was opened and keep it, or refuse it. */
static enum wasi_errno keep(struct call *call,
                            const struct request *request,
                            uint32_t number,
                            int host) {
    struct stat stat;
    if (fstat(host, &stat) < 0)
        return errno_to_wasi(errno);
    bool directory = S_ISDIR(stat.st_mode);
    if (!directory && !S_ISREG(stat.st_mode))
        return WASI_NOTCAPABLE;

    enum wasi_errno error = WASI_SUCCESS;
    if (request->oflags & OFLAG_TRUNC)
        error = file_set_size(call, host, 0);
    if (error)
        return error;

    struct descriptor fresh = {
        .read_only = call->fd->read_only,
        .flags = (uint16_t)request->fdflags,
        .type = type_of_mode(stat.st_mode),
        .host = host,
        .rights = request->rights,
    };
    if (directory) {
        fresh.rights &= (uint64_t)RIGHTS_DIRECTORY;
        fresh.inheriting = request->inheriting;
    } else {
        fresh.rights &= (uint64_t)RIGHTS_FILE;
    }
    fd_install(call->wasi, number, fresh);
    put32(call, 8, number);
    return WASI_SUCCESS;
}

enum wasi_errno call_path_open(struct call *call) {
    struct path path;
    bool follow;
    struct request request = {
        arg(call, 4), arg(call, 7), call->args[5], call->args[6]};
    enum wasi_errno error = path_arg(call, call->fd, 2, &path);
    if (!error)
        error = follow_arg(call, 1, &follow);
    if (!error)
        error = check_request(call->fd, &request);
    if (error)
        return error;

    uint32_t number = fd_free_number(call->wasi);
    if (number == FD_MAX)
        return WASI_MFILE;

    int host;
    error = path_open(&path, follow, host_flags(&request), &host);
    /* A socket, or a pipe nobody reads. */
    if (error == WASI_NXIO)
        return WASI_NOTCAPABLE;
    if (error)
        return error;

    error = keep(call, &request, number, host);
    if (error)
        close(host);
    return error;
}

/* ---- the other calls ---- */

enum wasi_errno call_path_filestat_get(struct call *call) {
    struct path path;
    struct stat stat;
    bool follow;
    enum wasi_errno error = path_arg(call, call->fd, 2, &path);
    if (!error)
        error = follow_arg(call, 1, &follow);
    if (!error)
        error = path_stat(&path, follow, &stat);
    if (!error)
        store_filestat(guest_at(call, arg(call, 4), FILESTAT_SIZE), &stat);
    return error;
}

enum wasi_errno call_path_filestat_set_times(struct call *call) {
    struct path path;
    struct timespec times[2];
    bool follow;
    enum wasi_errno error = path_arg(call, call->fd, 2, &path);
    if (!error)
        error = follow_arg(call, 1, &follow);
    if (!error)
        error = times_from(call, 4, times);
    return error ? error : path_set_times(&path, follow, times);
}

/* Do something to the one path in argument 1. */
static enum wasi_errno with_path(struct call *call,
                                 enum wasi_errno (*act)(const struct path *)) {
    struct path path;
    enum wasi_errno error = path_arg(call, call->fd, 1, &path);
    return error ? error : act(&path);
}

enum wasi_errno call_path_create_directory(struct call *call) {
    return with_path(call, path_create_directory);
}

enum wasi_errno call_path_remove_directory(struct call *call) {
    return with_path(call, path_remove_directory);
}

enum wasi_errno call_path_unlink_file(struct call *call) {
    return with_path(call, path_unlink);
}

/* Two paths: of the call's descriptor at `i`, of another at `i + 2`, where it
 * needs `right`. */
static enum wasi_errno two_paths(const struct call *call,
                                 int i,
                                 uint64_t right,
                                 struct path *from,
                                 struct path *to) {
    struct descriptor *other;
    enum wasi_errno error = fd_get(call->wasi, arg(call, i + 2), right, &other);
    if (!error)
        error = path_arg(call, call->fd, i, from);
    return error ? error : path_arg(call, other, i + 3, to);
}

enum wasi_errno call_path_link(struct call *call) {
    struct path from, to;
    /* No flags are known: a hard link to what a link points at is not
     * offered. */
    if (arg(call, 1) != 0)
        return WASI_INVAL;
    enum wasi_errno error = two_paths(call, 2, PATH_LINK_TARGET, &from, &to);
    return error ? error : path_link(&from, &to);
}

enum wasi_errno call_path_rename(struct call *call) {
    struct path from, to;
    enum wasi_errno error = two_paths(call, 1, PATH_RENAME_TARGET, &from, &to);
    return error ? error : path_rename(&from, &to);
}

enum wasi_errno call_path_symlink(struct call *call) {
    struct path path, target;
    enum wasi_errno error = path_arg(call, call->fd, 0, &target);
    if (!error)
        error = path_arg(call, call->fd, 3, &path);
    return error ? error : path_symlink(target.text, &path);
}

enum wasi_errno call_path_readlink(struct call *call) {
    struct path path;
    size_t used;
    enum wasi_errno error = path_arg(call, call->fd, 1, &path);
    uint8_t *out = guest_at(call, arg(call, 3), arg(call, 4));
    if (!out)
        error = WASI_FAULT;
    if (!error)
        error = path_readlink(&path, out, arg(call, 4), &used);
    if (!error)
        put32(call, 5, (uint32_t)used);
    return error;
}
