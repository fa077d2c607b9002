/* The cookie jar (RFC 6265bis section 5).
 *
 *   Set-Cookie = [ name "=" ] value *( ";" attribute [ "=" value ] )
 *
 * The life of a cookie: parsed (parse_pair, parse_attributes), placed
 * (choose_domain, choose_path), judged (acceptable), then put into the jar in
 * place of the one with the same name, domain and path (put), sent with
 * matching requests (cookie_header), and removed when its time is over or the
 * jar is full (evict).
 *
 * The jar is an array: with at most 3000 cookies one pass over it costs less
 * than the request it serves, and every operation makes a fixed number of
 * passes.
 *
 * SameSite is kept, checked for None without Secure, and not enforced: it is
 * about requests that one site's page makes to another, and guests have no
 * pages; every request is one the guest itself started. */
#include "net/cookie.h"
#include "net/date.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Of name and value (5.6); a larger cookie is ignored. */
    MAX_PAIR_SIZE = 4096,
    MAX_ATTRIBUTE_SIZE = 1024, /* (5.6); a larger attribute is ignored */
    /* What 6.1 asks for at least; of a domain it would be 50. */
    MAX_COOKIES = 3000,
    MAX_COOKIES_PER_DOMAIN = 180,
    MAX_COOKIES_SENT = 150, /* with one request */
    MAX_COOKIE_HEADER_SIZE = 8190,
};

static const int64_t MAX_LIFE_SECONDS = 400 * 24 * 3600; /* 5.5 */

/* What was read from one Set-Cookie value; slices into it. */
struct parsed {
    struct slice name, value, domain, path;
    bool secure, has_max_age, has_expires;
    enum same_site same_site;
    int64_t max_age, expires;
};

void cookie_jar_init(struct cookie_jar *jar, struct suffix_list *suffixes) {
    *jar = (struct cookie_jar){.suffixes = suffixes};
}

/* With its texts. */
static size_t size_of(const struct cookie *cookie) {
    return sizeof *cookie + cookie->name.size + cookie->value.size +
           cookie->path.size;
}

static void remove_at(struct cookie_jar *jar, size_t index) {
    struct cookie *gone = jar->cookies[index];
    jar->count--;
    jar->cookies[index] = jar->cookies[jar->count];
    budget_free(jar->memory, gone, size_of(gone));
}

/* Empty, and of use again. */
void cookie_jar_free(struct cookie_jar *jar) {
    while (jar->count > 0)
        remove_at(jar, jar->count - 1);
    array_free(
        jar->memory, jar->cookies, jar->capacity, sizeof(struct cookie *));
    *jar =
        (struct cookie_jar){.suffixes = jar->suffixes, .memory = jar->memory};
}

/* ---- parsing ---- */

/* name=value, or a value alone. */
static bool parse_pair(struct parsed *parsed, struct slice text) {
    size_t equals = slice_find(text, "=");
    bool named = equals < text.size;
    struct slice name = slice_of(""), value = text;
    if (named) {
        name = slice_cut(text, 0, equals);
        value = slice_cut(text, equals + 1, text.size);
    }
    parsed->name = slice_trim(name);
    parsed->value = slice_trim(value);
    size_t size = parsed->name.size + parsed->value.size;
    return size > 0 && size <= MAX_PAIR_SIZE;
}

/* An optional minus and digits; anything else leaves the attribute out. */
static void parse_max_age(struct parsed *parsed, struct slice value) {
    bool negative = value.size > 0 && value.data[0] == '-';
    struct slice digits = slice_cut(value, negative, value.size);
    if (digits.size == 0)
        return;

    for (size_t i = 0; i < digits.size; i++) {
        if (!ascii_is_digit((char)digits.data[i]))
            return;
    }

    uint64_t seconds;
    parsed->has_max_age = true;
    /* Also for a number beyond all bounds. */
    parsed->max_age = MAX_LIFE_SECONDS;
    if (negative)
        parsed->max_age = 0;
    else if (parse_number(digits, (uint64_t)MAX_LIFE_SECONDS, &seconds))
        parsed->max_age = (int64_t)seconds;
}

/* What is none of the three is as if it were not there. */
static enum same_site parse_same_site(struct slice value) {
    if (text_equal(value, "none"))
        return SAME_SITE_NONE;
    if (text_equal(value, "lax"))
        return SAME_SITE_LAX;
    if (text_equal(value, "strict"))
        return SAME_SITE_STRICT;
    return SAME_SITE_UNSET;
}

