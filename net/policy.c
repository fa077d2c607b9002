/* The network policy: nobody, unless the user said so.
 *
 *   ORIGIN = [ "http://" / "https://" ] HOST [ ":" PORT / ":*" ]
 *   HOST   = "*" / "*." name / name / IPv4 / "[" IPv6 "]" / IPv4 "/" bits / "[" IPv6 "/" bits "]"
 *   PIN    = name ":" PORT ":" ADDRESS [ ":" PORT ]             ADDRESS = IPv4 / "[" IPv6 "]"
 *
 * A name matches exactly, "*.name" any name below it but not itself, "*" every
 * host. Without a scheme both match; without a port an allowing rule means the
 * scheme's own, a denying one every port. Denying rules win.
 *
 * A hop is checked twice: by its origin, then by each address its name resolved
 * to, because a name can be made to point anywhere. An address that is not
 * public is refused unless a rule names it as an address or range, the host is
 * `localhost` allowed by that name, --allow-private-net was given, or the user
 * pinned the origin to it. What was checked is what is connected to.
 *
 * An IPv6 address that carries an IPv4 address in it is judged as both: one
 * that is denied denies it, and each that is not public must be named.
 *
 * A proxy resolves names itself, so the second check is made only of what is
 * known without asking: an address, in whatever notation; `localhost`, which is
 * the loopback everywhere; what was pinned, if for another port; and names that
 * only private networks have, which pass with --allow-private-net and no denied
 * range alone. The proxy's own address is the user's choice. */
#include "net/policy.h"

#include <string.h>

enum {
    V4_PREFIX_BITS = 96, /* of ::ffff:0:0/96, in which IPv4 lies */
    /* Bytes in a message, that what to do has room behind it. */
    HOST_SHOWN = 80,
};
enum rule_kind { RULE_ANY, RULE_NAME, RULE_SUFFIX, RULE_RANGE };

struct policy_rule {
    enum rule_kind kind;
    bool http, https;
    bool any_port, usual_port; /* neither: `port` */
    uint16_t port;
    struct host host;           /* NAME; for SUFFIX without the "*." */
    struct address_range range; /* RANGE: an address is a range of one */
};

struct policy_pin {
    struct host host;
    uint16_t port;
    struct endpoint endpoint;
};

/* ---- reading rules ---- */

/* An address, in brackets if it has colons, and bits. */
static bool parse_range(struct policy_rule *rule, struct slice text) {
    rule->kind = RULE_RANGE;
    bool bracket = text.data[0] == '[';
    if (bracket && text.data[text.size - 1] != ']')
        return false;

    if (bracket)
        text = slice_cut(text, 1, text.size - 1);
    bool colon = slice_find(text, ":") < text.size;
    return bracket == colon && address_parse_range(&rule->range, text);
}

/* HOST of the grammar above. */
static bool parse_host(struct policy_rule *rule, struct slice text) {
    bool has_bits = slice_find(text, "/") < text.size;
    if (has_bits)
        return parse_range(rule, text);

    rule->kind = RULE_ANY;
    if (slice_is(text, "*"))
        return true;

    rule->kind = RULE_NAME;
    bool suffix = text_begins(text, "*.");
    if (suffix) {
        rule->kind = RULE_SUFFIX;
        text = slice_cut(text, 2, text.size);
    }

    struct host *host = &rule->host;
    if (!host_parse(host, text))
        return false;
    if (!host->is_address)
        return true;

    rule->kind = RULE_RANGE;
    rule->range = (struct address_range){host->address, 128};
    return !suffix;
}

/* ORIGIN of the grammar above. */
static bool parse_rule(struct policy_rule *rule, const char *item) {
    struct slice text = slice_of(item);
    rule->http = !text_begins(text, "https://");
    rule->https = !text_begins(text, "http://");
    if (!rule->http)
        text = slice_cut(text, 8, text.size);
    if (!rule->https)
        text = slice_cut(text, 7, text.size);

    size_t end = host_end(text);
    struct slice host = slice_cut(text, 0, end);
    if (!parse_host(rule, host))
        return false;

    rule->usual_port = end == text.size;
    if (rule->usual_port)
        return true;

    struct slice port = slice_cut(text, end + 1, text.size);
    rule->any_port = slice_is(port, "*");
    return rule->any_port || port_parse(&rule->port, port);
}

