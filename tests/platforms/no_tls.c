/* In place of net/tls.c and net/suffix.c where there are no libraries for them,
 * as for musl on Debian: there every https request fails, and every name of two
 * labels is somebody's own. It is linked before the library, whose two objects
 * are then not needed. */
#include "net/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls_settings {
    char unused;
};

struct tls_settings *tls_settings_open(const char *ca_file,
                                       struct suffix_list *suffixes,
                                       struct error *error) {
    (void)suffixes;
    bool readable = !ca_file || access(ca_file, R_OK) == 0;
    const char *why = readable ? "not read" : strerror(errno);
    struct shown file = shown_text(ca_file ? ca_file : "no file", 160);
    net_fail(error, NET_TLS, "no TLS in this program; %s: %s", file.text, why);
    return NULL;
}

void tls_settings_close(struct tls_settings *settings) {
    (void)settings;
}

/* Nothing below is called: there are no settings to begin with. */

struct tls *tls_open(struct tls_settings *settings,
                     int fd,
                     const struct url *origin,
                     struct error *error) {
    (void)settings, (void)fd, (void)origin, (void)error;
    return NULL;
}

void tls_close(struct tls *tls) {
    (void)tls;
}

void tls_set_deadline(struct tls *tls, int64_t deadline) {
    (void)tls, (void)deadline;
}

enum io tls_handshake(struct tls *tls, struct error *error) {
    (void)tls, (void)error;
    return IO_BROKEN;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size) {
    (void)tls, (void)bytes, (void)size;
    return IO_BROKEN;
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t size) {
    (void)tls, (void)bytes, (void)size;
    return IO_BROKEN;
}

bool tls_has_pending(const struct tls *tls) {
    (void)tls;
    return false;
}

void tls_describe(const struct tls *tls, char *out, size_t size) {
    (void)tls;
    snprintf(out, size, "none");
}

void tls_version(char *out, size_t size) {
    snprintf(out, size, "no TLS");
}

/* ---- public suffixes ---- */

struct suffix_list *suffix_open(void) {
    return calloc(1, 1);
}

void suffix_close(struct suffix_list *list) {
    free(list);
}

bool suffix_is_public(struct suffix_list *list, const char *name) {
    (void)list;
    return !strchr(name, '.');
}

const char *suffix_version(void) {
    return "none";
}
