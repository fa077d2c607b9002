/* The one way to record a failure of the network. See net/net.h. */
#include "net/net.h"

/* The first failure is the reason; what fails while things are cleaned up behind
 * it is a consequence. */
bool net_fail(struct error *error,
              enum net_error code,
              const char *format,
              ...) {
    if (error->kind != ERROR_NONE)
        return false;
    va_list arguments;
    va_start(arguments, format);
    error_set_list(error, ERROR_NET, ERROR_NO_OFFSET, format, arguments);
    va_end(arguments);
    error->code = (int)code;
    return false;
}

const char *net_error_name(enum net_error kind) {
#define X(kind, word) [NET_##kind] = word,
    static const char *const names[] = {[NET_OK] = "ok", NET_ERRORS(X)};
#undef X
    return names[kind];
}
