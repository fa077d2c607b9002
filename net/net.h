/* A small HTTP/1.1 client: requests with redirects, cookies, keep-alive, TLS
 * and a policy that says who may be reached. Nobody, by default.
 *
 *     struct net_config config = net_config_default();
 *     config.allow = (const char *[]){"example.org"};
 *     config.allow_count = 1;
 *     struct net *net = net_open(&config, &error);
 *     struct net_request request = {.method = slice_of("GET"), .url = slice_of(url),
 *                                   .time_left_ms = INT64_MAX};
 *     struct net_response response;
 *     if (net_exchange(net, &request, &response, &error)) {
 *         use(response.status, response.body);
 *         net_response_free(&response);
 *     }
 *     net_close(net);
 *
 * A client is used by one thread at a time. From the environment it reads, once
 * each, http_proxy, https_proxy, all_proxy, no_proxy (net/proxy.c) and
 * SSL_CERT_FILE. No text of an error contains a password, a cookie or another
 * header's value. */
#ifndef HOSTEL_NET_NET_H
#define HOSTEL_NET_NET_H

#include "base/base.h"

#include <sys/types.h>

/* Why an exchange failed: struct error's `code` when its kind is ERROR_NET. */
#define NET_ERRORS(X)                                                          \
    X(INVALID_REQUEST, "invalid_request")                                      \
    X(DENIED, "denied")                                                        \
    X(DNS, "dns")                                                              \
    X(CONNECT, "connect")                                                      \
    X(TLS, "tls")                                                              \
    X(TIMEOUT, "timeout")                                                      \
    X(REDIRECT, "redirect")                                                    \
    X(PROTOCOL, "protocol")                                                    \
    X(TOO_LARGE, "too_large")

enum net_error {
    NET_OK,
#define X(kind, word) NET_##kind,
    NET_ERRORS(X)
#undef X
};

/* "denied", "timeout", ...: the stable names guests see. */
const char *net_error_name(enum net_error kind);

/* How much of a URL and of a response is taken, its body apart; and how much by
 * default. */
#define NET_LIMITS(X)                                                          \
    X(head, 256 * 1024)     /* bytes of lines, with 1xx and trailers */        \
    X(fields, 500)          /* counted likewise */                             \
    X(line, 64 * 1024)      /* bytes of one line without its end */            \
    X(extension, 16 * 1024) /* bytes of all chunk extensions of a response */  \
    X(url, 8 * 1024)        /* bytes, the guest's and a redirect's */

struct net_limits {
#define X(name, value) size_t name;
    NET_LIMITS(X)
#undef X
};

struct net_config {
    /* Origins, each an item of --allow-net; all borrowed. */
    const char *const *allow;
    size_t allow_count;
    const char *const *deny;
    /* A denying item without a port means every port. */
    size_t deny_count;
    const char *const *resolve; /* HOST:PORT:ADDR[:PORT] */
    size_t resolve_count;
    bool allow_private;
    bool cookies;
    /* PEM roots; NULL: SSL_CERT_FILE, else the system's. */
    const char *ca_file;
    int64_t timeout_ms; /* for one request with all its redirects */
    /* Within that, for each new connection's addresses together. */
    int64_t connect_timeout_ms;
    /* After which an unused connection is not used again. */
    int64_t idle_timeout_ms;
    unsigned max_redirects;
    size_t max_response_body, max_request_body; /* bytes */
    struct net_limits limits;
    /* From which responses, cookies and what is sent are drawn, or NULL. */
    struct budget *memory;
    FILE *trace; /* what was sent and received, or NULL */
    /* Called before each of its lines, or NULL. */
    void (*begin_line)(void *context, FILE *out);
    void *begin_context;
    /* With the values of Authorization, Cookie and the like. */
    bool trace_secrets;
};

struct net_config net_config_default(void);

/* Where systems keep the certificates they trust; the first that is there is
 * taken. */
#define NET_BUNDLES                                                            \
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",  \
        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"

/* What is read of the system when a name is looked up, by any C library. */
#define NET_LOOKUP_FILES                                                       \
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",  \
        "/etc/gai.conf", "/etc/services", "/etc/protocols"

/* The client: policy, cookie jar, connection pool, TLS roots. */
struct net;

/* NULL on failure; ERROR_USAGE names the item that is not of the grammar. */
struct net *net_open(const struct net_config *config, struct error *error);
void net_close(struct net *net);

struct net_header {
    struct slice name, value;
};

struct net_request {
    struct slice method, url;
    const struct net_header *headers;
    size_t header_count;
    struct slice body;
    bool has_body;
    /* A further limit beside the configured one; INT64_MAX: none. */
    int64_t time_left_ms;
};

struct net_response {
    int status;
    /* Names in lower case, in the order received. */
    const struct net_header *headers;
    size_t header_count;
    struct slice body;         /* of net_exchange */
    struct buffer storage;     /* owns the body's bytes */
    struct arena arena;        /* owns the headers */
    struct exchange *exchange; /* the body still to be read comes from here */
};

/* Perform one request, redirects followed, up to the final response's head. On
 * failure the error's kind is ERROR_NET and its code an enum net_error;
 * `response` is filled only on success and freed by net_response_free. The
 * request is not needed any more then. */
bool net_begin(struct net *net,
               const struct net_request *request,
               struct net_response *response,
               struct error *error);

/* The body's next bytes, at most `size`, which is not 0: a count, 0 at its end,
 * -1 on failure. However large the body, it takes constant memory; the deadline
 * is that of the whole request. */
ssize_t net_read(struct net_response *response,
                 void *bytes,
                 size_t size,
                 struct error *error);

/* Both in one: the whole body, if it is not larger than max_response_body. */
bool net_exchange(struct net *net,
                  const struct net_request *request,
                  struct net_response *response,
                  struct error *error);
void net_response_free(struct net_response *response);

/* ==== for hostel itself: not installed ==== */

/* Records an ERROR_NET of the given code unless something failed before;
 * returns false. The text must never contain userinfo, a cookie or a header's
 * value. */
bool net_fail(struct error *error, enum net_error code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The libraries that are used here, with their versions, in one line. */
enum { NET_LIBRARIES_SIZE = 200 };
void net_libraries(char out[NET_LIBRARIES_SIZE]);

#endif
