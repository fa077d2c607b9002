/* Paths of the guest, resolved beneath a directory it was given: the sandbox's
 * wall.
 *
 * The only file of the folder that passes names to the system. Its invariant: a
 * string of the guest with a `/` in it reaches no system call but openat2,
 * where the kernel keeps it beneath the base directory. All other calls get an
 * open directory and one component: no slash, not `..`, and never followed if
 * it is a link. A slash at the end would make the system follow a link even
 * with O_NOFOLLOW; here it is cut off, remembered as "this must be a
 * directory", and means the same (POSIX 4.13): what acts on what is there
 * follows `link/`, beneath the base as ever. What makes, removes or renames an
 * entry does not, as on Linux.
 *
 * So every path is brought into the form of a `struct place` first:
 *
 *     check    no absolute path, no NUL, UTF-8, not too long
 *     split    "a/b/c//" is c, which must be a directory, in a/b
 *     enter    open a/b beneath the base: by openat2, or by the walk
 *     follow   if wanted and c is a link: its text replaces c, and again from `split`
 *
 * A guest is given files. Some file systems have none, but show the kernel or
 * processes, the host's own environment and memory among them: these are
 * neither entered nor looked at, wherever beneath the base they are mounted.
 * openat2 stays within one mount, whose file system was judged when the base
 * was granted. What leads into another, it leaves to the walk, which judges
 * each directory it enters; a place that is itself a mount is told by its
 * device number.
 *
 * The walk does what openat2 does, with a stack of open directories: a name
 * pushes, `..` pops and fails below the base, a link's text is put in front of
 * what is left. Each step opens one name without following it, so another
 * process that swaps a directory for a link meanwhile achieves nothing but
 * ELOOP. Limits: 40 links as in Linux, 256 directories deep.
 *
 * Links a guest creates are never absolute, but may contain `..`: they are data
 * until somebody follows them, and a guest that does so comes through here. */
#include "wasi/path.h"
#include "wasi/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
    /* A path of the guest or a link's text, with its NUL. */
    PATH_SIZE = 4096,
    TEXT_SIZE = 3 * PATH_SIZE, /* what they may grow to when links are put in */
    NAME_SIZE = 256,           /* a component with its NUL */
    LINKS_MAX = 40,
    DEPTH_MAX = 256,
    RETRIES = 8, /* of openat2 when a directory was renamed meanwhile */
    NEVER_BLOCK = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
};

/* One component in an open directory. The name "." is the directory itself. */
struct place {
    int directory;
    bool owned; /* `directory` is ours to close; else it is the path's base */
    bool slash; /* the path ended in one: this must be a directory */
    char name[NAME_SIZE];
};

void resolver_init(struct resolver *resolver) {
    int flags = host_search_flags() | O_DIRECTORY | O_CLOEXEC;
    int fd = host_open_beneath(AT_FDCWD, ".", flags, 0);
    /* EPERM: seccomp's answer. */
    resolver->walk = fd < 0 && (errno == ENOSYS || errno == EPERM);
    if (fd >= 0)
        close(fd);
}

/* ---- text ---- */

/* Is it a path that anything may be done with? An absolute one would begin
 * outside of the base. */
static enum wasi_errno check(struct slice text) {
    if (text.size == 0)
        return WASI_NOENT;
    if (text.size >= PATH_SIZE)
        return WASI_NAMETOOLONG;
    if (memchr(text.data, 0, text.size))
        return WASI_INVAL;
    if (!utf8_valid(text))
        return WASI_ILSEQ;
    if (text.data[0] == '/')
        return WASI_NOTCAPABLE;
    return WASI_SUCCESS;
}

/* Check a path and copy it to `out` as a C string. */
static enum wasi_errno copy_path(struct slice text, char *out) {
    enum wasi_errno error = check(text);
    if (error)
        return error;
    memcpy(out, text.data, text.size);
    out[text.size] = 0;
    return WASI_SUCCESS;
}

/* Cut slashes off the end; true if there were any. */
static bool cut_slashes(char *text) {
    size_t size = strlen(text), whole = size;
    while (size > 0 && text[size - 1] == '/')
        text[--size] = 0;
    return size < whole;
}

