/* Cookies: every case and every date of DATA/cookies with the clock stopped,
 * one test each; then the rules those cases do not know: prefixes, Secure,
 * public suffixes, limits, eviction. */
#include "net/cookie.h"
#include "net/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_SET_COOKIES = 64, MAX_TESTS = 400 };
static const int64_t NOW = 1303862400; /* when RFC 6265 was published */

struct fixture {
    struct suffix_list *suffixes;
    struct cookie_jar jar;
    struct arena arena;
};

static void begin(struct fixture *f) {
    f->suffixes = suffix_open();
    cookie_jar_init(&f->jar, f->suffixes);
    arena_init(&f->arena);
}

static void end(struct fixture *f) {
    cookie_jar_free(&f->jar);
    suffix_close(f->suffixes);
    arena_free(&f->arena);
}

static struct url url_of(struct fixture *f, const char *text) {
    struct url url;
    struct error error = ERROR_INIT;
    if (!url_parse(&url, slice_of(text), &f->arena, &error))
        fail_msg("%s: %s", text, error.text);
    return url;
}

static void store(struct fixture *f, const char *from, const char *set_cookie) {
    struct url url = url_of(f, from);
    cookie_store(&f->jar, &url, slice_of(set_cookie), NOW);
}

/* The Cookie header sent to a URL, in the arena; "" if none is. */
static const char *sent(struct fixture *f, const char *to, int64_t now) {
    struct url url = url_of(f, to);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    cookie_header(&f->jar, &url, now, &out);
    const char *text = arena_text(&f->arena, buffer_slice(&out));
    buffer_free(&out);
    return text;
}

/* ---- the cases ---- */

struct cookie_case {
    char *name, *from, *to;
    struct slice set_cookies[MAX_SET_COOKIES];
    size_t set_cookie_count;
    struct slice expected; /* empty: no header */
};

/* "\\" and "\xHH" back to bytes, in place. */
static struct slice unescape(char *text) {
    uint8_t *out = (uint8_t *)text;
    size_t size = 0;
    for (char *c = text; *c; c++) {
        if (*c == '\\' && c[1] == 'x') {
            char digits[3] = {c[2], c[3], 0};
            out[size++] = (uint8_t)strtoul(digits, NULL, 16);
            c += 3;
        } else {
            c += *c == '\\';
            out[size++] = (uint8_t)*c;
        }
    }
    return (struct slice){out, size};
}

static void take_line(struct cookie_case *test, char *line) {
    if (strncmp(line, "T ", 2) == 0)
        test->name = line + 2;
    else if (strncmp(line, "U ", 2) == 0)
        test->from = line + 2;
    else if (strncmp(line, "R ", 2) == 0)
        test->to = line + 2;
    else if (strncmp(line, "S ", 2) == 0 &&
             test->set_cookie_count < MAX_SET_COOKIES)
        test->set_cookies[test->set_cookie_count++] = unescape(line + 2);
    else if (strncmp(line, "C ", 2) == 0)
        test->expected = unescape(line + 2);
    else if (strncmp(line, "BC ", 3) == 0)
        test->expected = unescape(line + 3);
    else if (strcmp(line, "N") == 0 || strcmp(line, "BN") == 0)
        test->expected.size = 0;
}

static void run_case(void **state) {
    const struct cookie_case *test = *state;
    struct fixture f;
    begin(&f);
    struct url from = url_of(&f, test->from), to = url_of(&f, test->to);
    for (size_t i = 0; i < test->set_cookie_count; i++)
        cookie_store(&f.jar, &from, test->set_cookies[i], NOW);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    cookie_header(&f.jar, &to, NOW, &out);
    bool same = slice_equal(buffer_slice(&out), test->expected);
    if (!same) {
        print_message("# expected [%.*s], sent [%.*s]\n",
                      (int)test->expected.size,
                      (const char *)test->expected.data,
                      (int)out.size,
                      (const char *)out.data);
    }
    buffer_free(&out);
    end(&f);
    assert_true(same);
}

static char *read_data(struct arena *arena, const char *name) {
    const char *folder = getenv("DATA");
    char path[512];
    snprintf(path,
             sizeof path,
             "%s/cookies/%s",
             folder ? folder : "../shared/data",
             name);
    struct buffer text;
    buffer_init(&text, 1 << 20);
    struct error error = ERROR_INIT;
    char *copy = NULL;
    if (file_read(path, &text, &error))
        copy = arena_text(arena, buffer_slice(&text));
    buffer_free(&text);
    return copy;
}

