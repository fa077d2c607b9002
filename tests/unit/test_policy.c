/* The network policy: its grammar, what it allows, which addresses are
 * public. */
#include "net/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ITEMS = 8 };

struct rules {
    const char *allow[MAX_ITEMS], *deny[MAX_ITEMS], *resolve[MAX_ITEMS];
    bool allow_private;
};

static size_t count_of(const char *const *items) {
    size_t count = 0;
    while (count < MAX_ITEMS && items[count])
        count++;
    return count;
}

static bool open_policy(struct policy *policy,
                        const struct rules *rules,
                        struct error *error) {
    struct net_config config = net_config_default();
    config.allow = rules->allow;
    config.allow_count = count_of(rules->allow);
    config.deny = rules->deny;
    config.deny_count = count_of(rules->deny);
    config.resolve = rules->resolve;
    config.resolve_count = count_of(rules->resolve);
    config.allow_private = rules->allow_private;
    return policy_init(policy, &config, error);
}

/* Both checks, for a host that is at `address` (NULL: it is an address
 * itself). */
static bool
is_allowed(const struct rules *rules, const char *text, const char *address) {
    struct policy policy;
    struct url url;
    struct arena arena;
    struct error error = ERROR_INIT, denial = ERROR_INIT;
    arena_init(&arena);
    assert_true(open_policy(&policy, rules, &error));
    assert_true(url_parse(&url, slice_of(text), &arena, &error));
    struct host at = url.host;
    if (address)
        assert_true(host_parse(&at, slice_of(address)));
    const struct endpoint *pin = policy_pinned(&policy, &url);
    if (pin)
        at.address = pin->address;
    bool allowed =
        policy_check_origin(&policy, &url, &denial) &&
        policy_check_address(&policy, &url, &at.address, pin != NULL, &denial);
    if (!allowed) {
        assert_int_equal(denial.code, NET_DENIED);
        assert_non_null(strstr(denial.text, "-net"));
    }
    policy_free(&policy);
    arena_free(&arena);
    return allowed;
}

static void nobody_is_allowed_by_default(void **state) {
    (void)state;
    const struct rules none = {0};
    assert_false(is_allowed(&none, "https://example.org/", "93.184.216.34"));
}

static void names_match_exactly(void **state) {
    (void)state;
    const struct rules rules = {.allow = {"Example.org"}};
    assert_true(is_allowed(&rules, "https://example.org/", "93.184.216.34"));
    assert_true(is_allowed(&rules, "http://EXAMPLE.ORG./", "93.184.216.34"));
    assert_false(
        is_allowed(&rules, "http://example.org:8080/", "93.184.216.34"));
    assert_false(
        is_allowed(&rules, "http://www.example.org/", "93.184.216.34"));
    assert_false(
        is_allowed(&rules, "http://example.org.evil.net/", "93.184.216.34"));
    assert_false(is_allowed(&rules, "http://notexample.org/", "93.184.216.34"));
    assert_false(
        is_allowed(&rules, "http://example.org@evil.net/", "93.184.216.34"));
}

static void schemes_and_ports_narrow(void **state) {
    (void)state;
    const struct rules https = {.allow = {"https://example.org"}};
    assert_true(is_allowed(&https, "https://example.org/", "8.8.8.8"));
    assert_false(is_allowed(&https, "http://example.org/", "8.8.8.8"));
    assert_false(is_allowed(&https, "http://example.org:443/", "8.8.8.8"));
    const struct rules port = {.allow = {"example.org:8443"}};
    assert_true(is_allowed(&port, "https://example.org:8443/", "8.8.8.8"));
    assert_true(is_allowed(&port, "http://example.org:8443/", "8.8.8.8"));
    assert_false(is_allowed(&port, "https://example.org/", "8.8.8.8"));
    const struct rules any = {.allow = {"http://example.org:*"}};
    assert_true(is_allowed(&any, "http://example.org:1/", "8.8.8.8"));
    assert_false(is_allowed(&any, "https://example.org:1/", "8.8.8.8"));
}

