/* fd_readdir: listing a directory into guest memory.
 *
 * The buffer is filled with entries, each 24 bytes and the name; the last one
 * is cut off where the buffer ends, which tells the guest that there is more.
 * It then asks again with the cookie of the last entry that came whole, or of
 * one before it, if it looked at some only.
 *
 * A cookie is the number of entries before. 0 is the start, and asking for it
 * reads the directory afresh; what was read since is remembered, so that an
 * entry keeps its number while the guest removes and creates others: going back
 * skips nothing and repeats nothing. A cookie never given out is INVAL. Memory
 * is bounded: a listing that grows beyond what all may take forgets its older
 * half, whose cookies are then INVAL too.
 *
 * `.` and `..` are the first two, made by us, so that they are there on every
 * file system and `..` does not tell the inode of a directory outside: it has
 * that of `.`. No inode is 0, which C libraries take for "look yourself", and
 * `..` is nothing they may look at. */
#include "wasi/readdir.h"
#include "wasi/call.h"
#include "wasi/path.h"
#include "wasi/platform.h"
#include "wasi/stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTINGS_SIZE_MAX = 64 << 20, LISTING_SIZE_MIN = 64 << 10 };
enum { STREAM_SIZE = 32 << 10 }; /* what a DIR takes, about */

struct entry {
    uint64_t inode;
    uint32_t name; /* where it begins in the listing's names; its NUL follows */
    uint8_t type;  /* enum filetype */
};

struct listing {
    DIR *stream;
    bool at_end;
    uint64_t given; /* the largest cookie given out */
    /* How many entries were forgotten: the number of entries[0]. */
    uint64_t first;
    struct entry *entries; /* owned, as the directory told them */
    size_t count, capacity;
    struct buffer names;
    size_t *held;          /* bytes that all listings of the guest remember */
    struct budget *budget; /* from which all this is drawn */
};

/* ---- what is remembered ---- */

static size_t size_of(const struct listing *listing) {
    return listing->count * sizeof *listing->entries + listing->names.size;
}

/* Forget the `gone` oldest entries. */
static void forget(struct listing *listing, size_t gone) {
    size_t names = listing->names.size;
    if (gone < listing->count)
        names = listing->entries[gone].name;

    *listing->held -= size_of(listing);
    listing->first += gone;
    listing->count -= gone;
    listing->names.size -= names;
    if (listing->count > 0) {
        memmove(listing->entries,
                listing->entries + gone,
                listing->count * sizeof *listing->entries);
        memmove(listing->names.data,
                listing->names.data + names,
                listing->names.size);
    }

    for (size_t i = 0; i < listing->count; i++)
        listing->entries[i].name -= (uint32_t)names;
    *listing->held += size_of(listing);
}

/* Add one entry behind those that are remembered. */
static enum wasi_errno remember(struct listing *listing,
                                const char *name,
                                uint64_t inode,
                                enum filetype type) {
    bool full = *listing->held > LISTINGS_SIZE_MAX &&
                size_of(listing) > LISTING_SIZE_MIN;
    if (full)
        forget(listing, listing->count / 2);

    struct entry *entries = array_reserve(listing->budget,
                                          listing->entries,
                                          listing->count,
                                          &listing->capacity,
                                          sizeof *listing->entries);
    if (!entries)
        return WASI_NOMEM;
    listing->entries = entries;
    size_t at = listing->names.size, size = strlen(name) + 1;
    if (!buffer_append(&listing->names, name, size))
        return WASI_NOMEM;
    entries[listing->count++] =
        (struct entry){inode ? inode : 1, (uint32_t)at, (uint8_t)type};
    *listing->held += sizeof *entries + size;
    return WASI_SUCCESS;
}

/* ---- reading ---- */

/* By a descriptor of its own: the guest's may be closed or moved meanwhile. */
static enum wasi_errno listing_new(struct call *call) {
    int host;
    enum wasi_errno error = path_reopen_directory(call->fd->host, &host);
    if (error)
        return error;

    struct budget *budget = call->wasi->config.memory;
    struct listing *listing = budget_alloc(budget, 1, sizeof *listing);
    bool held = listing && budget_take(budget, STREAM_SIZE);
    if (held)
        listing->stream = fdopendir(host);
    bool opened = held && listing->stream;
    if (!opened) {
        error = held ? errno_to_wasi(errno) : WASI_NOMEM;
        close(host);
        if (held)
            budget_give(budget, STREAM_SIZE);
        budget_free(budget, listing, sizeof *listing);
        return error;
    }

    buffer_init(&listing->names, 2 * LISTINGS_SIZE_MAX);
    listing->names.budget = listing->budget = budget;
    listing->held = &call->wasi->listings_size;
    call->fd->listing = listing;
    return WASI_SUCCESS;
}

void listing_free(struct listing *listing) {
    if (!listing)
        return;
    *listing->held -= size_of(listing);
    closedir(listing->stream);
    array_free(listing->budget,
               listing->entries,
               listing->capacity,
               sizeof *listing->entries);
    buffer_free(&listing->names);
    budget_give(listing->budget, STREAM_SIZE);
    budget_free(listing->budget, listing, sizeof *listing);
}

