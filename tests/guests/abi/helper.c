/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* The guest's header, guest/http.h: what it sends, what it finds in a reply,
 * and in replies that a host might lay out in another way.
 *
 * run: --invoke send
 * out: status 200, 6 bytes: 00 22 5c 0a 80 ff
 * out: x-method: PUT
 * out: sent x-one: say "hi" \o/	tab
 * out: x-absent: (none)
 * out: status 200, 0 bytes:
 * out: x-twice: one, two
 * out: x-quote: a"b\c
 * out: x-latin: café
 * out: status 404
 * out: error: denied
 * out: error: invalid_request
 * status: 0
 *
 * run: --invoke read
 * out: 😀 / " é €
 * out: {"a":[1,"}"]}
 * out: 200
 * out: (none)
 * out: (none)
 * out: (none)
 * out: the host gave no reply
 * out: the host gave no reply
 * out: tls: bad
 * status: 0 */
#include "guest/http.h"

static void print_status(const struct http_response *response) {
    printf("status %d", response->status);
    if (response->status == 200)
        printf(", %zu bytes:", response->body_size);
    for (size_t i = 0; i < response->body_size && response->status == 200;
         i++) {
        printf(" %02x", response->body[i] & 255);
    }
    putchar('\n');
}

static void print_header(const struct http_response *response,
                         const char *name) {
    char *value = http_get_header(response, name);
    printf("%s: %s\n", name, value ? value : "(none)");
    free(value);
}

/* The server says what headers it saw in one of its own, as JSON. */
static void print_sent(const struct http_response *response, const char *name) {
    char *seen = http_get_header(response, "x-headers");
    struct http_cursor object = {seen, seen + strlen(seen)};
    char *value = http_read_string(http_find(object, name));
    printf("sent %s: %s\n", name, value ? value : "(none)");
    free(value);
    free(seen);
}

static void print_error(const char *method, const char *url) {
    struct http_request request = {.method = method, .url = url};
    struct http_response response;
    if (http_send(&request, &response))
        puts("no error");
    else
        printf(
            "error: %.*s\n", (int)strcspn(response.error, ":"), response.error);
    http_free(&response);
}

static bool get(const char *path, struct http_response *response) {
    char url[100];
    snprintf(url, sizeof url, "%s%s", getenv("SERVER"), path);
    struct http_request request = {.method = "GET", .url = url};
    return http_send(&request, response);
}

__attribute__((export_name("send"))) void send_requests(void) {
    char url[100];
    snprintf(url, sizeof url, "%s/echo", getenv("SERVER"));
    struct http_header headers[] = {{"X-One", "say \"hi\" \\o/\ttab"},
                                    {NULL, NULL}};
    struct http_request request = {"PUT", url, headers, "\0\"\\\n\x80\xff", 6};
    struct http_response response;
    http_send(&request, &response);
    print_status(&response);
    print_header(&response, "x-method");
    print_sent(&response, "x-one");
    print_header(&response, "x-absent");
    http_free(&response);

    get("/headers", &response);
    print_status(&response);
    print_header(&response, "x-twice");
    print_header(&response, "x-quote");
    print_header(&response, "x-latin");
    http_free(&response);

    get("/nowhere", &response); /* a status is no error */
    print_status(&response);
    http_free(&response);
    print_error("GET", "https://example.org/");
    print_error("GET /", url);
    fflush(stdout);
}

static void print_string(const char *json, const char *name) {
    char *text = http_read_string(
        http_find((struct http_cursor){json, json + strlen(json)}, name));
    puts(text ? text : "(none)");
    free(text);
}

static void print_reply_error(const char *json) {
    char *text =
        http_read_error((struct http_cursor){json, json + strlen(json)});
    puts(text);
    free(text);
}

__attribute__((export_name("read"))) void read_replies(void) {
    const char *spaced = " { \"x\" : { \"s\" : [ \"}\\\"\" ] } ,\n\t\"s\" : "
                         "\"\\ud83d\\ude00 \\/ \\\" "
                         "\\u00e9 \\u20AC\" , \"n\" : 200 }";
    print_string(spaced, "s");
    print_string("{\"s\":\"{\\\"a\\\":[1,\\\"}\\\"]}\"}", "s");
    struct http_cursor number =
        http_find((struct http_cursor){spaced, spaced + strlen(spaced)}, "n");
    printf("%u\n", http_read_number(&number));
    print_string(spaced, "absent");
    print_string("{\"s\"", "s");
    print_string("[\"s\"]", "s");
    print_reply_error("");
    print_reply_error("{\"error\":{\"kind\":1}}");
    print_reply_error("{\"error\":{\"message\":\"bad\",\"kind\":\"tls\"}}");
    fflush(stdout);
}
