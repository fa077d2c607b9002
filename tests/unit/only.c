/* Running one case of a test program: ONLY=unit/PROGRAM/CASE, as
 * `make test T=` has it, with * for anything.
 *
 * This is linked into each of the programs, and has cmocka leave the others out
 * before its main begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

__attribute__((constructor)) static void leave_out_the_others(void) {
    const char *only = getenv("ONLY");
    const char *slash = only ? strrchr(only, '/') : NULL;
    if (slash)
        cmocka_set_test_filter(slash + 1);
}
