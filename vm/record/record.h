/* Recording what host functions answer, and replaying it.
 *
 * What a guest does is a function of its module, its limits, and of what the
 * host answers. A recording has the answers: of each call of a host function,
 * in their order, the arguments, the results, and what was written to guest
 * memory. All else the guest does again.
 *
 *     recording   "\0run"  version: 4 bytes, little-endian, 1  record ...
 *     record      kind: a byte  size: u  payload: so many bytes  check: 4 bytes
 *
 *     NOTE    01  name: text  value: text    of the program that records: see vm_note
 *     MODULE  02  name: text  bytes          to the end of the payload
 *     IMPORT  03  import: u  module: text  name: text  params: text  results: text
 *     CALL    04  import: u  arguments  written  results       it returned
 *     FAIL    05  import: u  arguments  written  failure       it ended the guest
 *     OPEN    06  import: u  arguments  written  callee        it calls the guest
 *     AGAIN   07  written  callee                              ... once more
 *     CLOSE   08  written  results                             ... and returned
 *     ABORT   09  written  failure                             ... or ended it
 *     REPEAT  0A  count: u                   the call before, so many times more,
 *                                            but no byte of memory has changed
 *     END     0C  failure  units: u  count: u  (function: u  offset: u) ...
 *
 *     text        size: u  bytes
 *     arguments   s ...                      each slot, less that of the call before
 *     results     s ...                      likewise
 *     written     (size: u  from: s  [memory: u]  bytes) ...  00
 *     callee      instance: u  function: u  count: u  slot: u ...
 *     failure     kind: text  code: s  text  kind is "" or error_kind_name's
 *
 * u and s are LEB128 of up to 64 bits, unsigned and signed. `check` is the
 * CRC-32 of kind, size and payload, continued from the record before: no record
 * can be missing. What a killed program leaves ends with its last whole one.
 *
 * Imports are counted as they are linked, and told before their first call;
 * `params` and `results` have a byte for each type, as modules have. "Before"
 * means the call before of the same import; before its first, all is 0.
 *
 * Of what was written there are those runs of bytes that have changed. `from`
 * is twice the distance from the end of the import's last run, plus 1 if the
 * memory is another: memories are counted as they are made, and 0 is the
 * caller's. A callee's instance is 0 for the caller's, or else counted from 1
 * as they are made. What the guest does between OPEN, AGAIN, CLOSE and ABORT
 * stands between them.
 *
 * The engine knows of it in three places, one for each way between guest and
 * host; a vm that records nothing pays for none of them in a call:
 *
 *     tape_link       the guest calls: an import is linked with record_call or
 *                     replay_call, which stand before the host's function
 *     tape_hand_out   that asks for memory, of which it may write any
 *     tape_enter      it calls the guest in turn
 *
 * The last two are asked while `vm->recorded` is there: the call under way. All
 * in call_host would be one place, but a question in every call, and what is
 * written and called within a call is not seen from there.
 *
 * The files, each needing only those before it:
 *
 *     check.c sha256.c    checksums of records, hashes of modules
 *     handed.c            what a host function may have written, and what it has
 *     write.c read.c      records, one at a time
 *     tape.c              what recording and replaying have in common: imports
 *     tell.c recorder.c   recording
 *     replay.c            replaying
 *     list.c              a recording as text */
#ifndef HOSTEL_VM_RECORD_RECORD_H
#define HOSTEL_VM_RECORD_RECORD_H

#include "vm/limits.h"
#include "vm/reader.h"
#include "vm/store.h"

#define RECORDING_MAGIC "\0run\1\0\0\0"
enum { RECORDING_MAGIC_SIZE = 8 };

enum record_kind {
    RECORD_NONE,
    RECORD_NOTE,
    RECORD_MODULE,
    RECORD_IMPORT,
    RECORD_CALL,
    RECORD_FAIL,
    RECORD_OPEN,
    RECORD_AGAIN,
    RECORD_CLOSE,
    RECORD_ABORT,
    RECORD_REPEAT,
    RECORD_END = 12, /* 11 is nothing */
};

