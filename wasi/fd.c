/* The descriptor table, and what a descriptor may be used for.
 *
 * Guests get the lowest free number, as POSIX programs expect. 0, 1 and 2 are
 * the host's own, lent: they are never closed (hostel's messages must not end
 * up in a file that took the number) and never made non-blocking (other
 * processes share them). Directories granted at start follow from 3 on, where
 * libc looks for them.
 *
 * A right is a bit. `rights` says what may be done with the descriptor itself,
 * `inheriting` what may at most be asked for when something is opened beneath
 * it (path_calls.c). Rights only shrink. A missing right is NOTCAPABLE, except where
 * POSIX programs know a better word: see `refusal`. To change anything in a
 * read-only directory is ROFS, as in a file system that is mounted so. */
#include "wasi/fd.h"
#include "wasi/call.h"
#include "wasi/readdir.h"
#include "wasi/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { STDIO_COUNT = 3 };

/* Why the descriptor lacks these rights. */
static enum wasi_errno refusal(const struct descriptor *fd, uint64_t missing) {
    bool directory = fd->type == TYPE_DIRECTORY;
    uint64_t senseless =
        ~(uint64_t)(directory ? RIGHTS_DIRECTORY : RIGHTS_FILE);
    if (missing & senseless)
        return directory ? WASI_ISDIR : WASI_NOTDIR;
    bool position = missing & (FD_SEEK | FD_TELL);
    if (position && fd->type != TYPE_REGULAR_FILE)
        return WASI_SPIPE;
    bool change = missing & RIGHTS_CHANGE & ~(uint64_t)RIGHTS_WRITE;
    return change && fd->read_only ? WASI_ROFS : WASI_NOTCAPABLE;
}

/* The number is the guest's: any value may come. */
enum wasi_errno fd_get(struct wasi *wasi,
                       uint32_t number,
                       uint64_t rights,
                       struct descriptor **found) {
    if (number >= wasi->table_end || !wasi->table[number].open)
        return WASI_BADF;
    *found = &wasi->table[number];
    uint64_t missing = rights & ~(*found)->rights;
    return missing ? refusal(*found, missing) : WASI_SUCCESS;
}

uint32_t fd_free_number(const struct wasi *wasi) {
    uint32_t number = 0;
    while (number < wasi->table_end && wasi->table[number].open)
        number++;
    if (number >= wasi->config.max_descriptors)
        number = FD_MAX;
    return number;
}

void fd_install(struct wasi *wasi, uint32_t number, struct descriptor fresh) {
    fresh.open = true;
    while (wasi->table_end <= number)
        wasi->table[wasi->table_end++] = (struct descriptor){0};
    wasi->table[number] = fresh;
}

void fd_close(struct descriptor *descriptor) {
    listing_free(descriptor->listing);
    if (!descriptor->inherited)
        close(descriptor->host);
    *descriptor = (struct descriptor){0};
}

/* ---- stdio ---- */

/* May a stream have a position? To a guest a character device without one is a
 * terminal, which is how its isatty() knows; so /dev/null and its like, where
 * seeking does no harm, have one. */
static bool has_position(int fd, enum filetype type) {
    if (type == TYPE_CHARACTER_DEVICE)
        return !isatty(fd);
    return type == TYPE_REGULAR_FILE || type == TYPE_BLOCK_DEVICE;
}

/* The rights of a stream that was handed to us. A directory gives none to look
 * inside: only those named on the command line do. */
static uint64_t stdio_rights(int fd, enum filetype type, int host_flags) {
    uint64_t rights = FD_FILESTAT_GET;
    if (type == TYPE_DIRECTORY)
        return rights;

    rights |= FD_FDSTAT_SET_FLAGS | POLL_FD_READWRITE | FD_SYNC | FD_DATASYNC;
    bool regular = type == TYPE_REGULAR_FILE;
    if (has_position(fd, type))
        rights |= FD_SEEK | FD_TELL;
    if (regular)
        rights |= FD_ADVISE;
    int mode = host_flags & O_ACCMODE;
    if (mode != O_WRONLY)
        rights |= FD_READ;
    if (mode != O_RDONLY)
        rights |= FD_WRITE;
    if (mode != O_RDONLY && regular)
        rights |= FD_ALLOCATE | FD_FILESTAT_SET_SIZE;
    return rights;
}

