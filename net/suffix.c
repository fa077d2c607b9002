/* The Public Suffix List through libpsl: the system's newest list, read once per client. */
#include "net/suffix.h"

#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

struct suffix_list {
    psl_ctx_t *psl; /* owned; NULL where the system has no list: then only single labels count */
};

struct suffix_list *suffix_open(void) {
    struct suffix_list *list = malloc(sizeof *list);
    if (list) list->psl = psl_latest(NULL);
    return list;
}

void suffix_close(struct suffix_list *list) {
    if (!list) return;
    psl_free(list->psl);
    free(list);
}

bool suffix_is_public(const struct suffix_list *list, const char *name) {
    if (!strchr(name, '.')) return true;
    return list->psl && psl_is_public_suffix(list->psl, name);
}
