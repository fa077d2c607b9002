/* Every limit of the implementation, in one place.
 *
 * The binary format could declare more of everything than any machine has;
 * these are the sizes up to which hostel accepts a module (spec, appendix
 * "Implementation Limitations"). A module beyond one of them is refused with
 * the limit named. Counts are also bounded by the bytes that are left in the
 * section, so a short module cannot make the decoder allocate much.
 *
 * The size of a module stands in vm.h: who reads the file needs it. */
#ifndef HOSTEL_VM_LIMITS_H
#define HOSTEL_VM_LIMITS_H

enum {
    LIMIT_TYPES = 1000000,
    LIMIT_FUNCTIONS = 1000000,
    LIMIT_GLOBALS = 1000000,
    LIMIT_TAGS = 1000000,
    LIMIT_IMPORTS = 1000000,
    LIMIT_EXPORTS = 1000000,
    LIMIT_DATA_SEGMENTS = 100000,
    LIMIT_ELEMENT_SEGMENTS = 10000000,
    LIMIT_TABLES = 100000,
    LIMIT_MEMORIES = 100,
    /* Of all tables, unless vm_limits says otherwise. */
    LIMIT_TABLE_ELEMENTS = 10000000,
    LIMIT_MEMORY_PAGES = 65536,    /* with addresses of 32 bits */
    LIMIT_FUNCTION_BODY = 7654321, /* bytes */
    LIMIT_LOCALS = 50000,          /* with the parameters */
    LIMIT_PARAMETERS = 1000,
    LIMIT_RESULTS = 1000,
    LIMIT_BR_TABLE = 131072,
    LIMIT_NAME = 100000, /* bytes */
    /* Operands a constant expression holds at once. */
    LIMIT_CONSTANT_DEPTH = 64,
    /* Without parameters. Slot numbers are 16 bits wide in the internal code. */
    LIMIT_FRAME_SLOTS = 63000,
    /* Of all exceptions the guest still refers to. */
    LIMIT_EXCEPTION_BYTES = 64 << 20,
    /* Guest calls host calls guest ...: the only C recursion. */
    LIMIT_HOST_NESTING = 64,
};

/* All that guests make the host hold, unless vm_limits says otherwise: one
 * memory as large as addresses of 32 bits can be, and a gibibyte for everything
 * else. */
#define LIMIT_MEMORY_BYTES (UINT64_C(5) << 30)

/* With addresses of 64 bits, of which a memory gets as much as vm_limits
 * allow. */
#define LIMIT_MEMORY_PAGES_64 (UINT64_C(1) << 48)

#endif
