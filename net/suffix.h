/* The Public Suffix List: names below which strangers register theirs (com,
 * co.uk, github.io). */
#ifndef HOSTEL_NET_SUFFIX_H
#define HOSTEL_NET_SUFFIX_H

#include <stdbool.h>

struct suffix_list;

struct suffix_list *suffix_open(void); /* NULL only without memory */
void suffix_close(struct suffix_list *list);

/* `name` in lower case. A name of one label is a public suffix, listed or
 * not. */
bool suffix_is_public(struct suffix_list *list, const char *name);

/* Of libpsl, and of what it uses. */
const char *suffix_version(void);

#endif
