/* Connecting where a name has many addresses, of which some are silent: a
 * listener whose queue is full answers nobody. This file's getaddrinfo stands
 * in for the system's. */
#include "tests/unit/net_server.h"

#include "net/race.h"

#include <fcntl.h>

enum { MAX_NAMES = 64, FILLERS = 4, MAX_SILENT = 16 };

/* ---- the resolver ---- */

/* What every name leads to, up to the first NULL. */
static const char *names[MAX_NAMES];

int getaddrinfo(const char *name,
                const char *service,
                const struct addrinfo *hints,
                struct addrinfo **list) {
    (void)name;
    (void)service;
    (void)hints;
    size_t count = 0;
    while (count < MAX_NAMES && names[count])
        count++;
    *list = NULL;
    while (count > 0)
        *list = address_item(names[--count], *list);
    return 0;
}

/* ---- the other ends ---- */

struct silent {
    int listener, fillers[FILLERS];
};

static struct silent silent_at(const char *text, uint16_t port) {
    struct silent silent = {.listener = listen_at(text, &port, 0)};
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    assert_int_equal(
        getsockname(silent.listener, (struct sockaddr *)&at, &size), 0);
    for (int i = 0; i < FILLERS; i++) {
        silent.fillers[i] =
            socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(silent.fillers[i], (struct sockaddr *)&at, size);
    }
    return silent;
}

static void silent_end(struct silent *silent) {
    for (int i = 0; i < FILLERS; i++)
        close(silent->fillers[i]);
    close(silent->listener);
}

/* A server, and silent listeners at other addresses on the same port. */
struct world {
    struct server server;
    struct silent silent[MAX_SILENT];
    size_t silent_count;
    struct net *net;
};

static void begin(struct world *world, int64_t connect_timeout_ms) {
    static const char *const allow[] = {"*:*"};
    *world = (struct world){0};
    struct net_config config = net_config_default();
    struct error error = ERROR_INIT;
    config.allow = allow;
    config.allow_count = 1;
    config.allow_private = true;
    config.timeout_ms = 20000;
    config.connect_timeout_ms = connect_timeout_ms;
    server_start(&world->server);
    world->net = net_open(&config, &error);
    assert_non_null(world->net);
    memset(names, 0, sizeof names);
}

static void add_silent(struct world *world, const char *text) {
    world->silent[world->silent_count++] = silent_at(text, world->server.port);
}

static void end(struct world *world) {
    net_close(world->net);
    server_stop(&world->server);
    for (size_t i = 0; i < world->silent_count; i++)
        silent_end(&world->silent[i]);
}

/* Ask once; how long it took, and the error. */
static int64_t ask(struct world *world, struct error *error) {
    int64_t start = clock_ms();
    *error = (struct error)ERROR_INIT;
    server_ask(world->net, "name.test", world->server.port, error);
    return clock_ms() - start;
}

static int open_files(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- the tests ---- */

static void silence_costs_little(void **state) {
    (void)state;
    struct world world;
    struct error error;
    begin(&world, 10000);
    add_silent(&world, "127.0.0.2");
    names[0] = "127.0.0.2";
    names[1] = "127.0.0.1";
    int before = open_files();
    assert_true(ask(&world, &error) < 5000);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_int_equal(open_files(), before);
    end(&world);
}

/* Forty times a quarter of a second, if it were paid each time. */
static void what_answered_is_tried_first(void **state) {
    (void)state;
    struct world world;
    struct error error;
    begin(&world, 10000);
    add_silent(&world, "127.0.0.2");
    names[0] = "127.0.0.2";
    names[1] = "127.0.0.1";
    int64_t start = clock_ms();
    for (int i = 0; i < 40; i++) {
        ask(&world, &error);
        assert_int_equal(error.kind, ERROR_NONE);
    }
    assert_true(clock_ms() - start < 8000);
    end(&world);
}

static void all_addresses_are_tried(void **state) {
    (void)state;
    static char refusing[40][24];
    struct world world;
    struct error error;
    begin(&world, 10000);
    for (int i = 0; i < 40; i++) {
        snprintf(refusing[i], sizeof *refusing, "127.0.1.%d", i + 1);
        names[i] = refusing[i];
    }
    ask(&world, &error);
    assert_int_equal(error.code, NET_CONNECT);
    assert_non_null(strstr(error.text, "127.0.1.40 port"));
    names[40] = "127.0.0.1";
    ask(&world, &error);
    assert_int_equal(error.kind, ERROR_NONE);
    end(&world);
}

/* Behind eight silent ones of the other family: the second to be tried. */
static void families_take_turns(void **state) {
    (void)state;
    struct world world;
    struct error error;
    begin(&world, 10000);
    add_silent(&world, "[::1]");
    for (int i = 0; i < 8; i++)
        names[i] = "[::1]";
    names[8] = "127.0.0.1";
    assert_true(ask(&world, &error) < 1750);
    assert_int_equal(error.kind, ERROR_NONE);
    end(&world);
}

static void the_deadline_is_for_all(void **state) {
    (void)state;
    static char silent[8][24];
    struct world world;
    struct error error;
    begin(&world, 600);
    for (int i = 0; i < 8; i++) {
        snprintf(silent[i], sizeof *silent, "127.0.0.%d", i + 2);
        add_silent(&world, silent[i]);
        names[i] = silent[i];
    }
    int before = open_files();
    assert_true(ask(&world, &error) < 1800);
    assert_int_equal(error.code, NET_TIMEOUT);
    assert_non_null(strstr(error.text, "no answer from 127.0.0.2 port"));
    assert_int_equal(open_files(), before);
    end(&world);
}

/* A silent one in front does not keep the refusals behind it from being passed
 * over at once. */
static void failures_start_the_next(void **state) {
    (void)state;
    static char refusing[30][24];
    struct world world;
    struct error error;
    begin(&world, 10000);
    add_silent(&world, "127.0.0.2");
    names[0] = "127.0.0.2";
    for (int i = 0; i < 30; i++) {
        snprintf(refusing[i], sizeof *refusing, "127.0.1.%d", i + 1);
        names[i + 1] = refusing[i];
    }
    names[31] = "127.0.0.1";
    assert_true(ask(&world, &error) < 4000);
    assert_int_equal(error.kind, ERROR_NONE);
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_costs_little),
        cmocka_unit_test(what_answered_is_tried_first),
        cmocka_unit_test(all_addresses_are_tried),
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(the_deadline_is_for_all),
        cmocka_unit_test(failures_start_the_next),
    };
    return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
