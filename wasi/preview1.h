/* The numbers of preview1 (wasi_snapshot_preview1): types of files, flags,
 * sizes of what calls store, rights. */
#ifndef HOSTEL_WASI_PREVIEW1_H
#define HOSTEL_WASI_PREVIEW1_H

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
    FDFLAG_SYNC = 16,
    FDFLAGS_ALL = 31,
};

enum {
    OFLAG_CREAT = 1,
    OFLAG_DIRECTORY = 2,
    OFLAG_EXCL = 4,
    OFLAG_TRUNC = 8,
    OFLAGS_ALL = 15,
};

enum { LOOKUP_FOLLOW = 1 };

/* Which times to set, to what is given or to what the clock says. */
enum {
    FSTFLAG_ATIM = 1,
    FSTFLAG_ATIM_NOW = 2,
    FSTFLAG_MTIM = 4,
    FSTFLAG_MTIM_NOW = 8,
    FSTFLAGS_ALL = 15,
};

enum { FDSTAT_SIZE = 24, FILESTAT_SIZE = 64, DIRENT_SIZE = 24 };

/* ---- rights ---- */

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

#endif
