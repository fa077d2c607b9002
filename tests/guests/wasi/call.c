/* Makes the calls of preview1 that its arguments describe, one argument a call,
 * and prints one line for each: the errno's name and what was returned.
 *
 *     call "open 3 link/ follow" "read 4 100" "fault fd_write"
 *
 * Words are separated by spaces; %XX in a path or text is a byte. A first
 * argument `-e` makes it print to stderr. The calls are imported raw, so that
 * nothing of libc stands between: lengths, bad pointers and bytes of all kinds
 * reach the host as they are. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name, ...)                                                      \
    __attribute__((import_module("wasi_snapshot_preview1"),                    \
                   import_name(#name))) uint32_t raw_##name(__VA_ARGS__)

typedef const void *pointer;

IMPORT(args_get, pointer, pointer);
IMPORT(clock_time_get, uint32_t, uint64_t, pointer);
IMPORT(clock_res_get, uint32_t, pointer);
IMPORT(environ_sizes_get, pointer, pointer);
IMPORT(fd_advise, uint32_t, uint64_t, uint64_t, uint32_t);
IMPORT(fd_allocate, uint32_t, uint64_t, uint64_t);
IMPORT(fd_close, uint32_t);
IMPORT(fd_fdstat_get, uint32_t, pointer);
IMPORT(fd_fdstat_set_flags, uint32_t, uint32_t);
IMPORT(fd_fdstat_set_rights, uint32_t, uint64_t, uint64_t);
IMPORT(fd_filestat_get, uint32_t, pointer);
IMPORT(fd_filestat_set_size, uint32_t, uint64_t);
IMPORT(fd_filestat_set_times, uint32_t, uint64_t, uint64_t, uint32_t);
IMPORT(fd_pread, uint32_t, pointer, uint32_t, uint64_t, pointer);
IMPORT(fd_prestat_dir_name, uint32_t, pointer, uint32_t);
IMPORT(fd_pwrite, uint32_t, pointer, uint32_t, uint64_t, pointer);
IMPORT(fd_read, uint32_t, pointer, uint32_t, pointer);
IMPORT(fd_readdir, uint32_t, pointer, uint32_t, uint64_t, pointer);
IMPORT(fd_renumber, uint32_t, uint32_t);
IMPORT(fd_seek, uint32_t, int64_t, uint32_t, pointer);
IMPORT(fd_sync, uint32_t);
IMPORT(fd_tell, uint32_t, pointer);
IMPORT(fd_write, uint32_t, pointer, uint32_t, pointer);
IMPORT(path_create_directory, uint32_t, pointer, uint32_t);
IMPORT(path_filestat_get, uint32_t, uint32_t, pointer, uint32_t, pointer);
IMPORT(path_filestat_set_times,
       uint32_t,
       uint32_t,
       pointer,
       uint32_t,
       uint64_t,
       uint64_t,
       uint32_t);
IMPORT(path_link,
       uint32_t,
       uint32_t,
       pointer,
       uint32_t,
       uint32_t,
       pointer,
       uint32_t);
IMPORT(path_open,
       uint32_t,
       uint32_t,
       pointer,
       uint32_t,
       uint32_t,
       uint64_t,
       uint64_t,
       uint32_t,
       pointer);
IMPORT(path_readlink, uint32_t, pointer, uint32_t, pointer, uint32_t, pointer);
IMPORT(path_remove_directory, uint32_t, pointer, uint32_t);
IMPORT(path_rename, uint32_t, pointer, uint32_t, uint32_t, pointer, uint32_t);
IMPORT(path_symlink, pointer, uint32_t, uint32_t, pointer, uint32_t);
IMPORT(path_unlink_file, uint32_t, pointer, uint32_t);
IMPORT(poll_oneoff, pointer, pointer, uint32_t, pointer);
IMPORT(proc_raise, uint32_t);
IMPORT(random_get, pointer, uint32_t);
IMPORT(sock_accept, uint32_t, uint32_t, pointer);
IMPORT(sock_recv, uint32_t, pointer, uint32_t, uint32_t, pointer, pointer);
IMPORT(sock_send, uint32_t, pointer, uint32_t, uint32_t, pointer);
IMPORT(sock_shutdown, uint32_t, uint32_t);

/* ---- words and lines ---- */

static FILE *out;
static char *words[16];
static int word_count;

static const char *word(int i) {
    return i < word_count ? words[i] : "";
}

