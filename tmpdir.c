/* The temporary directory of --tmpdir.
 *
 * It must disappear after an exit, a trap, a signal and even a crash of ours.
 * So a small process of its own, the janitor, makes it and removes it. The two
 * are joined by a socket:
 *
 *     hostel      fork; wait for a word       janitor     make the directory, say its name
 *                 open it; run the guest                  wait for the end of the socket
 *                 close one direction                     remove the directory
 *                 wait for a word                         say what is left, if anything; end
 *
 * The janitor sees the end of the socket also when the system closes it because
 * we are no more. As it alone makes the directory, with all signals blocked and
 * in a session of its own, there is no moment at which our death leaves the
 * directory behind. On SIGINT and its like a handler does what tmpdir_close
 * does, and then lets the signal end us; a second signal does not wait.
 *
 * The janitor keeps nothing of ours open but the socket, so it makes nobody
 * wait who waits for the end of a pipe or for a lock, and it has descriptors
 * enough for its work whatever our limit. Like the guest it stands behind a
 * wall of the kernel's. How it removes: see removal.c.
 *
 * Guests can be given the directory that ours is made in, and two programs can
 * run at a time. So who opens a path of it, checks: it must be empty when new,
 * or it may be another one that somebody has moved there; and we open just what
 * the janitor has, by device and inode. */
#include "tmpdir.h"
#include "removal.h"
#include "wasi/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the janitor says, twice. */
struct word {
    struct error error; /* what went wrong, if anything */
    char name[16];      /* of the directory, in its parent */
    dev_t device;
    ino_t inode;
};

static const char replaced[] = "somebody has put another one in its place";

/* ---- the janitor ---- */

enum {
    LINE = 0, /* the janitor's end of the socket */
    /* Closed one by one where the open ones are not listed. */
    DESCRIPTORS_MAX = 65536,
};

static void close_all_but_line(void) {
    /* Room for what comes now. */
    for (int fd = LINE + 1; fd <= STDERR_FILENO; fd++)
        close(fd);
    DIR *open_ones = opendir("/dev/fd");
    if (!open_ones) {
        long limit = sysconf(_SC_OPEN_MAX);
        for (int fd = LINE + 1; fd < limit && fd < DESCRIPTORS_MAX; fd++)
            close(fd);
        return;
    }

    for (struct dirent *entry; (entry = readdir(open_ones));) {
        int fd = atoi(entry->d_name);
        if (fd > LINE && fd != dirfd(open_ones))
            close(fd);
    }

    closedir(open_ones);
}

static bool is_empty(DIR *directory) {
    int count = 0;
    while (count <= 2 && readdir(directory))
        count++;
    return count <= 2; /* "." and ".." */
}

