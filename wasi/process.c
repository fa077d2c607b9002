/* The calls that touch no files: random bytes, the process, and sockets, of
 * which preview1 cannot make any: there is nothing to shut down or accept
 * on. */
#include "wasi/call.h"
#include "wasi/platform.h"

#include <sched.h>

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

/* Never returns to the guest: `dispatch` in dispatch.c ends it with the error. */
enum wasi_errno call_proc_exit(struct call *call) {
    call->over = true;
    error_set(call->error,
              ERROR_EXIT,
              "the guest exited with status %u",
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