static void suffixes_are_not_the_apex(void **state) {
    (void)state;
    const struct rules rules = {.allow = {"*.example.org"}};
    assert_true(is_allowed(&rules, "https://a.example.org/", "8.8.8.8"));
    assert_true(is_allowed(&rules, "https://a.b.example.org/", "8.8.8.8"));
    assert_false(is_allowed(&rules, "https://example.org/", "8.8.8.8"));
    assert_false(is_allowed(&rules, "https://aexample.org/", "8.8.8.8"));
}

static void star_means_public(void **state) {
    (void)state;
    const struct rules rules = {.allow = {"*"}};
    assert_true(is_allowed(&rules, "https://example.org/", "8.8.8.8"));
    assert_true(is_allowed(&rules, "https://8.8.8.8/", NULL));
    assert_false(is_allowed(&rules, "https://example.org/", "10.0.0.1"));
    assert_false(is_allowed(&rules, "http://127.1/", NULL));
    assert_false(is_allowed(&rules, "http://localhost/", "127.0.0.1"));
    const struct rules private = {.allow = {"*"}, .allow_private = true};
    assert_true(is_allowed(&private, "https://example.org/", "10.0.0.1"));
}

static void private_addresses_must_be_named(void **state) {
    (void)state;
    const struct rules name = {.allow = {"intranet.example"}};
    assert_false(is_allowed(&name, "http://intranet.example/", "192.168.1.1"));
    const struct rules both = {.allow = {"intranet.example", "192.168.0.0/16"}};
    assert_true(is_allowed(&both, "http://intranet.example/", "192.168.1.1"));
    assert_true(is_allowed(&both, "http://192.168.1.1/", NULL));
    assert_false(is_allowed(&both, "http://intranet.example/", "10.0.0.1"));
    const struct rules literal = {.allow = {"127.0.0.1:8080", "[::1]:*"}};
    assert_true(is_allowed(&literal, "http://127.0.0.1:8080/", NULL));
    assert_true(is_allowed(&literal, "http://0x7f000001:8080/", NULL));
    assert_true(is_allowed(&literal, "http://[::ffff:127.0.0.1]:8080/", NULL));
    assert_false(is_allowed(&literal, "http://127.0.0.2:8080/", NULL));
    assert_true(is_allowed(&literal, "http://[::1]:1/", NULL));
    const struct rules localhost = {.allow = {"localhost:*"}};
    assert_true(is_allowed(&localhost, "http://localhost:1/", "127.0.0.1"));
    assert_true(is_allowed(&localhost, "http://localhost:1/", "[::1]"));
    assert_false(is_allowed(&localhost, "http://localhost:1/", "10.0.0.1"));
    assert_false(is_allowed(&localhost, "http://127.0.0.1:1/", NULL));
}

static void denying_wins(void **state) {
    (void)state;
    const struct rules rules = {
        .allow = {"*", "10.0.0.0/8", "a.example:99"},
        .deny = {"*.evil.example", "10.1.0.0/16", "a.example"}};
    assert_true(is_allowed(&rules, "http://good.example/", "8.8.8.8"));
    assert_false(is_allowed(&rules, "http://www.evil.example/", "8.8.8.8"));
    assert_true(is_allowed(&rules, "http://good.example/", "10.2.0.1"));
    assert_false(is_allowed(&rules, "http://good.example/", "10.1.0.1"));
    assert_false(is_allowed(&rules, "http://10.1.0.1/", NULL));
    assert_false(is_allowed(&rules, "http://a.example:99/", "8.8.8.8"));
}

static void pins_allow_their_address_only(void **state) {
    (void)state;
    const struct rules rules = {.allow = {"example.org", "other.example"},
                                .resolve = {"example.org:443:127.0.0.1:8443",
                                            "denied.example:80:127.0.0.1",
                                            "example.org:80:[::1]"}};
    assert_true(is_allowed(&rules, "https://example.org/", "8.8.8.8"));
    assert_true(is_allowed(&rules, "http://example.org/", "8.8.8.8"));
    assert_false(is_allowed(&rules, "http://other.example/", "127.0.0.1"));
    assert_false(is_allowed(&rules, "http://denied.example/", "127.0.0.1"));
}

