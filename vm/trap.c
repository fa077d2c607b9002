/* Errors that end a guest: a trap, or memory that was refused. */
#include "vm/trap.h"

#include "vm/store.h"

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

/* While a guest runs the limit ends it, like that of its stack. Before, what
 * was asked for cannot be had. */
bool error_set_memory(const struct vm *vm, struct error *error,
                      const char *what) {
    const struct budget *memory = vm->memory;
    if (!memory->refused)
        return error_set(error, ERROR_IO, "out of memory: %s", what);
    return error_set(error, vm->nesting > 0 ? ERROR_EXHAUSTION : ERROR_IO,
                     "memory limit: %s: %llu bytes more are needed, %llu of "
                     "%llu are left: raise "
                     "--max-memory",
                     what, (unsigned long long)memory->refused,
                     (unsigned long long)budget_left(memory),
                     (unsigned long long)memory->limit);
}