/* The directory often knows what an entry is; where it does not, look. */
static enum wasi_errno remember_entry(const struct call *call,
                                      const struct dirent *entry) {
    mode_t mode = host_entry_mode(entry);
    uint64_t inode = entry->d_ino;
    if (mode == 0 || inode == 0) {
        struct path path = {
            &call->wasi->resolver, call->fd->host, slice_of(entry->d_name)};
        struct stat stat;
        bool found = !path_stat(&path, false, &stat);
        if (found && mode == 0)
            mode = stat.st_mode;
        if (found && inode == 0)
            inode = stat.st_ino;
    }
    return remember(
        call->fd->listing, entry->d_name, inode, type_of_mode(mode));
}

/* `.` and `..` */
static enum wasi_errno remember_dots(const struct call *call) {
    struct stat stat;
    if (fstat(call->fd->host, &stat) < 0)
        return errno_to_wasi(errno);
    struct listing *listing = call->fd->listing;
    enum wasi_errno error = remember(listing, ".", stat.st_ino, TYPE_DIRECTORY);
    if (!error)
        error = remember(listing, "..", stat.st_ino, TYPE_DIRECTORY);
    return error;
}

/* Read one more entry, or find that there is none. */
static enum wasi_errno read_more(const struct call *call) {
    struct listing *listing = call->fd->listing;
    if (listing->first + listing->count == 0)
        return remember_dots(call);

    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(listing->stream);
        if (!entry) {
            listing->at_end = errno == 0;
            return errno_to_wasi(errno);
        }
        const char *name = entry->d_name;
        bool dot = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        if (!dot)
            return remember_entry(call, entry);
    }
}

/* Find entry number `number`, reading on as far as it takes: NULL behind the
 * last. */
static enum wasi_errno
find(const struct call *call, uint64_t number, const struct entry **entry) {
    struct listing *listing = call->fd->listing;
    while (!listing->at_end && number >= listing->first + listing->count) {
        enum wasi_errno error = read_more(call);
        if (error)
            return error;
    }
    bool there = number < listing->first + listing->count;
    *entry = there ? &listing->entries[number - listing->first] : NULL;
    return WASI_SUCCESS;
}

/* Go to what was given out as `cookie`. */
static enum wasi_errno go_to(struct listing *listing, uint64_t cookie) {
    if (cookie > listing->given || (cookie > 0 && cookie < listing->first))
        return WASI_INVAL;
    if (cookie > 0)
        return WASI_SUCCESS;
    rewinddir(listing->stream);
    forget(listing, listing->count);
    listing->first = 0;
    listing->at_end = false;
    return WASI_SUCCESS;
}

/* ---- the call ---- */

/* Of work, if the system must be asked what it is. */
enum { ENTRY_STEPS = 100 };

/* Copy what fits behind the first `*used` of `size` bytes; true if it was
 * all. */
static bool put(uint8_t *out,
                uint32_t size,
                uint32_t *used,
                const void *bytes,
                size_t count) {
    size_t fits = count < size - *used ? count : size - *used;
    memcpy(out + *used, bytes, fits);
    *used += (uint32_t)fits;
    return fits == count;
}

/* Put one entry; true if it was put whole. */
static bool put_entry(struct listing *listing,
                      const struct entry *entry,
                      uint8_t *out,
                      uint32_t size,
                      uint32_t *used) {
    const char *name = (const char *)listing->names.data + entry->name;
    uint64_t cookie = listing->first + (uint64_t)(entry - listing->entries) + 1;
    uint8_t header[DIRENT_SIZE] = {0};
    size_t name_size = strlen(name);
    store64(header, cookie);
    store64(header + 8, entry->inode);
    store32(header + 16, (uint32_t)name_size);
    header[20] = entry->type;
    if (!put(out, size, used, header, sizeof header))
        return false;
    if (listing->given < cookie)
        listing->given = cookie;
    return put(out, size, used, name, name_size);
}

enum wasi_errno call_fd_readdir(struct call *call) {
    uint32_t size = arg(call, 2), used = 0;
    uint64_t cookie = call->args[3];
    uint8_t *out = guest_at(call, arg(call, 1), size);
    if (!out)
        return WASI_FAULT;

    enum wasi_errno error =
        call->fd->listing ? WASI_SUCCESS : listing_new(call);
    if (error)
        return error;

    error = go_to(call->fd->listing, cookie);
    for (; !error && used < size; cookie++) {
        const struct entry *entry;
        if (!vm_work(vm_of(call->instance), ENTRY_STEPS))
            return call_time_out(call);
        error = find(call, cookie, &entry);
        if (error || !entry)
            break;
        if (!put_entry(call->fd->listing, entry, out, size, &used))
            break;
    }

    if (!error)
        put32(call, 4, used);
    return error;
}