/* Later attributes of a name replace earlier ones; unknown names and bad values
 * mean nothing. */
static void
parse_attribute(struct parsed *parsed, struct slice name, struct slice value) {
    int64_t seconds;
    if (value.size > MAX_ATTRIBUTE_SIZE)
        return;
    if (text_equal(name, "max-age"))
        parse_max_age(parsed, value);
    else if (text_equal(name, "domain"))
        parsed->domain = value;
    else if (text_equal(name, "path"))
        parsed->path = value;
    else if (text_equal(name, "secure"))
        parsed->secure = true;
    else if (text_equal(name, "samesite"))
        parsed->same_site = parse_same_site(value);
    else if (text_equal(name, "expires") && date_parse(value, &seconds)) {
        parsed->has_expires = true;
        parsed->expires = seconds;
    }
}

/* name=value, or a name alone. */
static void read_attribute(struct parsed *parsed, struct slice text) {
    size_t equals = slice_find(text, "=");
    struct slice name = slice_cut(text, 0, equals);
    struct slice value = slice_of("");
    if (equals < text.size)
        value = slice_cut(text, equals + 1, text.size);
    parse_attribute(parsed, slice_trim(name), slice_trim(value));
}

/* The whole value; false if the cookie is to be ignored. */
static bool parse(struct parsed *parsed, struct slice text) {
    memset(parsed, 0, sizeof *parsed);
    parsed->domain = parsed->path = slice_of("");
    if (!is_field_value(text))
        return false;

    struct slice pair = slice_take(&text, slice_find(text, ";"));
    if (!parse_pair(parsed, pair))
        return false;

    while (text.size > 0) {
        struct slice attribute = slice_take(&text, slice_find(text, ";"));
        read_attribute(parsed, attribute);
    }
    return true;
}

/* ---- matching ---- */

/* RFC 6265bis 5.1.3; both canonical. */
static bool domain_match(const struct host *host, const char *domain) {
    return strcmp(host->text, domain) == 0 || host_is_below(host, domain);
}

/* RFC 6265bis 5.1.4: "/a" matches "/a", "/a/b" and "/a?b", but not "/ab". */
static bool path_match(struct slice request, struct slice path) {
    size_t size = path.size;
    if (request.size < size)
        return false;
    if (memcmp(request.data, path.data, size) != 0)
        return false;

    bool whole = request.size == size || path.data[size - 1] == '/';
    return whole || request.data[size] == '/';
}

/* Without the query, which is no part of what a cookie's path is compared with. */
static struct slice path_of(const struct url *url) {
    struct slice path = slice_of(url->target);
    path.size = slice_find(path, "?");
    return path;
}

/* ---- placing and judging ---- */

/* The path attribute, else the directory of the request's path (the
 * default-path of 5.1.4). */
static struct slice choose_path(const struct parsed *parsed,
                                const struct url *url) {
    if (parsed->path.size && parsed->path.data[0] == '/')
        return parsed->path;
    struct slice path = path_of(url);
    while (path.data[path.size - 1] != '/')
        path.size--;
    if (path.size > 1)
        path.size--;
    return path;
}

/* The domain attribute if this host may set cookies for it, else false; without
 * one, the host. */
static bool choose_domain(const struct cookie_jar *jar,
                          struct cookie *cookie,
                          struct slice domain,
                          const struct host *host) {
    if (domain.size && domain.data[0] == '.')
        domain = slice_cut(domain, 1, domain.size);

    cookie->host_only = true;
    strcpy(cookie->domain, host->text);
    if (domain.size == 0)
        return true;
    if (text_equal(domain, host->text)) {
        /* the host itself: good for its subdomains too, unless strangers own
         * those */
        cookie->host_only =
            host->is_address || suffix_is_public(jar->suffixes, host->text);
        return true;
    }
    if (domain.size >= HOST_TEXT_SIZE)
        return false;

    for (size_t i = 0; i < domain.size; i++) {
        char c = (char)domain.data[i];
        cookie->domain[i] = ascii_lower(c);
    }
    cookie->domain[domain.size] = 0;
    cookie->host_only = false;
    return domain_match(host, cookie->domain) &&
           !suffix_is_public(jar->suffixes, cookie->domain);
}

