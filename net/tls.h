/* TLS over a connected socket: the chain and the name are always verified. */
#ifndef HOSTEL_NET_TLS_H
#define HOSTEL_NET_TLS_H

#include "net/socket.h"
#include "net/suffix.h"

/* Trusted roots, random numbers, remembered sessions: shared by a client's
 * connections. */
struct tls_settings;

/* Roots from `ca_file`, else SSL_CERT_FILE, else the system's bundle; failing
 * if there are none. */
struct tls_settings *tls_settings_open(const char *ca_file,
                                       struct suffix_list *suffixes,
                                       struct error *error);
void tls_settings_close(struct tls_settings *settings);

struct tls;

/* `origin` must outlive the connection's handshake. NULL on failure. */
struct tls *tls_open(struct tls_settings *settings,
                     int fd,
                     const struct url *origin,
                     struct error *error);
void tls_close(struct tls *tls);

/* When what follows must have an end, on clock_ms: later, attempts only want to
 * read. */
void tls_set_deadline(struct tls *tls, int64_t deadline);

/* Each of these makes one attempt and never waits. The handshake returns IO_END
 * when it is complete; IO_BROKEN comes with an error. */
enum io tls_handshake(struct tls *tls, struct error *error);

/* A count, or an enum io. IO_END only after the server's close_notify. */
ssize_t tls_read(struct tls *tls, void *bytes, size_t size);
ssize_t tls_write(struct tls *tls, const void *bytes, size_t size);

/* True if decrypted bytes wait inside, which poll cannot see. */
bool tls_has_pending(const struct tls *tls);

/* "Mbed TLS 2.28.3": the one that is in use. */
void tls_version(char *out, size_t size);

/* "TLSv1.2, ECDHE-..., resumed" for the trace. */
void tls_describe(const struct tls *tls, char *out, size_t size);

#endif
