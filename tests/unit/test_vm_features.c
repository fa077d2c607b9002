/* Features: each instruction group and each kind of declaration that the MVP
 * did not have is told, and nothing else is. */
#include "tests/unit/vm_module.h"

#define BIT(feature) (1u << VM_##feature)

struct sample {
    uint32_t features;
    const char *bytes;
    size_t size;
};

#define ROW(features, bytes)                                                   \
    { features, bytes, sizeof bytes - 1 }
#define NOTHING 0

/* Locals and code of a function () -> (), in a module with a table and a
 * memory. Code that begins with `unreachable` has operands of any type. */
static const struct sample bodies[] = {
    ROW(NOTHING, "\0\0\x45\x1A\x0B"),             /* i32.eqz */
    ROW(NOTHING, "\0\0\xBF\x1A\x0B"),             /* f64.reinterpret_i64 */
    ROW(NOTHING, "\1\1\x7F\x02\x40\x0B\x0B"),     /* a local, a block */
    ROW(NOTHING, "\0\0\x02\x7C\0\x0B\x1A\x0B"),   /* a block with a result */
    ROW(NOTHING, "\0\0\x1B\x1A\x0B"),             /* select */
    ROW(NOTHING, "\0\0\x11\0\0\x0B"),             /* call_indirect */
    ROW(NOTHING, "\0\0\x40\0\x1A\x0B"),           /* memory.grow */
    ROW(BIT(SIGN_EXTENSION), "\0\0\xC0\x1A\x0B"), /* i32.extend8_s */
    ROW(BIT(SIGN_EXTENSION), "\0\0\xC4\x1A\x0B"), /* i64.extend32_s */
    ROW(BIT(SATURATING_CONVERSIONS), "\0\0\xFC\x00\x1A\x0B"),
    ROW(BIT(SATURATING_CONVERSIONS), "\0\0\xFC\x07\x1A\x0B"),
    /* A block of a type of the type section. */
    ROW(BIT(MULTI_VALUE), "\0\x02\0\x0B\x0B"),
    ROW(BIT(BULK_MEMORY), "\0\0\xFC\x0A\0\0\x0B"), /* memory.copy */
    ROW(BIT(BULK_MEMORY), "\0\0\xFC\x0B\0\x0B"),   /* memory.fill */
    ROW(BIT(BULK_MEMORY), "\0\0\xFC\x0E\0\0\x0B"), /* table.copy */
    /* A local of type externref. */
    ROW(BIT(REFERENCE_TYPES), "\1\1\x6F\x0B"),
    ROW(BIT(REFERENCE_TYPES), "\0\0\x02\x70\0\x0B\x1A\x0B"),
    ROW(BIT(REFERENCE_TYPES), "\0\0\x25\0\x1A\x0B"),     /* table.get */
    ROW(BIT(REFERENCE_TYPES), "\0\0\x26\0\x0B"),         /* table.set */
    ROW(BIT(REFERENCE_TYPES), "\0\0\xFC\x0F\0\x1A\x0B"), /* table.grow */
    ROW(BIT(REFERENCE_TYPES), "\0\0\xFC\x10\0\x1A\x0B"), /* table.size */
    ROW(BIT(REFERENCE_TYPES), "\0\0\xFC\x11\0\x0B"),     /* table.fill */
    ROW(BIT(REFERENCE_TYPES), "\0\xD0\x70\x1A\x0B"),     /* ref.null */
    ROW(BIT(REFERENCE_TYPES), "\0\0\xD1\x1A\x0B"),       /* ref.is_null */
    /* select with a type. */
    ROW(BIT(REFERENCE_TYPES), "\0\0\x1C\1\x7F\x1A\x0B"),
    ROW(BIT(SIMD), "\0\0\xFD\x0F\x1A\x0B"), /* i8x16.splat */
    /* f64x2.convert_low_i32x4_u. */
    ROW(BIT(SIMD), "\0\0\xFD\xFF\x01\x1A\x0B"),
    /* A local of type v128. */
    ROW(BIT(SIMD), "\1\1\x7B\x0B"),
    /* A block with such a result. */
    ROW(BIT(SIMD), "\0\0\x02\x7B\0\x0B\x1A\x0B"),
    /* i8x16.relaxed_swizzle. */
    ROW(BIT(RELAXED_SIMD), "\0\0\xFD\x80\x02\x1A\x0B"),
    /* The last of them. */
    ROW(BIT(RELAXED_SIMD), "\0\0\xFD\x93\x02\x1A\x0B"),
    ROW(BIT(TAIL_CALLS), "\0\x12\0\x0B"), /* return_call */
    /* return_call_indirect. */
    ROW(BIT(TAIL_CALLS), "\0\0\x13\0\0\x0B"),
    ROW(BIT(LEGACY_EXCEPTIONS), "\0\x06\x40\x19\x0B\x0B"),  /* try, catch_all */
    ROW(BIT(LEGACY_EXCEPTIONS), "\0\x06\x40\x18\0\x0B"),    /* try, delegate */
    ROW(BIT(EXCEPTION_REFERENCES), "\0\x1F\x40\0\x0B\x0B"), /* try_table */
    ROW(BIT(EXCEPTION_REFERENCES), "\0\0\x0A\x0B"),         /* throw_ref */
    /* A local of type exnref. */
    ROW(BIT(EXCEPTION_REFERENCES), "\1\1\x69\x0B"),
    ROW(BIT(WIDE_ARITHMETIC), "\0\0\xFC\x13\x1A\x1A\x0B"), /* i64.add128 */
    ROW(BIT(WIDE_ARITHMETIC), "\0\0\xFC\x16\x1A\x1A\x0B"), /* mul_wide_u */
    ROW(BIT(SIMD) | BIT(SIGN_EXTENSION), "\0\0\xC0\xFD\x0F\x1A\x0B"),
};

