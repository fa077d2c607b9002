/* What a trap is to the host: a kind of error, and a text. */
#include "vm/trap.h"

bool error_set_trap(struct error *error, enum trap trap) {
    static const struct {
        enum error_kind kind;
        const char *text;
    } traps[] = {{ERROR_NONE, ""},
#define X(name, kind, text) {ERROR_##kind, text},
                 TRAPS(X)
#undef X
    };
    return error_set(error, traps[trap].kind, "%s", traps[trap].text);
}