static uint64_t number(int i) {
    return strtoull(word(i), NULL, 0);
}

static uint32_t fd(int i) {
    return (uint32_t)number(i);
}

static bool has(const char *option) {
    for (int i = 1; i < word_count; i++) {
        if (strcmp(words[i], option) == 0)
            return true;
    }
    return false;
}

/* The value of an option such as rights=0x2. */
static uint64_t option(const char *name, uint64_t otherwise) {
    size_t size = strlen(name);
    for (int i = 1; i < word_count; i++) {
        if (strncmp(words[i], name, size) == 0)
            return strtoull(words[i] + size, NULL, 0);
    }
    return otherwise;
}

struct text {
    char bytes[8192];
    uint32_t size;
};

/* Word `i` with %XX decoded. */
static struct text *text(int i) {
    static struct text texts[2];
    static int next;
    struct text *t = &texts[next++ % 2];
    t->size = 0;
    for (const char *at = word(i); *at; at++) {
        char hex[3] = {at[0] == '%' ? at[1] : 0, at[0] == '%' ? at[2] : 0, 0};
        t->bytes[t->size++] = *hex ? (char)strtoul(hex, NULL, 16) : *at;
        if (*hex)
            at += 2;
    }
    return t;
}

static void say(uint32_t error, const char *format, ...) {
    static const char *const names[] = {
#define X(name, host) #name,
#include "wasi/errno.def"
#undef X
    };
    fputs(error < sizeof names / sizeof *names ? names[error] : "?", out);
    if (!error) {
        va_list arguments;
        va_start(arguments, format);
        vfprintf(out, format, arguments);
        va_end(arguments);
    }
    fputc('\n', out);
    fflush(out);
}

static uint32_t load32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static uint64_t load64(const uint8_t *at) {
    return load32(at) | (uint64_t)load32(at + 4) << 32;
}

/* ---- calls on paths ---- */

static void call_open(void) {
    struct text *path = text(2);
    uint32_t oflags = (has("creat") ? 1u : 0) | (has("directory") ? 2u : 0) |
                      (has("excl") ? 4u : 0) | (has("trunc") ? 8u : 0);
    uint32_t fdflags = (has("append") ? 1u : 0) | (has("nonblock") ? 4u : 0);
    uint64_t rights =
        (has("read") ? 1u << 1 : 0) | (has("write") ? 1u << 6 : 0);
    uint32_t opened = 0;
    uint32_t error = raw_path_open(fd(1),
                                   has("follow"),
                                   path->bytes,
                                   path->size,
                                   oflags,
                                   option("rights=", rights),
                                   option("inheriting=", 0),
                                   fdflags,
                                   &opened);
    say(error, " fd=%u", opened);
}

static void say_stat(uint32_t error, const uint8_t *stat) {
    say(error,
        " type=%u size=%llu mtim=%llu",
        stat[16],
        load64(stat + 32),
        load64(stat + 48));
}

static void call_stat(void) {
    uint8_t stat[64];
    struct text *path = text(2);
    say_stat(raw_path_filestat_get(
                 fd(1), has("follow"), path->bytes, path->size, stat),
             stat);
}

static void call_times(void) {
    struct text *path = text(2);
    say(raw_path_filestat_set_times(fd(1),
                                    has("follow"),
                                    path->bytes,
                                    path->size,
                                    number(3),
                                    number(3),
                                    (uint32_t)option("flags=", 5)),
        "");
}

static void call_mkdir(void) {
    struct text *path = text(2);
    say(raw_path_create_directory(fd(1), path->bytes, path->size), "");
}

static void call_rmdir(void) {
    struct text *path = text(2);
    say(raw_path_remove_directory(fd(1), path->bytes, path->size), "");
}

static void call_unlink(void) {
    struct text *path = text(2);
    say(raw_path_unlink_file(fd(1), path->bytes, path->size), "");
}

static void call_rename(void) {
    struct text *from = text(2), *to = text(4);
    say(raw_path_rename(
            fd(1), from->bytes, from->size, fd(3), to->bytes, to->size),
        "");
}

static void call_link(void) {
    struct text *from = text(2), *to = text(4);
    say(raw_path_link(fd(1),
                      has("follow"),
                      from->bytes,
                      from->size,
                      fd(3),
                      to->bytes,
                      to->size),
        "");
}

static void call_symlink(void) {
    struct text *target = text(1), *path = text(3);
    say(raw_path_symlink(
            target->bytes, target->size, fd(2), path->bytes, path->size),
        "");
}

