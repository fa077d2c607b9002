/* flags: -mexec-model=reactor -Wl,--export=malloc -Wl,--export=copy_file
 * -Wl,--export=fetch */
/* A guest that uses a directory and makes a request. */
#include "guest/http.h"

/* Copy /in.txt to /out.txt; how many bytes. */
int copy_file(void) {
    char bytes[100];
    FILE *in = fopen("/in.txt", "r"), *out = fopen("/out.txt", "w");
    if (!in || !out)
        return -1;
    size_t size = fread(bytes, 1, sizeof bytes, in);
    size_t written = fwrite(bytes, 1, size, out);
    fclose(in);
    return fclose(out) == 0 ? (int)written : -1;
}

/* The status of the answer to a GET of the environment's URL. */
int fetch(void) {
    struct http_request request = {.method = "GET", .url = getenv("URL")};
    struct http_response response;
    int status = http_send(&request, &response) ? response.status : -1;
    http_free(&response);
    return status;
}
