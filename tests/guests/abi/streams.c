/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* Responses in pieces: what they say, two at once, hostile handles and memory,
 * failures early and late, limits. What is still open at the end the host
 * closes.
 *
 * run: --max-response-body 1000 --invoke pieces
 * out: status 200, length 2097152, absent (none)
 * out: 2097152 bytes as they should be
 * out: 2097152 bytes as they should be
 * out: read 0 0
 * out: status 200: 0 bytes
 * out: status 404
 * status: 0
 *
 * run: --invoke handles
 * out: head -8 -8 -8 -8 -8 -8
 * out: read -8 -8 -8 -8 -8 -8
 * out: close -8 -8 -8 -8 -8 -8
 * out: closed 0 -8, read -8, head -8
 * out: another handle: 1
 * status: 0
 *
 * run: --invoke bad_memory
 * out: open -21 -21 -21
 * out: head -21 -21 -21
 * out: read -21 -21 -21
 * out: head 1, nothing written 1, written 1
 * out: read 0, 1, 255
 * status: 0
 *
 * run: --invoke many
 * out: 16 handles, then -33, then -33
 * out: after one was closed: 1, then -33
 * status: 0
 *
 * run: --invoke errors
 * out: not JSON: invalid_request
 * out: no object: invalid_request
 * out: https://example.org/: denied
 * out: ftp://example.org/: invalid_request
 * out: /garbage: protocol
 * out: /short: 10 bytes, then protocol, protocol
 * status: 0
 *
 * run: --http-timeout 400ms --invoke stall
 * out: /stall: 10 bytes, then timeout, timeout
 * status: 0
 *
 * run: --http-timeout 1h --timeout 500ms --invoke stall
 * err: trap:
 * status: 134
 *
 * run: --invoke trap_with_open_handles
 * err: trap: unreachable
 * status: 134 */
#include "guest/http.h"

#define EXPORT(name) __attribute__((export_name(#name))) void name(void)

static char buffer[3000];

static bool begin(const char *path, struct http_response *response) {
    char url[200];
    snprintf(
        url, sizeof url, "%s%s", *path == '/' ? getenv("SERVER") : "", path);
    return http_open(&(struct http_request){.method = "GET", .url = url},
                     response);
}

/* Read a piece of /bytes; false if it is not what it should be. */
static bool take(struct http_response *response, size_t *total, int *count) {
    *count = http_read(response, buffer, sizeof buffer);
    for (int i = 0; i < *count; i++) {
        if ((unsigned char)buffer[i] != (*total)++ % 256)
            return false;
    }
    return *count >= 0;
}

EXPORT(pieces) {
    struct http_response a, b;
    begin("/bytes", &a);
    begin("/bytes", &b);
    char *length = http_get_header(&a, "content-length"),
         *absent = http_get_header(&a, "absent");
    printf("status %d, length %s, absent %s\n",
           a.status,
           length,
           absent ? absent : "(none)");
    free(length);
    size_t a_total = 0, b_total = 0;
    int a_count = 1, b_count = 1;
    bool right = true;
    while (right && (a_count > 0 || b_count > 0)) {
        right = take(&a, &a_total, &a_count) && take(&b, &b_total, &b_count);
    }
    printf("%zu bytes %s\n", a_total, right ? "as they should be" : "wrong");
    printf("%zu bytes %s\n", b_total, right ? "as they should be" : "wrong");
    int again = http_read(&a, buffer, sizeof buffer);
    printf("read %d %d\n", again, http_read(&b, buffer, 0));
    http_free(&a);
    http_free(&b);
    begin("/empty", &a);
    printf("status %d: %d bytes\n",
           a.status,
           http_read(&a, buffer, sizeof buffer));
    http_free(&a);
    begin("/nowhere", &a);
    printf("status %d\n", a.status);
    fflush(stdout);
}

/* A handle of a response that is there. */
static int open_raw(void) {
    snprintf(buffer,
             sizeof buffer,
             "{\"method\":\"GET\",\"url\":\"%s/bytes\"}",
             getenv("SERVER"));
    return host_http_open(buffer, strlen(buffer));
}

