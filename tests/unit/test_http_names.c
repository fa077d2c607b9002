/* Names: a resolver that hangs, that changes its answers, that mixes good
 * addresses with bad ones. This file's getaddrinfo and getpeername stand in for
 * the system's. */
#include "tests/unit/net_server.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

static atomic_int asked;    /* how often a name was looked up */
static atomic_bool hanging; /* waits.test has no answer as long as this is so */

int getaddrinfo(const char *name,
                const char *service,
                const struct addrinfo *hints,
                struct addrinfo **list) {
    (void)service;
    (void)hints;
    int times = ++asked;
    if (strcmp(name, "hangs.test") == 0)
        nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    while (strcmp(name, "waits.test") == 0 && hanging)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (strcmp(name, "missing.test") == 0)
        return EAI_NONAME;
    if (strcmp(name, "empty.test") == 0)
        *list = NULL;
    /* public at first, then, if anyone asks again, this machine */
    else if (strcmp(name, "rebinds.test") == 0)
        *list = address_item(times == 1 ? "10.0.0.1" : "127.0.0.1", NULL);
    else if (strcmp(name, "mixed.test") == 0)
        *list = address_item(
            "10.0.0.1", address_item("[::1]", address_item("127.0.0.1", NULL)));
    else
        *list = address_item("127.0.0.1", NULL);
    return 0;
}

static bool peer_lies; /* every peer seems to be another machine */
long syscall(long number, ...);

int getpeername(int fd,
                struct sockaddr *restrict address,
                socklen_t *restrict size) {
    if (!peer_lies)
        return (int)syscall(SYS_getpeername, fd, address, size);
    struct sockaddr_in other = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(0x7F000002)};
    memcpy(address, &other, sizeof other);
    *size = sizeof other;
    return 0;
}

static enum net_error
resolve(struct lookups *lookups, const char *name, size_t *count) {
    struct address_list found = {.count = 0};
    struct error error = ERROR_INIT;
    asked = 0;
    socket_resolve(lookups, name, clock_ms() + 100, &found, &error);
    *count = found.count;
    return (enum net_error)error.code;
}

static void lookups_end_with_the_deadline(void **state) {
    (void)state;
    size_t count = 0;
    struct lookups lookups = {0};
    assert_int_equal(resolve(&lookups, "hangs.test", &count), NET_TIMEOUT);
    assert_int_equal(resolve(&lookups, "missing.test", &count), NET_DNS);
    assert_int_equal(resolve(&lookups, "empty.test", &count), NET_DNS);
    assert_int_equal(count, 0);
    assert_int_equal(resolve(&lookups, "mixed.test", &count), NET_OK);
    assert_int_equal(count, 3);
    lookups_free(&lookups);
    /* The first one's thread ends. */
    nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
}

/* Names that hang take a thread each, and there is an end to that. Later there
 * is room again. */
static void hanging_lookups_are_few(void **state) {
    (void)state;
    size_t count = 0;
    struct lookups lookups = {0};
    hanging = true;
    for (int i = 0; i < MAX_LOOKUPS; i++)
        assert_int_equal(resolve(&lookups, "waits.test", &count), NET_TIMEOUT);
    assert_int_equal(resolve(&lookups, "plain.test", &count), NET_DNS);
    assert_int_equal(asked, 0);
    hanging = false;
    nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
    for (int i = 0; i <= MAX_LOOKUPS; i++)
        assert_int_equal(resolve(&lookups, "plain.test", &count), NET_OK);
    lookups_free(&lookups);
}

/* ---- exchanges with a server on 127.0.0.1 alone ---- */

/* What asking http://NAME:port/ comes to, with these origins allowed. */
static enum net_error
ask(const char *name, const char *const *allow, size_t allow_count) {
    struct server server;
    struct net_config config = net_config_default();
    config.allow = allow;
    config.allow_count = allow_count;
    config.timeout_ms = 5000;
    server_start(&server);
    asked = 0;
    struct error error = ERROR_INIT;
    struct net *net = net_open(&config, &error);
    assert_non_null(net);
    server_ask(net, name, server.port, &error);
    net_close(net);
    server_stop(&server);
    return (enum net_error)error.code;
}

/* A connection that leads elsewhere is not used. */
static void peers_are_verified(void **state) {
    (void)state;
    static const char *const loopback[] = {"127.0.0.0/8:*"};
    assert_int_equal(ask("127.0.0.1", loopback, 1), NET_OK);
    peer_lies = true;
    assert_int_equal(ask("127.0.0.1", loopback, 1), NET_CONNECT);
    peer_lies = false;
}

static void names_are_asked_for_once(void **state) {
    (void)state;
    static const char *const star[] = {"*:*"};
    assert_int_equal(ask("rebinds.test", star, 1), NET_DENIED);
    assert_int_equal(asked, 1);
}

/* 10.0.0.1 is never tried, ::1 refuses, 127.0.0.1 answers. */
static void allowed_addresses_are_tried_in_turn(void **state) {
    (void)state;
    static const char *const loopback[] = {
        "mixed.test:*", "127.0.0.0/8:*", "[::1]:*"};
    assert_int_equal(ask("mixed.test", loopback, 3), NET_OK);
    assert_int_equal(ask("mixed.test", loopback, 1), NET_DENIED);
    static const char *const v6[] = {"mixed.test:*", "[::1]:*"};
    assert_int_equal(ask("mixed.test", v6, 2), NET_CONNECT);
}

static void localhost_must_be_local(void **state) {
    (void)state;
    static const char *const localhost[] = {"localhost:*", "plain.test:*"};
    assert_int_equal(ask("localhost", localhost, 2), NET_OK);
    assert_int_equal(ask("plain.test", localhost, 2), NET_DENIED);
}

static void times_are_as_promised(void **state) {
    (void)state;
    struct net_config config = net_config_default();
    assert_int_equal(config.timeout_ms, 30000);
    assert_int_equal(config.connect_timeout_ms, 10000);
    assert_int_equal(config.idle_timeout_ms, 90000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_end_with_the_deadline),
        cmocka_unit_test(hanging_lookups_are_few),
        cmocka_unit_test(peers_are_verified),
        cmocka_unit_test(names_are_asked_for_once),
        cmocka_unit_test(allowed_addresses_are_tried_in_turn),
        cmocka_unit_test(localhost_must_be_local),
        cmocka_unit_test(times_are_as_promised),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