static void call_readlink(void) {
    char bytes[256];
    uint32_t used = 0;
    struct text *path = text(2);
    uint32_t error = raw_path_readlink(
        fd(1), path->bytes, path->size, bytes, sizeof bytes, &used);
    say(error, " %.*s", (int)used, bytes);
}

/* ---- calls on descriptors ---- */

static void call_read(void) {
    static char bytes[1 << 16];
    uint32_t iovec[2] = {(uint32_t)(uintptr_t)bytes, fd(2)}, count = 0;
    uint32_t error = raw_fd_read(fd(1), iovec, 1, &count);
    say(error, " %u \"%.*s\"", count, (int)count, bytes);
}

static void call_write(void) {
    struct text *bytes = text(2);
    uint32_t iovec[2] = {(uint32_t)(uintptr_t)bytes->bytes, bytes->size},
             count = 0;
    uint32_t error = raw_fd_write(fd(1), iovec, 1, &count);
    say(error, " %u", count);
}

/* A MiB, in as many calls as it takes. */
static void call_flood(void) {
    uint32_t error = 0, count = 0, done = 0, size = 1u << 20;
    while (!error && done < size) {
        uint32_t iovec[2] = {0, size - done};
        error = raw_fd_write(fd(1), iovec, 1, &count);
        if (!error)
            done += count;
    }
    say(error, " %u", done);
}

static void call_pread(void) {
    char bytes[256];
    uint32_t iovec[2] = {(uint32_t)(uintptr_t)bytes, sizeof bytes}, count = 0;
    uint32_t error = raw_fd_pread(fd(1), iovec, 1, number(2), &count);
    say(error, " %u \"%.*s\"", count, (int)count, bytes);
}

static void call_pwrite(void) {
    struct text *bytes = text(3);
    uint32_t iovec[2] = {(uint32_t)(uintptr_t)bytes->bytes, bytes->size},
             count = 0;
    uint32_t error = raw_fd_pwrite(fd(1), iovec, 1, number(2), &count);
    say(error, " %u", count);
}

/* readv FD SIZE COUNT, writev FD TEXT COUNT: through COUNT buffers, side by
 * side, behind empty=N empty ones; at the position at=N if that is said. */
static void vector(const char *bytes, uint32_t size, uint32_t step) {
    static uint32_t list[2 << 17];
    uint32_t count = 0, wanted = fd(3), empty = (uint32_t)option("empty=", 0);
    for (; count < empty; count++)
        list[2 * count] = list[2 * count + 1] = 0;
    for (uint32_t i = 0; i < wanted; i++, count++) {
        list[2 * count] = (uint32_t)(uintptr_t)bytes + i * step;
        list[2 * count + 1] = size;
    }
    uint32_t moved = 0, error;
    uint64_t at = option("at=", UINT64_MAX);
    if (step > 0) {
        error = at == UINT64_MAX ? raw_fd_read(fd(1), list, count, &moved)
                                 : raw_fd_pread(fd(1), list, count, at, &moved);
        say(error, " %u \"%.*s\"", moved, moved > 40 ? 40 : (int)moved, bytes);
    } else {
        error = at == UINT64_MAX
                    ? raw_fd_write(fd(1), list, count, &moved)
                    : raw_fd_pwrite(fd(1), list, count, at, &moved);
        say(error, " %u", moved);
    }
}

static void call_readv(void) {
    static char bytes[1 << 16];
    vector(bytes, fd(2), fd(2));
}

static void call_writev(void) {
    struct text *bytes = text(2);
    vector(bytes->bytes, bytes->size, 0);
}

static void call_close(void) {
    say(raw_fd_close(fd(1)), "");
}

static void call_renumber(void) {
    say(raw_fd_renumber(fd(1), fd(2)), "");
}

static void call_seek(void) {
    uint64_t position = 0;
    uint32_t error = raw_fd_seek(fd(1), (int64_t)number(2), fd(3), &position);
    say(error, " %llu", position);
}

static void call_tell(void) {
    uint64_t position = 0;
    uint32_t error = raw_fd_tell(fd(1), &position);
    say(error, " %llu", position);
}