/* Put `link` (a link's text) before `rest`, with a slash between. */
static bool put_before(const char *link, size_t link_size, char *rest) {
    size_t rest_size = strlen(rest) + 1;
    if (link_size + 1 + rest_size > TEXT_SIZE)
        return false;
    memmove(rest + link_size + 1, rest, rest_size);
    memcpy(rest, link, link_size);
    rest[link_size] = '/';
    return true;
}

/* Read the link `name`; INVAL if it is none, NOTCAPABLE if it is absolute. */
static enum wasi_errno
read_link(int directory, const char *name, char out[PATH_SIZE]) {
    ssize_t size = readlinkat(directory, name, out, PATH_SIZE);
    if (size < 0)
        return errno_to_wasi(errno);
    if (size >= PATH_SIZE)
        return WASI_NAMETOOLONG;
    out[size] = 0;
    return out[0] == '/' ? WASI_NOTCAPABLE : WASI_SUCCESS;
}

/* ---- the walk ---- */

struct walk {
    int base, depth, links;
    int stack[DEPTH_MAX]; /* the directories entered, owned */
    char rest[TEXT_SIZE]; /* what is still to be resolved */
};

/* The directory that the next component is looked up in. */
static int walk_top(const struct walk *walk) {
    return walk->depth > 0 ? walk->stack[walk->depth - 1] : walk->base;
}

/* Take the next component off the rest. */
static enum wasi_errno walk_next(struct walk *walk, char name[NAME_SIZE]) {
    const char *begin = walk->rest + strspn(walk->rest, "/");
    size_t size = strcspn(begin, "/");
    if (size >= NAME_SIZE)
        return WASI_NAMETOOLONG;

    memcpy(name, begin, size);
    name[size] = 0;
    const char *end = begin + size;
    memmove(walk->rest, end, strlen(end) + 1);
    return WASI_SUCCESS;
}

/* `name` is no directory: go on with what it says if it is a link. */
static enum wasi_errno walk_link(struct walk *walk, const char *name) {
    char link[PATH_SIZE];
    enum wasi_errno error = read_link(walk_top(walk), name, link);
    if (error == WASI_INVAL)
        return WASI_NOTDIR;
    if (error)
        return error;
    if (walk->links++ == LINKS_MAX)
        return WASI_LOOP;
    if (!put_before(link, strlen(link), walk->rest))
        return WASI_NAMETOOLONG;
    return WASI_SUCCESS;
}

/* Go one component on. */
static enum wasi_errno walk_step(struct walk *walk, const char *name) {
    if (strcmp(name, "") == 0 || strcmp(name, ".") == 0)
        return WASI_SUCCESS;
    if (strcmp(name, "..") == 0) {
        if (walk->depth == 0)
            return WASI_NOTCAPABLE;
        close(walk->stack[--walk->depth]);
        return WASI_SUCCESS;
    }

    if (walk->depth == DEPTH_MAX)
        return WASI_NAMETOOLONG;

    int flags = host_search_flags() | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(walk_top(walk), name, flags);
    if (fd >= 0) {
        walk->stack[walk->depth++] = fd;
        return host_shows_kernel(fd) ? WASI_NOTCAPABLE : WASI_SUCCESS;
    }

    /* Systems differ in what they call a link here. */
    bool link = errno == ENOTDIR || errno == ELOOP || errno == EMLINK;
    return link ? walk_link(walk, name) : errno_to_wasi(errno);
}

/* Open the directory `text` leads to: the last one entered, or the base
 * again. */
static enum wasi_errno walk_to(int base, const char *text, int *fd) {
    struct walk walk = {.base = base};
    strcpy(walk.rest, text);
    enum wasi_errno error = WASI_SUCCESS;
    while (!error && walk.rest[0]) {
        char name[NAME_SIZE];
        error = walk_next(&walk, name);
        if (!error)
            error = walk_step(&walk, name);
    }

