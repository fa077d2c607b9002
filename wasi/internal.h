/* What the files of this folder share: the descriptor table, one call's state,
 * guest memory.
 *
 * A guest's call arrives in wasi.c, which looks up its row in calls.def, checks
 * descriptor, rights and result pointers as the row says, and runs call_NAME,
 * which finds them checked. The calls live in dirs.c, fd.c, files.c, misc.c,
 * paths.c and poll.c; the host's paths are touched in path.c alone. The
 * documents meant throughout: WASI preview1, wasi_snapshot_preview1. */
#ifndef HOSTEL_WASI_INTERNAL_H
#define HOSTEL_WASI_INTERNAL_H

#include "vm/vm.h"
#include "wasi/path.h"
#include "wasi/wasi.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- preview1's numbers ---- */

enum filetype {
    TYPE_UNKNOWN,
    TYPE_BLOCK_DEVICE,
    TYPE_CHARACTER_DEVICE,
    TYPE_DIRECTORY,
    TYPE_REGULAR_FILE,
    TYPE_SOCKET_DGRAM,
    TYPE_SOCKET_STREAM,
    TYPE_SYMBOLIC_LINK,
};

enum {
    FDFLAG_APPEND = 1,
    FDFLAG_DSYNC = 2,
    FDFLAG_NONBLOCK = 4,
    FDFLAG_RSYNC = 8,
    FDFLAG_SYNC = 16
};
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };
enum { LOOKUP_FOLLOW = 1 };
enum { FDSTAT_SIZE = 24, FILESTAT_SIZE = 64, DIRENT_SIZE = 24 };

enum right_bit {
#define X(name, applies, kind) BIT_##name,
#include "wasi/rights.def"
#undef X
};

enum right {
#define X(name, applies, kind) name = 1 << BIT_##name,
#include "wasi/rights.def"
#undef X
};

/* The rights that apply to files, to directories, and those that change
 * something. */
enum { APPLIES_N, APPLIES_F, APPLIES_D, APPLIES_B, KIND_R = 0, KIND_W = 1 };
enum rights {
    RIGHTS_FILE = 0
#define X(name, applies, kind) | (APPLIES_##applies & APPLIES_F ? name : 0)
#include "wasi/rights.def"
#undef X
    ,
    RIGHTS_DIRECTORY = 0
#define X(name, applies, kind) | (APPLIES_##applies & APPLIES_D ? name : 0)
#include "wasi/rights.def"
#undef X
    ,
    RIGHTS_CHANGE = 0
#define X(name, applies, kind) | (KIND_##kind ? name : 0)
#include "wasi/rights.def"
#undef X
    ,
    /* Of a file opened for writing. */
    RIGHTS_WRITE = FD_WRITE | FD_ALLOCATE | FD_FILESTAT_SET_SIZE,
};

/* ---- limits ---- */

enum {
    FD_MAX = WASI_DESCRIPTORS, /* descriptors of one guest */
    IOVECS_MAX = 1024,         /* of one call: more are for the next */
    IOVECS_SEEN = 1 << 20,     /* of one call, if most of them are empty */
    SUBSCRIPTIONS_MAX = 4096,  /* of one poll_oneoff */
    /* All arguments, and all of the environment, in bytes. */
    ARGUMENTS_SIZE_MAX = 2 << 20,
    FIRST_PREOPEN = 3, /* where guests begin to look for them */
};

/* ---- one guest ---- */

struct listing; /* a directory being read, see dirs.c */

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

struct row; /* of calls.def */

/* What vm_define hands back to us: which call, of which guest. */
struct binding {
    struct wasi *wasi;
    const struct row *row;
    char kinds[16]; /* of the row's arguments, in order, NUL-terminated */
};

enum {
    CALL_COUNT = 0
#define X(name, rights, arguments) +1
#include "wasi/calls.def"
#undef X
};

