/* The temporary directory's life: whenever we die, it goes.
 *
 * The functions by which tmpdir.c reaches the system are wrapped, to end the
 * program at each of these calls in turn, by each deadly signal. */
#define _DEFAULT_SOURCE /* setgroups */
#include "tmpdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534, PATIENCE_MS = 20000 };

static char top[] = "/tmp/test-tmpdir-XXXXXX";

/* ---- calls ---- */

static struct {
    pid_t victim; /* who is to be ended; 0: nobody */
    int left;     /* at the call after so many */
    int by;       /* this signal */
} plan;

static void step(void) {
    if (getpid() == plan.victim && plan.left-- == 0)
        raise(plan.by);
}

/* The call of `name`, a step before and a step behind it. */
#define WRAP(type, name, parameters, ...)                                      \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters {                                            \
        step();                                                                \
        type result = __real_##name(__VA_ARGS__);                              \
        step();                                                                \
        return result;                                                         \
    }

WRAP(int,
     socketpair,
     (int domain, int type, int protocol, int *ends),
     domain,
     type,
     protocol,
     ends)
WRAP(int,
     sigprocmask,
     (int how, const sigset_t *set, sigset_t *old),
     how,
     set,
     old)
WRAP(
    pid_t, waitpid, (pid_t child, int *status, int flags), child, status, flags)
WRAP(int, close, (int fd), fd)
WRAP(int,
     sigaction,
     (int number, const struct sigaction *new, struct sigaction *old),
     number,
     new,
     old)
WRAP(int, open, (const char *path, int flags), path, flags)
WRAP(int, fstat, (int fd, struct stat *stat), fd, stat)
WRAP(int, shutdown, (int fd, int how), fd, how)

/* Where somebody else is faster: puts `precious` in the place of the new
 * directory. */
static enum { NOWHERE, WHEN_MADE, WHEN_SAID, DONE } swap;

static bool put_precious_at(const char *name) {
    return rename(name, "away") == 0 && rename("precious", name) == 0;
}

/* In the current directory. */
static void find_made(char name[32]) {
    name[0] = '\0';
    DIR *directory = opendir(".");
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (strncmp(entry->d_name, "hostel-", 7) == 0)
            snprintf(name, 32, "%.31s", entry->d_name);
    }
    if (directory)
        closedir(directory);
}

char *__real_mkdtemp(char *name);
char *__wrap_mkdtemp(char *name);
char *__wrap_mkdtemp(char *name) {
    char *made = __real_mkdtemp(name);
    if (swap == WHEN_MADE && !put_precious_at(name))
        abort();
    return made;
}

ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags) {
    step();
    ssize_t received = __real_recv(fd, bytes, size, flags);
    if (swap == WHEN_SAID) {
        char name[32];
        find_made(name);
        if (!put_precious_at(name))
            abort();
        swap = DONE;
    }
    step();
    return received;
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void) {
    step();
    pid_t child = __real_fork();
    step();
    return child;
}

/* ---- the ground ---- */

static int open_ground(void **state) {
    (void)state;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        return -1;
    return mkdtemp(top) && chmod(top, 0777) == 0 ? setenv("TMPDIR", top, 1)
                                                 : -1;
}

static int close_ground(void **state) {
    (void)state;
    return rmdir(top);
}

static int left(void) {
    int count = -2; /* "." and ".." */
    DIR *directory = opendir(top);
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* Whoever is left over becomes our child: see open_ground. */
static void wait_for_the_janitor(void) {
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    assert_int_equal(errno, ECHILD);
    assert_int_equal(left(), 0);
}

static void put_file(int directory, const char *name) {
    int fd = openat(directory, name, O_WRONLY | O_CREAT, 0666);
    if (fd >= 0)
        close(fd);
}

/* A life: make it, use it, remove it. */
static int live(void) {
    struct tmpdir tmpdir;
    struct error error = ERROR_INIT;
    if (!tmpdir_open(&tmpdir, true, &error))
        return error.text[0] ? 1 : 2;
    put_file(tmpdir.fd, "file");
    if (mkdirat(tmpdir.fd, "sub", 0777) != 0)
        return 3;
    return tmpdir_close(&tmpdir, &error) ? 0 : 4;
}

/* Returns the status of a process that does `body`. */
static int status_of(int (*body)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* ---- the end ---- */

static int live_until_planned(void) {
    plan.victim = getpid();
    return live();
}

/* End it at each call in turn, until it has no more calls. */
static int count_ends(int by) {
    for (int i = 0;; i++) {
        plan.left = i;
        plan.by = by;
        int status = status_of(live_until_planned);
        wait_for_the_janitor();
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return i;
        }
        assert_int_equal(WTERMSIG(status), by);
    }
}

static void whenever_we_end_nothing_is_left(void **state) {
    static const int deadly[] = {
        SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGALRM};
    (void)state;
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        assert_true(count_ends(deadly[i]) > 30);
    }
}

