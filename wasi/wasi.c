/* WASI preview1 for one guest: opening it with what is granted, and closing
 * it. */
#include "wasi/wasi.h"
#include "wasi/fd.h"
#include "wasi/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All arguments, and all of the environment, in bytes. */
enum { ARGUMENTS_SIZE_MAX = 2 << 20 };

/* Their sizes reach the guest in 32 bits, and it allocates what we say. */
static bool check_texts(const char *const *texts,
                        size_t count,
                        const char *what,
                        struct error *error) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 1 + sizeof(uint32_t);
    if (size <= ARGUMENTS_SIZE_MAX)
        return true;
    return error_set(error, ERROR_USAGE, "the %s are larger than 2 MiB", what);
}

/* Take the next component of a name off `*rest`, empty behind the last. */
static struct slice take_component(const char **rest) {
    struct slice name;
    do {
        *rest += strspn(*rest, "/");
        name = (struct slice){(const uint8_t *)*rest, strcspn(*rest, "/")};
        *rest += name.size;
    } while (slice_is(name, "."));
    return name;
}

/* Does a `..` take back what was taken before `*rest`? If so, go behind it. */
static bool taken_back(const char **rest) {
    const char *ahead = *rest;
    for (size_t depth = 1; depth > 0;) {
        struct slice name = take_component(&ahead);
        if (name.size == 0)
            return false;
        depth = slice_is(name, "..") ? depth - 1 : depth + 1;
    }
    *rest = ahead;
    return true;
}

/* As take_component, of what is left of a name when each `..` has taken back
 * what it can. */
static struct slice next_component(const char **rest) {
    struct slice name = take_component(rest);
    while (name.size > 0 && !slice_is(name, "..") && taken_back(rest))
        name = take_component(rest);
    return name;
}

/* By components: "/a", "a/." and "b/../a" are one to a guest. */
bool wasi_same_name(const char *a, const char *b) {
    for (;;) {
        struct slice x = next_component(&a), y = next_component(&b);
        if (!slice_equal(x, y))
            return false;
        if (x.size == 0)
            return true;
    }
}

/* Of two directories of one name a guest would see but one. */
static bool check_names(const struct wasi_config *config, struct error *error) {
    const struct wasi_directory *all = config->directories;
    for (size_t i = 0; i < config->directory_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!wasi_same_name(all[i].guest, all[k].guest))
                continue;
            return error_set(error,
                             ERROR_USAGE,
                             "the guest would know %s and %s both as %s",
                             shown_text(all[k].host, 70).text,
                             shown_text(all[i].host, 70).text,
                             shown_text(all[i].guest, 70).text);
        }
    }
    return true;
}

/* Grant one directory. The descriptor's rights are all that keeps a read-only
 * one from being written to, so nothing that changes anything is among them.
 * What can be inherited names, even so, the rights that mean opening for
 * writing: C libraries ask for no others, and it is path_open that says ROFS to
 * them. */
static bool open_directory(struct wasi *wasi,
                           uint32_t number,
                           const struct wasi_directory *directory,
                           struct error *error) {
    int host;
    enum wasi_errno failed =
        directory->opened > 0 ? path_reopen_directory(directory->opened, &host)
                              : path_grant(directory->host, &host);
    struct shown name = shown_text(directory->host, 150);
    if (failed == WASI_NOTCAPABLE)
        return error_set(error,
                         ERROR_IO,
                         "cannot grant directory %s: it shows the kernel or "
                         "processes, not files",
                         name.text);
    if (failed)
        return error_set(error,
                         ERROR_IO,
                         "cannot open directory %s: %s",
                         name.text,
                         strerror(errno));

    struct descriptor granted = {
        .read_only = directory->read_only,
        .type = TYPE_DIRECTORY,
        .host = host,
        .rights = RIGHTS_DIRECTORY,
        .inheriting = RIGHTS_DIRECTORY | RIGHTS_FILE,
        .guest_name = directory->guest,
    };
    if (directory->read_only) {
        const uint64_t change = RIGHTS_CHANGE;
        granted.rights &= ~change;
        granted.inheriting &= ~change | RIGHTS_WRITE;
    }
    fd_install(wasi, number, granted);
    return true;
}

/* Check the configuration and open what it grants. Descriptors 0 to 2 are the
 * standard streams; a C library looks for what is granted from 3 on, until there
 * is none. */
static bool fill(struct wasi *wasi, struct error *error) {
    const struct wasi_config *config = &wasi->config;
    if (!check_texts(config->args, config->arg_count, "arguments", error))
        return false;
    if (!check_texts(
            config->env, config->env_count, "environment variables", error))
        return false;
    if (config->directory_count > FD_MAX / 2)
        return error_set(
            error, ERROR_USAGE, "more than %d directories", FD_MAX / 2);
    if (!check_names(config, error))
        return false;

    for (size_t i = 0; i < config->directory_count; i++) {
        uint32_t number = FIRST_PREOPEN + (uint32_t)i;
        if (!open_directory(wasi, number, &config->directories[i], error))
            return false;
    }
    return true;
}

/* On failure what was opened before is closed again. */
struct wasi *wasi_open(const struct wasi_config *config, struct error *error) {
    struct wasi *wasi = malloc(sizeof *wasi + FD_MAX * sizeof *wasi->table);
    if (!wasi) {
        error_set(error, ERROR_IO, "no memory for the descriptor table");
        return NULL;
    }

    *wasi = (struct wasi){.config = *config};
    resolver_init(&wasi->resolver);
    fd_inherit_stdio(wasi);
    lines_init(wasi);
    if (fill(wasi, error))
        return wasi;

    wasi_close(wasi);
    return NULL;
}

void wasi_close(struct wasi *wasi) {
    if (!wasi)
        return;
    for (uint32_t i = 0; i < wasi->table_end; i++) {
        if (wasi->table[i].open)
            fd_close(&wasi->table[i]);
    }
    free(wasi);
}

/* For a hint, when the guest has failed: it looked for files, found that none are
 * granted, and said something on its standard error. */
bool wasi_lacked_directory(const struct wasi *wasi) {
    return wasi->config.directory_count == 0 && wasi->looked_for_more &&
           wasi->complained;
}