EXPORT(handles) {
    int good = open_raw(),
        bad[] = {0, -1, 3, good + 1, 0x7FFFFFFF, -0x7FFFFFFF - 1};
    printf("head");
    for (int i = 0; i < 6; i++)
        printf(" %d", host_http_head(bad[i], buffer, sizeof buffer));
    printf("\nread");
    for (int i = 0; i < 6; i++)
        printf(" %d", host_http_read(bad[i], buffer, sizeof buffer));
    printf("\nclose");
    for (int i = 0; i < 6; i++)
        printf(" %d", host_http_close(bad[i]));
    int first = host_http_close(good), second = host_http_close(good);
    printf("\nclosed %d %d, read %d, head %d\n",
           first,
           second,
           host_http_read(good, buffer, 9),
           host_http_head(good, buffer, sizeof buffer));
    printf("another handle: %d\n", open_raw() > good);
    fflush(stdout);
}

EXPORT(bad_memory) {
    uint32_t end = (uint32_t)__builtin_wasm_memory_size(0) << 16;
    char *last = (char *)(uintptr_t)(end - 1),
         *high = (char *)(uintptr_t)0xFFFFFFF0;
    int good = open_raw();
    printf("open %d %d %d\n",
           host_http_open(last, 2),
           host_http_open(high, 0x20),
           host_http_open(NULL, 0xFFFFFFFF));
    printf("head %d %d %d\n",
           host_http_head(good, last, 2),
           host_http_head(good, high, 0x20),
           host_http_head(good, NULL, 0xFFFFFFFF));
    printf("read %d %d %d\n",
           host_http_read(good, last, 2),
           host_http_read(good, high, 0x20),
           host_http_read(good, NULL, 0xFFFFFFFF));
    memset(buffer, 'x', sizeof buffer);
    int size = host_http_head(good, NULL, 0),
        less = host_http_head(good, buffer, (size_t)size - 1);
    bool untouched = buffer[0] == 'x';
    int same = host_http_head(good, buffer, (size_t)size);
    printf("head %d, nothing written %d, written %d\n",
           size == less && size == same,
           untouched,
           !strncmp(buffer, "{\"status_code\":200,", 19) &&
               buffer[size - 1] == '}' && buffer[size] == 'x');
    int none = host_http_read(good, last, 0);
    buffer[0] = 'x';
    int one = host_http_read(good, buffer, 1);
    bool right =
        buffer[0] == 0 && host_http_read(good, last, 1) == 1 && *last == 1;
    int rest = host_http_read(good, buffer, 255);
    printf("read %d, %d, %d\n", none, right ? one : -1, rest);
    fflush(stdout);
}

EXPORT(many) {
    int opened = 0, last = 0, handle;
    while ((handle = open_raw()) > 0)
        opened++, last = handle;
    printf("%d handles, then %d, then %d\n", opened, handle, open_raw());
    host_http_close(last);
    handle = open_raw();
    printf(
        "after one was closed: %d, then %d\n", handle == last + 1, open_raw());
    fflush(stdout);
}

static void print_failure(const char *name, int handle) {
    int size = host_http_head(handle, buffer, sizeof buffer - 1);
    struct http_response response = {.reply_ = buffer,
                                     .reply_size_ = (size_t)size};
    char *error = http_read_error(http_reply(&response));
    printf("%s: %.*s\n", name, (int)strcspn(error, ":"), error);
    free(error);
}

static void read_on(const char *path) {
    struct http_response response;
    begin(path, &response);
    int total = 0, count;
    while ((count = http_read(&response, buffer, sizeof buffer)) > 0)
        total += count;
    char *error = response.error ? response.error : "nothing";
    count = http_read(&response, buffer, sizeof buffer);
    printf("%s: %d bytes, then %.*s",
           path,
           total,
           (int)strcspn(error, ":"),
           error);
    printf(", %.*s\n",
           (int)strcspn(error, ":"),
           count == -1 ? response.error : "nothing");
    fflush(stdout);
}

EXPORT(errors) {
    static const char *const urls[] = {
        "https://example.org/", "ftp://example.org/", "/garbage"};
    print_failure("not JSON", host_http_open("{", 1));
    print_failure("no object", host_http_open("[]", 2));
    for (int i = 0; i < 3; i++) {
        struct http_response response;
        bool ok = begin(urls[i], &response);
        printf("%s: %.*s\n",
               urls[i],
               ok ? 2 : (int)strcspn(response.error, ":"),
               ok ? "ok" : response.error);
        http_free(&response);
    }
    read_on("/short");
}

EXPORT(stall) {
    read_on("/stall");
}

EXPORT(trap_with_open_handles) {
    open_raw();
    open_raw();
    __builtin_trap();
}
