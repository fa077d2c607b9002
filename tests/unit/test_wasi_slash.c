/* wasi: a slash at the end of a path means what it means to a native program.
 *
 * Every call on paths is made with every name of a small tree (a directory, a
 * file, links to both and to a link, one to nothing, one to itself, a name that
 * is not there), each as it is and with ends such as `/`: once by the system,
 * and once each by the two ways to resolve a path. Result and error must be the
 * same, and so must the tree be afterwards. No path leads out of it: of those
 * test_wasi_path has enough. */
#include "wasi/path.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct resolver kernel = {.walk = false}, walk = {.walk = true};

enum way { NATIVE, KERNEL, WALK, WAYS };

static const char *const way_names[] = {"native", "openat2", "walk"};

static const char *const names[] = {"dir",
                                    "file",
                                    "link",
                                    "other",
                                    "chain",
                                    "dangling",
                                    "loop",
                                    "new",
                                    "dir/x",
                                    "link/x"};
static const char *const ends[] = {"", "/", "//", "/.", "/./"};

enum {
    NAMES = sizeof names / sizeof *names,
    ENDS = sizeof ends / sizeof *ends
};
enum { PATHS = NAMES * ENDS, PATH_SIZE = 32 };

static void name_path(int number, char path[static PATH_SIZE]) {
    snprintf(
        path, PATH_SIZE, "%s%s", names[number / ENDS], ends[number % ENDS]);
}

/* ---- the ground ---- */

/* A file system in memory spares the disk. */
static char memory[] = "/dev/shm/hostel-slash-XXXXXX",
            disk[] = "/tmp/hostel-slash-XXXXXX";
static char *top;
static int base = -1;

/* All that can be there, what is deeper first. */
static const char *const all[] = {"dir/x",
                                  "dir/new",
                                  "new/x",
                                  "dir",
                                  "file",
                                  "link",
                                  "other",
                                  "chain",
                                  "loop",
                                  "new",
                                  "gone",
                                  "none",
                                  "dangling",
                                  "dir/none",
                                  "dir/y",
                                  "none/x"};
enum { ALL = sizeof all / sizeof *all };

static int open_ground(void **state) {
    (void)state;
    top = mkdtemp(memory);
    if (!top)
        top = mkdtemp(disk);
    if (!top)
        return -1;
    base = open(top, O_RDONLY | O_DIRECTORY);
    return base < 0 ? -1 : 0;
}

static void make_file(const char *name, size_t size) {
    int fd = openat(base, name, O_WRONLY | O_CREAT, 0666);
    assert_int_equal(write(fd, "xx", size), size);
    close(fd);
}

static void clear_tree(void) {
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < ALL; i++) {
            if (unlinkat(base, all[i], 0) < 0)
                unlinkat(base, all[i], AT_REMOVEDIR);
        }
    }
}

static void make_tree(void) {
    clear_tree();
    assert_int_equal(mkdirat(base, "dir", 0777), 0);
    make_file("dir/x", 1);
    make_file("file", 2);
    assert_int_equal(symlinkat("dir", base, "link"), 0);
    assert_int_equal(symlinkat("file", base, "other"), 0);
    assert_int_equal(symlinkat("link", base, "chain"), 0);
    assert_int_equal(symlinkat("none", base, "dangling"), 0);
    assert_int_equal(symlinkat("loop", base, "loop"), 0);
}

static int close_ground(void **state) {
    (void)state;
    clear_tree();
    close(base);
    return rmdir(top);
}

/* ---- calls ---- */

struct outcome {
    enum wasi_errno error;
    char what[160]; /* what was found, and then the whole tree */
};

static char letter(mode_t mode) {
    return S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : 'f';
}

static void say(struct outcome *outcome, const struct stat *stat) {
    snprintf(outcome->what,
             sizeof outcome->what,
             "%c%d",
             letter(stat->st_mode),
             S_ISDIR(stat->st_mode) ? 0 : (int)stat->st_size);
}

/* Each entry's type, and a time and a number of links that only our calls
 * give. */
