/* URLs and addresses: what is accepted, how it is normalised, how references
 * are resolved. */
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "scheme host port target" of a URL, or "error". */
static const char *
parsed(struct arena *arena, const char *text, const char *base) {
    struct url url, from;
    struct error error = ERROR_INIT;
    bool ok = base ? url_parse(&from, slice_of(base), arena, &error) &&
                         url_resolve(&url, &from, slice_of(text), arena, &error)
                   : url_parse(&url, slice_of(text), arena, &error);
    if (!ok)
        return error.code == NET_REDIRECT ? "other scheme" : "error";
    struct buffer out;
    buffer_init(&out, 1 << 16);
    buffer_printf(&out,
                  "%s %s %u %s",
                  url.secure ? "https" : "http",
                  url.host.text,
                  url.port,
                  url.target);
    const char *result = arena_text(arena, buffer_slice(&out));
    buffer_free(&out);
    return result;
}

struct url_case {
    const char *text, *expected;
};

static void
check(const struct url_case *cases, size_t count, const char *base) {
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < count; i++) {
        const char *got = parsed(&arena, cases[i].text, base);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s, not %s", cases[i].text, got, cases[i].expected);
    }
    arena_free(&arena);
}

static void urls_are_normalised(void **state) {
    (void)state;
    static const struct url_case cases[] = {
        {"http://example.org", "http example.org 80 /"},
        {"HTTPS://Example.ORG/", "https example.org 443 /"},
        {"http://example.org.:8080/x", "http example.org 8080 /x"},
        {"http://example.org:/x", "http example.org 80 /x"},
        {"http://example.org:00080/x", "http example.org 80 /x"},
        {"http://example.org?q", "http example.org 80 /?q"},
        {"http://example.org#f", "http example.org 80 /"},
        {"http://example.org/a/./b/../c?x=/../y#f",
         "http example.org 80 /a/c?x=/../y"},
        {"http://example.org/../../a", "http example.org 80 /a"},
        {"http://example.org/a/..", "http example.org 80 /"},
        {"http://example.org/a b\"<>|^`{}\\",
         "http example.org 80 /a%20b%22%3C%3E%7C%5E%60%7B%7D%5C"},
        {"http://example.org/\xC3\xA9?\xC3\xA9",
         "http example.org 80 /%C3%A9?%C3%A9"},
        {"http://example.org/%41%zz", "http example.org 80 /%41%zz"},
        {"http://user:pa%20ss@example.org/", "http example.org 80 /"},
        {"http://xn--bcher-kva.example/", "http xn--bcher-kva.example 80 /"},
        {"http://under_score.example/", "http under_score.example 80 /"},
    };
    check(cases, sizeof cases / sizeof *cases, NULL);
}

static void addresses_have_one_spelling(void **state) {
    (void)state;
    static const struct url_case cases[] = {
        {"http://127.0.0.1/", "http 127.0.0.1 80 /"},
        {"http://127.1/", "http 127.0.0.1 80 /"},
        {"http://0x7f.0.0.1/", "http 127.0.0.1 80 /"},
        {"http://0177.0.0.01/", "http 127.0.0.1 80 /"},
        {"http://2130706433/", "http 127.0.0.1 80 /"},
        {"http://0x7F000001./", "http 127.0.0.1 80 /"},
        {"http://127.0.257/", "http 127.0.1.1 80 /"},
        {"http://[::1]:8080/", "http ::1 8080 /"},
        {"http://[0:0:0:0:0:0:0:1]/", "http ::1 80 /"},
        {"http://[::FFFF:127.0.0.1]/", "http 127.0.0.1 80 /"},
        {"http://[::ffff:7f00:1]/", "http 127.0.0.1 80 /"},
        {"http://256.0.0.1/", "error"},
        {"http://1.2.3.4.5/", "error"},
        {"http://4294967296/", "error"},
        {"http://127.0.0.0x/", "http 127.0.0.0 80 /"},
        {"http://127.0.0.08/", "error"},
        {"http://example.1/", "error"},
        {"http://[::1/", "error"},
        {"http://[::1]x/", "error"},
        {"http://[::1%25lo]/", "error"},
        {"http://[127.0.0.1]/", "error"},
        {"http://::1/", "error"},
    };
    check(cases, sizeof cases / sizeof *cases, NULL);
}

