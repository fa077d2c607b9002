/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* What a request and its response make the host hold is in the guest's limit of
 * memory. What does not fit is an error, and the next request is as good as
 * ever: all has been given back.
 *
 * run: --max-memory 20M --invoke run
 * out: large request: status_code
 * out: large response: status_code
 * out: small ones: status_code
 * status: 0
 *
 * run: --max-memory 2M --invoke run
 * out: large request: no memory for the request
 * out: large response: no memory for the response's body
 * out: small ones: status_code
 * status: 0 */
#include "abi.h"

enum { LARGE = 1 << 20 };

static char request[LARGE + 200];

/* What the reply begins with: the status, or an error's message. */
static void show(const char *what, const char *text) {
    uint64_t reply = host_http_request(text, strlen(text));
    static const char message[] = "\"message\":\"";
    char head[200] = "";
    size_t size = reply_size(reply) < sizeof head - 1 ? reply_size(reply)
                                                      : sizeof head - 1;
    memcpy(head, reply_text(reply), size);
    char *said = strstr(head, message);
    said = said ? said + sizeof message - 1 : head + 2;
    printf("%s: %.*s\n", what, (int)strcspn(said, "\"}"), said);
    free((void *)reply_text(reply));
}

__attribute__((export_name("run"))) void run(void) {
    const char *server = getenv("SERVER");
    int start = snprintf(request,
                         sizeof request,
                         "{\"method\":\"POST\",\"url\":\"%s/echo\",\"body\":\"",
                         server);
    memset(request + start, 'x', LARGE);
    strcpy(request + start + LARGE, "\"}");
    show("large request", request);
    snprintf(request,
             sizeof request,
             "{\"method\":\"GET\",\"url\":\"%s/"
             "bytes\",\"body_encoding\":\"base64\"}",
             server);
    show("large response", request);
    for (int i = 0; i < 20; i++) {
        snprintf(request,
                 sizeof request,
                 "{\"method\":\"GET\",\"url\":\"%s/text\"}",
                 server);
        uint64_t reply = host_http_request(request, strlen(request));
        free((void *)reply_text(reply));
    }
    show("small ones", request);
    fflush(stdout);
}