/* PIN of the grammar above. */
static bool parse_pin(struct policy_pin *pin, const char *item) {
    struct slice text = slice_of(item);
    struct slice name = slice_take(&text, host_end(text));
    struct slice port = slice_take(&text, slice_find(text, ":"));
    size_t end = host_end(text);
    bool has_port = end < text.size;
    struct slice where = slice_take(&text, end);

    struct host host;
    bool valid = host_parse(&pin->host, name) && port_parse(&pin->port, port) &&
                 host_parse(&host, where) && host.is_address;
    if (!valid)
        return false;

    pin->endpoint = (struct endpoint){host.address, pin->port};
    return !has_port || port_parse(&pin->endpoint.port, text);
}

/* The items of one flag. */
static bool parse_rules(struct policy_rule *rules,
                        const char *const *items,
                        size_t count,
                        const char *flag,
                        struct error *error) {
    for (size_t i = 0; i < count; i++) {
        if (parse_rule(&rules[i], items[i]))
            continue;
        return error_set(error,
                         ERROR_USAGE,
                         "%s '%s': not [scheme://]host[:port], where host is a "
                         "name, *.name, an address, a CIDR range or *",
                         flag,
                         shown_text(items[i], 160).text);
    }
    return true;
}

static bool parse_pins(struct policy_pin *pins,
                       const char *const *items,
                       size_t count,
                       struct error *error) {
    for (size_t i = 0; i < count; i++) {
        if (parse_pin(&pins[i], items[i]))
            continue;
        return error_set(error,
                         ERROR_USAGE,
                         "--resolve '%s': not HOST:PORT:ADDRESS[:PORT]",
                         shown_text(items[i], 160).text);
    }
    return true;
}

bool policy_init(struct policy *policy,
                 const struct net_config *config,
                 struct error *error) {
    size_t allowed = config->allow_count;
    size_t denied = config->deny_count;
    size_t pinned = config->resolve_count;
    *policy = (struct policy){
        .allow_private = config->allow_private,
        .allow_count = allowed,
        .deny_count = denied,
        .pin_count = pinned,
    };

    struct arena *arena = &policy->arena;
    arena_init(arena);
    policy->allow = arena_alloc(arena, allowed, sizeof *policy->allow);
    policy->deny = arena_alloc(arena, denied, sizeof *policy->deny);
    policy->pins = arena_alloc(arena, pinned, sizeof *policy->pins);
    if (!policy->allow || !policy->deny || !policy->pins)
        return error_set(error, ERROR_IO, "no memory for the network policy");

    return parse_pins(policy->pins, config->resolve, pinned, error) &&
           parse_rules(
               policy->allow, config->allow, allowed, "--allow-net", error) &&
           parse_rules(policy->deny, config->deny, denied, "--deny-net", error);
}

/* Rules and pins are in one arena. */
void policy_free(struct policy *policy) {
    arena_free(&policy->arena);
}

/* ---- asking ---- */

/* Scheme and port. */
static bool matches_service(const struct policy_rule *rule,
                            const struct url *url,
                            bool deny) {
    bool scheme = url->secure ? rule->https : rule->http;
    if (!scheme)
        return false;
    if (rule->any_port)
        return true;
    if (rule->usual_port)
        return deny || url_has_usual_port(url);
    return url->port == rule->port;
}

/* Is the address, in any reading, in the range? A denying one; it may also be
 * of another notation, as ::/0 is, which has all of IPv4 in it. */
static bool range_denies(const struct policy_rule *rule,
                         const struct address *address) {
    struct address readings[MAX_READINGS];
    if (rule->kind != RULE_RANGE)
        return false;

    size_t count = address_readings(address, readings);
    for (size_t i = 0; i < count; i++) {
        if (address_in(&readings[i], &rule->range))
            return true;
    }
    return false;
}

/* Is the address itself in an allowing range, which must be of its own
 * family? */
static bool range_allows(const struct policy_rule *rule,
                         const struct address *address) {
    if (rule->kind != RULE_RANGE || !address_in(address, &rule->range))
        return false;
    return !address_is_v4(address) || rule->range.bits >= V4_PREFIX_BITS;
}

/* Does an allowing rule mean this host, which is an address? Of what it carries
 * only a translated address is a form: below a tunnel's prefix, or beside an
 * identifier, anybody may be. */
