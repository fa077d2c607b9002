/* The HTTP client on a command line, for tests/net/run.
 *
 *   fetch [option value]... METHOD URL [-H "Name: value"]... [-d BODY | -n SIZE] [+ METHOD URL ...]
 *
 * All requests are made one after the other by one client. For each it prints
 *   status N / header NAME: VALUE ... / body SIZE, then SIZE bytes and a newline
 * or
 *   error KIND TEXT */
#include "net/net.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_ITEMS = 64, MAX_HEADERS = 600 };

struct options {
    struct net_config config;
    const char *allow[MAX_ITEMS], *deny[MAX_ITEMS], *resolve[MAX_ITEMS];
    bool count_sockets;
};

/* --limit-NAME SIZE; returns as take_option does. */
static int
take_limit(struct net_limits *limits, const char *name, const char *value) {
    size_t *limit = NULL;
#define X(field, size)                                                         \
    if (strcmp(name, "--limit-" #field) == 0)                                  \
        limit = &limits->field;
    NET_LIMITS(X)
#undef X
    if (limit)
        *limit = (size_t)atoll(value);
    return limit ? 2 : 0;
}

/* Returns how many arguments the option takes in all, or 0 if it is none. */
static int take_option(struct options *options, char **arguments) {
    struct net_config *config = &options->config;
    const char *name = arguments[0], *value = arguments[1];
    if (strcmp(name, "--allow-private-net") == 0)
        config->allow_private = true;
    else if (strcmp(name, "--no-cookies") == 0)
        config->cookies = false;
    else if (strcmp(name, "--trace") == 0)
        config->trace = stderr;
    else if (strcmp(name, "--trace-secrets") == 0)
        config->trace_secrets = true;
    else if (strcmp(name, "--count-sockets") == 0)
        options->count_sockets = true;
    else if (!value || strncmp(name, "--", 2) != 0)
        return 0;
    else if (strcmp(name, "--allow-net") == 0)
        options->allow[config->allow_count++] = value;
    else if (strcmp(name, "--deny-net") == 0)
        options->deny[config->deny_count++] = value;
    else if (strcmp(name, "--resolve") == 0)
        options->resolve[config->resolve_count++] = value;
    else if (strcmp(name, "--cacert") == 0)
        config->ca_file = value;
    else if (strcmp(name, "--timeout-ms") == 0)
        config->timeout_ms = atoll(value);
    else if (strcmp(name, "--connect-timeout-ms") == 0)
        config->connect_timeout_ms = atoll(value);
    else if (strcmp(name, "--idle-timeout-ms") == 0)
        config->idle_timeout_ms = atoll(value);
    else if (strcmp(name, "--max-redirects") == 0)
        config->max_redirects = (unsigned)atoi(value);
    else if (strcmp(name, "--max-response-body") == 0)
        config->max_response_body = (size_t)atoll(value);
    else if (strcmp(name, "--max-request-body") == 0)
        config->max_request_body = (size_t)atoll(value);
    else
        return take_limit(&config->limits, name, value);
    bool alone = strcmp(name, "--allow-private-net") == 0 ||
                 strcmp(name, "--no-cookies") == 0 ||
                 strncmp(name, "--trace", 7) == 0 ||
                 strcmp(name, "--count-sockets") == 0;
    return alone ? 1 : 2;
}

static void print_response(const struct net_response *response) {
    printf("status %d\n", response->status);
    for (size_t i = 0; i < response->header_count; i++) {
        const struct net_header *header = &response->headers[i];
        printf("header %.*s: %.*s\n",
               (int)header->name.size,
               (const char *)header->name.data,
               (int)header->value.size,
               (const char *)header->value.data);
    }
    printf("body %zu\n", response->body.size);
    fwrite(response->body.data, 1, response->body.size, stdout);
    printf("\n");
}

/* Performs the request at `arguments` and returns where the next begins. */
static char **perform(struct net *net, char **arguments) {
    struct net_header headers[MAX_HEADERS];
    struct net_request request = {.method = slice_of(arguments[0]),
                                  .headers = headers,
                                  .time_left_ms = INT64_MAX};
    char *made = NULL;
    if (!arguments[1])
        exit(2);
    request.url = slice_of(arguments[1]);
    for (arguments += 2; arguments[0] && strcmp(arguments[0], "+") != 0;
         arguments += 2) {
        if (!arguments[1] || request.header_count == MAX_HEADERS)
            exit(2);
        if (strcmp(arguments[0], "-H") == 0) {
            char *colon = strstr(arguments[1], ": ");
            size_t size =
                colon ? (size_t)(colon - arguments[1]) : strlen(arguments[1]);
            headers[request.header_count++] =
                (struct net_header){{(const uint8_t *)arguments[1], size},
                                    slice_of(colon ? colon + 2 : "")};
        } else if (strcmp(arguments[0], "-d") == 0) {
            request.body = slice_of(arguments[1]);
            request.has_body = true;
        } else if (strcmp(arguments[0], "-n") == 0) {
            request.body.size = (size_t)atoll(arguments[1]);
            made = calloc(1, request.body.size);
            request.body.data = (const uint8_t *)made;
            request.has_body = true;
        }
    }
    struct net_response response;
    struct error error = ERROR_INIT;
    if (net_exchange(net, &request, &response, &error)) {
        print_response(&response);
        net_response_free(&response);
    } else {
        printf("error %s %s\n",
               net_error_name((enum net_error)error.code),
               error.text);
    }
    fflush(stdout);
    free(made);
    return arguments[0] ? arguments + 1 : arguments;
}

/* Tell on standard error how many sockets are open, and how many a new program
 * would inherit. */
static void count_sockets(void) {
    int open = 0, inherited = 0;
    for (int fd = 3; fd < 1024; fd++) {
        struct stat status;
        if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
            continue;
        open++;
        inherited += !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    fprintf(stderr, "%d sockets, %d inherited\n", open, inherited);
}

int main(int argc, char **argv) {
    struct options options = {.config = net_config_default()};
    options.config.allow = options.allow;
    options.config.deny = options.deny;
    options.config.resolve = options.resolve;
    char **arguments = argv + 1;
    for (int used;
         arguments[0] && (used = take_option(&options, arguments)) > 0;)
        arguments += used;
    struct error error = ERROR_INIT;
    struct net *net = net_open(&options.config, &error);
    if (!net) {
        printf("error %s %s\n", error_kind_name(error.kind), error.text);
        return 1;
    }
    while (arguments[0])
        arguments = perform(net, arguments);
    if (options.count_sockets)
        count_sockets();
    net_close(net);
    return argc > 1 ? 0 : 2;
}
