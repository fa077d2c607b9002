/* wasi: the second wall holds where nothing else does.
 *
 * As if the resolver had no check at all, a process behind the wall asks the
 * system itself, by plain absolute names. Each test does so in a child, since
 * the wall cannot be taken down. */
#define _DEFAULT_SOURCE /* syscall */
#include "wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/hostel-wall-XXXXXX";

static const char *beneath(const char *name) {
    static char paths[2][128];
    static int next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", top, name);
    return path;
}

static void make_file(const char *name) {
    int fd = open(beneath(name), O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0 && write(fd, "text", 4) == 4);
    close(fd);
}

static int open_ground(void **state) {
    static const char *const names[] = {
        "rw", "rw/sub", "other", "ro", "outside", "system", "store"};
    (void)state;
    if (!mkdtemp(top))
        return -1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        mkdir(beneath(names[i]), 0777);
    make_file("rw/file");
    make_file("ro/file");
    make_file("outside/file");
    make_file("system/file");
    make_file("certificates");
    make_file("store/names");
    make_file("store/secret");
    /* A chain of links, the last one in the middle of a path. */
    int made = symlink("system/names", beneath("names")) +
               symlink("../via/names", beneath("system/names"));
    return made + symlink("store", beneath("via"));
}

static int close_ground(void **state) {
    (void)state;
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", top);
    return system(line);
}

/* What plain `open` says: 0 or an errno. */
static int opens(const char *path, int flags) {
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int result(int returned) {
    return returned < 0 ? errno : 0;
}

/* Of Landlock, by its call landlock_create_ruleset; below 0 if there is
 * none. */
static long version(void) {
    return syscall(444, NULL, 0, 1);
}

/* Run `body` in a child behind the wall; it returns the number of the first
 * line that failed. */
static int wall_and_body(bool network, int (*body)(void)) {
    char rw[64], other[64], ro[64], system[64], certificates[64], names[64];
    snprintf(rw, sizeof rw, "%s", beneath("rw"));
    snprintf(other, sizeof other, "%s", beneath("other"));
    snprintf(ro, sizeof ro, "%s", beneath("ro"));
    snprintf(system, sizeof system, "%s", beneath("system"));
    snprintf(certificates, sizeof certificates, "%s", beneath("certificates"));
    snprintf(names, sizeof names, "%s", beneath("names"));
    struct wasi_directory directories[] = {
        {rw, "/", false, 0}, {other, "/other", false, 0}, {ro, "/ro", true, 0}};
    struct wasi_config config = {.directories = directories,
                                 .directory_count = 3,
                                 .max_descriptors = WASI_DESCRIPTORS};
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0)
        return 1;
    char no_file[32]; /* something that no rule can name */
    snprintf(no_file, sizeof no_file, "/dev/fd/%d", pipe_ends[0]);
    const char *const readable[] = {
        system, "/not/there", certificates, no_file, names, NULL};
    struct error error = ERROR_INIT;
    struct wasi *wasi = wasi_open(&config, &error);
    bool ready = wasi && wasi_wall(wasi, network ? readable : NULL, &error);
    return ready ? body() : 1;
}