static size_t add_cases(struct arena *arena, struct CMUnitTest *tests) {
    char *text = read_data(arena, "http-state-parser.txt");
    size_t count = 0;
    struct cookie_case *test = NULL;
    for (char *line = text; line && *line;) {
        char *end_of_line = strchr(line, '\n');
        if (end_of_line)
            *end_of_line = 0;
        if (*line == 'T') {
            test = arena_alloc(arena, 1, sizeof *test);
            tests[count++] =
                (struct CMUnitTest){line + 2, run_case, NULL, NULL, test};
        }
        if (test)
            take_line(test, line);
        line = end_of_line ? end_of_line + 1 : NULL;
    }
    return count;
}

/* ---- the dates ---- */

struct date_case {
    struct slice text;
    bool is_date;
    int64_t seconds;
};

static void run_date(void **state) {
    const struct date_case *test = *state;
    int64_t seconds = 0;
    assert_int_equal(date_parse(test->text, &seconds), test->is_date);
    if (test->is_date)
        assert_true(seconds == test->seconds);
}

/* One line: {"from":...,"date":"...","expected":...,"unix":N or null}; the only
 * escapes in it are those of JSON for a quote and a backslash. */
static size_t add_dates(struct arena *arena, struct CMUnitTest *tests) {
    char *at = read_data(arena, "dates.json");
    size_t count = 0;
    while (at && (at = strstr(at, "\"date\":\""))) {
        char *begin_text = at += strlen("\"date\":\"");
        uint8_t *out = (uint8_t *)begin_text;
        size_t size = 0;
        for (; *at && *at != '"'; at++) {
            at += *at == '\\';
            out[size++] = (uint8_t)*at;
        }
        char *unix_time = strstr(at, "\"unix\":");
        struct date_case *test = arena_alloc(arena, 1, sizeof *test);
        at = unix_time + strlen("\"unix\":");
        test->is_date = *at != 'n';
        test->seconds = strtoll(at, NULL, 10);
        test->text = (struct slice){out, size};
        char *name = arena_text(arena, test->text);
        tests[count++] = (struct CMUnitTest){name, run_date, NULL, NULL, test};
    }
    return count;
}

static void dates_are_bounded(void **state) {
    (void)state;
    static const char *const bad[] = {
        "1 Jan 2000 00:00:60",
        "1 Jan 2000 00:60:00",
        "1 Jan 2000 24:00:00",
        "0 Jan 2000 00:00:00",
        "32 Jan 2000 00:00:00",
        "29 Feb 2001 00:00:00",
        "31 Apr 2000 00:00:00",
        "1 Jan 1600 00:00:00",
        "1 Jan 2000",
        "",
    };
    int64_t seconds;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (date_parse(slice_of(bad[i]), &seconds))
            fail_msg("%s is no date", bad[i]);
    assert_true(date_parse(slice_of("29 Feb 2000 23:59:59"), &seconds));
    assert_true(seconds == 951868799);
    assert_true(date_parse(slice_of("1 Jan 1601 00:00:00"), &seconds));
    assert_true(seconds == -11644473600);
    assert_true(date_parse(slice_of("31 Dec 9999 23:59:59"), &seconds));
    assert_true(seconds == 253402300799);
}

/* ---- rules of RFC 6265bis ---- */

static const char *const SITE = "https://www.example.org/dir/page?query=/x";

static void secure_cookies_need_https(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    store(&f, "http://example.org/", "a=1; Secure");
    assert_string_equal(sent(&f, "https://example.org/", NOW), "");
    store(&f, "https://example.org/", "b=2; Secure");
    assert_string_equal(sent(&f, "https://example.org/", NOW), "b=2");
    assert_string_equal(sent(&f, "http://example.org/", NOW), "");
    end(&f);
}

static void clear_text_shadows_no_secure_cookie(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    store(
        &f, "https://www.example.org/", "id=good; Secure; Domain=example.org");
    store(&f, "http://www.example.org/", "id=evil");
    store(&f, "http://www.example.org/", "id=evil; Path=/deeper");
    store(&f, "http://example.org/", "id=evil; Domain=example.org");
    assert_string_equal(sent(&f, "https://www.example.org/deeper", NOW),
                        "id=good");
    assert_string_equal(sent(&f, "http://www.example.org/deeper", NOW), "");
    store(&f, "http://www.example.org/", "other=1");
    assert_string_equal(sent(&f, "http://www.example.org/", NOW), "other=1");
    end(&f);
}

