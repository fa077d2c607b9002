/* flags: -mexec-model=reactor -Wl,--export=state -Wl,--export=run_demo
 * -Wl,--export=leave */
#include <stdio.h>
#include <stdlib.h>

static int constructed;

__attribute__((constructor)) static void construct(void) {
    constructed++;
    puts("constructed");
    fflush(stdout);
}

int state(void) {
    return constructed;
}

/* The entry with which the host tells its story too: whose line comes when? */
void run_demo(void) {
    puts("[guest] one");
    fflush(stdout);
    puts("[guest] two");
    fflush(stdout);
}

void leave(int status) {
    exit(status);
}
