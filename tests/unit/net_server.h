/* What tests of connecting share: lists of addresses such as getaddrinfo gives,
 * and a server on loopback. Of a program one file includes this: freeaddrinfo
 * stands in for the system's. */
#ifndef HOSTEL_TESTS_UNIT_NET_SERVER_H
#define HOSTEL_TESTS_UNIT_NET_SERVER_H

#include "net/net.h"
#include "net/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- addresses ---- */

static inline struct addrinfo *address_item(const char *text,
                                            struct addrinfo *next) {
    struct sockaddr_storage *address = calloc(1, sizeof *address);
    struct addrinfo *info = calloc(1, sizeof *info);
    struct host host;
    host_parse(&host, slice_of(text));
    info->ai_addrlen = address_to_socket(&host.address, 0, address);
    info->ai_addr = (struct sockaddr *)address;
    info->ai_family = address->ss_family;
    info->ai_next = next;
    return info;
}

void freeaddrinfo(struct addrinfo *list) {
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

/* ---- the server ---- */

/* At a port that is chosen, and told, if it is 0. */
static inline int listen_at(const char *text, uint16_t *port, int queue) {
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

struct server {
    int listener;
    uint16_t port;
    pthread_t thread;
};

/* Answers one request a connection, and closes. */
static inline void *server_run(void *listener) {
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

static inline void server_start(struct server *server) {
    *server = (struct server){.port = 0};
    server->listener = listen_at("127.0.0.1", &server->port, 32);
    assert_int_equal(
        pthread_create(&server->thread, NULL, server_run, &server->listener),
        0);
}

static inline void server_stop(struct server *server) {
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

/* Ask http://NAME:PORT/ once; false for an error. */
static inline bool server_ask(struct net *net,
                              const char *name,
                              uint16_t port,
                              struct error *error) {
    char url[128];
    snprintf(url, sizeof url, "http://%s:%u/", name, port);
    struct net_request request = {.method = slice_of("GET"),
                                  .url = slice_of(url),
                                  .time_left_ms = INT64_MAX};
    struct net_response response;
    if (!net_exchange(net, &request, &response, error))
        return false;
    assert_int_equal(response.status, 200);
    net_response_free(&response);
    return true;
}

#endif
