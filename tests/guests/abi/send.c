/* flags: -Wl,--export=malloc -Wl,--export=free */
/* A command that sends what it reads: on stdin requests, each after a line with
 * its size; on stdout the replies, in the same way. Not a program with
 * _initialize, and its malloc is libc's. */
#include "abi.h"

int main(void) {
    size_t size;
    while (scanf("%zu", &size) == 1 && getchar() == '\n') {
        char *request = malloc(size + 1);
        if (!request || fread(request, 1, size, stdin) != size)
            return 1;
        uint64_t reply = host_http_request(request, size);
        printf("%zu\n", reply_size(reply));
        fwrite(reply_text(reply), 1, reply_size(reply), stdout);
        free((void *)reply_text(reply));
        free(request);
    }
    return ferror(stdin) || fflush(stdout) != 0;
}
