/* What happens at every call, and the offering of all of them to a VM.
 *
 * A call is a row of calls.def. `dispatch` serves them all: it looks up the
 * descriptor, its rights and the pointers for results as the row says, runs the
 * row's function, prints the call if that is wanted, and hands the errno to the
 * guest.
 *
 * Missing on purpose: sockets and signals (their calls say NOTSUP or NOTSOCK),
 * and hard links to what a link points at. */
#include "wasi/call.h"
#include "wasi/fd.h"
#include "wasi/trace.h"

#include <string.h>

static const struct row rows[CALL_COUNT] = {
#define X(name, rights, arguments) {#name, rights, arguments, call_##name},
#include "wasi/calls.def"
#undef X
};

_Static_assert(CALL_COUNT == 46, "preview1 has 46 functions");

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
            enum wasi_errno error = fd_get(
                call->wasi, arg(call, i), binding->row->rights, &call->fd);
            if (error)
                return error;
        }
        uint64_t size = result_size(*kind);
        if (size > 0 && !guest_view(call, arg(call, i), size))
            return WASI_FAULT;
    }
    return WASI_SUCCESS;
}

/* The vm_host_function of all calls. */
static bool dispatch(void *context,
                     struct instance *caller,
                     uint64_t *slots,
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
        if (!vm_define(vm,
                       "wasi_snapshot_preview1",
                       rows[i].name,
                       signature,
                       dispatch,
                       &wasi->bindings[i],
                       error))
            return false;
    }
    return true;
}