static void say_tree(struct outcome *outcome) {
    size_t size = strlen(outcome->what);
    for (int i = 0; i < ALL && size < sizeof outcome->what; i++) {
        struct stat stat;
        bool there = fstatat(base, all[i], &stat, AT_SYMLINK_NOFOLLOW) == 0;
        size += (size_t)snprintf(
            outcome->what + size,
            sizeof outcome->what - size,
            " %c%s%s",
            there ? letter(stat.st_mode) : '-',
            there && stat.st_mtim.tv_sec == 5 ? "t" : "",
            there && !S_ISDIR(stat.st_mode) && stat.st_nlink > 1 ? "2" : "");
    }
}

/* The arguments of a call; not all have them all. */
struct call {
    const char *name;
    struct outcome (*make)(const struct call *call, enum way way);
    const char *from, *to;
    bool follow;
    int flags;
};

static struct path at(const char *text, enum way way) {
    return (struct path){way == WALK ? &walk : &kernel, base, slice_of(text)};
}

static int nofollow(const struct call *call) {
    return call->follow ? 0 : AT_SYMLINK_NOFOLLOW;
}

static struct outcome result(int returned) {
    return (struct outcome){.error = errno_result(returned)};
}

static struct outcome make_open(const struct call *call, enum way way) {
    struct outcome outcome = {0};
    struct path path = at(call->from, way);
    int fd = -1, flags = call->flags | O_NONBLOCK;
    if (way == NATIVE) {
        fd = openat(
            base, call->from, flags | (call->follow ? 0 : O_NOFOLLOW), 0666);
        outcome.error = errno_result(fd);
    } else {
        outcome.error = path_open(&path, call->follow, flags, &fd);
    }
    if (!outcome.error) {
        struct stat stat;
        assert_int_equal(fstat(fd, &stat), 0);
        say(&outcome, &stat);
        close(fd);
    }
    return outcome;
}

static struct outcome make_stat(const struct call *call, enum way way) {
    struct outcome outcome = {0};
    struct path path = at(call->from, way);
    struct stat stat;
    outcome.error =
        way == NATIVE
            ? errno_result(fstatat(base, call->from, &stat, nofollow(call)))
            : path_stat(&path, call->follow, &stat);
    if (!outcome.error)
        say(&outcome, &stat);
    return outcome;
}

static struct outcome make_times(const struct call *call, enum way way) {
    static const struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
    struct path path = at(call->from, way);
    if (way == NATIVE)
        return result(utimensat(base, call->from, times, nofollow(call)));
    return (struct outcome){.error =
                                path_set_times(&path, call->follow, times)};
}

static struct outcome make_readlink(const struct call *call, enum way way) {
    struct outcome outcome = {0};
    struct path path = at(call->from, way);
    size_t used = 0;
    if (way == NATIVE) {
        outcome.error =
            errno_result((int)readlinkat(base, call->from, outcome.what, 16));
    } else {
        outcome.error =
            path_readlink(&path, (uint8_t *)outcome.what, 16, &used);
    }
    return outcome;
}

static struct outcome make_unlink(const struct call *call, enum way way) {
    struct path path = at(call->from, way);
    if (way == NATIVE)
        return result(unlinkat(base, call->from, call->flags));
    return (struct outcome){
        call->flags ? path_remove_directory(&path) : path_unlink(&path), ""};
}

static struct outcome make_directory(const struct call *call, enum way way) {
    struct path path = at(call->from, way);
    if (way == NATIVE)
        return result(mkdirat(base, call->from, 0777));
    return (struct outcome){.error = path_create_directory(&path)};
}

/* Here WASI's official suite wants NOTDIR, as POSIX has it, where Linux says
 * EEXIST. */
static bool is_file_with_slash(const char *path) {
    char name[PATH_SIZE] = "";
    struct stat stat;
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] == '/')
        size--;
    memcpy(name, path, size);
    bool file = fstatat(base, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISREG(stat.st_mode);
    return file && path[size] == '/';
}