/* ---- check.c: CRC-32, that of zlib and Ethernet ---- */

struct check_table {
    uint32_t of[8][256];
};

void check_table_init(struct check_table *table);

/* Continue the checksum `check`, which begins as 0. */
uint32_t check_continue(const struct check_table *table,
                        uint32_t check,
                        struct slice bytes);

/* ---- sha256.c (FIPS 180-4) ---- */

enum { SHA256_SIZE = 32 };
void sha256(struct slice bytes, uint8_t out[SHA256_SIZE]);

/* Before the guest goes on, what holds much is given back: or it might be
 * refused memory because it is recorded. */
enum { KEPT_BYTES = 1 << 16 };

static inline void let_go(struct buffer *buffer) {
    if (buffer->capacity > KEPT_BYTES)
        buffer_free(buffer);
}

/* ---- handed.c ---- */

struct host_call;

/* Bytes that a host function was given, and where what was in them is in the
 * copies. */
struct handed_piece {
    const struct memory *memory;
    uint64_t address, size;
    size_t copy;
};

/* What the call under way was given besides words, apart and in order. */
struct handed {
    struct handed_piece *pieces; /* owned */
    size_t count, capacity;
    struct buffer copies; /* failed: no memory for one */
};

/* What of it is in no piece becomes some. Returns the bytes. */
uint8_t *handed_add(struct handed *handed,
                    const struct memory *memory,
                    uint64_t address,
                    uint64_t size);

bool handed_changed(const struct handed *handed);

/* The guest is about to run: nothing has been handed out yet. */
void handed_forget(struct handed *handed, struct host_call *call);

/* The next run of bytes that have changed; false if there is none. Between two
 * of a piece there are eight or more that have not. */
struct handed_run {
    size_t number; /* of words, then pieces; 0 at first, as all else */
    struct handed_piece piece;
    uint64_t at, size; /* in it */
};

bool handed_next(const struct handed *handed,
                 const struct host_call *call,
                 struct handed_run *run);

void handed_free(struct handed *handed);

/* ---- write.c ---- */

struct record_writer {
    const struct vm *vm; /* whose memory the records are drawn from */
    int file;            /* owned; -1: none */
    uint32_t check;
    struct check_table table;
    struct buffer out; /* the record that is being written */
    enum record_kind kind;
    bool failed; /* something could not be written, and has been told */
};

/* Create the file, for its owner only. */
bool writer_open(struct record_writer *writer,
                 const char *path,
                 struct error *error);

/* A record is begun, filled, and written whole. */
void writer_begin(struct record_writer *writer, enum record_kind kind);
bool writer_end(struct record_writer *writer, struct error *error);
void writer_close(struct record_writer *writer);

void put_u(struct record_writer *writer, uint64_t value);
void put_s(struct record_writer *writer, int64_t value);
void put_bytes(struct record_writer *writer, struct slice bytes);
void put_text(struct record_writer *writer, struct slice text);
void put_failure(struct record_writer *writer, const struct error *failure);

/* ---- read.c ---- */

struct record_reader {
    FILE *file;      /* owned */
    uint64_t offset; /* of the next record */
    uint32_t check;
    struct check_table table;
    struct buffer payload; /* of the last record */
    enum record_kind kind;
    uint64_t at;  /* the last record's offset */
    bool damaged; /* more follows, but it is none of ours */
};

/* Takes the file. False if it is no recording of a version that is known. */
bool record_reader_open(struct record_reader *reader,
                        FILE *file,
                        struct error *error);
bool record_rewind(struct record_reader *reader, struct error *error);

/* The next whole record; false behind the last one. */
bool record_next(struct record_reader *reader);
void record_reader_close(struct record_reader *reader);

