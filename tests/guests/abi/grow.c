/* flags: -mexec-model=reactor */
/* A malloc that grows memory at every call, so that it may move under the host.
 *
 * run: --invoke run
 * out: 1: at the old end, 70013 bytes of x
 * out: 2: at the old end, 70013 bytes of x
 * out: 3: at the old end, 70013 bytes of x
 * status: 0
 */
#include "abi.h"

enum { BODY = 70013 }; /* more than a page */

static uint32_t grown_at;

__attribute__((export_name("malloc"))) void *growing_malloc(uint32_t size) {
    grown_at = (uint32_t)__builtin_wasm_memory_grow(0, size / 65536 + 1) << 16;
    return (void *)(uintptr_t)grown_at;
}

/* How many bytes of x the reply's body is; it came as a string. */
static size_t count_x(const char *text, size_t size) {
    static const char start[] = "\"body\":\"";
    for (size_t i = 0; i + sizeof start < size; i++) {
        if (memcmp(text + i, start, sizeof start - 1) != 0)
            continue;
        size_t n = i += sizeof start - 1;
        while (n < size && text[n] == 'x')
            n++;
        return n - i;
    }
    return 0;
}

__attribute__((export_name("run"))) void run(void) {
    static char request[BODY + 200];
    int length = snprintf(
        request,
        sizeof request,
        "{\"method\":\"POST\",\"url\":\"%s/echo\",\"body_encoding\":\"utf8\","
        "\"body\":\"",
        getenv("SERVER"));
    memset(request + length, 'x', BODY);
    strcpy(request + length + BODY, "\"}");
    for (int i = 1; i <= 3; i++) {
        uint64_t reply = host_http_request(request, strlen(request));
        printf("%d: %s, %zu bytes of x\n",
               i,
               reply >> 32 == grown_at ? "at the old end" : "elsewhere",
               count_x(reply_text(reply), reply_size(reply)));
    }
    fflush(stdout);
}
