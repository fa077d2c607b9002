/* The text of a row's arguments, one by one: "name:kind name:kind". */
#include "wasi/row.h"

#include <string.h>

/* False behind the last. Rows are ours: nothing is wrong in them. */
bool argument_next(const char **rest, struct argument *argument) {
    const char *at = *rest;
    if (*at == ' ')
        at++;
    const char *colon = strchr(at, ':');
    if (!colon)
        return false;

    size_t size = (size_t)(colon - at);
    argument->name = (struct slice){(const uint8_t *)at, size};
    argument->kind = colon[1];
    *rest = colon + 2;
    return true;
}

/* A text and a vector are two arguments of the guest: where, and how much. */
int argument_width(char kind) {
    return kind == 's' || kind == 'v' ? 2 : 1;
}