    if (!error && walk.depth > 0) {
        *fd = walk.stack[--walk.depth];
    } else if (!error) {
        *fd = fcntl(base, F_DUPFD_CLOEXEC, 0);
        error = errno_result(*fd);
    }
    while (walk.depth > 0)
        close(walk.stack[--walk.depth]);
    return error;
}

/* ---- places ---- */

/* openat2 beneath the base. AGAIN: it could not decide, resolve by the walk.
 * That is so too when a path leads out of the base's mount (EXDEV): whether out
 * of the base or into another mount beneath, the kernel does not say. */
static enum wasi_errno
open_beneath(int base, const char *text, int flags, int *fd) {
    for (int i = 0; i < RETRIES; i++) {
        *fd = host_open_beneath(base, text, flags, 0666);
        if (*fd >= 0 || errno != EAGAIN)
            break;
    }
    if (*fd < 0 && errno == EXDEV)
        return WASI_AGAIN;
    return errno_result(*fd);
}

/* Open the directory that `text` leads to, "" being the base, as that of
 * `place`. */
static enum wasi_errno
enter(const struct path *path, const char *text, struct place *place) {
    place->directory = path->base;
    place->owned = text[0] != 0;
    if (!place->owned)
        return WASI_SUCCESS;
    enum wasi_errno error = WASI_AGAIN;
    if (!path->resolver->walk) {
        int flags = host_search_flags() | O_DIRECTORY | O_CLOEXEC;
        error = open_beneath(path->base, text, flags, &place->directory);
    }
    if (error == WASI_AGAIN)
        error = walk_to(path->base, text, &place->directory);
    return error;
}

/* Is it a directory by way of itself, and so no entry that could be renamed? */
static bool is_itself(const struct place *place) {
    return strcmp(place->name, ".") == 0;
}

static void leave(struct place *place) {
    if (place->owned)
        close(place->directory);
}

/* Cut the last component off `text` and put it into `place`. A path that ends
 * in `.` or `..` is the directory it leads to itself. */
static enum wasi_errno split(char *text, struct place *place) {
    place->slash = cut_slashes(text);
    char *last = strrchr(text, '/');
    last = last ? last + 1 : text;
    if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
        strcpy(place->name, ".");
        return WASI_SUCCESS;
    }

    if (strlen(last) >= NAME_SIZE)
        return WASI_NAMETOOLONG;

    strcpy(place->name, last);
    *last = 0;
    return WASI_SUCCESS;
}

/* Find the place a path names. On success the caller leaves it. With `follow`
 * its name was no link when we looked; should it be one by now, what is done
 * there does not follow it. */
static enum wasi_errno
find(const struct path *path, bool follow, struct place *place) {
    char text[TEXT_SIZE], link[PATH_SIZE];
    enum wasi_errno error = copy_path(path->text, text);
    for (int links = 0; !error; links++) {
        error = split(text, place);
        if (!error)
            error = enter(path, text, place);
        if (error || !follow)
            return error;
        error = read_link(place->directory, place->name, link);
        /* No link, or nothing at all. */
        if (error && error != WASI_NOTCAPABLE)
            return WASI_SUCCESS;
        leave(place);
        if (!error && links == LINKS_MAX)
            error = WASI_LOOP;
        if (strlen(text) + strlen(link) + 2 > TEXT_SIZE)
            error = WASI_NAMETOOLONG;
        if (!error) {
            strcat(text, link);
            if (place->slash)
                strcat(text, "/");
        }
    }
    return error;
}

/* NOTCAPABLE if the place, which holds `stat`, is a mount of a file system that
 * has no files. */
static enum wasi_errno judge_mount(const struct place *place,
                                   const struct stat *stat) {
    struct stat directory;
    bool mount = fstat(place->directory, &directory) < 0 ||
                 directory.st_dev != stat->st_dev;
    if (!mount)
        return WASI_SUCCESS;

    int flags = host_search_flags() | NEVER_BLOCK;
    int fd = openat(place->directory, place->name, flags);
    if (fd < 0) {
        /* A guest can see to that. */
        bool no_more = errno == EMFILE || errno == ENFILE;
        return no_more ? errno_to_wasi(errno) : WASI_SUCCESS;
    }
    bool shows = host_shows_kernel(fd);
    close(fd);
    return shows ? WASI_NOTCAPABLE : WASI_SUCCESS;
}

