/* TLS by Mbed TLS, 2.28 or 3.x; the only file that includes it.
 *
 * What is asked of a server, following RFC 9325: TLS 1.2 or later, ephemeral
 * ECDH with an AEAD, SHA-256 or better in every signature, RSA keys of 2048
 * bits or more, no renegotiation.
 *
 * The library verifies the chain. The name is verified here (RFC 9525), because
 * the library also accepts what it should not: the subject's CN, an address
 * written as a DNS name, a wildcard over a public suffix; and does not know
 * addresses in certificates at all. The library's own check of names stays on
 * where it can be. A CA certificate with name constraints is refused: the
 * library cannot apply them.
 *
 * Sessions are remembered per host and port, in a few slots, so a resumed
 * session was verified for exactly this name with exactly these settings.
 *
 * Deliberately missing: revocation (no CRL, no OCSP), client certificates,
 * pinning. */
#include "net/tls.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SESSION_COUNT = 8,
    MAX_BUNDLE_SIZE = 16 << 20,
    EXPLANATION_SIZE = 256,
    ORIGIN_SHOWN = 160
};

struct session {
    char origin[ORIGIN_TEXT_SIZE]; /* empty: the slot is free */
    mbedtls_ssl_session state;
};

struct tls_settings {
    mbedtls_ssl_config config;
    mbedtls_x509_crt roots;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    struct suffix_list *suffixes; /* borrowed */
    /* For ALPN; the library keeps a pointer to them. */
    const char *protocols[2];
    struct session sessions[SESSION_COUNT];
    unsigned next_session; /* the slot to be overwritten next */
};

struct tls {
    mbedtls_ssl_context ssl;
    int fd; /* borrowed */
    const struct url *origin;
    struct tls_settings *settings;
    char key[ORIGIN_TEXT_SIZE];
    int64_t deadline; /* on clock_ms */
    /* The last bytes received: of an alert in clear, its level and
     * description. */
    uint8_t heard[2];
    bool resumable; /* a remembered session was offered */
    bool name_checked;
};

/* ---- settings ---- */

/* The library skips the numbers it does not know: 0x13xx are those of TLS
 * 1.3. */
/* ECDHE-ECDSA-AES128-GCM-SHA256. */
static const int suites[] = {0x1301,
                             0x1302,
                             0x1303,
                             0xC02B,
                             0xC02F, /* ECDHE-RSA-AES128-GCM-SHA256 */
                             0xC02C, /* ECDHE-ECDSA-AES256-GCM-SHA384 */
                             0xC030, /* ECDHE-RSA-AES256-GCM-SHA384 */
                             0xCCA9, /* ECDHE-ECDSA-CHACHA20-POLY1305-SHA256 */
                             0xCCA8, /* ECDHE-RSA-CHACHA20-POLY1305-SHA256 */
                             0};

/* Where the two major versions differ: the library's own set-up, lowest
 * version, signatures. The versions that are offered are 1.2 and what is newer,
 * as far as the library has it. */
#if MBEDTLS_VERSION_MAJOR >= 3
static const char offered_versions[] = "1.2 and 1.3";
static const int old_version = MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;

/* PKCS #1 v1.5 before PSS: version 3.6.6 offers PSS, which TLS 1.3 needs, but
 * takes it for an error when a server of TLS 1.2 uses it. Servers that go by
 * the client's order then use the former, and in TLS 1.3, where it is not
 * allowed (RFC 8446 section 4.2.3), the latter. */
static const uint16_t signatures[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                      MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
                                      MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
                                      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
                                      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
                                      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
                                      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
                                      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
                                      MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
                                      MBEDTLS_TLS1_3_SIG_NONE};

static bool version_init(mbedtls_ssl_config *config) {
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_sig_algs(config, signatures);
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
    return psa_crypto_init() == PSA_SUCCESS; /* TLS 1.3 needs it */
}
#else
static const char offered_versions[] = "1.2 alone, with Mbed TLS 2.28";
static const int old_version = MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION;