static void pins_change_the_port(void **state) {
    (void)state;
    const struct rules rules = {.resolve = {"example.org:443:127.0.0.1:8443"}};
    struct policy policy;
    struct url url;
    struct arena arena;
    struct error error = ERROR_INIT;
    arena_init(&arena);
    assert_true(open_policy(&policy, &rules, &error));
    assert_true(
        url_parse(&url, slice_of("https://example.org"), &arena, &error));
    assert_int_equal(policy_pinned(&policy, &url)->port, 8443);
    assert_true(
        url_parse(&url, slice_of("http://example.org"), &arena, &error));
    assert_null(policy_pinned(&policy, &url));
    policy_free(&policy);
    arena_free(&arena);
}

static void bad_items_are_usage_errors(void **state) {
    (void)state;
    static const char *const origins[] = {
        "",
        "http://",
        "ftp://a",
        "a/path",
        "http://a/",
        "a:0",
        "a:65536",
        "a:x",
        "a:",
        "a.*.b",
        "*a",
        "*.",
        "*.1.2.3.4",
        "10.0.0.0/33",
        "10.0.0.0/",
        "fc00::/7",
        "[fc00::/129]",
        "[2001:db8::/32",
        "[2001:db8::/32x",
        "[::1",
        "[10.0.0.0/8]",
        "a b",
        "user@a",
        "10.0.0/-1",
        "a,b",
        "b\xC3\xBC.example",
    };
    static const char *const pins[] = {"",
                                       "a",
                                       "a:80",
                                       "a:80:",
                                       "a:x:1.2.3.4",
                                       "a:80:b",
                                       "a:80:1.2.3.4:0",
                                       "a:80:::1",
                                       "a:80:1.2.3.4:1:2"};
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
        struct policy policy;
        struct error error = ERROR_INIT;
        const struct rules rules = {.deny = {origins[i]}};
        if (open_policy(&policy, &rules, &error))
            fail_msg("accepted %s", origins[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_non_null(strstr(error.text, "--deny-net"));
        policy_free(&policy);
    }
    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++) {
        struct policy policy;
        struct error error = ERROR_INIT;
        const struct rules rules = {.resolve = {pins[i]}};
        if (open_policy(&policy, &rules, &error))
            fail_msg("accepted %s", pins[i]);
        assert_int_equal(error.kind, ERROR_USAGE);
        policy_free(&policy);
    }
}