struct wasi {
    struct wasi_config config; /* its strings are borrowed */
    struct resolver resolver;
    struct binding bindings[CALL_COUNT];
    size_t listings_size; /* bytes that listings remember, see dirs.c */
    struct descriptor table[FD_MAX];
    /* By the guest, on the host's 1 and 2: see lines.c. */
    bool line_begun[STDERR_FILENO + 1];
    bool outputs_are_one; /* these two are the same file */
    /* Directories than there are, as libc does to know all. */
    bool looked_for_more;
    bool complained; /* the guest wrote to standard error */
};

/* ---- one call ---- */

struct call {
    struct wasi *wasi;
    struct instance *instance;
    const uint64_t *args;  /* as the guest passed them */
    struct descriptor *fd; /* of the argument of kind `d`, if there is one */
    struct error *error;
    bool over; /* set by a call that ends the guest: `error` says how */
};

#define X(name, rights, arguments)                                             \
    enum wasi_errno call_##name(struct call *call);
#include "wasi/calls.def"
#undef X

static inline uint32_t arg(const struct call *call, int i) {
    return (uint32_t)call->args[i];
}

/* End the guest: its time is up. Returns a value only so that calls can return
 * it. */
enum wasi_errno call_time_out(struct call *call);

/* ---- guest memory: little-endian, unaligned ---- */

uint32_t load32(const uint8_t *at);
uint64_t load64(const uint8_t *at);
void store16(uint8_t *at, uint16_t value);
void store32(uint8_t *at, uint32_t value);
void store64(uint8_t *at, uint64_t value);

/* The bytes at a guest address, or NULL; see vm_memory_at. */
uint8_t *guest_at(const struct call *call, uint32_t address, uint64_t size);

/* Store a result through the pointer in argument `i`, which the row has
 * declared as such. */
void put32(const struct call *call, int i, uint32_t value);
void put64(const struct call *call, int i, uint64_t value);

/* ---- descriptors (fd.c) ---- */

/* Descriptor `number` if it is open and has all of `rights`. */
enum wasi_errno fd_get(struct wasi *wasi, uint32_t number, uint64_t rights,
                       struct descriptor **found);

/* The lowest free number, or FD_MAX. */
uint32_t fd_free_number(const struct wasi *wasi);

/* Make `number`, which is free, a descriptor for `fresh`. */
void fd_install(struct wasi *wasi, uint32_t number, struct descriptor fresh);

void fd_close(struct descriptor *descriptor);

/* Take over the host's 0, 1 and 2 as far as they are open. */
void fd_inherit_stdio(struct wasi *wasi);

/* ---- times (misc.c) ---- */

enum { NANOSECONDS = 1000000000 }; /* of a second */

/* Seconds and nanoseconds as nanoseconds, held at the ends of what 64 bits can
 * say (a time of the calendar: 1970 and 2554). And back. */
uint64_t timestamp_of(struct timespec time);
struct timespec timespec_of(uint64_t nanoseconds);

/* ---- files ---- */

enum filetype type_of_mode(mode_t mode);
void store_filestat(uint8_t *out, const struct stat *stat);

/* Bring the open file to a size, in pieces where the guest has a time limit. */
enum wasi_errno file_set_size(struct call *call, int host, off_t size);

/* The two times as futimens wants them, from the arguments at `i`: atim, mtim,
 * flags. */
enum wasi_errno times_from(const struct call *call, int i,
                           struct timespec times[2]);

/* lines.c: before anything is written, and after each write to the host's 1 or
 * 2. */
void lines_init(struct wasi *wasi);
void lines_note(struct wasi *wasi, int host, uint8_t last);

/* dirs.c */
void listing_free(struct listing *listing);

/* ---- the rows of calls.def (trace.c) ---- */

struct row {
    const char *name;
    uint64_t rights;
    const char *arguments;
    enum wasi_errno (*function)(struct call *call);
};

struct argument {
    struct slice name;
    char kind;
};

/* Step through a row's arguments: `*rest` is its text at first. False behind
 * the last. */
bool argument_next(const char **rest, struct argument *argument);

/* How many parameters of the Wasm function an argument of this kind is: 2 for
 * text and iovecs. */
int argument_width(char kind);

/* Print one finished call as one line. */
void trace_call(const struct call *call, const struct row *row,
                enum wasi_errno result);

#endif
