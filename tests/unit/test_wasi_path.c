/* wasi: the two ways to resolve a path agree with each other, and neither
 * leaves the base.
 *
 * A tree of directories, files and links (relative, absolute, with `..`, in
 * loops, dangling) is made from a fixed seed, then thousands of paths made of
 * its names are resolved by openat2 and by the walk. Beside the base lies a
 * directory that must never be reached or changed. Then the same with a thread
 * that renames directories and swaps links meanwhile.
 *
 * The long run of so many paths, half of them with that thread:
 *
 *     PATHS=100000 build/tests/unit/test_wasi_path */
#include "wasi/path.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TREES = 8, PATHS = 6000 };

static const struct resolver kernel = {.walk = false}, walk = {.walk = true};

/* ---- the ground ---- */

/* A file system in memory spares the disk. */
static char memory[] = "/dev/shm/hostel-path-XXXXXX",
            disk[] = "/tmp/hostel-path-XXXXXX";
static char *top;
static int base; /* the directory that must not be left */

/* What must never be reached: the directory beside the base, its file, and what
 * is above. */
static const char *const outside_names[] = {
    "/", "/etc/passwd", "", "/outside", "/outside/secret"};
enum { OUTSIDE_COUNT = sizeof outside_names / sizeof *outside_names };
static struct stat outside[OUTSIDE_COUNT];

static bool is_outside(const struct stat *stat) {
    for (int i = 0; i < OUTSIDE_COUNT; i++) {
        if (stat->st_dev == outside[i].st_dev &&
            stat->st_ino == outside[i].st_ino)
            return true;
    }
    return false;
}

static void shell(const char *command) {
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", top, command);
    assert_int_equal(system(line), 0);
}

static int open_ground(void **state) {
    (void)state;
    top = mkdtemp(memory);
    if (!top)
        top = mkdtemp(disk);
    if (!top)
        return -1;
    shell("mkdir base outside && echo secret >outside/secret");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/base", top);
    base = open(path, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < OUTSIDE_COUNT; i++) {
        snprintf(path, sizeof path, "%s%s", i < 2 ? "" : top, outside_names[i]);
        if (stat(path, &outside[i]) < 0)
            return -1;
    }
    return base < 0 ? -1 : 0;
}

static int close_ground(void **state) {
    (void)state;
    close(base);
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", top);
    return system(line);
}

/* How many paths each of the two tests tries on each of its trees. */
static int paths_a_tree(void) {
    const char *wanted = getenv("PATHS");
    return (wanted ? atoi(wanted) : PATHS) / TREES / 2;
}

/* The same numbers in every run. */
static unsigned seed;

static unsigned draw(unsigned below) {
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % below;
}

static const char *const names[] = {"a", "b", "c", "d", "e"};
static const char *const targets[] = {
    "a",
    "b/",
    "c/d",
    "../a",
    "../../b",
    "..",
    ".",
    "./c",
    "d/../e",
    "e/",
    "missing",
    "a/missing",
    "../outside",
    "../outside/secret",
    "../../outside/secret",
    "/etc/passwd",
    "/",
    "a//b/.",
};

/* Fill `directory` with links, files and directories of its own, three deep. */
static void grow(int directory, int depth) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned kind = draw(10);
        if (kind < 4 && depth < 3) {
            mkdirat(directory, names[i], 0777);
            int inner = openat(directory, names[i], O_RDONLY | O_DIRECTORY);
            grow(inner, depth + 1);
            close(inner);
        } else if (kind < 6) {
            close(openat(directory, names[i], O_WRONLY | O_CREAT, 0666));
        } else if (kind < 9) {
            const char *target =
                targets[draw(sizeof targets / sizeof *targets)];
            assert_int_equal(symlinkat(target, directory, names[i]), 0);
        }
    }
}