/* Is one the other, or below it? */
static bool domains_overlap(const struct cookie *a, const struct cookie *b) {
    struct host host_a = {0}, host_b = {0};
    strcpy(host_a.text, a->domain);
    strcpy(host_b.text, b->domain);
    return domain_match(&host_a, b->domain) || domain_match(&host_b, a->domain);
}

/* May this cookie, received in clear text, not stand beside a Secure one of the
 * jar? */
static bool shadows_secure(const struct cookie_jar *jar,
                           const struct cookie *cookie) {
    for (size_t i = 0; i < jar->count; i++) {
        const struct cookie *old = jar->cookies[i];
        if (!old->secure || !slice_equal(old->name, cookie->name))
            continue;
        if (!path_match(cookie->path, old->path))
            continue;
        if (domains_overlap(cookie, old))
            return true;
    }
    return false;
}

/* The promises that a cookie's name, scheme and attributes make (RFC 6265bis
 * 5.7). */
static bool acceptable(const struct cookie_jar *jar,
                       const struct cookie *cookie,
                       const struct parsed *parsed,
                       const struct url *url) {
    bool nameless = cookie->name.size == 0;
    struct slice prefixed = nameless ? cookie->value : cookie->name;
    bool host_prefix = text_begins(prefixed, "__Host-");
    bool prefix = host_prefix || text_begins(prefixed, "__Secure-");
    if (prefix && (nameless || !cookie->secure))
        return false;

    bool of_whole_host = cookie->host_only && slice_is(parsed->path, "/");
    if (host_prefix && !of_whole_host)
        return false;
    if (cookie->same_site == SAME_SITE_NONE && !cookie->secure)
        return false;
    if (url->secure)
        return true;
    return !cookie->secure && !shadows_secure(jar, cookie);
}

/* ---- the jar ---- */

/* The jar has no order: the last one moves into the gap. */
static void remove_expired(struct cookie_jar *jar, int64_t now) {
    for (size_t i = jar->count; i-- > 0;) {
        if (jar->cookies[i]->expiry <= now)
            remove_at(jar, i);
    }
}

/* Should `a` go rather than `b`? */
static bool
goes_first(const struct cookie *a, const struct cookie *b, bool overfull) {
    if (overfull && a->secure != b->secure)
        return b->secure;
    return a->last_use < b->last_use;
}

/* Make room for one more cookie of `domain`: the least recently used goes, of a
 * domain that has too many one without Secure first. */
static void evict(struct cookie_jar *jar, const char *domain) {
    size_t in_domain = 0;
    for (size_t i = 0; i < jar->count; i++)
        in_domain += strcmp(jar->cookies[i]->domain, domain) == 0;
    bool overfull = in_domain >= MAX_COOKIES_PER_DOMAIN;
    if (!overfull && jar->count < MAX_COOKIES)
        return;

    size_t victim = jar->count;
    const struct cookie *worst = NULL;
    for (size_t i = 0; i < jar->count; i++) {
        const struct cookie *cookie = jar->cookies[i];
        if (overfull && strcmp(cookie->domain, domain) != 0)
            continue;
        if (worst && !goes_first(cookie, worst, overfull))
            continue;
        victim = i;
        worst = cookie;
    }

    remove_at(jar, victim);
}

/* Returns where the next text begins. */
static uint8_t *move_text(struct slice *slice, uint8_t *to) {
    if (slice->size)
        memcpy(to, slice->data, slice->size);
    slice->data = to;
    return to + slice->size;
}

/* A copy that owns its texts. */
static struct cookie *copy(struct budget *memory, const struct cookie *cookie) {
    struct cookie *own = budget_alloc(memory, 1, size_of(cookie));
    if (!own)
        return NULL;
    *own = *cookie;
    uint8_t *text = own->text;
    text = move_text(&own->name, text);
    text = move_text(&own->value, text);
    move_text(&own->path, text);
    return own;
}

/* Would one take the other's place? */
static bool is_like(const struct cookie *a, const struct cookie *b) {
    return a->host_only == b->host_only && strcmp(a->domain, b->domain) == 0 &&
           slice_equal(a->name, b->name) && slice_equal(a->path, b->path);
}

