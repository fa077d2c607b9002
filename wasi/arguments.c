/* Arguments and environment: two lists of texts.
 *
 * A guest asks for the sizes, allocates, and then lets us fill in an array of
 * pointers and the texts behind one another. Pointers are its own addresses: 32
 * bits. */
#include "wasi/call.h"

#include <string.h>

static uint32_t texts_size(const char *const *texts, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 1;
    return (uint32_t)size; /* wasi_open bounds it */
}

static enum wasi_errno
sizes_get(struct call *call, const char *const *texts, size_t count) {
    put32(call, 0, (uint32_t)count);
    put32(call, 1, texts_size(texts, count));
    return WASI_SUCCESS;
}

/* Argument 0: an array for the pointers; argument 1: room for the texts, each
 * with its NUL. */
static enum wasi_errno
texts_get(struct call *call, const char *const *texts, size_t count) {
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
    return sizes_get(
        call, call->wasi->config.args, call->wasi->config.arg_count);
}

enum wasi_errno call_args_get(struct call *call) {
    return texts_get(
        call, call->wasi->config.args, call->wasi->config.arg_count);
}

enum wasi_errno call_environ_sizes_get(struct call *call) {
    return sizes_get(
        call, call->wasi->config.env, call->wasi->config.env_count);
}

enum wasi_errno call_environ_get(struct call *call) {
    return texts_get(
        call, call->wasi->config.env, call->wasi->config.env_count);
}
