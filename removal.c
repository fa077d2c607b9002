/* Removing a directory whose content is hostile, while others move, replace and
 * fill it.
 *
 * All we trust is the descriptor of the directory, opened when it was new. A
 * path of it is never followed again: by now that may lead elsewhere. What we
 * do has the form "one name in this open directory, not followed if it is a
 * link".
 *
 * The content may be a chain of a million directories, too long for any path
 * and too deep for recursion. The tree is therefore not walked but flattened:
 * what is not empty moves up into the root, under a new name, until nothing is
 * left. Descriptors in use at a time: two.
 *
 * A mount point beneath the directory stays, with all that is mounted there,
 * also when that is of the same device (a bind mount). The kernel tells: to
 * rmdir a mount point is EBUSY, to rmdir a directory that is merely not empty
 * is ENOTEMPTY, and nothing but the latter is entered.
 *
 * At last the directory itself. Seen from within it is `../NAME`, wherever it
 * was moved; the name is the one it was made under or, where there is a /proc
 * to say so, another. It must be found to be our device and inode. POSIX cannot
 * remove a directory by descriptor, so somebody may put another in its place
 * after we looked; but it would have to be empty, or rmdir refuses. */
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* That begin with what somebody else put there meanwhile. */
    ROUNDS_MAX = 100,
    NAME_TRIES = 100, /* while somebody renames the directory again and again */
    WHERE_SIZE = 4096,
};

/* Of the names given to what moves up; a number follows. */
static const char lifted[] = "hostel-";

struct removal {
    DIR *directory; /* the root */
    int root;       /* its descriptor */
    struct stat self;
    uint64_t serial; /* of the next name */
    /* An errno: why the first entry that stayed in this round did so, or 0. */
    int reason;
    size_t seen, removed;
    bool strangers; /* this round removed what had names that we do not give */
    int patience;   /* how many such rounds are left */
};

/* ---- the content ---- */

static void note(struct removal *removal, int reason) {
    if (removal->reason == 0)
        removal->reason = reason;
}

/* Remove a file, a link or an empty directory. ENOTEMPTY: it is a directory
 * that one can enter. */
static bool drop(int parent, const char *name) {
    if (unlinkat(parent, name, 0) == 0)
        return true;
    int reason = errno;
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return true;
    if (errno == EEXIST)
        errno = ENOTEMPTY; /* POSIX lets systems choose */
    if (errno == ENOTDIR)
        errno = reason;
    return false;
}

/* Move the directory `name` of `parent` up into the root, under a name nothing
 * has there. */
static bool lift(struct removal *removal, int parent, const char *name) {
    char fresh[32];
    do {
        unsigned long long serial = removal->serial++;
        snprintf(fresh, sizeof fresh, "%s%llu", lifted, serial);
        if (renameat(parent, name, removal->root, fresh) == 0)
            return true;
    } while (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR);
    return false;
}

/* Open the directory `name` of the root, and make sure that we may change
 * it. */