/* Look at what a place holds. */
static enum wasi_errno look(const struct place *place, struct stat *stat) {
    if (fstatat(place->directory, place->name, stat, AT_SYMLINK_NOFOLLOW) < 0)
        return errno_to_wasi(errno);
    if (place->slash && !S_ISDIR(stat->st_mode))
        return WASI_NOTDIR;
    return judge_mount(place, stat);
}

static bool ends_in_slash(struct slice text) {
    return text.size > 0 && text.data[text.size - 1] == '/';
}

/* As `find`, for calls that act on what is there. */
static enum wasi_errno find_object(const struct path *path,
                                   bool follow,
                                   struct place *place,
                                   struct stat *stat) {
    enum wasi_errno error =
        find(path, follow || ends_in_slash(path->text), place);
    if (error)
        return error;
    error = look(place, stat);
    if (error)
        leave(place);
    return error;
}

/* As `find`, for calls that make an entry which is no directory: a slash behind
 * it helps only to find out that there is one already. For a file there, the
 * error is the caller's. */
static enum wasi_errno
find_new(const struct path *path, enum wasi_errno file, struct place *place) {
    enum wasi_errno error = find(path, false, place);
    if (error || !place->slash)
        return error;
    struct stat stat;
    bool there =
        fstatat(place->directory, place->name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
    error = there ? WASI_EXIST : errno_to_wasi(errno);
    if (there && S_ISREG(stat.st_mode))
        error = file;
    leave(place);
    return error;
}

/* Does an entry that is to go, and is not followed, agree with a slash behind
 * it? */
static enum wasi_errno check_slash(const struct place *place) {
    struct stat stat;
    return place->slash ? look(place, &stat) : WASI_SUCCESS;
}

/* The end of a call on a place: what the system said, and leave. */
static enum wasi_errno finish(struct place *place, int returned) {
    enum wasi_errno error = errno_result(returned);
    leave(place);
    return error;
}

/* ---- opening ---- */

enum wasi_errno path_grant(const char *host, int *fd) {
    *fd = open(host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno_to_wasi(errno);
    if (!host_shows_kernel(*fd))
        return WASI_SUCCESS;
    close(*fd);
    return WASI_NOTCAPABLE;
}

enum wasi_errno path_mention(const char *host, int *fd) {
    *fd = open(host, host_search_flags() | O_CLOEXEC);
    return errno_result(*fd);
}

/* Open without openat2. */
static enum wasi_errno
open_at_place(const struct path *path, bool follow, int flags, int *fd) {
    struct place place;
    struct stat stat;
    enum wasi_errno error = find(path, follow, &place);
    if (error)
        return error;
    error = look(&place, &stat);
    if (!error || error == WASI_NOENT) {
        if (place.slash)
            flags |= O_DIRECTORY;
        *fd = openat(place.directory, place.name, flags | O_NOFOLLOW, 0666);
        error = errno_result(*fd);
    }
    leave(&place);
    return error;
}

/* `new/` creates nothing, whatever is there. But the way to it must exist. */
static enum wasi_errno refuse_creation(const struct path *path,
                                       bool exclusive) {
    struct place place;
    enum wasi_errno error = find(path, false, &place);
    if (error)
        return error;
    leave(&place);
    return exclusive && is_itself(&place) ? WASI_EXIST : WASI_ISDIR;
}

enum wasi_errno
path_open(const struct path *path, bool follow, int flags, int *fd) {
    flags |= O_CLOEXEC;
    char text[TEXT_SIZE];
    enum wasi_errno error = copy_path(path->text, text);
    if (error)
        return error;
    bool slash = cut_slashes(text);
    if (slash && flags & O_CREAT)
        return refuse_creation(path, flags & O_EXCL);
    if (slash)
        flags |= O_DIRECTORY;
    follow = follow || slash;
    /* A link is something that exists. */
    if (flags & O_CREAT && flags & O_EXCL)
        follow = false;
    if (path->resolver->walk)
        return open_at_place(path, follow, flags, fd);

    int beneath = follow ? flags : flags | O_NOFOLLOW;
    error = open_beneath(path->base, text, beneath, fd);
    if (error == WASI_AGAIN)
        error = open_at_place(path, follow, flags, fd);
    return error;
}

enum wasi_errno path_reopen_directory(int directory, int *fd) {
    *fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return errno_result(*fd);
}

/* ---- the other calls ---- */

enum wasi_errno
path_stat(const struct path *path, bool follow, struct stat *out) {
    struct place place;
    enum wasi_errno error = find_object(path, follow, &place, out);
    return error ? error : finish(&place, 0);
}

enum wasi_errno path_set_times(const struct path *path,
                               bool follow,
                               const struct timespec times[2]) {
    struct place place;
    struct stat stat;
    enum wasi_errno error = find_object(path, follow, &place, &stat);
    if (error)
        return error;
    return finish(
        &place,
        utimensat(place.directory, place.name, times, AT_SYMLINK_NOFOLLOW));
}

enum wasi_errno path_create_directory(const struct path *path) {
    struct place place;
    /* `new/` is as good as `new`. */
    enum wasi_errno error = find(path, false, &place);
    if (error)
        return error;
    return finish(&place, mkdirat(place.directory, place.name, 0777));
}

/* Remove an entry: a link itself, not what it leads to. */
static enum wasi_errno unlink_place(const struct path *path, int flags) {
    struct place place;
    enum wasi_errno error = find(path, false, &place);
    if (error)
        return error;
    error = check_slash(&place);
    if (!error)
        error = errno_result(unlinkat(place.directory, place.name, flags));
    leave(&place);
    return error;
}

enum wasi_errno path_remove_directory(const struct path *path) {
    return unlink_place(path, AT_REMOVEDIR);
}

enum wasi_errno path_unlink(const struct path *path) {
    return unlink_place(path, 0);
}

/* What is at the one place goes to the other. A directory by way of itself has
 * no entry here that could move. */
static enum wasi_errno rename_place(struct place *old,
                                    const struct place *new) {
    if (is_itself(old) || is_itself(new))
        return WASI_BUSY;

    /* `new/` may be missing, but only a directory may become it. */
    old->slash = old->slash || new->slash;
    enum wasi_errno error = check_slash(old);
    if (error)
        return error;
    return errno_result(
        renameat(old->directory, old->name, new->directory, new->name));
}

enum wasi_errno path_rename(const struct path *from, const struct path *to) {
    struct place old, new;
    enum wasi_errno error = find(from, false, &old);
    if (error)
        return error;
    error = find(to, false, &new);
    if (!error) {
        error = rename_place(&old, &new);
        leave(&new);
    }
    leave(&old);
    return error;
}

enum wasi_errno path_link(const struct path *from, const struct path *to) {
    struct place old, new;
    struct stat stat;
    enum wasi_errno error = find_object(from, false, &old, &stat);
    if (error)
        return error;

    error = find_new(to, WASI_EXIST, &new); /* as Linux says */
    if (!error) {
        error = finish(
            &new, linkat(old.directory, old.name, new.directory, new.name, 0));
    }

    leave(&old);
    return error;
}

enum wasi_errno path_symlink(struct slice target, const struct path *path) {
    char text[PATH_SIZE];
    struct place place;
    /* Absolute targets are refused here. */
    enum wasi_errno error = copy_path(target, text);
    /* As other hosts say. */
    if (!error)
        error = find_new(path, WASI_NOTDIR, &place);
    if (error)
        return error;
    return finish(&place, symlinkat(text, place.directory, place.name));
}

enum wasi_errno path_readlink(const struct path *path,
                              uint8_t *out,
                              size_t size,
                              size_t *used) {
    struct place place;
    struct stat stat;
    enum wasi_errno error = find_object(path, false, &place, &stat);
    if (error)
        return error;
    ssize_t count = readlinkat(place.directory, place.name, (char *)out, size);
    *used = count < 0 ? 0 : (size_t)count;
    return finish(&place, count < 0 ? -1 : 0);
}
