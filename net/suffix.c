/* The Public Suffix List through libpsl: the system's newest list, read when it
 * is first needed: most guests never see a cookie with a domain. */
#include "net/suffix.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

struct suffix_list {
    bool read;
    /* Owned; NULL where the system has no list: then only single labels
     * count. */
    psl_ctx_t *psl;
};

struct suffix_list *suffix_open(void) {
    return calloc(1, sizeof(struct suffix_list));
}

void suffix_close(struct suffix_list *list) {
    if (!list)
        return;
    if (list->read)
        psl_free(list->psl);
    free(list);
}

bool suffix_is_public(struct suffix_list *list, const char *name) {
    if (!strchr(name, '.'))
        return true;
    if (!list->read)
        list->psl = psl_latest(NULL);
    list->read = true;
    return list->psl && psl_is_public_suffix(list->psl, name);
}

const char *suffix_version(void) {
    return psl_get_version();
}
