/* flags: -mexec-model=reactor */
/* What a Rust guest does: the request as serde_json writes it, malloc and a
 * free of two arguments of its own, a reply of which it knows three members.
 *
 * run: --invoke run_rust
 * out: status 200
 * out: method POST
 * out: body 0 1 127 128 255
 * out: freed what was allocated
 * out: missing field `status_code`
 * out: freed what was allocated
 * status: 0 */
#include "guest/http.h"

static size_t allocated;

__attribute__((export_name("malloc"))) void *rust_malloc(size_t size) {
    allocated = size;
    return malloc(size);
}

__attribute__((export_name("free"))) void rust_free(void *pointer,
                                                    size_t size) {
    puts(size == allocated ? "freed what was allocated" : "freed another size");
    free(pointer);
}

static void print_reply(struct http_cursor reply) {
    struct http_cursor status = http_find(reply, "status_code");
    unsigned code = http_read_number(&status);
    if (code == 0) {
        puts("missing field `status_code`");
        return;
    }
    char *method =
        http_read_string(http_find(http_find(reply, "headers"), "x-method"));
    struct http_response response = {0};
    http_read_body(http_find(reply, "body"), &response);
    printf("status %u\nmethod %s\nbody", code, method);
    for (size_t i = 0; i < response.body_size; i++)
        printf(" %d", response.body[i] & 255);
    putchar('\n');
    free(method);
    free(response.body);
}

static void send(const char *request) {
    uint64_t reply = host_http_request(request, strlen(request));
    char *text = (char *)(uintptr_t)(reply >> 32);
    print_reply((struct http_cursor){text, text + (uint32_t)reply});
    rust_free(text, (uint32_t)reply);
}

__attribute__((export_name("run_rust"))) void run_rust(void) {
    char request[300];
    snprintf(request,
             sizeof request,
             "{\"method\":\"POST\",\"url\":\"%s/"
             "echo\",\"headers\":{\"content-type\":"
             "\"application/octet-stream\"},\"body\":[0,1,127,128,255]}",
             getenv("SERVER"));
    send(request);
    send("{\"method\":\"GET\",\"url\":\"gopher://example.org/"
         "\",\"headers\":{},\"body\":null}");
    fflush(stdout);
}
