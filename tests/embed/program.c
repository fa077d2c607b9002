/* A program that embeds all of hostel: `program GUESTS DIRECTORY URL`. It knows
 * nothing of the tree, only what was installed. */
#include "clash.h"

#include <hostel/imports.h>
#include <hostel/net.h>
#include <hostel/vm.h>
#include <hostel/wasi.h>

#include <stdlib.h>
#include <string.h>

static const char *guests, *directory, *url;
static int failures;

static void check(const char *name, bool ok, const struct hostel_error *error) {
    if (!ok)
        failures++;
    printf(ok ? "ok embed/%s\n" : "not ok embed/%s - %s\n", name, error->text);
}

/* ---- running a guest ---- */

struct guest {
    struct hostel_vm *vm;
    struct hostel_buffer bytes;
    struct hostel_instance *instance;
};

static bool
load(struct guest *guest, const char *name, struct hostel_error *error) {
    char path[1000];
    snprintf(path, sizeof path, "%s/%s.wasm", guests, name);
    hostel_buffer_init(&guest->bytes, HOSTEL_VM_MODULE_BYTES);
    if (!hostel_file_read(path, &guest->bytes, error))
        return false;
    struct hostel_module *module =
        hostel_vm_load(guest->vm, hostel_buffer_slice(&guest->bytes), error);
    guest->instance =
        module ? hostel_vm_instantiate(guest->vm, module, error) : NULL;
    return guest->instance != NULL;
}

static void unload(struct guest *guest) {
    hostel_vm_close(guest->vm);
    hostel_buffer_free(&guest->bytes);
}

/* Call a function of up to two numbers. */
static bool call(const struct guest *guest,
                 const char *name,
                 const uint32_t *numbers,
                 uint32_t *result,
                 struct hostel_error *error) {
    struct hostel_function *function =
        hostel_vm_find_function(guest->instance, hostel_slice_of(name));
    if (!function)
        return hostel_error_set(
            error, HOSTEL_ERROR_USAGE, "no function %s", name);
    struct hostel_vm_value args[2] = {{.type = HOSTEL_VM_I32},
                                      {.type = HOSTEL_VM_I32}},
                           out;
    uint32_t count = hostel_vm_function_type(function)->param_count;
    for (uint32_t i = 0; i < count; i++)
        args[i].of.i32 = numbers[i];
    if (!hostel_vm_call(function, args, count, &out, error))
        return false;
    if (result)
        *result = out.of.i32;
    return true;
}

/* ---- the vm ---- */

static bool add(void *context,
                struct hostel_instance *caller,
                uint64_t *slots,
                struct hostel_error *error) {
    (void)caller, (void)error;
    ++*(int *)context;
    slots[0] = (uint32_t)(slots[0] + slots[1]);
    return true;
}

static bool
open_vm(struct guest *guest, int *calls, struct hostel_error *error) {
    struct hostel_vm_limits limits = hostel_vm_limits_default();
    limits.memory_bytes = 1 << 20;
    limits.fuel = 100000;
    guest->vm = hostel_vm_open(&limits, error);
    return guest->vm &&
           hostel_vm_define(guest->vm, "env", "add", "ii:i", add, calls, error);
}

static void use_vm(void) {
    struct guest guest;
    struct hostel_error error = HOSTEL_ERROR_INIT;
    int calls = 0;
    uint32_t result = 0;
    bool ok = open_vm(&guest, &calls, &error) && load(&guest, "embed", &error);
    check("vm", ok, &error);
    if (!ok)
        return;

    ok = call(&guest, "sum", (uint32_t[]){40, 2}, &result, &error);
    check("host-function", ok && result == 42 && calls == 1, &error);

    memcpy(hostel_vm_memory_at(guest.instance, 1000, 4), "\1\2\3", 4);
    ok = call(&guest, "add_bytes", (uint32_t[]){1000}, &result, &error);
    check("memory", ok && result == 6, &error);
    check("memory-bounds",
          !hostel_vm_memory_at(guest.instance, 65530, 7),
          &error);

    ok = call(&guest, "grow", (uint32_t[]){9}, &result, &error) && result == 1;
    check("growing", ok, &error);
    ok = call(&guest, "grow", (uint32_t[]){1}, &result, &error) &&
         result == UINT32_MAX;
    check("memory-limit", ok, &error);

    struct hostel_error trap = HOSTEL_ERROR_INIT;
    struct hostel_vm_frame frames[10];
    ok = !call(&guest, "trap", NULL, NULL, &trap) &&
         trap.kind == HOSTEL_ERROR_TRAP &&
         strcmp(trap.text, "unreachable executed") == 0;
    check("trap", ok, &trap);
    ok = hostel_vm_backtrace(guest.vm, frames, 10) == 2 &&
         hostel_slice_is(frames[0].name, "inner") &&
         hostel_slice_is(frames[1].name, "outer");
    check("backtrace", ok, &trap);

    struct hostel_error spent = HOSTEL_ERROR_INIT;
    ok = !call(&guest, "spin", NULL, NULL, &spent) &&
         spent.kind == HOSTEL_ERROR_EXHAUSTION;
    check("fuel", ok && hostel_vm_fuel_left(guest.vm) == 0, &spent);
    ok = hostel_vm_refuel(guest.vm, 1000, &error) &&
         call(&guest, "sum", (uint32_t[]){1, 2}, &result, &error) &&
         result == 3;
    check("refuel", ok, &error);
    unload(&guest);
}

