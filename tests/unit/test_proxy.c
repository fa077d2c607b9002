/* Proxies from the environment: which variable counts, and what no_proxy
 * means. */
#include "net/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void clear_environment(void) {
    static const char *const names[] = {"http_proxy",
                                        "HTTP_PROXY",
                                        "https_proxy",
                                        "HTTPS_PROXY",
                                        "all_proxy",
                                        "ALL_PROXY",
                                        "no_proxy",
                                        "NO_PROXY",
                                        "REQUEST_METHOD"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

/* The variable that names the proxy for the URL, or "". */
static const char *chosen(const char *text) {
    struct proxies proxies;
    struct arena arena;
    struct url url;
    struct error error = ERROR_INIT;
    arena_init(&arena);
    proxies_init(&proxies);
    assert_true(url_parse(&url, slice_of(text), &arena, &error));
    const struct proxy *proxy = proxy_for(&proxies, &url);
    const char *variable = proxy ? proxy->variable : "";
    proxies_free(&proxies);
    arena_free(&arena);
    return variable;
}

static void the_first_that_is_not_empty_counts(void **state) {
    (void)state;
    clear_environment();
    assert_string_equal(chosen("http://a.test/"), "");
    setenv("ALL_PROXY", "http://p:1", 1);
    assert_string_equal(chosen("http://a.test/"), "ALL_PROXY");
    setenv("all_proxy", "", 1);
    assert_string_equal(chosen("http://a.test/"), "ALL_PROXY");
    setenv("all_proxy", "http://p:1", 1);
    assert_string_equal(chosen("http://a.test/"), "all_proxy");
    setenv("http_proxy", "", 1);
    assert_string_equal(chosen("http://a.test/"), "all_proxy");
    setenv("HTTP_PROXY", "http://p:1", 1);
    assert_string_equal(chosen("http://a.test/"), "HTTP_PROXY");
    assert_string_equal(chosen("https://a.test/"), "all_proxy");
    setenv("REQUEST_METHOD", "GET", 1);
    assert_string_equal(chosen("http://a.test/"), "all_proxy");
    setenv("http_proxy", "http://p:1", 1);
    setenv("https_proxy", "", 1);
    assert_string_equal(chosen("http://a.test/"), "http_proxy");
    assert_string_equal(chosen("https://a.test/"), "all_proxy");
    setenv("HTTPS_PROXY", "http://p:1", 1);
    assert_string_equal(chosen("https://a.test/"), "HTTPS_PROXY");
    setenv("no_proxy", "", 1);
    setenv("NO_PROXY", "a.test", 1);
    assert_string_equal(chosen("http://a.test/"), "");
    clear_environment();
}

struct exception {
    const char *items, *url;
    bool direct;
};

static void no_proxy_has_many_forms(void **state) {
    (void)state;
    static const struct exception cases[] = {
        {"a.test", "http://a.test/", true},
        {"a.test", "http://b.a.test:8080/", true},
        {"A.Test", "http://a.test/", true},
        {"a.test", "http://xa.test/", false},
        {"a.test", "http://a.test.b/", false},
        {".a.test", "http://a.test/", true},
        {".a.test", "http://b.a.test/", true},
        {".a.test", "http://xa.test/", false},
        {"a.test.", "http://a.test/", true},
        {"a.test.", "http://b.a.test./", true},
        {"a.test", "http://a.test./", true},
        {".a.test.", "http://c.b.a.test/", true},
        {"*.a.test", "http://b.a.test/", true},
        {"*.a.test", "http://c.b.a.test/", true},
        {"*.a.test", "http://a.test/", false},
        {"*.a.test", "http://xa.test/", false},
        {"*", "http://a.test/", true},
        {"b.test, *", "http://a.test/", true},
        {"a.*", "http://a.test/", false},
        {"a.test:80", "http://a.test/", true},
        {"a.test:443", "https://a.test/", true},
        {"a.test:443", "http://a.test/", false},
        {"a.test:8080", "http://b.a.test:8080/", true},
        {"a.test:8080", "http://a.test:8081/", false},
        {".a.test:8080", "http://a.test:8080/", true},
        {"*.a.test:8080", "http://b.a.test:8080/", true},
        {"*:8080", "http://a.test:8080/", true},
        {"*:8080", "http://a.test/", false},
        {"a.test:", "http://a.test/", false},
        {"a.test:x", "http://a.test/", false},
        {"a.test:65616", "http://a.test/", false},
        {"10.0.0.1", "http://10.0.0.1/", true},
        {"10.0.0.1", "http://10.0.0.1:81/", true},
        {"10.0.0.1:81", "http://10.0.0.1:81/", true},
        {"10.0.0.1:81", "http://10.0.0.1/", false},
        {"10.0.0.1", "http://[::ffff:10.0.0.1]/", true},
        {"10.0.0.0/8", "http://10.9.8.7/", true},
        {"10.9.8.7/8", "http://10.1.1.1/", true},
        {"10.0.0.0/8", "http://11.0.0.1/", false},
        {"0.0.0.0/0", "http://8.8.8.8/", true},
        {"10.0.0.0/33", "http://10.0.0.1/", false},
        {"10.0.0.0/8", "http://10.test/", false},
        {"::1", "http://[::1]/", true},
        {"::1", "http://[::2]/", false},
        {"[::1]", "http://[::1]:8080/", true},
        {"[::1]:8080", "http://[::1]:8080/", true},
        {"[::1]:8080", "http://[::1]/", false},
        {"0:0::1", "http://[::1]/", true},
        {"fd00::/8", "http://[fdff::1]/", true},
        {"[fd00::/8]", "http://[fdff::1]/", true},
        {"FD00::/8", "http://[fe00::1]/", false},
        {"b.test,a.test", "http://a.test/", true},
        {"b.test a.test", "http://a.test/", true},
        {"  b.test ,\t a.test  ", "http://a.test/", true},
        {",,,a.test,", "http://a.test/", true},
        {",, ,", "http://a.test/", false},
        {". .. *. [] : / [", "http://a.test/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clear_environment();
        setenv("all_proxy", "http://p:1", 1);
        setenv("no_proxy", cases[i].items, 1);
        if ((*chosen(cases[i].url) == 0) != cases[i].direct)
            fail_msg("no_proxy='%s' %s", cases[i].items, cases[i].url);
    }
    clear_environment();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_not_empty_counts),
        cmocka_unit_test(no_proxy_has_many_forms),
    };
    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
