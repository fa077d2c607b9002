/* The calls that touch no files: arguments, environment, clocks, random bytes,
 * the process, and sockets, of which preview1 cannot make any: there is nothing
 * to shut down or accept on. */
#include "wasi/internal.h"
#include "wasi/platform.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

/* ---- arguments and environment: two lists of texts ----
 *
 * A guest asks for the sizes, allocates, and then lets us fill in an array of
 * pointers and the texts behind one another. Pointers are its own addresses: 32
 * bits. */

static uint32_t texts_size(const char *const *texts, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 1;
    return (uint32_t)size; /* wasi_open bounds it */
}

static enum wasi_errno sizes_get(struct call *call, const char *const *texts,
                                 size_t count) {
    put32(call, 0, (uint32_t)count);
    put32(call, 1, texts_size(texts, count));
    return WASI_SUCCESS;
}

/* Argument 0: an array for the pointers; argument 1: room for the texts, each
 * with its NUL. */
static enum wasi_errno texts_get(struct call *call, const char *const *texts,
                                 size_t count) {
    uint8_t *pointers = guest_at(call, arg(call, 0), (uint64_t)count * 4);
    uint8_t *bytes = guest_at(call, arg(call, 1), texts_size(texts, count));
    if (count == 0)
        return WASI_SUCCESS;
    if (!pointers || !bytes)
        return WASI_FAULT;
    uint32_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(texts[i]) + 1;
        store32(pointers + 4 * i, arg(call, 1) + offset);
        memcpy(bytes + offset, texts[i], size);
        offset += (uint32_t)size;
    }
    return WASI_SUCCESS;
}

enum wasi_errno call_args_sizes_get(struct call *call) {
    return sizes_get(call, call->wasi->config.args,
                     call->wasi->config.arg_count);
}

enum wasi_errno call_args_get(struct call *call) {
    return texts_get(call, call->wasi->config.args,
                     call->wasi->config.arg_count);
}

enum wasi_errno call_environ_sizes_get(struct call *call) {
    return sizes_get(call, call->wasi->config.env,
                     call->wasi->config.env_count);
}

enum wasi_errno call_environ_get(struct call *call) {
    return texts_get(call, call->wasi->config.env,
                     call->wasi->config.env_count);
}

/* ---- clocks ---- */

uint64_t timestamp_of(struct timespec time) {
    if (time.tv_sec < 0)
        return 0;
    if ((uint64_t)time.tv_sec >= UINT64_MAX / NANOSECONDS)
        return UINT64_MAX;
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

struct timespec timespec_of(uint64_t nanoseconds) {
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / NANOSECONDS),
                             .tv_nsec = (long)(nanoseconds % NANOSECONDS)};
}

/* Ask `get` about the clock in argument 0 and store nanoseconds. */
static enum wasi_errno clock_call(struct call *call,
                                  int (*get)(clockid_t, struct timespec *),
                                  int result_arg) {
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
                                       CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};
    struct timespec time;
    if (arg(call, 0) >= sizeof clocks / sizeof *clocks)
        return WASI_INVAL;
    if (get(clocks[arg(call, 0)], &time) < 0)
        return errno_to_wasi(errno);
    put64(call, result_arg, timestamp_of(time));
    return WASI_SUCCESS;
}

enum wasi_errno call_clock_res_get(struct call *call) {
    return clock_call(call, clock_getres, 1);
}

enum wasi_errno call_clock_time_get(struct call *call) {
    return clock_call(call, clock_gettime, 2);
}

/* ---- random bytes ---- */

enum wasi_errno call_random_get(struct call *call) {
    enum { SLICE = 1 << 16 }; /* between two looks at the time limit */
    uint32_t size = arg(call, 1);
    uint8_t *out = guest_at(call, arg(call, 0), size);
    if (!out)
        return WASI_FAULT;
    for (uint32_t done = 0; done < size;) {
        uint32_t part = size - done < SLICE ? size - done : SLICE;
        if (vm_time_left_ms(vm_of(call->instance)) == 0)
            return call_time_out(call);
        if (!host_random(out + done, part))
            return WASI_IO;
        done += part;
    }
    return WASI_SUCCESS;
}

/* ---- the process ---- */

/* Never returns to the guest: `dispatch` in wasi.c ends it with the error. */
enum wasi_errno call_proc_exit(struct call *call) {
    call->over = true;
    error_set(call->error, ERROR_EXIT, "the guest exited with status %u",
              arg(call, 0));
    call->error->code = (int)arg(call, 0);
    return WASI_SUCCESS;
}

/* A signal would hit the host's process, not the guest. */
enum wasi_errno call_proc_raise(struct call *call) {
    (void)call;
    return WASI_NOTSUP;
}

enum wasi_errno call_sched_yield(struct call *call) {
    (void)call;
    sched_yield();
    return WASI_SUCCESS;
}

/* ---- sockets ---- */

/* What can be said of a descriptor without doing anything: that it is no
 * socket, or that we do not serve sockets. */
static enum wasi_errno socket_call(const struct call *call) {
    enum filetype type = call->fd->type;
    bool is_socket = type == TYPE_SOCKET_STREAM || type == TYPE_SOCKET_DGRAM;
    return is_socket ? WASI_NOTSUP : WASI_NOTSOCK;
}

enum wasi_errno call_sock_accept(struct call *call) {
    return socket_call(call);
}

enum wasi_errno call_sock_recv(struct call *call) {
    return socket_call(call);
}

enum wasi_errno call_sock_send(struct call *call) {
    return socket_call(call);
}

enum wasi_errno call_sock_shutdown(struct call *call) {
    return socket_call(call);
}