static void call_fdstat(void) {
    uint8_t stat[24];
    memset(stat, 0xAA, sizeof stat);
    uint32_t error = raw_fd_fdstat_get(fd(1), stat);
    say(error,
        " type=%u flags=%u rights=0x%llx inheriting=0x%llx padding=%u",
        stat[0],
        stat[2],
        load64(stat + 8),
        load64(stat + 16),
        load32(stat + 4));
}

static void call_filestat(void) {
    uint8_t stat[64];
    say_stat(raw_fd_filestat_get(fd(1), stat), stat);
}

static void call_setrights(void) {
    say(raw_fd_fdstat_set_rights(fd(1), number(2), number(3)), "");
}

static void call_setflags(void) {
    say(raw_fd_fdstat_set_flags(fd(1), fd(2)), "");
}

static void call_setsize(void) {
    say(raw_fd_filestat_set_size(fd(1), number(2)), "");
}

static void call_fdtimes(void) {
    say(raw_fd_filestat_set_times(
            fd(1), number(2), number(2), (uint32_t)option("flags=", 5)),
        "");
}

static void call_allocate(void) {
    say(raw_fd_allocate(fd(1), number(2), number(3)), "");
}

static void call_advise(void) {
    say(raw_fd_advise(fd(1), number(2), number(3), fd(4)), "");
}

static void call_sync(void) {
    say(raw_fd_sync(fd(1)), "");
}

static void call_prename(void) {
    char name[64];
    say(raw_fd_prestat_dir_name(fd(1), name, fd(2)), "");
}

/* ---- listing ---- */

static uint8_t buffer[1 << 16];

/* One call; prints names, and whether the padding of every whole entry is
 * zero. */
static void call_readdir(void) {
    uint32_t size = fd(2), used = 0, padding = 0;
    memset(buffer, 0xAA, sizeof buffer);
    uint32_t error = raw_fd_readdir(fd(1), buffer, size, number(3), &used);
    fprintf(out, "%s", error ? "" : "[");
    for (uint32_t at = 0; !error && at + 24 <= used;) {
        uint32_t length = load32(buffer + at + 16);
        padding |= buffer[at + 21] | buffer[at + 22] | buffer[at + 23];
        if (at + 24 + length > used)
            break;
        fprintf(out,
                " %.*s:%llu",
                (int)length,
                buffer + at + 24,
                load64(buffer + at));
        at += 24 + length;
    }
    fprintf(out, "%s", error ? "" : " ] ");
    say(error, " used=%u padding=%u", used, padding);
}

static bool named(const uint8_t *entry, const char *name) {
    uint32_t length = load32(entry + 16);
    return length == strlen(name) && memcmp(entry + 24, name, length) == 0;
}

/* The whole directory, as libc does it, with a buffer of so many bytes. Bad is
 * an inode that is 0, or that of `..` if it is another than that of `.`. */
static void call_list(void) {
    uint32_t size = fd(2), used = size, error = 0, count = 0, bad = 0,
             bytes = 0;
    uint64_t dot = 0, dots = 0, cookie = 0;
    while (!error && used == size) {
        error = raw_fd_readdir(fd(1), buffer, size, cookie, &used);
        for (uint32_t at = 0; !error && at + 24 <= used;) {
            const uint8_t *entry = buffer + at;
            uint32_t length = load32(entry + 16);
            if (at + 24 + length > used)
                break;
            if (named(entry, "."))
                dot = load64(entry + 8);
            if (named(entry, ".."))
                dots = load64(entry + 8);
            cookie = load64(entry);
            at += 24 + length;
            bad += load64(entry + 8) == 0;
            bytes += length;
            count++;
        }
    }
    bad += dot != dots;
    say(error,
        " count=%u bytes=%u dot=%d dots=%d bad=%u",
        count,
        bytes,
        dot > 0,
        dots > 0,
        bad);
}

/* prune FD SIZE TAKE: read entries, remove TAKE of them, create another file,
 * go on behind the last of them, until there are no more. */
static void call_prune(void) {
    uint32_t size = fd(2), used = 1, error = 0, removed = 0, rounds = 0;
    uint64_t cookie = 0;
    for (; !error && used > 0; rounds++) {
        error = raw_fd_readdir(fd(1), buffer, size, cookie, &used);
        uint32_t take = fd(3), opened = 0;
        for (uint32_t at = 0; !error && at + 24 <= used && take > 0; take--) {
            const uint8_t *entry = buffer + at;
            uint32_t length = load32(entry + 16);
            if (at + 24 + length > used)
                break;
            cookie = load64(entry);
            at += 24 + length;
            if (named(entry, ".") || named(entry, "..") || entry[24] == '+')
                continue;
            error = raw_path_unlink_file(fd(1), entry + 24, length);
            removed++;
        }
        char fresh[16];
        snprintf(fresh, sizeof fresh, "+%u", rounds);
        if (!error && rounds < 50)
            error = raw_path_open(
                fd(1), 0, fresh, strlen(fresh), 1, 0, 0, 0, &opened);
        if (!error && rounds < 50)
            error = raw_fd_close(opened);
    }
    say(error, " removed=%u", removed);
}

