/* wasi: a directory of 100,000 entries is listed in linear time, told by
 * counting.
 *
 * This file has a `readdir` of its own, which the linker takes instead of the C
 * library's and which counts how many entries the host was asked for. The guest
 * (tests/guests/wasi/call.c) lists the directory as libc does, with a small
 * buffer, so that it calls thousands of times. It writes what it found to
 * standard output, which is a file for that while. */
#define _GNU_SOURCE /* readdir64 */
#include "tests/unit/wasi_guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENTRIES = 100000 };

static long reads;

static bool silent; /* tell neither an inode nor a type */
/* So many entries of as long a name as can be are told instead of the real. */
static long made_up;

_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64),
               "they are the same on 64 bits");

struct dirent *readdir(DIR *directory) {
    static struct dirent invented = {.d_type = DT_REG};
    reads++;
    if (made_up > 0) {
        snprintf(invented.d_name, sizeof invented.d_name, "%0255ld", made_up--);
        return made_up > 0 ? &invented : NULL;
    }
    struct dirent *entry = (struct dirent *)readdir64(directory);
    if (entry && silent) {
        entry->d_ino = 0;
        entry->d_type = DT_UNKNOWN;
    }
    return entry;
}

/* A file system in memory spares the disk. */
static char memory[] = "/dev/shm/hostel-list-XXXXXX",
            disk[] = "/tmp/hostel-list-XXXXXX";
static char *top;

static int open_ground(void **state) {
    (void)state;
    top = mkdtemp(memory);
    if (!top)
        top = mkdtemp(disk);
    if (!top)
        return -1;
    int directory = open(top, O_RDONLY | O_DIRECTORY);
    bool made = mkdirat(directory, "many", 0777) == 0;
    for (int i = 0; i < ENTRIES && made; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%d", i);
        int fd = openat(directory, name, O_WRONLY | O_CREAT, 0666);
        made = fd >= 0;
        close(fd);
    }
    close(directory);
    return made ? 0 : -1;
}

static int close_ground(void **state) {
    (void)state;
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", top);
    return system(line);
}

static char *beneath(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

/* What the guest says when it makes these calls. */
static void
ask(const char *const *words, size_t count, char *said, size_t room) {
    int answer = open(beneath("answer"), O_RDWR | O_CREAT | O_TRUNC, 0666),
        before = dup(1);
    fflush(stdout);
    dup2(answer, 1);
    struct error error = ERROR_INIT;
    reads = 0;
    wasi_guest_run(words, count, VM_UNLIMITED, beneath("many"), &error);
    dup2(before, 1);
    close(before);
    ssize_t size = pread(answer, said, room - 1, 0);
    said[size > 0 ? size : 0] = 0;
    close(answer);
    if (error.kind != ERROR_NONE)
        fail_msg("%s", error.text);
}

/* What it says of the directory, listed with a buffer of `size` bytes. */
static void list(int size, char *said, size_t room) {
    char call[32];
    snprintf(call, sizeof call, "list 3 %d", size);
    const char *const words[] = {"call", call};
    ask(words, 2, said, room);
}

static void many_entries_are_read_once_each(void **state) {
    (void)state;
    /* A slow one is found out early. */
    static const int sizes[] = {65536, 4096, 300};
    char said[256];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        list(sizes[i], said, sizeof said);
        assert_string_equal(
            said, "SUCCESS count=100002 bytes=488893 dot=1 dots=1 bad=0\n");
        /* The two dots of the file system, and the end. */
        assert_true(reads >= ENTRIES && reads <= ENTRIES + 3);
    }
}

static void a_silent_file_system_is_asked_again(void **state) {
    (void)state;
    char said[256];
    silent = true;
    list(65536, said, sizeof said);
    silent = false;
    assert_string_equal(
        said, "SUCCESS count=100002 bytes=488893 dot=1 dots=1 bad=0\n");
}

/* 300,000 names of 255 bytes are more than is remembered of them; the last ones
 * are. Those made up have no inode at all. */
static void old_entries_are_forgotten(void **state) {
    (void)state;
    static const char *const words[] = {"call",
                                        "list 3 65536",
                                        "readdir 3 279 5",
                                        "readdir 3 279 290000",
                                        "readdir 3 279 0"};
    char said[2048];
    made_up = 300001;
    ask(words, 5, said, sizeof said);
    made_up = 0;
    assert_non_null(strstr(
        said,
        "SUCCESS count=300002 bytes=76500003 dot=1 dots=1 bad=0\nINVAL\n"));
    assert_non_null(strstr(said, ":290001 ] SUCCESS used=279 "));
    assert_non_null(strstr(said, "[ .:1 ..:2 "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_entries_are_read_once_each),
        cmocka_unit_test(a_silent_file_system_is_asked_again),
        cmocka_unit_test(old_entries_are_forgotten),
    };
    return cmocka_run_group_tests(tests, open_ground, close_ground);
}