/* Whole modules. */
static const struct declaration {
    uint32_t features;
    struct section module[4];
} declarations[] = {
#define MODULE_ROW(features, ...)                                              \
    {                                                                          \
        features, {                                                            \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define MEMORY MEMORIES(ENTRY("\0\0"))

    MODULE_ROW(NOTHING, {0, NULL}),
    /* One result. */
    MODULE_ROW(NOTHING, TYPES(ENTRY("\x60\2\x7F\x7C\1\x7E"))),
    /* An immutable global. */
    MODULE_ROW(NOTHING, IMPORTS(IMPORT("", "", "\3\x7F\0"))),
    /* A mutable one of its own. */
    MODULE_ROW(NOTHING, GLOBALS(ENTRY("\x7F\1\x41\0\x0B"))),
    MODULE_ROW(NOTHING, TABLES(ENTRY("\x70\0\0")), MEMORY),
    /* An active segment. */
    MODULE_ROW(NOTHING, MEMORY, DATA(ENTRY("\0\x41\0\x0B\0"))),
    MODULE_ROW(BIT(MUTABLE_GLOBALS), IMPORTS(IMPORT("", "", "\3\x7F\1"))),
    MODULE_ROW(BIT(MUTABLE_GLOBALS),
               GLOBALS(ENTRY("\x7F\1\x41\0\x0B")),
               EXPORTS(NAMED("g", "\3\0"))),
    MODULE_ROW(BIT(MULTI_VALUE), TYPES(ENTRY("\x60\0\2\x7F\x7F"))),
    MODULE_ROW(BIT(REFERENCE_TYPES), TYPES(ENTRY("\x60\1\x70\0"))),
    MODULE_ROW(BIT(SIMD), TYPES(ENTRY("\x60\1\x7B\0"))),
    MODULE_ROW(BIT(BULK_MEMORY), DATA_COUNT(0)),
    /* Passive segments, then a declarative one. */
    MODULE_ROW(BIT(BULK_MEMORY), MEMORY, DATA(ENTRY("\1\0"))),
    MODULE_ROW(BIT(BULK_MEMORY), ELEMENTS(ENTRY("\1\0\0"))),
    MODULE_ROW(BIT(REFERENCE_TYPES), ELEMENTS(ENTRY("\3\0\0"))),
    MODULE_ROW(BIT(REFERENCE_TYPES), TABLES(ENTRIES(2, "\x70\0\0"))),
    /* Of externref. */
    MODULE_ROW(BIT(REFERENCE_TYPES), TABLES(ENTRY("\x6F\0\0"))),
    MODULE_ROW(BIT(REFERENCE_TYPES), GLOBALS(ENTRY("\x6F\0\xD0\x6F\x0B"))),
    MODULE_ROW(BIT(EXTENDED_CONSTANTS),
               GLOBALS(ENTRY("\x7F\0\x41\0\x41\0\x6A\x0B"))),
    MODULE_ROW(BIT(EXTENDED_CONSTANTS),
               GLOBALS(ENTRY("\x7F\0\x41\0\x0B"), ENTRY("\x7F\0\x23\0\x0B"))),
    MODULE_ROW(BIT(EXCEPTIONS), TYPES(ENTRY("\x60\0\0")), TAGS(ENTRY("\0\0"))),
    /* An index of memory 0. */
    MODULE_ROW(NOTHING, MEMORY, DATA(ENTRY("\2\0\x41\0\x0B\0"))),
    MODULE_ROW(BIT(MULTI_MEMORY), MEMORIES(ENTRIES(2, "\0\0"))),
    MODULE_ROW(BIT(MEMORY64), MEMORIES(ENTRY("\4\0"))),
    MODULE_ROW(BIT(MEMORY64), TABLES(ENTRY("\x70\4\0"))),
    MODULE_ROW(BIT(MEMORY64), IMPORTS(IMPORT("", "", "\2\4\0"))),
    /* One of them imported. */
    MODULE_ROW(BIT(MULTI_MEMORY), IMPORTS(IMPORT("", "", "\2\0\0")), MEMORY),
};

static uint32_t features_of(const struct buffer *module) {
    struct guest guest = guest_open(NULL);
    struct error error = ERROR_INIT;
    guest.module = vm_load(guest.vm, buffer_slice(module), &error);
    if (!guest.module)
        fail_msg("%s", error.text);
    uint32_t features = vm_features(guest.module);
    vm_close(guest.vm);
    return features;
}

static void code_tells_its_features(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct sample *sample = &bodies[i];
        struct buffer module =
            MODULE(TYPES(ENTRY("\x60\0\0")),
                   FUNCTIONS(ENTRY("\0")),
                   TABLES(ENTRY("\x70\0\1")),
                   MEMORIES(ENTRY("\0\1")),
                   CODE({{NULL}, sample->bytes, sample->size, 1, 1, true}));
        if (features_of(&module) != sample->features) {
            fail_msg("body %zu: 0x%X", i, features_of(&module));
        }
        buffer_free(&module);
    }
}

static void declarations_tell_their_features(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++) {
        struct buffer module = module_of(declarations[i].module);
        if (features_of(&module) != declarations[i].features) {
            fail_msg("declaration %zu: 0x%X", i, features_of(&module));
        }
        buffer_free(&module);
    }
}

static void features_have_names(void **state) {
    (void)state;
    for (int i = 0; i < VM_FEATURE_COUNT; i++) {
        const char *name = vm_feature_name((enum vm_feature)i);
        assert_true(name && *name);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(name, vm_feature_name((enum vm_feature)k));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_tells_its_features),
        cmocka_unit_test(declarations_tell_their_features),
        cmocka_unit_test(features_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