static void draw_path(char *out) {
    static const char *const odd[] = {
        "..", ".", "..", "missing", "", "secret", "outside"};
    *out = 0;
    unsigned count = 1 + draw(6);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            strcat(out, "/");
        strcat(out, draw(4) == 0 ? odd[draw(7)] : names[draw(5)]);
    }
    if (draw(5) == 0)
        strcat(out, draw(2) ? "/" : "///");
}

/* ---- comparing ---- */

static struct path at(const struct resolver *resolver, const char *text) {
    return (struct path){resolver, base, slice_of(text)};
}

/* What became of a path: an error, or a file. */
struct outcome {
    enum wasi_errno error;
    struct stat stat;
};

static struct outcome opened(const struct resolver *resolver,
                             const char *text,
                             bool follow,
                             int flags) {
    struct path path = at(resolver, text);
    struct outcome outcome = {0};
    int fd;
    outcome.error = path_open(&path, follow, flags | O_NONBLOCK, &fd);
    if (!outcome.error) {
        fstat(fd, &outcome.stat);
        close(fd);
    }
    return outcome;
}

static struct outcome
examined(const struct resolver *resolver, const char *text, bool follow) {
    struct path path = at(resolver, text);
    struct outcome outcome = {0};
    outcome.error = path_stat(&path, follow, &outcome.stat);
    return outcome;
}

static void assert_same(const char *what,
                        const char *text,
                        struct outcome a,
                        struct outcome b) {
    bool same = a.error == b.error && a.stat.st_ino == b.stat.st_ino;
    if (!same || is_outside(&a.stat)) {
        fail_msg("%s \"%s\": openat2 %s %lu, walk %s %lu",
                 what,
                 text,
                 errno_name(a.error),
                 (unsigned long)a.stat.st_ino,
                 errno_name(b.error),
                 (unsigned long)b.stat.st_ino);
    }
}

/* A file or directory is made and removed again, once each way. */
static void compare_creation(const char *text) {
    enum wasi_errno made[2], removed[2];
    for (int i = 0; i < 2; i++) {
        struct path path = at(i ? &walk : &kernel, text);
        removed[i] = WASI_SUCCESS;
        made[i] = path_create_directory(&path);
        if (!made[i])
            removed[i] = path_remove_directory(&path);
    }
    if (made[0] != made[1] || removed[0] != removed[1])
        fail_msg("mkdir, rmdir \"%s\": %s, %s and %s, %s",
                 text,
                 errno_name(made[0]),
                 errno_name(removed[0]),
                 errno_name(made[1]),
                 errno_name(removed[1]));
    int flags = O_WRONLY | O_CREAT | O_EXCL;
    for (int i = 0; i < 2; i++) {
        struct path path = at(i ? &walk : &kernel, text);
        made[i] = opened(i ? &walk : &kernel, text, true, flags).error;
        if (!made[i])
            assert_int_equal(path_unlink(&path), WASI_SUCCESS);
    }
    if (made[0] != made[1])
        fail_msg("create \"%s\": %s and %s",
                 text,
                 errno_name(made[0]),
                 errno_name(made[1]));
}

static void both_resolve_alike(void **state) {
    (void)state;
    int found = 0, refused = 0, count = paths_a_tree();
    for (unsigned tree = 0; tree < TREES; tree++) {
        seed = tree;
        shell("rm -rf base/*");
        grow(base, 0);
        for (int i = 0; i < count; i++) {
            char text[256];
            draw_path(text);
            for (int follow = 0; follow < 2; follow++) {
                struct outcome a = opened(&kernel, text, follow, O_RDONLY);
                assert_same(
                    "open", text, a, opened(&walk, text, follow, O_RDONLY));
                assert_same("stat",
                            text,
                            examined(&kernel, text, follow),
                            examined(&walk, text, follow));
                found += a.error == WASI_SUCCESS;
                refused += a.error == WASI_NOTCAPABLE;
            }
            compare_creation(text);
        }
    }
    /* The trees are worth the trouble. */
    assert_true(found > count && refused > count);
    shell("test `ls outside` = secret");
}

/* ---- single cases, both ways ---- */

