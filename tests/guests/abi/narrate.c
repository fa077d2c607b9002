/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* The host tells the demo's requests: one line each, without what is secret in
 * a URL and without what would drive a terminal; nothing for what is no
 * request.
 *
 * run: --invoke run_demo
 * out: [host] GET https://example.org/a@b?c=//d:e@f
 * out: [host] PUT https://example.org
 * out: [host] G\x1bT relative
 * out: [host] G\u{9b}T é
 * out: [host] done
 * status: 0
 *
 * run: --invoke run
 * status: 0 */
#include "abi.h"

static void ask(const char *request) {
    uint64_t reply = host_http_request(request, strlen(request));
    free((void *)reply_text(reply));
}

__attribute__((export_name("run_demo"))) void run_demo(void) {
    ask("{\"method\":\"GET\",\"url\":\"https://user:secret@example.org/a@b?c=//"
        "d:e@f\"}");
    ask("{\"method\":\"PUT\",\"url\":\"https://a@b:secret@example.org\"}");
    ask("{\"method\":\"G\\u001bT\",\"url\":\"relative\"}");
    ask("{\"method\":\"G\\u009bT\",\"url\":\"\\u00e9\"}");
    ask("{\"method\":\"GET\"}");
}

__attribute__((export_name("run"))) void run(void) {
    run_demo();
}