void fd_inherit_stdio(struct wasi *wasi) {
    for (int fd = 0; fd < STDIO_COUNT; fd++) {
        struct stat stat;
        int flags = fcntl(fd, F_GETFL);
        /* Closed, for the guest too. */
        if (flags < 0 || fstat(fd, &stat) < 0)
            continue;
        enum filetype type = type_of_mode(stat.st_mode);
        struct descriptor stream = {
            .inherited = true,
            .flags = flags & O_APPEND ? FDFLAG_APPEND : 0,
            .type = type,
            .host = fd,
            .rights = stdio_rights(fd, type, flags),
        };
        fd_install(wasi, (uint32_t)fd, stream);
    }
}

/* ---- calls ---- */

enum wasi_errno call_fd_close(struct call *call) {
    fd_close(call->fd);
    return WASI_SUCCESS;
}

/* Move a descriptor to the number of another, which is closed. */
enum wasi_errno call_fd_renumber(struct call *call) {
    struct descriptor *to;
    enum wasi_errno error = fd_get(call->wasi, arg(call, 1), 0, &to);
    if (error || to == call->fd)
        return error;
    fd_close(to);
    *to = *call->fd;
    *call->fd = (struct descriptor){0};
    return WASI_SUCCESS;
}

enum wasi_errno call_fd_fdstat_get(struct call *call) {
    uint8_t *out = guest_at(call, arg(call, 1), FDSTAT_SIZE);
    memset(out, 0, FDSTAT_SIZE); /* the padding too */
    out[0] = (uint8_t)call->fd->type;
    store16(out + 2, call->fd->flags);
    store64(out + 8, call->fd->rights);
    store64(out + 16, call->fd->inheriting);
    return WASI_SUCCESS;
}

enum wasi_errno call_fd_fdstat_set_flags(struct call *call) {
    struct descriptor *fd = call->fd;
    uint32_t flags = arg(call, 1), changed = flags ^ fd->flags;
    if (flags & ~(uint32_t)FDFLAGS_ALL)
        return WASI_INVAL;
    /* The host cannot change how an open file is synchronised, and must not
     * change one lent. */
    uint32_t settable = FDFLAG_NONBLOCK;
    if (!fd->inherited)
        settable |= FDFLAG_APPEND;
    if (changed & ~settable)
        return WASI_NOTSUP;
    if (changed & FDFLAG_APPEND) {
        int host = fcntl(fd->host, F_GETFL) & ~O_APPEND;
        if (flags & FDFLAG_APPEND)
            host |= O_APPEND;
        if (fcntl(fd->host, F_SETFL, host) < 0)
            return errno_to_wasi(errno);
    }

    fd->flags = (uint16_t)flags;
    return WASI_SUCCESS;
}

/* Rights are given away for good. */
enum wasi_errno call_fd_fdstat_set_rights(struct call *call) {
    struct descriptor *fd = call->fd;
    uint64_t rights = call->args[1], inheriting = call->args[2];
    if (rights & ~fd->rights || inheriting & ~fd->inheriting)
        return WASI_NOTCAPABLE;
    fd->rights = rights;
    fd->inheriting = inheriting;
    return WASI_SUCCESS;
}

enum wasi_errno call_fd_prestat_get(struct call *call) {
    /* Where libc stops looking. */
    if (!call->fd->guest_name)
        return WASI_BADF;
    /* Tag 0: a directory. */
    put64(call, 1, (uint64_t)strlen(call->fd->guest_name) << 32);
    return WASI_SUCCESS;
}

enum wasi_errno call_fd_prestat_dir_name(struct call *call) {
    const char *name = call->fd->guest_name;
    if (!name)
        return WASI_BADF;
    size_t size = strlen(name);
    if (arg(call, 2) < size)
        return WASI_NAMETOOLONG;
    uint8_t *out = guest_at(call, arg(call, 1), size);
    if (!out)
        return WASI_FAULT;
    memcpy(out, name, size);
    return WASI_SUCCESS;
}