static void assert_open(const char *text,
                        bool follow,
                        int flags,
                        enum wasi_errno expected) {
    for (int i = 0; i < 2; i++) {
        struct outcome outcome =
            opened(i ? &walk : &kernel, text, follow, flags);
        if (outcome.error != expected) {
            fail_msg("%s \"%s\": %s, not %s",
                     i ? "walk" : "openat2",
                     text,
                     errno_name(outcome.error),
                     errno_name(expected));
        }
    }
}

static void texts_are_checked_first(void **state) {
    (void)state;
    shell("rm -rf base/* && mkdir base/dir && touch base/file");
    assert_open("", true, O_RDONLY, WASI_NOENT);
    assert_open("/", true, O_RDONLY, WASI_NOTCAPABLE);
    assert_open("/file", true, O_RDONLY, WASI_NOTCAPABLE);
    assert_open("bad\xFFutf8", true, O_RDONLY, WASI_ILSEQ);
    char text[5000];
    memset(text, 'x', sizeof text);
    text[256] = 0;
    assert_open(text, true, O_RDONLY, WASI_NAMETOOLONG);
    text[256] = 'x';
    text[4096] = 0;
    assert_open(text, true, O_RDONLY, WASI_NAMETOOLONG);
    for (int i = 0; i < 2; i++) {
        struct path path = {
            i ? &walk : &kernel, base, {(const uint8_t *)"file\0x", 6}};
        int fd;
        assert_int_equal(path_open(&path, true, O_RDONLY, &fd), WASI_INVAL);
    }
}

static void a_slash_at_the_end_asks_for_a_directory(void **state) {
    (void)state;
    shell("rm -rf base/* && mkdir base/dir && touch base/file && ln -s dir "
          "base/in && "
          "ln -s ../outside base/out");
    assert_open("dir/", false, O_RDONLY, WASI_SUCCESS);
    assert_open("file/", false, O_RDONLY, WASI_NOTDIR);
    assert_open("in/", true, O_RDONLY, WASI_SUCCESS);
    assert_open("in/", false, O_RDONLY, WASI_SUCCESS);
    assert_open("out/", true, O_RDONLY, WASI_NOTCAPABLE);
    assert_open("out/", false, O_RDONLY, WASI_NOTCAPABLE);
    assert_open("new/", false, O_WRONLY | O_CREAT, WASI_ISDIR);
}

static void links_are_followed_at_most_40_times(void **state) {
    (void)state;
    shell("rm -rf base/* && touch base/l0 && i=0; "
          "while [ $i -lt 41 ]; do ln -s l$i base/l$((i+1)); i=$((i+1)); done; "
          "ln -s loop base/loop; "
          "mkdir base/d0; for i in `seq 41`; do ln -s d$((i-1)) base/d$i; "
          "done; touch base/d0/x");
    assert_open("l40", true, O_RDONLY, WASI_SUCCESS);
    assert_open("l41", true, O_RDONLY, WASI_LOOP);
    assert_open("d40/x", true, O_RDONLY, WASI_SUCCESS);
    assert_open("d41/x", true, O_RDONLY, WASI_LOOP);
    assert_open("loop", true, O_RDONLY, WASI_LOOP);
    assert_open("loop/x", true, O_RDONLY, WASI_LOOP);
    assert_open("loop", false, O_RDONLY, WASI_LOOP);
}

static void creating_through_a_link_stays_beneath(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct resolver *resolver = i ? &walk : &kernel;
        shell("rm -rf base/* && ln -s new base/in && ln -s ../outside/new "
              "base/out");
        assert_int_equal(
            opened(resolver, "in", false, O_WRONLY | O_CREAT).error, WASI_LOOP);
        assert_int_equal(opened(resolver, "in", true, O_WRONLY | O_CREAT).error,
                         WASI_SUCCESS);
        shell("test -f base/new && test -L base/in");
        assert_int_equal(
            opened(resolver, "out", true, O_WRONLY | O_CREAT).error,
            WASI_NOTCAPABLE);
        shell("test ! -e outside/new");
    }
}

