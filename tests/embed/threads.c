/* Vms in threads of their own share nothing: `threads GUESTS`. Built with the
 * thread sanitizer, as is the library it links. One of the threads has its
 * guest interrupted by another. */
#include <hostel/vm.h>
#include <hostel/wasi.h>

#include <pthread.h>
#include <time.h>

enum { THREADS = 4, ROUNDS = 20 };

static const char *guests;
static struct hostel_vm *endless; /* whose guest is interrupted */

static bool add(void *context,
                struct hostel_instance *caller,
                uint64_t *slots,
                struct hostel_error *error) {
    (void)context, (void)caller, (void)error;
    slots[0] = (uint32_t)(slots[0] + slots[1]);
    return true;
}

/* Load the guest into `vm`, call a function of it, and give it back. */
static bool call(struct hostel_vm *vm,
                 const char *name,
                 struct hostel_vm_value *values,
                 struct hostel_error *error) {
    char path[1000];
    struct hostel_buffer bytes;
    snprintf(path, sizeof path, "%s/embed.wasm", guests);
    hostel_buffer_init(&bytes, HOSTEL_VM_MODULE_BYTES);
    bool ok = hostel_vm_define(vm, "env", "add", "ii:i", add, NULL, error) &&
              hostel_file_read(path, &bytes, error);
    struct hostel_module *module =
        ok ? hostel_vm_load(vm, hostel_buffer_slice(&bytes), error) : NULL;
    struct hostel_instance *instance =
        module ? hostel_vm_instantiate(vm, module, error) : NULL;
    ok = false;
    if (instance) {
        struct hostel_function *function =
            hostel_vm_find_function(instance, hostel_slice_of(name));
        uint32_t count = hostel_vm_function_type(function)->param_count;
        ok = hostel_vm_call(function, values, count, values, error) &&
             hostel_vm_discard(&instance, 1, error) &&
             hostel_vm_unload(module, error);
    }
    if (vm != endless)
        hostel_vm_close(vm);
    hostel_buffer_free(&bytes);
    return ok;
}

/* NULL if all went well, else what did not. */
static void *work(void *unused) {
    (void)unused;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct hostel_error error = HOSTEL_ERROR_INIT;
        struct hostel_vm_limits limits = hostel_vm_limits_default();
        struct hostel_vm_value values[2] = {{HOSTEL_VM_I32, {i}},
                                            {HOSTEL_VM_I32, {2}}};
        struct hostel_wasi_config config = {.arg_count = 0};
        struct hostel_vm *vm = hostel_vm_open(&limits, &error);
        struct hostel_wasi *wasi = hostel_wasi_open(&config, &error);
        if (!vm || !wasi || !hostel_wasi_define(wasi, vm, &error))
            return "opening";
        struct hostel_extern_type page = {.kind = HOSTEL_VM_MEMORY,
                                          .limits = {.min = 1}};
        if (!hostel_vm_define_memory(vm, "env", "memory", &page, &error))
            return "defining";
        if (!call(vm, "sum", values, &error) || values[0].of.i32 != i + 2)
            return "calling";
        hostel_wasi_close(wasi);
    }
    return NULL;
}

static void *spin(void *unused) {
    (void)unused;
    struct hostel_error error = HOSTEL_ERROR_INIT;
    bool ended = !call(endless, "spin", NULL, &error) &&
                 error.kind == HOSTEL_ERROR_EXHAUSTION;
    return ended ? NULL : "interrupting";
}

/* Whatever it is at: loading and instantiating are ended so too. */
static bool interrupt(void) {
    struct hostel_error error = HOSTEL_ERROR_INIT;
    struct hostel_vm_limits limits = hostel_vm_limits_default();
    limits.interruptible = true;
    endless = hostel_vm_open(&limits, &error);
    pthread_t thread;
    if (!endless || pthread_create(&thread, NULL, spin, NULL) != 0)
        return false;
    struct timespec soon = {.tv_nsec = 100 * 1000 * 1000};
    nanosleep(&soon, NULL);
    hostel_vm_interrupt(endless, true);
    void *failure;
    bool ok = pthread_join(thread, &failure) == 0 && !failure;
    hostel_vm_close(endless); /* now that no other thread may interrupt it */
    return ok;
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    bool ok = argc == 2;
    if (!ok)
        return 2;
    guests = argv[1];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *failure;
        if (pthread_join(threads[i], &failure) != 0 || failure)
            ok = false;
    }
    printf("%s embed/vms-in-threads\n", ok ? "ok" : "not ok");
    bool interrupted = interrupt();
    printf("%s embed/interrupt-from-a-thread\n", interrupted ? "ok" : "not ok");
    return !ok || !interrupted;
}
