/* TLS by Mbed TLS, 2.28 or 3.x; the only file that includes it.
 *
 * What is asked of a server, following RFC 9325: TLS 1.2 or later, ephemeral ECDH with an AEAD,
 * SHA-256 or better in every signature, RSA keys of 2048 bits or more, no renegotiation.
 *
 * The library verifies the chain. The name is verified here (RFC 9525), because the library also
 * accepts what it should not: the subject's CN, an address written as a DNS name, a wildcard over
 * a public suffix; and does not know addresses in certificates at all. The library's own check of
 * names stays on where it can be. A CA certificate with name constraints is refused: the library
 * cannot apply them.
 *
 * Sessions are remembered per host and port, in a few slots, so a resumed session was verified for
 * exactly this name with exactly these settings.
 *
 * Deliberately missing: revocation (no CRL, no OCSP), client certificates, pinning.
 */
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

enum { SESSION_COUNT = 8 };

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
    const char *protocols[2];     /* for ALPN; the library keeps a pointer to them */
    struct session sessions[SESSION_COUNT];
    unsigned next_session; /* the slot to be overwritten next */
};

struct tls {
    mbedtls_ssl_context ssl;
    int fd; /* borrowed */
    const struct url *origin;
    struct tls_settings *settings;
    char key[ORIGIN_TEXT_SIZE];
    bool resumable; /* a remembered session was offered */
    bool name_checked;
};

/* ---- settings ---- */

/* The library skips the numbers it does not know: 0x13xx are those of TLS 1.3. */
static const int suites[] = {0x1301, 0x1302, 0x1303, 0xC02B, /* ECDHE-ECDSA-AES128-GCM-SHA256 */
                             0xC02F,                         /* ECDHE-RSA-AES128-GCM-SHA256 */
                             0xC02C,                         /* ECDHE-ECDSA-AES256-GCM-SHA384 */
                             0xC030,                         /* ECDHE-RSA-AES256-GCM-SHA384 */
                             0xCCA9, /* ECDHE-ECDSA-CHACHA20-POLY1305-SHA256 */
                             0xCCA8, /* ECDHE-RSA-CHACHA20-POLY1305-SHA256 */
                             0};

/* Where the two major versions differ: the library's own set-up, lowest version, signatures. */
#if MBEDTLS_VERSION_MAJOR >= 3
static bool version_init(mbedtls_ssl_config *config) {
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_default);
    return psa_crypto_init() == PSA_SUCCESS; /* TLS 1.3 needs it; signatures have no SHA-1 */
}
#else
static bool version_init(mbedtls_ssl_config *config) {
    static const int hashes[] = {MBEDTLS_MD_SHA512, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA256,
                                 MBEDTLS_MD_NONE};
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_sig_hashes(config, hashes);
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_next);
    return true;
}
#endif

/* The certificates to trust; nothing works without at least one. */
static bool load_roots(mbedtls_x509_crt *roots, const char *ca_file, struct error *error) {
    static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                          "/etc/pki/tls/certs/ca-bundle.crt",
                                          "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem", NULL};
    const char *named = ca_file ? ca_file : getenv("SSL_CERT_FILE");
    const char *path = named;
    for (size_t i = 0; !named && bundles[i]; i++) {
        path = bundles[i];
        if (access(path, R_OK) == 0) break;
    }
    /* A bundle may hold certificates this library cannot read; one readable root is enough. */
    mbedtls_x509_crt_parse_file(roots, path);
    if (roots->raw.p) return true;
    return net_fail(error, NET_TLS, "no trusted root certificate could be read from %s: %s",
                    shown_text(path, 160).text,
                    access(path, R_OK) == 0 ? "it holds none" : strerror(errno));
}

static bool settings_init(struct tls_settings *settings, const char *ca_file, struct error *error) {
    mbedtls_ssl_config *config = &settings->config;
    settings->protocols[0] = "http/1.1";
    if (mbedtls_ctr_drbg_seed(&settings->random, mbedtls_entropy_func, &settings->entropy, NULL,
                              0) != 0 ||
        mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_alpn_protocols(config, settings->protocols) != 0 || !version_init(config))
        return net_fail(error, NET_TLS, "the TLS library cannot be set up");
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &settings->random);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_ca_chain(config, &settings->roots, NULL);
    return load_roots(&settings->roots, ca_file, error);
}

struct tls_settings *tls_settings_open(const char *ca_file, struct suffix_list *suffixes,
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
    if (settings_init(settings, ca_file, error)) return settings;
    tls_settings_close(settings);
    return NULL;
}