static bool version_init(mbedtls_ssl_config *config) {
    static const int hashes[] = {MBEDTLS_MD_SHA512,
                                 MBEDTLS_MD_SHA384,
                                 MBEDTLS_MD_SHA256,
                                 MBEDTLS_MD_NONE};
    mbedtls_ssl_conf_min_version(
        config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_sig_hashes(config, hashes);
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_next);
    return true;
}
#endif

/* The library's word for its own status, or ours for a certificate it cannot
 * read because of an extension. Of the critical ones it does not know, name
 * constraints are the only common one. */
static void describe(int status, char *out, size_t size) {
    const int unread =
        MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_UNEXPECTED_TAG;
    if (status == unread || status == MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE)
        snprintf(out,
                 size,
                 "%s",
                 "a certificate has a critical extension that the TLS library "
                 "does not know, as CAs "
                 "with name constraints have; it takes one without");
    else
        mbedtls_strerror(status, out, size);
}

/* A bundle may hold certificates this library cannot read; one readable root is
 * enough. */
static bool
read_roots(mbedtls_x509_crt *roots, const char *path, struct error *error) {
    struct buffer bundle;
    struct error failure = ERROR_INIT;
    char why[EXPLANATION_SIZE] = "it holds no certificates in PEM form";
    buffer_init(&bundle, MAX_BUNDLE_SIZE);
    if (!file_read(path, &bundle, &failure)) {
        buffer_free(&bundle);
        return net_fail(error,
                        NET_TLS,
                        "the trusted certificates cannot be opened: %s",
                        failure.text);
    }
    buffer_append(&bundle, "", 1); /* the library wants a NUL behind PEM */
    bool pem = !bundle.failed &&
               strstr((char *)bundle.data, "-----BEGIN CERTIFICATE-----");
    int status = bundle.failed
                     ? 0
                     : mbedtls_x509_crt_parse(roots, bundle.data, bundle.size);
    buffer_free(&bundle);
    if (roots->raw.p)
        return true;
    if (pem)
        describe(status, why, sizeof why);
    return net_fail(error,
                    NET_TLS,
                    "no trusted root certificate could be read from %s: %s",
                    shown_text(path, 160).text,
                    why);
}

/* The certificates to trust; nothing works without at least one. */
static bool
load_roots(mbedtls_x509_crt *roots, const char *ca_file, struct error *error) {
    static const char *const bundles[] = {NET_BUNDLES};
    const char *named = ca_file ? ca_file : getenv("SSL_CERT_FILE");
    if (named)
        return read_roots(roots, named, error);
    /* Of Debian's; the others are tried in vain on Debian. */
    struct error first = ERROR_INIT;
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
        if (read_roots(roots, bundles[i], &first))
            return true;
    }
    return net_fail(error,
                    NET_TLS,
                    "%s; --cacert or SSL_CERT_FILE names others",
                    first.text);
}

/* What all connections share: TLS 1.2 or later, a verified server, the roots. */
static bool settings_init(struct tls_settings *settings,
                          const char *ca_file,
                          struct error *error) {
    mbedtls_ssl_config *config = &settings->config;
    settings->protocols[0] = "http/1.1";
    bool ready =
        mbedtls_ctr_drbg_seed(&settings->random,
                              mbedtls_entropy_func,
                              &settings->entropy,
                              NULL,
                              0) == 0 &&
        mbedtls_ssl_config_defaults(config,
                                    MBEDTLS_SSL_IS_CLIENT,
                                    MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) == 0 &&
        mbedtls_ssl_conf_alpn_protocols(config, settings->protocols) == 0;
    if (!ready || !version_init(config))
        return net_fail(error, NET_TLS, "the TLS library cannot be set up");

    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &settings->random);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_ca_chain(config, &settings->roots, NULL);
    return load_roots(&settings->roots, ca_file, error);
}

/* All parts are initialised before anything can fail, so that closing them is
 * always right. */
