/* Features: each instruction group and each kind of declaration that the MVP
 * did not have is told, and nothing else is. */
#include "tests/unit/vm_guest.h"

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
    /* Select with a type. */
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
    ROW(BIT(SIMD) | BIT(SIGN_EXTENSION), "\0\0\xC0\xFD\x0F\x1A\x0B"),
};

/* The sections of a module. */
static const struct sample declarations[] = {
    ROW(NOTHING, ""),
    /* A type with one result. */
    ROW(NOTHING, "\1\7\1\x60\2\x7F\x7C\1\x7E"),
    /* An immutable global, imported. */
    ROW(NOTHING, "\2\6\1\0\0\3\x7F\0"),
    /* A mutable one of its own. */
    ROW(NOTHING, "\6\6\1\x7F\1\x41\0\x0B"),
    ROW(NOTHING, "\4\4\1\x70\0\0\5\3\1\0\0"),         /* a table, a memory */
    ROW(NOTHING, "\5\3\1\0\0\x0B\6\1\0\x41\0\x0B\0"), /* an active segment */
    ROW(BIT(MUTABLE_GLOBALS), "\2\6\1\0\0\3\x7F\1"),
    ROW(BIT(MUTABLE_GLOBALS), "\6\6\1\x7F\1\x41\0\x0B\7\5\1\1g\3\0"),
    ROW(BIT(MULTI_VALUE), "\1\6\1\x60\0\2\x7F\x7F"),
    ROW(BIT(REFERENCE_TYPES), "\1\5\1\x60\1\x70\0"),
    ROW(BIT(SIMD), "\1\5\1\x60\1\x7B\0"),
    ROW(BIT(BULK_MEMORY), "\x0C\1\0"), /* data count */
    /* A passive data segment. */
    ROW(BIT(BULK_MEMORY), "\5\3\1\0\0\x0B\3\1\1\0"),
    /* A passive element segment. */
    ROW(BIT(BULK_MEMORY), "\x09\4\1\1\0\0"),
    ROW(BIT(REFERENCE_TYPES), "\x09\4\1\3\0\0"),         /* a declarative one */
    ROW(BIT(REFERENCE_TYPES), "\4\7\2\x70\0\0\x70\0\0"), /* two tables */
    ROW(BIT(REFERENCE_TYPES), "\4\4\1\x6F\0\0"),         /* one of externref */
    ROW(BIT(REFERENCE_TYPES), "\6\6\1\x6F\0\xD0\x6F\x0B"),
    ROW(BIT(EXTENDED_CONSTANTS), "\6\x09\1\x7F\0\x41\0\x41\0\x6A\x0B"),
    ROW(BIT(EXTENDED_CONSTANTS), "\6\x0B\2\x7F\0\x41\0\x0B\x7F\0\x23\0\x0B"),
    ROW(BIT(EXCEPTIONS), "\1\4\1\x60\0\0\x0D\3\1\0\0"), /* a tag */
    /* An index of memory 0. */
    ROW(NOTHING, "\5\3\1\0\0\x0B\7\1\2\0\x41\0\x0B\0"),
    ROW(BIT(MULTI_MEMORY), "\5\5\2\0\0\0\0"),
    ROW(BIT(MEMORY64), "\5\3\1\4\0"),
    ROW(BIT(MEMORY64), "\4\4\1\x70\4\0"),
    ROW(BIT(MEMORY64), "\2\6\1\0\0\2\4\0"),
    /* One of them imported. */
    ROW(BIT(MULTI_MEMORY), "\2\6\1\0\0\2\0\0\5\3\1\0\0"),
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

static void put(struct buffer *module, const char *bytes, size_t size) {
    assert_true(buffer_append(module, bytes, size));
}

static void code_tells_its_features(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct sample *sample = &bodies[i];
        struct buffer module;
        buffer_init(&module, 1000);
        put(&module, "\0asm\1\0\0\0", 8);
        put(&module, "\1\4\1\x60\0\0\3\2\1\0\4\4\1\x70\0\1\5\3\1\0\1", 21);
        char head[] = {10, (char)(sample->size + 2), 1, (char)sample->size};
        put(&module, head, sizeof head);
        put(&module, sample->bytes, sample->size);
        if (features_of(&module) != sample->features) {
            fail_msg("body %zu: 0x%X", i, features_of(&module));
        }
        buffer_free(&module);
    }
}

static void declarations_tell_their_features(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++) {
        struct buffer module;
        buffer_init(&module, 1000);
        put(&module, "\0asm\1\0\0\0", 8);
        put(&module, declarations[i].bytes, declarations[i].size);
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
