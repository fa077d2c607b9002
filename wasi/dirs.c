/* fd_readdir: listing a directory into guest memory.
 *
 * The buffer is filled with entries, each 24 bytes and the name; the last one is cut off where the
 * buffer ends, which tells the guest that there is more. It then asks again with the cookie of the
 * last entry that came whole.
 *
 * A cookie is the number of entries before: 0 is the start, and asking for it reads the directory
 * afresh. `.` and `..` are the first two, made by us, so that they are there on every file system
 * and `..` does not tell the inode of a directory outside (it says 0, unknown). The usual guest
 * asks for exactly the entry that stands ready, and a listing costs one pass. Any other cookie
 * given out before is found by starting over; one never given out is INVAL.
 */
#include "wasi/internal.h"
#include "wasi/platform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct listing {
    DIR *stream;
    uint64_t next;      /* the cookie of the entry that stands ready, or will */
    uint64_t given;     /* the largest cookie given out */
    bool ready, at_end; /* `name` and the rest are those of `next`; there is no `next` */
    const char *name;   /* borrowed from the stream, until the next entry is read */
    uint64_t inode;
    enum filetype type;
};

static enum wasi_errno listing_new(struct descriptor *fd) {
    int host;
    enum wasi_errno error = path_reopen_directory(fd->host, &host);
    if (error) return error;
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing) listing->stream = fdopendir(host);
    if (!listing || !listing->stream) {
        error = listing ? errno_to_wasi(errno) : WASI_NOMEM;
        close(host);
        free(listing);
        return error;
    }
    fd->listing = listing;
    return WASI_SUCCESS;
}

void listing_free(struct listing *listing) {
    if (!listing) return;
    closedir(listing->stream);
    free(listing);
}

/* The directory often knows; where it does not, look. */
static enum filetype entry_type(const struct call *call, const struct dirent *entry) {
    mode_t mode = host_entry_mode(entry);
    if (mode != 0) return type_of_mode(mode);
    struct path path = {&call->wasi->resolver, call->fd->host, slice_of(entry->d_name)};
    struct stat stat;
    return path_stat(&path, false, &stat) ? TYPE_UNKNOWN : type_of_mode(stat.st_mode);
}

/* Let an entry stand ready. */
static void stand(struct listing *listing, const char *name, uint64_t inode, enum filetype type) {
    listing->ready = true;
    listing->name = name;
    listing->inode = inode;
    listing->type = type;
}

/* Make the entry `next` stand ready, or find that there is none. */
static enum wasi_errno advance(const struct call *call, struct listing *listing) {
    if (listing->ready || listing->at_end) return WASI_SUCCESS;
    if (listing->next == 0) {
        struct stat stat;
        if (fstat(call->fd->host, &stat) < 0) return errno_to_wasi(errno);
        stand(listing, ".", stat.st_ino, TYPE_DIRECTORY);
        return WASI_SUCCESS;
    }
    if (listing->next == 1) {
        stand(listing, "..", 0, TYPE_DIRECTORY);
        return WASI_SUCCESS;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(listing->stream);
        if (!entry) {
            if (errno) return errno_to_wasi(errno);
            listing->at_end = true;
            return WASI_SUCCESS;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        stand(listing, entry->d_name, entry->d_ino, entry_type(call, entry));
        return WASI_SUCCESS;
    }
}

/* The entry that stood ready is done with. */
static void drop(struct listing *listing) {
    listing->ready = false;
    listing->next++;
}

/* Go to an entry given out before; to the end if there are fewer now. */
static enum wasi_errno go_to(const struct call *call, struct listing *listing, uint64_t cookie) {
    if (cookie == listing->next && cookie != 0) return WASI_SUCCESS;
    rewinddir(listing->stream);
    listing->next = 0;
    listing->ready = listing->at_end = false;
    while (listing->next < cookie) {
        enum wasi_errno error = advance(call, listing);
        if (error || listing->at_end) return error;
        drop(listing);
    }
    return WASI_SUCCESS;
}

/* Copy what fits behind the first `*used` of `size` bytes; true if it was all. */
static bool put(uint8_t *out, uint32_t size, uint32_t *used, const void *bytes, size_t count) {
    size_t fits = count < size - *used ? count : size - *used;
    memcpy(out + *used, bytes, fits);
    *used += (uint32_t)fits;
    return fits == count;
}

/* Put the entry that stands ready; true if it was put whole. */
static bool put_entry(struct listing *listing, uint8_t *out, uint32_t size, uint32_t *used) {
    uint8_t header[DIRENT_SIZE] = {0};
    size_t name_size = strlen(listing->name);
    store64(header, listing->next + 1);
    store64(header + 8, listing->inode);
    store32(header + 16, (uint32_t)name_size);
    header[20] = (uint8_t)listing->type;
    if (!put(out, size, used, header, sizeof header)) return false;
    if (listing->given < listing->next + 1) listing->given = listing->next + 1;
    return put(out, size, used, listing->name, name_size);
}

enum wasi_errno call_fd_readdir(struct call *call) {
    uint32_t size = arg(call, 2), used = 0;
    uint8_t *out = guest_at(call, arg(call, 1), size);
    if (!out) return WASI_FAULT;
    enum wasi_errno error = call->fd->listing ? WASI_SUCCESS : listing_new(call->fd);
    if (error) return error;
    struct listing *listing = call->fd->listing;
    if (call->args[3] > listing->given) return WASI_INVAL;
    error = go_to(call, listing, call->args[3]);
    while (!error && used < size) {
        error = advance(call, listing);
        if (error || listing->at_end || !put_entry(listing, out, size, &used)) break;
        drop(listing);
    }
    if (!error) put32(call, 4, used);
    return error;
}