/* Open the directory that was just made here under the name in `word`. */
static DIR *open_new(struct word *word) {
    int fd = open(word->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct stat stat;
    if (!directory || fstat(fd, &stat) < 0) {
        error_set(
            &word->error, ERROR_IO, "%s: %s", word->name, strerror(errno));
        return NULL;
    }

    word->device = stat.st_dev;
    word->inode = stat.st_ino;
    if (is_empty(directory))
        return directory;

    error_set(&word->error, ERROR_IO, "%s", replaced);
    return NULL;
}

/* Make the directory, and let the wall come up: NULL if that failed, and
 * nothing is left. */
static DIR *make(const char *parent, bool walled, struct word *word) {
    strcpy(word->name, "hostel-XXXXXX");
    if (chdir(parent) != 0 || !mkdtemp(word->name)) {
        error_set(&word->error, ERROR_IO, "%s", strerror(errno));
        return NULL;
    }
    DIR *directory = open_new(word);
    if (directory &&
        (!walled || wasi_wall_removal(dirfd(directory), ".", &word->error)))
        return directory;
    rmdir(word->name);
    return NULL;
}

static void say(const struct word *word) {
    /* If nobody listens: SIGPIPE is blocked. */
    ssize_t ignored = write(LINE, word, sizeof *word);
    (void)ignored;
}

/* The new process, where all signals are blocked. A session of its own: what is
 * sent to all of our process group, even SIGKILL, does not reach it. */
static _Noreturn void be_janitor(int line, const char *parent, bool walled) {
    setsid();
    umask(S_IRWXG | S_IRWXO);
    dup2(line, LINE);
    close_all_but_line();
    struct pollfd end = {.fd = LINE, .events = POLLIN};
    /* There is nobody to make it for any more. */
    if (poll(&end, 1, 0) != 0)
        _exit(EXIT_FAILURE);
    struct word word = {.error = ERROR_INIT};
    DIR *root = make(parent, walled, &word);
    say(&word);
    if (!root)
        _exit(EXIT_FAILURE);
    char byte;
    while (read(LINE, &byte, 1) < 0 && errno == EINTR)
        continue;

    char path[TMPDIR_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", parent, word.name);
    bool removed = removal_run(root, word.name, path, &word.error);
    say(&word);
    _exit(removed ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- hostel ---- */

/* Signal handlers have nothing but global state. Written before they are
 * installed. */
static volatile sig_atomic_t line = -1, janitor = -1;

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { DEADLY_COUNT = sizeof deadly / sizeof *deadly };

/* Wait for what the janitor says; false at the end of the socket. */
static bool listen_to_janitor(struct word *word) {
    ssize_t size;
    do
        size = recv((int)line, word, sizeof *word, MSG_WAITALL);
    while (size < 0 && errno == EINTR);
    return size == sizeof *word;
}

/* Let the janitor work and wait for its end; false if it failed, with its last
 * word. For a signal's handler, too. */
static bool dismiss_janitor(struct word *last) {
    if (janitor < 0)
        return true;
    int status = 0;
    shutdown((int)line, SHUT_WR);
    while (listen_to_janitor(last))
        continue;
    while (waitpid((pid_t)janitor, &status, 0) < 0 && errno == EINTR)
        continue;
    janitor = -1;
    close((int)line);
    return status == 0;
}

static bool close_and_dismiss(struct tmpdir *tmpdir, struct word *last) {
    if (tmpdir->fd >= 0)
        close(tmpdir->fd);
    tmpdir->fd = -1;
    return dismiss_janitor(last);
}

/* The disposition is the default again (SA_RESETHAND), and the signal not
 * blocked. */
static void on_deadly_signal(int signal_number) {
    struct word last;
    last.error.text[0] = '\0';
    if (!dismiss_janitor(&last) && last.error.text[0]) {
        char text[sizeof "hostel: \n" + sizeof last.error.text] = "hostel: ";
        strcat(strcat(text, last.error.text), "\n");
        ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
        (void)ignored;
    }
    raise(signal_number);
}

/* A signal that is ignored, as by nohup, stays so. */
static void install_handlers(void) {
    for (size_t i = 0; i < DEADLY_COUNT; i++) {
        struct sigaction action = {.sa_handler = on_deadly_signal}, old;
        action.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
        sigemptyset(&action.sa_mask);
        if (sigaction(deadly[i], NULL, &old) == 0 &&
            old.sa_handler == SIG_DFL) {
            sigaction(deadly[i], &action, NULL);
        }
    }
}

static bool
start_janitor(const char *parent, bool walled, struct error *error) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return error_set(
            error, ERROR_IO, "no socket for --tmpdir: %s", strerror(errno));
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = fork();
    if (child == 0)
        be_janitor(ends[1], parent, walled);
    int reason = errno;
    close(ends[1]);
    if (child > 0) {
        line = ends[0];
        janitor = child;
        install_handlers();
    } else {
        close(ends[0]);
        error_set(error,
                  ERROR_IO,
                  "no process to remove --tmpdir at the end: %s",
                  strerror(reason));
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child > 0;
}

/* Open the directory that the janitor has made. */
static bool open_same(struct tmpdir *tmpdir, struct word *word) {
    struct stat stat;
    tmpdir->fd =
        open(tmpdir->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tmpdir->fd < 0 || fstat(tmpdir->fd, &stat) < 0)
        return error_set(&word->error, ERROR_IO, "%s", strerror(errno));
    if (stat.st_dev != word->device || stat.st_ino != word->inode)
        return error_set(&word->error, ERROR_IO, "%s", replaced);
    return true;
}

static bool
hear_and_open(struct tmpdir *tmpdir, const char *parent, struct word *word) {
    if (!listen_to_janitor(word))
        return error_set(
            &word->error, ERROR_IO, "the process that makes it has ended");
    if (word->error.kind != ERROR_NONE)
        return false;
    snprintf(tmpdir->path, sizeof tmpdir->path, "%s/%s", parent, word->name);
    return open_same(tmpdir, word);
}

bool tmpdir_open(struct tmpdir *tmpdir, bool walled, struct error *error) {
    *tmpdir = (struct tmpdir){.fd = -1};
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    struct word word = {.error = ERROR_INIT};
    if (strlen(parent) + sizeof word.name + 1 > sizeof tmpdir->path)
        return error_set(error, ERROR_IO, "TMPDIR is too long a name");
    if (!start_janitor(parent, walled, error))
        return false;
    if (hear_and_open(tmpdir, parent, &word))
        return true;

    error_set(error,
              ERROR_IO,
              "a temporary directory in %s: %s",
              shown_text(parent, 120).text,
              word.error.text);
    close_and_dismiss(tmpdir, &word);
    tmpdir->path[0] = '\0';
    return false;
}

bool tmpdir_close(struct tmpdir *tmpdir, struct error *error) {
    struct word last = {.error = ERROR_INIT};
    if (!tmpdir->path[0] || close_and_dismiss(tmpdir, &last))
        return true;
    if (last.error.text[0])
        return error_set(error, ERROR_IO, "%s", last.error.text);
    return error_set(error,
                     ERROR_IO,
                     "%s stays behind: the process to remove it was killed",
                     shown_text(tmpdir->path, 160).text);
}