struct tls_settings *tls_settings_open(const char *ca_file,
                                       struct suffix_list *suffixes,
                                       struct error *error) {
    struct tls_settings *settings = calloc(1, sizeof *settings);
    if (!settings) {
        net_fail(error, NET_TLS, "no memory for TLS");
        return NULL;
    }
    settings->suffixes = suffixes;
    mbedtls_ssl_config_init(&settings->config);
    mbedtls_x509_crt_init(&settings->roots);
    mbedtls_entropy_init(&settings->entropy);
    mbedtls_ctr_drbg_init(&settings->random);
    for (size_t i = 0; i < SESSION_COUNT; i++)
        mbedtls_ssl_session_init(&settings->sessions[i].state);
    if (settings_init(settings, ca_file, error))
        return settings;
    tls_settings_close(settings);
    return NULL;
}

void tls_settings_close(struct tls_settings *settings) {
    if (!settings)
        return;
    for (size_t i = 0; i < SESSION_COUNT; i++)
        mbedtls_ssl_session_free(&settings->sessions[i].state);
    mbedtls_ssl_config_free(&settings->config);
    mbedtls_x509_crt_free(&settings->roots);
    mbedtls_ctr_drbg_free(&settings->random);
    mbedtls_entropy_free(&settings->entropy);
    free(settings);
}

/* ---- names in certificates ---- */

/* The content of an extension, whose object identifier is 2.5.29.`number`.
 *   Extensions = SEQUENCE of SEQUENCE { OID, [ BOOLEAN critical ], OCTET STRING content } */
static bool find_extension(const mbedtls_x509_crt *certificate,
                           uint8_t number,
                           struct slice *content) {
    const uint8_t wanted[] = {0x55, 0x1D, number};
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    unsigned char *at = certificate->v3_ext.p;
    size_t size;
    if (!at)
        return false;
    const unsigned char *end = at + certificate->v3_ext.len;
    if (mbedtls_asn1_get_tag(&at, end, &size, sequence) != 0)
        return false;

    end = at + size;
    while (at < end && mbedtls_asn1_get_tag(&at, end, &size, sequence) == 0) {
        unsigned char *next = at + size;
        if (mbedtls_asn1_get_tag(&at, next, &size, MBEDTLS_ASN1_OID) != 0)
            return false;
        struct slice name = {at, size};
        bool found = slice_equal(name, (struct slice){wanted, sizeof wanted});
        at += size;

        int critical;
        /* Absent: `at` stays where it is. */
        mbedtls_asn1_get_bool(&at, next, &critical);
        const int octets = MBEDTLS_ASN1_OCTET_STRING;
        if (mbedtls_asn1_get_tag(&at, next, &size, octets) != 0)
            return false;
        *content = (struct slice){at, size};
        if (found)
            return true;
        at = next;
    }
    return false;
}

/* RFC 9525 section 6.3: the whole left label may be "*", nothing else may. */
static bool name_matches(const struct tls *tls, struct slice pattern) {
    const char *host = tls->origin->host.text;
    if (text_equal(pattern, host))
        return true;
    const char *dot = strchr(host, '.');
    return dot && dot > host && text_begins(pattern, "*.") &&
           text_equal(slice_cut(pattern, 1, pattern.size), dot) &&
           !suffix_is_public(tls->settings->suffixes, dot + 1);
}

/* iPAddress: 4 bytes for IPv4, 16 for IPv6. */
static bool address_matches(const struct address *address, struct slice bytes) {
    struct slice own = {address->bytes, sizeof address->bytes};
    if (address_is_v4(address))
        own = slice_cut(own, 12, 16);
    return slice_equal(own, bytes);
}

/* Does subjectAltName name the host? Its items: [2] is a DNS name, [7] an
 * address. */