/* ---- waiting ---- */

/* poll WHAT...: r0 or w1 is a descriptor, c5 a clock of 5 ms; overlap=N lets
 * the events overwrite the subscriptions from byte N on; count=N, and for the
 * last one tag=N, clock=N and flags=N lie about them. */
static void call_poll(void) {
    static uint8_t subs[8 * 48], room[8 * 32];
    uint32_t count = 0, events = 0;
    memset(subs, 0, sizeof subs);
    for (int i = 1; i < word_count && count < 8; i++) {
        uint8_t *sub = subs + 48 * count;
        uint64_t value = strtoull(words[i] + 1, NULL, 0);
        if (!strchr("rwc", words[i][0]) || words[i][1] < '0' ||
            words[i][1] > '9')
            continue;
        sub[0] = (uint8_t)(100 + count++);
        sub[8] = words[i][0] == 'c' ? 0 : words[i][0] == 'r' ? 1 : 2;
        uint32_t first =
            words[i][0] == 'c' ? 1 /* monotonic */ : (uint32_t)value;
        memcpy(sub + 16, &first, 4);
        uint64_t ns = value * 1000000;
        memcpy(sub + 24, &ns, 8);
    }
    uint8_t *last = subs + 48 * (count > 0 ? count - 1 : 0);
    last[8] = (uint8_t)option("tag=", last[8]);
    last[16] = (uint8_t)option("clock=", last[16]);
    last[40] = (uint8_t)option("flags=", last[40]);
    uint64_t overlap = option("overlap=", sizeof subs);
    uint8_t *result = overlap < sizeof subs / 2 ? subs + overlap : room;
    uint32_t error = raw_poll_oneoff(
        subs, result, (uint32_t)option("count=", count), &events);
    for (uint32_t i = 0; !error && i < events; i++) {
        uint8_t *event = result + 32 * i;
        fprintf(out, "%u:type=%u,error=%u ", event[0], event[10], event[8]);
    }
    say(error, " events=%u", events);
}

static void call_sleep(void) { /* milliseconds; never mind the answer */
    uint8_t sub[48] = {0}, event[32];
    uint32_t clock = 1, events = 0;
    uint64_t ns = number(1) * 1000000;
    memcpy(sub + 16, &clock, 4);
    memcpy(sub + 24, &ns, 8);
    say(raw_poll_oneoff(sub, event, 1, &events), "");
}

/* ---- the rest ---- */

static void call_random(void) {
    static uint8_t bytes[1 << 20];
    memset(bytes, 0, sizeof bytes);
    uint32_t error = raw_random_get(bytes, sizeof bytes), zeros = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    say(error, " %s", zeros > 2000 && zeros < 8000 ? "random" : "not random");
}

static void call_clock(void) {
    uint64_t time = 0, resolution = 0;
    uint32_t error = raw_clock_time_get(fd(1), 0, &time);
    if (!error)
        error = raw_clock_res_get(fd(1), &resolution);
    say(error, " %d", time > 0 && resolution > 0);
}

static void call_raise(void) {
    say(raw_proc_raise(fd(1)), "");
}

static void call_sockets(void) {
    uint32_t result[2];
    say(raw_sock_accept(fd(1), 0, result), "");
    say(raw_sock_recv(fd(1), result, 0, 0, result, result), "");
    say(raw_sock_send(fd(1), result, 0, 0, result), "");
    say(raw_sock_shutdown(fd(1), 3), "");
}

/* Calls with pointers outside of memory, at its end, and with sizes that would
 * wrap around. */
