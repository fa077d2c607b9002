/* Fuzzing URLs and cookies. The first line of the input is a URL; each other is
 * a reference within it and a Set-Cookie value from there. A URL that was
 * understood is written, and must be understood as the same; a Cookie header
 * must be fit for a request. */
#include "net/cookie.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1303862400, COOKIE_MAX = 8190 };

static void check(bool fine) {
    if (!fine)
        abort();
}

static void check_url(const struct url *url, struct arena *arena) {
    struct buffer text;
    struct url again;
    struct error error = ERROR_INIT;
    buffer_init(&text, 1 << 20);
    buffer_append_text(&text, url->secure ? "https://" : "http://");
    url_format_authority(url, &text);
    buffer_append_text(&text, url->target);
    check(url_parse(&again, buffer_slice(&text), arena, &error));
    check(url_same_origin(url, &again) &&
          strcmp(url->target, again.target) == 0);
    check(is_field_value(slice_of(url->target)) && !strchr(url->target, ' '));
    buffer_free(&text);
}

static void check_cookies(struct cookie_jar *jar, const struct url *url) {
    struct buffer text;
    buffer_init(&text, COOKIE_MAX);
    cookie_header(jar, url, NOW, &text);
    check(!text.failed && is_field_value(buffer_slice(&text)));
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct suffix_list *suffixes;
    if (!suffixes)
        suffixes = suffix_open();
    struct arena arena;
    struct cookie_jar jar;
    struct url url, other;
    arena_init(&arena);
    cookie_jar_init(&jar, suffixes);
    struct slice text = {data, size};
    size_t end = slice_find(text, "\n");
    struct error error = ERROR_INIT;
    bool ok = url_parse(&url, slice_cut(text, 0, end), &arena, &error);
    if (ok)
        check_url(&url, &arena);
    while (ok && end < text.size) {
        text = slice_cut(text, end + 1, text.size);
        end = slice_find(text, "\n");
        struct slice line = slice_cut(text, 0, end);
        struct error ignored = ERROR_INIT;
        cookie_store(&jar, &url, line, NOW);
        if (url_resolve(&other, &url, line, &arena, &ignored)) {
            check_url(&other, &arena);
            check_cookies(&jar, &other);
        }
        check_cookies(&jar, &url);
    }
    cookie_jar_free(&jar);
    arena_free(&arena);
    return 0;
}
