/* The spec runner's parts: values.c reads and compares values, script.c carries
 * out the commands of one file, run.c goes over the files and counts. */
#ifndef HOSTEL_TESTS_SPEC_SPEC_H
#define HOSTEL_TESTS_SPEC_SPEC_H

#include "vm/vm.h"
#include "json/json.h"

/* How a file went. */
struct tally {
    unsigned line; /* of the command at work, in the .wast */
    /* All there are, those of the other counts included. */
    unsigned assertions;
    unsigned not_applicable; /* about the text format */
    unsigned failed;         /* commands; none of them on the list */
    unsigned expected;       /* on the list, and failed */
    /* Ended in another error than the suite's, as listed. */
    unsigned other_messages;
    /* Invalid in the pack's version, but valid in the one we read. */
    unsigned accepted;
};

/* One line of a list of assertions. */
struct listed {
    char file[64];
    unsigned line;
    struct listed *next;
};

struct script {
    /* folder/name.json; the name may begin with a sub-folder. */
    const char *folder, *name;
    const struct listed *expected_failures, *other_messages, *valid_since;
    bool verbose;    /* print all failures */
    bool plain_code; /* translate without fusing */
    /* File descriptor that gets the tally after each command. */
    int progress;
    struct slice spectest; /* the module every script may import from */

    struct vm *vm;
    struct arena arena; /* the document, module bytes, names: outlives the vm */
    struct instance *current;
    struct named_instance *named;
    struct tally tally;
};

/* Carry out all commands of a file. False (and a line printed) if they could
 * not even be read. */
bool script_run(struct script *script);

/* ---- values ---- */

/* {"type":..., "value":...} of an argument. */
bool value_read(const struct json *json, struct vm_value *value);

/* Does the value match an expectation, which may be a NaN pattern or any
 * reference? */
bool value_matches(const struct json *expected, const struct vm_value *value);

/* As "i32:7", in memory that the next call reuses. */
const char *value_text(const struct vm_value *value);

#endif
