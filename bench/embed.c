/* What the VM costs a program that embeds it: `embed MODULE`, for a module of bench/generate. It
 * prints how fast the module is loaded, the memory that takes, and the time of a call of one of its
 * functions from here: CPU time, the best of some attempts each. */
#include "vm/vm.h"

#include <malloc.h>
#include <time.h>

enum { ATTEMPTS = 5, CALLS = 1000000 };

/* CPU time of this process: others use the machine too. */
static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static bool fd_write(void *context, struct instance *caller, uint64_t *slots, struct error *error) {
    (void)context, (void)caller, (void)error;
    slots[0] = 0;
    return true;
}

/* Load and instantiate; NULL for a module that is not as it should be. */
static struct instance *load(struct vm *vm, struct slice bytes, struct error *error) {
    bool defined =
        vm_define(vm, "wasi_snapshot_preview1", "fd_write", "iiii:i", fd_write, NULL, error);
    struct module *module = defined ? vm_load(vm, bytes, error) : NULL;
    return module ? vm_instantiate(vm, module, error) : NULL;
}

/* Nanoseconds of one call. */
static double time_calls(struct instance *instance, struct error *error) {
    struct function *call = vm_find_function(instance, slice_of("call"));
    struct vm_value args[2] = {{.type = VM_I32}, {.type = VM_I32, .of.i32 = 3}};
    if (!call) return 0;
    int64_t begin = cpu_ns();
    for (int i = 0; i < CALLS; i++) {
        if (!vm_call(call, args, 2, &args[0], error)) return 0;
    }
    return (double)(cpu_ns() - begin) / CALLS;
}

static double least(double a, double b) {
    return a == 0 || b < a ? b : a;
}

int main(int argc, char **argv) {
    struct error error = ERROR_INIT;
    struct buffer bytes;
    struct vm_limits limits = vm_limits_default();
    double load_ns = 0, call_ns = 0, memory = 0;
    buffer_init(&bytes, 1 << 30);
    if (argc != 2 || !file_read(argv[1], &bytes, &error)) return 1;
    for (int i = 0; i < ATTEMPTS && error.kind == ERROR_NONE; i++) {
        struct vm *vm = vm_open(&limits, &error);
        struct mallinfo2 before = mallinfo2();
        int64_t begin = cpu_ns();
        struct instance *instance = vm ? load(vm, buffer_slice(&bytes), &error) : NULL;
        load_ns = least(load_ns, (double)(cpu_ns() - begin));
        struct mallinfo2 after = mallinfo2();
        memory =
            (double)(after.uordblks + after.hblkhd) - (double)(before.uordblks + before.hblkhd);
        if (instance) call_ns = least(call_ns, time_calls(instance, &error));
        vm_close(vm);
    }
    if (error.kind != ERROR_NONE) fprintf(stderr, "%s\n", error.text);
    double size = (double)bytes.size;
    printf("load             %8.1f MB/s\n", size / load_ns * 1e3);
    printf("memory           %8.2f of the module's size\n", memory / size);
    printf("call from host   %8.1f ns\n", call_ns);
    buffer_free(&bytes);
    return error.kind != ERROR_NONE;
}
