/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* Does what stdin says, a line at a time, and answers each with a line:
 *
 *     fetch COUNT ENCODING URL    so many requests, one after the other: "SIZE of the last reply"
 *     save URL FILE               in pieces, into a file: "SIZE"
 *     pages                       of memory: "COUNT"
 *
 * Between the lines others may look at the host. No command: in one, the linker
 * wraps every export, malloc among them, so that each call runs all
 * constructors again. */
#include "guest/http.h"

static char line[1000], piece[64 * 1024];

static void fetch(unsigned long count, const char *encoding, const char *url) {
    char request[1000];
    uint32_t size = 0;
    snprintf(request,
             sizeof request,
             "{\"method\":\"GET\",\"url\":\"%s\",\"body_encoding\":\"%s\"}",
             url,
             encoding);
    for (; count > 0; count--) {
        uint64_t reply = host_http_request(request, strlen(request));
        char *text = (char *)(uintptr_t)(reply >> 32);
        size = (uint32_t)reply;
        if (strncmp(text, "{\"status_code\":200,", 19))
            printf("%.*s ", (int)size, text);
        free(text);
    }
    printf("%lu\n", (unsigned long)size);
}

static void save(const char *url, const char *path) {
    struct http_response response;
    size_t size = 0;
    int count = 0;
    FILE *file = fopen(path, "wb");
    bool ok = http_open(&(struct http_request){.method = "GET", .url = url},
                        &response);
    while (ok && (count = http_read(&response, piece, sizeof piece)) > 0) {
        ok = fwrite(piece, 1, (size_t)count, file) == (size_t)count;
        size += (size_t)count;
    }
    ok = fclose(file) == 0 && ok;
    printf("%zu%s%s\n",
           size,
           ok ? "" : " not ok ",
           response.error ? response.error : "");
    http_free(&response);
}

__attribute__((export_name("run"))) void run(void) {
    unsigned long count;
    char a[20], url[400], path[100];
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "fetch %lu %19s %399s", &count, a, url) == 3)
            fetch(count, a, url);
        if (sscanf(line, "save %399s %99s", url, path) == 2)
            save(url, path);
        if (!strcmp(line, "pages\n"))
            printf("%zu\n", __builtin_wasm_memory_size(0));
        fflush(stdout);
    }
}
