/* Connecting where a name has many addresses, of which some are silent: a
 * listener whose queue is full answers nobody. This file's getaddrinfo stands
 * in for the system's. */
#include "net/net.h"
#include "net/race.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_NAMES = 64, FILLERS = 4, MAX_SILENT = 16 };

/* ---- the resolver ---- */

/* What every name leads to, up to the first NULL. */
static const char *names[MAX_NAMES];

void freeaddrinfo(struct addrinfo *list) {
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **list) {
    (void)name;
    (void)service;
    (void)hints;
    struct addrinfo **end = list;
    *list = NULL;
    for (size_t i = 0; i < MAX_NAMES && names[i]; i++) {
        struct sockaddr_storage *address = calloc(1, sizeof *address);
        struct host host;
        host_parse(&host, slice_of(names[i]));
        *end = calloc(1, sizeof **end);
        (*end)->ai_addrlen = address_to_socket(&host.address, 0, address);
        (*end)->ai_addr = (struct sockaddr *)address;
        end = &(*end)->ai_next;
    }
    return 0;
}

/* ---- the other ends ---- */

static int listen_at(const char *text, uint16_t *port, int queue) {
    struct host host;
    struct sockaddr_storage at;
    assert_true(host_parse(&host, slice_of(text)));
    socklen_t size = address_to_socket(&host.address, *port, &at);
    int fd = socket(at.ss_family, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, queue), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    /* At the same place in both. */
    *port = ntohs(((struct sockaddr_in *)&at)->sin_port);
    return fd;
}

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

/* Answers one request a connection, and closes. */
static void *serve(void *listener) {
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (;;) {
        char request[4096];
        int client = accept(*(int *)listener, NULL, NULL);
        if (client < 0)
            return NULL;
        if (recv(client, request, sizeof request, 0) > 0)
            send(client, answer, sizeof answer - 1, 0);
        close(client);
    }
}

/* A server at the address, and silent listeners at others on the same port. */
struct world {
    int listener;
    uint16_t port;
    pthread_t thread;
    struct silent silent[MAX_SILENT];
    size_t silent_count;
    struct net *net;
};

static void begin(struct world *world, const char *server,
                  int64_t connect_timeout_ms) {
    static const char *const allow[] = {"*:*"};
    *world = (struct world){0};
    struct net_config config = net_config_default();
    struct error error = ERROR_INIT;
    config.allow = allow;
    config.allow_count = 1;
    config.allow_private = true;
    config.timeout_ms = 20000;
    config.connect_timeout_ms = connect_timeout_ms;
    world->listener = listen_at(server, &world->port, 32);
    assert_int_equal(
        pthread_create(&world->thread, NULL, serve, &world->listener), 0);
    world->net = net_open(&config, &error);
    assert_non_null(world->net);
    memset(names, 0, sizeof names);
}

static void add_silent(struct world *world, const char *text) {
    world->silent[world->silent_count++] = silent_at(text, world->port);
}

static void end(struct world *world) {
    net_close(world->net);
    shutdown(world->listener, SHUT_RDWR);
    pthread_join(world->thread, NULL);
    close(world->listener);
    for (size_t i = 0; i < world->silent_count; i++)
        silent_end(&world->silent[i]);
}

/* Ask once; how long it took, and the error. */
static int64_t ask(struct world *world, struct error *error) {
    char url[64];
    int64_t start = clock_ms();
    snprintf(url, sizeof url, "http://name.test:%u/", world->port);
    struct net_request request = {.method = slice_of("GET"),
                                  .url = slice_of(url),
                                  .time_left_ms = INT64_MAX};
    struct net_response response;
    *error = (struct error)ERROR_INIT;
    if (net_exchange(world->net, &request, &response, error))
        net_response_free(&response);
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
    begin(&world, "127.0.0.1", 10000);
    add_silent(&world, "127.0.0.2");
    names[0] = "127.0.0.2";
    names[1] = "127.0.0.1";
    int before = open_files();
    assert_true(ask(&world, &error) < 2500);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_int_equal(open_files(), before);
    end(&world);
}

/* Twenty times a quarter of a second, if it were paid each time. */
static void what_answered_is_tried_first(void **state) {
    (void)state;
    struct world world;
    struct error error;
    begin(&world, "127.0.0.1", 10000);
    add_silent(&world, "127.0.0.2");
    names[0] = "127.0.0.2";
    names[1] = "127.0.0.1";
    int64_t start = clock_ms();
    for (int i = 0; i < 20; i++) {
        ask(&world, &error);
        assert_int_equal(error.kind, ERROR_NONE);
    }
    assert_true(clock_ms() - start < 3000);
    end(&world);
}

static void all_addresses_are_tried(void **state) {
    (void)state;
    static char refusing[40][16];
    struct world world;
    struct error error;
    begin(&world, "127.0.0.1", 10000);
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
    begin(&world, "127.0.0.1", 10000);
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
    static char silent[8][16];
    struct world world;
    struct error error;
    begin(&world, "127.0.0.1", 600);
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
    static char refusing[30][16];
    struct world world;
    struct error error;
    begin(&world, "127.0.0.1", 10000);
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
