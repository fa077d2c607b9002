/* What the VM costs a program that embeds it: `embed LOAD ALL`, two modules of
 * bench/generate. It prints how fast the first is loaded and what memory that
 * takes, the same for the second with all its functions called, and so
 * translated, once; and the time of a call from here. CPU time, the best of
 * some attempts each. */
#include "vm/vm.h"

#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 5, CALLS = 1000000 };

/* CPU time of this process: others use the machine too. */
static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Resident bytes, where there is /proc; else 0. */
static double resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    double pages = 0;
    if (file && fscanf(file, "%*f %lf", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (double)sysconf(_SC_PAGESIZE);
}

static bool fd_write(void *context,
                     struct instance *caller,
                     uint64_t *slots,
                     struct error *error) {
    (void)context, (void)caller, (void)error;
    slots[0] = 0;
    return true;
}

/* Load and instantiate, and call `_start` if there is one; NULL if that
 * fails. */
static struct instance *
run(struct vm *vm, struct slice bytes, struct error *error) {
    bool defined = vm_define(vm,
                             "wasi_snapshot_preview1",
                             "fd_write",
                             "iiii:i",
                             fd_write,
                             NULL,
                             error);
    struct module *module = defined ? vm_load(vm, bytes, error) : NULL;
    struct instance *instance =
        module ? vm_instantiate(vm, module, error) : NULL;
    struct function *start =
        instance ? vm_find_function(instance, slice_of("_start")) : NULL;
    return start && vm_call(start, NULL, 0, NULL, error) ? instance : NULL;
}

/* Nanoseconds of one call. */
static double time_calls(struct instance *instance, struct error *error) {
    struct function *call = vm_find_function(instance, slice_of("call"));
    struct vm_value args[2] = {{.type = VM_I32}, {.type = VM_I32, .of.i32 = 3}};
    if (!call)
        return 0;
    int64_t begin = cpu_ns();
    for (int i = 0; i < CALLS; i++) {
        if (!vm_call(call, args, 2, &args[0], error))
            return 0;
    }
    return (double)(cpu_ns() - begin) / CALLS;
}

static double least(double a, double b) {
    return a == 0 || b < a ? b : a;
}

static bool
measure(const char *path, const char *what, bool calls, struct error *error) {
    struct buffer bytes;
    struct vm_limits limits = vm_limits_default();
    double ns = 0, call_ns = 0, memory = 0;
    buffer_init(&bytes, VM_MODULE_BYTES);
    if (!file_read(path, &bytes, error))
        return false;
    for (int i = 0; i < ATTEMPTS && error->kind == ERROR_NONE; i++) {
        struct vm *vm = vm_open(&limits, error);
        double before = resident();
        int64_t begin = cpu_ns();
        struct instance *instance =
            vm ? run(vm, buffer_slice(&bytes), error) : NULL;
        ns = least(ns, (double)(cpu_ns() - begin));
        memory = least(memory, resident() - before);
        if (instance && calls)
            call_ns = least(call_ns, time_calls(instance, error));
        vm_close(vm);
    }
    double size = (double)bytes.size;
    printf("%-16s %8.1f MB/s, %.2f of the module's size in memory\n",
           what,
           size / ns * 1e3,
           memory / size);
    if (calls)
        printf("call from host   %8.1f ns\n", call_ns);
    buffer_free(&bytes);
    return error->kind == ERROR_NONE;
}

int main(int argc, char **argv) {
    struct error error = ERROR_INIT;
    if (argc != 3)
        return 2;
    if (measure(argv[1], "load", true, &error) &&
        measure(argv[2], "load, call all", false, &error)) {
        return 0;
    }
    fprintf(stderr, "%s\n", error.text);
    return 1;
}
