/* A command that does what its first argument says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

__attribute__((noinline)) static void inner(volatile int *address) {
    *address = 1;
}

__attribute__((noinline)) static void outer(void) {
    inner((volatile int *)0x7FFFFFF0);
    puts("not reached");
}

__attribute__((noinline)) static int deep(int n) {
    volatile char here[64];
    here[0] = (char)n;
    if (n < 0)
        return 0;
    return deep(n + 1) + here[0];
}

static int lines(long count) {
    for (long i = 0; i < count; i++) {
        if (printf("line %ld\n", i) < 0 || fflush(stdout) != 0)
            return errno == EPIPE ? 32 : 1;
    }
    return 0;
}

/* Returns the file, still open. */
static int put_file(int directory, const char *name, const char *text) {
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

/* Files, a link, and a chain of directories longer than any path may be. */
static void fill(void) {
    char name[201];
    memset(name, 'd', 200);
    name[200] = '\0';
    int here = open("/", O_RDONLY | O_DIRECTORY);
    close(put_file(here, "hostel-0", "x"));
    mkdirat(here, "hostel-1", 0700);
    symlink("hostel-0", "/link");
    for (int i = 0; i < 60; i++) {
        close(put_file(here, "file", "x"));
        if (mkdirat(here, name, 0700) != 0)
            perror("mkdirat"), exit(1);
        int next = openat(here, name, O_RDONLY | O_DIRECTORY);
        if (next < 0)
            perror("openat"), exit(1);
        close(here);
        here = next;
    }
    puts("filled");
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "args") == 0) {
        for (int i = 0; i < argc; i++)
            puts(argv[i]);
    } else if (strcmp(what, "env") == 0) {
        for (char **e = environ; *e; e++)
            puts(*e);
    } else if (strcmp(what, "exit") == 0) {
        exit(atoi(argv[2]));
    } else if (strcmp(what, "cat") == 0) {
        for (int c; (c = getchar()) != EOF;)
            putchar(c);
    } else if (strcmp(what, "sleep") == 0) {
        sleep(1000);
    } else if (strcmp(what, "stderr") == 0) {
        fputs("to stderr\n", stderr);
    } else if (strcmp(what, "lines") == 0) {
        return lines(atol(argv[2]));
    } else if (strcmp(what, "read") == 0) {
        FILE *file = fopen(argv[2], "r");
        if (!file)
            return perror(argv[2]), 1;
        for (int c; (c = getc(file)) != EOF;)
            putchar(c);
    } else if (strcmp(what, "write") == 0) {
        put_file(AT_FDCWD, argv[2], "in the file\n");
        puts("on stdout");
        fflush(stdout);
        fputs("on stderr\n", stderr);
    } else if (strcmp(what, "trap") == 0) {
        outer();
    } else if (strcmp(what, "deep") == 0) {
        return deep(0);
    } else if (strcmp(what, "fill") == 0) {
        fill();
        if (argc > 2 && strcmp(argv[2], "trap") == 0)
            __builtin_trap();
        if (argc > 2 && strcmp(argv[2], "exit") == 0)
            exit(3);
        if (argc > 2)
            for (;;)
                sleep(1);
    } else {
        puts("hello");
    }
    return 0;
}
