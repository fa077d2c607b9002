/* What a host may ask of vm/record; a part of vm.h. */
#ifndef HOSTEL_VM_RECORD_API_H
#define HOSTEL_VM_RECORD_API_H

#include "vm/vm.h"

/* ---- recording what the host answers, and replaying it ---- */

/* What a guest does depends on its module, its limits and the answers of host
 * functions. A recording has the latter, in the order of the calls: arguments,
 * results, what was written to memory; vm/record/record.h has the format. What
 * the host does to globals and tables, or to memory while none of its functions
 * is called, is not in it, and functions that take or give references are left
 * out. */

/* What the program that records wants to find again: its arguments, say. */
struct vm_note {
    struct slice name, value;
};

/* All borrowed as long as the vm lives. */
struct vm_recorded {
    const char *path; /* to be created, readable for its owner only */
    const struct vm_note *notes;
    size_t note_count;
    const struct vm_note *modules; /* kept with it: name and bytes */
    size_t module_count;
    /* May overwrite what nobody shall read in bytes that a function has
     * written; asked for each import first, whether it wants to. Or NULL. */
    bool (*hides)(void *context, const struct vm_import *import);
    void (*hide)(void *context,
                 const struct vm_import *import,
                 uint8_t *bytes,
                 size_t size);
    void *context;
};

/* Record the calls of host functions by instances that are still to come. When
 * the recording can take no more, the guest is ended by an ERROR_IO. */
bool vm_record_calls(struct vm *vm,
                     const struct vm_recorded *to,
                     struct error *error);

/* The run is over, and this is how: the end of the recording. Nothing, without
 * one. */
bool vm_record_end(struct vm *vm, const struct error *end, struct error *error);

/* A recording that is read. */
struct vm_recording;

bool vm_recording_is(struct slice bytes); /* as far as its beginning tells */

/* Takes the file, which must be one that can be read twice. NULL on failure. */
struct vm_recording *vm_recording_open(FILE *file, struct error *error);
void vm_recording_close(struct vm_recording *recording);

/* What was noted, NULL behind the last; and a module of that name, or NULL. */
const struct vm_note *vm_recording_note(const struct vm_recording *recording,
                                        size_t i);
const struct vm_note *vm_recording_module(const struct vm_recording *recording,
                                          const char *name);

/* Print it, a line a record. ERROR_MALFORMED where it was cut off, or damaged;
 * not before all that is whole was printed. */
bool vm_recording_list(struct vm_recording *recording,
                       FILE *out,
                       struct error *error);

/* Where the recorded run was out of time or interrupted, the fuel that ends a
 * replay there; else VM_UNLIMITED. */
int64_t vm_recording_fuel(const struct vm_recording *recording);

/* A call that is replayed. */
struct vm_replayed {
    const struct vm_import *import;
    struct instance *caller;
    const uint64_t *args; /* as vm_host_function has them; some, if many */
    uint32_t arg_count;
    bool returned; /* below: only after it */
    const uint64_t *results;
};

/* The functions, which may be NULL, end the guest by returning false; all else
 * is borrowed as long as the vm lives. */
struct vm_replaying {
    struct vm_recording *recording;
    uint64_t until; /* vm_stopped before that call, counted from 1; 0: not */
    bool (*before)(void *context,
                   const struct vm_replayed *call,
                   struct error *error);
    bool (*after)(void *context,
                  const struct vm_replayed *call,
                  struct error *error);
    void *context;
};

/* Answer the calls of host functions by instances that are still to come from
 * the recording; nothing needs to be defined. Where the guest calls something
 * else it is ended by an ERROR_IO. */
bool vm_replay_calls(struct vm *vm,
                     const struct vm_replaying *to,
                     struct error *error);

/* The run is over: whether it ended as the recorded one did. An end that was
 * made of fuel becomes what it stands for. */
bool vm_replay_end(struct vm *vm, struct error *end, struct error *error);

/* SHA-256 of the bytes, in hexadecimal digits. */
enum { VM_HASH_SIZE = 65 };
void vm_hash(struct slice bytes, char out[VM_HASH_SIZE]);

#endif
