/* What a host may ask of vm/listing; a part of vm.h. */
#ifndef HOSTEL_VM_LISTING_API_H
#define HOSTEL_VM_LISTING_API_H

#include "vm/vm.h"

/* ---- showing code and what is executed ---- */

/* A line of a source file that a module's debugging information names: its
 * path, which leads on from the directory if it does not begin with "/". All
 * of it is the module's word. */
struct vm_source_line {
    struct slice directory, path;
    uint32_t line; /* from 1 on */
};

/* Print a function, by name or index; or if it is NULL all of them, and
 * sections, imports, exports. With `code`, functions only: side by side their
 * instructions, the operands behind each and what is executed instead. With
 * `lines`, before instructions the line of the source that makes them, and its
 * text, if `text` is not NULL and gives it: valid until the next call, empty if
 * it has none. ERROR_USAGE if there is no such function. */
struct vm_dumping {
    struct module *module;
    const char *function; /* or NULL */
    bool code, lines;
    FILE *out;
    struct slice (*text)(void *context, const struct vm_source_line *line);
    void *context;
};

bool vm_dump(const struct vm_dumping *dumping, struct error *error);

/* Show the code of the module's vm as it is executed, cell by cell; called
 * before any of it is. Without a function, by name or index, all of it: of
 * other modules, too. Before a line on `out`, begin_line is called, if it is
 * not NULL. ERROR_USAGE if there is no such function, or the vm is traced or
 * followed already; when `out` can take no more, the guest is ended by an
 * ERROR_IO. */
struct vm_tracing {
    struct module *module;
    const char *function; /* or NULL */
    FILE *out;
    void (*begin_line)(void *context, FILE *out);
    void *context;
};

bool vm_trace(const struct vm_tracing *tracing, struct error *error);

/* Keep the steps of the module's code as it is executed, of one function or of
 * all, for vm_explain; called before any of it is. After some thousand cells the guest is ended by
 * an ERROR_EXIT. ERROR_USAGE as for vm_trace. */
bool vm_keep_steps(struct module *module,
                   const char *function,
                   struct error *error);

/* Stop the run before the module's instruction at that byte, or at a line of a
 * source file, whose path may be cut at its beginning; offset 0 and no file:
 * where something else stops it. It ends by an ERROR_EXIT. Called once, before
 * any of the module's code is executed; the run may be watched besides. */
struct vm_stopping {
    struct module *module;
    uint32_t offset;
    const char *file; /* or NULL */
    uint32_t line;
};

bool vm_stop(const struct vm_stopping *at, struct error *error);
bool vm_stopped(const struct vm *vm);

/* Whether the module's debugging information knows the line of vm_stop; true if
 * it was no line. */
bool vm_stop_is_known(const struct vm *vm);

/* When it has stopped: the locals of a frame of the backtrace, those that were
 * inlined not counted, as text. Empty if there are none. */
struct slice vm_locals(const struct vm *vm, size_t frame);

/* Write a page in HTML that shows a function, or all, side by side as
 * vm_dump does with `code`, and the steps that have been kept. */
struct vm_explaining {
    struct module *module;
    const char *function; /* or NULL */
    const char *name;     /* of the module, for the title */
    const char *ended;    /* how the run ended, or "" */
    FILE *out;
};

bool vm_explain(const struct vm_explaining *explaining, struct error *error);

#endif