/* A cookie for which there is no memory is not kept. */
static void append(struct cookie_jar *jar, const struct cookie *cookie) {
    struct cookie **grown = array_reserve(
        jar->memory, jar->cookies, jar->count, &jar->capacity, sizeof *grown);
    if (!grown)
        return;
    jar->cookies = grown;

    struct cookie *own = copy(jar->memory, cookie);
    if (own)
        jar->cookies[jar->count++] = own;
}

/* Into the jar, in place of its like, whose age it keeps (5.7); one that has
 * expired only removes that, which is how servers delete cookies. */
static void put(struct cookie_jar *jar, struct cookie *cookie, int64_t now) {
    cookie->creation = cookie->last_use = ++jar->clock;
    for (size_t i = 0; i < jar->count; i++) {
        const struct cookie *old = jar->cookies[i];
        if (!is_like(old, cookie))
            continue;
        cookie->creation = old->creation;
        remove_at(jar, i);
        break;
    }

    remove_expired(jar, now);
    if (cookie->expiry <= now)
        return;

    evict(jar, cookie->domain);
    append(jar, cookie);
}

/* When its time is over. */
static int64_t expiry_of(const struct parsed *parsed, int64_t now) {
    int64_t latest = now + MAX_LIFE_SECONDS;
    if (parsed->has_max_age && parsed->max_age == 0)
        return INT64_MIN;
    if (parsed->has_max_age)
        return now + parsed->max_age;
    if (!parsed->has_expires)
        return INT64_MAX;
    return parsed->expires < latest ? parsed->expires : latest;
}

/* What is wrong with a cookie is never an error of the exchange's: it is not
 * stored. */
void cookie_store(struct cookie_jar *jar,
                  const struct url *url,
                  struct slice set_cookie,
                  int64_t now) {
    struct parsed parsed;
    if (!parse(&parsed, set_cookie))
        return;
    struct cookie cookie = {
        .name = parsed.name,
        .value = parsed.value,
        .path = choose_path(&parsed, url),
        .secure = parsed.secure,
        .same_site = parsed.same_site,
        .expiry = expiry_of(&parsed, now),
    };
    if (!choose_domain(jar, &cookie, parsed.domain, &url->host))
        return;
    if (acceptable(jar, &cookie, &parsed, url))
        put(jar, &cookie, now);
}

/* ---- sending ---- */

/* Is it sent with a request for this URL? */
static bool matches(const struct cookie *cookie, const struct url *url) {
    if (cookie->secure && !url->secure)
        return false;
    const struct host *host = &url->host;
    bool same_host = strcmp(cookie->domain, host->text) == 0;
    if (cookie->host_only && !same_host)
        return false;
    return domain_match(host, cookie->domain) &&
           path_match(path_of(url), cookie->path);
}

/* The order of sending (5.8.3): many servers take the first of a name, and the
 * longest path is the most specific. */
static int by_path_then_age(const void *left, const void *right) {
    const struct cookie *a = *(struct cookie *const *)left;
    const struct cookie *b = *(struct cookie *const *)right;
    if (a->path.size > b->path.size)
        return -1;
    if (a->path.size < b->path.size)
        return 1;
    return (a->creation > b->creation) - (a->creation < b->creation);
}

/* Nothing, where no cookie goes with the request. To be sent is to be used, for the
 * order in which cookies are evicted. */
void cookie_header(struct cookie_jar *jar,
                   const struct url *url,
                   int64_t now,
                   struct buffer *out) {
    remove_expired(jar, now);
    struct cookie **found = malloc((jar->count + 1) * sizeof(struct cookie *));
    if (!found)
        return;
    size_t count = 0, size = 0;
    for (size_t i = 0; i < jar->count; i++) {
        if (matches(jar->cookies[i], url))
            found[count++] = jar->cookies[i];
    }
    qsort(found, count, sizeof *found, by_path_then_age);
    for (size_t i = 0; i < count && i < MAX_COOKIES_SENT; i++) {
        struct cookie *cookie = found[i];
        size += cookie->name.size + cookie->value.size + 3;
        if (size > MAX_COOKIE_HEADER_SIZE)
            break;
        if (i > 0)
            buffer_append_text(out, "; ");
        buffer_append_slice(out, cookie->name);
        if (cookie->name.size)
            buffer_append_text(out, "=");
        buffer_append_slice(out, cookie->value);
        cookie->last_use = ++jar->clock;
    }
    free(found);
}
