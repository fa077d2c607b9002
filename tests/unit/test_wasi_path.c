/* wasi: the two ways to resolve a path agree with each other, and neither leaves the base.
 *
 * A tree of directories, files and links (relative, absolute, with `..`, in loops, dangling) is
 * made from a fixed seed, then thousands of paths made of its names are resolved by openat2 and by
 * the walk. Beside the base lies a directory that must never be reached or changed.
 */
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

enum { TREES = 8, PATHS = 500, RACES = 1500 };

static const struct resolver kernel = {.walk = false}, walk = {.walk = true};

/* ---- the ground ---- */

static char top[] = "/tmp/hostel-path-XXXXXX";
static int base; /* the directory that must not be left */
static struct stat secret;

static void shell(const char *command) {
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", top, command);
    assert_int_equal(system(line), 0);
}

static int open_ground(void **state) {
    (void)state;
    if (!mkdtemp(top)) return -1;
    shell("mkdir base outside && echo secret >outside/secret");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/base", top);
    base = open(path, O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof path, "%s/outside/secret", top);
    return base < 0 ? -1 : stat(path, &secret);
}

static int close_ground(void **state) {
    (void)state;
    close(base);
    char line[64];
    snprintf(line, sizeof line, "rm -rf %s", top);
    return system(line);
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
            const char *target = targets[draw(sizeof targets / sizeof *targets)];
            assert_int_equal(symlinkat(target, directory, names[i]), 0);
        }
    }
}

static void draw_path(char *out) {
    static const char *const odd[] = {"..", ".", "..", "missing", "", "secret", "outside"};
    *out = 0;
    unsigned count = 1 + draw(6);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) strcat(out, "/");
        strcat(out, draw(4) == 0 ? odd[draw(7)] : names[draw(5)]);
    }
    if (draw(5) == 0) strcat(out, draw(2) ? "/" : "///");
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

static struct outcome opened(const struct resolver *resolver, const char *text, bool follow,
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

static struct outcome examined(const struct resolver *resolver, const char *text, bool follow) {
    struct path path = at(resolver, text);
    struct outcome outcome = {0};
    outcome.error = path_stat(&path, follow, &outcome.stat);
    return outcome;
}

static void assert_same(const char *what, const char *text, struct outcome a, struct outcome b) {
    bool same = a.error == b.error && a.stat.st_ino == b.stat.st_ino;
    if (!same || (!a.error && a.stat.st_ino == secret.st_ino)) {
        fail_msg("%s \"%s\": openat2 %s %lu, walk %s %lu", what, text, errno_name(a.error),
                 (unsigned long)a.stat.st_ino, errno_name(b.error), (unsigned long)b.stat.st_ino);
    }
}

/* A file or directory is made and removed again, once each way. */
static void compare_creation(const char *text) {
    enum wasi_errno made[2], removed[2];
    for (int i = 0; i < 2; i++) {
        struct path path = at(i ? &walk : &kernel, text);
        removed[i] = WASI_SUCCESS;
        made[i] = path_create_directory(&path);
        if (!made[i]) removed[i] = path_remove_directory(&path);
    }
    if (made[0] != made[1] || removed[0] != removed[1])
        fail_msg("mkdir, rmdir \"%s\": %s, %s and %s, %s", text, errno_name(made[0]),
                 errno_name(removed[0]), errno_name(made[1]), errno_name(removed[1]));
    int flags = O_WRONLY | O_CREAT | O_EXCL;
    for (int i = 0; i < 2; i++) {
        struct path path = at(i ? &walk : &kernel, text);
        made[i] = opened(i ? &walk : &kernel, text, true, flags).error;
        if (!made[i]) assert_int_equal(path_unlink(&path), WASI_SUCCESS);
    }
    if (made[0] != made[1])
        fail_msg("create \"%s\": %s and %s", text, errno_name(made[0]), errno_name(made[1]));
}

static void both_resolve_alike(void **state) {
    (void)state;
    unsigned found = 0, refused = 0;
    for (unsigned tree = 0; tree < TREES; tree++) {
        seed = tree;
        shell("rm -rf base/*");
        grow(base, 0);
        for (int i = 0; i < PATHS; i++) {
            char text[256];
            draw_path(text);
            for (int follow = 0; follow < 2; follow++) {
                struct outcome a = opened(&kernel, text, follow, O_RDONLY);
                assert_same("open", text, a, opened(&walk, text, follow, O_RDONLY));
                assert_same("stat", text, examined(&kernel, text, follow),
                            examined(&walk, text, follow));
                found += a.error == WASI_SUCCESS;
                refused += a.error == WASI_NOTCAPABLE;
            }
            compare_creation(text);
        }
    }
    assert_true(found > PATHS && refused > PATHS); /* the trees are worth the trouble */
    shell("test `ls outside` = secret");
}

/* ---- single cases, both ways ---- */

static void assert_open(const char *text, bool follow, int flags, enum wasi_errno expected) {
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = opened(i ? &walk : &kernel, text, follow, flags);
        if (outcome.error != expected) {
            fail_msg("%s \"%s\": %s, not %s", i ? "walk" : "openat2", text,
                     errno_name(outcome.error), errno_name(expected));
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
        struct path path = {i ? &walk : &kernel, base, {(const uint8_t *)"file\0x", 6}};
        int fd;
        assert_int_equal(path_open(&path, true, O_RDONLY, &fd), WASI_INVAL);
    }
}

static void a_slash_at_the_end_asks_for_a_directory(void **state) {
    (void)state;
    shell("rm -rf base/* && mkdir base/dir && touch base/file && ln -s dir base/in && "
          "ln -s ../outside base/out");
    assert_open("dir/", false, O_RDONLY, WASI_SUCCESS);
    assert_open("file/", false, O_RDONLY, WASI_NOTDIR);
    assert_open("in/", true, O_RDONLY, WASI_SUCCESS);
    assert_open("in/", false, O_RDONLY, WASI_NOTDIR);
    assert_open("out/", true, O_RDONLY, WASI_NOTCAPABLE);
    assert_open("out/", false, O_RDONLY, WASI_NOTDIR);
    assert_open("new/", false, O_WRONLY | O_CREAT, WASI_ISDIR);
}

static void links_are_followed_at_most_40_times(void **state) {
    (void)state;
    shell("rm -rf base/* && touch base/l0 && i=0; "
          "while [ $i -lt 41 ]; do ln -s l$i base/l$((i+1)); i=$((i+1)); done; "
          "ln -s loop base/loop");
    assert_open("l40", true, O_RDONLY, WASI_SUCCESS);
    assert_open("l41", true, O_RDONLY, WASI_LOOP);
    assert_open("loop", true, O_RDONLY, WASI_LOOP);
    assert_open("loop/x", true, O_RDONLY, WASI_LOOP);
    assert_open("loop", false, O_RDONLY, WASI_LOOP);
}

static void creating_through_a_link_stays_beneath(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct resolver *resolver = i ? &walk : &kernel;
        shell("rm -rf base/* && ln -s new base/in && ln -s ../outside/new base/out");
        assert_int_equal(opened(resolver, "in", false, O_WRONLY | O_CREAT).error, WASI_LOOP);
        assert_int_equal(opened(resolver, "in", true, O_WRONLY | O_CREAT).error, WASI_SUCCESS);
        shell("test -f base/new && test -L base/in");
        assert_int_equal(opened(resolver, "out", true, O_WRONLY | O_CREAT).error, WASI_NOTCAPABLE);
        shell("test ! -e outside/new");
    }
}

