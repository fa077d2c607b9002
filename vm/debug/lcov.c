/* Coverage in a tracefile of lcov, version 1 (geninfo(1), "FILES"), which
 * genhtml, editors and CI services read. A section for each file of the source,
 * and for each test that there are some of:
 *
 *     TN:                     the test, if it has a name
 *     SF:/home/me/demo.c      the file
 *     FN:3,main               a function begins in line 3
 *     FNDA:1,main             it was called once
 *     FNF:1                   functions: found, and hit
 *     FNH:1
 *     BRDA:5,0,1,10           line 5, branch 0 of it, its way 1: taken ten times; -: never reached
 *     BRF:2                   ways out of branches
 *     BRH:1
 *     DA:3,1                  line 3 was executed once
 *     LF:1                    lines
 *     LH:1
 *     end_of_record
 *
 * A file that is read has been written by anybody. Sums are made anew, and the
 * checksum that may follow a count is passed over, and where a function ends.
 * What else there is, such as later versions have, could not be kept: so it is
 * refused. */
#include "vm/debug/coverage.h"

#include <inttypes.h>
#include <string.h>

/* ---- reading ---- */

struct reading {
    struct vm_coverage *coverage;
    struct slice test;
    bool in_section;
    uint64_t line;     /* of the tracefile, from 1 on */
    struct slice text; /* of it */
    struct slice rest; /* what is left of that */
    struct error *error;
};

static bool fail(struct reading *reading, const char *what) {
    return error_set(reading->error,
                     ERROR_MALFORMED,
                     "line %" PRIu64 " of the tracefile: %s: '%s'",
                     reading->line,
                     what,
                     shown(reading->text, 80).text);
}

static bool refuse(struct reading *reading) {
    return fail(reading, "not what lcov 1 writes");
}

/* What stands before a separator or the end; the rest begins behind it. */
static struct slice next_part(struct slice *rest, char separator) {
    const uint8_t *end =
        rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    struct slice part = *rest;
    if (end)
        part.size = (size_t)(end - rest->data);
    size_t passed = part.size + (end != NULL);
    rest->data += passed;
    rest->size -= passed;
    return part;
}

