/* What to tell somebody whose module asks for functions that hostel does not
 * provide.
 *
 * Most such modules were made for another host: a browser, a later or earlier
 * WASI, somebody's product. Their imports have names that only one toolchain
 * gives, and for most of these the cure is an option. The first row that fits
 * any import is told, so those that are sure come first. */
#include "toolchains.h"

#include <string.h>

#define EMSCRIPTEN                                                             \
    "it was made by Emscripten for JavaScript: build it with "                 \
    "-sSTANDALONE_WASM"
#define BINDGEN                                                                \
    "it was made by wasm-bindgen for JavaScript: build for wasm32-wasip1 "     \
    "without it"
#define GO                                                                     \
    "it was made by Go for JavaScript: build it with GOOS=wasip1 GOARCH=wasm"
#define TINYGO                                                                 \
    "it was made by TinyGo for JavaScript: build it with -target=wasip1"
#define SCRIPT                                                                 \
    "it was made by AssemblyScript for JavaScript: build it with --use abort="
#define PREVIEW_2                                                              \
    "it was made for WASI preview 2: build it for preview 1, wasm32-wasip1"
#define WASIX      "it was made for WASIX: build it for wasm32-wasip1"
#define DYNAMIC    "it is a library to be linked at run time: link it statically"
#define JAVASCRIPT "it was made for JavaScript, whose functions it calls"

/* Names of an import; one * stands for anything. */
static const struct row {
    const char *module, *name, *advice;
} rows[] = {
    {"wasi_unstable",
     "*",
     "it was made for WASI preview 0: build it with a later toolchain"},
    {"wasi:*", "*", PREVIEW_2},
    {"cm32p2*", "*", PREVIEW_2},
    {"wasi",
     "thread-spawn",
     "it needs threads: build it for wasm32-wasip1, without them"},
    {"wasix_*", "*", WASIX},
    {"wasi_ephemeral_*",
     "*",
     "it needs a part of WASI that was never finished"},
    {"wasi_nn",
     "*",
     "it needs WASI's neural networks, which hostel does not have"},
    {"gojs", "*", GO},
    {"go", "*", GO},
    {"env", "syscall/js.*", TINYGO},
    {"*", "__wbindgen_*", BINDGEN},
    {"*", "__wbg_*", BINDGEN},
    {"__wbindgen_*", "*", BINDGEN},
    {"wbg", "*", BINDGEN},
    {"*_bg.js", "*", BINDGEN},
    {"env", "invoke_*", EMSCRIPTEN},
    {"env", "emscripten_*", EMSCRIPTEN},
    {"env", "_emscripten_*", EMSCRIPTEN},
    {"env", "__emscripten_*", EMSCRIPTEN},
    {"env", "_embind_*", EMSCRIPTEN},
    {"env", "__syscall_*", EMSCRIPTEN},
    {"env", "_abort_js", EMSCRIPTEN},
    {"env", "setTempRet0", EMSCRIPTEN},
    {"env", "getTempRet0", EMSCRIPTEN},
    {"env", "abortOnCannotGrowMemory", EMSCRIPTEN},
    {"env", "DYNAMICTOP_PTR", EMSCRIPTEN},
    {"asm2wasm", "*", EMSCRIPTEN},
    {"a",
     "*",
     "its imports are shortened, as by Emscripten: build it with "
     "-sSTANDALONE_WASM"},
    {"env", "__memory_base", DYNAMIC},
    {"env", "__table_base", DYNAMIC},
    {"GOT.*", "*", DYNAMIC},
    {"env", "abort", SCRIPT},
    {"env", "seed", SCRIPT},
    {"env", "console.*", SCRIPT},
    {"env", "proxy_*", "it was made for a proxy (proxy-wasm)"},
    {"extism:*", "*", "it was made for Extism"},
    {"fastly_*", "*", "it was made for Fastly's network"},
    {"spectest", "*", "it belongs to the WebAssembly specification's tests"},
    {"wasm:*", "*", "it needs functions that only JavaScript engines build in"},
    {"./*", "*", JAVASCRIPT},
    {"*.js", "*", JAVASCRIPT},
    {"*.mjs", "*", JAVASCRIPT},
    {"env",
     "memory",
     "it wants its memory from outside: link it without --import-memory"},
    {"env",
     "*",
     "something was left undefined when it was linked: link what defines it"},
};

static bool matches(struct slice text, const char *pattern) {
    const char *star = strchr(pattern, '*');
    if (!star)
        return slice_is(text, pattern);
    size_t before = (size_t)(star - pattern), behind = strlen(star + 1);
    return text.size >= before + behind &&
           memcmp(text.data, pattern, before) == 0 &&
           memcmp(text.data + text.size - behind, star + 1, behind) == 0;
}

static bool has_import(const struct module *module, const struct row *row) {
    for (size_t i = 0; i < vm_import_count(module); i++) {
        struct vm_import import = vm_import_at(module, i);
        if (matches(import.module, row->module) &&
            matches(import.name, row->name))
            return true;
    }
    return false;
}

/* A number of the binary format (LEB128, 32 bits) at `*at`, which moves behind
 * it. */
static uint64_t number_at(struct slice bytes, uint64_t *at) {
    uint64_t number = 0;
    for (unsigned shift = 0; *at < bytes.size && shift < 35; shift += 7) {
        uint8_t byte = bytes.data[(*at)++];
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            break;
    }
    return number;
}

/* Whether a custom section has that name; see vm/module.c for what sections
 * are. */
static bool has_section(struct slice bytes, const char *name) {
    uint64_t next = 8;
    for (uint64_t at = next; at < bytes.size; at = next) {
        uint8_t id = bytes.data[at++];
        uint64_t size = number_at(bytes, &at);
        next = at + size;
        if (next > bytes.size)
            return false;
        uint64_t name_size = id == 0 ? number_at(bytes, &at) : 0;
        if (id != 0 || name_size > next - at || at > next)
            continue;
        if (slice_is((struct slice){bytes.data + at, (size_t)name_size}, name))
            return true;
    }
    return false;
}

/* What is linked keeps the section if it is to be linked again, but it has
 * exports. */
bool toolchain_unlinked(const struct module *module, struct slice bytes) {
    return vm_export_count(module) == 0 && has_section(bytes, "linking");
}

const char *toolchain_advice(const struct module *module, struct slice bytes) {
    if (toolchain_unlinked(module, bytes))
        return "it is an object file, not linked: link it, with clang "
               "--target=wasm32-wasi";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (has_import(module, &rows[i]))
            return rows[i].advice;
    }
    return NULL;
}