static void ambiguous_urls_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "example.org",
        "/path",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http:example.org",
        "http:/example.org",
        "http://",
        "http:///path",
        "http://:80/",
        "http://user@/",
        "http://a..b/",
        "http://.a/",
        "http://./",
        "http://a b/",
        "http://good.example\\@evil.example/",
        "http://good.example@x@evil.example/",
        "http://a%2eb/",
        "http://b\303\274cher.example/",
        "http://a!b/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:8x/",
        "http://a:-1/",
        "http://a: 80/",
        "http://a:80:80/",
        "http://a/\n",
        "http://a/\tb",
        "http://a\x7F/",
        "http://u%0ax@a/",
        "http://u%00@a/",
        " http://a/",
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *got = parsed(&arena, bad[i], NULL);
        if (strcmp(got, "error") != 0)
            fail_msg("%s was read as %s", bad[i], got);
    }
    struct url url;
    struct error error = ERROR_INIT;
    struct slice nul = {(const uint8_t *)"http://a\0b/", 11};
    assert_false(url_parse(&url, nul, &arena, &error));
    arena_free(&arena);
}

static void labels_are_bounded(void **state) {
    (void)state;
    static char text[300];
    struct arena arena;
    arena_init(&arena);
    memset(text, 'a', 200);
    memcpy(text, "http://", 7);
    text[7 + 63] = 0;
    assert_string_not_equal(parsed(&arena, text, NULL), "error");
    text[7 + 63] = 'a';
    text[7 + 64] = 0;
    assert_string_equal(parsed(&arena, text, NULL), "error");
    arena_free(&arena);
}

static void userinfo_is_decoded(void **state) {
    (void)state;
    struct url url;
    struct arena arena;
    struct error error = ERROR_INIT;
    arena_init(&arena);
    assert_true(url_parse(
        &url, slice_of("http://us%65r:p%40ss%zz@a/"), &arena, &error));
    assert_string_equal(url.userinfo, "user:p@ss%zz");
    assert_true(url_parse(&url, slice_of("http://a/"), &arena, &error));
    assert_null(url.userinfo);
    assert_false(url_parse(
        &url, slice_of("http://user:secret@a:99999/"), &arena, &error));
    assert_null(strstr(error.text, "secret"));
    arena_free(&arena);
}

/* The examples of RFC 3986 section 5.4, as far as they are http. */
static void references_are_resolved(void **state) {
    (void)state;
    static const struct url_case cases[] = {
        {"g", "http a 80 /b/c/g"},
        {"./g", "http a 80 /b/c/g"},
        {"g/", "http a 80 /b/c/g/"},
        {"/g", "http a 80 /g"},
        {"//g", "http g 80 /"},
        {"?y", "http a 80 /b/c/d;p?y"},
        {"g?y", "http a 80 /b/c/g?y"},
        {"#s", "http a 80 /b/c/d;p?q"},
        {"g#s", "http a 80 /b/c/g"},
        {";x", "http a 80 /b/c/;x"},
        {"", "http a 80 /b/c/d;p?q"},
        {".", "http a 80 /b/c/"},
        {"..", "http a 80 /b/"},
        {"../g", "http a 80 /b/g"},
        {"../..", "http a 80 /"},
        {"../../../g", "http a 80 /g"},
        {"/./g", "http a 80 /g"},
        {"g.", "http a 80 /b/c/g."},
        {"..g", "http a 80 /b/c/..g"},
        {"g;x=1/../y", "http a 80 /b/c/y"},
        {"g?y/../x", "http a 80 /b/c/g?y/../x"},
        {"https://B:8443/x", "https b 8443 /x"},
        {"http:g", "error"},
        {"ftp://a/", "other scheme"},
        {"javascript:alert(1)", "other scheme"},
        {"//[::1]:x/", "error"},
    };
    check(cases, sizeof cases / sizeof *cases, "http://a/b/c/d;p?q");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_normalised),
        cmocka_unit_test(addresses_have_one_spelling),
        cmocka_unit_test(ambiguous_urls_are_refused),
        cmocka_unit_test(labels_are_bounded),
        cmocka_unit_test(userinfo_is_decoded),
        cmocka_unit_test(references_are_resolved),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