static bool certificate_names(const mbedtls_x509_crt *certificate,
                              const struct tls *tls) {
    struct slice names;
    if (!find_extension(certificate, 17, &names))
        return false;
    unsigned char *at =
        certificate->v3_ext.p + (names.data - certificate->v3_ext.p);
    size_t size;
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    if (mbedtls_asn1_get_tag(&at, at + names.size, &size, sequence) != 0)
        return false;

    const struct host *host = &tls->origin->host;
    for (const unsigned char *end = at + size; at < end; at += size) {
        int tag = *at;
        if (mbedtls_asn1_get_tag(&at, end, &size, tag) != 0)
            return false;
        struct slice item = {at, size};
        bool dns = tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2);
        bool ip = tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7);
        if (ip && host->is_address && address_matches(&host->address, item))
            return true;
        if (dns && !host->is_address && name_matches(tls, item))
            return true;
    }
    return false;
}

/* Called for each certificate of the chain, the leaf (depth 0) last. */
static int verify(void *context,
                  mbedtls_x509_crt *certificate,
                  int depth,
                  uint32_t *flags) {
    struct tls *tls = context;
    struct slice constraints;
    if (depth > 0 && find_extension(certificate, 30, &constraints))
        *flags |= MBEDTLS_X509_BADCERT_OTHER;
    if (depth > 0)
        return 0;
    tls->name_checked = true;
    if (!certificate_names(certificate, tls))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

/* ---- sessions ---- */

/* By host and port: what one server has given another cannot use. */
static struct session *find_session(struct tls *tls) {
    for (size_t i = 0; i < SESSION_COUNT; i++) {
        struct session *session = &tls->settings->sessions[i];
        if (strcmp(session->origin, tls->key) == 0)
            return session;
    }
    return NULL;
}

/* Remember the session; an older one of the same origin, or the oldest slot,
 * makes room. */
static void save_session(struct tls *tls) {
    mbedtls_ssl_session fresh;
    mbedtls_ssl_session_init(&fresh);
    if (mbedtls_ssl_get_session(&tls->ssl, &fresh) != 0) {
        mbedtls_ssl_session_free(&fresh);
        return;
    }

    struct session *session = find_session(tls);
    if (!session)
        session =
            &tls->settings
                 ->sessions[tls->settings->next_session++ % SESSION_COUNT];
    mbedtls_ssl_session_free(&session->state);
    session->state = fresh;
    snprintf(session->origin, sizeof session->origin, "%s", tls->key);
}

/* ---- connections ---- */

/* What the library calls to send: an attempt that never blocks. */
static int send_bytes(void *context, const unsigned char *bytes, size_t size) {
    ssize_t count = socket_write(((struct tls *)context)->fd, bytes, size);
    if (count >= 0)
        return (int)count;
    return count == IO_WANT_WRITE ? MBEDTLS_ERR_SSL_WANT_WRITE
                                  : MBEDTLS_ERR_NET_CONN_RESET;
}

/* The library goes on by itself while there is something to read, be it only
 * records that mean nothing; so here it meets the deadline. */
static int receive_bytes(void *context, unsigned char *bytes, size_t size) {
    struct tls *tls = context;
    if (clock_ms() >= tls->deadline)
        return MBEDTLS_ERR_SSL_WANT_READ;

    ssize_t count = socket_read(tls->fd, bytes, size);
    for (ssize_t i = count > 2 ? count - 2 : 0; i < count; i++) {
        tls->heard[0] = tls->heard[1];
        tls->heard[1] = bytes[i];
    }

    /* 0: the library reports an end without close_notify. */
    if (count >= 0)
        return (int)count;
    return count == IO_WANT_READ ? MBEDTLS_ERR_SSL_WANT_READ
                                 : MBEDTLS_ERR_NET_CONN_RESET;
}

struct tls *tls_open(struct tls_settings *settings,
                     int fd,
                     const struct url *origin,
                     struct error *error) {
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls) {
        net_fail(error, NET_TLS, "no memory for TLS");
        return NULL;
    }
    tls->fd = fd;
    tls->origin = origin;
    tls->settings = settings;
    url_format_host_port(origin, tls->key);
    mbedtls_ssl_init(&tls->ssl);
    /* The name goes into SNI and the library's own check; an address must go
     * into neither, and the explicit NULL says that leaving it out is meant:
     * `verify` checks the address. */
    const char *name = origin->host.is_address ? NULL : origin->host.text;
    bool ready = mbedtls_ssl_setup(&tls->ssl, &settings->config) == 0 &&
                 mbedtls_ssl_set_hostname(&tls->ssl, name) == 0;
    if (!ready) {
        net_fail(error, NET_TLS, "no memory for TLS");
        tls_close(tls);
        return NULL;
    }
    mbedtls_ssl_set_verify(&tls->ssl, verify, tls);
    mbedtls_ssl_set_bio(&tls->ssl, tls, send_bytes, receive_bytes, NULL);
    struct session *session = find_session(tls);
    tls->resumable =
        session && mbedtls_ssl_set_session(&tls->ssl, &session->state) == 0;
    return tls;
}

