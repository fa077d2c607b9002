/* A guest that was also given the parent /p of its temporary directory /t, and
 * another one, /q: it does to the directory what its first argument says. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int result, const char *what) {
    if (result == 0)
        return;
    perror(what);
    exit(1);
}

static void put_file(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT, 0666);
    must(fd < 0, path);
    close(fd);
}

/* The directory's name in /p. */
static void find(char path[64]) {
    DIR *parent = opendir("/p");
    must(!parent, "/p");
    for (struct dirent *entry; (entry = readdir(parent));) {
        if (strncmp(entry->d_name, "hostel-", 7) == 0)
            snprintf(path, 64, "/p/%s", entry->d_name);
    }
    closedir(parent);
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    char made[64] = "";
    find(made);
    must(mkdir("/t/sub", 0777), "/t/sub");
    put_file("/t/sub/file");
    if (strcmp(how, "link") == 0) {
        must(rename(made, "/p/moved"), "rename");
        must(symlink("../victim", made), "symlink");
    } else if (strcmp(how, "directory") == 0) {
        must(rename(made, "/p/moved"), "rename");
        must(mkdir(made, 0777), "mkdir");
        char file[80];
        snprintf(file, sizeof file, "%s/kept", made);
        put_file(file);
    } else if (strcmp(how, "deep") == 0) {
        must(mkdir("/p/deep", 0777), "mkdir");
        must(rename(made, "/p/deep/moved"), "rename");
    } else if (strcmp(how, "away") == 0) {
        must(rename(made, "/q/moved"), "rename");
    } else if (strcmp(how, "remove") == 0) {
        must(unlink("/t/sub/file") || rmdir("/t/sub"), "empty");
        must(rmdir(made), "rmdir");
    }
    puts(how);
}