static bool address_allowed(const struct policy_rule *rule,
                            const struct address *address) {
    struct address readings[MAX_READINGS];
    size_t count = address_readings(address, readings);
    bool form = count > 1 && address_is_translated(address);
    return range_allows(rule, address) ||
           (form && range_allows(rule, &readings[1]));
}

/* By the host as it is written in the URL; what a name resolves to is another
 * question. */
static bool matches_host(const struct policy_rule *rule,
                         const struct host *host,
                         bool deny) {
    switch (rule->kind) {
    case RULE_ANY: return true;
    case RULE_NAME: return host_equal(&rule->host, host);
    case RULE_SUFFIX: return host_is_below(host, rule->host.text);
    case RULE_RANGE:
        if (!host->is_address)
            return false;
        return deny ? range_denies(rule, &host->address)
                    : address_allowed(rule, &host->address);
    }
    return false;
}

static bool
matches(const struct policy_rule *rule, const struct url *url, bool deny) {
    return matches_service(rule, url, deny) &&
           matches_host(rule, &url->host, deny);
}

/* Does one of the rules mean this origin? */
static bool any_matches(const struct policy_rule *rules,
                        size_t count,
                        const struct url *url,
                        bool deny) {
    for (size_t i = 0; i < count; i++) {
        if (matches(&rules[i], url, deny))
            return true;
    }
    return false;
}

/* What is denied is denied, whatever else is allowed; what is not mentioned is not
 * allowed. The message has the option that would allow it. */
bool policy_check_origin(const struct policy *policy,
                         const struct url *url,
                         struct error *error) {
    char origin[ORIGIN_TEXT_SIZE];
    url_format_host_port(url, origin);
    if (any_matches(policy->deny, policy->deny_count, url, true))
        return net_fail(
            error, NET_DENIED, "%s is denied by --deny-net", origin);
    if (any_matches(policy->allow, policy->allow_count, url, false))
        return true;

    size_t size = strlen(origin);
    if (url_has_usual_port(url))
        size -= strlen(strrchr(origin, ':'));
    struct slice wanted = {(const uint8_t *)origin, size};
    return net_fail(error,
                    NET_DENIED,
                    "%s is not allowed; add --allow-net %s",
                    shown_text(origin, 200).text,
                    shown(wanted, 200).text);
}

const struct endpoint *policy_pinned(const struct policy *policy,
                                     const struct url *url) {
    for (size_t i = 0; i < policy->pin_count; i++) {
        const struct policy_pin *pin = &policy->pins[i];
        if (pin->port == url->port && host_equal(&pin->host, &url->host))
            return &pin->endpoint;
    }
    return NULL;
}

/* The one name that is known to mean this host (RFC 6761 section 6.3). */
static bool names_localhost(const struct policy_rule *rule,
                            const struct host *host) {
    return rule->kind == RULE_NAME && host_equal(&rule->host, host) &&
           strcmp(host->text, "localhost") == 0;
}

/* Did the user allow this reading of the address, special or not? A rule for
 * the very address allows all its readings. Only `localhost` may mean the
 * loopback by its name: any other name can be made to point there by whoever
 * owns it. */
static bool named_by_user(const struct policy *policy,
                          const struct url *url,
                          const struct address *address,
                          const struct address *reading) {
    for (size_t i = 0; i < policy->allow_count; i++) {
        const struct policy_rule *rule = &policy->allow[i];
        if (!matches_service(rule, url, false))
            continue;

        bool very_address = rule->range.bits == 128;
        if (range_allows(rule, reading))
            return true;
        if (very_address && range_allows(rule, address))
            return true;
        if (names_localhost(rule, &url->host) && address_is_loopback(address))
            return true;
    }
    return policy->allow_private;
}

/* By address, whatever name led there; also for what the user pinned. */
static bool check_denied(const struct policy *policy,
                         const struct url *url,
                         const struct address *address,
                         struct error *error) {
    for (size_t i = 0; i < policy->deny_count; i++) {
        const struct policy_rule *rule = &policy->deny[i];
        if (!matches_service(rule, url, true) || !range_denies(rule, address))
            continue;

        char text[ADDRESS_TEXT_SIZE];
        address_format(address, text);
        return net_fail(error,
                        NET_DENIED,
                        "%s (%s) is denied by --deny-net",
                        url->host.text,
                        text);
    }
    return true;
}