void tls_set_deadline(struct tls *tls, int64_t deadline) {
    tls->deadline = deadline;
}

void tls_close(struct tls *tls) {
    mbedtls_ssl_close_notify(&tls->ssl); /* one attempt; nobody waits for it */
    mbedtls_ssl_free(&tls->ssl);
    free(tls);
}

/* ---- why a handshake failed, and what to do ---- */

/* What is wrong with a certificate: the worst first. */
static const struct {
    uint32_t flags;
    const char *why;
} refusals[] = {
    {MBEDTLS_X509_BADCERT_EXPIRED,
     "a certificate has expired; its owner must "
     "renew it, unless the clock here is wrong"},
    {MBEDTLS_X509_BADCERT_FUTURE,
     "a certificate is not valid yet; is the clock here right?"},
    {MBEDTLS_X509_BADCERT_BAD_MD,
     "a certificate has a weak signature (before "
     "SHA-256); the server needs a new one"},
    {MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK,
     "a certificate has a weak key (RSA below 2048 bits); the server needs a "
     "new one"},
    {MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
         MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
     "a certificate is for another purpose than a server's; the server needs "
     "another one"},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED,
     "the certificate is not signed by a trusted root, or the server leaves "
     "out a certificate "
     "between; --cacert names a root of your own"},
    {MBEDTLS_X509_BADCERT_CN_MISMATCH,
     "the certificate is for another host; "
     "ask for the name that it was made for"},
    {MBEDTLS_X509_BADCERT_OTHER,
     "a CA certificate has name constraints, which the TLS library "
     "cannot check; the server needs a chain without"},
};

/* What a server says with an alert (RFC 8446, section 6.2) instead of going
 * on. */
static const struct {
    uint8_t description;
    const char *why;
} alerts[] = {
    {MBEDTLS_SSL_ALERT_MSG_BAD_CERT,
     "the server wants a certificate of the client, which has none"},
    {116, "the server wants a certificate of the client, which has none"},
    {MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY,
     "the server accepts none of the cipher suites of this client"},
    {MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR,
     "the server had an error of its own"},
    {MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME,
     "the server does not know a host of this name"},
    {MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL,
     "the server does not speak HTTP/1.1 there"},
};

/* What the server's last word means to a user. */
static void explain_alert(uint8_t description, char *out, size_t size) {
    snprintf(
        out, size, "the server ended the handshake with alert %d", description);
    if (description == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION)
        snprintf(
            out,
            size,
            "the server wants another version of TLS than this client has: %s",
            offered_versions);
    if (description == MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE)
        snprintf(out,
                 size,
                 "the server accepts no cipher suite or version of TLS that "
                 "this client has (%s), "
                 "or wants a certificate of it",
                 offered_versions);
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        if (alerts[i].description == description)
            snprintf(out, size, "%s", alerts[i].why);
    }
}

