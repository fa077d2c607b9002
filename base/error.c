/* struct error: the first failure of an operation, with what, where and what to
 * do.
 *
 * The text has a fixed size, so that failing needs no memory and leaves nothing
 * to free. Who quotes something limits that, so that all of the text fits.
 * Whoever forgets to, or to escape it, does no harm: what would is escaped
 * here, and what is too long is cut at its end. */
#include "base/base.h"

bool error_set_list(struct error *error,
                    enum error_kind kind,
                    uint64_t offset,
                    const char *format,
                    va_list arguments) {
    if (error->kind != ERROR_NONE)
        return false;
    error->kind = kind;
    error->code = 0;
    error->offset = offset;
    /* What it cuts off is cut off below, with a mark. */
    char text[2 * sizeof error->text];
    vsnprintf(text, sizeof text, format, arguments);
    shown_write(slice_of(text), error->text, sizeof error->text);
    return false;
}

bool error_set(struct error *error,
               enum error_kind kind,
               const char *format,
               ...) {
    va_list arguments;
    va_start(arguments, format);
    error_set_list(error, kind, ERROR_NO_OFFSET, format, arguments);
    va_end(arguments);
    return false;
}

bool error_set_at(struct error *error,
                  enum error_kind kind,
                  uint64_t offset,
                  const char *format,
                  ...) {
    va_list arguments;
    va_start(arguments, format);
    error_set_list(error, kind, offset, format, arguments);
    va_end(arguments);
    return false;
}

const char *error_kind_name(enum error_kind kind) {
#define X(kind, word) [ERROR_##kind] = word,
    static const char *const names[] = {[ERROR_NONE] = "no error",
                                        ERROR_KINDS(X)};
#undef X
    return names[kind];
}