/* The caller's way not to wait. */
static int leave_without_closing(void) {
    struct tmpdir tmpdir;
    struct error error = ERROR_INIT;
    if (!tmpdir_open(&tmpdir, true, &error))
        return 1;
    put_file(tmpdir.fd, "file");
    return 0;
}

static void who_just_leaves_leaves_nothing(void **state) {
    (void)state;
    assert_int_equal(status_of(leave_without_closing), 0);
    wait_for_the_janitor();
}

static int live_with(rlim_t descriptors) {
    struct rlimit limit = {descriptors, descriptors};
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? live() : 5;
}

/* It is removed, or not made. */
static void few_descriptors_suffice_or_it_is_said(void **state) {
    (void)state;
    int last = -1;
    for (rlim_t descriptors = 0; descriptors < 20; descriptors++) {
        pid_t child = fork();
        if (child == 0)
            _exit(live_with(descriptors));
        assert_int_equal(waitpid(child, &last, 0), child);
        assert_true(WIFEXITED(last) && WEXITSTATUS(last) <= 1);
        assert_int_equal(left(), 0);
    }
    assert_int_equal(last, 0);
}

static int live_without_processes(void) {
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setuid(NOBODY) != 0))
        return 5;
    struct rlimit limit = {0, 0};
    return setrlimit(RLIMIT_NPROC, &limit) == 0 ? live() : 5;
}

static void without_a_process_it_is_not_made(void **state) {
    (void)state;
    assert_int_equal(WEXITSTATUS(status_of(live_without_processes)), 1);
    assert_int_equal(left(), 0);
}

/* ---- others at the same time ---- */

/* Nothing of `precious`, now under our name, is touched. */
static void assert_not_taken_for_ours(const char *why) {
    struct tmpdir tmpdir;
    struct error error = ERROR_INIT;
    assert_int_equal(mkdir("precious", 0777), 0);
    put_file(AT_FDCWD, "precious/file");
    assert_false(tmpdir_open(&tmpdir, true, &error));
    assert_non_null(strstr(error.text, why));
    char name[32], path[64];
    find_made(name);
    snprintf(path, sizeof path, "%s/file", name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(name), 0);
    /* Of ours, it is removed. */
    assert_int_equal(rmdir("away"), swap == WHEN_MADE ? 0 : -1);
    assert_int_equal(left(), 0);
    swap = NOWHERE;
}

static void another_directory_is_not_taken_for_the_new_one(void **state) {
    (void)state;
    assert_int_equal(chdir(top), 0);
    swap = WHEN_MADE;
    assert_not_taken_for_ours("somebody has put another one in its place");
    swap = WHEN_SAID;
    assert_not_taken_for_ours("somebody has put another one in its place");
    assert_int_equal(chdir("/"), 0);
}

/* ---- the process that waits ---- */

static void it_keeps_nothing_of_ours_open(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_DUPFD, 500), 500);
    struct tmpdir tmpdir;
    struct error error = ERROR_INIT;
    assert_true(tmpdir_open(&tmpdir, true, &error));
    close(ends[1]);
    close(500);
    struct pollfd end = {.fd = ends[0]};
    assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
    assert_int_equal(end.revents, POLLHUP);
    close(ends[0]);
    assert_true(tmpdir_close(&tmpdir, &error));
    assert_int_equal(left(), 0);
}

/* A line of the status of our only child, "" where there is no /proc to ask. */
static const char *child_status(const char *key) {
    static char line[256];
    snprintf(line, sizeof line, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(line, "r");
    int child = 0;
    bool found = file && fscanf(file, "%d", &child) == 1;
    if (file)
        fclose(file);
    snprintf(line, sizeof line, "/proc/%d/status", child);
    file = found ? fopen(line, "r") : NULL;
    found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, key, strlen(key)) == 0;
    if (file)
        fclose(file);
    return found ? line : "";
}

static void it_is_confined(void **state) {
    (void)state;
    if (syscall(444, NULL, 0, 1) < 2) { /* landlock_create_ruleset */
        print_message("this kernel has no Landlock, or too old a one\n");
        skip();
    }
    for (int walled = 0; walled <= 1; walled++) {
        struct tmpdir tmpdir;
        struct error error = ERROR_INIT;
        assert_true(tmpdir_open(&tmpdir, walled, &error));
        assert_string_equal(child_status("NoNewPrivs:"),
                            walled ? "NoNewPrivs:\t1\n" : "NoNewPrivs:\t0\n");
        assert_true(tmpdir_close(&tmpdir, &error));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whenever_we_end_nothing_is_left),
        cmocka_unit_test(who_just_leaves_leaves_nothing),
        cmocka_unit_test(few_descriptors_suffice_or_it_is_said),
        cmocka_unit_test(without_a_process_it_is_not_made),
        cmocka_unit_test(another_directory_is_not_taken_for_the_new_one),
        cmocka_unit_test(it_keeps_nothing_of_ours_open),
        cmocka_unit_test(it_is_confined),
    };
    return cmocka_run_group_tests(tests, open_ground, close_ground);
}
