/* A program in C++ that embeds the VM: `program GUESTS`. */
#include "clash.h"

#include <hostel/vm.h>
#include <hostel/wasi.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct closer {
    void operator()(hostel_vm *vm) const {
        hostel_vm_close(vm);
    }
};

class machine {
  public:
    machine() {
        const hostel_vm_limits limits = hostel_vm_limits_default();
        vm.reset(hostel_vm_open(&limits, &error));
        hostel_buffer_init(&bytes, HOSTEL_VM_MODULE_BYTES);
        const auto add = [](void *, hostel_instance *, uint64_t *slots, hostel_error *) {
            slots[0] = static_cast<uint32_t>(slots[0] + slots[1]);
            return true;
        };
        require(vm && hostel_vm_define(vm.get(), "env", "add", "ii:i", add, nullptr, &error));
    }

    machine(const machine &) = delete;

    ~machine() {
        vm.reset();
        hostel_buffer_free(&bytes);
    }

    void load(const std::string &path) {
        require(hostel_file_read(path.c_str(), &bytes, &error));
        module = hostel_vm_load(vm.get(), hostel_buffer_slice(&bytes), &error);
        require(module != nullptr);
    }

    /* What the module wants, by its names. */
    std::vector<std::string> imports(hostel_extern_type *type) const {
        std::vector<std::string> names;
        for (size_t i = 0; i < hostel_vm_import_count(module); i++) {
            const hostel_vm_import import = hostel_vm_import_at(module, i);
            const char *text = reinterpret_cast<const char *>(import.name.data);
            names.emplace_back(text, import.name.size);
            *type = import.type;
        }
        return names;
    }

    hostel_memory *define_memory(const hostel_extern_type &type) {
        hostel_memory *memory = hostel_vm_define_memory(vm.get(), "env", "memory", &type, &error);
        require(memory != nullptr);
        return memory;
    }

    void start() {
        instance = hostel_vm_instantiate(vm.get(), module, &error);
        require(instance != nullptr);
    }

    /* Give the guest back. */
    void unload() {
        require(hostel_vm_discard(&instance, 1, &error) && hostel_vm_unload(module, &error));
    }

    uint32_t call(const char *name, std::vector<hostel_vm_value> arguments) {
        hostel_function *function = hostel_vm_find_function(instance, hostel_slice_of(name));
        hostel_vm_value result;
        require(function &&
                hostel_vm_call(function, arguments.data(), arguments.size(), &result, &error));
        return result.of.i32;
    }

  private:
    void require(bool ok) {
        if (!ok) throw std::runtime_error(error.text);
    }

    hostel_error error = HOSTEL_ERROR_INIT;
    std::unique_ptr<hostel_vm, closer> vm;
    hostel_buffer bytes;
    hostel_module *module = nullptr;
    hostel_instance *instance = nullptr;
};

hostel_vm_value number(uint32_t value) {
    hostel_vm_value result;
    result.type = HOSTEL_VM_I32;
    result.of.i32 = value;
    return result;
}

void check(const char *name, bool ok) {
    std::printf("%s embed/c++-%s\n", ok ? "ok" : "not ok", name);
}

void share(const std::string &path) {
    machine guest;
    hostel_extern_type type;
    guest.load(path);
    check("imports", guest.imports(&type) == std::vector<std::string>{"memory"});
    hostel_memory *memory = guest.define_memory(type);
    guest.start();
    guest.call("fill", {});
    check("memory", *hostel_vm_memory_range(memory, 0, 1) == 1);
    guest.unload();
    check("unload", hostel_vm_memory_size(memory) == 65536);
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    check("names", our_sum() == OUR_SUM);
    try {
        machine guest;
        guest.load(std::string(argv[1]) + "/embed.wasm");
        guest.start();
        check("host-function", guest.call("sum", {number(40), number(2)}) == 42);
        share(std::string(argv[1]) + "/store.wasm");
        guest.call("trap", {});
        check("exception", false);
    } catch (const std::runtime_error &error) {
        check("exception", std::strcmp(error.what(), "unreachable executed") == 0);
    }
    return 0;
}