/* False if it is none, or too large. */
static bool read_number(struct slice digits, uint64_t most, uint64_t *number) {
    *number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        char c = (char)digits.data[i];
        uint64_t digit = (uint64_t)(c - '0');
        if (!ascii_is_digit(c) || *number > (most - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return digits.size > 0;
}

static bool next_count(struct reading *reading, uint64_t *count) {
    return read_number(next_part(&reading->rest, ','), UINT64_MAX, count);
}

/* A line, or the number of a branch. */
static bool next_index(struct reading *reading, uint32_t *index) {
    uint64_t number;
    struct slice part = next_part(&reading->rest, ',');
    bool read = read_number(part, UINT32_MAX, &number);
    *index = (uint32_t)number;
    return read;
}

static bool add(struct reading *reading, struct mark mark) {
    struct vm_coverage *coverage = reading->coverage;
    mark.section = (uint32_t)coverage->section_count - 1;
    return mark_add(coverage, &mark) ||
           error_set(reading->error, ERROR_IO, "out of memory: coverage");
}

static bool read_file(struct reading *reading) {
    struct section section = {reading->test, reading->rest};
    if (reading->in_section || reading->rest.size == 0)
        return refuse(reading);
    reading->in_section = true;
    return section_add(reading->coverage, section) ||
           error_set(reading->error, ERROR_IO, "out of memory: coverage");
}

static bool read_line(struct reading *reading) {
    struct mark mark = {.kind = MARK_LINE};
    bool read =
        next_index(reading, &mark.line) && next_count(reading, &mark.count);
    return read ? add(reading, mark) : refuse(reading);
}

/* Line, name; or where it ends between them. */
static bool read_function(struct reading *reading) {
    struct mark mark = {.kind = MARK_FUNCTION};
    uint64_t end;
    bool read = next_index(reading, &mark.line);
    mark.name = next_part(&reading->rest, ',');
    if (reading->rest.size > 0 && read_number(mark.name, UINT32_MAX, &end))
        mark.name = next_part(&reading->rest, ',');
    bool whole = read && mark.name.size > 0 && reading->rest.size == 0;
    return whole ? add(reading, mark) : refuse(reading);
}

static bool read_calls(struct reading *reading) {
    struct mark mark = {.kind = MARK_FUNCTION};
    bool read = next_count(reading, &mark.count);
    mark.name = next_part(&reading->rest, ',');
    bool whole = read && mark.name.size > 0 && reading->rest.size == 0;
    return whole ? add(reading, mark) : refuse(reading);
}

static bool read_branch(struct reading *reading) {
    struct mark mark = {.kind = MARK_BRANCH};
    bool read = next_index(reading, &mark.line) &&
                next_index(reading, &mark.block) &&
                next_index(reading, &mark.branch);
    mark.reached = !slice_is(reading->rest, "-");
    read = read && (!mark.reached || next_count(reading, &mark.count));
    return read ? add(reading, mark) : refuse(reading);
}

static bool begin_test(struct reading *reading) {
    reading->test = reading->rest;
    return !reading->in_section || refuse(reading);
}

static bool skip_sum(struct reading *reading) {
    (void)reading;
    return true;
}

static const struct record {
    const char *key;
    bool (*read)(struct reading *reading);
    bool outside; /* of sections */
} records[] = {
    {"TN", begin_test, true},
    {"SF", read_file, true},
    {"FN", read_function, false},
    {"FNDA", read_calls, false},
    {"BRDA", read_branch, false},
    {"DA", read_line, false},
    {"FNF", skip_sum, false},
    {"FNH", skip_sum, false},
    {"BRF", skip_sum, false},
    {"BRH", skip_sum, false},
    {"LF", skip_sum, false},
    {"LH", skip_sum, false},
};

static bool read_record(struct reading *reading) {
    struct slice key = next_part(&reading->rest, ':');
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const struct record *record = &records[i];
        if (!slice_is(key, record->key))
            continue;
        bool fits = reading->in_section || record->outside;
        return fits ? record->read(reading) : refuse(reading);
    }
    return refuse(reading);
}

static bool is_printable(struct slice text) {
    size_t i = 0;
    while (i < text.size && !ascii_is_control(text.data[i]))
        i++;
    return i == text.size;
}

/* Comments and empty lines say nothing. */
static bool read_any(struct reading *reading) {
    struct slice text = reading->text;
    if (!is_printable(text))
        return refuse(reading);
    if (text.size == 0 || text.data[0] == '#')
        return true;
    if (!slice_is(text, "end_of_record"))
        return read_record(reading);
    bool ends = reading->in_section;
    reading->in_section = false;
    return ends || refuse(reading);
}

bool vm_coverage_read(struct vm_coverage *coverage,
                      struct slice text,
                      struct error *error) {
    struct reading reading = {.coverage = coverage, .error = error};
    while (text.size > 0) {
        reading.text = reading.rest = next_part(&text, '\n');
        reading.line++;
        if (!read_any(&reading))
            return false;
    }
    return !reading.in_section ||
           fail(&reading,
                "it is cut off, for there is no end_of_record behind");
}

/* ---- writing ---- */

struct writer {
    FILE *out;
    const struct mark *marks;
    size_t count; /* of the section */
};

struct tally {
    uint64_t found, hit;
};

static void print_text(const struct writer *w, struct slice text) {
    if (text.size > 0)
        fwrite(text.data, 1, text.size, w->out);
    fputc('\n', w->out);
}

static void write_mark(const struct writer *w, const struct mark *mark) {
    switch (mark->kind) {
    case MARK_FUNCTION:
        fprintf(w->out, "FNDA:%" PRIu64 ",", mark->count);
        print_text(w, mark->name);
        break;
    case MARK_BRANCH:
        fprintf(w->out,
                "BRDA:%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",",
                mark->line,
                mark->block,
                mark->branch);
        if (mark->reached)
            fprintf(w->out, "%" PRIu64 "\n", mark->count);
        else
            fputs("-\n", w->out);
        break;
    case MARK_LINE:
        fprintf(
            w->out, "DA:%" PRIu32 ",%" PRIu64 "\n", mark->line, mark->count);
        break;
    }
}

static struct tally write_marks(const struct writer *w, enum mark_kind kind) {
    struct tally tally = {0, 0};
    for (size_t i = 0; i < w->count; i++) {
        const struct mark *mark = &w->marks[i];
        if (mark->kind != kind)
            continue;
        write_mark(w, mark);
        tally.found++;
        tally.hit += mark->count > 0;
    }
    return tally;
}

static void write_tally(const struct writer *w, char key, struct tally tally) {
    const char *prefix = key == 'F' ? "FN" : "BR";
    if (key == 'L')
        prefix = "L";
    fprintf(w->out,
            "%sF:%" PRIu64 "\n%sH:%" PRIu64 "\n",
            prefix,
            tally.found,
            prefix,
            tally.hit);
}

static void write_beginnings(const struct writer *w) {
    for (size_t i = 0; i < w->count; i++) {
        const struct mark *mark = &w->marks[i];
        if (mark->kind != MARK_FUNCTION || mark->line == 0)
            continue;
        fprintf(w->out, "FN:%" PRIu32 ",", mark->line);
        print_text(w, mark->name);
    }
}

/* One without lines is left out, as lcov does. */
static void write_section(const struct writer *w,
                          const struct section *section) {
    bool lines = w->count > 0 && w->marks[w->count - 1].kind == MARK_LINE;
    if (!lines)
        return;
    fputs("TN:", w->out);
    print_text(w, section->test);
    fputs("SF:", w->out);
    print_text(w, section->path);
    write_beginnings(w);
    write_tally(w, 'F', write_marks(w, MARK_FUNCTION));
    struct tally branches = write_marks(w, MARK_BRANCH);
    if (branches.found > 0)
        write_tally(w, 'B', branches);
    write_tally(w, 'L', write_marks(w, MARK_LINE));
    fputs("end_of_record\n", w->out);
}

bool vm_coverage_write(struct vm_coverage *coverage,
                       FILE *out,
                       struct error *error) {
    struct writer writer = {.out = out};
    if (!marks_merge(coverage))
        return error_set(error, ERROR_IO, "out of memory: coverage");
    const struct mark *mark = coverage->marks;
    const struct mark *end = mark ? mark + coverage->mark_count : NULL;
    for (size_t i = 0; i < coverage->section_count; i++) {
        writer.marks = mark;
        while (mark < end && mark->section == i)
            mark++;
        writer.count = (size_t)(mark - writer.marks);
        write_section(&writer, &coverage->sections[i]);
    }
    return true;
}

/* ---- opening and closing ---- */

struct vm_coverage *vm_coverage_open(struct budget *memory) {
    struct vm_coverage *coverage = budget_alloc(memory, 1, sizeof *coverage);
    if (!coverage)
        return NULL;
    coverage->memory = memory;
    arena_init(&coverage->texts);
    coverage->texts.budget = memory;
    return coverage;
}

void vm_coverage_close(struct vm_coverage *coverage) {
    if (!coverage)
        return;
    struct budget *memory = coverage->memory;
    array_free(memory,
               coverage->sections,
               coverage->section_capacity,
               sizeof *coverage->sections);
    array_free(memory,
               coverage->marks,
               coverage->mark_capacity,
               sizeof *coverage->marks);
    arena_free(&coverage->texts);
    budget_free(memory, coverage, sizeof *coverage);
}
