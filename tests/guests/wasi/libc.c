/* What C libraries make of the calls: programs ask them for things that no one
 * call of WASI is.
 *
 *     libc list         a directory of 200 files: scandir, and going back in it by seekdir
 *     libc vectors      preadv and pwritev with several buffers
 *     libc streams      which of the standard files are terminals, to standard error
 *     libc slash        names with a slash at the end
 *     libc remove       a tree of directories, while it is read
 *     libc readonly     ways to open and change what is granted for reading only, at /r
 *
 * Prints what a native program would. Built with the system's C library for
 * WASI, and with a newer one where that can be had (tests/wasi/toolchain.py):
 * they do not ask alike. */
#define _GNU_SOURCE /* preadv, scandir */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void need(bool ok, const char *what) {
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* "ok", or the error by its name. */
static const char *said(int result) {
    return result >= 0 ? "ok" : strerror(errno);
}

static void make_file(const char *path, const char *content) {
    int fd = open(path, O_CREAT | O_WRONLY, 0666);
    need(fd >= 0 && write(fd, content, strlen(content)) >= 0 && close(fd) == 0,
         path);
}

/* ---- list ---- */

enum { FILES = 200 };

static int count(struct dirent **entries, int size) {
    int odd = 0;
    for (int i = 0; i < size; i++) {
        odd += entries[i]->d_ino == 0;
        odd += entries[i]->d_type !=
               (entries[i]->d_name[0] == '.' ? DT_DIR : DT_REG);
    }
    return odd;
}

/* Ten are read and removed; from there on there must be all the others. */
static void go_back(void) {
    char path[300];
    int seen = 0, removed = 0;
    DIR *directory = opendir("/list");
    need(directory != NULL, "opendir");
    for (struct dirent *entry; removed < 10 && (entry = readdir(directory));) {
        snprintf(path, sizeof path, "/list/%s", entry->d_name);
        if (entry->d_name[0] != '.')
            need(++removed && unlink(path) == 0, path);
    }
    long place = telldir(directory);
    while (readdir(directory))
        seen++;
    seekdir(directory, place);
    int again = 0;
    while (readdir(directory))
        again++;
    rewinddir(directory);
    int left = 0;
    while (readdir(directory))
        left++;
    closedir(directory);
    printf("behind the tenth %s, again %s, left %d\n",
           seen >= FILES - 10 ? "all" : "too few",
           again == seen ? "as many" : "not as many",
           left);
}

static void list(void) {
    char path[32];
    struct dirent **entries;
    need(mkdir("/list", 0777) == 0, "mkdir");
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "/list/%d", i);
        make_file(path, "");
    }
    int size = scandir("/list", &entries, NULL, alphasort);
    need(size >= 0, "scandir");
    printf("%d entries, %s, %s, %s to %s, %d odd\n",
           size,
           entries[0]->d_name,
           entries[1]->d_name,
           entries[2]->d_name,
           entries[size - 1]->d_name,
           count(entries, size));
    go_back();
}

/* ---- vectors ---- */

static void vectors(void) {
    char a[4], b[4], c[4], all[32] = "";
    struct iovec in[] = {{a, 4}, {b, 0}, {b, 4}, {c, 4}},
                 out[] = {{"<<", 2}, {"--", 2}, {">>", 2}};
    make_file("/file", "0123456789abcdef");
    int fd = open("/file", O_RDWR);
    ssize_t first = preadv(fd, in, 4, 2), second = preadv(fd, in, 4, 10);
    printf("read %zd and %zd: %.4s%.2s\n", first, second, a, b);
    ssize_t third = pwritev(fd, out, 3, 4), fourth = pwritev(fd, out, 3, 13);
    ssize_t size = pread(fd, all, sizeof all - 1, 0);
    printf("written %zd and %zd: %s, %zd, at %lld\n",
           third,
           fourth,
           all,
           size,
           (long long)lseek(fd, 0, SEEK_CUR));
}

/* ---- slash ---- */

static void look(const char *path) {
    struct stat status;
    char text[16];
    bool found = lstat(path, &status) == 0;
    printf("%s: %s, ",
           path,
           !found                    ? strerror(errno)
           : S_ISDIR(status.st_mode) ? "dir"
                                     : "other");
    printf("open %s, ", said(open(path, O_RDONLY | O_NOFOLLOW)));
    printf("readlink %s\n", said((int)readlink(path, text, sizeof text)));
}

static void slash(void) {
    need(mkdir("/dir", 0777) == 0, "mkdir");
    make_file("/file", "");
    need(symlink("dir", "/link") == 0 && symlink("none", "/dangling") == 0,
         "symlink");
    look("/link/");
    look("/link");
    look("/dangling/");
    look("/file/");
    printf("unlink link/ %s, rmdir link/ %s\n",
           said(unlink("/link/")),
           said(rmdir("/link/")));
    printf("mkdir new/ %s, rename to moved/ %s, rmdir %s\n",
           said(mkdir("/new/", 0777)),
           said(rename("/new", "/moved/")),
           said(rmdir("/moved/")));
}

/* ---- remove ---- */

static char path[4096];

/* Make directories of directories of files beneath `path`; returns how many
 * entries there are. */
static int grow(int depth) {
    int made = 0;
    size_t size = strlen(path);
    for (int i = 0; i < 40; i++) {
        snprintf(path + size, sizeof path - size, "/an-entry-%d", i);
        made++;
        if (depth > 0 && i % 8 == 0) {
            need(mkdir(path, 0777) == 0, path);
            made += grow(depth - 1);
        } else {
            make_file(path, "x");
        }
        path[size] = 0;
    }
    return made;
}

/* Remove all beneath `path`, each entry as it is read. */
static int clear(void) {
    int removed = 0;
    size_t size = strlen(path);
    DIR *directory = opendir(path);
    need(directory != NULL, path);
    for (struct dirent *entry; (entry = readdir(directory)); path[size] = 0) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path + size, sizeof path - size, "/%s", entry->d_name);
        removed++;
        if (unlink(path) == 0)
            continue;
        removed += clear();
        need(rmdir(path) == 0, path);
    }
    closedir(directory);
    return removed;
}

static void remove_tree(void) {
    strcpy(path, "/tree");
    need(mkdir(path, 0777) == 0, path);
    printf("made %d, ", grow(2));
    printf("removed %d, ", clear());
    printf("and the last %s\n", said(rmdir(path)));
}

/* ---- readonly ---- */

static void read_only(void) {
    printf("read %s\n", said(open("/r/file", O_RDONLY)));
    printf("both %s\n", said(open("/r/file", O_RDWR)));
    printf("write %s\n", said(open("/r/file", O_WRONLY)));
    printf("append %s\n", said(open("/r/file", O_WRONLY | O_APPEND)));
    printf("truncate %s\n", said(open("/r/file", O_WRONLY | O_TRUNC)));
    printf("create %s\n", said(open("/r/new", O_RDWR | O_CREAT, 0666)));
    printf("in a directory %s\n", said(open("/r/dir/file", O_RDWR)));
    printf("make %s, unlink %s\n",
           said(mkdir("/r/new", 0777)),
           said(unlink("/r/file")));
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "list") == 0)
        list();
    if (strcmp(what, "vectors") == 0)
        vectors();
    if (strcmp(what, "streams") == 0)
        dprintf(2, "%d %d %d\n", isatty(0), isatty(1), isatty(2));
    if (strcmp(what, "slash") == 0)
        slash();
    if (strcmp(what, "remove") == 0)
        remove_tree();
    if (strcmp(what, "readonly") == 0)
        read_only();
    return 0;
}
