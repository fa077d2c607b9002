/* wasi: what the system does to a whole file, it is asked to do in pieces where
 * the guest has a time limit, since it may take any time. The Makefile has the
 * calls of the system come through here. */
#include "tests/unit/wasi_guest.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE                                                                   \
    ((off_t)1 << 30) /* of the file, which is a hole: nothing takes time */

static int truncations, advices;

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size) {
    truncations++;
    return __real_ftruncate(fd, size);
}

int __real_posix_fadvise(int fd, off_t offset, off_t size, int advice);
int __wrap_posix_fadvise(int fd, off_t offset, off_t size, int advice);
int __wrap_posix_fadvise(int fd, off_t offset, off_t size, int advice) {
    advices++;
    return __real_posix_fadvise(fd, offset, size, advice);
}

/* How large the file is after such a call. */
static off_t size_after(const char *call, int64_t timeout_ms) {
    char directory[] = "/tmp/hostel-pieces-XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/big", directory);
    int fd = open(path, O_RDWR | O_CREAT, 0666);
    assert_int_equal(__real_ftruncate(fd, SIZE), 0);
    const char *const words[] = {
        "call", "open 3 big write rights=0x4001c3", call};
    truncations = advices = 0;
    struct error error = ERROR_INIT;
    wasi_guest_run(words, 3, timeout_ms, directory, &error);
    if (error.kind != ERROR_NONE)
        fail_msg("%s", error.text);
    struct stat stat;
    assert_int_equal(fstat(fd, &stat), 0);
    close(fd);
    unlink(path);
    rmdir(directory);
    return stat.st_size;
}

enum { MINUTE_MS = 60000 };

static void a_file_is_cut_off_in_pieces(void **state) {
    (void)state;
    static const char *const calls[] = {"setsize 4 0",
                                        "open 3 big trunc write"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(size_after(calls[i], MINUTE_MS), 0);
        assert_true(truncations >= 3 && truncations <= 1024);
        assert_int_equal(size_after(calls[i], VM_UNLIMITED), 0);
        assert_int_equal(truncations, 1);
    }
}

static void a_file_is_let_go_in_pieces(void **state) {
    (void)state;
    assert_int_equal(size_after("advise 4 0 0 4", MINUTE_MS), SIZE);
    assert_true(advices >= 3 && advices <= 1025);
    size_after("advise 4 0 4096 4", MINUTE_MS);
    assert_int_equal(advices, 2);
    size_after("advise 4 0 0 4", VM_UNLIMITED);
    assert_int_equal(advices, 1);
    size_after("advise 4 0 0 3", MINUTE_MS);
    assert_int_equal(advices, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_cut_off_in_pieces),
        cmocka_unit_test(a_file_is_let_go_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
