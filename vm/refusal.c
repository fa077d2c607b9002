/* What a refusal is to who asked: memory that the limit or the system does not
 * give, and time that is up. */
#include "vm/store.h"

/* While a guest runs the limit ends it, like that of its stack. Before, what
 * was asked for cannot be had. */
bool error_set_memory(const struct vm *vm,
                      struct error *error,
                      const char *what) {
    const struct budget *memory = vm->memory;
    if (!memory->refused)
        return error_set(error, ERROR_IO, "out of memory: %s", what);
    return error_set(error,
                     vm->nesting > 0 ? ERROR_EXHAUSTION : ERROR_IO,
                     "memory limit: %s: %llu bytes more are needed, %llu of "
                     "%llu are left: raise --max-memory",
                     what,
                     (unsigned long long)memory->refused,
                     (unsigned long long)budget_left(memory),
                     (unsigned long long)memory->limit);
}

bool module_no_memory(const struct module *module,
                      struct reader *reader,
                      const char *what) {
    error_set_memory(module->vm, reader->error, what);
    return reader_stop(reader);
}

void reader_time_out(const struct module *module, struct reader *reader) {
    vm_time_out(module->vm, reader->error);
    reader->failed = true;
}