/* To read what is in it. */
struct reader record_payload(const struct record_reader *reader,
                             struct error *error);

struct slice take_text(struct reader *reader);

/* A failure into `failure`, whose text is cut if need be. */
void take_failure(struct reader *reader, struct error *failure);

/* ---- tape.c ---- */

/* A host function that an instance imports, and the last call of it. */
struct taped {
    struct vm *vm;
    struct taped *next; /* of the vm's: the one before */
    uint32_t number;    /* in the order of linking */
    struct vm_import import;
    const struct func_type *type;
    bool told; /* there is an IMPORT record of it */

    vm_host_function host; /* what is recorded */
    void *context;
    bool secret; /* what it writes is shown to vm_recording.hide */

    uint64_t *now;  /* the arguments of the call under way */
    uint64_t *last; /* of the call before: arguments, then results */
    uint64_t at;    /* where its last run ended */
};

static inline uint64_t *last_results(const struct taped *taped) {
    return taped->last + taped->type->param_slots;
}

/* Memories and instances are told apart by how many were made before. */
uint64_t memory_number(const struct memory *memory);
struct memory *memory_numbered(const struct vm *vm, uint64_t number);
uint64_t instance_number(const struct instance *instance);
struct instance *instance_numbered(const struct vm *vm, uint64_t number);

/* ---- recording ---- */

/* A word that a host function was given, and what was in it. */
struct handed_word {
    const struct memory *memory;
    uint64_t address;
    uint32_t was;
};

enum { HANDED_WORDS = 8 };

/* A call under way. */
struct host_call {
    struct host_call *outer; /* that has called the guest; or NULL */
    struct taped *taped;
    const struct instance *caller;
    bool opened; /* it has called the guest */
    bool others; /* other parts of memory were given, since the guest ran */
    uint32_t word_count;
    struct handed_word words[HANDED_WORDS];
};

struct recorder {
    struct record_writer writer;
    struct handed handed;
    struct vm_recorded to;
    struct buffer shown; /* of a piece, what may be seen */

    struct host_call calls[LIMIT_HOST_NESTING + 1]; /* by the vm's nesting */
    struct taped *repeated; /* what the last record is about, or NULL */
    uint64_t pending;       /* repeats of it that are not told yet */
    uint64_t patience;      /* how many of them are told at once */
    uint64_t tellings;      /* how often they were */
};

static inline struct recorder *recorder_of(const struct host_call *call) {
    return call->taped->vm->recorder;
}

/* tell.c: the call has returned, or failed; when it calls a function of the
 * guest's: tape_enter. A failure is the guest's end, and its own error counts:
 * returns false. */
bool tell_return(struct host_call *call,
                 const uint64_t *results,
                 struct error *error);
bool tell_failure(struct host_call *call, const struct error *failure);

/* The calls that were like the one before, as far as they are not told. */
bool tell_repeats(struct recorder *recorder, struct error *error);

/* ---- recorder.c, replay.c: the vm_host_functions of all that is taped ---- */

bool record_call(void *context,
                 struct instance *caller,
                 uint64_t *slots,
                 struct error *error);
bool replay_call(void *context,
                 struct instance *caller,
                 uint64_t *slots,
                 struct error *error);

/* Whether what the import writes may have secrets in it. */
bool recorder_hides(const struct vm *vm, const struct vm_import *import);

/* How many slots values of these types take; 0 if that are none. */
uint32_t slots_of_types(struct slice types);

void recorder_free(struct vm *vm);
void player_free(struct vm *vm);

/* ---- a recording that is being read: replay.c and list.c ---- */

struct vm_recording {
    struct record_reader reader;
    struct arena arena; /* of what follows */
    struct vm_note *notes;
    size_t note_count, note_capacity;
    struct vm_note *modules; /* their bytes are the values */
    size_t module_count, module_capacity;
    bool ended; /* there is an END record */
    struct error end;
    uint64_t units;
};

#endif