static void behind(bool network, int (*body)(void)) {
    if (version() < 2) {
        print_message("this kernel has no Landlock, or too old a one\n");
        skip();
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int line = wall_and_body(network, body);
        if (line > 0)
            fprintf(stderr, "line %d\n", line);
        _exit(line > 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void behind_the_wall(int (*body)(void)) {
    behind(true, body);
}

#define EXPECT(what, expected)                                                 \
    if ((what) != (expected))                                                  \
    return __LINE__

static int outside(void) {
    EXPECT(opens(beneath("outside/file"), O_RDONLY), EACCES);
    EXPECT(opens(beneath("outside/file"), O_WRONLY), EACCES);
    EXPECT(opens(beneath("rw/../outside/file"), O_RDONLY), EACCES);
    EXPECT(opens(beneath("outside"), O_RDONLY), EACCES);
    EXPECT(opens(top, O_RDONLY), EACCES);
    EXPECT(opens("/etc/passwd", O_RDONLY), EACCES);
    EXPECT(opens("/proc/self/environ", O_RDONLY), EACCES);
    EXPECT(opens(beneath("outside/new"), O_WRONLY | O_CREAT), EACCES);
    if (version() >= 3)
        EXPECT(result(truncate(beneath("outside/file"), 0)), EACCES);
    EXPECT(result(mkdir(beneath("outside/new"), 0777)), EACCES);
    EXPECT(result(symlink("x", beneath("outside/new"))), EACCES);
    EXPECT(result(unlink(beneath("outside/file"))), EACCES);
    EXPECT(result(rmdir(beneath("outside"))), EACCES);
    EXPECT(result(rename(beneath("outside/file"), beneath("rw/stolen"))),
           EACCES);
    int linked = result(link(beneath("rw/file"), beneath("outside/new")));
    EXPECT(linked == EACCES || linked == EXDEV, true);
    linked = result(link(beneath("outside/file"), beneath("rw/stolen")));
    EXPECT(linked == EACCES || linked == EXDEV, true);
    return 0;
}

static void nothing_outside_is_read_or_changed(void **state) {
    (void)state;
    behind_the_wall(outside);
    /* It was the wall. */
    assert_int_equal(opens(beneath("outside/file"), O_WRONLY), 0);
}

/* A link leads the system where it points, but not over the wall. */
static int through_links(void) {
    EXPECT(result(symlink("../outside/file", beneath("rw/link"))), 0);
    EXPECT(opens(beneath("rw/link"), O_RDONLY), EACCES);
    EXPECT(opens(beneath("rw/link"), O_WRONLY | O_TRUNC), EACCES);
    EXPECT(result(symlink("../outside", beneath("rw/out"))), 0);
    EXPECT(opens(beneath("rw/out/"), O_RDONLY), EACCES);
    EXPECT(opens(beneath("rw/out/new"), O_WRONLY | O_CREAT), EACCES);
    return 0;
}

static void links_do_not_lead_over_it(void **state) {
    (void)state;
    behind_the_wall(through_links);
}

static int read_only(void) {
    EXPECT(opens(beneath("ro/file"), O_RDONLY), 0);
    EXPECT(opens(beneath("ro"), O_RDONLY | O_DIRECTORY), 0);
    EXPECT(opens(beneath("ro/file"), O_WRONLY), EACCES);
    EXPECT(opens(beneath("ro/new"), O_WRONLY | O_CREAT), EACCES);
    EXPECT(result(unlink(beneath("ro/file"))), EACCES);
    EXPECT(opens(beneath("system/file"), O_RDONLY), 0);
    EXPECT(opens(beneath("system/file"), O_RDWR), EACCES);
    EXPECT(opens(beneath("certificates"), O_RDONLY), 0);
    EXPECT(opens(beneath("certificates"), O_WRONLY), EACCES);
    EXPECT(opens(beneath("names"), O_RDONLY), 0);
    EXPECT(opens(beneath("store/names"), O_RDONLY), 0);
    EXPECT(opens(beneath("store/secret"), O_RDONLY), EACCES);
    EXPECT(opens(beneath("store"), O_RDONLY), EACCES);
    return 0;
}

static void what_is_for_reading_is_not_changed(void **state) {
    (void)state;
    behind_the_wall(read_only);
}

static int granted(void) {
    EXPECT(opens(beneath("rw/new"), O_RDWR | O_CREAT), 0);
    EXPECT(opens(beneath("rw/new"), O_WRONLY | O_TRUNC), 0);
    EXPECT(result(rename(beneath("rw/new"), beneath("rw/sub/new"))), 0);
    EXPECT(result(link(beneath("rw/sub/new"), beneath("rw/again"))), 0);
    EXPECT(result(unlink(beneath("rw/sub/new"))), 0);
    EXPECT(result(mkdir(beneath("rw/dir"), 0777)), 0);
    EXPECT(result(rmdir(beneath("rw/dir"))), 0);
    EXPECT(result(rename(beneath("rw/again"), beneath("other/again"))), 0);
    EXPECT(result(link(beneath("other/again"), beneath("rw/again"))), 0);
    EXPECT(result(mkdir(beneath("rw/dir"), 0777)), 0);
    EXPECT(result(rename(beneath("rw/dir"), beneath("other/dir"))), 0);
    /* No guest can make one. */
    EXPECT(result(mkfifo(beneath("rw/fifo"), 0666)), EACCES);
    return 0;
}

static void what_is_granted_is_not_missed(void **state) {
    (void)state;
    behind_the_wall(granted);
}

/* ---- what is no file ---- */

static struct sockaddr_in server = {.sin_family = AF_INET};
static struct sockaddr_un abstract = {.sun_family = AF_UNIX,
                                      .sun_path = "\0hostel-test"};

static int to_server(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return result(connect(fd, (struct sockaddr *)&server, sizeof server));
}

static int listens(void) {
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr = server.sin_addr};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return result(bind(fd, (struct sockaddr *)&any, sizeof any));
}

static int to_processes(void) {
    if (version() < 6)
        return 0;
    EXPECT(result(kill(getppid(), 0)), EPERM);
    EXPECT(result(kill(getpid(), 0)), 0);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT(result(connect(fd, (struct sockaddr *)&abstract, sizeof abstract)),
           EPERM);
    return 0;
}

static int with_network(void) {
    EXPECT(to_server(), 0);
    if (version() >= 4)
        EXPECT(listens(), EACCES);
    return to_processes();
}

static int without_network(void) {
    if (version() >= 4)
        EXPECT(to_server(), EACCES);
    if (version() >= 4)
        EXPECT(listens(), EACCES);
    EXPECT(opens(beneath("system/file"), O_RDONLY), EACCES);
    return to_processes();
}

static void who_makes_no_requests_has_no_network(void **state) {
    (void)state;
    socklen_t size = sizeof server;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0),
        other = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&server, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&server, &size), 0);
    assert_int_equal(bind(other, (struct sockaddr *)&abstract, sizeof abstract),
                     0);
    assert_int_equal(listen(fd, 5) + listen(other, 5), 0);
    behind(true, with_network);
    behind(false, without_network);
    close(fd);
    close(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_outside_is_read_or_changed),
        cmocka_unit_test(links_do_not_lead_over_it),
        cmocka_unit_test(what_is_for_reading_is_not_changed),
        cmocka_unit_test(what_is_granted_is_not_missed),
        cmocka_unit_test(who_makes_no_requests_has_no_network),
    };
    return cmocka_run_group_tests(tests, open_ground, close_ground);
}
