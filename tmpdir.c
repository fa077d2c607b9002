/* The temporary directory of --tmpdir.
 *
 * It must disappear after an exit, a trap, a signal and even a crash of ours. So a small process
 * of its own, the janitor, waits at the reading end of a pipe whose writing end only we hold; when
 * that is closed, by us or by the system because we are no more, the janitor removes the directory
 * and ends. On SIGINT and its like the handler closes the pipe and waits for the janitor (both
 * allowed in a handler), so that nothing is left when the signal then ends us. Only after SIGKILL
 * the directory is gone a moment later than we are.
 *
 * The directory's content is hostile: it may be a chain of a million directories, too long for any
 * path and too deep for recursion. The tree is therefore not walked but flattened: what is not
 * empty moves up into the root, under a new name, until nothing is left. Links are never followed.
 */
#include "tmpdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- removing ---- */

/* Move the directory `name` of `parent` up into `root`, under a name nothing has there. */
static bool lift(int parent, const char *name, int root, uint64_t *serial) {
    char fresh[32];
    do {
        snprintf(fresh, sizeof fresh, "hostel-%llu", (unsigned long long)(*serial)++);
        if (renameat(parent, name, root, fresh) == 0) return true;
    } while (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR);
    return false;
}

static bool is_dot(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Empty the directory `name` of `root`, by removing files and lifting directories. */
static void empty(int root, const char *name, uint64_t *serial) {
    int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (is_dot(entry->d_name) || unlinkat(fd, entry->d_name, 0) == 0) continue;
        if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0) continue;
        lift(fd, entry->d_name, root, serial);
    }
    closedir(directory);
}

/* One round over the root; returns how many entries went. */
static size_t remove_entries(DIR *directory, uint64_t *serial) {
    int root = dirfd(directory);
    size_t removed = 0;
    rewinddir(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (is_dot(entry->d_name)) continue;
        bool gone = unlinkat(root, entry->d_name, 0) == 0;
        if (!gone) {
            empty(root, entry->d_name, serial);
            gone = unlinkat(root, entry->d_name, AT_REMOVEDIR) == 0;
        }
        removed += gone;
    }
    return removed;
}

static bool remove_tree(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) return false;
    uint64_t serial = 0;
    while (remove_entries(directory, &serial) > 0) continue;
    closedir(directory);
    return rmdir(path) == 0;
}

/* ---- the janitor ---- */

/* Signal handlers have nothing but global state. Written before they are installed. */
static volatile sig_atomic_t pipe_end = -1, janitor = -1;

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { DEADLY_COUNT = sizeof deadly / sizeof *deadly };

/* Let the janitor work, and wait for it; returns its exit status. */
static int dismiss_janitor(void) {
    int status = 0;
    if (pipe_end < 0) return 0;
    close(pipe_end);
    pipe_end = -1;
    while (waitpid((pid_t)janitor, &status, 0) < 0 && errno == EINTR) continue;
    return status;
}

/* The disposition is the default again (SA_RESETHAND): the signal ends us on return. */
static void on_deadly_signal(int signal_number) {
    dismiss_janitor();
    raise(signal_number);
}

/* In the new process, where the deadly signals are blocked: outlive our parent, also when a signal
 * that nobody can block is sent to all of its process group. */
static _Noreturn void be_janitor(const char *path, int pipe_fd) {
    setsid();
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd); /* do not keep the parent's readers waiting */
    char byte;
    while (read(pipe_fd, &byte, 1) < 0 && errno == EINTR) continue;
    _exit(remove_tree(path) ? 0 : 1);
}

static bool start_janitor(const char *path) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        be_janitor(path, ends[0]);
    }
    close(ends[0]);
    if (child < 0) {
        close(ends[1]);
        return false;
    }
    pipe_end = ends[1];
    janitor = child;
    return true;
}

/* A signal that is ignored, as by nohup, stays so. */
static void install_handlers(const sigset_t *blocked) {
    for (size_t i = 0; i < DEADLY_COUNT; i++) {
        struct sigaction action = {.sa_handler = on_deadly_signal, .sa_mask = *blocked};
        action.sa_flags = (int)SA_RESETHAND;
        struct sigaction old;
        if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            sigaction(deadly[i], &action, NULL);
        }
    }
}

bool tmpdir_open(struct tmpdir *tmpdir, struct error *error) {
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    size_t size = sizeof tmpdir->path;
    if (snprintf(tmpdir->path, size, "%s/hostel-XXXXXX", parent) >= (int)size) {
        tmpdir->path[0] = '\0';
        return error_set(error, ERROR_IO, "TMPDIR is too long a name");
    }
    sigset_t signals, before;
    sigemptyset(&signals);
    for (size_t i = 0; i < DEADLY_COUNT; i++) sigaddset(&signals, deadly[i]);
    sigprocmask(SIG_BLOCK, &signals, &before);
    bool made = mkdtemp(tmpdir->path) != NULL;
    bool started = made && start_janitor(tmpdir->path);
    if (started)
        install_handlers(&signals);
    else
        error_set(error, ERROR_IO, "a temporary directory in %s: %s", shown_text(parent, 180).text,
                  strerror(errno));
    if (made && !started) rmdir(tmpdir->path);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (!started) tmpdir->path[0] = '\0';
    return started;
}

bool tmpdir_close(struct tmpdir *tmpdir, struct error *error) {
    if (!tmpdir->path[0] || dismiss_janitor() == 0) return true;
    return error_set(error, ERROR_IO, "%s could not be removed",
                     shown_text(tmpdir->path, 200).text);
}