static struct outcome make_symlink(const struct call *call, enum way way) {
    struct path path = at(call->from, way);
    if (way == NATIVE) {
        struct outcome outcome = result(symlinkat("file/", base, call->from));
        if (is_file_with_slash(call->from))
            outcome.error = WASI_NOTDIR;
        return outcome;
    }
    return (struct outcome){.error = path_symlink(slice_of("file/"), &path)};
}

static struct outcome make_link(const struct call *call, enum way way) {
    struct path from = at(call->from, way), to = at(call->to, way);
    if (way == NATIVE)
        return result(linkat(base, call->from, base, call->to, 0));
    return (struct outcome){.error = path_link(&from, &to)};
}

static struct outcome make_rename(const struct call *call, enum way way) {
    struct path from = at(call->from, way), to = at(call->to, way);
    if (way == NATIVE)
        return result(renameat(base, call->from, base, call->to));
    return (struct outcome){.error = path_rename(&from, &to)};
}

/* ---- comparing ---- */

static int differences;

static void try_call(const struct call *call) {
    struct outcome outcomes[WAYS];
    for (enum way way = NATIVE; way < WAYS; way++) {
        make_tree();
        outcomes[way] = call->make(call, way);
        say_tree(&outcomes[way]);
        struct outcome *native = &outcomes[NATIVE], *ours = &outcomes[way];
        if (ours->error == native->error &&
            strcmp(ours->what, native->what) == 0)
            continue;
        print_message(
            "%s \"%s\" \"%s\" follow %d flags %o: native %s (%s), %s %s (%s)\n",
            call->name,
            call->from,
            call->to ? call->to : "",
            call->follow,
            (unsigned)call->flags,
            errno_name(native->error),
            native->what,
            way_names[way],
            errno_name(ours->error),
            ours->what);
        differences++;
    }
}

/* With every path, following and not. */
static void try_paths(struct call call) {
    for (int i = 0; i < PATHS * 2; i++) {
        char path[PATH_SIZE];
        name_path(i / 2, path);
        call.from = path;
        call.follow = i % 2;
        try_call(&call);
    }
    assert_int_equal(differences, 0);
}

/* With every pair of paths. */
static void try_pairs(struct call call) {
    for (int i = 0; i < PATHS * PATHS; i++) {
        char from[PATH_SIZE], to[PATH_SIZE];
        name_path(i / PATHS, from);
        name_path(i % PATHS, to);
        call.from = from;
        call.to = to;
        try_call(&call);
    }
    assert_int_equal(differences, 0);
}

static void opening(void **state) {
    (void)state;
    static const int creating[] = {
        0, O_CREAT, O_EXCL, O_CREAT | O_EXCL, O_DIRECTORY};
    static const int using[] = {O_RDONLY, O_WRONLY, O_RDWR | O_TRUNC};
    for (int i = 0; i < 15; i++) {
        try_paths((struct call){
            "open", make_open, .flags = creating[i / 3] | using[i % 3]});
    }
}

static void looking(void **state) {
    (void)state;
    try_paths((struct call){"stat", make_stat, .flags = 0});
    try_paths((struct call){"readlink", make_readlink, .flags = 0});
    try_paths((struct call){"times", make_times, .flags = 0});
}

static void making_and_removing(void **state) {
    (void)state;
    try_paths((struct call){"unlink", make_unlink, .flags = 0});
    try_paths((struct call){"rmdir", make_unlink, .flags = AT_REMOVEDIR});
    try_paths((struct call){"mkdir", make_directory, .flags = 0});
    try_paths((struct call){"symlink", make_symlink, .flags = 0});
}

static void renaming(void **state) {
    (void)state;
    try_pairs((struct call){"rename", make_rename, .flags = 0});
}

static void linking(void **state) {
    (void)state;
    try_pairs((struct call){"link", make_link, .flags = 0});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening),
        cmocka_unit_test(looking),
        cmocka_unit_test(making_and_removing),
        cmocka_unit_test(renaming),
        cmocka_unit_test(linking),
    };
    return cmocka_run_group_tests(tests, open_ground, close_ground);
}
