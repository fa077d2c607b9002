/* flags: -mexec-model=reactor -Wl,--export=malloc -Wl,--export=free
 * -Wl,--export=run_demo */
/* The demo: a guest that writes a file and reads it back, then makes three
 * requests over TLS.
 *
 * A reactor has no main: its host calls `_initialize` once and then what it
 * likes, here run_demo. So nothing flushes stdout at the end but we; and the
 * host prints lines of its own in between, for which stdout is made to be
 * flushed line by line.
 *
 * What fails prints a line and the demo goes on. */
#include "http.h"

#include <errno.h>

enum { SHOWN = 300 }; /* characters of a long body */

/* Print text, each of its lines marked as ours. */
static void say(const char *text, size_t size) {
    const char *end = text + size;
    do {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        if (!line_end)
            line_end = end;
        printf("[guest] %.*s\n", (int)(line_end - text), text);
        text = line_end + 1;
    } while (text < end);
}

static void say_file_error(const char *path) {
    printf("[guest] %s: error: %s\n", path, strerror(errno));
}

static bool write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    bool ok = fputs(text, file) >= 0;
    return fclose(file) == 0 && ok;
}

static void use_files(void) {
    const char *path = "/demo.txt";
    char line[80];
    if (!write_file(path, "Hello from WebAssembly\n")) {
        say_file_error(path);
        return;
    }
    printf("[guest] %s: written\n", path);
    FILE *file = fopen(path, "r");
    if (file && fgets(line, sizeof line, file))
        printf("[guest] %s: read: %s", path, line);
    else
        say_file_error(path);
    if (file)
        fclose(file);
}

/* Send a request and print its status, and its body up to `shown`
 * characters. */
static void exchange(const struct http_request *request, size_t shown) {
    struct http_response response;
    if (http_send(request, &response)) {
        printf("[guest] %s %s: status %d\n",
               request->method,
               request->url,
               response.status);
        if (shown > response.body_size)
            shown = response.body_size;
        if (shown > 0)
            say(response.body, shown);
    } else {
        printf("[guest] %s %s: error: %s\n",
               request->method,
               request->url,
               response.error ? response.error : "no memory");
    }
    http_free(&response);
}

static void get(const char *url, size_t shown) {
    struct http_request request = {.method = "GET", .url = url};
    exchange(&request, shown);
}

static void post(const char *url, const char *json) {
    const struct http_header headers[] = {{"Content-Type", "application/json"},
                                          {"X-Custom-Header", "Wasm-is-cool"},
                                          {NULL, NULL}};
    struct http_request request = {"POST", url, headers, json, strlen(json)};
    exchange(&request, SHOWN);
}

void run_demo(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    use_files();
    get("https://httpbin.org/cookies/set/session/12345", 0);
    get("https://httpbin.org/cookies", SIZE_MAX);
    post("https://httpbin.org/post",
         "{\"source\":\"WebAssembly\",\"value\":42}");
    fflush(stdout);
}