static void public_addresses_are_told_apart(void **state) {
    (void)state;
    static const char *const public[] = {"8.8.8.8",
                                         "1.0.0.0",
                                         "9.255.255.255",
                                         "11.0.0.0",
                                         "100.63.255.255",
                                         "100.128.0.0",
                                         "126.255.255.255",
                                         "128.0.0.0",
                                         "169.253.255.255",
                                         "169.255.0.0",
                                         "172.15.255.255",
                                         "172.32.0.0",
                                         "191.255.255.255",
                                         "192.0.0.9",
                                         "192.0.0.10",
                                         "192.0.1.0",
                                         "192.0.3.0",
                                         "192.31.196.1",
                                         "192.52.193.1",
                                         "192.88.98.255",
                                         "192.88.100.0",
                                         "192.167.255.255",
                                         "192.169.0.0",
                                         "192.175.48.1",
                                         "198.17.255.255",
                                         "198.20.0.0",
                                         "198.51.99.255",
                                         "198.51.101.0",
                                         "203.0.112.255",
                                         "203.0.114.0",
                                         "223.255.255.255",
                                         "[::ffff:8.8.8.8]",
                                         "[64:ff9b::808:808]",
                                         "[2000::1]",
                                         "[2001:1::1]",
                                         "[2001:1::2]",
                                         "[2001:1::3]",
                                         "[2001:3::1]",
                                         "[2001:4:112::1]",
                                         "[2001:20::1]",
                                         "[2001:2f:ffff::1]",
                                         "[2001:30::1]",
                                         "[2001:3f:ffff::1]",
                                         "[2001:200::1]",
                                         "[2001:db7:ffff::1]",
                                         "[2001:db9::1]",
                                         "[2002:808:808::1]",
                                         "[2001:0:808:808::f7f7:f7f7]",
                                         "[2003::1]",
                                         "[2600::1]",
                                         "[2620:4f:8000::1]",
                                         "[3ffe:ffff::1]",
                                         "[3fff:1000::1]",
                                         "[2a00::5efe:808:808]",
                                         "[2a00::1:5efe:a00:1]",
                                         "[2a00::5eff:a00:1]",
                                         "[2a00::400:5efe:a00:1]"};
    static const char *const blocked[] = {"0.0.0.0",
                                          "0.0.0.1",
                                          "0.255.255.255",
                                          "10.0.0.0",
                                          "10.255.255.255",
                                          "100.64.0.0",
                                          "100.127.255.255",
                                          "127.0.0.1",
                                          "127.255.255.255",
                                          "169.254.0.0",
                                          "169.254.169.254",
                                          "169.254.255.255",
                                          "172.16.0.0",
                                          "172.31.255.255",
                                          "192.0.0.0",
                                          "192.0.0.8",
                                          "192.0.0.11",
                                          "192.0.0.170",
                                          "192.0.0.171",
                                          "192.0.0.255",
                                          "192.0.2.0",
                                          "192.0.2.255",
                                          "192.88.99.0",
                                          "192.88.99.2",
                                          "192.88.99.255",
                                          "192.168.0.0",
                                          "192.168.255.255",
                                          "198.18.0.0",
                                          "198.19.255.255",
                                          "198.51.100.0",
                                          "198.51.100.255",
                                          "203.0.113.0",
                                          "203.0.113.255",
                                          "224.0.0.0",
                                          "239.255.255.255",
                                          "240.0.0.0",
                                          "255.255.255.254",
                                          "255.255.255.255",
                                          "[::]",
                                          "[::1]",
                                          "[::2]",
                                          "[::127.0.0.1]",
                                          "[::8.8.8.8]",
                                          "[::ffff:10.0.0.1]",
                                          "[::ffff:0:10.0.0.1]",
                                          "[::ffff:0:8.8.8.8]",
                                          "[::1:0:0:0]",
                                          "[64:ff9a::1]",
                                          "[64:ff9b::a00:1]",
                                          "[64:ff9b::]",
                                          "[64:ff9b::7f00:1]",
                                          "[64:ff9b::1:808:808]",
                                          "[64:ff9b:1::]",
                                          "[64:ff9b:1::808:808]",
                                          "[64:ff9b:1:ffff::1]",
                                          "[64:ff9b:2::1]",
                                          "[100::]",
                                          "[100::ffff:ffff:ffff:ffff]",
                                          "[100:0:0:1::1]",
                                          "[100:0:0:2::1]",
                                          "[200::1]",
                                          "[400::1]",
                                          "[1000::1]",
                                          "[1fff::1]",
                                          "[2001:0:a00:1::f7f7:f7f7]",
                                          "[2001:0:808:808::f5ff:fffe]",
                                          "[2001:1::]",
                                          "[2001:1::4]",
                                          "[2001:2::1]",
                                          "[2001:2:0:ffff::1]",
                                          "[2001:4::1]",
                                          "[2001:4:111::1]",
                                          "[2001:10::1]",
                                          "[2001:1f:ffff::1]",
                                          "[2001:40::1]",
                                          "[2001:1ff:ffff::1]",
                                          "[2001:db8::1]",
                                          "[2001:db8:ffff::1]",
                                          "[2002:7f00:1::]",
                                          "[2002:c0a8:101::1]",
                                          "[2002::1]",
                                          "[2002:c058:6301::1]",
                                          "[2a00::5efe:a00:1]",
                                          "[2a00::200:5efe:a00:1]",
                                          "[2a00::300:5efe:c0a8:1]",
                                          "[2a00::5efe:7f00:1]",
                                          "[3fff::1]",
                                          "[3fff:fff:ffff::1]",
                                          "[4000::1]",
                                          "[5f00::1]",
                                          "[5f00:ffff::1]",
                                          "[8000::1]",
                                          "[c000::1]",
                                          "[fc00::1]",
                                          "[fdff:ffff::1]",
                                          "[fe00::1]",
                                          "[fe80::1]",
                                          "[febf::1]",
                                          "[fec0::1]",
                                          "[feff::1]",
                                          "[ff02::1]",
                                          "[ffff::1]"};
    struct host host;
    for (size_t i = 0; i < sizeof public / sizeof *public; i++) {
        assert_true(host_parse(&host, slice_of(public[i])));
        if (!address_is_public(&host.address))
            fail_msg("%s is public", public[i]);
    }
    for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++) {
        assert_true(host_parse(&host, slice_of(blocked[i])));
        if (address_is_public(&host.address))
            fail_msg("%s is not public", blocked[i]);
    }
}

