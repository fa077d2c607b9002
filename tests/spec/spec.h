/* The spec runner's parts: values.c reads and compares values, script.c carries out the commands
 * of one file, run.c goes over the files and counts. */
#ifndef HOSTEL_TESTS_SPEC_SPEC_H
#define HOSTEL_TESTS_SPEC_SPEC_H

#include "vm/vm.h"
#include "json/json.h"

/* How a file went. */
struct tally {
    unsigned line;           /* of the command at work, in the .wast */
    unsigned assertions;     /* all there are, the next two lines' included */
    unsigned not_applicable; /* about the text format */
    unsigned failed;         /* commands; none of them on the list */
    unsigned expected;       /* on the list, and failed */
    unsigned other_kinds;    /* refused as malformed what is invalid, or the reverse */
    unsigned other_texts;    /* refused with a text that is not the reference's */
};

/* One line of the expected-failure list. */
struct expected_failure {
    char file[64];
    unsigned line;
    struct expected_failure *next;
};

struct script {
    const char *folder, *name; /* folder/name.json; the name may begin with a sub-folder */
    const struct expected_failure *expected;
    bool verbose;          /* print the messages that differ from the reference's, too */
    int progress;          /* file descriptor that gets the tally after each command */
    struct slice spectest; /* the module every script may import from */

    struct vm *vm;
    struct arena arena; /* the document, module bytes, names: outlives the vm */
    struct instance *current;
    struct named_instance *named;
    struct tally tally;
};

/* Carry out all commands of a file. False (and a line printed) if they could not even be read. */
bool script_run(struct script *script);

/* ---- values ---- */

/* {"type":..., "value":...} of an argument. */
bool value_read(const struct json *json, struct vm_value *value);

/* Does the value match an expectation, which may be a NaN pattern or any reference? */
bool value_matches(const struct json *expected, const struct vm_value *value);

/* As "i32:7", in memory that the next call reuses. */
const char *value_text(const struct vm_value *value);

#endif