/* What a user may add who means it. */
static bool refuse_address(const struct url *url,
                           const struct address *address,
                           const char *why,
                           struct error *error) {
    char text[ADDRESS_TEXT_SIZE], origin[ADDRESS_TEXT_SIZE + 10];
    address_format(address, text);
    bool v6 = strchr(text, ':') != NULL;
    snprintf(origin, sizeof origin, v6 ? "[%s]" : "%s", text);

    char port[8] = "";
    if (!url_has_usual_port(url))
        snprintf(port, sizeof port, ":%u", url->port);

    return net_fail(error,
                    NET_DENIED,
                    "%s is at %s, which is not a public address but %s; add "
                    "--allow-net %s%s or --allow-private-net",
                    shown_text(url->host.text, HOST_SHOWN).text,
                    text,
                    why,
                    origin,
                    port);
}

bool policy_check_address(const struct policy *policy,
                          const struct url *url,
                          const struct address *address,
                          bool pinned,
                          struct error *error) {
    if (!check_denied(policy, url, address, error))
        return false;
    if (pinned)
        return true;

    struct address readings[MAX_READINGS];
    size_t count = address_readings(address, readings);
    for (size_t i = 0; i < count; i++) {
        const char *special = address_special(&readings[i]);
        if (special && !named_by_user(policy, url, address, &readings[i]))
            return refuse_address(url, address, special, error);
    }
    return true;
}

/* ---- through a proxy ---- */

static bool is_at_or_below(const struct host *host, const char *name) {
    return strcmp(host->text, name) == 0 || host_is_below(host, name);
}

/* A name that no public server has: one label (RFC 7085 asks for more), or
 * below what is set aside for networks of one's own (RFC 6762, RFC 8375, ICANN
 * 2024). */
static bool is_local_name(const struct host *host) {
    return !strchr(host->text, '.') || is_at_or_below(host, "local") ||
           is_at_or_below(host, "internal") ||
           is_at_or_below(host, "home.arpa");
}

/* It leads somewhere near the proxy, nobody here knows where. */
static bool check_local_name(const struct policy *policy,
                             const struct url *url,
                             struct error *error) {
    struct shown name = shown_text(url->host.text, HOST_SHOWN);
    for (size_t i = 0; i < policy->deny_count; i++) {
        const struct policy_rule *rule = &policy->deny[i];
        bool range = rule->kind == RULE_RANGE;
        if (range && matches_service(rule, url, true))
            return net_fail(error,
                            NET_DENIED,
                            "%s has an address that only the proxy will know, "
                            "which --deny-net may deny; add the name to "
                            "no_proxy",
                            name.text);
    }

    if (policy->allow_private)
        return true;
    return net_fail(error,
                    NET_DENIED,
                    "%s is a name of private networks, which the proxy would "
                    "look up; add --allow-private-net, or the name to no_proxy "
                    "and its address to --allow-net",
                    name.text);
}

/* RFC 6761 section 6.3: whoever asks, the loopback. */
static bool check_localhost(const struct policy *policy,
                            const struct url *url,
                            struct error *error) {
    static const char *const loopbacks[] = {"127.0.0.1", "[::1]"};
    for (size_t i = 0; i < 2; i++) {
        struct host host;
        struct address *address = &host.address;
        if (!host_parse(&host, slice_of(loopbacks[i])))
            return false;
        if (!policy_check_address(policy, url, address, false, error))
            return false;
    }
    return true;
}

bool policy_check_proxied(const struct policy *policy,
                          const struct url *url,
                          struct error *error) {
    const struct host *host = &url->host;
    if (host->is_address)
        return policy_check_address(policy, url, &host->address, false, error);
    if (is_at_or_below(host, "localhost"))
        return check_localhost(policy, url, error);
    for (size_t i = 0; i < policy->pin_count; i++) {
        /* For another port: this one goes direct. */
        const struct policy_pin *pin = &policy->pins[i];
        const struct address *address = &pin->endpoint.address;
        if (!host_equal(&pin->host, host))
            continue;
        if (!check_denied(policy, url, address, error))
            return false;
    }
    return !is_local_name(host) || check_local_name(policy, url, error);
}