void tls_settings_close(struct tls_settings *settings) {
    if (!settings) return;
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
static bool find_extension(const mbedtls_x509_crt *certificate, uint8_t number,
                           struct slice *content) {
    const uint8_t wanted[] = {0x55, 0x1D, number};
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    unsigned char *at = certificate->v3_ext.p;
    size_t size;
    if (!at || mbedtls_asn1_get_tag(&at, at + certificate->v3_ext.len, &size, sequence) != 0)
        return false;
    const unsigned char *end = at + size;
    while (at < end && mbedtls_asn1_get_tag(&at, end, &size, sequence) == 0) {
        unsigned char *next = at + size;
        if (mbedtls_asn1_get_tag(&at, next, &size, MBEDTLS_ASN1_OID) != 0) return false;
        bool found = slice_equal((struct slice){at, size}, (struct slice){wanted, sizeof wanted});
        at += size;
        int critical;
        mbedtls_asn1_get_bool(&at, next, &critical); /* absent: `at` stays where it is */
        if (mbedtls_asn1_get_tag(&at, next, &size, MBEDTLS_ASN1_OCTET_STRING) != 0) return false;
        *content = (struct slice){at, size};
        if (found) return true;
        at = next;
    }
    return false;
}

/* RFC 9525 section 6.3: the whole left label may be "*", nothing else may. */
static bool name_matches(const struct tls *tls, struct slice pattern) {
    const char *host = tls->origin->host.text;
    if (text_equal(pattern, host)) return true;
    const char *dot = strchr(host, '.');
    return dot && dot > host && text_begins(pattern, "*.") &&
           text_equal(slice_cut(pattern, 1, pattern.size), dot) &&
           !suffix_is_public(tls->settings->suffixes, dot + 1);
}

/* iPAddress: 4 bytes for IPv4, 16 for IPv6. */
static bool address_matches(const struct address *address, struct slice bytes) {
    struct slice own = {address->bytes, sizeof address->bytes};
    if (address_is_v4(address)) own = slice_cut(own, 12, 16);
    return slice_equal(own, bytes);
}

/* Does subjectAltName name the host? Its items: [2] is a DNS name, [7] an address. */
static bool certificate_names(const mbedtls_x509_crt *certificate, const struct tls *tls) {
    struct slice names;
    if (!find_extension(certificate, 17, &names)) return false;
    unsigned char *at = certificate->v3_ext.p + (names.data - certificate->v3_ext.p);
    size_t size;
    if (mbedtls_asn1_get_tag(&at, at + names.size, &size,
                             MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0)
        return false;
    const struct host *host = &tls->origin->host;
    for (const unsigned char *end = at + size; at < end; at += size) {
        int tag = *at;
        if (mbedtls_asn1_get_tag(&at, end, &size, tag) != 0) return false;
        struct slice item = {at, size};
        bool dns = tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2);
        bool ip = tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7);
        if (host->is_address ? ip && address_matches(&host->address, item)
                             : dns && name_matches(tls, item))
            return true;
    }
    return false;
}

/* Called for each certificate of the chain, the leaf (depth 0) last. */
static int verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    struct tls *tls = context;
    struct slice constraints;
    if (depth > 0 && find_extension(certificate, 30, &constraints))
        *flags |= MBEDTLS_X509_BADCERT_OTHER;
    if (depth > 0) return 0;
    tls->name_checked = true;
    if (!certificate_names(certificate, tls)) *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

/* ---- sessions ---- */

static struct session *find_session(struct tls *tls) {
    for (size_t i = 0; i < SESSION_COUNT; i++) {
        struct session *session = &tls->settings->sessions[i];
        if (strcmp(session->origin, tls->key) == 0) return session;
    }
    return NULL;
}

/* Remember the session; an older one of the same origin, or the oldest slot, makes room. */
static void save_session(struct tls *tls) {
    mbedtls_ssl_session fresh;
    mbedtls_ssl_session_init(&fresh);
    if (mbedtls_ssl_get_session(&tls->ssl, &fresh) != 0) {
        mbedtls_ssl_session_free(&fresh);
        return;
    }
    struct session *session = find_session(tls);
    if (!session) session = &tls->settings->sessions[tls->settings->next_session++ % SESSION_COUNT];
    mbedtls_ssl_session_free(&session->state);
    session->state = fresh;
    snprintf(session->origin, sizeof session->origin, "%s", tls->key);
}

/* ---- connections ---- */

static int send_bytes(void *context, const unsigned char *bytes, size_t size) {
    ssize_t count = socket_write(((struct tls *)context)->fd, bytes, size);
    if (count >= 0) return (int)count;
    return count == IO_WANT_WRITE ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_CONN_RESET;
}

static int receive_bytes(void *context, unsigned char *bytes, size_t size) {
    ssize_t count = socket_read(((struct tls *)context)->fd, bytes, size);
    if (count >= 0) return (int)count; /* 0: the library reports an end without close_notify */
    return count == IO_WANT_READ ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_CONN_RESET;
}