static DIR *enter(const struct removal *removal, const char *name) {
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(removal->root, name, flags);
    bool barred = fd < 0 && errno == EACCES;
    if (barred &&
        fchmodat(removal->root, name, S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(removal->root, name, flags);
    if (fd < 0)
        return NULL;

    struct stat stat;
    int reason = fstat(fd, &stat) == 0 ? 0 : errno;
    /* Mounted meanwhile. */
    if (!reason && stat.st_dev != removal->self.st_dev)
        reason = EBUSY;
    if (!reason && (stat.st_mode & S_IRWXU) != S_IRWXU)
        fchmod(fd, S_IRWXU);
    DIR *directory = reason ? NULL : fdopendir(fd);
    if (directory)
        return directory;
    if (!reason)
        reason = errno;
    close(fd);
    errno = reason;
    return NULL;
}

static bool is_dot(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Empty the directory `name` of the root, by removing files and lifting
 * directories. */
static void empty(struct removal *removal, const char *name) {
    DIR *directory = enter(removal, name);
    if (!directory) {
        note(removal, errno);
        return;
    }

    int fd = dirfd(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (is_dot(entry->d_name) || drop(fd, entry->d_name))
            continue;
        bool gone = errno == ENOTEMPTY && lift(removal, fd, entry->d_name);
        if (!gone)
            note(removal, errno);
    }

    closedir(directory);
}

static bool remove_entry(struct removal *removal, const char *name) {
    if (drop(removal->root, name))
        return true;
    if (errno == ENOTEMPTY) {
        empty(removal, name);
        if (unlinkat(removal->root, name, AT_REMOVEDIR) == 0)
            return true;
    }
    note(removal, errno);
    return false;
}

/* Once over the root. */
static void go_round(struct removal *removal) {
    removal->seen = removal->removed = 0;
    removal->reason = 0;
    removal->strangers = false;
    rewinddir(removal->directory);
    for (struct dirent *entry; (entry = readdir(removal->directory));) {
        if (is_dot(entry->d_name))
            continue;
        bool ours = strncmp(entry->d_name, lifted, strlen(lifted)) == 0;
        bool gone = remove_entry(removal, entry->d_name);
        removal->seen++;
        removal->removed += gone;
        removal->strangers = removal->strangers || (gone && !ours);
    }
}

/* True if nothing is left. A round takes all it finds and may leave what it
 * lifted, so from the second one on there are only our own names, unless
 * somebody goes on filling the directory. Who does shall not keep us for
 * ever. */
static bool clear(struct removal *removal) {
    fchmod(removal->root, S_IRWXU);
    while (removal->patience > 0) {
        go_round(removal);
        if (removal->removed == 0)
            return removal->seen == 0;
        removal->patience -= removal->strangers;
    }
    return false;
}

/* ---- the directory itself ---- */

/* Where the directory is now, if the system says. */
static bool look_up(const struct removal *removal, char where[WHERE_SIZE]) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", removal->root);
    ssize_t size = readlink(link, where, WHERE_SIZE - 1);
    where[size > 0 ? size : 0] = '\0';
    return size > 0;
}

static bool is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Remove the directory, which is empty, if `name` is one of its names. ESTALE:
 * it is not. */
static bool remove_as(const struct removal *removal, const char *name) {
    char path[WHERE_SIZE + 4];
    snprintf(path, sizeof path, "../%s", name);

    struct stat found;
    int looked = fstatat(removal->root, path, &found, AT_SYMLINK_NOFOLLOW);
    if (looked == 0 && is_same(&found, &removal->self))
        return unlinkat(removal->root, path, AT_REMOVEDIR) == 0;
    errno = ESTALE;
    return false;
}

/* Somebody has removed it: there is no name left. */
static bool is_gone(const struct removal *removal) {
    struct stat now;
    return fstat(removal->root, &now) == 0 && now.st_nlink == 0;
}

static bool remove_self(const struct removal *removal, const char *name) {
    char where[WHERE_SIZE];
    for (int i = 0; i < NAME_TRIES; i++) {
        if (remove_as(removal, name) || is_gone(removal))
            return true;
        if (errno != ESTALE)
            return false;
        if (!look_up(removal, where))
            break;
        const char *slash = strrchr(where, '/');
        if (slash && remove_as(removal, slash + 1))
            return true;
        if (errno != ESTALE)
            return false;
    }

    errno = ESTALE;
    return false;
}

bool removal_run(DIR *root,
                 const char *name,
                 const char *path,
                 struct error *error) {
    struct removal removal = {
        .directory = root, .root = dirfd(root), .patience = ROUNDS_MAX};
    char where[WHERE_SIZE] = "";
    if (fstat(removal.root, &removal.self) < 0)
        return error_set(error,
                         ERROR_IO,
                         "%s: %s",
                         shown_text(path, 160).text,
                         strerror(errno));
    int reason = ENOTEMPTY;
    bool cleared = false;
    while (reason == ENOTEMPTY && (cleared = clear(&removal))) {
        if (remove_self(&removal, name))
            return true;
        reason = errno == EEXIST ? ENOTEMPTY : errno;
        removal.patience--; /* not empty: somebody was faster */
    }
    if (reason != ESTALE && look_up(&removal, where))
        path = where;
    struct shown called = shown_text(path, 160);
    if (reason == ESTALE)
        return error_set(error,
                         ERROR_IO,
                         "%s is empty, but was moved away and not found",
                         called.text);
    if (cleared)
        return error_set(error,
                         ERROR_IO,
                         "%s is empty, but could not be removed: %s",
                         called.text,
                         strerror(reason));
    return error_set(error,
                     ERROR_IO,
                     "%s could not be emptied: %s",
                     called.text,
                     removal.patience > 0 ? strerror(removal.reason)
                                          : "others keep filling it");
}