/* 10.1.2.3 in all the ways an IPv6 address may carry it. */
static const char *const carrying[] = {
    "http://[::ffff:10.1.2.3]/",
    "http://[::10.1.2.3]/",
    "http://[::ffff:0:10.1.2.3]/",
    "http://[64:ff9b::10.1.2.3]/",
    "http://[64:ff9b:1::10.1.2.3]/",
    "http://[64:ff9b:1:a01:2:300::]/",
    "http://[64:ff9b:1:a:1:203::]/",
    "http://[64:ff9b:1:0:a:102:300:0]/",
    "http://[64:ff9b:1:a01:2:3ff:ffff:ffff]/",
    "http://[2002:a01:203::1]/",
    "http://[2001:0:a01:203::f7f7:f7f7]/",
    "http://[2001:0:808:808::f5fe:fdfc]/",
    "http://[fe80::5efe:10.1.2.3]/",
    "http://[2a00::200:5efe:10.1.2.3]/",
    "http://[2a00:1:2:3:0:5efe:a01:203]/"};

enum { CARRYING_COUNT = sizeof carrying / sizeof *carrying };

static void carried_addresses_are_denied(void **state) {
    (void)state;
    const struct rules all = {.allow = {"*"}, .allow_private = true};
    const struct rules range = {
        .allow = {"*"}, .deny = {"10.0.0.0/8"}, .allow_private = true};
    const struct rules one = {.allow = {"*", "[::/0]"},
                              .deny = {"10.1.2.3:*"},
                              .allow_private = true};
    const struct rules other = {
        .allow = {"*"}, .deny = {"10.1.2.4"}, .allow_private = true};
    for (size_t i = 0; i < CARRYING_COUNT; i++) {
        if (!is_allowed(&all, carrying[i], NULL))
            fail_msg("%s", carrying[i]);
        if (is_allowed(&range, carrying[i], NULL))
            fail_msg("%s", carrying[i]);
        if (is_allowed(&one, carrying[i], NULL))
            fail_msg("%s", carrying[i]);
        if (!is_allowed(&other, carrying[i], NULL))
            fail_msg("%s", carrying[i]);
    }
    const struct rules names = {
        .allow = {"a.example"}, .deny = {"10.0.0.0/8"}, .allow_private = true};
    assert_false(is_allowed(&names, "http://a.example/", "[64:ff9b::a01:203]"));
    assert_false(is_allowed(&names, "http://a.example/", "[2002:a01:203::1]"));
    assert_true(is_allowed(&names, "http://a.example/", "[64:ff9b::b01:203]"));
    const struct rules pin = {.allow = {"a.example"},
                              .deny = {"10.0.0.0/8"},
                              .resolve = {"a.example:80:[64:ff9b::a01:203]"}};
    assert_false(is_allowed(&pin, "http://a.example/", "8.8.8.8"));
}

