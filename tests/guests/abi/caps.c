/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* The caps on bodies, as the flags set them: a request of 4 bytes, which come
 * back.
 *
 * run: --max-request-body 4 --max-response-body 4 --invoke run
 * out: 200 four
 * out: 200, 4 bytes
 * status: 0
 *
 * run: --max-request-body 3 --invoke run
 * out: 0 too_large
 * out: 0, 0 bytes
 * status: 0
 *
 * run: --max-response-body 3 --invoke run
 * out: 0 too_large
 * out: 200, 4 bytes
 * status: 0 */
#include "guest/http.h"

__attribute__((export_name("run"))) void run(void) {
    char url[200], bytes[10];
    snprintf(url, sizeof url, "%s/echo", getenv("SERVER"));
    struct http_request request = {
        .method = "POST", .url = url, .body = "four", .body_size = 4};
    struct http_response response;
    http_send(&request, &response);
    const char *text = response.error ? response.error : response.body;
    printf("%d %.*s\n", response.status, (int)strcspn(text, ":"), text);
    http_free(&response);
    int size = http_open(&request, &response)
                   ? http_read(&response, bytes, sizeof bytes)
                   : 0;
    printf("%d, %d bytes\n", response.status, size);
    fflush(stdout);
    http_free(&response);
}
