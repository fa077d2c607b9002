/* A build in which only the near memory can be accessed. */
#include "vm/rings.h"
#include "vm/validator.h"

void far_access(struct validator *v, const struct immediate *memarg) {
    uint8_t type;
    if (!memory_named(v, memarg->second, &type))
        return;
    reader_fail(&v->reader,
                ERROR_UNSUPPORTED,
                "it needs vm/far, which this build lacks");
    bool far_addresses = type == VM_I64;
    v->reader.error->code = far_addresses ? VM_MEMORY64 : VM_MULTI_MEMORY;
}

void translate_far(struct translator *t,
                   const struct instruction *row,
                   struct operand address,
                   struct operand value,
                   const struct immediate *memarg) {
    (void)t, (void)row, (void)address, (void)value, (void)memarg;
}
