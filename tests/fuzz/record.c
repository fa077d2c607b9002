/* Fuzzing recordings: whatever one says, it is listed and replayed to an end,
 * with a guest that makes calls of several types, and one that calls back.
 *
 * The input is records: kind, size in two bytes, payload; they get their
 * checksums here. If its first byte is odd, what follows is the file as it
 * is. */
#include "vm/record/record.h"

#include <stdlib.h>
#include <string.h>

/* (import "h" "f" (func $f (param i32 i32) (result i32)))
 * (import "h" "g" (func $g (param i64 f64) (result i64 i32)))
 * (import "h" "n" (func $n))
 * (memory (export "memory") 1)
 * (func (export "malloc") (param i32) (result i32) ... calls $f
 * (func (export "run") ... 50 times $n, $f and $g, with what is in memory */
/* clang-format off */
static const uint8_t guest[] = {
    0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00, 0x01, 0x16, 0x04,
    0x60, 0x02, 0x7F, 0x7F, 0x01, 0x7F, 0x60, 0x02, 0x7E, 0x7C, 0x02,
    0x7E, 0x7F, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7F, 0x01, 0x7F, 0x02,
    0x13, 0x03, 0x01, 0x68, 0x01, 0x66, 0x00, 0x00, 0x01, 0x68, 0x01,
    0x67, 0x00, 0x01, 0x01, 0x68, 0x01, 0x6E, 0x00, 0x02, 0x03, 0x03,
    0x02, 0x03, 0x02, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x19, 0x03,
    0x06, 0x6D, 0x65, 0x6D, 0x6F, 0x72, 0x79, 0x02, 0x00, 0x06, 0x6D,
    0x61, 0x6C, 0x6C, 0x6F, 0x63, 0x00, 0x03, 0x03, 0x72, 0x75, 0x6E,
    0x00, 0x04, 0x0A, 0x3E, 0x02, 0x08, 0x00, 0x20, 0x00, 0x41, 0x01,
    0x10, 0x00, 0x0B, 0x33, 0x01, 0x01, 0x7F, 0x03, 0x40, 0x10, 0x02,
    0x41, 0x08, 0x28, 0x02, 0x00, 0x20, 0x00, 0x10, 0x00, 0x1A, 0x41,
    0x10, 0x29, 0x03, 0x00, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0xF0, 0x3F, 0x10, 0x01, 0x1A, 0x1A, 0x20, 0x00, 0x41, 0x01, 0x6A,
    0x21, 0x00, 0x20, 0x00, 0x41, 0x32, 0x49, 0x0D, 0x00, 0x0B, 0x0B,
};
/* clang-format on */

enum { RECORDING_MAX = 1 << 20, FUEL = 100000 };

static void check(bool fine) {
    if (!fine)
        abort();
}

static void put_record(struct buffer *out,
                       const struct check_table *table,
                       uint32_t *sum,
                       uint8_t kind,
                       struct slice payload) {
    size_t size = payload.size;
    const uint8_t head[] = {kind,
                            (uint8_t)(size | 0x80),
                            (uint8_t)(size >> 7 | 0x80),
                            (uint8_t)(size >> 14)};
    *sum = check_continue(table, *sum, (struct slice){head, sizeof head});
    *sum = check_continue(table, *sum, payload);
    const uint8_t end[] = {(uint8_t)*sum,
                           (uint8_t)(*sum >> 8),
                           (uint8_t)(*sum >> 16),
                           (uint8_t)(*sum >> 24)};
    buffer_append(out, head, sizeof head);
    buffer_append_slice(out, payload);
    buffer_append(out, end, sizeof end);
}

static void make_recording(struct buffer *out, struct slice input) {
    static const uint8_t magic[] = RECORDING_MAGIC;
    struct check_table table;
    uint32_t sum = 0;
    size_t at = 1;
    if (input.size == 0 || input.data[0] & 1) {
        buffer_append_slice(out, input);
        return;
    }
    check_table_init(&table);
    buffer_append(out, magic, RECORDING_MAGIC_SIZE);
    while (input.size - at >= 3) {
        uint8_t kind = input.data[at];
        size_t size = input.data[at + 1] | (size_t)input.data[at + 2] << 8;
        at += 3;
        if (size > input.size - at)
            size = input.size - at;
        struct slice payload = {input.data + at, size};
        put_record(out, &table, &sum, kind, payload);
        at += size;
    }
}

/* Notes are as many as they say. */
static void look(const struct vm_recording *recording) {
    size_t count = 0;
    while (vm_recording_note(recording, count))
        count++;
    check(count <= RECORDING_MAX);
    vm_recording_module(recording, "");
    vm_recording_fuel(recording);
}

static void play(struct vm_recording *recording) {
    struct error error = ERROR_INIT;
    struct vm_limits limits = vm_limits_default();
    limits.fuel = FUEL;
    limits.memory_bytes = 1 << 24;
    struct vm *vm = vm_open(&limits, &error);
    check(vm != NULL);
    struct vm_replaying to = {.recording = recording};
    check(vm_replay_calls(vm, &to, &error));
    struct slice bytes = {guest, sizeof guest};
    struct module *module = vm_load(vm, bytes, &error);
    check(module != NULL);
    struct instance *instance = vm_instantiate(vm, module, &error);
    check(instance != NULL);
    struct function *run = vm_find_function(instance, slice_of("run"));
    struct error different = ERROR_INIT;
    vm_call(run, NULL, 0, NULL, &error);
    check(utf8_valid(slice_of(error.text)));
    vm_replay_end(vm, &error, &different);
    vm_close(vm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buffer bytes;
    struct error error = ERROR_INIT;
    buffer_init(&bytes, RECORDING_MAX);
    make_recording(&bytes, (struct slice){data, size});
    FILE *file = bytes.size ? fmemopen(bytes.data, bytes.size, "rb") : NULL;
    struct vm_recording *recording =
        file ? vm_recording_open(file, &error) : NULL;
    if (recording) {
        FILE *out = fopen("/dev/null", "w");
        check(out != NULL);
        look(recording);
        vm_recording_list(recording, out, &(struct error)ERROR_INIT);
        fclose(out);
        play(recording);
    }
    vm_recording_close(recording);
    buffer_free(&bytes);
    return 0;
}