static void the_walk_has_a_bottom(void **state) {
    (void)state;
    shell("rm -rf base/* && mkdir base/a");
    char text[4000] = "a";
    for (int i = 0; i < 300; i++)
        strcat(text, "/../a");
    assert_open(text, true, O_RDONLY, WASI_SUCCESS);
    strcpy(text, "a");
    int inner = dup(base);
    for (int i = 0; i < 300; i++) {
        mkdirat(inner, "a", 0777);
        int next = openat(inner, "a", O_RDONLY | O_DIRECTORY);
        close(inner);
        inner = next;
        if (i > 0)
            strcat(text, "/a");
    }
    close(inner);
    assert_int_equal(opened(&walk, text, true, O_RDONLY).error,
                     WASI_NAMETOOLONG);
    text[2 * 256 - 1] = 0; /* 256 names: the last is opened, not entered */
    assert_int_equal(opened(&walk, text, true, O_RDONLY).error, WASI_SUCCESS);
}

/* What is asked of the system's root, both ways. */
static enum wasi_errno ask_root(bool by_walk, const char *text) {
    struct stat stat;
    int root = open("/", O_RDONLY | O_DIRECTORY), fd;
    struct path path = {by_walk ? &walk : &kernel, root, slice_of(text)};
    enum wasi_errno seen = path_stat(&path, false, &stat);
    enum wasi_errno error = path_open(&path, true, O_RDONLY | O_NONBLOCK, &fd);
    if (!error)
        close(fd);
    close(root);
    assert_int_equal(seen, error);
    return error;
}

static void what_shows_the_kernel_is_not_shown(void **state) {
    (void)state;
    static const char *const views[] = {"proc/self/environ",
                                        "proc",
                                        "proc/",
                                        "proc/.",
                                        "./proc",
                                        "etc/../proc/version",
                                        "sys/",
                                        "proc/../etc/passwd"};
    struct stat stat;
    if (lstat("/proc/self", &stat) < 0 || lstat("/sys/kernel", &stat) < 0)
        skip();
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof views / sizeof *views; k++) {
            enum wasi_errno error = ask_root(i, views[k]);
            if (error != WASI_NOTCAPABLE)
                fail_msg("%s %s: %s",
                         i ? "walk" : "openat2",
                         views[k],
                         errno_name(error));
        }
        assert_int_equal(ask_root(i, "etc/passwd"), WASI_SUCCESS);
        /* A mount, of files. */
        assert_int_equal(ask_root(i, "dev/"), WASI_SUCCESS);
        assert_int_equal(ask_root(i, "dev/../etc/"), WASI_SUCCESS);
    }
    int fd;
    assert_int_equal(path_grant("/proc/self", &fd), WASI_NOTCAPABLE);
}

/* ---- with somebody else at work in the tree ---- */

static atomic_bool racing_over;
static atomic_int swaps; /* done so far */
/* Held while the tree changes. */
static pthread_mutex_t step = PTHREAD_MUTEX_INITIALIZER;

enum { STEPS = 4 };

/* Step `i` of a round that leaves all as it was: `name` goes away, a link takes
 * its place, the link goes, and the name is back. Meanwhile p/q moves up, out
 * of the base, up again and back. */
static void disturb_once(int i, const char *name, const char *target) {
    static const char *const places[] = {"p/q", "q", "../outside/q", "q"};
    pthread_mutex_lock(&step);
    renameat(base, places[i], base, places[(i + 1) % STEPS]);
    if (i == 0)
        renameat(base, name, base, "away");
    if (i == 1 && symlinkat(target, base, name) == 0)
        atomic_fetch_add(&swaps, 1);
    if (i == 2)
        unlinkat(base, name, 0);
    if (i == 3)
        renameat(base, "away", base, name);
    pthread_mutex_unlock(&step);
}

