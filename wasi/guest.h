/* struct wasi: all that one guest has, its descriptors above all. */
#ifndef HOSTEL_WASI_GUEST_H
#define HOSTEL_WASI_GUEST_H

#include "wasi/path.h"
#include "wasi/preview1.h"
#include "wasi/row.h"
#include "wasi/wasi.h"

#include <unistd.h>

enum {
    FD_MAX = WASI_DESCRIPTORS, /* descriptors of one guest */
    FIRST_PREOPEN = 3,         /* where guests begin to look for them */
};

struct listing; /* a directory being read, see readdir.c */

/* The life of a descriptor: free (open is false); open, by fd_install; moved to
 * another number by fd_renumber, which closes what was there; free again, by
 * fd_close. */
struct descriptor {
    bool open;
    /* One of the host's 0, 1, 2: never closed, its flags never changed. */
    bool inherited;
    bool read_only; /* a directory granted for reading only, or beneath one */
    /* FDFLAG_*: those in force; NONBLOCK is ours to keep, not the host's. */
    uint16_t flags;
    enum filetype type;
    int host; /* the host's descriptor */
    /* What it may be used for, and what is opened beneath it. */
    uint64_t rights, inheriting;
    /* Of a preopened directory, borrowed; else NULL. */
    const char *guest_name;
    struct listing *listing; /* owned; NULL until fd_readdir is called */
};

/* What vm_define hands back to us: which call, of which guest. */
struct binding {
    struct wasi *wasi;
    const struct row *row;
    char kinds[16]; /* of the row's arguments, in order, NUL-terminated */
};

struct wasi {
    struct wasi_config config; /* its strings are borrowed */
    struct resolver resolver;
    struct binding bindings[CALL_COUNT];
    size_t listings_size; /* bytes that listings remember, see readdir.c */
    /* By the guest, on the host's 1 and 2: see lines.c. */
    bool line_begun[STDERR_FILENO + 1];
    bool outputs_are_one; /* these two are the same file */
    /* Directories than there are, as libc does to know all. */
    bool looked_for_more;
    bool complained; /* the guest wrote to standard error */
    /* The descriptors, of which those from `table_end` on were never open and
     * have not been written: most guests touch a page of FD_MAX. */
    uint32_t table_end;
    struct descriptor table[];
};

#endif
