/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* What the user sees of requests, and what of their secrets.
 *
 * run: --trace http --invoke run
 * out: 200
 * err: > GET /headers HTTP/1.1
 * err: > Authorization: (hidden)
 * err: < set-cookie: (hidden)
 * err: < x-twice: one
 * status: 0
 *
 * run: --trace wasi,http-secrets --invoke run
 * out: 200
 * err: fd_write
 * err: > Authorization: open sesame
 * err: < set-cookie: a=1
 * status: 0
 *
 * run: --trace http --invoke begin
 * out: 200
 * err: < x-twice: one
 * err: * end after
 * status: 0
 */
#include "guest/http.h"

static void perform(bool (*send)(const struct http_request *,
                                 struct http_response *)) {
    char url[200];
    snprintf(url, sizeof url, "%s/headers", getenv("SERVER"));
    struct http_header headers[] = {{"Authorization", "open sesame"},
                                    {NULL, NULL}};
    struct http_request request = {
        .method = "GET", .url = url, .headers = headers};
    struct http_response response;
    send(&request, &response);
    printf("%d\n", response.status);
    fflush(stdout);
    http_free(&response);
}

__attribute__((export_name("run"))) void run(void) {
    perform(http_send);
}

__attribute__((export_name("begin"))) void begin(void) {
    perform(http_open);
}