static void the_walk_has_a_bottom(void **state) {
    (void)state;
    shell("rm -rf base/* && mkdir base/a");
    char text[4000] = "a";
    for (int i = 0; i < 300; i++) strcat(text, "/../a");
    assert_open(text, true, O_RDONLY, WASI_SUCCESS);
    strcpy(text, "a");
    int inner = dup(base);
    for (int i = 0; i < 300; i++) {
        mkdirat(inner, "a", 0777);
        int next = openat(inner, "a", O_RDONLY | O_DIRECTORY);
        close(inner);
        inner = next;
        if (i > 0) strcat(text, "/a");
    }
    close(inner);
    assert_int_equal(opened(&walk, text, true, O_RDONLY).error, WASI_NAMETOOLONG);
    text[2 * 256 - 1] = 0; /* 256 names: the last is opened, not entered */
    assert_int_equal(opened(&walk, text, true, O_RDONLY).error, WASI_SUCCESS);
}

/* ---- with somebody else at work in the tree ---- */

static atomic_bool stop;

/* Swap base/d for a link to the outside and back, and move base/p/q up and down. */
static void *disturb(void *unused) {
    (void)unused;
    while (!atomic_load(&stop)) {
        renameat(base, "d", base, "d.away");
        bool swapped = symlinkat("../outside", base, "d") == 0;
        renameat(base, "p/q", base, "q");
        if (swapped) unlinkat(base, "d", 0);
        renameat(base, "d.away", base, "d");
        renameat(base, "q", base, "p/q");
    }
    return NULL;
}

static void nothing_outside_is_reached_while_the_tree_changes(void **state) {
    (void)state;
    static const char *const tries[] = {
        "d/secret", "d/../d/secret", "p/q/../../d/secret", "p/q/../../../outside/secret",
        "d/new",    "p/q/../../../x"};
    shell("rm -rf base/* && mkdir -p base/d base/p/q && echo mine >base/d/secret");
    pthread_t other;
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&other, NULL, disturb, NULL), 0);
    bool escaped = false;
    for (int i = 0; i < RACES; i++) {
        const char *text = tries[i % 6];
        int flags = i % 6 > 3 ? O_RDWR | O_CREAT : O_RDONLY;
        struct outcome a = opened(&kernel, text, true, flags), b = opened(&walk, text, true, flags);
        escaped |= a.stat.st_ino == secret.st_ino || b.stat.st_ino == secret.st_ino;
        struct path path = at(i % 2 ? &walk : &kernel, "d/new");
        path_unlink(&path);
    }
    atomic_store(&stop, true);
    pthread_join(other, NULL);
    assert_false(escaped);
    shell("test `ls outside` = secret && test ! -e x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_resolve_alike),
        cmocka_unit_test(texts_are_checked_first),
        cmocka_unit_test(a_slash_at_the_end_asks_for_a_directory),
        cmocka_unit_test(links_are_followed_at_most_40_times),
        cmocka_unit_test(creating_through_a_link_stays_beneath),
        cmocka_unit_test(the_walk_has_a_bottom),
        cmocka_unit_test(nothing_outside_is_reached_while_the_tree_changes),
    };
    return cmocka_run_group_tests(tests, open_ground, close_ground);
}
