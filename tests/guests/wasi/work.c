/* Programs of the everyday sort, over libc: what guests do that nobody wrote as
 * a test.
 *
 *     work tree COUNT     make, list, read, rename and delete COUNT files beneath /
 *     work sparse         write and read /big at its start and beyond 4 GiB
 *     work copy           /in to /out, in pieces of 64 KiB
 *     work poll           wait for standard input in vain, for a byte, for its end
 *     work echo           standard input to standard output, as it comes
 *     work lines N        N numbered lines, until nobody reads them
 *     work turns N        N lines, to standard output and standard error in turns
 *     work tty            which of the standard files are terminals, then echo
 *     work streams        which of the standard files are terminals, to standard error
 *     work grow           to /grown, until there is no more to be had
 *
 * Prints what it counted; whatever fails ends it with status 1 and a word on
 * stderr. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void need(int ok, const char *what) {
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- a tree of files ---- */

enum { PER_DIRECTORY = 100 };

static char path[256], other[256];

static void make_file(int i) {
    snprintf(path, sizeof path, "/d%d", i / PER_DIRECTORY);
    if (i % PER_DIRECTORY == 0)
        need(mkdir(path, 0777) == 0, path);
    snprintf(path, sizeof path, "/d%d/f%d", i / PER_DIRECTORY, i);
    FILE *file = fopen(path, "w");
    need(file != NULL, path);
    fprintf(file, "%d", i);
    need(fclose(file) == 0, path);
}

/* Read a file and give it another name, in the next directory. */
static void move_file(const char *name, int directories) {
    int number = -1, i = atoi(strrchr(name, 'f') + 1);
    FILE *file = fopen(name, "r");
    need(file && fscanf(file, "%d", &number) == 1, name);
    fclose(file);
    need(number == i, "what a file says");
    snprintf(other,
             sizeof other,
             "/d%d/g%d",
             (i / PER_DIRECTORY + 1) % directories,
             i);
    need(rename(name, other) == 0, other);
}

/* Do something to every file beneath `name`; returns how many there were. */
static int
walk(const char *name, int directories, void (*act)(const char *, int)) {
    DIR *directory = opendir(name);
    need(directory != NULL, name);
    int count = 0;
    char inner[256];
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' || entry->d_name[0] == 'g')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", name, entry->d_name);
        if (entry->d_type == DT_DIR) {
            count += walk(inner, directories, act);
        } else if (++count && act) {
            act(inner, directories);
        }
    }
    closedir(directory);
    return count;
}

static int delete_all(int directories) {
    int count = 0;
    for (int i = 0; i < directories; i++) {
        snprintf(path, sizeof path, "/d%d", i);
        DIR *directory = opendir(path);
        need(directory != NULL, path);
        for (struct dirent *entry; (entry = readdir(directory));) {
            if (entry->d_name[0] == '.')
                continue;
            snprintf(other, sizeof other, "/d%d/%s", i, entry->d_name);
            need(unlink(other) == 0, other);
            count++;
        }
        closedir(directory);
        need(rmdir(path) == 0, path);
    }
    return count;
}

static void tree(int count) {
    int directories = count / PER_DIRECTORY;
    for (int i = 0; i < count; i++)
        make_file(i);
    printf("listed %d\n", walk("", directories, NULL));
    printf("renamed %d\n", walk("", directories, move_file));
    printf("deleted %d\n", delete_all(directories));
}

/* ---- large files ---- */

static void sparse(void) {
    char text[5] = "";
    struct stat stat;
    const off_t far = ((off_t)5 << 30) + 3;
    int fd = open("/big", O_RDWR | O_CREAT, 0666);
    need(fd >= 0 && write(fd, "head", 4) == 4, "the start");
    need(lseek(fd, far, SEEK_SET) == far && write(fd, "tail", 4) == 4,
         "the end");
    need(fstat(fd, &stat) == 0, "fstat");
    printf("size %lld\n", (long long)stat.st_size);
    need(pread(fd, text, 4, 0) == 4, "reading the start");
    printf("%s", text);
    need(lseek(fd, -4, SEEK_END) == far && read(fd, text, 4) == 4,
         "reading the end");
    printf(" %s", text);
    need(pread(fd, text, 4, (off_t)1 << 32) == 4 &&
             !memcmp(text, "\0\0\0\0", 4),
         "the hole");
    need(pwrite(fd, "more", 4, (off_t)1 << 32) == 4, "writing the hole");
    need(pread(fd, text, 4, (off_t)1 << 32) == 4, "reading the hole");
    printf(" %s\n", text);
    need(ftruncate(fd, far) == 0 && read(fd, text, 4) == 0,
         "cutting the end off");
    close(fd);
}

static char bytes[64 << 10];

static void copy(int from, int to) {
    ssize_t count;
    while ((count = read(from, bytes, sizeof bytes)) > 0) {
        for (ssize_t done = 0, wrote; done < count; done += wrote) {
            wrote = write(to, bytes + done, (size_t)(count - done));
            need(wrote > 0, "write");
        }
    }
    need(count == 0, "read");
}

static void copy_file(void) {
    int from = open("/in", O_RDONLY),
        to = open("/out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    need(from >= 0 && to >= 0, "open");
    copy(from, to);
}

static void grow(void) {
    int fd = open("/grown", O_WRONLY | O_CREAT, 0666);
    while (write(fd, bytes, sizeof bytes) > 0)
        continue;
    printf("%s\n", strerror(errno));
}

/* ---- streams ---- */

static void wait_for_input(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int ready = poll(&input, 1, 30);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long ns = (after.tv_sec - before.tv_sec) * 1000000000LL +
                   after.tv_nsec - before.tv_nsec;
    printf("ready %d, too early %d\n", ready, ns < 30000000);
    fflush(stdout);
    char byte = 0;
    for (ssize_t count = 1; count > 0;) {
        ready = poll(&input, 1, -1);
        count = read(0, &byte, 1);
        printf("ready %d, in %d, read %d %c\n",
               ready,
               (input.revents & POLLIN) != 0,
               (int)count,
               count ? byte : '-');
        fflush(stdout);
    }
}

static void lines(int count) {
    for (int i = 0; i < count; i++) {
        if (dprintf(1, "line %d\n", i) < 0) {
            fprintf(stderr, "at a line: %s\n", strerror(errno));
            exit(errno == EPIPE ? 3 : 4);
        }
    }
}

static void turns(int count) {
    for (int i = 0; i < count; i++)
        dprintf(1 + i % 2, "%d\n", i);
}

static void tty(void) {
    dprintf(1, "%d %d %d\n", isatty(0), isatty(1), isatty(2));
    copy(0, 1);
    dprintf(1, "end\n");
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(what, "tree") == 0)
        tree(count);
    if (strcmp(what, "sparse") == 0)
        sparse();
    if (strcmp(what, "copy") == 0)
        copy_file();
    if (strcmp(what, "grow") == 0)
        grow();
    if (strcmp(what, "poll") == 0)
        wait_for_input();
    if (strcmp(what, "echo") == 0)
        copy(0, 1);
    if (strcmp(what, "lines") == 0)
        lines(count);
    if (strcmp(what, "turns") == 0)
        turns(count);
    if (strcmp(what, "tty") == 0)
        tty();
    if (strcmp(what, "streams") == 0)
        dprintf(2, "%d %d %d\n", isatty(0), isatty(1), isatty(2));
    return 0;
}