static void prefixes_keep_their_promise(void **state) {
    (void)state;
    static const char *const refused[] = {
        "__Secure-a=1",
        "__Host-a=1; Secure",
        "__Host-a=1; Path=/",
        "__Host-a=1; Secure; Path=/dir",
        "__Host-a=1; Secure; Path=/; Domain=www.example.org",
        "__hOST-a=1; Path=/",
        "=__Host-a=1; Secure; Path=/",
        "__Secure-a",
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        store(&f, SITE, refused[i]);
        assert_string_equal(sent(&f, SITE, NOW), "");
    }
    store(&f, SITE, "__Host-a=1; Secure; Path=/");
    store(&f, SITE, "__Secure-b=2; Secure; Path=/; Domain=example.org");
    assert_string_equal(sent(&f, SITE, NOW), "__Host-a=1; __Secure-b=2");
    end(&f);
}

static void same_site_none_needs_secure(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    store(&f, SITE, "a=1; SameSite=None");
    store(&f, SITE, "b=2; SameSite=None; Secure");
    store(&f, SITE, "c=3; SameSite=None; SameSite=Lax");
    assert_string_equal(sent(&f, SITE, NOW), "b=2; c=3");
    end(&f);
}

/* Kept as received, the last one counting; it never keeps a cookie from being
 * sent. */
static void same_site_is_stored(void **state) {
    (void)state;
    static const struct {
        const char *attributes;
        enum same_site expected;
    } cases[] = {
        {"", SAME_SITE_UNSET},
        {"; SameSite", SAME_SITE_UNSET},
        {"; SameSite=", SAME_SITE_UNSET},
        {"; SameSite=other", SAME_SITE_UNSET},
        {"; SameSite=Strict", SAME_SITE_STRICT},
        {"; samesite = STRICT ", SAME_SITE_STRICT},
        {"; SameSite=Lax", SAME_SITE_LAX},
        {"; SameSite=None; Secure", SAME_SITE_NONE},
        {"; SameSite=Lax; SameSite=Strict", SAME_SITE_STRICT},
        {"; SameSite=Strict; SameSite=other", SAME_SITE_UNSET},
        {"; SameSite=None; SameSite=Lax", SAME_SITE_LAX},
    };
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "a=1%s", cases[i].attributes);
        store(&f, "https://example.org/", text);
        assert_int_equal(f.jar.count, 1); /* each in place of the one before */
        assert_int_equal(f.jar.cookies[0]->same_site, cases[i].expected);
        assert_string_equal(sent(&f, "https://example.org/", NOW), "a=1");
    }
    end(&f);
}

static void public_suffixes_are_no_domains(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    store(&f, "http://a.github.io/", "x=1; Domain=github.io");
    store(&f, "http://a.co.uk/", "x=1; Domain=co.uk");
    store(&f, "http://a.org/", "x=1; Domain=org");
    store(&f, "http://localhost/", "y=1; Domain=localhost");
    assert_int_equal(f.jar.count, 1);
    assert_string_equal(sent(&f, "http://localhost/", NOW), "y=1");
    store(&f, "http://github.io/", "z=1; Domain=github.io");
    assert_string_equal(sent(&f, "http://github.io/", NOW), "z=1");
    assert_string_equal(sent(&f, "http://b.github.io/", NOW), "");
    end(&f);
}

static void addresses_match_exactly(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    store(&f, "http://127.0.0.1/", "a=1; Domain=0.0.1");
    store(&f, "http://127.0.0.1/", "b=1; Domain=127.0.0.1");
    store(&f, "http://[::1]/", "c=1");
    assert_string_equal(sent(&f, "http://0x7f.1/", NOW), "b=1");
    assert_string_equal(sent(&f, "http://[0::1]/", NOW), "c=1");
    end(&f);
}

static void a_trailing_dot_is_the_same_host(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    store(&f, "http://Example.ORG./", "a=1");
    assert_string_equal(sent(&f, "http://example.org/", NOW), "a=1");
    end(&f);
}

static void life_ends(void **state) {
    (void)state;
    const int64_t day = 24 * 3600;
    struct fixture f;
    begin(&f);
    store(&f, SITE, "a=1; Max-Age=10; Expires=Wed, 01 Jan 2020 00:00:00 GMT");
    store(&f, SITE, "b=1; Max-Age=99999999999999999999999");
    store(&f, SITE, "c=1; Expires=Wed, 01 Jan 2500 00:00:00 GMT");
    store(&f, SITE, "d=1");
    assert_string_equal(sent(&f, SITE, NOW + 9), "a=1; b=1; c=1; d=1");
    assert_string_equal(sent(&f, SITE, NOW + 10), "b=1; c=1; d=1");
    assert_string_equal(sent(&f, SITE, NOW + 400 * day - 1), "b=1; c=1; d=1");
    assert_string_equal(sent(&f, SITE, NOW + 400 * day), "d=1");
    store(&f, SITE, "d=; Max-Age=-1");
    assert_int_equal(f.jar.count, 0);
    end(&f);
}

