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
        hostel_module *module = hostel_vm_load(vm.get(), hostel_buffer_slice(&bytes), &error);
        require(module != nullptr);
        instance = hostel_vm_instantiate(vm.get(), module, &error);
        require(instance != nullptr);
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

} // namespace

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    check("names", our_sum() == OUR_SUM);
    try {
        machine guest;
        guest.load(std::string(argv[1]) + "/embed.wasm");
        check("host-function", guest.call("sum", {number(40), number(2)}) == 42);
        guest.call("trap", {});
        check("exception", false);
    } catch (const std::runtime_error &error) {
        check("exception", std::strcmp(error.what(), "unreachable executed") == 0);
    }
    return 0;
}