struct tls *tls_open(struct tls_settings *settings, int fd, const struct url *origin,
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
    /* The name goes into SNI and the library's own check; an address must go into neither, and
     * the explicit NULL says that leaving it out is meant: `verify` checks the address. */
    const char *name = origin->host.is_address ? NULL : origin->host.text;
    if (mbedtls_ssl_setup(&tls->ssl, &settings->config) != 0 ||
        mbedtls_ssl_set_hostname(&tls->ssl, name) != 0) {
        net_fail(error, NET_TLS, "no memory for TLS");
        tls_close(tls);
        return NULL;
    }
    mbedtls_ssl_set_verify(&tls->ssl, verify, tls);
    mbedtls_ssl_set_bio(&tls->ssl, tls, send_bytes, receive_bytes, NULL);
    struct session *session = find_session(tls);
    tls->resumable = session && mbedtls_ssl_set_session(&tls->ssl, &session->state) == 0;
    return tls;
}

void tls_close(struct tls *tls) {
    mbedtls_ssl_close_notify(&tls->ssl); /* one attempt; nobody waits for it */
    mbedtls_ssl_free(&tls->ssl);
    free(tls);
}

static const struct {
    uint32_t flags;
    const char *why;
} refusals[] = {
    {MBEDTLS_X509_BADCERT_EXPIRED, "a certificate has expired"},
    {MBEDTLS_X509_BADCERT_FUTURE, "a certificate is not valid yet"},
    {MBEDTLS_X509_BADCERT_BAD_MD, "a certificate has a weak signature"},
    {MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK, "a certificate has a weak key"},
    {MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
         MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
     "a certificate is for another purpose"},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED, "the certificate is not signed by a trusted root"},
    {MBEDTLS_X509_BADCERT_CN_MISMATCH, "the certificate is for another host"},
    {MBEDTLS_X509_BADCERT_OTHER, "a CA certificate has name constraints"},
};

/* Say why the handshake failed: what is wrong with the certificate, or the library's own text. */
static void explain(const struct tls *tls, int status, struct error *error) {
    char text[128];
    mbedtls_strerror(status, text, sizeof text);
    const char *why = text;
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    for (size_t i = 0; flags != UINT32_MAX && i < sizeof refusals / sizeof *refusals; i++) {
        if (!(flags & refusals[i].flags)) continue;
        why = refusals[i].why;
        break;
    }
    net_fail(error, NET_TLS, "TLS with %s: %s", shown_text(tls->key, SHOWN_MAX).text, why);
}

enum io tls_handshake(struct tls *tls, struct error *error) {
    int status = mbedtls_ssl_handshake(&tls->ssl);
    if (status == MBEDTLS_ERR_SSL_WANT_READ) return IO_WANT_READ;
    if (status == MBEDTLS_ERR_SSL_WANT_WRITE) return IO_WANT_WRITE;
    if (status != 0) {
        explain(tls, status, error);
        return IO_BROKEN;
    }
    if (!tls->name_checked && !tls->resumable) { /* never seen; but nothing may hang on that */
        net_fail(error, NET_TLS, "TLS with %s: no certificate was verified",
                 shown_text(tls->key, SHOWN_MAX).text);
        return IO_BROKEN;
    }
    save_session(tls);
    return IO_END;
}

/* What the callbacks above said, come back through the library. */
static ssize_t io_status(int status) {
    if (status == MBEDTLS_ERR_SSL_WANT_WRITE) return IO_WANT_WRITE;
    if (status == MBEDTLS_ERR_SSL_WANT_READ) return IO_WANT_READ;
    return IO_BROKEN;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size) {
    for (;;) {
        int count = mbedtls_ssl_read(&tls->ssl, bytes, size);
        if (count > 0) return count;
        if (count == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return IO_END;
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
        /* TLS 1.3 sends what resumes a session after the handshake, among the data. */
        if (count == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            save_session(tls);
            continue;
        }
#endif
        return io_status(count); /* 0 too: an end without close_notify */
    }
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t size) {
    int count = mbedtls_ssl_write(&tls->ssl, bytes, size);
    return count > 0 ? count : io_status(count);
}

bool tls_has_pending(const struct tls *tls) {
    return mbedtls_ssl_get_bytes_avail(&tls->ssl) > 0;
}

void tls_describe(const struct tls *tls, char *out, size_t size) {
    snprintf(out, size, "%s %s%s", mbedtls_ssl_get_version(&tls->ssl),
             mbedtls_ssl_get_ciphersuite(&tls->ssl), tls->name_checked ? "" : ", resumed");
}
