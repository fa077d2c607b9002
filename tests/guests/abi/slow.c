/* flags: -mexec-model=reactor -Wl,--export=malloc */
/* A server that does not answer holds nobody longer than the limits say.
 *
 * run: --http-timeout 1h --timeout 500ms --invoke run
 * err: trap:
 * status: 134
 *
 * run: --http-timeout 300ms --invoke run
 * out: {"error":{"kind":"timeout",
 * status: 0
 */
#include "abi.h"

__attribute__((export_name("run"))) void run(void) {
    char request[200];
    snprintf(request,
             sizeof request,
             "{\"method\":\"GET\",\"url\":\"%s/hang\"}",
             getenv("SERVER"));
    talk(request);
}