static void carried_addresses_must_be_named(void **state) {
    (void)state;
    const struct rules star = {.allow = {"*", "a.example"}};
    for (size_t i = 0; i < CARRYING_COUNT; i++) {
        if (is_allowed(&star, carrying[i], NULL))
            fail_msg("%s", carrying[i]);
    }
    /* The range of what carries does not name what is carried, nor the other
     * way round. */
    const struct rules six = {.allow = {"[::/0]"}};
    for (size_t i = 0; i < CARRYING_COUNT; i++) {
        if (is_allowed(&six, carrying[i], NULL))
            fail_msg("%s", carrying[i]);
    }
    assert_true(is_allowed(&six, "http://[fd00::1]/", NULL));
    assert_false(is_allowed(&six, "http://10.1.2.3/", NULL));
    assert_false(is_allowed(&six, "http://8.8.8.8/", NULL));
    const struct rules four = {.allow = {"10.0.0.0/8"}};
    assert_true(is_allowed(&four, "http://[::ffff:10.1.2.3]/", NULL));
    assert_true(is_allowed(&four, "http://[64:ff9b::10.1.2.3]/", NULL));
    assert_false(is_allowed(&four, "http://[64:ff9b::11.1.2.3]/", NULL));
    assert_false(is_allowed(&four, "http://[::ffff:0:10.1.2.3]/", NULL));
    assert_false(is_allowed(&four, "http://[2a00::5efe:10.1.2.3]/", NULL));
    assert_false(is_allowed(&four, "http://[2002:a01:203::1]/", NULL));
    const struct rules public = {.allow = {"8.8.8.8"}};
    assert_false(
        is_allowed(&public, "http://[2001:0:808:808::f7f7:f7f6]/", NULL));
    assert_false(is_allowed(&public, "http://[2a00::5efe:808:808]/", NULL));
    const struct rules both = {.allow = {"[::/0]", "10.0.0.0/8"}};
    assert_true(is_allowed(&both, "http://[2002:a01:203::1]/", NULL));
    assert_true(is_allowed(&both, "http://[2a00::5efe:10.1.2.3]/", NULL));
    const struct rules names = {.allow = {"a.example", "10.0.0.0/8"}};
    assert_true(is_allowed(&names, "http://a.example/", "[64:ff9b::a01:203]"));
    assert_false(is_allowed(&names, "http://a.example/", "[64:ff9b::7f00:1]"));
    /* The very address is, and so is a translator's own range for what is
     * public. */
    const struct rules exact = {
        .allow = {"[64:ff9b::a01:203]", "[2a00::5efe:a01:203]"}};
    assert_true(is_allowed(&exact, "http://[64:ff9b::a01:203]/", NULL));
    assert_true(is_allowed(&exact, "http://[2a00::5efe:a01:203]/", NULL));
    assert_false(is_allowed(&exact, "http://[64:ff9b::a01:204]/", NULL));
    const struct rules local = {.allow = {"a.example", "[64:ff9b:1::/48]"}};
    assert_true(
        is_allowed(&local, "http://a.example/", "[64:ff9b:1::808:808]"));
    assert_false(is_allowed(&local, "http://a.example/", "[64:ff9b:1::a00:1]"));
}

/* Is the origin allowed where a proxy will look the name up? */
static bool is_proxied(const struct rules *rules, const char *text) {
    struct policy policy;
    struct url url;
    struct arena arena;
    struct error error = ERROR_INIT, denial = ERROR_INIT;
    arena_init(&arena);
    assert_true(open_policy(&policy, rules, &error));
    assert_true(url_parse(&url, slice_of(text), &arena, &error));
    bool allowed = policy_check_origin(&policy, &url, &denial) &&
                   policy_check_proxied(&policy, &url, &denial);
    if (!allowed)
        assert_int_equal(denial.code, NET_DENIED);
    policy_free(&policy);
    arena_free(&arena);
    return allowed;
}

