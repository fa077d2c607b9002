/* Fuzzing tracefiles of lcov: one that is taken is written such that reading it
 * again gives the same, twice it the double; and memory is in step with the
 * bytes. */
#include "vm/vm.h"

#include <stdlib.h>
#include <string.h>

static void check(bool fine) {
    if (!fine)
        abort();
}

/* What is written of so many times a text; false if it is refused. */
static bool sum(struct slice text, int times, struct buffer *out) {
    struct budget budget = {.limit = 1 << 20 | 64 * (uint64_t)text.size};
    struct error error = ERROR_INIT;
    struct vm_coverage *coverage = vm_coverage_open(&budget);
    check(coverage != NULL);
    bool read = true;
    for (int i = 0; i < times && read; i++)
        read = vm_coverage_read(coverage, text, &error);
    check(read || error.kind == ERROR_MALFORMED);

    char *written = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&written, &size);
    check(file != NULL);
    check(!read || vm_coverage_write(coverage, file, &error));
    fclose(file);
    vm_coverage_close(coverage);
    check(budget.held == 0);
    buffer_append(out, written, size);
    free(written);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buffer once, again, twice, both;
    struct buffer *all[] = {&once, &again, &twice, &both};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buffer_init(all[i], 1 << 24);
    if (sum((struct slice){data, size}, 1, &once)) {
        check(sum(buffer_slice(&once), 1, &again));
        check(slice_equal(buffer_slice(&once), buffer_slice(&again)));
        check(sum((struct slice){data, size}, 2, &both));
        check(sum(buffer_slice(&once), 2, &twice));
        check(slice_equal(buffer_slice(&both), buffer_slice(&twice)));
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buffer_free(all[i]);
    return 0;
}
