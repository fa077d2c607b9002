/* A build that records nothing, and has nothing to replay. */
#include "vm/rings.h"
#include "vm/store.h"

bool tape_link(struct vm *vm,
               const struct vm_import *import,
               struct function *function,
               struct error *error) {
    (void)vm, (void)import, (void)function, (void)error;
    return true;
}

uint8_t *
tape_hand_out(const struct memory *memory, uint64_t address, uint64_t size) {
    (void)size;
    return memory->data + address;
}

bool tape_enter(struct host_call *call,
                const struct function *function,
                const uint64_t *slots,
                struct error *error) {
    (void)call, (void)function, (void)slots, (void)error;
    return true;
}

void tape_free(struct vm *vm) {
    (void)vm;
}

static bool lacking(struct error *error) {
    return error_set(
        error, ERROR_UNSUPPORTED, "it needs vm/record, which this build lacks");
}

bool vm_record_calls(struct vm *vm,
                     const struct vm_recorded *to,
                     struct error *error) {
    (void)vm, (void)to;
    return lacking(error);
}

bool vm_record_end(struct vm *vm,
                   const struct error *end,
                   struct error *error) {
    (void)vm, (void)end, (void)error;
    return true;
}

bool vm_recording_is(struct slice bytes) {
    (void)bytes;
    return false;
}

struct vm_recording *vm_recording_open(FILE *file, struct error *error) {
    fclose(file);
    return lacking(error), NULL;
}

void vm_recording_close(struct vm_recording *recording) {
    (void)recording;
}

const struct vm_note *vm_recording_note(const struct vm_recording *recording,
                                        size_t i) {
    (void)recording, (void)i;
    return NULL;
}

const struct vm_note *vm_recording_module(const struct vm_recording *recording,
                                          const char *name) {
    (void)recording, (void)name;
    return NULL;
}

bool vm_recording_list(struct vm_recording *recording,
                       FILE *out,
                       struct error *error) {
    (void)recording, (void)out;
    return lacking(error);
}

int64_t vm_recording_fuel(const struct vm_recording *recording) {
    (void)recording;
    return VM_UNLIMITED;
}

bool vm_replay_calls(struct vm *vm,
                     const struct vm_replaying *to,
                     struct error *error) {
    (void)vm, (void)to;
    return lacking(error);
}

bool vm_replay_end(struct vm *vm, struct error *end, struct error *error) {
    (void)vm, (void)end, (void)error;
    return true;
}

void vm_hash(struct slice bytes, char out[VM_HASH_SIZE]) {
    (void)bytes;
    out[0] = '\0';
}
