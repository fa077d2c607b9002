/* What a module may need that hostel, or this build of it, does not have: see
 * unsupported.c. */
#ifndef HOSTEL_VM_UNSUPPORTED_H
#define HOSTEL_VM_UNSUPPORTED_H

#include "vm/reader.h"
#include "vm/vm.h"

/* Where a code stands decides what it means. */
enum place {
    PLACE_LAYER,  /* and version, in the preamble */
    PLACE_FORM,   /* of an entry of the type section */
    PLACE_TYPE,   /* of a value, or of references */
    PLACE_HEAP,   /* the type of a null reference */
    PLACE_TABLE,  /* the first byte of a table */
    PLACE_MEMORY, /* the flags of a memory's limits */
    PLACE_OPCODE, /* as in enum wasm_opcode */
};

/* If the code means something there for those who have the feature it belongs
 * to, fail with that (ERROR_UNSUPPORTED, the code is an enum vm_feature), and
 * `at` as the offset. Returns whether it does. */
bool unsupported(struct reader *reader,
                 enum place place,
                 uint32_t code,
                 size_t at);

#endif
