/* Typed values as text: what --invoke passes to a function and prints of its
 * results. */
#ifndef HOSTEL_VALUES_H
#define HOSTEL_VALUES_H

#include "base/base.h"
#include "vm/vm.h"

/* Read the arguments of a call of `function` of type `type` into `values`,
 * which has room for its parameters. An ERROR_USAGE names function, parameter
 * and type. */
struct values_source {
    const char *function;
    const struct func_type *type;
    const char *const *texts;
    size_t count;
};
bool values_read(const struct values_source *source,
                 struct vm_value *values,
                 struct error *error);

/* One line, which values_read takes for the same value again, unless it is a
 * reference of the guest's: integers signed, floats in the fewest digits. */
void value_print(const struct vm_value *value, FILE *out);

#endif
