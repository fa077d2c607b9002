/* struct error: the first failure of an operation, with what, where and what to do.
 *
 * The text has a fixed size, so that failing needs no memory and leaves nothing to free. What is
 * longer is cut at its end; who quotes something long limits that (%.160s), since the reason mostly
 * stands behind it.
 */
#include "base/base.h"

#include <stdarg.h>

static bool record(struct error *error, enum error_kind kind, uint64_t offset, const char *format,
                   va_list arguments) {
    if (error->kind != ERROR_NONE) return false;
    error->kind = kind;
    error->code = 0;
    error->offset = offset;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    /* Names out of modules and headers must not drive the user's terminal. */
    for (char *c = error->text; *c; c++) {
        bool c1 = (uint8_t)c[0] == 0xC2 && (uint8_t)c[1] < 0xA0; /* U+0080 to U+009F */
        if (c1 && c[1]) c[1] = '?';
        if (c1 || ascii_is_control((uint8_t)*c)) *c = '?';
    }
    return false;
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    record(error, kind, ERROR_NO_OFFSET, format, arguments);
    va_end(arguments);
    return false;
}

bool error_set_at(struct error *error, enum error_kind kind, uint64_t offset, const char *format,
                  ...) {
    va_list arguments;
    va_start(arguments, format);
    record(error, kind, offset, format, arguments);
    va_end(arguments);
    return false;
}

const char *error_kind_name(enum error_kind kind) {
#define X(kind, word) [ERROR_##kind] = word,
    static const char *const names[] = {[ERROR_NONE] = "no error", ERROR_KINDS(X)};
#undef X
    return names[kind];
}
