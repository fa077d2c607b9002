/* The temporary directory's removal: all of it goes, and nothing else, whatever
 * it holds and whatever others do to it meanwhile.
 *
 * Every test has a ground of its own, in which `parent/made` is the directory
 * to be removed and `victim` must be left as it is. */
#define _GNU_SOURCE /* unshare, mount */
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534, NAME_MAX_BYTES = 255 };

/* ---- the ground ---- */

static void put_file(int directory, const char *name) {
    int fd = openat(directory, name, O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    close(fd);
}

static int enter_ground(void **state) {
    char top[] = "/tmp/test-removal-XXXXXX";
    if (!mkdtemp(top) || chdir(top) != 0)
        return -1;
    *state = strdup(top);
    mkdir("parent", 0777);
    mkdir("parent/made", 0700);
    mkdir("victim", 0777);
    mkdir("victim/sub", 0777);
    put_file(AT_FDCWD, "victim/file");
    put_file(AT_FDCWD, "victim/sub/file");
    return 0;
}

static int leave_ground(void **state) {
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", (char *)*state);
    free(*state);
    return chdir("/") + system(line);
}

static DIR *open_made(void) {
    DIR *root = opendir("parent/made");
    assert_non_null(root);
    return root;
}

/* Remove it; NULL, or the error's text. */
static const char *removing(DIR *root) {
    static struct error error;
    error = (struct error)ERROR_INIT;
    bool removed = removal_run(root, "made", "the directory", &error);
    closedir(root);
    assert_int_equal(removed, error.kind == ERROR_NONE);
    return removed ? NULL : error.text;
}

static bool exists(const char *path) {
    struct stat stat;
    return lstat(path, &stat) == 0;
}

static void assert_nothing_else_is_touched(void) {
    assert_true(exists("victim/file") && exists("victim/sub/file"));
}

static void assert_all_gone(DIR *root) {
    struct stat stat;
    int copy = dup(dirfd(root));
    const char *text = removing(root);
    if (text)
        fail_msg("%s", text);
    assert_int_equal(fstat(copy, &stat), 0);
    assert_int_equal(stat.st_nlink, 0);
    close(copy);
    assert_nothing_else_is_touched();
}

/* ---- what it holds ---- */

/* A chain of `depth` directories, each with a file and a link out; the deepest
 * gets `last`. */
static void dig(int depth, const char *name, const char *last) {
    int here = open("parent/made", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < depth; i++) {
        put_file(here, "file");
        int linked = symlinkat("../../victim", here, "link");
        assert_true(linked == 0 || errno == EEXIST);
        assert_int_equal(mkdirat(here, name, 0777), 0);
        int next = openat(here, name, O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(here);
        here = next;
    }
    put_file(here, last);
    close(here);
}

static void any_content_goes(void **state) {
    (void)state;
    char name[NAME_MAX_BYTES + 1];
    memset(name, '\xFF', NAME_MAX_BYTES);
    name[NAME_MAX_BYTES] = '\0';
    dig(1100, name, "last");        /* more than there are descriptors */
    dig(3, "hostel-1", "hostel-0"); /* names that the removal itself gives */
    mkdir("parent/made/wide", 0777);
    int wide = open("parent/made/wide", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%d", i);
        put_file(wide, name);
    }
    close(wide);
    assert_int_equal(mkfifo("parent/made/fifo", 0666), 0);
    assert_all_gone(open_made());
    assert_false(exists("parent/made"));
}

/* Run `body` in a process of its own, without privileges, if we have any. */
static void as_nobody(void (*body)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool ready =
            geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        if (!ready)
            _exit(1);
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void remove_barred(void) {
    DIR *root = opendir("parent/made");
    mkdir("parent/made/closed", 0777);
    mkdir("parent/made/closed/inner", 0777);
    mkdir("parent/made/full", 0777);
    put_file(AT_FDCWD, "parent/made/full/file");
    chmod("parent/made/closed/inner", 0);
    chmod("parent/made/closed", 0);
    chmod("parent/made/full", 0555);
    chmod("parent/made", 0);
    if (removing(root))
        _exit(2);
}

static void modes_do_not_matter(void **state) {
    chmod(*state, 0777);
    chmod("parent", 0777);
    int made = chown("parent/made", NOBODY, NOBODY);
    assert_true(made == 0 || geteuid() != 0);
    as_nobody(remove_barred);
    assert_false(exists("parent/made"));
}

static void what_was_removed_by_others_is_gone(void **state) {
    (void)state;
    DIR *root = open_made();
    rmdir("parent/made");
    mkdir("parent/made", 0777); /* another one */
    assert_all_gone(root);
    assert_true(exists("parent/made"));
}

/* ---- moved and replaced ---- */

static void a_link_in_its_place_is_not_followed(void **state) {
    (void)state;
    DIR *root = open_made();
    dig(2, "d", "last");
    assert_int_equal(rename("parent/made", "parent/moved"), 0);
    assert_int_equal(symlink("../victim", "parent/made"), 0);
    assert_all_gone(root);
    assert_true(exists("parent/made"));
}

static void another_directory_in_its_place_stays(void **state) {
    (void)state;
    DIR *root = open_made();
    dig(2, "d", "last");
    assert_int_equal(rename("parent/made", "moved"), 0);
    mkdir("parent/made", 0777);
    assert_all_gone(root);
    assert_true(exists("parent/made"));
    assert_false(exists("moved"));
}

/* ---- what cannot be removed ---- */

/* True in a process that sees mounts of its own; what it mounts ends with
 * it. */
static bool own_mounts(void) {
    return unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Both are on the same device as the directory, so only the kernel knows them
 * to be mounted. */
static int remove_around_mounts(void) {
    if (!own_mounts())
        return 77;
    /* A descriptor sees the mounts of its time. */
    DIR *root = opendir("parent/made");
    dig(2, "d", "last");
    mkdir("parent/made/mounted", 0777);
    mkdir("parent/made/d/mounted", 0777);
    if (mount("victim", "parent/made/mounted", NULL, MS_BIND, NULL) != 0 ||
        mount("victim", "parent/made/d/mounted", NULL, MS_BIND, NULL) != 0)
        return 77;
    const char *text = removing(root);
    if (!text || !strstr(text, "could not be emptied: Device or resource busy"))
        return 2;
    if (exists("parent/made/d/file") || exists("parent/made/d/d"))
        return 3;
    if (!exists("parent/made/d/mounted/file"))
        return 4;
    return exists("parent/made/mounted/file") ? 0 : 5;
}

static void what_is_mounted_there_is_not_entered(void **state) {
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(remove_around_mounts());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    /* Not privileged. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
    assert_nothing_else_is_touched();
}

static void the_reason_is_told(void **state) {
    (void)state;
    DIR *root = open_made();
    dig(2, "d", "last");
    put_file(AT_FDCWD, "parent/made/kept");
    int fd = open("parent/made/kept", O_RDONLY), on = FS_IMMUTABLE_FL, off = 0;
    bool kept = ioctl(fd, FS_IOC_SETFLAGS, &on) == 0;
    const char *text = removing(root);
    ioctl(fd, FS_IOC_SETFLAGS, &off);
    close(fd);
    if (!kept)
        skip(); /* not privileged, or a file system without */
    assert_non_null(text);
    assert_non_null(
        strstr(text, "made could not be emptied: Operation not permitted"));
    assert_false(exists("parent/made/d"));
}

/* ---- others at the same time ---- */

/* Somebody who puts something there whenever we look: to see that a directory
 * is empty takes three calls. */
static int filling = -1; /* a descriptor of the directory */

struct dirent *__real_readdir(DIR *directory);
struct dirent *__wrap_readdir(DIR *directory);
struct dirent *__wrap_readdir(DIR *directory) {
    static unsigned serial;
    char name[32];
    snprintf(name, sizeof name, "%u", serial++);
    bool file = serial % 6 == 0, folder = serial % 6 == 3;
    if (filling >= 0 && file)
        put_file(filling, name);
    if (filling >= 0 && folder)
        mkdirat(filling, name, 0777);
    return __real_readdir(directory);
}

static void who_fills_it_keeps_us_not_for_ever(void **state) {
    (void)state;
    DIR *root = open_made();
    filling = dup(dirfd(root));
    const char *text = removing(root);
    close(filling);
    filling = -1;
    assert_non_null(text);
    assert_non_null(
        strstr(text, "made could not be emptied: others keep filling it"));
    assert_nothing_else_is_touched();
}

/* Where the directory was, there is now and then a link that leads out, or
 * nothing. */
static _Noreturn void move(void) {
    for (;;) {
        rename("parent/made", "parent/moved");
        if (symlink("../victim", "parent/made") == 0)
            unlink("parent/made");
        rename("parent/moved", "parent/made");
    }
}

static void who_moves_it_gains_nothing(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) {
        if (!exists("parent/made"))
            mkdir("parent/made", 0700);
        DIR *root = open_made();
        dig(2, "d", "last");
        int copy = dup(dirfd(root));
        pid_t child = fork();
        if (child == 0)
            move();
        const char *text = removing(root);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        bool told =
            text && (strstr(text, "is empty, but was moved away") ||
                     strstr(text, "is empty, but could not be removed"));
        struct stat stat;
        assert_int_equal(fstat(copy, &stat), 0);
        assert_true(text ? told : stat.st_nlink == 0);
        assert_int_not_equal(faccessat(copy, "d", F_OK, 0), 0);
        close(copy);
        assert_nothing_else_is_touched();
        unlink("parent/made"); /* if it is the link */
        rmdir("parent/moved");
    }
}

int main(void) {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, enter_ground, leave_ground)
    const struct CMUnitTest tests[] = {
        TEST(any_content_goes),
        TEST(modes_do_not_matter),
        TEST(what_was_removed_by_others_is_gone),
        TEST(a_link_in_its_place_is_not_followed),
        TEST(another_directory_in_its_place_stays),
        TEST(what_is_mounted_there_is_not_entered),
        TEST(the_reason_is_told),
        TEST(who_fills_it_keeps_us_not_for_ever),
        TEST(who_moves_it_gains_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
