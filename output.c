/* A file that is there when it is complete, or not at all.
 *
 * It is written under another name in the same directory, and gets its own at
 * last, by rename: so nobody ever finds half of it, and what was there before
 * stays if we fail. The other name must disappear when we do, however that
 * happens, and walls may be around us by then. So a small process of its own,
 * the keeper, gives the file its name when it is told so, and removes it when
 * we are no more:
 *
 *     hostel      fork; write the file            keeper      wait for a byte
 *                 send a byte                                 rename; answer: errno
 *                 wait for the answer                         or, at the end of the socket: unlink
 *
 * What is no regular file, as /dev/stdout, is written as it is. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the file is to be, and where it is written. */
struct names {
    char target[PATH_MAX], temporary[PATH_MAX];
};

static const char temporary_name[] = ".hostel-XXXXXX";

static bool fail(const char *path, int number, struct error *error) {
    return error_set(error,
                     ERROR_IO,
                     "%s: %s",
                     shown_text(path, SHOWN_MAX).text,
                     strerror(number));
}

/* ---- the keeper ---- */

/* The new process, where all signals are blocked. A session of its own: what is
 * sent to all of our process group, even SIGKILL, does not reach it. */
static _Noreturn void be_keeper(int line, const struct names *names) {
    setsid();
    char byte;
    ssize_t size;
    do
        size = read(line, &byte, sizeof byte);
    while (size < 0 && errno == EINTR);

    bool keep = size == sizeof byte;
    bool kept = keep && rename(names->temporary, names->target) == 0;
    int answer = kept ? 0 : errno;
    if (!kept)
        unlink(names->temporary);
    if (keep)
        send(line, &answer, sizeof answer, MSG_NOSIGNAL);
    _exit(EXIT_SUCCESS);
}

/* Signals are blocked before there is a keeper whom they could meet. */
static bool start_keeper(struct output *output, const struct names *names) {
    int ends[2];
    sigset_t all, before;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    output->keeper = fork();
    if (output->keeper == 0) {
        close(ends[0]);
        be_keeper(ends[1], names);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    output->line = ends[0];
    if (output->keeper < 0)
        close(ends[0]);
    return output->keeper >= 0;
}

/* What it says to the byte: an errno, or 0. */
static int ask_keeper(const struct output *output) {
    int answer = EIO;
    ssize_t size = send(output->line, "", 1, MSG_NOSIGNAL);
    if (size == 1)
        size = recv(output->line, &answer, sizeof answer, MSG_WAITALL);
    return size == sizeof answer ? answer : EIO;
}

static void dismiss_keeper(struct output *output) {
    close(output->line);
    while (waitpid(output->keeper, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* ---- the file ---- */

/* A link stays one: what it leads to is replaced. */
static bool choose_names(const char *path, bool there, struct names *names) {
    bool found = there ? realpath(path, names->target) != NULL
                       : strlen(path) < sizeof names->target;
    if (!found)
        return false;
    if (!there)
        strcpy(names->target, path);
    strcpy(names->temporary, names->target);
    char *slash = strrchr(names->temporary, '/');
    char *name = slash ? slash + 1 : names->temporary;
    size_t room = (size_t)(names->temporary + sizeof names->temporary - name);
    errno = ENAMETOOLONG;
    if (room < sizeof temporary_name)
        return false;
    strcpy(name, temporary_name);
    return true;
}

/* What a file that is new may be used for, or the one that is there. */
static mode_t mode_of(const struct stat *there) {
    mode_t mask = umask(0);
    umask(mask);
    return there ? there->st_mode & (S_IRWXU | S_IRWXG | S_IRWXO)
                 : (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH) &
                       ~mask;
}

static bool
begin(struct output *output, struct names *names, const struct stat *there) {
    if (!choose_names(output->path, there != NULL, names))
        return false;
    if (there && access(names->target, W_OK) != 0)
        return false;
    int fd = mkstemp(names->temporary);
    if (fd < 0)
        return false;
    bool ready = fchmod(fd, mode_of(there)) == 0 && start_keeper(output, names);
    if (!ready) {
        unlink(names->temporary);
        close(fd);
        return false;
    }
    output->file = fdopen(fd, "w");
    if (!output->file) {
        dismiss_keeper(output);
        close(fd);
    }
    return output->file != NULL;
}

bool output_open(struct output *output, const char *path, struct error *error) {
    struct stat stat_of;
    struct names names;
    *output = (struct output){.path = path, .keeper = -1, .line = -1};
    bool there = stat(path, &stat_of) == 0;
    if (there && !S_ISREG(stat_of.st_mode)) {
        output->file = fopen(path, "w");
    } else {
        begin(output, &names, there ? &stat_of : NULL);
    }
    return output->file || fail(path, errno, error);
}

bool output_close(struct output *output, bool keep, struct error *error) {
    int number = fclose(output->file) == 0 ? 0 : errno;
    if (output->keeper >= 0) {
        if (keep && number == 0)
            number = ask_keeper(output);
        dismiss_keeper(output);
    }
    return !keep || number == 0 || fail(output->path, number, error);
}