static void proxies_get_no_known_address(void **state) {
    (void)state;
    static const char *const local[] = {"http://localhost/",
                                        "http://LOCALHOST./",
                                        "http://a.localhost/",
                                        "http://a.b.localhost./"};
    static const char *const unknown[] = {"http://intranet/",
                                          "http://intranet./",
                                          "https://printer.local/",
                                          "http://metadata.google.internal/",
                                          "http://router.home.arpa/"};
    static const char *const addresses[] = {"http://127.0.0.1/",
                                            "http://127.1/",
                                            "http://0177.0.0.1/",
                                            "http://0x7f000001/",
                                            "http://2130706433/",
                                            "http://127.0.0.1./",
                                            "http://[::ffff:127.0.0.1]/",
                                            "http://[::127.0.0.1]/",
                                            "http://[64:ff9b::7f00:1]/"};
    const struct rules star = {.allow = {"*"}};
    const struct rules denied = {
        .allow = {"*"}, .deny = {"127.0.0.0/8"}, .allow_private = true};
    const struct rules private = {.allow = {"*"}, .allow_private = true};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        if (is_proxied(&star, local[i]) || is_proxied(&denied, local[i]))
            fail_msg("%s", local[i]);
        assert_true(is_proxied(&private, local[i]));
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        if (is_proxied(&star, unknown[i]) || is_proxied(&denied, unknown[i]))
            fail_msg("%s", unknown[i]);
        assert_true(is_proxied(&private, unknown[i]));
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (is_proxied(&star, addresses[i]) ||
            is_proxied(&denied, addresses[i]))
            fail_msg("%s", addresses[i]);
        assert_true(is_proxied(&private, addresses[i]));
    }
    assert_true(is_proxied(&denied, "http://example.org/"));
    assert_true(is_proxied(&star, "http://internal.example.org/"));
    assert_true(is_proxied(&(struct rules){.allow = {"localhost"}},
                           "http://localhost/"));
    assert_false(
        is_proxied(&(struct rules){.allow = {"localhost"}, .deny = {"[::1]"}},
                   "http://localhost/"));
    const struct rules pinned = {.allow = {"a.example:*"},
                                 .deny = {"10.0.0.0/8"},
                                 .resolve = {"a.example:80:10.0.0.1"}};
    assert_false(is_proxied(&pinned, "http://a.example:8080/"));
}

static void denials_name_the_flag(void **state) {
    (void)state;
    struct policy policy;
    struct url url;
    struct arena arena;
    const struct rules rules = {.allow = {"*"}};
    struct error error = ERROR_INIT, denial = ERROR_INIT;
    arena_init(&arena);
    assert_true(open_policy(&policy, &(struct rules){0}, &error));
    assert_true(url_parse(
        &url, slice_of("https://u:secret@httpbin.org/x"), &arena, &error));
    assert_false(policy_check_origin(&policy, &url, &denial));
    assert_string_equal(
        denial.text,
        "httpbin.org:443 is not allowed; add --allow-net httpbin.org");
    denial = (struct error)ERROR_INIT;
    assert_true(url_parse(&url, slice_of("http://[::1]:81/"), &arena, &error));
    assert_false(policy_check_origin(&policy, &url, &denial));
    assert_string_equal(denial.text,
                        "[::1]:81 is not allowed; add --allow-net [::1]:81");
    policy_free(&policy);
    assert_true(open_policy(&policy, &rules, &error));
    denial = (struct error)ERROR_INIT;
    assert_false(
        policy_check_address(&policy, &url, &url.host.address, false, &denial));
    assert_non_null(
        strstr(denial.text, "add --allow-net [::1]:81 or --allow-private-net"));
    policy_free(&policy);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_allowed_by_default),
        cmocka_unit_test(names_match_exactly),
        cmocka_unit_test(schemes_and_ports_narrow),
        cmocka_unit_test(suffixes_are_not_the_apex),
        cmocka_unit_test(star_means_public),
        cmocka_unit_test(private_addresses_must_be_named),
        cmocka_unit_test(denying_wins),
        cmocka_unit_test(pins_allow_their_address_only),
        cmocka_unit_test(pins_change_the_port),
        cmocka_unit_test(bad_items_are_usage_errors),
        cmocka_unit_test(public_addresses_are_told_apart),
        cmocka_unit_test(carried_addresses_are_denied),
        cmocka_unit_test(carried_addresses_must_be_named),
        cmocka_unit_test(proxies_get_no_known_address),
        cmocka_unit_test(denials_name_the_flag),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
