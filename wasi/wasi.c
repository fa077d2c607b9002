/* WASI preview1: opening it, offering its functions to a VM, and what happens
 * at every call.
 *
 * A call is a row of calls.def. `dispatch` serves them all: it looks up the
 * descriptor, its rights and the pointers for results as the row says, runs the
 * row's function, prints the call if that is wanted, and hands the errno to the
 * guest.
 *
 * Missing on purpose: sockets and signals (their calls say NOTSUP or NOTSOCK),
 * and hard links to what a link points at. */
#include "wasi/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct row rows[CALL_COUNT] = {
#define X(name, rights, arguments) {#name, rights, arguments, call_##name},
#include "wasi/calls.def"
#undef X
};

_Static_assert(CALL_COUNT == 46, "preview1 has 46 functions");

/* ---- opening ---- */

/* Their sizes reach the guest in 32 bits, and it allocates what we say. */
static bool check_texts(const char *const *texts, size_t count,
                        const char *what, struct error *error) {
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
            return error_set(error, ERROR_USAGE,
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
static bool open_directory(struct wasi *wasi, uint32_t number,
                           const struct wasi_directory *directory,
                           struct error *error) {
    int host;
    enum wasi_errno failed =
        directory->opened > 0 ? path_reopen_directory(directory->opened, &host)
                              : path_grant(directory->host, &host);
    if (failed) {
        bool view = failed == WASI_NOTCAPABLE;
        return error_set(error, ERROR_IO, "cannot %s directory %s: %s",
                         view ? "grant" : "open",
                         shown_text(directory->host, 150).text,
                         view ? "it shows the kernel or processes, not files"
                              : strerror(errno));
    }
    uint64_t denied = directory->read_only ? RIGHTS_CHANGE : 0;
    struct descriptor granted = {
        .read_only = directory->read_only,
        .type = TYPE_DIRECTORY,
        .host = host,
        .rights = RIGHTS_DIRECTORY & ~denied,
        .inheriting = (RIGHTS_DIRECTORY | RIGHTS_FILE) &
                      ~(denied & ~(uint64_t)RIGHTS_WRITE),
        .guest_name = directory->guest,
    };
    fd_install(wasi, number, granted);
    return true;
}

/* Check the configuration and open what it grants. */
static bool fill(struct wasi *wasi, struct error *error) {
    const struct wasi_config *config = &wasi->config;
    if (!check_texts(config->args, config->arg_count, "arguments", error))
        return false;
    if (!check_texts(config->env, config->env_count, "environment variables",
                     error))
        return false;
    if (config->directory_count > FD_MAX / 2)
        return error_set(error, ERROR_USAGE, "more than %d directories",
                         FD_MAX / 2);
    if (!check_names(config, error))
        return false;
    for (size_t i = 0; i < config->directory_count; i++) {
        uint32_t number = FIRST_PREOPEN + (uint32_t)i;
        if (!open_directory(wasi, number, &config->directories[i], error))
            return false;
    }
    return true;
}

struct wasi *wasi_open(const struct wasi_config *config, struct error *error) {
    struct wasi *wasi = calloc(1, sizeof *wasi);
    if (!wasi) {
        error_set(error, ERROR_IO, "no memory for the descriptor table");
        return NULL;
    }
    wasi->config = *config;
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
    for (uint32_t i = 0; i < FD_MAX; i++) {
        if (wasi->table[i].open)
            fd_close(&wasi->table[i]);
    }
    free(wasi);
}

/* ---- guest memory ---- */

/* Byte by byte: a guest's pointer need not be aligned, and where the machine is
 * little-endian as well compilers make one load or store of it. */
uint32_t load32(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

uint64_t load64(const uint8_t *at) {
    return load32(at) | (uint64_t)load32(at + 4) << 32;
}

void store16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void store32(uint8_t *at, uint32_t value) {
    store16(at, (uint16_t)value);
    store16(at + 2, (uint16_t)(value >> 16));
}

void store64(uint8_t *at, uint64_t value) {
    store32(at, (uint32_t)value);
    store32(at + 4, (uint32_t)(value >> 32));
}

uint8_t *guest_at(const struct call *call, uint32_t address, uint64_t size) {
    return vm_memory_at(call->instance, address, size);
}

void put32(const struct call *call, int i, uint32_t value) {
    store32(guest_at(call, arg(call, i), sizeof value), value);
}

void put64(const struct call *call, int i, uint64_t value) {
    store64(guest_at(call, arg(call, i), sizeof value), value);
}

/* ---- calls ---- */

enum wasi_errno call_time_out(struct call *call) {
    vm_time_out(vm_of(call->instance), call->error);
    call->over = true;
    return WASI_SUCCESS;
}

/* How many bytes a pointer of this kind must have room for. */
static uint64_t result_size(char kind) {
    switch (kind) {
    case '2': return 2;
    case '4': return 4;
    case '8':
    case 'P': return 8;
    case 'F': return FDSTAT_SIZE;
    case 'S': return FILESTAT_SIZE;
    default: return 0;
    }
}

/* Check what the row says about the arguments, so that the call finds a
 * descriptor with the rights and results it can store. */
static enum wasi_errno check_arguments(struct call *call,
                                       const struct binding *binding) {
    int i = 0;
    for (const char *kind = binding->kinds; *kind;
         i += argument_width(*kind++)) {
        if (*kind == 'd') {
            enum wasi_errno error = fd_get(call->wasi, arg(call, i),
                                           binding->row->rights, &call->fd);
            if (error)
                return error;
        }
        uint64_t size = result_size(*kind);
        if (size > 0 && !guest_at(call, arg(call, i), size))
            return WASI_FAULT;
    }
    return WASI_SUCCESS;
}

/* The vm_host_function of all calls. */
static bool dispatch(void *context, struct instance *caller, uint64_t *slots,
                     struct error *error) {
    const struct binding *binding = context;
    struct call call = {.wasi = binding->wasi,
                        .instance = caller,
                        .args = slots,
                        .error = error};
    enum wasi_errno result = check_arguments(&call, binding);
    if (!result)
        result = binding->row->function(&call);
    if (result == WASI_BADF)
        call.wasi->looked_for_more |=
            binding->row->function == call_fd_prestat_get;
    if (call.wasi->config.trace)
        trace_call(&call, binding->row, result);
    if (call.over)
        return false;
    slots[0] = result;
    return true;
}

/* The kinds of a row's arguments, and the signature vm_define wants of them. */
static void read_row(struct binding *binding, char signature[static 16]) {
    const char *rest = binding->row->arguments;
    struct argument argument;
    const char *results = ":i";
    size_t count = 0, size = 0;
    while (argument_next(&rest, &argument)) {
        binding->kinds[count++] = argument.kind;
        if (argument.kind == 'c')
            results = ":";
        char letter = strchr("UIX", argument.kind) ? 'I' : 'i';
        for (int k = 0; k < argument_width(argument.kind); k++)
            signature[size++] = letter;
    }
    strcpy(signature + size, results);
}

bool wasi_define(struct wasi *wasi, struct vm *vm, struct error *error) {
    for (size_t i = 0; i < CALL_COUNT; i++) {
        char signature[16];
        wasi->bindings[i] = (struct binding){.wasi = wasi, .row = &rows[i]};
        read_row(&wasi->bindings[i], signature);
        if (!vm_define(vm, "wasi_snapshot_preview1", rows[i].name, signature,
                       dispatch, &wasi->bindings[i], error))
            return false;
    }
    return true;
}

bool wasi_lacked_directory(const struct wasi *wasi) {
    return wasi->config.directory_count == 0 && wasi->looked_for_more &&
           wasi->complained;
}