static void long_parts_are_ignored(void **state) {
    (void)state;
    static char text[8192];
    struct fixture f;
    begin(&f);
    memset(text, 'v', 4097);
    memcpy(text, "n=", 2);
    store(&f, SITE, text); /* 1 + 4095 bytes */
    assert_int_equal(f.jar.count, 1);
    text[4097] = 'v';
    store(&f, SITE, text);
    memcpy(text, "m=", 2);
    store(&f, SITE, text);
    assert_int_equal(f.jar.count, 1);
    assert_int_equal(strlen(sent(&f, SITE, NOW)), 4097);
    memset(text, 'p', sizeof text);
    memcpy(text, "q=1; path=/", 11);
    /* The path is one byte too long: as if it were not there. */
    text[6 + 4 + 1 + 1025] = 0;
    store(&f, SITE, text);
    assert_non_null(strstr(sent(&f, SITE, NOW), "q=1"));
    end(&f);
}

/* The least recently used of an over-full domain goes, of those without Secure
 * first. */
static void full_domains_evict(void **state) {
    (void)state;
    struct fixture f;
    char text[64];
    begin(&f);
    store(&f, "https://example.org/", "first=1; Secure");
    store(&f, "http://example.com/", "elsewhere=1");
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "c%d=1; Path=/%d", i, i);
        store(&f, "http://example.org/", text);
        if (i == 100)
            sent(&f, "http://example.org/0", NOW);
    }
    assert_int_equal(f.jar.count, 181);
    assert_string_equal(sent(&f, "http://example.com/", NOW), "elsewhere=1");
    assert_string_equal(sent(&f, "https://example.org/0", NOW),
                        "c0=1; first=1");
    assert_string_equal(sent(&f, "http://example.org/1", NOW), "");
    assert_string_equal(sent(&f, "http://example.org/199", NOW), "c199=1");
    end(&f);
}

static void the_jar_is_bounded(void **state) {
    (void)state;
    struct fixture f;
    char text[64];
    begin(&f);
    for (int i = 0; i < 3100; i++) {
        snprintf(text, sizeof text, "http://h%d.example.org/", i);
        store(&f, text, "a=1");
        if (i == 2000)
            sent(&f, "http://h0.example.org/", NOW);
    }
    assert_int_equal(f.jar.count, 3000);
    assert_string_equal(sent(&f, "http://h0.example.org/", NOW), "a=1");
    assert_string_equal(sent(&f, "http://h1.example.org/", NOW), "");
    assert_string_equal(sent(&f, "http://h3099.example.org/", NOW), "a=1");
    end(&f);
}

static void the_header_is_bounded(void **state) {
    (void)state;
    struct fixture f;
    char text[1100];
    begin(&f);
    for (int i = 0; i < 170; i++) {
        snprintf(text, sizeof text, "c%d=1", i);
        store(&f, SITE, text);
    }
    const char *header = sent(&f, SITE, NOW);
    assert_non_null(strstr(header, "c149=1"));
    assert_null(strstr(header, "c150=1"));
    memset(text, 'v', sizeof text);
    text[sizeof text - 1] = 0;
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "d%d=", i);
        text[3] = 'v';
        store(&f, "http://other.example/", text);
    }
    size_t size = strlen(sent(&f, "http://other.example/", NOW));
    assert_true(size >= 7000 && size <= 8190);
    end(&f);
}

int main(void) {
    static struct CMUnitTest tests[MAX_TESTS] = {
        cmocka_unit_test(secure_cookies_need_https),
        cmocka_unit_test(clear_text_shadows_no_secure_cookie),
        cmocka_unit_test(prefixes_keep_their_promise),
        cmocka_unit_test(same_site_none_needs_secure),
        cmocka_unit_test(same_site_is_stored),
        cmocka_unit_test(public_suffixes_are_no_domains),
        cmocka_unit_test(addresses_match_exactly),
        cmocka_unit_test(a_trailing_dot_is_the_same_host),
        cmocka_unit_test(life_ends),
        cmocka_unit_test(long_parts_are_ignored),
        cmocka_unit_test(full_domains_evict),
        cmocka_unit_test(the_jar_is_bounded),
        cmocka_unit_test(the_header_is_bounded),
        cmocka_unit_test(dates_are_bounded),
    };
    const size_t own = 14;
    size_t count = own;
    struct arena arena;
    arena_init(&arena);
    count += add_cases(&arena, tests + count);
    count += add_dates(&arena, tests + count);
    if (count == own)
        print_message("skip cookie cases - DATA has none\n");
    int failed = _cmocka_run_group_tests("cookie", tests, count, NULL, NULL);
    arena_free(&arena);
    return failed;
}
