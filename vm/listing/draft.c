/* Text that is printed first and looked at then: how long it is decides where
 * the next column begins, and it may have to be cut or escaped. One stream in
 * memory serves a whole listing, as to open one costs more than to print a
 * line. */
#include "vm/listing/listing.h"

#include <stdlib.h>

bool draft_open(struct draft *draft) {
    *draft = (struct draft){0};
    draft->file = open_memstream(&draft->text, &draft->size);
    return draft->file != NULL;
}

FILE *draft_begin(struct draft *draft) {
    rewind(draft->file);
    return draft->file;
}

/* The stream's own NUL stands behind the longest text that there was. */
const char *draft_end(struct draft *draft) {
    if (fflush(draft->file) != 0)
        return "";
    size_t size = draft->size < DRAFT_SIZE ? draft->size : DRAFT_SIZE;
    draft->text[size] = '\0';
    return draft->text;
}

void draft_close(struct draft *draft) {
    if (draft->file)
        fclose(draft->file);
    free(draft->text);
}