/* ---- WASI and HTTP ---- */

static struct hostel_net *open_client(const char *const *allowed,
                                      struct hostel_error *error) {
    struct hostel_net_config config = hostel_net_config_default();
    config.allow = allowed;
    config.allow_count = 1;
    config.allow_private = true;
    return hostel_net_open(&config, error);
}

static void use_client(struct hostel_net *net) {
    struct hostel_error error = HOSTEL_ERROR_INIT, denied = HOSTEL_ERROR_INIT;
    struct hostel_net_request request = {.method = hostel_slice_of("GET"),
                                         .url = hostel_slice_of(url),
                                         .time_left_ms = INT64_MAX};
    struct hostel_net_response response;
    bool ok = hostel_net_exchange(net, &request, &response, &error);
    check("client",
          ok && response.status == 200 &&
              hostel_slice_is(response.body, "hello"),
          &error);
    if (ok)
        hostel_net_response_free(&response);

    request.url = hostel_slice_of("http://example.invalid/");
    ok = !hostel_net_exchange(net, &request, &response, &denied) &&
         denied.kind == HOSTEL_ERROR_NET && denied.code == HOSTEL_NET_DENIED;
    check("client-policy", ok, &denied);
}

static void use_outside(struct hostel_wasi *wasi,
                        struct hostel_imports *imports) {
    struct guest guest;
    struct hostel_error error = HOSTEL_ERROR_INIT;
    struct hostel_vm_limits limits = hostel_vm_limits_default();
    uint32_t result = 0;
    guest.vm = hostel_vm_open(&limits, &error);
    bool ok = guest.vm && hostel_wasi_define(wasi, guest.vm, &error) &&
              hostel_imports_define(imports, guest.vm, &error) &&
              load(&guest, "outside", &error) &&
              call(&guest, "_initialize", NULL, NULL, &error);
    check("wasi", ok, &error);
    if (!ok)
        return;

    ok = call(&guest, "copy_file", NULL, &result, &error) && result == 5;
    check("directory", ok, &error);
    ok = call(&guest, "fetch", NULL, &result, &error) && result == 200;
    check("guest-request", ok, &error);
    unload(&guest);
}

static void use_all(void) {
    struct hostel_error error = HOSTEL_ERROR_INIT;
    char environment[1000];
    snprintf(environment, sizeof environment, "URL=%s", url);
    struct hostel_wasi_directory granted = {.host = directory, .guest = "/"};
    const char *const args[] = {"outside"}, *const env[] = {environment},
                      *const allowed[] = {url};
    struct hostel_wasi_config config = {.args = args,
                                        .arg_count = 1,
                                        .env = env,
                                        .env_count = 1,
                                        .directories = &granted,
                                        .directory_count = 1,
                                        .max_descriptors =
                                            HOSTEL_WASI_DESCRIPTORS};
    struct hostel_wasi *wasi = hostel_wasi_open(&config, &error);
    struct hostel_net *net = open_client(allowed, &error);
    struct hostel_imports_config http = {.net = net};
    struct hostel_imports *imports =
        net ? hostel_imports_open(&http, &error) : NULL;
    check("opened", wasi && imports, &error);
    if (!wasi || !imports)
        return;

    use_client(net);
    use_outside(wasi, imports);
    hostel_imports_close(imports);
    hostel_net_close(net);
    hostel_wasi_close(wasi);
}

int main(int argc, char **argv) {
    struct hostel_error none = HOSTEL_ERROR_INIT;
    if (argc != 4)
        return 2;
    guests = argv[1];
    directory = argv[2];
    url = argv[3];
    check("names", our_sum() == OUR_SUM, &none);
    use_vm();
    use_all();
    return failures > 0;
}