/* What a handshake failed of, as far as the library's status tells. */
static void
explain_status(const struct tls *tls, int status, char *out, size_t size) {
    if (status == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        explain_alert(tls->heard[1], out, size);
    else if (status == old_version)
        snprintf(out,
                 size,
                 "the server has no version of TLS that is safe: 1.2 is the "
                 "oldest taken");
    else if (status == MBEDTLS_ERR_SSL_INVALID_RECORD)
        snprintf(
            out,
            size,
            "what answers does not speak TLS; is it a server for http:// ?");
    else if (status == MBEDTLS_ERR_SSL_CONN_EOF ||
             status == MBEDTLS_ERR_NET_CONN_RESET)
        snprintf(
            out,
            size,
            "the server closed the connection in the middle of the handshake");
    else
        describe(status, out, size);
}

/* What is wrong with the certificate if it came to that, else with the
 * handshake. */
static void explain(const struct tls *tls, int status, struct error *error) {
    char why[EXPLANATION_SIZE];
    explain_status(tls, status, why, sizeof why);
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    for (size_t i = 0;
         flags != UINT32_MAX && i < sizeof refusals / sizeof *refusals;
         i++) {
        if (!(flags & refusals[i].flags))
            continue;
        snprintf(why, sizeof why, "%s", refusals[i].why);
        break;
    }

    net_fail(error,
             NET_TLS,
             "TLS with %s: %s",
             shown_text(tls->key, ORIGIN_SHOWN).text,
             why);
}

/* ---- reading and writing ---- */

enum io tls_handshake(struct tls *tls, struct error *error) {
    int status = mbedtls_ssl_handshake(&tls->ssl);
    if (status == MBEDTLS_ERR_SSL_WANT_READ)
        return IO_WANT_READ;
    if (status == MBEDTLS_ERR_SSL_WANT_WRITE)
        return IO_WANT_WRITE;
    if (status != 0) {
        explain(tls, status, error);
        return IO_BROKEN;
    }

    if (!tls->name_checked && !tls->resumable) {
        /* Never seen; but nothing may hang on that. */
        net_fail(error,
                 NET_TLS,
                 "TLS with %s: no certificate was verified",
                 shown_text(tls->key, ORIGIN_SHOWN).text);
        return IO_BROKEN;
    }

    save_session(tls);
    return IO_END;
}

/* What the callbacks above said, come back through the library. */
static ssize_t io_status(int status) {
    if (status == MBEDTLS_ERR_SSL_WANT_WRITE)
        return IO_WANT_WRITE;
    if (status == MBEDTLS_ERR_SSL_WANT_READ)
        return IO_WANT_READ;
    return IO_BROKEN;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size) {
    for (;;) {
        int count = mbedtls_ssl_read(&tls->ssl, bytes, size);
        if (count > 0)
            return count;
        if (count == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            return IO_END;
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
        /* TLS 1.3 sends what resumes a session after the handshake, among the
         * data. */
        if (count == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            save_session(tls);
            continue;
        }
#endif
        return io_status(count); /* 0 too: an end without close_notify */
    }
}

/* The library may take less than all; who sends goes on with the rest. */
ssize_t tls_write(struct tls *tls, const void *bytes, size_t size) {
    int count = mbedtls_ssl_write(&tls->ssl, bytes, size);
    return count > 0 ? count : io_status(count);
}

bool tls_has_pending(const struct tls *tls) {
    return mbedtls_ssl_get_bytes_avail(&tls->ssl) > 0;
}

void tls_version(char *out, size_t size) {
    char version[16]; /* it writes 9 bytes at most */
    mbedtls_version_get_string(version);
    snprintf(out, size, "Mbed TLS %s", version);
}

void tls_describe(const struct tls *tls, char *out, size_t size) {
    snprintf(out,
             size,
             "%s %s%s",
             mbedtls_ssl_get_version(&tls->ssl),
             mbedtls_ssl_get_ciphersuite(&tls->ssl),
             tls->name_checked ? "" : ", resumed");
}
