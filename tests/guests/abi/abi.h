/* What the guests of the interface tests share: the import, and printing what
 * it gave. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((import_module("host"), import_name("host_http_request")))
uint64_t
host_http_request(const char *request, size_t size);

static inline const char *reply_text(uint64_t reply) {
    return (const char *)(uintptr_t)(reply >> 32);
}

static inline size_t reply_size(uint64_t reply) {
    return (uint32_t)reply;
}

/* Send a request; print the reply and a newline. */
static inline uint64_t talk(const char *request) {
    uint64_t reply = host_http_request(request, strlen(request));
    fwrite(reply_text(reply), 1, reply_size(reply), stdout);
    putchar('\n');
    fflush(stdout);
    return reply;
}
