/* The client: opened with a configuration, and closed. See net/net.h. */
#include "net/client.h"
#include "net/http.h"

#include <stdlib.h>

enum { MEBIBYTE = 1 << 20 };

/* A row of NET_LIMITS each: net.h says what they are for. */
static const struct net_limits default_limits = {
#define X(name, value) .name = value,
    NET_LIMITS(X)
#undef X
};

/* Nothing is allowed yet: servers are named by whoever opens the client. */
struct net_config net_config_default(void) {
    return (struct net_config){
        .cookies = true,
        .timeout_ms = 30 * 1000,
        .connect_timeout_ms = 10 * 1000,
        .idle_timeout_ms = 90 * 1000,
        .max_redirects = 10,
        .max_response_body = 16 * MEBIBYTE,
        .max_request_body = 16 * MEBIBYTE,
        .limits = default_limits,
    };
}

struct net *net_open(const struct net_config *config, struct error *error) {
    struct net *net = calloc(1, sizeof *net);
    if (!net) {
        error_set(error, ERROR_IO, "no memory for the network client");
        return NULL;
    }

    net->config = *config;
    net->pool.idle_timeout_ms = config->idle_timeout_ms;
    net->suffixes = suffix_open();
    cookie_jar_init(&net->jar, net->suffixes);
    net->jar.memory = config->memory;
    proxies_init(&net->proxies);
    if (!net->suffixes)
        error_set(error, ERROR_IO, "no memory for the network client");
    /* Roots the user named are read at once, to say what is wrong with them;
     * the system's many when https is first used. */
    bool ready = policy_init(&net->policy, config, error) && net->suffixes;
    if (ready && config->ca_file)
        net->tls = tls_settings_open(config->ca_file, net->suffixes, error);
    if (error->kind == ERROR_NONE)
        return net;

    net_close(net);
    return NULL;
}

/* The lookups that still run free themselves. */
void net_close(struct net *net) {
    if (!net)
        return;
    pool_free(&net->pool);
    lookups_free(&net->lookups);
    tls_settings_close(net->tls);
    cookie_jar_free(&net->jar);
    suffix_close(net->suffixes);
    proxies_free(&net->proxies);
    policy_free(&net->policy);
    free(net);
}

/* The versions in use, as far as each library says them itself. */
void net_libraries(char out[NET_LIBRARIES_SIZE]) {
    char tls[32], http[32];
    tls_version(tls, sizeof tls);
    http_version(http, sizeof http);
    snprintf(out,
             NET_LIBRARIES_SIZE,
             "%s, %s, libpsl %s",
             tls,
             http,
             suffix_version());
}