static void *disturb(void *unused) {
    static const char *const ways[] = {
        "../outside", "/", "p/q/..", "p", "../outside/secret", ".."};
    (void)unused;
    for (unsigned round = 0; !atomic_load(&racing_over); round++) {
        for (int i = 0; i < STEPS; i++)
            disturb_once(i, names[round % 5], ways[round % 6]);
    }
    return NULL;
}

/* Half of the paths wander through the directory that moves. */
static void draw_moving_path(char *out) {
    static const char *const starts[] = {
        "p/q/../../", "p/q/../../../", "q/../", "p/q/", "q/x/../"};
    char rest[256];
    draw_path(rest);
    snprintf(out, 300, "%s%s", draw(2) ? starts[draw(5)] : "", rest);
}

/* Resolve as it comes, both ways; whatever is found must lie beneath. */
static bool race(const char *text) {
    bool escaped = false;
    for (int i = 0; i < 2; i++) {
        const struct resolver *resolver = i ? &walk : &kernel;
        struct path path = at(resolver, text);
        struct outcome found[] = {
            opened(resolver, text, true, O_RDONLY),
            examined(resolver, text, true),
            opened(resolver, text, true, O_WRONLY | O_CREAT | O_EXCL)};
        for (int k = 0; k < 3; k++)
            escaped |= is_outside(&found[k].stat);
        if (!found[2].error)
            path_unlink(&path);
    }
    return escaped;
}

/* Compare while the tree stands still, in whatever state it is. */
static bool both_agree(const char *text) {
    pthread_mutex_lock(&step);
    struct outcome a = opened(&kernel, text, true, O_RDONLY),
                   b = opened(&walk, text, true, O_RDONLY),
                   c = examined(&kernel, text, false),
                   d = examined(&walk, text, false);
    pthread_mutex_unlock(&step);
    return a.error == b.error && a.stat.st_ino == b.stat.st_ino &&
           c.error == d.error && c.stat.st_ino == d.stat.st_ino;
}

/* On one tree; returns how many paths went wrong, the first of which is in
 * `wrong`. */
static int try_paths(char *wrong) {
    int failed = 0, count = paths_a_tree();
    for (int i = 0; i < count; i++) {
        char text[300];
        draw_moving_path(text);
        bool escaped = race(text), agree = both_agree(text);
        if (!escaped && agree)
            continue;
        if (failed++ == 0)
            snprintf(
                wrong, 400, "%s %s", text, escaped ? "escaped" : "differs");
    }
    return failed;
}

static void nothing_outside_is_reached_while_the_tree_changes(void **state) {
    (void)state;
    for (unsigned tree = 0; tree < TREES; tree++) {
        char wrong[400];
        seed = 1000 + tree;
        shell("rm -rf base/* && mkdir -p base/p/q/x");
        grow(base, 0);
        pthread_t other;
        atomic_store(&swaps, 0);
        atomic_store(&racing_over, false);
        assert_int_equal(pthread_create(&other, NULL, disturb, NULL), 0);
        int failed = try_paths(wrong);
        atomic_store(&racing_over, true);
        pthread_join(other, NULL);
        if (failed)
            fail_msg("%d paths, the first: %s", failed, wrong);
        assert_true(atomic_load(&swaps) > 0);
        shell("test `ls outside` = secret && test `cat outside/secret` = "
              "secret && "
              "test `ls | wc -l` = 2");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_resolve_alike),
        cmocka_unit_test(texts_are_checked_first),
        cmocka_unit_test(a_slash_at_the_end_asks_for_a_directory),
        cmocka_unit_test(links_are_followed_at_most_40_times),
        cmocka_unit_test(creating_through_a_link_stays_beneath),
        cmocka_unit_test(the_walk_has_a_bottom),
        cmocka_unit_test(what_shows_the_kernel_is_not_shown),
        cmocka_unit_test(nothing_outside_is_reached_while_the_tree_changes),
    };
    return cmocka_run_group_tests(tests, open_ground, close_ground);
}