static void call_fault(void) {
    uint32_t low = 16, result[16],
             iovecs[4] = {(uint32_t)(uintptr_t)result, 4, 0xFFFFFFF0, 0x20};
    pointer end =
        (pointer)(uintptr_t)(__builtin_wasm_memory_size(0) * 65536u - 2);
    pointer far = (pointer)(uintptr_t)0xFFFFFFFCu;
    say(raw_fd_write(1, far, 1, result), " fd_write: iovecs");
    say(raw_fd_write(1, end, 1, result), " fd_write: iovecs across the end");
    say(raw_fd_write(1, iovecs, 2, result),
        " fd_write: buffer that wraps around");
    say(raw_fd_write(1, iovecs, 0x20000001, result),
        " fd_write: so many iovecs");
    say(raw_fd_write(1, iovecs, 1, end), " fd_write: count");
    say(raw_fd_read(0, iovecs, 1, far), " fd_read: count");
    say(raw_path_open(3, 0, far, 100, 0, 0, 0, 0, result), " path_open: path");
    say(raw_path_open(3, 0, "new", 3, 1, 0, 0, 0, end), " path_open: result");
    say(raw_path_open(3, 0, "new", 0xFFFFFFFF, 1, 0, 0, 0, result),
        " path_open: size");
    say(raw_path_filestat_get(3, 0, ".", 1, end), " path_filestat_get: result");
    say(raw_path_readlink(3, ".", 1, far, 100, result),
        " path_readlink: buffer");
    say(raw_path_symlink(far, 100, 3, "new", 3), " path_symlink: target");
    say(raw_path_rename(3, "a", 1, 3, far, 100), " path_rename: second path");
    say(raw_fd_readdir(3, far, 0x80000000, 0, result), " fd_readdir: buffer");
    say(raw_fd_fdstat_get(3, end), " fd_fdstat_get: result");
    say(raw_fd_prestat_dir_name(3, far, 100), " fd_prestat_dir_name: buffer");
    say(raw_poll_oneoff(far, result, 1, result), " poll_oneoff: subscriptions");
    say(raw_poll_oneoff(&low, far, 4096, result), " poll_oneoff: events");
    say(raw_poll_oneoff(buffer, (const char *)end - 38, 2, result),
        " poll_oneoff: 64 bytes in 40");
    say(raw_poll_oneoff(&low, &low, 1, far), " poll_oneoff: count");
    say(raw_random_get(far, 100), " random_get: buffer");
    say(raw_random_get(&low, 0xFFFFFFFF), " random_get: size");
    say(raw_args_get(far, far), " args_get: both");
    say(raw_environ_sizes_get(&low, end), " environ_sizes_get: second");
    say(raw_clock_time_get(0, 0, end), " clock_time_get: result");
}

static const struct {
    const char *name;
    void (*function)(void);
} calls[] = {
    {"open", call_open},         {"stat", call_stat},
    {"times", call_times},       {"mkdir", call_mkdir},
    {"rmdir", call_rmdir},       {"unlink", call_unlink},
    {"rename", call_rename},     {"link", call_link},
    {"symlink", call_symlink},   {"readlink", call_readlink},
    {"read", call_read},         {"write", call_write},
    {"flood", call_flood},       {"pread", call_pread},
    {"pwrite", call_pwrite},     {"readv", call_readv},
    {"writev", call_writev},     {"close", call_close},
    {"renumber", call_renumber}, {"seek", call_seek},
    {"tell", call_tell},         {"fdstat", call_fdstat},
    {"filestat", call_filestat}, {"setrights", call_setrights},
    {"setflags", call_setflags}, {"setsize", call_setsize},
    {"fdtimes", call_fdtimes},   {"allocate", call_allocate},
    {"advise", call_advise},     {"sync", call_sync},
    {"prename", call_prename},   {"readdir", call_readdir},
    {"list", call_list},         {"prune", call_prune},
    {"poll", call_poll},         {"sleep", call_sleep},
    {"random", call_random},     {"clock", call_clock},
    {"raise", call_raise},       {"sockets", call_sockets},
    {"fault", call_fault},
};

static void run(char *line) {
    word_count = 0;
    for (char *w = strtok(line, " "); w && word_count < 16;
         w = strtok(NULL, " ")) {
        words[word_count++] = w;
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(word(0), calls[i].name) == 0) {
            calls[i].function();
            return;
        }
    }
    fprintf(out, "no such call: %s\n", word(0));
    exit(1);
}

int main(int argc, char **argv) {
    bool to_stderr = argc > 1 && strcmp(argv[1], "-e") == 0;
    out = to_stderr ? stderr : stdout;
    for (int i = 1 + to_stderr; i < argc; i++)
        run(argv[i]);
    return 0;
}
